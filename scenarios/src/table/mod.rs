//! The table of scenarios.

mod acting;
mod attacks;
mod authenticate;
mod cookies;
mod csrf;
mod device;
mod device_binding;
mod device_off;
mod device_pages;
mod device_renewal;
mod endpoints;
mod forwarded;
mod guards;
mod handlers;
mod logins;
mod pages;
mod panics;
mod password;
mod promises;
mod proofs;
mod refresh;
mod sessions;
mod slow;
mod step_up;
mod steps;
mod streams;
mod throttle;
mod token_mode;
mod two_realms;
mod verifier;

use crate::Scenario;

/// Every scenario.
pub fn all() -> Vec<Scenario> {
    [
        cookies::scenarios(),
        attacks::scenarios(),
        authenticate::scenarios(),
        refresh::scenarios(),
        slow::scenarios(),
        csrf::scenarios(),
        device::scenarios(),
        device_binding::scenarios(),
        device_off::scenarios(),
        device_pages::scenarios(),
        device_renewal::scenarios(),
        handlers::scenarios(),
        logins::scenarios(),
        panics::scenarios(),
        guards::scenarios(),
        pages::scenarios(),
        proofs::scenarios(),
        two_realms::scenarios(),
        endpoints::scenarios(),
        forwarded::scenarios(),
        sessions::scenarios(),
        password::scenarios(),
        promises::scenarios(),
        token_mode::scenarios(),
        throttle::scenarios(),
        steps::scenarios(),
        step_up::scenarios(),
        acting::scenarios(),
        verifier::scenarios(),
        streams::scenarios(),
    ]
    .concat()
}
