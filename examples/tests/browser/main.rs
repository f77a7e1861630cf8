//! The page in a real Chromium, against the running binary: what a person does, and what the browser makes of it.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

mod foreign;
mod login;
mod refresh;
mod stage;
mod tokens;
