//! Another service that only verifies: it has public keys, but no secret and no cookies.

use std::{fmt, sync::Arc};

use crate::{
    config::{ConfigError, Expect, Expectations},
    decide::{
        access_rows::{AccessRows, authenticated, csrf_denied},
        csrf::{self, Credential},
        decision::Decision,
        identity::Identity,
    },
    keys::Jwks,
    request::{Cookie, RequestHead},
    session::Timestamp,
    token::{AccessTokens, TokenRules},
};

/// Checks the access tokens of another service with nothing but its public keys. It cannot mint a
/// token, refresh one or change a cookie: it has neither a secret nor a private key, and no method
/// for it.
///
/// Everything else is as in [`Core::authenticate`](crate::Core::authenticate): the same strict
/// reading, the same claims, the same CSRF table when a cookie carried the token. It asks no store,
/// so it works at [`AtRefresh`](crate::RevocationLevel::AtRefresh): the access token of a revoked
/// session remains valid until its end, at most the issuer's `COOKIEJWT_ACCESS_MAX_AGE` (5
/// minutes).
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
    access: AccessTokens,
    expectations: Arc<Expectations>,
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

    fn with(keys: Jwks, expectations: Arc<Expectations>) -> Self {
        let rules = TokenRules::of_another_service(&expectations);
        Self(Arc::new(Inner { access: AccessTokens::new(keys.into_ring(), rules, None), expectations }))
    }

    /// The same expectations with other keys.
    #[must_use]
    pub fn with_keys(&self, keys: Jwks) -> Self {
        Self::with(keys, Arc::clone(&self.0.expectations))
    }

    /// Who is asking? Rows a, b, e, f, i and j of [`rules`](crate::rules#authenticate); the
    /// decision contains no cookies.
    pub fn authenticate<'a>(&self, head: impl Into<RequestHead<'a>>, now: impl Into<Timestamp>) -> Decision {
        let mut rows = AccessRows::new(&self.0.access, head.into(), now.into().as_seconds(), true, &|_| 0);
        self.decide(&mut rows).with_faults(rows.faults)
    }

    fn decide(&self, rows: &mut AccessRows<'_>) -> Decision {
        let Expectations { access_cookie, csrf, .. } = &*self.0.expectations;
        let cookie = access_cookie.as_ref().map(|name| Cookie::named(name, &rows.head)).unwrap_or_default();
        if !cookie.is_absent() {
            let cleared = match csrf::check(&rows.head, csrf, Credential::Ambient) {
                Ok(cleared) => cleared,
                Err(denial) => return by_header(rows).unwrap_or_else(|| csrf_denied(denial)),
            };
            if let Some(token) = rows.cookie(&cookie) {
                return authenticated(Identity::from_cookie(token, &cleared));
            }
        }
        by_header(rows).unwrap_or_else(|| rows.nothing(false))
    }
}

/// Row b, without a question about the session.
fn by_header(rows: &mut AccessRows<'_>) -> Option<Decision> {
    rows.bearer().map(|token| authenticated(Identity::from_header(token)))
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("expectations", &self.0.expectations).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
