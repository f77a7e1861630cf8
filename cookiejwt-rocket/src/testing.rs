//! Tokens and identities for the tests of an application; see `cookiejwt_core::testing`.
//!
//! ```
//! use cookiejwt_rocket::{Identity, testing};
//! use rocket::get;
//!
//! #[get("/me")]
//! fn me(who: Identity) -> String {
//!     who.subject().to_string()
//! }
//!
//! assert_eq!(me(testing::identity("42")), "42");
//! ```
//!
//! Rocket's local client may keep the cookies itself: `Client::tracked` is logged in after a login.

pub use cookiejwt_store::testing::{
    AUDIENCE, ISSUER, NOW, TestToken, access, config, cookie_header, core, refresh,
};

use crate::{Identity, Subject};

/// The identity of this user, for handlers that are tested as plain functions.
pub fn identity(subject: impl Into<Subject>) -> Identity {
    cookiejwt_store::testing::identity(subject).into()
}
