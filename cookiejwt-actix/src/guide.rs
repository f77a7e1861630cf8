#![doc = "[csrf]: crate::guide::csrf"]
#![doc = "[quickstart]: crate"]
#![doc = "[streams]: crate::guide::streams"]
#![doc = include_str!("../docs/guide.md")]
//!
//! ## Two kinds of users
//!
//! Customers and staff, each with their own table, cookies and routes. [Two kinds of
//! users](crate::guide::two_kinds_of_users) explains how they are kept apart.
//!
#![doc = "```no_run"]
#![doc = include_str!("../docs/two_kinds_of_users.rs")]
#![doc = "```"]

#[doc(inline)]
pub use cookiejwt_store::guide::*;
