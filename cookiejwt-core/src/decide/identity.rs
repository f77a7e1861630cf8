//! The identity of an authenticated user.

use std::{borrow::Cow, fmt};

use serde::de::DeserializeOwned;
use time::OffsetDateTime;

use crate::{
    decide::csrf::CsrfCleared,
    response::Problem,
    session::{SessionId, Subject, TokenId},
    token::{AccessToken, Actor, Facts, Method, Proofs, Scope, has_role, has_scope, scopes},
};

/// The authenticated user, from a verified or just minted access token.
///
/// There is no public constructor: an identity is made only from a token with a valid signature
/// and, if a cookie carried it, from the proof that the CSRF table let the request pass. Cloning is
/// cheap.
#[derive(Clone)]
pub struct Identity {
    token: AccessToken,
    source: CredentialSource,
}

/// What carried the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new source must break whoever treats cookies differently")]
pub enum CredentialSource {
    /// One of the library's cookies: the browser sent it automatically, so the CSRF table applied.
    Cookie,
    /// The `Authorization` field.
    Header,
}

impl CredentialSource {
    /// `cookie` or `header`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Header => "header",
        }
    }
}

/// The token's custom claims are not of the requested type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot deserialize the access token's claims as {expected}: {reason}")]
pub struct ClaimsError {
    expected: &'static str,
    reason: String,
}

impl ClaimsError {
    fn new<T>(error: &serde_json::Error) -> Self {
        Self { expected: std::any::type_name::<T>(), reason: error.to_string() }
    }
}

impl Identity {
    pub(crate) fn from_cookie(token: AccessToken, _: &CsrfCleared) -> Self {
        Self { token, source: CredentialSource::Cookie }
    }

    pub(crate) fn from_header(token: AccessToken) -> Self {
        Self { token, source: CredentialSource::Header }
    }

    /// The user: the `sub` claim.
    pub fn subject(&self) -> &Subject {
        &self.token.claims().subject
    }

    /// The session: the `sid` claim.
    pub fn session_id(&self) -> &SessionId {
        &self.token.claims().session_id
    }

    /// This one access token: the `jti` claim.
    pub fn token_id(&self) -> &TokenId {
        &self.token.claims().token_id
    }

    /// What carried the token.
    pub fn source(&self) -> CredentialSource {
        self.source
    }

    /// How often the claims of the session had been [renewed](crate::store::ClaimsRenewal) when
    /// this token was issued: the `version` claim, or 0.
    pub fn version(&self) -> i64 {
        self.token.claims().version
    }

    /// Whether the device of the session has proved itself for this token: the `device_bound`
    /// claim.
    ///
    /// It turns true at the first renewal, some minutes after the login. Of a session that is bound
    /// but not renewed yet, the row alone knows.
    pub fn is_device_bound(&self) -> bool {
        self.token.claims().device_bound
    }

    /// When the token was issued.
    pub fn issued_at(&self) -> OffsetDateTime {
        datetime(self.token.claims().issued_at)
    }

    /// When the token ends.
    pub fn expires_at(&self) -> OffsetDateTime {
        datetime(self.token.claims().expires_at)
    }

    /// When the user last proved who they are (OIDC `auth_time`).
    pub fn auth_time(&self) -> Option<OffsetDateTime> {
        self.token.claims().auth_time.map(datetime)
    }

    /// The application's own facts are not among them.
    pub(crate) fn facts(&self) -> &Facts {
        &self.token.claims().facts
    }

    pub(crate) fn replaces(&self) -> Option<&SessionId> {
        self.token.claims().replaces.as_ref()
    }

    /// How the user proved who they are, with the time of each proof. Empty if the login named no
    /// method; [`auth_time`](Self::auth_time) still says when it was.
    pub fn proofs(&self) -> &Proofs {
        &self.token.claims().facts.proofs
    }

