//! The built-in routes, once for every framework, and their OpenAPI document.

mod body;
mod device;
mod endpoints;
mod forwarded;
#[cfg(feature = "openapi")]
pub mod openapi;
mod operation;
mod page_form;
mod password;
mod revoked;
mod route;
mod sessions;

pub use self::{
    body::Body,
    endpoints::{Api, Caller},
    route::MAX_BODY_BYTES,
};
