//! Device-bound sessions of the example in a real Chromium: what users, thieves and links do. What
//! Chromium does with any server is tested in `examples/tests/device`.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

mod arrivals;
mod binds;
mod ends;
mod stage;
mod stolen;
mod trouble;
