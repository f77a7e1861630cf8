//! What can go wrong around the driver, call by call: every flow runs repeatedly, and each time the
//! next of its store calls fails, never returns, or panics; or the client disconnects at the next
//! `await`. Rows are those of `cookiejwt_core::rules`.

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
