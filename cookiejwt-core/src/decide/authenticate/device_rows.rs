//! Rows s, u and v of [`rules`](crate::rules#device-bound-sessions): what the tokens of a
//! device-bound session do without its device; and the refresh token that comes with its proof.

use super::{
    Assessment, Table,
    session_check::{Beside, Checked, Refreshable, Then},
};
use crate::{
    config::DeviceBinding,
    decide::{
        carrier::Carrier,
        csrf::{self, Credential, CsrfCleared, CsrfDenial},
        facade::Core,
        identity::{CredentialSource, Identity},
    },
    device::{needs_reload, skipped},
    request::{Cookie, CredentialName, Presented, RequestHead},
    session::Timestamp,
    token::{AccessToken, RefreshToken},
};

/// The refresh cookie of a renewal by a device.
pub(crate) enum PresentedRefresh {
    /// The CSRF table denies.
    Denied(CsrfDenial),
    /// It is of a node whose clock or keys are ahead.
    Early,
    /// There is none that is valid.
    Unusable,
    /// It is valid, and so is the request.
    Valid(Box<RefreshToken>, CsrfCleared),
}

impl Core {
    /// The refresh cookie of a renewal, read as everywhere: of several of its name, the only one
    /// that is valid counts.
    pub(crate) fn presented_refresh(&self, head: RequestHead<'_>, now: Timestamp) -> PresentedRefresh {
        let cleared = match csrf::check(&head, &self.config().csrf, Credential::Ambient) {
            Ok(cleared) => cleared,
            Err(denial) => return PresentedRefresh::Denied(denial),
        };
        let mut table = Table::new(self, head, now, &|_| 0);
        let presented = Presented::read(&head, self.config());
        table.examine(&presented);
        let token = table.refresh_token(&presented.refresh);
        match token {
            Some(token) => PresentedRefresh::Valid(Box::new(token), cleared),
            None if table.has_fault(CredentialName::RefreshCookie, true) => PresentedRefresh::Early,
            None => PresentedRefresh::Unusable,
        }
    }
}

impl Table<'_> {
    /// Row u: the access token of a session that ends with the browser, and nothing beside it: the
    /// browser was closed, and has kept only the cookie that has an age.
    pub(super) fn outlives_browser(&mut self, token: &AccessToken, refresh: &Cookie<'_>) -> bool {
        let claims = token.claims();
        if !claims.ends_with_browser {
            return false;
        }
        let refresh_tokens = &self.core.parts().refresh;
        let is_there = refresh.values().any(|value| {
            let found = refresh_tokens.in_cookie(value, self.rows.now);
            found.is_ok_and(|found| super::is_same_session(&found, &claims.session_id, &claims.subject))
        });
        if !is_there {
            self.rows.sighting = None;
        }
        !is_there
    }

    /// Whether a refresh token renews nothing without a proof.
    pub(super) fn is_marked(&self, token: &RefreshToken) -> bool {
        token.claims.device_bound || self.core.config().device_bound == DeviceBinding::Require
    }

    /// Row s. The browser renews only a cookie that is missing, so a dead one is cleared.
    pub(super) fn unproved(self, token: &RefreshToken, source: CredentialSource, reload: bool) -> Assessment {
        let is_dead = self.has_fault(CredentialName::AccessCookie, false);
        let clears_access = source == CredentialSource::Cookie && is_dead;
        let claims = &token.claims;
        let skipped = skipped(&self.rows.head, &claims.session_id);
        let then = Then::Prove { reload, skipped, clears_access };
        let (session_id, actor) = (claims.session_id.clone(), claims.facts.actor.clone());
        self.check(Checked::Refreshable(Box::new(Refreshable { session_id, actor, source, then })))
    }

    /// Row s on a route of the application.
    pub(super) fn unproved_here(self, token: &RefreshToken) -> Assessment {
        let reload = needs_reload(&self.rows.head);
        self.unproved(token, CredentialSource::Cookie, reload)
    }

    /// The refresh route with a refresh token that needs a proof: row v, else s.
    pub(super) fn refresh_marked(
        self,
        token: &RefreshToken,
        presented: &Presented<'_>,
        cleared: &CsrfCleared,
    ) -> Assessment {
        match self.identity_beside(token, presented, cleared) {
            Some(identity) => {
                let refresh_ends_at = token.claims.expires_at;
                self.check(Checked::Beside(Box::new(Beside { identity, refresh_ends_at })))
            }
            None => self.unproved(token, CredentialSource::Cookie, false),
        }
    }

    /// The refresh route with a refresh token that does not say that its session is bound. If the
    /// row says so, the access token beside it answers: row x.
    pub(super) fn refresh_unmarked(
        self,
        token: RefreshToken,
        presented: &Presented<'_>,
        cleared: CsrfCleared,
    ) -> Assessment {
        let beside = self.identity_beside(&token, presented, &cleared);
        let mut attempt = self.attempt(token, Carrier::Cookie(cleared), None);
        attempt.set_beside(beside);
        self.refreshing(attempt)
    }

    /// The user of a valid access cookie of the same session.
    fn identity_beside(
        &self,
        token: &RefreshToken,
        presented: &Presented<'_>,
        cleared: &CsrfCleared,
    ) -> Option<Identity> {
        let access = self.core.parts().access.in_cookie(presented.access.only()?, self.rows.now).ok()?;
        let identity = Identity::from_cookie(access.token, cleared);
        super::is_same_session(token, identity.session_id(), identity.subject()).then_some(identity)
    }

    /// Whether a credential was not accepted, and may be accepted later (`early`), or never.
    fn has_fault(&self, credential: CredentialName, early: bool) -> bool {
        let mut faults = self.rows.faults.iter();
        faults.any(|fault| fault.credential == credential && fault.fault.is_early() == early)
    }
}
