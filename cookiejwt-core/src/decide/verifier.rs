//! Another service that only verifies: it has public keys, but no secret and no cookies.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    config::{ConfigError, CredentialOrder, CsrfSettings, Expect, Expectations},
    decide::{
        access_rows::{AccessRows, authenticated, csrf_denied},
        authenticate::SessionStatus,
        csrf::{self, Credential},
        decision::{Decision, Outcome, Reason, Refusal},
        identity::Identity,
    },
    keys::Jwks,
    request::{Cookie, RequestHead, bearer_token},
    response::{Problem, ResponseHeaders, keep_private},
    session::{SessionId, Timestamp},
    token::{AccessTokens, Actor, Requirement, RevocationTokens, Revocations, TokenFault, TokenRules},
};

/// Checks the access tokens of another service with nothing but its public keys. It cannot mint a
/// token, refresh one or change a cookie: it has neither a secret nor a private key, and no method
/// for it.
///
/// Everything else is as in [`Core::authenticate`](crate::Core::authenticate): the same strict
/// reading, the same claims, the same CSRF table when a cookie carried the token. It asks no store,
/// so [`authenticate`](Self::authenticate) works at
/// [`AtRefresh`](crate::RevocationLevel::AtRefresh): the access token of a revoked session remains
/// valid until its end, at most the issuer's `COOKIEJWT_ACCESS_MAX_AGE` (5 minutes). What the
/// issuer has revoked is known to a service that reads its
/// [`Revocations`](crate::driver::Revocations) and calls
/// [`authenticate_with`](Self::authenticate_with). The `Verifier` of `cookiejwt-store` does both,
/// and fetches the keys.
///
/// A whole service needs only this crate and `http`. In axum, `parts` is what `FromRequestParts`
/// and middleware receive:
///
/// ```
/// use cookiejwt_core::{Identity, Problem, Verifier};
/// use http::{Response, header, request::Parts};
///
/// fn who(verifier: &Verifier, parts: &Parts, now: time::OffsetDateTime) -> Result<Identity, Response<String>> {
///     let decision = verifier.authenticate(parts, now);
///     decision.required().cloned().map_err(refuse)
/// }
///
/// fn refuse(problem: Problem) -> Response<String> {
///     let mut response = Response::builder()
///         .status(problem.status())
///         .header(header::CONTENT_TYPE, "application/problem+json")
///         .header(header::CACHE_CONTROL, "no-store");
///     if let Some(challenge) = problem.challenge() {
///         response = response.header(header::WWW_AUTHENTICATE, &*challenge);
///     }
///     response.body(problem.to_json()).unwrap_or_default()
/// }
/// ```
///
/// # Keys change
///
/// Fetch the issuer's `jwks.json` again when its `Cache-Control` ends (5 minutes), with
/// `If-None-Match`, and replace the old verifier with the result of [`with_keys`](Self::with_keys);
/// running requests keep theirs. The issuer publishes a key before it signs with it, so this is
/// early enough. A document that cannot be fetched or is refused changes nothing.
///
/// ```
/// use std::sync::{PoisonError, RwLock};
///
/// use cookiejwt_core::{Jwks, Verifier, fault::JwksError};
///
/// fn refresh(current: &RwLock<Verifier>, document: &str) -> Result<(), JwksError> {
///     let keys = Jwks::from_json(document)?;
///     let mut current = current.write().unwrap_or_else(PoisonError::into_inner); // or arc_swap::ArcSwap
///     *current = current.with_keys(keys);
///     Ok(())
/// }
/// ```
///
/// A token with an unknown `kid` is refused and appears in [`Decision::faults`] as
/// [`TokenFault::UnknownKey`](crate::fault::TokenFault::UnknownKey). If you fetch for that
/// reason, do so at most once a minute: anyone can write a `kid`.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    /// `None` before the first document of keys.
    tokens: Option<Tokens>,
    expectations: Arc<Expectations>,
}

struct Tokens {
    access: AccessTokens,
    revocations: RevocationTokens,
}

impl Tokens {
    fn new(keys: Jwks, expectations: &Expectations) -> Self {
        let ring = keys.into_ring();
        let rules = TokenRules::revocations_of_another_service(expectations);
        Self {
            revocations: RevocationTokens::new(ring.clone(), rules),
            access: AccessTokens::new(ring, TokenRules::of_another_service(expectations), None),
        }
    }
}

