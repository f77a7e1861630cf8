//! Why a device was refused, and why a session of one ended; for the events.

use crate::session::RevocationReason;

/// What is wrong with the proof of a device. The client hears less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceFault {
    /// No compact JWS of the expected shape.
    Structure,
    /// It is not over a challenge of this library, or over one that is too old.
    Challenge,
    /// There is no key, or one that is not on P-256.
    Key,
    /// The signature does not verify.
    Signature,
    /// The session is bound to another key.
    Conflict,
    /// The session has ended.
    Ended,
}

impl DeviceFault {
    /// The word in the log and in the counter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::Challenge => "challenge",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Conflict => "conflict",
            Self::Ended => "ended",
        }
    }
}

/// Why a browser was told that its device-bound session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceEnd {
    /// No valid refresh cookie came along: the user has logged out, or closed the browser.
    NoCookie,
    /// The cookie belongs to another session: a user has logged in since.
    OtherSession,
    /// The session was revoked.
    Revoked(RevocationReason),
    /// It is past its idle or absolute end.
    Expired,
    /// The store has no such session.
    Missing,
    /// The row is not bound, or to another key.
    Unbound,
    /// The proof is no proof of the session's device.
    Rejected(DeviceFault),
    /// The user was deleted or disabled, or is no longer allowed to have this session.
    UserInactive,
}

impl DeviceEnd {
    /// The word in the log and in the counter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoCookie => "no_cookie",
            Self::OtherSession => "other_session",
            Self::Revoked(_) => "revoked",
            Self::Expired => "expired",
            Self::Missing => "missing",
            Self::Unbound => "unbound",
            Self::Rejected(_) => "rejected",
            Self::UserInactive => "user_inactive",
        }
    }
}

/// Why a browser has sent a request without renewing its session first
/// (`Secure-Session-Skipped`). Anybody can send the field, so nothing is decided by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Skipped {
    /// It has signed too often in the last minutes.
    QuotaExceeded,
    /// It did not reach the server.
    Unreachable,
    /// The server did not renew the session.
    ServerError,
    /// Anything else.
    Other,
}

impl Skipped {
    pub(super) fn of(reason: &str) -> Self {
        match reason {
            "quota_exceeded" => Self::QuotaExceeded,
            "unreachable" => Self::Unreachable,
            "server_error" => Self::ServerError,
            _ => Self::Other,
        }
    }

    /// The word in the log and in the counter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QuotaExceeded => "quota_exceeded",
            Self::Unreachable => "unreachable",
            Self::ServerError => "server_error",
            Self::Other => "other",
        }
    }
}
