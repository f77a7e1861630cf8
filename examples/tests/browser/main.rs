//! Tests of the page in a real Chromium, against the running binary: what a user does, and how the
//! browser reacts.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../old_login.rs"]
mod old_login;

mod foreign;
mod fresh;
mod login;
mod looks;
mod lost;
mod password;
mod prepared;
mod refresh;
mod sessions;
mod stage;
mod tokens;
mod trouble;
