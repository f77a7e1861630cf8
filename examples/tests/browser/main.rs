//! The page in a real Chromium, against the running binary: what a person does, and what the browser makes of it.
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
