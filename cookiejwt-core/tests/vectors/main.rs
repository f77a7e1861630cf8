//! Vectors of third parties through `testing::verify_jws`: what others sign we accept, what others refuse we refuse.

#![allow(clippy::disallowed_methods, reason = "the core reads no files and no variables, these tests do")]

mod rfc;
mod wycheproof;
