//! The example in three engines, over plain HTTP and over TLS: what a user does, and the table
//! of the guide about what the engines do differently.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

mod differences;
mod house;
mod stories;
mod table;