    /// The methods by which the user proved who they are, the oldest proof first (RFC 8176 `amr`).
    pub fn methods(&self) -> impl Iterator<Item = Method> + '_ {
        self.proofs().methods()
    }

    /// The authentication context class that was reached (OIDC `acr`).
    pub fn acr(&self) -> Option<&str> {
        self.token.claims().facts.acr()
    }

    /// Who acts for the user, if it is not the user themselves (RFC 8693 §4.1 `act`).
    pub fn actor(&self) -> Option<&Actor> {
        self.token.claims().facts.actor()
    }

    /// A fact of the session, such as its tenant. A fact that is missing is read as `null`, so `T`
    /// may be an `Option`.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// let who = cookiejwt_core::testing::access("42").claim("tenant", "acme").identity();
    /// assert_eq!(who.fact::<String>("tenant").unwrap(), "acme");
    /// assert_eq!(who.fact::<Option<u64>>("seat").unwrap(), None);
    /// # }
    /// ```
    pub fn fact<T: DeserializeOwned>(&self, name: &str) -> Result<T, ClaimsError> {
        let mut claims: serde_json::Map<String, serde_json::Value> = self.claims()?;
        let value = claims.remove(name).unwrap_or_default();
        serde_json::from_value(value).map_err(|error| ClaimsError::new::<T>(&error))
    }

    /// Whether the token has this scope: as a word of the claim `scope` (RFC 8693 §4.2, RFC 9068
    /// §2.2.3), or as an entry of the array `scopes`. A claim of another shape has none.
    ///
    /// Claims are computed again at each refresh, so a scope that is taken from a user is gone
    /// within the lifetime of an access token.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// let token = cookiejwt_core::testing::access("42").claim("scope", "notes:read notes:write");
    /// assert!(token.identity().has_scope("notes:write"));
    /// assert!(!token.identity().has_scope("notes"));
    /// # }
    /// ```
    pub fn has_scope(&self, scope: &str) -> bool {
        has_scope(self.token.payload(), scope)
    }

    /// Every scope of the token, as [`has_scope`](Self::has_scope) reads them.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// let token = cookiejwt_core::testing::access("42").claim("scope", "notes:read notes:write");
    /// assert_eq!(token.identity().scopes(), ["notes:read", "notes:write"]);
    /// # }
    /// ```
    pub fn scopes(&self) -> Vec<Cow<'_, str>> {
        scopes(self.token.payload())
    }

    /// Whether the array `roles` of the token has this entry. A claim of another shape has none.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// let token = cookiejwt_core::testing::access("42").claim("roles", ["admin"]);
    /// assert!(token.identity().has_role("admin"));
    /// # }
    /// ```
    pub fn has_role(&self, role: &str) -> bool {
        has_role(self.token.payload(), role)
    }

    /// Requires this scope, otherwise 403 `insufficient_scope`, which contains the scope (RFC 6750
    /// §3.1).
    ///
    /// A [`Scope`] in a constant is checked by the compiler.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use cookiejwt_core::{Problem, Scope, testing};
    ///
    /// const WRITE: Scope = Scope::new("notes:write");
    ///
    /// let token = testing::access("42").claim("scope", "notes:read");
    /// assert_eq!(token.identity().require_scope(WRITE), Err(Problem::InsufficientScope { scope: WRITE }));
    /// # }
    /// ```
    pub fn require_scope(&self, scope: Scope) -> Result<(), Problem> {
        if self.has_scope(scope.as_str()) { Ok(()) } else { Err(Problem::InsufficientScope { scope }) }
    }

    /// Requires this role, otherwise 403 `insufficient_role`. The response does not contain the
    /// role.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use cookiejwt_core::{Problem, testing};
    ///
    /// let token = testing::access("42").claim("roles", ["reader"]);
    /// assert_eq!(token.identity().require_role("admin"), Err(Problem::InsufficientRole));
    /// # }
    /// ```
    pub fn require_role(&self, role: &str) -> Result<(), Problem> {
        if self.has_role(role) { Ok(()) } else { Err(Problem::InsufficientRole) }
    }

    /// The custom claims as a type of the application; fields that it does not have are ignored.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// #[derive(serde::Deserialize)]
    /// struct Roles {
    ///     roles: Vec<String>,
    /// }
    ///
    /// let token = cookiejwt_core::testing::access("42").claim("roles", ["admin"]);
    /// assert_eq!(token.identity().claims::<Roles>().unwrap().roles, ["admin"]);
    /// # }
    /// ```
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, ClaimsError> {
        serde_json::from_str(self.token.payload()).map_err(|error| ClaimsError::new::<T>(&error))
    }
}

fn datetime(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("subject", self.subject())
            .field("session_id", self.session_id())
            .field("source", &self.source())
            .finish_non_exhaustive()
    }
}
