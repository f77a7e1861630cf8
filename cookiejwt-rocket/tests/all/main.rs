//! The tests of the Rocket adapter, in one process.

mod common;
mod cookies;
mod figment;
mod guards;
mod require_login;
mod routes;
mod session_cookie;
mod several_fairings;
mod sockets;
