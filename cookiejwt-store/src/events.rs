//! What happened: events for the log, the metrics and the hooks of an application.

mod advice;
#[cfg(feature = "metrics")]
mod counters;
mod emit;
mod event;
mod lost_answers;
mod refusal;
mod text;

#[cfg(feature = "metrics")]
pub(crate) use self::counters::Counters;
pub(crate) use self::{
    advice::Advice,
    event::Hooks,
    lost_answers::LostAnswers,
    text::{Line, printable},
};
pub use self::{event::Event, refusal::LoginRefusal};
