//! The settings as `COOKIEJWT_…` environment variables.

use std::time::Duration;

use super::{
    ConfigBuilder, ConfigError, ConfigErrorKind, CredentialOrder, DeviceBinding, RevocationLevel, SameSite,
    Secret, names,
};
use crate::keys::{KeyError, PrivateKey, PublicKey};

type Setter = fn(ConfigBuilder, &Var<'_>) -> Result<ConfigBuilder, ConfigError>;

/// One `COOKIEJWT_…` variable.
struct Var<'a> {
    name: &'static str,
    value: &'a str,
}

/// Every variable that is read, and what it sets.
const VARIABLES: &[(&str, Setter)] = &[
    ("COOKIEJWT_SECRET", |b, v| Ok(b.secret(Secret::from_base64(v.value)?))),
    ("COOKIEJWT_SECRET_PREVIOUS", |b, v| {
        let secrets = v.list()?.into_iter().map(Secret::from_base64).collect::<Result<_, _>>();
        Ok(b.replace_previous(secrets.map_err(|e| e.of("COOKIEJWT_SECRET_PREVIOUS"))?))
    }),
    ("COOKIEJWT_SIGNING_KEY", |b, v| Ok(b.signing_key(v.private_key()?))),
    ("COOKIEJWT_VERIFYING_KEYS", |b, v| Ok(b.replace_verifying(v.public_keys()?))),
    ("COOKIEJWT_KEYS_DIR", |b, v| Ok(b.keys_dir(v.value))),
    ("COOKIEJWT_REALM", |b, v| Ok(b.realm(v.value))),
    ("COOKIEJWT_ISSUER", |b, v| Ok(b.issuer(v.value))),
    ("COOKIEJWT_AUDIENCE", |b, v| Ok(b.replace_audience(v.list()?))),
    ("COOKIEJWT_SECURE", |b, v| Ok(b.secure(v.flag()?))),
    ("COOKIEJWT_HTTPONLY", |b, v| if v.flag()? { Ok(b.http_only()) } else { Err(v.script_readable()) }),
    ("COOKIEJWT_SAMESITE", |b, v| Ok(b.same_site(v.same_site()?))),
    ("COOKIEJWT_ACCESS_NAME", |b, v| Ok(b.access_name(v.value))),
    ("COOKIEJWT_REFRESH_NAME", |b, v| Ok(b.refresh_name(v.value))),
    ("COOKIEJWT_PATH", |b, v| Ok(b.path(v.value))),
    ("COOKIEJWT_DOMAIN", |b, v| Ok(b.domain(v.value))),
    ("COOKIEJWT_PARTITIONED", |b, v| Ok(b.partitioned(v.flag()?))),
    ("COOKIEJWT_ACCESS_MAX_AGE", |b, v| Ok(b.access_max_age(v.seconds()?))),
    ("COOKIEJWT_REFRESH_MAX_AGE", |b, v| Ok(b.refresh_max_age(v.seconds()?))),
    ("COOKIEJWT_SESSION_MAX_AGE", |b, v| Ok(b.session_max_age(v.seconds()?))),
    ("COOKIEJWT_REUSE_LEEWAY", |b, v| Ok(b.reuse_leeway(v.seconds()?))),
    ("COOKIEJWT_REFRESH_AHEAD", |b, v| Ok(b.refresh_ahead(v.seconds()?))),
    ("COOKIEJWT_LEEWAY", |b, v| Ok(b.leeway(v.seconds()?))),
    ("COOKIEJWT_CREDENTIALS", |b, v| Ok(b.credentials(v.credentials()?))),
    ("COOKIEJWT_PUBLIC_ORIGIN", |b, v| Ok(b.public_origin(v.value))),
    ("COOKIEJWT_TRUSTED_ORIGINS", |b, v| Ok(b.replace_trusted_origins(v.list()?))),
    ("COOKIEJWT_STRICT_BROWSER_HEADERS", |b, v| Ok(b.strict_browser_headers(v.flag()?))),
    ("COOKIEJWT_REVOCATION", |b, v| Ok(b.revocation(v.revocation()?))),
    ("COOKIEJWT_MAX_SESSIONS", |b, v| Ok(b.max_sessions(v.count()?))),
    ("COOKIEJWT_TOKEN_MODE", |b, v| Ok(b.token_mode(v.flag()?))),
    ("COOKIEJWT_TRUSTED_PROXIES", |b, v| Ok(b.trusted_proxies(v.count()?))),
    ("COOKIEJWT_MEMO_ENTRIES", |b, v| Ok(b.memo_entries(v.count()?))),
    ("COOKIEJWT_SET_SESSION_COOKIE", |b, v| Ok(b.set_session_cookie(v.flag()?))),
    ("COOKIEJWT_CLEAR_SITE_DATA", |b, v| Ok(b.clear_site_data(v.clear_site_data()?))),
    ("COOKIEJWT_KNOWN_DEVICES", |b, v| Ok(b.known_devices(v.flag()?))),
    ("COOKIEJWT_DEVICE_BOUND", |b, v| Ok(b.device_bound(v.device_binding()?))),
    ("COOKIEJWT_SKIP", |b, v| Ok(b.replace_skip(v.list()?))),
];

