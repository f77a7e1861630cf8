//! What can go wrong around the driver, call by call: every flow is run again and again, and each time the next of the
//! questions that it puts to a store fails, stays without an answer, or panics; or the client is gone at the next `await`.
//! Rows are those of `cookiejwt_core::rules`.

#[path = "../api/answer.rs"]
#[allow(dead_code, reason = "the tests of the endpoints use all of it")]
mod answer;
mod clock;
#[path = "../common/all.rs"]
mod common;
mod errors;
mod faulty;
mod flow;
mod panics;
mod random;
mod scene;
mod slow;
