//! What happened: events for the log, the metrics and the hooks of an application.

mod advice;
#[cfg(feature = "metrics")]
mod counters;
mod emit;
mod event;
mod hooks;
mod log;
mod lost_answers;
mod refusal;
mod text;

pub(crate) use self::{
    advice::Advice,
    emit::Events,
    hooks::Hooks,
    text::{Line, printable},
};
pub use self::{
    event::Event,
    refusal::{LinkRefusal, LoginRefusal},
};
