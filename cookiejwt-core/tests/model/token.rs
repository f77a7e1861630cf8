//! Tokens, jars and times as the model sees them, as claims. The encoded tokens are the real
//! core's.

use cookiejwt_core::{
    SessionId,
    store::{RevocationReason, Timestamp, TokenId},
    testing::NOW,
};
use time::OffsetDateTime;

/// Milliseconds since [`NOW`].
pub(crate) type Millis = i32;
/// Whole seconds since [`NOW`].
pub(crate) type Seconds = i32;

const NOW_SECONDS: i64 = NOW.unix_timestamp();

/// So long ago that no comparison distinguishes it.
pub(crate) const LONG_AGO: Millis = -1_000_000;
/// Later than everything.
pub(crate) const NEVER: Millis = 1_000_000_000;

/// A session, by its number and its start; its absolute end follows from that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Session {
    pub(crate) number: u8,
    pub(crate) begun: Seconds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Refresh {
    pub(crate) session: Session,
    pub(crate) id: u8,
    pub(crate) issued: Seconds,
    pub(crate) expires: Seconds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Access {
    pub(crate) session: Session,
    pub(crate) issued: Seconds,
    pub(crate) expires: Seconds,
    /// The refresh token that it was minted with; none for a login's.
    pub(crate) names: Option<u8>,
}

/// What a browser or a thief has and sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Jar {
    pub(crate) access: Option<Access>,
    pub(crate) refresh: Option<Refresh>,
}

/// What an answer does to a jar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Cookies {
    Keep,
    Clear,
    Set(Access, Refresh),
}

/// Why a session was revoked, with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Cause {
    Logout,
    Replaced,
    Reuse,
}

impl Session {
    pub(crate) fn id(self) -> SessionId {
        format!("{}-{}", self.number, self.begun).into()
    }

    pub(crate) fn parse(id: &str) -> Self {
        let (number, begun) = id.split_once('-').unwrap();
        Self { number: number.parse().unwrap(), begun: begun.parse().unwrap() }
    }

    pub(crate) fn index(self) -> usize {
        self.number.into()
    }
}

impl Cookies {
    pub(crate) fn apply(self, jar: &mut Jar) {
        match self {
            Self::Keep => {}
            Self::Clear => *jar = Jar::default(),
            Self::Set(access, refresh) => *jar = Jar { access: Some(access), refresh: Some(refresh) },
        }
    }
}

impl Cause {
    pub(crate) fn reason(self) -> RevocationReason {
        match self {
            Self::Logout => RevocationReason::Logout,
            Self::Replaced => RevocationReason::Replaced,
            Self::Reuse => RevocationReason::Reuse,
        }
    }

    pub(crate) fn of(reason: RevocationReason) -> Self {
        [Self::Logout, Self::Replaced, Self::Reuse]
            .into_iter()
            .find(|cause| cause.reason() == reason)
            .unwrap()
    }
}

pub(crate) fn token_id(id: u8) -> TokenId {
    id.to_string().into()
}

pub(crate) fn number(id: &TokenId) -> u8 {
    id.as_str().parse().unwrap()
}

pub(crate) fn datetime(now: Millis) -> OffsetDateTime {
    NOW + time::Duration::milliseconds(now.into())
}

pub(crate) fn timestamp(now: Millis) -> Timestamp {
    Timestamp::from_millis(NOW_SECONDS * 1000 + i64::from(now))
}

pub(crate) fn millis(time: Timestamp) -> Millis {
    i32::try_from(time.as_millis() - NOW_SECONDS * 1000).unwrap()
}

/// A claim of a token, in seconds since 1970.
pub(crate) fn seconds(claim: i64) -> Seconds {
    i32::try_from(claim - NOW_SECONDS).unwrap()
}
