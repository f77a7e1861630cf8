//! Tokens and identities for the tests of an application; see `cookiejwt_core::testing`.
//!
//! ```
//! use cookiejwt_actix::{Identity, testing};
//!
//! async fn me(who: Identity) -> String {
//!     who.subject().to_string()
//! }
//!
//! # #[actix_web::main]
//! # async fn main() {
//! assert_eq!(me(testing::identity("42")).await, "42");
//! # }
//! ```

pub use cookiejwt_store::testing::{
    AUDIENCE, ISSUER, NOW, TestToken, access, config, cookie_header, core, refresh,
};

use crate::{Identity, Subject};

/// The identity of this user, for handlers that are tested as plain functions.
pub fn identity(subject: impl Into<Subject>) -> Identity {
    cookiejwt_store::testing::identity(subject).into()
}
