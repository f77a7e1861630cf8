//! The example as a process: what it prints, writes, answers, refuses and survives.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

mod crash;
mod database;
mod first_start;
mod malformed;
mod parallel;
mod refresh;
mod refused;
mod routes;
mod shutdown;