/// What a service that only verifies has been told about sessions.
pub trait KnownSessions {
    /// What is known about this session.
    fn status(&self, id: &SessionId) -> SessionStatus;

    /// How often the claims of this session were renewed, as far as it matters.
    fn version(&self, id: &SessionId) -> i64;

    /// Access tokens from this second or earlier are dead.
    fn dead_until(&self) -> Option<Timestamp>;
}

/// Nothing is known: every session is alive.
struct Unaware;

impl KnownSessions for Unaware {
    fn status(&self, _: &SessionId) -> SessionStatus {
        SessionStatus::Live
    }

    fn version(&self, _: &SessionId) -> i64 {
        0
    }

    fn dead_until(&self) -> Option<Timestamp> {
        None
    }
}

impl Verifier {
    /// For another service, which has only the public keys.
    ///
    /// ```
    /// use cookiejwt_core::{Expect, Jwks, Verifier};
    ///
    /// # let document = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1",
    /// #     "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    /// let keys = Jwks::from_json(document)?;
    /// let verifier = Verifier::new(keys, Expect::issuer("https://id.example").audience("orders"))?;
    ///
    /// let (parts, ()) = http::Request::get("/orders").body(()).unwrap().into_parts();
    /// let decision = verifier.authenticate(&parts, time::OffsetDateTime::UNIX_EPOCH);
    /// assert!(decision.identity().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(keys: Jwks, expect: Expect) -> Result<Self, ConfigError> {
        Ok(Self::with(keys, Arc::new(expect.check()?)))
    }

    /// The same before any document of keys was fetched: every request with a credential is 503
    /// until [`with_keys`](Self::with_keys) has some.
    pub fn without_keys(expect: Expect) -> Result<Self, ConfigError> {
        Ok(Self(Arc::new(Inner { tokens: None, expectations: Arc::new(expect.check()?) })))
    }

    fn with(keys: Jwks, expectations: Arc<Expectations>) -> Self {
        Self(Arc::new(Inner { tokens: Some(Tokens::new(keys, &expectations)), expectations }))
    }

    pub(super) fn csrf(&self) -> &CsrfSettings {
        &self.0.expectations.csrf
    }

    /// The same expectations with other keys.
    #[must_use]
    pub fn with_keys(&self, keys: Jwks) -> Self {
        Self::with(keys, Arc::clone(&self.0.expectations))
    }

    /// The `kid` of each key, in the order of the document.
    pub fn kids(&self) -> Vec<&str> {
        self.0.tokens.as_ref().map(|tokens| tokens.access.kids().collect()).unwrap_or_default()
    }

    /// The longest life that a token may have, with the clock skew on both sides: how long what is
    /// known of a session matters.
    pub fn memory(&self) -> Duration {
        let Expectations { life, leeway, .. } = &*self.0.expectations;
        let seconds = life.saturating_add(leeway.saturating_mul(2));
        Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
    }

    /// Who is asking? Rows a, b, e, f, i and j of [`rules`](crate::rules#authenticate); the
    /// decision contains no cookies.
    pub fn authenticate<'a>(&self, head: impl Into<RequestHead<'a>>, now: impl Into<Timestamp>) -> Decision {
        self.authenticate_with(head, now, &Unaware)
    }

    /// The same with what is known about sessions: rows c and d too. A session whose status is not
    /// known is 503, as when a store is unavailable.
    pub fn authenticate_with<'a>(
        &self,
        head: impl Into<RequestHead<'a>>,
        now: impl Into<Timestamp>,
        known: &dyn KnownSessions,
    ) -> Decision {
        let head = head.into();
        let Some(tokens) = &self.0.tokens else { return self.without(&head) };
        let version = |id: &SessionId| known.version(id);
        let rows = AccessRows::new(&tokens.access, head, now.into().as_seconds(), true, &version);
        let mut rows = rows.dead_until(known.dead_until().map(Timestamp::as_seconds));
        self.decide(&mut rows, known).with_faults(rows.faults)
    }

    fn decide(&self, rows: &mut AccessRows<'_>, known: &dyn KnownSessions) -> Decision {
        let cookie = self.cookie(&rows.head);
        if !cookie.is_absent() {
            let cleared = match csrf::check(&rows.head, &self.0.expectations.csrf, Credential::Ambient) {
                Ok(cleared) => cleared,
                Err(denial) => return by_header(rows, known).unwrap_or_else(|| csrf_denied(denial)),
            };
            if let Some(token) = rows.cookie(&cookie) {
                return of_session(Identity::from_cookie(token, &cleared), known);
            }
        }
        by_header(rows, known).unwrap_or_else(|| rows.nothing(false))
    }

    fn cookie<'a>(&self, head: &RequestHead<'a>) -> Cookie<'a> {
        let name = self.0.expectations.access_cookie.as_ref();
        name.map(|name| Cookie::named(name, head)).unwrap_or_default()
    }

    /// Without a key nothing can be said about a credential, but a request may have none.
    fn without(&self, head: &RequestHead<'_>) -> Decision {
        if self.cookie(head).is_absent() && matches!(bearer_token(head), Ok(None)) {
            return Decision::new(Outcome::Anonymous, Reason::NoCredential);
        }
        Decision::new(Outcome::Unavailable, Reason::KeysUnknown)
    }

    /// The issuer's list of revocations, if it is the answer to this question and was made at most
    /// a minute ago. It is signed with the keys of access tokens, and is never accepted as one.
    pub fn read_revocations(
        &self,
        list: &str,
        since: Option<&str>,
        now: impl Into<Timestamp>,
    ) -> Result<Revocations, TokenFault> {
        let tokens = self.0.tokens.as_ref().ok_or(TokenFault::UnknownKey)?;
        tokens.revocations.verify(list.trim_ascii().as_bytes(), since, now.into().as_seconds())
    }

    /// The first moment at which the access token of this identity is not accepted any more: its
    /// end, and the clock skew that is allowed.
    pub fn accepts_until(&self, identity: &Identity) -> Timestamp {
        let leeway = self.0.expectations.leeway.saturating_mul(1000);
        Timestamp::from(identity.expires_at()).plus_millis(leeway)
    }

    /// What [`Core::check_fresh`](crate::Core::check_fresh) does.
    pub fn check_fresh(
        &self,
        identity: &Identity,
        max_age: Duration,
        now: impl Into<Timestamp>,
    ) -> Result<(), Problem> {
        identity.check_fresh(max_age, now.into().as_seconds(), self.0.expectations.leeway)
    }

    /// What [`Core::check_proofs`](crate::Core::check_proofs) does.
    pub fn check_proofs(
        &self,
        identity: &Identity,
        requirement: &Requirement,
        now: impl Into<Timestamp>,
    ) -> Result<(), Problem> {
        identity.check_proofs(requirement, now.into().as_seconds(), self.0.expectations.leeway)
    }

    /// Marks the response to a request that was decided here: it depends on the user, so the fields
    /// that were read are added to `Vary`, and a response without caching fields gets
    /// `Cache-Control: private, no-cache` (RFC 9111 §3.5). No cookie is written.
    pub fn keep_private(&self, headers: &mut dyn ResponseHeaders) {
        let reads_cookies = self.0.expectations.access_cookie.is_some();
        let read = if reads_cookies { CredentialOrder::default() } else { CredentialOrder::HeaderOnly };
        keep_private(headers, read);
    }
}

/// Rows c, d and e: a session ends with that of the user who acts in it.
fn of_session(identity: Identity, known: &dyn KnownSessions) -> Decision {
    let acting = identity.actor().map(Actor::session_id);
    let statuses = std::iter::once(identity.session_id()).chain(acting).map(|id| known.status(id));
    let dead = statuses.fold(None, |worst, status| match (worst, status) {
        (Some(SessionStatus::Revoked(_)), _) | (_, SessionStatus::Live) => worst,
        (_, status) => Some(status),
    });
    match dead {
        None | Some(SessionStatus::Live) => authenticated(identity),
        Some(SessionStatus::Revoked(reason)) => {
            Decision::refused(Refusal::SessionRevoked, Reason::SessionRevoked(reason))
        }
        Some(SessionStatus::Missing) => Decision::refused(Refusal::SessionRevoked, Reason::SessionMissing),
        Some(SessionStatus::Unknown) => Decision::new(Outcome::Unavailable, Reason::SessionUnknown),
    }
}

/// Row b.
fn by_header(rows: &mut AccessRows<'_>, known: &dyn KnownSessions) -> Option<Decision> {
    rows.bearer().map(|token| of_session(Identity::from_header(token), known))
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("expectations", &self.0.expectations).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
