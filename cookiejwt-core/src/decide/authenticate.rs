//! Who is asking: rows a to j' of [`rules`](crate::rules). The first row that matches decides.

mod device_rows;
mod permission;
mod recall;
mod session_check;

use http::header;

pub(crate) use self::device_rows::PresentedRefresh;
pub use self::recall::Recalled;
pub use self::session_check::{Resolution, SessionCheck, SessionStatus};
use self::{
    permission::refresh_permitted,
    session_check::{Checked, Refreshable, Then},
};
use crate::{
    config::{CredentialOrder, RevocationLevel},
    decide::{
        access_rows::{AccessRows, VersionOf, csrf_denied},
        carrier::Carrier,
        csrf::{self, Credential, CsrfCleared, CsrfDenial},
        decision::{Decision, Outcome, Reason, Refusal},
        facade::Core,
        identity::{CredentialSource, Identity},
        refresh::RefreshAttempt,
    },
    device::needs_reload,
    request::{Cookie, CredentialName, Duplicates, Field, Mode, Presented, RequestHead},
    session::{SessionId, Subject, Timestamp},
    token::{AccessToken, RefreshToken, VerifiedField},
};

/// What follows from the head of a request alone, and what has to be asked next.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a new step must break every driver")]
pub enum Assessment {
    /// Nothing has to be asked.
    Settled(Decision),
    /// Is the session still alive?
    NeedsSessionCheck(SessionCheck),
    /// A refresh token has to be rotated.
    NeedsRefresh(Box<RefreshAttempt>),
}

impl Assessment {
    /// Whether the request is settled and authenticated.
    pub fn is_authenticated(&self) -> bool {
        matches!(self, Self::Settled(decision) if matches!(decision.outcome, Outcome::Authenticated(_)))
    }

    /// Whether the request is settled and no credential was sent.
    pub fn is_anonymous(&self) -> bool {
        matches!(self, Self::Settled(decision) if matches!(decision.outcome, Outcome::Anonymous))
    }

    /// Whether the request is settled and its credential was refused.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Settled(decision) if matches!(decision.outcome, Outcome::Refused(_)))
    }
}

/// One pass over the table: what was found so far.
struct Table<'a> {
    core: &'a Core,
    rows: AccessRows<'a>,
    now: Timestamp,
    /// Names that came more than once; boxed, because hardly any request has one.
    duplicates: Option<Box<Duplicates>>,
}

impl Core {
    /// Who is asking? Reads the head, verifies its credentials, and returns what has to be asked
    /// next.
    ///
    /// The table alone decides who may refresh: OPTIONS, cross-site requests that are not
    /// navigations, and pages of other origins that a browser only prepares never refresh.
    pub fn authenticate<'a>(
        &self,
        head: impl Into<RequestHead<'a>>,
        now: impl Into<Timestamp>,
    ) -> Assessment {
        let (head, now) = (head.into(), now.into());
        match self.recall(&head, now, &|_| 0) {
            Some(recalled) => recalled.assess(),
            None => self.authenticate_with(head, now, &|_| 0),
        }
    }

    /// The same for a request that was not [recalled](Self::recall), on a node that knows of
    /// sessions whose claims were [renewed](crate::store::ClaimsRenewal): an access token with a
    /// lower version than this function returns for its session is dead. The function must not ask
    /// a store.
    pub fn authenticate_with<'a>(
        &self,
        head: impl Into<RequestHead<'a>>,
        now: impl Into<Timestamp>,
        version_of: &dyn Fn(&SessionId) -> i64,
    ) -> Assessment {
        let head = head.into();
        if self.config().skips(head.path()) {
            return Assessment::Settled(Decision::new(Outcome::Anonymous, Reason::Skipped));
        }
        Table::new(self, head, now.into(), version_of).authenticate()
    }

    /// The refresh route: reads only the refresh cookie, and rotates it whatever the access token
    /// contains. In token mode no cookie is read.
    pub fn refresh<'a>(&self, head: impl Into<RequestHead<'a>>, now: impl Into<Timestamp>) -> Assessment {
        Table::new(self, head.into(), now.into(), &|_| 0).refresh()
    }

    /// The refresh route in token mode: reads only the `refresh` of the body, never a cookie.
    /// Outside token mode a refresh token in a body is ignored.
    pub fn refresh_tokens<'a>(
        &self,
        head: impl Into<RequestHead<'a>>,
        refresh: &str,
        now: impl Into<Timestamp>,
    ) -> Assessment {
        Table::new(self, head.into(), now.into(), &|_| 0).refresh_by_body(refresh.as_bytes())
    }
}

impl<'a> Table<'a> {
    fn new(core: &'a Core, head: RequestHead<'a>, now: Timestamp, version_of: VersionOf<'a>) -> Self {
        let reads_header = core.config().credentials.reads_header();
        let rows = AccessRows::new(&core.parts().access, head, now.as_seconds(), reads_header, version_of);
        Self { core, rows, now, duplicates: None }
    }