/// Takes the settings of one source. A name that appears twice with different values is read in two
/// ways: the C library takes the first value, most others the last.
pub(super) fn apply_all<K: AsRef<str>, V: AsRef<str>>(
    mut builder: ConfigBuilder,
    vars: impl IntoIterator<Item = (K, V)>,
) -> Result<ConfigBuilder, ConfigError> {
    let mut seen: Vec<(&'static str, String)> = Vec::new();
    for (name, value) in vars.into_iter().filter(|(name, _)| names::is_ours(name.as_ref())) {
        let Some((name, set)) = VARIABLES.iter().find(|(known, _)| *known == name.as_ref()) else {
            let known: Vec<_> = VARIABLES.iter().map(|(known, _)| *known).collect();
            return Err(names::unknown(name.as_ref(), &known));
        };
        let var = Var { name, value: value.as_ref().trim() };
        var.is_a_value()?;
        if seen.iter().any(|(other, value)| other == name && value != var.value) {
            let (what, cure) = ("is set twice, to two values", "set it once");
            return Err(var.error(ConfigErrorKind::Contradiction, what, cure));
        }
        seen.push((name, var.value.to_owned()));
        builder = set(builder, &var)?;
    }
    Ok(builder)
}

impl Var<'_> {
    fn error(&self, problem: ConfigErrorKind, what: &'static str, cure: &'static str) -> ConfigError {
        ConfigError::new(self.name, problem, what, cure)
    }

    /// Whether the value looks intended. Leftovers of shell syntax would otherwise become part of
    /// an issuer or an audience, which other services would then not accept.
    fn is_a_value(&self) -> Result<(), ConfigError> {
        const OPENING: [char; 5] = ['"', '\'', '`', '\u{201c}', '\u{2018}'];
        // The name of a cookie may end with another one's.
        const CLOSING: [char; 3] = ['"', '\u{201d}', '\u{2019}'];
        if self.value.is_empty() {
            return Err(self.error(ConfigErrorKind::Empty, "is empty", "give it a value or remove it"));
        }
        let (what, cure) = if self.value.starts_with(OPENING) || self.value.ends_with(CLOSING) {
            ("is in quotes, which a shell takes off and what read this file has kept", "remove the quotes")
        } else if ["${", "$(", "{{", "<%"].iter().any(|open| self.value.starts_with(open)) {
            ("is a placeholder that was not filled in", "write the value itself")
        } else if self.value.contains(" #") {
            (
                "has a comment behind it, which belongs to its value here",
                "move the comment to a line of its own",
            )
        } else {
            return Ok(());
        };
        Err(self.error(ConfigErrorKind::Malformed, what, cure))
    }

    fn malformed(&self, cure: &'static str) -> ConfigError {
        let what = format!("is {:?}", self.value);
        ConfigError::new(self.name, ConfigErrorKind::Malformed, what, cure)
    }

    fn script_readable(&self) -> ConfigError {
        self.error(
            ConfigErrorKind::Insecure,
            "is false, so that any script could read the tokens",
            "remove it, or call the builder's `dangerous_script_readable_cookies`",
        )
    }

    fn flag(&self) -> Result<bool, ConfigError> {
        match self.value {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(self.malformed("write true or false")),
        }
    }

    fn seconds(&self) -> Result<Duration, ConfigError> {
        let cure = "write a whole number of seconds that is not negative, for instance 300";
        self.value.parse().map(Duration::from_secs).map_err(|_| self.malformed(cure))
    }

    fn count(&self) -> Result<u32, ConfigError> {
        self.value.parse().map_err(|_| self.malformed("write a whole number, for instance 5"))
    }

    fn list(&self) -> Result<Vec<&str>, ConfigError> {
        if self.value.starts_with('[') {
            let (what, cure) =
                ("is written as JSON", "write the entries with commas between them, without brackets");
            return Err(self.error(ConfigErrorKind::Malformed, what, cure));
        }
        let items: Vec<_> = self.value.split(',').map(str::trim).collect();
        if items.iter().any(|item| item.is_empty()) {
            return Err(self.error(ConfigErrorKind::Empty, "has an empty entry", "remove the stray comma"));
        }
        Ok(items)
    }

    fn private_key(&self) -> Result<PrivateKey, ConfigError> {
        PrivateKey::from_any_pem(self.pem()).map_err(|error| self.bad_key(error))
    }

    /// One key after the other.
    fn public_keys(&self) -> Result<Vec<PublicKey>, ConfigError> {
        const BEGIN: &str = "-----BEGIN";
        let pem = self.pem();
        let (before, keys) = pem.split_once(BEGIN).ok_or_else(|| self.bad_key(KeyError::Unknown))?;
        let keys = keys.split(BEGIN).map(|key| format!("{before}{BEGIN}{key}"));
        keys.map(PublicKey::from_any_pem).collect::<Result<_, _>>().map_err(|error| self.bad_key(error))
    }

    /// Many places that store variables do not support line breaks.
    fn pem(&self) -> String {
        self.value.replace("\\n", "\n")
    }

    fn bad_key(&self, error: KeyError) -> ConfigError {
        let cure = "give it the text of a PEM file, whose line ends may be written as \\n";
        ConfigError::new(self.name, ConfigErrorKind::Malformed, format!("is refused: {error}"), cure)
    }

    fn same_site(&self) -> Result<SameSite, ConfigError> {
        match self.value.to_ascii_lowercase().as_str() {
            "lax" => Ok(SameSite::Lax),
            "strict" => Ok(SameSite::Strict),
            "none" => Ok(SameSite::None),
            _ => Err(self.malformed("write Lax, Strict or None")),
        }
    }

    fn credentials(&self) -> Result<CredentialOrder, ConfigError> {
        match self.list()?.as_slice() {
            ["cookie", "header"] => Ok(CredentialOrder::CookieThenHeader),
            ["header", "cookie"] => Ok(CredentialOrder::HeaderThenCookie),
            ["cookie"] => Ok(CredentialOrder::CookieOnly),
            ["header"] => Ok(CredentialOrder::HeaderOnly),
            _ => Err(self.malformed("write cookie,header or header,cookie or cookie or header")),
        }
    }

    fn clear_site_data(&self) -> Result<bool, ConfigError> {
        match self.value {
            "cache" => Ok(true),
            "none" => Ok(false),
            _ => Err(self.malformed("write cache or none")),
        }
    }

    fn device_binding(&self) -> Result<DeviceBinding, ConfigError> {
        DeviceBinding::parse(self.value).ok_or_else(|| self.malformed("write off, keep, offer or require"))
    }

    fn revocation(&self) -> Result<RevocationLevel, ConfigError> {
        match self.value {
            "at-refresh" => Ok(RevocationLevel::AtRefresh),
            "feed" => Ok(RevocationLevel::Feed),
            "every-request" => Ok(RevocationLevel::EveryRequest),
            _ => Err(self.malformed("write at-refresh, feed or every-request")),
        }
    }
}
