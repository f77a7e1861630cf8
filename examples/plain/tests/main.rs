//! Tests of `examples/plain` in real browsers whose JavaScript is switched off, and of its page
//! with htmx, against the running binary.
#![cfg(unix)]

#[path = "../../tests/common/mod.rs"]
mod common;

mod htmx;
mod plain;
mod stage;
