//! The wire contract of every built-in endpoint: status, header fields and body, byte for byte.

#[path = "../common/all.rs"]
mod common;

mod answer;
mod asked_before;
mod bodies;
mod csrf;
mod django;
mod endpoints;
mod failures;
mod keys;
mod login;
mod never_panics;
mod openapi;
mod own_form;
mod revoked;
mod second_factor;
mod session_cookie;
mod throttle;
mod token_mode;
mod unsent;
