//! The builder that collects the settings.

use super::{
    Config, ConfigError, CookieSettings, CredentialOrder, CsrfSettings, DeviceBinding, KeySettings,
    RevocationLevel, SameSite, Secret,
    ages::{self, SetAges},
    checks, device_binding,
    keys::{CheckedKeys, SetKeys},
    known_devices, names, vars,
};
use crate::session::Realm;

const MEMO_ENTRIES: u32 = 10_000;

/// Collects settings; [`build`](Self::build) checks them all.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is one switch of the configuration")]
#[must_use = "a builder does nothing until `build`"]
pub struct ConfigBuilder {
    realm: Option<String>,
    secret: Option<Secret>,
    previous: Vec<Secret>,
    pub(super) keys: SetKeys,
    issuer: Option<String>,
    audience: Vec<String>,
    access_name: Option<String>,
    refresh_name: Option<String>,
    path: Option<String>,
    domain: Option<String>,
    insecure: bool,
    script_readable: bool,
    same_site: SameSite,
    partitioned: bool,
    pub(super) ages: SetAges,
    credentials: CredentialOrder,
    public_origin: Option<String>,
    trusted_origins: Vec<String>,
    strict_browser_headers: bool,
    revocation: RevocationLevel,
    skip: Vec<String>,
    max_sessions: Option<u32>,
    token_mode: bool,
    trusted_proxies: u32,
    memo_entries: Option<u32>,
    set_session_cookie: bool,
    clear_site_data: bool,
    pub(crate) no_known_devices: bool,
    pub(super) device_bound: DeviceBinding,
}

impl ConfigBuilder {
    /// The master secret. Variable `COOKIEJWT_SECRET`, required.
    pub fn secret(mut self, secret: Secret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// A secret that verifies and never signs. Variable `COOKIEJWT_SECRET_PREVIOUS`, a comma list.
    ///
    /// To change the master secret without logging any user out: add the new one here on every
    /// node, then swap the two on every node, then drop the old one when the last refresh token
    /// made with it has ended (`COOKIEJWT_REFRESH_MAX_AGE`, 1 day).
    ///
    /// Dropping a leaked secret at once ends every session whose tokens were made with it. Refresh
    /// tokens are always signed with the secret, whatever signs the access tokens, so every user
    /// has to log in again.
    pub fn previous_secret(mut self, secret: Secret) -> Self {
        self.previous.push(secret);
        self
    }

    /// The user table that the sessions belong to, for an application with more than one. Variable
    /// `COOKIEJWT_REALM`, default none.
    ///
    /// One user table is one realm. The realm is part of every key, every token, every row of the
    /// store, every bucket of the throttle and the default cookie names
    /// (`__Host-staff_access_token`), so that customer 1 is never staff 1 even if both tables share
    /// a secret and a database. It consists of at most 32 lower-case letters, digits and `-`.
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = Some(realm.into());
        self
    }

    /// The `iss` claim, compared by bytes. Variable `COOKIEJWT_ISSUER`, required.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// One more entry of the `aud` claim, compared by bytes. Variable `COOKIEJWT_AUDIENCE`,
    /// required.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// Whether cookies are `Secure`. Variable `COOKIEJWT_SECURE`, default true; see
    /// [`Config::dev_http`].
    pub fn secure(mut self, secure: bool) -> Self {
        self.insecure = !secure;
        self
    }

    /// Lets scripts read the tokens, so that any cross-site scripting vulnerability exposes them.
    /// No variable sets this.
    pub fn dangerous_script_readable_cookies(mut self) -> Self {
        self.script_readable = true;
        self
    }

    /// The `SameSite` attribute. Variable `COOKIEJWT_SAMESITE`, default Lax.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// The access cookie's name. Variable `COOKIEJWT_ACCESS_NAME`, default `__Host-access_token`.
    pub fn access_name(mut self, name: impl Into<String>) -> Self {
        self.access_name = Some(name.into());
        self
    }

    /// The refresh cookie's name. Variable `COOKIEJWT_REFRESH_NAME`, default
    /// `__Host-refresh_token`.
    pub fn refresh_name(mut self, name: impl Into<String>) -> Self {
        self.refresh_name = Some(name.into());
        self
    }

