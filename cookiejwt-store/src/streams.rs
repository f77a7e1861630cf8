//! What outlives its request, and ends with its session: who waits for the end of which session.
//!
//! [`Waiting`] knows neither a store nor a task. It is told what was revoked, which time it is, and
//! what the rows of the sessions say, and it says which of them to ask for.

mod ended;
mod session;
mod until_ended;
mod waiting;

pub use self::{
    ended::Ended,
    until_ended::{EndedStream, UntilEnded},
};
pub(crate) use self::{session::Token, waiting::Waiting};