    fn authenticate(mut self) -> Assessment {
        if self.core.mode(self.rows.head) != Mode::Cookie {
            return self.by_bearer_alone();
        }
        let order = self.core.config().credentials;
        let presented = Presented::read(&self.rows.head, self.core.config());
        if order == CredentialOrder::HeaderThenCookie
            && let Some(token) = self.rows.bearer()
        {
            return self.by_header(token);
        }
        let cleared = if presented.any() {
            match csrf::check(&self.rows.head, &self.core.config().csrf, Credential::Ambient) {
                Ok(cleared) => {
                    self.examine(&presented);
                    Some(cleared)
                }
                Err(denial) => return self.csrf_denied(denial),
            }
        } else {
            None
        };
        if let (Some(cleared), Some(token)) = (&cleared, self.access(&presented))
            && !self.outlives_browser(&token, &presented.refresh)
        {
            return self.by_cookie(token, &presented.refresh, cleared);
        }
        if order != CredentialOrder::HeaderThenCookie
            && let Some(token) = self.rows.bearer()
        {
            return self.by_header(token);
        }
        match cleared {
            Some(cleared) => self.by_refresh(&presented.refresh, &cleared),
            None => self.nothing(false),
        }
    }

    fn refresh(mut self) -> Assessment {
        let presented = Presented::read(&self.rows.head, self.core.config());
        let cleared = match csrf::check(&self.rows.head, &self.core.config().csrf, Credential::Ambient) {
            Ok(cleared) => cleared,
            Err(denial) => return self.settled(csrf_denied(denial)),
        };
        if presented.refresh.is_absent() {
            return self.settled(Decision::refused(Refusal::NotAuthenticated, Reason::NoCredential));
        }
        self.examine(&presented);
        match self.refresh_token(&presented.refresh) {
            Some(token) if self.is_marked(&token) => self.refresh_marked(&token, &presented, &cleared),
            Some(token) => self.refresh_unmarked(token, &presented, cleared),
            None => self.nothing(true),
        }
    }

    fn refresh_by_body(mut self, refresh: &[u8]) -> Assessment {
        let Mode::Token(mode) = self.core.mode(self.rows.head) else {
            return self.settled(Decision::refused(Refusal::NotAuthenticated, Reason::NoCredential));
        };
        let verified = self.core.parts().refresh.in_body(refresh, self.rows.now);
        match self.rows.note(CredentialName::RefreshBody, verified.map(Some)) {
            Some(token) if self.is_marked(&token) => self.unproved(&token, CredentialSource::Header, false),
            Some(token) => {
                let attempt = self.attempt(token, Carrier::Body(mode), None);
                self.refreshing(attempt)
            }
            None => self.nothing(false),
        }
    }

    /// Token mode: rows b, d, f, i and j'.
    fn by_bearer_alone(mut self) -> Assessment {
        match self.rows.bearer() {
            Some(token) => self.by_header(token),
            None => self.nothing(false),
        }
    }

    /// Row a: a valid bearer decides if there is one.
    fn csrf_denied(mut self, denial: CsrfDenial) -> Assessment {
        match self.rows.bearer() {
            Some(token) => self.by_header(token),
            None => self.settled(csrf_denied(denial)),
        }
    }

    /// Row b.
    fn by_header(self, token: AccessToken) -> Assessment {
        let identity = Identity::from_header(token);
        self.check(Checked::Access { identity, ahead: None })
    }

    /// Rows c, d, e and g, and the refresh ahead of the end.
    fn by_cookie(mut self, token: AccessToken, refresh: &Cookie<'_>, cleared: &CsrfCleared) -> Assessment {
        let ends_at = token.claims().expires_at;
        let identity = Identity::from_cookie(token, cleared);
        let ahead = self.core.config().ages.refresh_ahead;
        let near = ahead > 0 && ends_at.saturating_sub(self.rows.now) <= ahead;
        let ahead = if near && refresh_permitted(&self.rows.head, &self.core.config().csrf) {
            self.refresh_token(refresh)
                .filter(|token| is_same_session(token, identity.session_id(), identity.subject()))
                .filter(|token| !self.is_marked(token))
                .filter(|token| self.outlives(token, ends_at))
                .map(|token| self.attempt(token, Carrier::Cookie(cleared.clone()), Some(identity.clone())))
        } else {
            None
        };
        self.check(Checked::Access { identity, ahead })
    }