    /// The cookies' `Path`. Variable `COOKIEJWT_PATH`, default `/`. Another path requires
    /// `__Secure-` names.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The cookies' `Domain`. Variable `COOKIEJWT_DOMAIN`, default none. It WIDENS their scope to
    /// every subdomain, and requires `__Secure-` names.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// The `Partitioned` attribute (CHIPS). Variable `COOKIEJWT_PARTITIONED`, default false.
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = partitioned;
        self
    }

    /// Where credentials are looked for. Variable `COOKIEJWT_CREDENTIALS`, default `cookie,header`.
    pub fn credentials(mut self, order: CredentialOrder) -> Self {
        self.credentials = order;
        self
    }

    /// The origin that browsers see, `https://shop.example`. Variable `COOKIEJWT_PUBLIC_ORIGIN`,
    /// default none.
    pub fn public_origin(mut self, origin: impl Into<String>) -> Self {
        self.public_origin = Some(origin.into());
        self
    }

    /// Another origin whose pages may send requests with the library's cookies. Variable
    /// `COOKIEJWT_TRUSTED_ORIGINS`.
    pub fn trusted_origin(mut self, origin: impl Into<String>) -> Self {
        self.trusted_origins.push(origin.into());
        self
    }

    /// Refuses unsafe requests that carry neither `Sec-Fetch-Site` nor `Origin`: no current browser
    /// sends such a request. Variable `COOKIEJWT_STRICT_BROWSER_HEADERS`, default false.
    pub fn strict_browser_headers(mut self, strict: bool) -> Self {
        self.strict_browser_headers = strict;
        self
    }

    /// When the access tokens of a revoked session stop working. Variable `COOKIEJWT_REVOCATION`,
    /// default `feed`.
    pub fn revocation(mut self, level: RevocationLevel) -> Self {
        self.revocation = level;
        self
    }

    /// A path, or a prefix on segment boundaries, where no request is ever authenticated. Variable
    /// `COOKIEJWT_SKIP`.
    ///
    /// `/` is refused, because it would skip every path.
    pub fn skip(mut self, path: impl Into<String>) -> Self {
        self.skip.push(path.into());
        self
    }

    /// How many sessions one user may have; a login beyond that ends the oldest. Variable
    /// `COOKIEJWT_MAX_SESSIONS`, no limit by default (OWASP ASVS 7.1.2).
    pub fn max_sessions(mut self, sessions: u32) -> Self {
        self.max_sessions = Some(sessions);
        self
    }

    /// Lets clients without cookies (mobile, command line) request tokens in the body with the
    /// header `Cookiejwt-Mode: token`. Variable `COOKIEJWT_TOKEN_MODE`, default false: the header
    /// is ignored.
    ///
    /// In token mode, on the built-in routes and on yours, cookies count as absent and none is set
    /// or cleared; the credentials are `Authorization: Bearer` and the `refresh` of a body. The
    /// CSRF table does not apply: a browser sends neither automatically, and lets a page of another
    /// origin send the header only after a preflight (Fetch Standard, CORS-preflight request). So
    /// **allow `Cookiejwt-Mode` in a CORS policy (`Access-Control-Allow-Headers`) only for origins
    /// whose pages may hold tokens**; native applications are not subject to CORS. A page that can
    /// use the cookies should use them: what its scripts can read, a script that was injected into
    /// it can read too (OAuth 2.0 for Browser-Based Applications, §5).
    ///
    /// Requires the header among the [`credentials`](Self::credentials).
    pub fn token_mode(mut self, on: bool) -> Self {
        self.token_mode = on;
        self
    }

    /// How many of your own proxies are in front of the application. Each must append to
    /// `X-Forwarded-For`. Variable `COOKIEJWT_TRUSTED_PROXIES`, default 0: the client is the peer
    /// of the connection.
    ///
    /// Set the exact number. If it is too low, every client has the address of a proxy and shares
    /// its login limits; if it is too high, clients can choose their own address.
    pub fn trusted_proxies(mut self, proxies: u32) -> Self {
        self.trusted_proxies = proxies;
        self
    }

    /// How many access tokens whose signature held are remembered, so that the same token is
    /// verified once, and how many `Cookie` fields with one. Variable `COOKIEJWT_MEMO_ENTRIES`,
    /// default 10 000; 0 = none.
    ///
    /// A token and its field take about 3 KiB. Large claims take more, and then fewer entries are
    /// kept.
    pub fn memo_entries(mut self, entries: u32) -> Self {
        self.memo_entries = Some(entries);
        self
    }

    /// Whether the web framework's own session follows the login: at a login it gets a new id and
    /// is bound to the user, at a logout it is destroyed
    /// ([`SessionChange`](crate::driver::SessionChange)).
    /// Variable `COOKIEJWT_SET_SESSION_COOKIE`, default false. Requires the feature
    /// `tower-sessions`, `actix-session` or `private-cookie` of the adapter.
    pub fn set_session_cookie(mut self, on: bool) -> Self {
        self.set_session_cookie = on;
        self
    }

    /// Whether a logout sends `Clear-Site-Data: "cache"` (W3C Clear Site Data §3.2): the browser
    /// forgets every page and file of this origin that it has stored, also for its back button.
    /// Variable `COOKIEJWT_CLEAR_SITE_DATA`: `cache`, or `none`, which is the default.
    ///
    /// The next visit loads every file again. Where only some pages must not come back, let their
    /// guards send `Cache-Control: no-store` instead.
    pub fn clear_site_data(mut self, on: bool) -> Self {
        self.clear_site_data = on;
        self
    }

    /// Takes settings from pairs of name and value. They override the settings made so far.
    ///
    /// Names that do not begin with `COOKIEJWT_` are ignored; an unknown `COOKIEJWT_…` name is an
    /// error, and so is a name that appears twice with different values. The later of two calls
    /// wins, so that variables can override a file.
    pub fn vars<K: AsRef<str>, V: AsRef<str>>(
        self,
        vars: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, ConfigError> {
        vars::apply_all(self, vars)
    }

    /// Whether [`vars`](Self::vars) reads a variable of this name, or refuses it with an
    /// explanation: `COOKIEJWT_…` in any case, also after an `export` that was left in a file.
    pub fn reads(name: &str) -> bool {
        names::is_ours(name)
    }

    /// Checks every setting and every combination; the error contains the setting and the cure.
    pub fn build(self) -> Result<Config, ConfigError> {
        checks::required(self.secret.as_ref(), self.issuer.as_deref(), &self.audience)?;
        let ages = ages::ages(&self.ages)?;
        let realm = checks::realm(self.realm.as_deref())?;
        let cookies = self.cookie_settings(&realm);
        checks::cookies(&cookies)?;
        let csrf = CsrfSettings {
            public_origin: self.public_origin,
            trusted_origins: self.trusted_origins,
            strict_browser_headers: self.strict_browser_headers,
            secure: cookies.secure,
        };
        checks::origins(&csrf)?;
        checks::skip(&self.skip)?;
        checks::token_mode(self.token_mode, self.credentials)?;
        let surroundings = device_binding::Surroundings {
            cookies: &cookies,
            access_life: ages.access,
            credentials: self.credentials,
            token_mode: self.token_mode,
        };
        device_binding::check(self.device_bound, &surroundings)?;
        let CheckedKeys { signing, verifying, directory } = self.keys.check()?;
        Ok(Config {
            realm,
            issuer: checks::issuer(self.issuer)?,
            audience: checks::audience(self.audience)?,
            keys: KeySettings {
                secret: self.secret.ok_or_else(checks::no_secret)?,
                previous: self.previous,
                signing,
                verifying,
                directory,
            },
            cookies,
            ages,
            credentials: self.credentials,
            csrf,
            revocation: self.revocation,
            skip: self.skip,
            max_sessions: checks::max_sessions(self.max_sessions)?,
            token_mode: self.token_mode,
            trusted_proxies: self.trusted_proxies,
            memo_entries: self.memo_entries.unwrap_or(MEMO_ENTRIES),
            set_session_cookie: self.set_session_cookie,
            known_devices: !self.no_known_devices,
            clear_site_data: self.clear_site_data,
            device_bound: self.device_bound,
        })
    }

    pub(super) fn replace_previous(self, previous: Vec<Secret>) -> Self {
        Self { previous, ..self }
    }

    pub(super) fn http_only(self) -> Self {
        Self { script_readable: false, ..self }
    }

    pub(super) fn replace_audience(self, entries: Vec<&str>) -> Self {
        entries.into_iter().fold(Self { audience: Vec::new(), ..self }, Self::audience)
    }

    pub(super) fn replace_trusted_origins(self, entries: Vec<&str>) -> Self {
        entries.into_iter().fold(Self { trusted_origins: Vec::new(), ..self }, Self::trusted_origin)
    }

    pub(super) fn replace_skip(self, entries: Vec<&str>) -> Self {
        entries.into_iter().fold(Self { skip: Vec::new(), ..self }, Self::skip)
    }

    fn cookie_settings(&self, realm: &Realm) -> CookieSettings {
        let prefix = if self.insecure { "" } else { "__Host-" };
        let separator = if realm.is_empty() { "" } else { "_" };
        let name = |set: &Option<String>, base| {
            set.clone().unwrap_or_else(|| format!("{prefix}{realm}{separator}{base}"))
        };
        CookieSettings {
            access_name: name(&self.access_name, "access_token"),
            refresh_name: name(&self.refresh_name, "refresh_token"),
            device_name: known_devices::cookie_name(!self.insecure, realm),
            pending_prefix: format!("{prefix}{realm}{separator}pending_"),
            path: self.path.clone().unwrap_or_else(|| "/".into()),
            domain: self.domain.clone(),
            secure: !self.insecure,
            http_only: !self.script_readable,
            same_site: self.same_site,
            partitioned: self.partitioned,
            access_has_age: self.device_bound.renews(),
        }
    }
}
