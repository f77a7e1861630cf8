//! The responses to a browser that registers or renews a device-bound session.

use http::HeaderValue;

use super::{instructions, reason::DeviceReason};
use crate::{
    decide::Core,
    device::{DeviceEnd, DeviceFault},
    response::{Problem, SetCookies},
    session::{SessionId, Timestamp},
};

/// The response to a browser that registers or proves the key of a device.
///
/// A browser forgets the session at any other answer to a renewal, such as 401, 404 or a redirect.
#[derive(Clone, Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a new response must break every driver")]
pub enum DeviceReply {
    /// 200: the session is bound. No cookie, whatever the request contained.
    Bound {
        /// The instructions, as JSON.
        instructions: String,
    },
    /// 200: both cookies, and the challenge of the next renewal.
    Renewed {
        /// The instructions, as JSON.
        instructions: String,
        /// The value of `Secure-Session-Challenge`.
        challenge: HeaderValue,
        /// Both cookies.
        cookies: SetCookies,
    },
    /// 403 without a body: sign this.
    Challenge {
        /// The value of `Secure-Session-Challenge`.
        challenge: HeaderValue,
    },
    /// 200: the browser forgets the session.
    Ended {
        /// Says so, as JSON.
        instructions: String,
        /// Clears both cookies, or nothing.
        cookies: SetCookies,
    },
    /// The failure of anything else.
    Problem(Problem),
}

/// A response and why it is given.
#[derive(Clone, Debug)]
#[must_use]
#[expect(clippy::exhaustive_structs, reason = "a driver takes it apart")]
pub struct DeviceDecision {
    /// The response.
    pub reply: DeviceReply,
    /// The row that decided.
    pub reason: DeviceReason,
    /// The session, if one is known.
    pub session_id: Option<SessionId>,
}

impl DeviceDecision {
    pub(super) fn problem(problem: Problem, reason: DeviceReason, session_id: Option<SessionId>) -> Self {
        Self { reply: DeviceReply::Problem(problem), reason, session_id }
    }

    pub(super) fn refused(problem: Problem, fault: DeviceFault, session_id: Option<SessionId>) -> Self {
        Self::problem(problem, DeviceReason::Refused(fault), session_id)
    }

    pub(super) fn ended(identifier: &str, end: DeviceEnd, cookies: SetCookies) -> Self {
        let instructions = instructions::end_of(identifier);
        Self {
            reply: DeviceReply::Ended { instructions, cookies },
            reason: DeviceReason::Ended(end),
            session_id: Some(identifier.into()),
        }
    }

    /// The end of a session whose cookies are of no use any more.
    pub(super) fn over(core: &Core, session: &SessionId, end: DeviceEnd) -> Self {
        let keeps = matches!(end, DeviceEnd::Revoked(reason) if !reason.clears_cookies());
        let cookies = if keeps { SetCookies::default() } else { core.parts().cookies.clear_both() };
        Self::ended(session.as_str(), end, cookies)
    }

    pub(super) fn challenge(core: &Core, session: &SessionId, now: Timestamp) -> Self {
        let (reason, session_id) = (DeviceReason::Challenged, Some(session.clone()));
        match challenge(core, session, now) {
            Some(challenge) => Self { reply: DeviceReply::Challenge { challenge }, reason, session_id },
            None => Self::problem(Problem::ServerError, reason, session_id),
        }
    }
}

/// The value of `Secure-Session-Challenge`.
pub(super) fn challenge(core: &Core, session: &SessionId, now: Timestamp) -> Option<HeaderValue> {
    let challenge = core.parts().challenges.renewal(session, now);
    HeaderValue::try_from(format!("\"{challenge}\";id=\"{}\"", session.as_str())).ok()
}
