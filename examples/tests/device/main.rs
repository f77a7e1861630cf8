//! What Chromium does with device-bound sessions: the facts that our rules rest on, against a small
//! server that knows only how the wire looks. A new Chromium that behaves otherwise is noticed here
//! first.

mod ends;
mod proof;
mod registers;
mod renews;
mod script;
mod stage;
