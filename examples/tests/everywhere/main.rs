//! A logout in a browser on one node reaches whatever its session is open in: a socket on another
//! node, a stream on a third one, and a service without a database.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

mod database;
mod logout;
mod stage;
mod way;
