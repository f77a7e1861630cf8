//! Test vectors of third parties through `testing::verify_jws`: valid ones are accepted, invalid
//! ones are refused.

#![allow(clippy::disallowed_methods, reason = "the core reads no files and no variables, these tests do")]

mod rfc;
mod wycheproof;
