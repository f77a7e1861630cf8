//! Responses that are sent late.

use crate::{
    decide::{
        decision::{Decision, Reason},
        facade::Core,
    },
    response::SetCookies,
    session::{SessionId, SettleRequest, Timestamp, TokenId},
};

/// A response that carries a refresh token, and until when it may be sent without asking the store.
///
/// A handler may take a minute, and then the response could overwrite newer cookies that other
/// requests have received. [`Core::late_departure`] returns what has to be asked then.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Departure {
    /// The session.
    pub session_id: SessionId,
    /// The refresh token that the response carries.
    pub refresh_jti: TokenId,
    /// The `settles_at` with which it was decided.
    pub settles_at: Timestamp,
}

impl Core {
    /// The question for the token store if the head of a response is sent now, with less than half
    /// of the leeway left.
    ///
    /// If no row is changed, or the store fails, the cookies of the response must not be written:
    /// either the browser has received them already, or the parent is still accepted.
    pub fn late_departure(&self, departure: &Departure, now: impl Into<Timestamp>) -> Option<SettleRequest> {
        let now = now.into();
        let latest = departure.settles_at.plus_millis(self.half_leeway_millis().saturating_neg());
        if now <= latest {
            return None;
        }
        let ages = self.config().ages;
        let before = |seconds: i64| now.plus_millis(seconds.saturating_mul(1000).saturating_neg());
        Some(SettleRequest {
            session_id: departure.session_id.clone(),
            current: departure.refresh_jti.clone(),
            settles_at: now.plus_millis(ages.reuse_leeway.saturating_mul(1000)),
            rotated_after: before(ages.access),
        })
    }

    /// What is still sent of a decision whose refresh token must not be: in row p the access token,
    /// because the client has presented that refresh token and holds it. Without a new access token
    /// it would be told to refresh again and again, until the leeway is over.
    pub fn late_cookies(&self, decision: &Decision) -> SetCookies {
        match decision.reason {
            Reason::CurrentInLeeway => decision.cookies.only(self.config().access_name()),
            _ => SetCookies::default(),
        }
    }

    /// Whether lines that clear cookies are too old to be written: the user may have logged in
    /// since they were decided.
    pub fn is_late_to_clear(&self, decided_at: Timestamp, now: impl Into<Timestamp>) -> bool {
        now.into() > decided_at.plus_millis(self.half_leeway_millis())
    }

    fn half_leeway_millis(&self) -> i64 {
        self.config().ages.reuse_leeway.saturating_mul(500)
    }
}
