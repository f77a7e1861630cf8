//! Every setting, its default, and every combination that is refused.

mod ages;
mod builder;
mod checks;
mod device_binding;
mod error;
mod expect;
mod keys;
mod known_devices;
mod names;
mod secret;
#[cfg(test)]
mod tests;
mod twins;
mod vars;

use std::path::{Path, PathBuf};

use crate::{
    keys::{PrivateKey, PublicKey},
    session::Realm,
};

pub use self::{
    builder::ConfigBuilder,
    device_binding::DeviceBinding,
    error::{ConfigError, ConfigErrorKind},
    expect::Expect,
    secret::Secret,
    twins::SharedTokens,
};
pub(crate) use self::{checks::MAX_AUDIENCES, expect::Expectations};

/// Settings that have passed every check: secure by default, and refused if insecure.
///
/// ```
/// use cookiejwt_core::{Config, Secret};
///
/// # let secret = Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=").unwrap();
/// let config = Config::builder().secret(secret).issuer("https://id.example").audience("shop").build().unwrap();
/// assert_eq!(config.access_name(), "__Host-access_token");
/// ```
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is one switch of the configuration")]
pub struct Config {
    pub(crate) realm: Realm,
    pub(crate) keys: KeySettings,
    pub(crate) issuer: String,
    pub(crate) audience: Vec<String>,
    pub(crate) cookies: CookieSettings,
    pub(crate) ages: Ages,
    pub(crate) credentials: CredentialOrder,
    pub(crate) csrf: CsrfSettings,
    pub(crate) revocation: RevocationLevel,
    pub(crate) skip: Vec<String>,
    pub(crate) max_sessions: Option<u32>,
    pub(crate) token_mode: bool,
    pub(crate) trusted_proxies: u32,
    pub(crate) memo_entries: u32,
    pub(crate) set_session_cookie: bool,
    pub(crate) known_devices: bool,
    pub(crate) clear_site_data: bool,
    pub(crate) device_bound: DeviceBinding,
}

#[derive(Clone, Debug)]
pub(crate) struct KeySettings {
    pub(crate) secret: Secret,
    pub(crate) previous: Vec<Secret>,
    pub(crate) signing: Option<PrivateKey>,
    pub(crate) verifying: Vec<PublicKey>,
    pub(crate) directory: Option<PathBuf>,
}

#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is one attribute")]
pub(crate) struct CookieSettings {
    pub(crate) access_name: String,
    pub(crate) refresh_name: String,
    pub(crate) device_name: String,
    /// The id of a pending login follows.
    pub(crate) pending_prefix: String,
    pub(crate) path: String,
    pub(crate) domain: Option<String>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) partitioned: bool,
    /// Whether the access cookie has an age even if the session ends with the browser: browsers
    /// renew no other cookie.
    pub(crate) access_has_age: bool,
}

/// Lifetimes and leeways in whole seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ages {
    pub(crate) access: i64,
    pub(crate) refresh: i64,
    pub(crate) session: i64,
    pub(crate) reuse_leeway: i64,
    pub(crate) refresh_ahead: i64,
    pub(crate) leeway: i64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct CsrfSettings {
    pub(crate) public_origin: Option<String>,
    pub(crate) trusted_origins: Vec<String>,
    pub(crate) strict_browser_headers: bool,
    /// Whether the cookies are `Secure`, so that a page over plain HTTP is foreign.
    pub(crate) secure: bool,
}

/// When a browser sends the cookies with requests from other sites (the `SameSite` attribute).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the cookie standard has these three")]
pub enum SameSite {
    /// With top-level navigations only.
    #[default]
    Lax,
    /// Never.
    Strict,
    /// Always; requires `Secure`.
    None,
}

impl SameSite {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Lax => "Lax",
            Self::Strict => "Strict",
            Self::None => "None",
        }
    }
}

/// Where credentials are looked for, and in which order. A source that is not listed is not read at
/// all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialOrder {
    /// A valid access cookie decides, otherwise a valid bearer token.
    #[default]
    CookieThenHeader,
    /// A valid bearer token decides, otherwise a valid access cookie.
    HeaderThenCookie,
    /// Only cookies are read.
    CookieOnly,
    /// Only the `Authorization` field is read.
    HeaderOnly,
}

impl CredentialOrder {
    /// Whether cookies are read at all.
    pub const fn reads_cookies(self) -> bool {
        !matches!(self, Self::HeaderOnly)
    }

    /// Whether the `Authorization` field is read at all.
    pub const fn reads_header(self) -> bool {
        !matches!(self, Self::CookieOnly)
    }
}

