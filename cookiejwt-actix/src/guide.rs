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
//!
//! ## HTML forms
//!
//! An application without a line of script; the pages are written with `maud`. [HTML
//! forms](crate::guide::html_forms) explains how its forms lead from page to page.
//!
#![doc = "```no_run"]
#![doc = include_str!("../docs/html_forms.rs")]
#![doc = "```"]

#[doc(inline)]
pub use cookiejwt_store::guide::*;
