//! Tokens for the tests of an application: valid, expired and foreign ones, signed with fixed keys
//! that production refuses.
//!
//! ```
//! use cookiejwt_core::testing;
//!
//! let core = testing::core();
//! let cookie = testing::access("42").claim("role", "admin").cookie();
//! let (parts, ()) = http::Request::get("/").header("cookie", cookie).body(()).unwrap().into_parts();
//! assert!(core.authenticate(&parts, testing::NOW).is_authenticated());
//! ```

#![expect(clippy::missing_panics_doc, reason = "a test that asks for something impossible panics at once")]
#![cfg_attr(not(test), expect(clippy::expect_used, reason = "for the same reason"))]

use serde::Serialize;
use serde_json::{Map, Value};
use time::{OffsetDateTime, macros::datetime};

mod device;

pub use self::device::{TestDevice, device, other_device};
pub use crate::internal::{VectorFault, cookie_pairs, verify_jws};
use crate::{
    config::{Config, ConfigBuilder, RevocationLevel, Secret},
    decide::{Core, Identity, Login},
    response::SetCookie,
    session::{SessionId, Subject, TokenId},
    token::{AccessClaims, Actor, CustomClaims, Facts, Method, Parties, RefreshClaims},
};

/// The time at which the tokens of this module are valid.
pub const NOW: OffsetDateTime = datetime!(2026-01-01 12:00:00 UTC);

/// The issuer of the tokens of this module.
pub const ISSUER: &str = "https://testing.example";

/// The audience of the tokens of this module.
pub const AUDIENCE: &str = "testing";

const HOUR: i64 = 3600;

/// Settings with a fixed, published secret, which every other way of building a [`Secret`] refuses.
pub fn config() -> ConfigBuilder {
    Config::builder().secret(Secret::of_the_testing_module()).issuer(ISSUER).audience(AUDIENCE)
}

/// A core with these settings, at [`RevocationLevel::AtRefresh`]: it settles without a store.
pub fn core() -> Core {
    Core::new(config().revocation(RevocationLevel::AtRefresh).build().expect("the settings are valid"))
}

/// A valid access token of this user, to be changed as the test needs.
pub fn access(subject: impl Into<Subject>) -> TestToken {
    TestToken::new(subject.into(), false)
}

/// A valid refresh token of this user, to be changed as the test needs.
pub fn refresh(subject: impl Into<Subject>) -> TestToken {
    TestToken::new(subject.into(), true)
}

/// The identity of this user, for handlers that are tested as plain functions.
pub fn identity(subject: impl Into<Subject>) -> Identity {
    access(subject).identity()
}

/// The value of the `Cookie` header that a browser sends after this login: `name=value;
/// name=value`.
///
/// ```
/// use cookiejwt_core::{driver::Login, testing};
///
/// fn next_request(login: &Login) -> http::request::Builder {
///     http::Request::get("/me").header("cookie", testing::cookie_header(login))
/// }
/// ```
pub fn cookie_header(login: &Login) -> String {
    let pair = |cookie: &SetCookie| {
        let line = cookie.line().to_str().expect("a cookie is ASCII");
        line.split(';').next().unwrap_or_default().to_owned()
    };
    login.cookies.iter().map(pair).collect::<Vec<_>>().join("; ")
}

/// A token to be minted for a test.
#[derive(Clone, Debug)]
#[must_use]
pub struct TestToken {
    core: Core,
    is_refresh: bool,
    issuer: String,
    subject: Subject,
    session_id: SessionId,
    token_id: TokenId,
    issued_at: i64,
    life: i64,
    auth_time: AuthTime,
    refresh_jti: Option<TokenId>,
    version: i64,
    device_bound: bool,
    claims: Map<String, Value>,
    facts: Facts,
}

/// When the user proved who they are.
#[derive(Clone, Copy, Debug)]
enum AuthTime {
    AsIssued,
    At(i64),
    Unsaid,
}

impl TestToken {
    fn new(subject: Subject, is_refresh: bool) -> Self {
        let core = core();
        let ages = core.config().ages;
        Self {
            is_refresh,
            issuer: ISSUER.into(),
            subject,
            session_id: SessionId::from_random([1; 16]),
            token_id: TokenId::from_random([2; 16]),
            issued_at: NOW.unix_timestamp(),
            life: if is_refresh { ages.refresh } else { ages.access },
            auth_time: AuthTime::AsIssued,
            refresh_jti: None,
            version: 0,
            device_bound: false,
            claims: Map::new(),
            facts: Facts::new(),
            core,
        }
    }

    /// Minted by this core instead of [`core()`], with its keys, names and lifetimes.
    pub fn by(self, core: &Core) -> Self {
        let ages = core.config().ages;
        let life = if self.is_refresh { ages.refresh } else { ages.access };
        Self { core: core.clone(), issuer: core.config().issuer.clone(), life, ..self }
    }

    /// Issued at this time.
    pub fn issued_at(self, time: OffsetDateTime) -> Self {
        Self { issued_at: time.unix_timestamp(), ..self }
    }

