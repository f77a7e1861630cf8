//! The tests of the actix-web adapter, in one process.

mod actix;
mod routes;
mod session_cookie;
mod session_store_unavailable;
