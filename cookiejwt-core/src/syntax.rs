//! Strict readers of small formats: JSON, base64url, and web origins.

pub(crate) mod base64url;
mod origin;
pub(crate) mod strict_json;

pub(crate) use self::{
    origin::{Origin, host_of, is_same_site},
    strict_json::{Members, Text},
};
