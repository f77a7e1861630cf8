//! Which access token counts: rows a, b, e, f, i and j of [`rules`](crate::rules#authenticate),
//! which need no store. [`Core`](crate::Core) and [`Verifier`](crate::Verifier) share them.

use crate::{
    decide::{
        csrf::CsrfDenial,
        decision::{Decision, Outcome, Reason, Refusal},
        faults::Faults,
        identity::Identity,
    },
    request::{Cookie, CredentialName, Examined, OfSession, RequestHead, bearer_token},
    session::{SessionId, Sighting},
    token::{AccessToken, AccessTokens, Presentation, TokenFault},
};

/// How often the claims of a session were renewed, as far as this node knows.
pub(super) type VersionOf<'a> = &'a dyn Fn(&SessionId) -> i64;

/// One pass over these rows: what was found so far.
pub(super) struct AccessRows<'a> {
    tokens: &'a AccessTokens,
    pub(super) head: RequestHead<'a>,
    /// In seconds.
    pub(super) now: i64,
    reads_header: bool,
    version_of: VersionOf<'a>,
    /// Tokens of this second and earlier are dead; only a service that verifies is told so.
    dead_until: Option<i64>,
    pub(super) faults: Faults,
    /// What the access token that counts proves.
    pub(super) sighting: Option<Box<Sighting>>,
}

impl<'a> AccessRows<'a> {
    pub(super) fn new(
        tokens: &'a AccessTokens,
        head: RequestHead<'a>,
        now: i64,
        reads_header: bool,
        version_of: VersionOf<'a>,
    ) -> Self {
        Self {
            tokens,
            head,
            now,
            reads_header,
            version_of,
            dead_until: None,
            faults: Faults::default(),
            sighting: None,
        }
    }

    /// The same without the tokens of this second and earlier.
    pub(super) fn dead_until(self, second: Option<i64>) -> Self {
        Self { dead_until: second, ..self }
    }

    /// The access token of the `Authorization` field, when it is valid. It is read once.
    pub(super) fn bearer(&mut self) -> Option<AccessToken> {
        let tried = self.faults.iter().any(|fault| fault.credential == CredentialName::Bearer);
        if tried || !self.reads_header {
            return None;
        }
        let verified = bearer_token(&self.head)
            .and_then(|token| token.map(|token| self.tokens.in_header(token, self.now)).transpose());
        let presented = self.note(CredentialName::Bearer, verified);
        presented.and_then(|presented| self.see(CredentialName::Bearer, presented))
    }

    /// The access token of the access cookie, when it is valid.
    pub(super) fn cookie(&mut self, cookie: &Cookie<'_>) -> Option<AccessToken> {
        if cookie.came_twice() {
            let examined = Examined::new(cookie, |token| self.tokens.in_cookie(token, self.now));
            return self.examined_cookie(examined);
        }
        let token = cookie.only()?;
        let verified = self.tokens.in_cookie(token, self.now);
        let presented = self.note(CredentialName::AccessCookie, verified.map(Some));
        presented.and_then(|presented| self.see(CredentialName::AccessCookie, presented))
    }

    /// The same for an access cookie whose values were verified before.
    pub(super) fn examined_cookie(&mut self, examined: Examined<Presentation>) -> Option<AccessToken> {
        let presented = self.choose(CredentialName::AccessCookie, examined);
        presented.and_then(|presented| self.see(CredentialName::AccessCookie, presented))
    }

    /// The token of a presentation, unless its claims were renewed since; one that this node did
    /// not know may prove something.
    fn see(&mut self, credential: CredentialName, presented: Presentation) -> Option<AccessToken> {
        let claims = presented.token.claims();
        let is_dead = self.dead_until.is_some_and(|second| claims.issued_at <= second);
        if is_dead || claims.version < (self.version_of)(&claims.session_id) {
            self.faults.add(credential, TokenFault::Outdated);
            return None;
        }
        self.sighting = presented.sighting();
        Some(presented.token)
    }

    pub(super) fn choose<T: OfSession>(
        &mut self,
        credential: CredentialName,
        examined: Examined<T>,
    ) -> Option<T> {
        let chosen = examined.choose();
        chosen.map_err(|faults| faults.into_iter().for_each(|fault| self.faults.add(credential, fault))).ok()
    }

    pub(super) fn note<T>(
        &mut self,
        credential: CredentialName,
        read: Result<Option<T>, TokenFault>,
    ) -> Option<T> {
        match read {
            Ok(token) => token,
            Err(fault) => {
                self.faults.add(credential, fault);
                None
            }
        }
    }

    /// Rows f, i, j and j': no credential is accepted.
    pub(super) fn nothing(&self, cookies_came: bool) -> Decision {
        use CredentialName::{RefreshBody, RefreshCookie};
        if !cookies_came && self.faults.is_empty() {
            return Decision::new(Outcome::Anonymous, Reason::NoCredential);
        }
        if self.faults.iter().any(|fault| fault.fault.is_early()) {
            return Decision::refused(Refusal::InvalidToken, Reason::OnlyEarly);
        }
        let expired = self.faults.iter().any(|fault| {
            [RefreshCookie, RefreshBody].contains(&fault.credential) && fault.fault == TokenFault::Expired
        });
        let refusal = if expired { Refusal::SessionExpired } else { Refusal::InvalidToken };
        Decision::refused(refusal, Reason::NothingUsable)
    }
}

/// Row a: the CSRF table denies, and there is no valid bearer token.
pub(super) fn csrf_denied(denial: CsrfDenial) -> Decision {
    Decision::refused(Refusal::CsrfFailed, Reason::Csrf(denial))
}

/// Rows b and e.
pub(super) fn authenticated(identity: Identity) -> Decision {
    Decision::new(Outcome::Authenticated(identity), Reason::AccessValid)
}