    /// Rows h to j, and s.
    fn by_refresh(mut self, refresh: &Cookie<'_>, cleared: &CsrfCleared) -> Assessment {
        match self.refresh_token(refresh) {
            Some(token) if self.is_marked(&token) => self.unproved_here(&token),
            Some(token) if refresh_permitted(&self.rows.head, &self.core.config().csrf) => {
                let mut attempt = self.attempt(token, Carrier::Cookie(cleared.clone()), None);
                attempt.set_reload(needs_reload(&self.rows.head));
                self.refreshing(attempt)
            }
            Some(token) => {
                let (session_id, actor) = (token.claims.session_id, token.claims.facts.actor);
                let (source, speculative) = (CredentialSource::Cookie, self.rows.head.is_speculative());
                let then = Then::NotPermitted { speculative };
                self.check(Checked::Refreshable(Box::new(Refreshable { session_id, actor, source, then })))
            }
            None => self.nothing(true),
        }
    }

    fn refreshing(self, attempt: Box<RefreshAttempt>) -> Assessment {
        let (session_id, actor) = (attempt.session_id().clone(), attempt.actor().cloned());
        let (source, then) = (attempt.source(), Then::Refresh(attempt));
        self.check(Checked::Refreshable(Box::new(Refreshable { session_id, actor, source, then })))
    }

    /// Rows f, i, j and j'.
    fn nothing(self, cookies_came: bool) -> Assessment {
        let decision = self.rows.nothing(cookies_came);
        if !cookies_came {
            return self.settled(decision);
        }
        let decision = decision.clearing(&self.core.parts().cookies, CredentialSource::Cookie);
        self.settled(decision)
    }

    /// `AtRefresh` checks no session while the access token is valid; the other levels always do.
    fn check(self, kind: Checked) -> Assessment {
        let Self { core, rows: AccessRows { faults, sighting, .. }, .. } = self;
        let check = SessionCheck { core: core.clone(), kind, faults, sighting };
        if core.config().revocation != RevocationLevel::AtRefresh {
            return Assessment::NeedsSessionCheck(check);
        }
        match check.resolve(SessionStatus::Live) {
            Resolution::Settled(decision) => Assessment::Settled(decision),
            Resolution::NeedsRefresh(attempt) => Assessment::NeedsRefresh(attempt),
        }
    }

    fn settled(self, decision: Decision) -> Assessment {
        Assessment::Settled(decision.with_faults(self.rows.faults))
    }

    /// Boxed: it is large, and most requests have none.
    fn attempt(&self, token: RefreshToken, carrier: Carrier, soft: Option<Identity>) -> Box<RefreshAttempt> {
        Box::new(RefreshAttempt::new(self.core.clone(), token, carrier, soft, self.now))
    }

    /// No refresh ahead when the new token would not live longer than the old one.
    fn outlives(&self, refresh: &RefreshToken, ends_at: i64) -> bool {
        let life = self.core.config().ages.access;
        self.rows.now.saturating_add(life).min(refresh.claims.session_ends_at) > ends_at
    }

    /// Names that came more than once are examined together: the value that counts decides what is
    /// deleted.
    fn examine(&mut self, presented: &Presented<'_>) {
        if !presented.any_twice() {
            return;
        }
        let (parts, now) = (self.core.parts(), self.rows.now);
        let access = |value: &[u8]| parts.access.in_cookie(value, now);
        let refresh = |value: &[u8]| parts.refresh.in_cookie(value, now);
        let duplicates = Duplicates::examine(presented, access, refresh);
        if let Some(cookie) = duplicates.cookie() {
            let twins = self.core.twin_lines(&self.rows.head, duplicates.are_ours());
            self.rows.faults.report(cookie, twins);
        }
        self.duplicates = Some(Box::new(duplicates));
    }

    fn access(&mut self, presented: &Presented<'a>) -> Option<AccessToken> {
        let duplicate = self.duplicates.as_mut().and_then(|duplicates| duplicates.access.take());
        if let Some(examined) = duplicate {
            return self.rows.examined_cookie(examined);
        }
        let token = self.rows.cookie(&presented.access)?;
        self.remember(presented, &token);
        Some(token)
    }

    /// Remembers the field of a request whose cookies are the only ones of their names.
    fn remember(&self, presented: &Presented<'a>, token: &AccessToken) {
        self.core.parts().access.remember_field(|| {
            let Field::One(field) = self.rows.head.field(&header::COOKIE) else { return None };
            if presented.any_twice() {
                return None;
            }
            VerifiedField::new(field, token)
        });
    }

    fn refresh_token(&mut self, cookie: &Cookie<'_>) -> Option<RefreshToken> {
        let duplicate = self.duplicates.as_mut().and_then(|duplicates| duplicates.refresh.take());
        if let Some(examined) = duplicate {
            return self.rows.choose(CredentialName::RefreshCookie, examined);
        }
        let verified = self.core.parts().refresh.in_cookie(cookie.only()?, self.rows.now);
        self.rows.note(CredentialName::RefreshCookie, verified.map(Some))
    }
}

fn is_same_session(refresh: &RefreshToken, session_id: &SessionId, subject: &Subject) -> bool {
    refresh.claims.session_id == *session_id && refresh.claims.subject == *subject
}

#[cfg(test)]
mod tests;