    /// Issued so long ago that it ended an hour before [`NOW`].
    pub fn expired(self) -> Self {
        let issued_at = NOW.unix_timestamp().saturating_sub(HOUR).saturating_sub(self.life);
        Self { issued_at, ..self }
    }

    /// Issued for a proof of the device that its session is bound to.
    pub fn device_bound(self) -> Self {
        Self { device_bound: true, ..self }
    }

    /// Signed with the configured key, but by another issuer.
    pub fn foreign(self) -> Self {
        Self { issuer: "https://foreign.example".into(), ..self }
    }

    /// Of a user who proved who they are at this time; otherwise they did when the token was
    /// issued.
    pub fn auth_time(self, time: OffsetDateTime) -> Self {
        Self { auth_time: AuthTime::At(time.unix_timestamp()), ..self }
    }

    /// An access token without the time when the user proved who they are.
    pub fn without_auth_time(self) -> Self {
        Self { auth_time: AuthTime::Unsaid, ..self }
    }

    /// Of a user who gave a proof by this method at this time; the newest one is the `auth_time`.
    pub fn proof(self, method: Method, at: OffsetDateTime) -> Self {
        let facts = self.facts.proved(method, at);
        let auth_time = facts.proofs.newest().map_or(self.auth_time, AuthTime::At);
        Self { auth_time, facts, ..self }
    }

    /// Of a session with this authentication context class.
    pub fn acr(self, acr: &str) -> Self {
        Self { facts: self.facts.with_acr(acr), ..self }
    }

    /// Of a session in which this actor acts for the user.
    pub fn acted_by(self, actor: Actor) -> Self {
        Self { facts: self.facts.acted_by(actor), ..self }
    }

    /// Of this session.
    pub fn session(self, id: impl Into<SessionId>) -> Self {
        Self { session_id: id.into(), ..self }
    }

    /// With this id.
    pub fn id(self, id: impl Into<TokenId>) -> Self {
        Self { token_id: id.into(), ..self }
    }

    /// An access token that was issued with this refresh token, by a refresh and not by the login.
    pub fn given_with(self, refresh: impl Into<TokenId>) -> Self {
        Self { refresh_jti: Some(refresh.into()), ..self }
    }

    /// An access token of a session whose claims had been renewed this often.
    pub fn version(self, version: i64) -> Self {
        Self { version, ..self }
    }

    /// With a custom claim.
    pub fn claim(mut self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).expect("the claim serialises");
        self.claims.insert(name.into(), value);
        self
    }

    /// The token itself.
    pub fn token(&self) -> String {
        let jws =
            if self.is_refresh { self.core.parts().refresh.jws() } else { self.core.parts().access.jws() };
        jws.sign(&self.payload()).expect("the key signs")
    }

    /// The value of an `Authorization` field.
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.token())
    }

    /// The pair for a `Cookie` field; join several with `; `.
    pub fn cookie(&self) -> String {
        let config = self.core.config();
        let name = if self.is_refresh { config.refresh_name() } else { config.access_name() };
        format!("{name}={}", self.token())
    }

    /// The identity that this access token gives, as a header.
    pub fn identity(&self) -> Identity {
        let (core, now) = (&self.core, self.issued_at);
        let presented = core.parts().access.in_header(self.token().as_bytes(), now);
        Identity::from_header(presented.expect("the token is valid when it is issued").token)
    }

    fn payload(&self) -> String {
        let expires_at = self.issued_at.saturating_add(self.life);
        let auth_time = match self.auth_time {
            AuthTime::AsIssued => Some(self.issued_at),
            AuthTime::At(time) => Some(time),
            AuthTime::Unsaid => None,
        };
        if self.is_refresh {
            let claims = RefreshClaims {
                subject: self.subject.clone(),
                session_id: self.session_id.clone(),
                token_id: self.token_id.clone(),
                issued_at: self.issued_at,
                expires_at,
                auth_time: auth_time.unwrap_or(self.issued_at),
                began_at: auth_time.unwrap_or(self.issued_at),
                session_ends_at: self.issued_at.saturating_add(self.core.config().ages.session),
                remember: true,
                remember_for: None,
                stamp: None,
                device_bound: self.device_bound,
                facts: self.facts.clone(),
            };
            return claims.to_payload(self.parties());
        }
        let claims = AccessClaims {
            subject: self.subject.clone(),
            session_id: self.session_id.clone(),
            token_id: self.token_id.clone(),
            issued_at: self.issued_at,
            not_before: self.issued_at,
            expires_at,
            auth_time,
            refresh_jti: self.refresh_jti.clone(),
            replaces: None,
            version: self.version,
            device_bound: self.device_bound,
            ends_with_browser: false,
            facts: self.facts.clone(),
        };
        let custom = CustomClaims::new(&self.claims).expect("the claims are no registered ones");
        claims.to_payload(self.parties(), &custom)
    }

    fn parties(&self) -> Parties<'_> {
        Parties { issuer: &self.issuer, ..self.core.parts().access.parties() }
    }
}
