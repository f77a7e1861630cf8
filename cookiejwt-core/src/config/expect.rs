//! What a service that only verifies expects of a token.

use std::time::Duration;

use super::{ConfigError, ConfigErrorKind, CsrfSettings, ages, checks};
use crate::session::Realm;

/// What a [`Verifier`](crate::Verifier) expects of a token: who issued it, and for whom.
///
/// ```
/// use cookiejwt_core::Expect;
///
/// let expect = Expect::issuer("https://id.example").audience("orders");
/// # let _ = expect;
/// ```
#[derive(Clone, Debug)]
#[must_use = "expectations do nothing until they are given to `Core::verifier`"]
pub struct Expect {
    issuer: String,
    audience: Vec<String>,
    realm: Option<String>,
    access_cookie: Option<String>,
    access_max_age: Option<Duration>,
    leeway: Option<Duration>,
    csrf: CsrfSettings,
}

/// Expectations that have passed their checks.
#[derive(Clone, Debug)]
pub(crate) struct Expectations {
    pub(crate) issuer: String,
    pub(crate) audience: Vec<String>,
    /// `None` for every user table of the issuer.
    pub(crate) realm: Option<Realm>,
    pub(crate) access_cookie: Option<String>,
    pub(crate) life: i64,
    pub(crate) leeway: i64,
    pub(crate) csrf: CsrfSettings,
}

impl Expect {
    /// The `iss` claim, compared by bytes: `COOKIEJWT_ISSUER` of the service that logs users in.
    pub fn issuer(issuer: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: Vec::new(),
            realm: None,
            access_cookie: None,
            access_max_age: None,
            leeway: None,
            csrf: CsrfSettings::default(),
        }
    }

    /// The name of this service, which the `aud` claim must contain. Required; if called several
    /// times, one of the names is enough.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// The issuer's user table: `COOKIEJWT_REALM` of the service that logs users in, or an empty
    /// name for a service that has none. Default: the tokens of every user table are accepted.
    ///
    /// A service that follows [revocations](crate::driver::Revocations) accepts the tokens of one
    /// user table, because a list contains the sessions of one.
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = Some(realm.into());
        self
    }

    /// The same with the issuer's only user table, unless [`realm`](Self::realm) was called.
    pub fn of_one_realm(self) -> Self {
        Self { realm: self.realm.or_else(|| Some(String::new())), ..self }
    }

    /// Reads the access token from this cookie too, before the `Authorization` field. Default: only
    /// the field.
    ///
    /// For a service that browsers reach on the same host as the issuer (`__Host-access_token`), or
    /// on another host below its `COOKIEJWT_DOMAIN` (`__Secure-access_token`). A browser sends
    /// cookies automatically, so the CSRF table applies to them. The cookies are never changed: the
    /// issuer handles refresh and logout.
    pub fn access_cookie(mut self, name: impl Into<String>) -> Self {
        self.access_cookie = Some(name.into());
        self
    }

    /// The origin under which browsers see this service; see
    /// [`ConfigBuilder::public_origin`](crate::ConfigBuilder::public_origin). Only used for
    /// cookies.
    pub fn public_origin(mut self, origin: impl Into<String>) -> Self {
        self.csrf.public_origin = Some(origin.into());
        self
    }

    /// Another origin whose pages may send requests with the cookie.
    pub fn trusted_origin(mut self, origin: impl Into<String>) -> Self {
        self.csrf.trusted_origins.push(origin.into());
        self
    }

    /// The longest life that a token may have: `COOKIEJWT_ACCESS_MAX_AGE` of the issuer. Default
    /// 300 s.
    pub fn access_max_age(mut self, age: Duration) -> Self {
        self.access_max_age = Some(age);
        self
    }

    /// Clock skew allowed for `exp`, `nbf` and `iat`. Default 5 s, at most 60 s.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = Some(leeway);
        self
    }

    pub(crate) fn check(self) -> Result<Expectations, ConfigError> {
        let csrf = CsrfSettings { secure: true, ..self.csrf };
        checks::origins(&csrf).map_err(|error| error.of("Expect::trusted_origin or public_origin"))?;
        if self.access_cookie.as_ref().is_some_and(|name| !checks::is_token(name)) {
            let cure = "write the name as the issuer does, for instance __Host-access_token";
            return Err(checks::refuse(
                "Expect::access_cookie",
                ConfigErrorKind::Malformed,
                "is no name",
                cure,
            ));
        }
        Ok(Expectations {
            issuer: checks::issuer(Some(self.issuer)).map_err(|error| error.of("Expect::issuer"))?,
            audience: checks::audience(self.audience).map_err(|error| error.of("Expect::audience"))?,
            realm: self.realm.map(|realm| expected_realm(&realm)).transpose()?,
            access_cookie: self.access_cookie,
            life: ages::age("Expect::access_max_age", self.access_max_age)?.unwrap_or(ages::ACCESS_SECONDS),
            leeway: ages::leeway("Expect::leeway", self.leeway, 0, ages::LEEWAY_SECONDS)?,
            csrf,
        })
    }
}

/// Empty for an issuer with one user table.
fn expected_realm(realm: &str) -> Result<Realm, ConfigError> {
    let named = Some(realm).filter(|realm| !realm.is_empty());
    checks::realm(named).map_err(|error| error.of("Expect::realm"))
}
