//! A real Chromium, driven through its own chromedriver (fantoccini speaks the protocol), with what a test of cookies has to
//! see: every request as it left and every answer as it came (`Set-Cookie` lines included, which no script of a page
//! sees), the whole jar, and everything that the browser complained about.
#![allow(clippy::missing_panics_doc, reason = "a helper of tests panics where the test would")]

mod browser;
mod chromedriver;
mod command;
mod exchange;
mod look;
mod page;

pub use fantoccini::{key::Key, wd::WindowHandle};

pub use crate::{
    browser::{Browser, Cookie},
    chromedriver::Chromium,
    exchange::Exchange,
    look::Look,
    page::until,
};
