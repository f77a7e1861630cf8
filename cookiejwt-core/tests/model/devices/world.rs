//! What a state consists of.

use std::rc::Rc;

use crate::token::Millis;

#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// The thief has both cookies at any moment.
    pub(super) steals: bool,
    /// The thief has the challenge of the login.
    pub(super) registers: bool,
    /// The thief has every proof of the browser.
    pub(super) replays: bool,
    /// How often time passes.
    pub(super) ticks: u8,
    /// How often the session rotates.
    pub(super) rotations: u8,
}

impl Scenario {
    pub(super) const ALONE: Self =
        Self { name: "", steals: false, registers: false, replays: false, ticks: 2, rotations: 2 };
}

/// One rule of the store or of its row is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// `AND device_key IS NULL` is missing.
    KeyIgnored,
    /// The row is not asked whether it is bound.
    MarkBelieved,
    /// `AND rotated_at < challenged_at` is missing.
    ChallengeReusable,
    /// `AND device_key IS NULL` is missing where the key is set.
    BoundTwice,
    /// The row settles a millisecond early.
    LeewayShort,
    /// Receipts are not kept, so a copy from before the binding looks like a lost response.
    CopyForgiven,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Owners,
    Thiefs,
}

/// The columns that change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Row {
    pub(super) current: u8,
    pub(super) previous: Option<u8>,
    pub(super) issued: Millis,
    pub(super) expires: Millis,
    pub(super) rotated: Option<Millis>,
    pub(super) settles: Millis,
    pub(super) received: Option<Millis>,
    pub(super) revoked: bool,
    pub(super) device: Option<Key>,
}

/// An access token and when it ends; both as cookies, name and value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Jar {
    pub(super) access: Option<(Rc<str>, Millis)>,
    pub(super) refresh: Option<Rc<str>>,
}

/// A request under way, with the cookies of its sending.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Flight {
    pub(super) jar: Jar,
    pub(super) sent: Millis,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) now: Millis,
    pub(super) ticks: u8,
    pub(super) row: Row,
    pub(super) owner: Jar,
    pub(super) thief: Jar,
    /// Whether the browser knows that the session is bound.
    pub(super) knows: bool,
    /// A registration was answered, and the answer was lost.
    pub(super) is_confused: bool,
    /// The challenge that the browser has signed, by the time when it was issued.
    pub(super) proof: Option<Millis>,
    /// The proof that the thief has copied.
    pub(super) copied: Option<Millis>,
    /// When the last token ends that a renewal of the browser was answered with.
    pub(super) sent: Millis,
    pub(super) flight: Option<Flight>,
}

impl Jar {
    pub(super) fn header(&self, now: Millis) -> String {
        let access = self.access.as_ref().filter(|(_, ends)| now < *ends).map(|(text, _)| text);
        let cookies: Vec<_> = access.into_iter().chain(&self.refresh).map(|text| &**text).collect();
        cookies.join("; ")
    }

    pub(super) fn has_access(&self, now: Millis) -> bool {
        self.access.as_ref().is_some_and(|(_, ends)| now < *ends)
    }
}
