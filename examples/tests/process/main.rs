//! The example as a process: what it prints, writes, responds, refuses and survives.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../old_login.rs"]
mod old_login;

mod crash;
mod database;
mod device;
mod first_start;
mod keys;
mod malformed;
mod parallel;
mod refresh;
mod refused;
mod routes;
mod shutdown;
mod storm;
mod streams;
