//! Starts the real binary in its own directory, and communicates with it over a socket.
#![allow(dead_code, unused_imports, reason = "each test binary uses a part of it")]

mod http;
mod open;
mod server;
mod tools;

pub(crate) use self::{
    http::{After, Answer, Jar, Request, raw},
    open::{Open, UPGRADE},
    server::{Home, Server, Variable, owned, wait_for},
    tools::{code, has, has_oathtool},
};

/// The example that these tests belong to; none in the tests that run all examples.
pub(crate) const BINARY: Option<&str> = first([
    option_env!("CARGO_BIN_EXE_example-axum"),
    option_env!("CARGO_BIN_EXE_example-actix"),
    option_env!("CARGO_BIN_EXE_example-rocket"),
    option_env!("CARGO_BIN_EXE_example-plain"),
    option_env!("CARGO_BIN_EXE_example-proofs-axum"),
    option_env!("CARGO_BIN_EXE_example-proofs-actix"),
    option_env!("CARGO_BIN_EXE_example-proofs-rocket"),
]);

const fn first(mut binaries: [Option<&str>; 7]) -> Option<&str> {
    let mut rest: &mut [Option<&str>] = &mut binaries;
    while let [binary, others @ ..] = rest {
        if binary.is_some() {
            return *binary;
        }
        rest = others;
    }
    None
}

pub(crate) const USER: &str = "demo";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) const ACCESS: &str = "__Host-access_token";
pub(crate) const REFRESH: &str = "__Host-refresh_token";
pub(crate) const DEVICE: &str = "__Host-known_device";

/// For a server that reads client addresses from `X-Forwarded-For`.
pub(crate) const BEHIND_A_PROXY: (&str, &str) = ("COOKIEJWT_TRUSTED_PROXIES", "1");

pub(crate) const LOGIN: &str = "/api/auth/token/";
pub(crate) const LOGOUT: &str = "/api/auth/token/blacklist/";
