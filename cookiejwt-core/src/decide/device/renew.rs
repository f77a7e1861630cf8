//! Renewing a device-bound session, as far as the head decides: rows P1 to P9 of
//! [`rules`](crate::rules#device-bound-sessions).

use super::{
    attempt::{DeviceAttempt, Renewal},
    reason::DeviceReason,
    reply::DeviceDecision,
};
use crate::{
    decide::{Core, CsrfCleared, authenticate::PresentedRefresh},
    device::{self, DeviceEnd, DeviceFault, PresentedProof},
    request::{Field, Mode, RequestHead},
    response::{Problem, SetCookies},
    session::{RevocationReason, SessionId, Timestamp},
    token::RefreshToken,
};

/// What follows from the head of a renewal.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a new step must break every driver")]
pub enum RenewAssessment {
    /// Nothing has to be asked.
    Settled(DeviceDecision),
    /// The row of the session must be read.
    NeedsSession(Box<DeviceAttempt>),
}

impl Core {
    /// The route on which a browser renews a session with a proof of its device (W3C Device Bound
    /// Session Credentials).
    ///
    /// It needs three things: the refresh cookie, the identifier of its session, and a signature
    /// over a challenge of this library. No other answer than the ones of [`DeviceReply`] may be
    /// sent: a browser forgets the session at 401, 404, 429 or a redirect.
    ///
    /// `prefix` is that of the routes, such as `/api/auth`. `revoked` says why a session has ended,
    /// as far as this node knows; it must not ask a store.
    ///
    /// [`DeviceReply`]: crate::driver::DeviceReply
    pub fn renew_device<'a>(
        &self,
        head: impl Into<RequestHead<'a>>,
        prefix: &str,
        now: impl Into<Timestamp>,
        revoked: &dyn Fn(&SessionId) -> Option<RevocationReason>,
    ) -> RenewAssessment {
        let (head, now) = (head.into(), now.into());
        match self.renewing(&head, now) {
            Ok((identifier, token, cleared)) => {
                let reason = revoked(&token.claims.session_id);
                let presented = Presented { core: self, head, prefix, now };
                presented.answer(identifier, token, cleared, reason)
            }
            Err(decision) => RenewAssessment::Settled(*decision),
        }
    }

    /// Rows P1 to P5.
    fn renewing<'a>(
        &self,
        head: &RequestHead<'a>,
        now: Timestamp,
    ) -> Result<(&'a str, RefreshToken, CsrfCleared), Box<DeviceDecision>> {
        let problem = |problem, reason| Err(Box::new(DeviceDecision::problem(problem, reason, None)));
        if !self.config().device_bound.renews() {
            return problem(Problem::NotFound, DeviceReason::Disabled);
        }
        let identifier = device::identifier(head).filter(|_| self.mode(*head) == Mode::Cookie);
        let Some(identifier) = identifier else {
            return problem(Problem::InvalidRequest, DeviceReason::Malformed);
        };
        let ended = |end| Err(Box::new(DeviceDecision::ended(identifier, end, SetCookies::default())));
        match self.presented_refresh(*head, now) {
            PresentedRefresh::Denied(denial) => problem(Problem::CsrfFailed, DeviceReason::Csrf(denial)),
            PresentedRefresh::Early => problem(Problem::Unavailable, DeviceReason::Early),
            PresentedRefresh::Unusable => ended(DeviceEnd::NoCookie),
            PresentedRefresh::Valid(token, _) if token.claims.session_id.as_str() != identifier => {
                ended(DeviceEnd::OtherSession)
            }
            PresentedRefresh::Valid(token, cleared) => Ok((identifier, *token, cleared)),
        }
    }
}

/// A renewal whose refresh cookie is that of the session.
struct Presented<'a, 'h> {
    core: &'a Core,
    head: RequestHead<'h>,
    prefix: &'a str,
    now: Timestamp,
}

impl Presented<'_, '_> {
    /// Rows P6 to P9.
    fn answer(
        self,
        identifier: &str,
        token: RefreshToken,
        cleared: CsrfCleared,
        revoked: Option<RevocationReason>,
    ) -> RenewAssessment {
        let Self { core, head, prefix, now } = self;
        let session = &token.claims.session_id;
        let settled = RenewAssessment::Settled;
        if let Some(reason) = revoked {
            return settled(DeviceDecision::over(core, session, DeviceEnd::Revoked(reason)));
        }
        let proof = match device::response(&head) {
            Field::Absent => return settled(DeviceDecision::challenge(core, session, now)),
            Field::One(response) => PresentedProof::read(response),
            Field::Many => Err(DeviceFault::Structure),
        };
        let proof = match proof {
            Ok(proof) => proof,
            Err(fault) => {
                let end = DeviceEnd::Rejected(fault);
                return settled(DeviceDecision::ended(identifier, end, SetCookies::default()));
            }
        };
        match core.parts().challenges.read_renewal(&proof.challenge, session, now) {
            Some(challenged_at) => {
                let renewal = Renewal::new(core, &head, session, prefix);
                let attempt = DeviceAttempt { token, cleared, proof, challenged_at, renewal, now };
                RenewAssessment::NeedsSession(Box::new(attempt))
            }
            None => settled(DeviceDecision::challenge(core, session, now)),
        }
    }
}
