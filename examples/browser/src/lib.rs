//! Controls a real Chromium through chromedriver (fantoccini implements the protocol), and reports
//! what a test of cookies needs: every request as it was sent, every response as it was received
//! (including `Set-Cookie` lines, which no script of a page can see), all cookies, and everything
//! that the browser complained about.
#![allow(clippy::missing_panics_doc, reason = "a test helper panics where the test would")]

mod browser;
mod chromedriver;
mod command;
mod exchange;
mod look;
mod page;
mod plain;

pub use fantoccini::{key::Key, wd::WindowHandle};

pub use crate::{
    browser::{Browser, Cookie},
    chromedriver::Chromium,
    exchange::Exchange,
    look::Look,
    page::until,
    plain::{Engine, Plain, Scripts},
};
