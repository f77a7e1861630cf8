//! The main story of device-bound sessions, for the examples whose framework is not that of the
//! other stories: the rules are the same in all three.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

mod binds;
mod stage;
