//! Device-bound sessions with `off` and `keep`: what is bound stays bound.

use cookiejwt_store::DeviceBinding;

use super::device::{RENEWED, asks, proves, registers, unproved_problem};
use crate::{
    Scenario, Step,
    expected::{challenged, me, renewed},
    request::get,
    scenario::{Availability::Away, scenario},
};

pub(super) fn scenarios() -> Vec<Scenario> {
    [off(), keep()].concat()
}

fn off() -> Vec<Scenario> {
    let row = |rule, name| scenario(rule, name).log_in("alice").step(Step::BoundElsewhere("alice"));
    vec![
        scenario("off", "there are no routes")
            .log_in("alice")
            .at_once([registers("x"), asks("{alice.refresh}"), asks("{alice}")], 404),
        row("row x", "`off`: a bound session is not renewed without a proof")
            .pass(306)
            .send(get("/me").cookie("{alice.refresh}"), unproved_problem()),
        row("row x", "`off`: near the end of its access token")
            .pass(280)
            .send(get("/me").cookie("{alice}"), me(1, 1, 3)),
        scenario("row s", "`off`: a marked token renews nothing")
            .sessions(Away)
            .send(get("/me").cookie("{marked.refresh}"), unproved_problem()),
    ]
}

fn keep() -> Vec<Scenario> {
    let row = |rule, name| {
        scenario(rule, name)
            .config(|config| config.device_bound(DeviceBinding::Keep))
            .log_in("alice")
            .step(Step::BoundElsewhere("alice"))
    };
    vec![
        row("keep", "no session is bound").at_once([registers("x")], 404),
        row("keep", "a bound session is renewed")
            .pass(306)
            .send(asks("{alice.refresh}"), challenged(1, 306))
            .keep("first")
            .send(proves("{alice.refresh}", "{first.proves}"), renewed(1, 306).sets(1, 5, 4).rows(RENEWED))
            .keep("new")
            .send(get("/me").cookie("{new}"), me(1, 1, 5)),
    ]
}