/// When the access tokens of a revoked session stop working.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevocationLevel {
    /// At the next refresh: they remain valid for their few minutes.
    AtRefresh,
    /// At once on the node that revoked it, within a second on the others; costs a lookup in a
    /// small set in memory.
    #[default]
    Feed,
    /// At once, everywhere; costs one read of the store per request.
    EveryRequest,
}

impl Config {
    /// Starts from the secure defaults; issuer, audience and secret have no default.
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder::default()
    }

    /// Starts from settings for plain HTTP: no `Secure`, and cookie names without a prefix, so that
    /// a cookie from development never works in production.
    ///
    /// Chromium and Firefox treat `http://localhost` as secure, so most development does not need
    /// this.
    pub fn dev_http() -> ConfigBuilder {
        Self::builder().secure(false)
    }

    /// Reads settings from pairs of name and value; names that do not begin with `COOKIEJWT_` are
    /// ignored.
    ///
    /// ```
    /// use cookiejwt_core::Config;
    ///
    /// let config = Config::from_vars([
    ///     ("COOKIEJWT_SECRET", "NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg="),
    ///     ("COOKIEJWT_ISSUER", "https://id.example"),
    ///     ("COOKIEJWT_AUDIENCE", "shop"),
    /// ]);
    /// assert!(config.is_ok());
    /// ```
    pub fn from_vars<K: AsRef<str>, V: AsRef<str>>(
        vars: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, ConfigError> {
        Self::builder().vars(vars)?.build()
    }

    /// The user table that this configuration is for; empty when there is only one.
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// The `iss` claim.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The entries of the `aud` claim.
    pub fn audience(&self) -> &[String] {
        &self.audience
    }

    /// The name of the access cookie.
    pub fn access_name(&self) -> &str {
        &self.cookies.access_name
    }

    /// The name of the refresh cookie.
    pub fn refresh_name(&self) -> &str {
        &self.cookies.refresh_name
    }

    /// Whether access tokens are signed with an asymmetric key, so that other services can verify
    /// them.
    pub fn signs_asymmetrically(&self) -> bool {
        self.keys.signing.is_some()
    }

    /// The directory that the asymmetric keys were read from.
    pub fn keys_dir(&self) -> Option<&Path> {
        self.keys.directory.as_deref()
    }

    /// Whether cookies are marked `Secure`; false only in development over plain HTTP.
    pub fn is_secure(&self) -> bool {
        self.cookies.secure
    }

    /// Where credentials are looked for.
    pub fn credentials(&self) -> CredentialOrder {
        self.credentials
    }

    /// Whether clients may ask for tokens in bodies.
    pub fn token_mode(&self) -> bool {
        self.token_mode
    }

    /// The origin under which browsers see the application, if it was set.
    pub fn public_origin(&self) -> Option<&str> {
        self.csrf.public_origin.as_deref()
    }

    /// Other origins whose pages may send requests with the cookies.
    pub fn trusted_origins(&self) -> &[String] {
        &self.csrf.trusted_origins
    }

    /// When the access tokens of a revoked session stop working.
    pub fn revocation(&self) -> RevocationLevel {
        self.revocation
    }

    /// How long, in seconds, a revoked session must be remembered so that its access tokens stay
    /// refused.
    pub fn revoked_memory_seconds(&self) -> i64 {
        self.ages.access.saturating_add(self.ages.leeway.saturating_mul(2))
    }

    /// How long, in milliseconds, the parent of the current refresh token is still accepted.
    pub fn reuse_leeway_millis(&self) -> i64 {
        self.ages.reuse_leeway.saturating_mul(1000)
    }

    /// Whether authentication is skipped for this path: exact, or a prefix on segment boundaries.
    pub fn skips(&self, path: &str) -> bool {
        self.skip.iter().any(|skip| {
            path.strip_prefix(skip.trim_end_matches('/'))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// How many sessions one user may have at once.
    pub fn max_sessions(&self) -> Option<u32> {
        self.max_sessions
    }

    /// How many of your own proxies are in front of the application.
    pub fn trusted_proxies(&self) -> u32 {
        self.trusted_proxies
    }

    /// How many verified access tokens a driver remembers; 0 = none.
    pub fn memo_entries(&self) -> u32 {
        self.memo_entries
    }

    /// Whether a login and a logout change the web framework's own session too.
    pub fn sets_session_cookie(&self) -> bool {
        self.set_session_cookie
    }

    /// Whether any path is skipped at all.
    pub fn has_skips(&self) -> bool {
        !self.skip.is_empty()
    }
}
