//! Slow responses, row o' of `cookiejwt_core::rules`: a handler takes its time, and the same
//! browser sends other requests in the meantime. `/holds` authenticates the request before it
//! waits.

use crate::{
    Request, Scenario, Step,
    expected::{json, me, problem, text},
    request::{get, post},
    scenario::scenario,
};

const ROTATED: &str = "#1 live #4 after #2";

pub(super) fn scenarios() -> Vec<Scenario> {
    [one_session(), two_users()].concat()
}

fn me_now() -> Request {
    get("/me").cookie("{alice}")
}

/// Alice's access token has ended: the refresh happens at second 306, and the handler waits.
fn slow(name: &'static str) -> Scenario {
    scenario("slow answers", name).stale().begins(get("/holds").cookie("{alice}"))
}

fn one_session() -> Vec<Scenario> {
    vec![
        slow("another request at 12 s, the answer at 20 s: one session, one successor")
            .pass(12)
            .send(me_now(), me(1, 1, 7).sets_older(1, 7, 4, 306).rows(&[ROTATED]))
            .keep("page")
            .pass(8)
            .finishes(me(1, 1, 5).sets(1, 5, 4).decided_at(306))
            .keep("slow")
            .send(get("/me").cookie("{slow}"), me(1, 1, 5))
            .send(get("/me").cookie("{page}"), me(1, 1, 7)),
        scenario("slow answers", "refreshed ahead, another request when the access token still has 13 s")
            .log_in("alice")
            .pass(275)
            .begins(get("/holds").cookie("{alice}"))
            .pass(12)
            .send(me_now(), me(1, 1, 7).sets_older(1, 7, 4, 275).rows(&[ROTATED]))
            .pass(8)
            .finishes(me(1, 1, 5).sets(1, 5, 4).decided_at(275)),
        slow("nobody else comes: the answer is the first to bring the successor")
            .pass(60)
            .finishes(me(1, 1, 5).sets(1, 5, 4).decided_at(306).rows(&[ROTATED]))
            .keep("slow")
            .send(get("/me").cookie("{slow}"), me(1, 1, 5)),
        slow("an upload of 400 s, and the page has gone on: its answer puts nothing over the newer pair")
            .pass(12)
            .send(me_now(), me(1, 1, 7).sets_older(1, 7, 4, 306).rows(&[ROTATED]))
            .keep("page")
            .send(get("/me").cookie("{page}"), me(1, 1, 7))
            .step(Step::WriteReceipts)
            .pass(388)
            .send(get("/me").cookie("{page}"), me(1, 1, 9).sets(1, 9, 8).rows(&["#1 live #8 after #4"]))
            .keep("newer")
            .finishes(me(1, 1, 5).rows(&["#1 live #8 after #4"]))
            .send(get("/me").cookie("{newer}"), me(1, 1, 9)),
        slow("the session is ended elsewhere: the answer sets nothing")
            .pass(2)
            .send(
                post("/api/auth/logout/").cookie("{alice}"),
                json("{}").clears().rows(&["#1 logout #4 after #2"]),
            )
            .finishes(me(1, 1, 5)),
    ]
}

fn two_users() -> Vec<Scenario> {
    let bob = || text(200, "bob").sets_for(2, 6, 8, 7).rows(&["#1 replaced #4 after #2", "#6 live #7"]);
    vec![
        slow("bob logs in in the same browser: alice's answer does not put her pair over his")
            .pass(2)
            .send(post("/login-as-bob").cookie("{alice}"), bob())
            .keep("bob")
            .finishes(me(1, 1, 5))
            .send(get("/me").cookie("{bob}"), me(2, 6, 8)),
        slow("the same, a minute later")
            .pass(6)
            .send(post("/login-as-bob").cookie("{alice}"), bob())
            .pass(60)
            .finishes(me(1, 1, 5))
            .send(me_now(), problem("session_revoked")),
    ]
}
