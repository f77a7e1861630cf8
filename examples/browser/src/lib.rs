//! Controls real browsers through their drivers (fantoccini implements the protocol): Chromium with
//! everything that its `DevTools` know, and each of three engines with what all of them can do.
//!
//! Reports what a test of cookies needs: every request as it was sent, every response as it was
//! received (including `Set-Cookie` lines, which no script of a page can see), and of Chromium also
//! all cookies and everything that it complained about.
#![allow(clippy::missing_panics_doc, reason = "a test helper panics where the test would")]

mod browser;
mod certificate;
mod chromedriver;
mod command;
mod device;
mod door;
mod engine;
mod exchange;
mod fate;
mod look;
mod page;
mod plain;
mod story;

pub use fantoccini::{key::Key, wd::WindowHandle};

pub use crate::{
    browser::{Browser, Cookie},
    chromedriver::Chromium,
    device::{DeviceEvent, DeviceEventKind},
    door::Door,
    engine::{Engine, Scripts, Session, Terms},
    exchange::Exchange,
    fate::Fate,
    look::Look,
    page::{Page, until, until_within},
    plain::Plain,
    story::{in_chromium, with_chromium},
};
