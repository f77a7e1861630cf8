//! The tests of the axum adapter that can share a process. Those over sockets count every panic of
//! their process, so they have their own.

#[path = "../common/mod.rs"]
mod common;
mod extractors;
mod layer;
mod layer_login;
mod layer_refusals;
mod session_cookie;
mod tower;
mod two_authenticators;
