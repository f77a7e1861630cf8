//! The checks that every setting passes before a configuration is built.

use super::{ConfigError, ConfigErrorKind, CookieSettings, CredentialOrder, CsrfSettings, SameSite, Secret};
use crate::{keys::PrivateKey, session::Realm, syntax::Origin};

use ConfigErrorKind::{Contradiction, Empty, Insecure, Malformed, Missing, OutOfRange, Unsupported};

pub(super) type Check<T = ()> = Result<T, ConfigError>;

/// The most entries in the `aud` claim of a token.
pub(crate) const MAX_AUDIENCES: usize = 8;

pub(super) fn refuse(
    setting: &'static str,
    problem: ConfigErrorKind,
    what: impl Into<String>,
    cure: impl Into<String>,
) -> ConfigError {
    ConfigError::new(setting, problem, what.into(), cure.into())
}

pub(super) fn cookies(cookies: &CookieSettings) -> Check {
    attribute(
        "COOKIEJWT_PATH",
        &cookies.path,
        |path| path.starts_with('/'),
        "begin it with / and use visible ASCII characters other than ; and ,",
    )?;
    if let Some(domain) = &cookies.domain {
        let hostname = |d: &str| d.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        attribute("COOKIEJWT_DOMAIN", domain, hostname, "write a host name such as example.com")?;
    }
    if cookies.access_name == cookies.refresh_name {
        let cure = "give the two cookies different names";
        return Err(refuse(
            "COOKIEJWT_REFRESH_NAME",
            Contradiction,
            "is also the access cookie's name",
            cure,
        ));
    }
    for (setting, name) in
        [("COOKIEJWT_ACCESS_NAME", &cookies.access_name), ("COOKIEJWT_REFRESH_NAME", &cookies.refresh_name)]
    {
        if *name == cookies.device_name {
            let cure = "give it another name";
            return Err(refuse(setting, Contradiction, "is the name of the cookie of known devices", cure));
        }
        if name.starts_with(&cookies.pending_prefix) {
            let cure = "give it another name";
            return Err(refuse(setting, Contradiction, "is a name of the cookies of pending logins", cure));
        }
    }
    if cookies.same_site == SameSite::None && !cookies.secure {
        let cure = "remove COOKIEJWT_SECURE=false, or use Lax";
        return Err(refuse(
            "COOKIEJWT_SAMESITE",
            Insecure,
            "is None without Secure, which browsers drop",
            cure,
        ));
    }
    if cookies.partitioned && !cookies.secure {
        let cure = "remove COOKIEJWT_SECURE=false";
        return Err(refuse("COOKIEJWT_PARTITIONED", Insecure, "needs Secure", cure));
    }
    name("COOKIEJWT_ACCESS_NAME", &cookies.access_name, cookies)?;
    name("COOKIEJWT_REFRESH_NAME", &cookies.refresh_name, cookies)
}

fn attribute(setting: &'static str, value: &str, rule: impl Fn(&str) -> bool, cure: &'static str) -> Check {
    let clean = value.bytes().all(|b| b.is_ascii_graphic() && b != b';' && b != b',');
    if value.is_empty() {
        return Err(refuse(setting, Empty, "is empty", "give it a value or remove it"));
    }
    if !clean || value.len() > 1024 || !rule(value) {
        return Err(refuse(setting, Malformed, format!("is {value:?}"), cure));
    }
    Ok(())
}

/// RFC 9110 §5.6.2.
pub(super) fn is_token(name: &str) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(token)
}

/// Names are HTTP tokens, and a prefix in any case must have its attributes (RFC 6265bis §4.1.3).
fn name(setting: &'static str, name: &str, cookies: &CookieSettings) -> Check {
    if name.is_empty() {
        return Err(refuse(setting, Empty, "is empty", "give it a value or remove it"));
    }
    if !is_token(name) {
        let cure = "use letters, digits, - and _ only";
        return Err(refuse(setting, Malformed, format!("is {name:?}"), cure));
    }
    let lower = name.to_ascii_lowercase();
    let (host, secure) = (lower.starts_with("__host-"), lower.starts_with("__secure-"));
    let http = lower.starts_with("__http-") || lower.starts_with("__host-http-");
    if (host || secure || http) && !cookies.secure {
        let cure = "remove COOKIEJWT_SECURE=false, or drop the prefix";
        return Err(refuse(setting, Contradiction, format!("is {name}, whose prefix needs Secure"), cure));
    }
    if http && !cookies.http_only {
        let what = format!("is {name}, whose prefix needs HttpOnly");
        return Err(refuse(setting, Contradiction, what, "drop the prefix, or keep scripts out"));
    }
    let shared = cookies.domain.is_some() || cookies.path != "/";
    if host && shared {
        let what = format!("is {name}, but __Host- allows no Domain and no Path other than /");
        let cure = "remove COOKIEJWT_DOMAIN and COOKIEJWT_PATH, or set COOKIEJWT_ACCESS_NAME and \
                    COOKIEJWT_REFRESH_NAME to names that begin with __Secure-";
        return Err(refuse(setting, Contradiction, what, cure));
    }
    if shared && cookies.secure && !secure && !http {
        let what = format!("is {name}, without a prefix although COOKIEJWT_DOMAIN or COOKIEJWT_PATH is set");
        return Err(refuse(setting, Insecure, what, "let it begin with __Secure-"));
    }
    Ok(())
}

pub(super) fn origins(csrf: &CsrfSettings) -> Check {
    const PUBLIC: &str = "COOKIEJWT_PUBLIC_ORIGIN";
    for origin in &csrf.trusted_origins {
        web_origin("COOKIEJWT_TRUSTED_ORIGINS", origin)?;
    }
    let Some(public) = &csrf.public_origin else { return Ok(()) };
    if web_origin(PUBLIC, public)?.is_https() && !csrf.secure {
        let what = "is https while COOKIEJWT_SECURE is false";
        return Err(refuse(PUBLIC, Insecure, what, "remove COOKIEJWT_SECURE=false"));
    }
    Ok(())
}

fn web_origin<'a>(setting: &'static str, text: &'a str) -> Check<Origin<'a>> {
    let origin = Origin::parse(text).ok_or_else(|| {
        let cure = "write scheme://host or scheme://host:port, without a path";
        refuse(setting, Malformed, format!("is {text:?}"), cure)
    })?;
    if !origin.is_web() {
        // The shape is right, so advice about the shape would not help.
        let what = format!("is {text:?}, and browsers keep cookies of http and https only");
        let cure = "write only http and https: native shells use token mode";
        return Err(refuse(setting, Malformed, what, cure));
    }
    Ok(origin)
}

pub(super) fn skip(paths: &[String]) -> Check {
    const SETTING: &str = "COOKIEJWT_SKIP";
    paths.iter().try_for_each(|path| {
        let cure = "begin each path with / and use visible ASCII characters other than ;";
        attribute(SETTING, path, |path| path.starts_with('/'), cure)?;
        if path.trim_end_matches('/').is_empty() {
            let what = format!("is {path}, which is every path, so no request could be authenticated");
            return Err(refuse(
                SETTING,
                Contradiction,
                what,
                "name the paths that need no login, or remove it",
            ));
        }
        Ok(())
    })
}

/// Otherwise tokens would be issued that no client could use.
pub(super) fn token_mode(on: bool, credentials: CredentialOrder) -> Check {
    if on && !credentials.reads_header() {
        let what = "is true while COOKIEJWT_CREDENTIALS reads no header";
        let cure = "let COOKIEJWT_CREDENTIALS be cookie,header, or remove it";
        return Err(refuse("COOKIEJWT_TOKEN_MODE", Contradiction, what, cure));
    }
    Ok(())
}

pub(super) fn max_sessions(sessions: Option<u32>) -> Check<Option<u32>> {
    if sessions == Some(0) {
        let cure = "allow at least 1, or remove it for no limit";
        return Err(refuse("COOKIEJWT_MAX_SESSIONS", OutOfRange, "is 0, so no user could log in", cure));
    }
    Ok(sessions)
}

/// It is part of cookie names and of the HKDF info, so it must be a token without any
/// separators.
pub(super) fn realm(realm: Option<&str>) -> Check<Realm> {
    const SETTING: &str = "COOKIEJWT_REALM";
    let Some(realm) = realm else { return Ok(Realm::default()) };
    if realm.is_empty() {
        return Err(refuse(
            SETTING,
            Empty,
            "is empty",
            "name the user table, for instance staff, or remove it",
        ));
    }
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if realm.len() > Realm::MAX_LENGTH || !realm.bytes().all(allowed) {
        let cure = "use at most 32 lower-case letters, digits and -, for instance staff";
        return Err(refuse(SETTING, Malformed, format!("is {realm:?}"), cure));
    }
    Ok(realm.into())
}

/// The settings without a default. All that are missing are named at once.
pub(super) fn required(secret: Option<&Secret>, issuer: Option<&str>, audience: &[String]) -> Check {
    let missing = [
        secret.is_none().then(no_secret),
        issuer.is_none().then(no_issuer),
        audience.is_empty().then(no_audience),
    ];
    ConfigError::all(missing.into_iter().flatten()).map_or(Ok(()), Err)
}

pub(super) fn no_secret() -> ConfigError {
    let what = "is missing, and no token can be issued without it";
    refuse("COOKIEJWT_SECRET", Missing, what, "make one with `openssl rand -base64 32`")
}

fn no_issuer() -> ConfigError {
    let cure = "name who issues the tokens, for instance https://id.example";
    refuse("COOKIEJWT_ISSUER", Missing, "is missing", cure)
}

fn no_audience() -> ConfigError {
    let cure = "name the application that the tokens are for, for instance shop";
    refuse("COOKIEJWT_AUDIENCE", Missing, "is missing", cure)
}

pub(super) fn issuer(issuer: Option<String>) -> Check<String> {
    let issuer = issuer.ok_or_else(no_issuer)?;
    claim("COOKIEJWT_ISSUER", &issuer)?;
    Ok(issuer)
}

pub(super) fn audience(audience: Vec<String>) -> Check<Vec<String>> {
    const SETTING: &str = "COOKIEJWT_AUDIENCE";
    if audience.is_empty() {
        return Err(no_audience());
    }
    if audience.len() > MAX_AUDIENCES {
        return Err(refuse(SETTING, OutOfRange, format!("has {} entries", audience.len()), "name at most 8"));
    }
    audience.iter().try_for_each(|entry| claim(SETTING, entry))?;
    Ok(audience)
}

fn claim(setting: &'static str, value: &str) -> Check {
    if value.is_empty() {
        return Err(refuse(setting, Empty, "is empty", "give it a value"));
    }
    if value.len() > 255 || value.chars().any(char::is_control) {
        let cure = "use at most 255 bytes without control characters";
        return Err(refuse(setting, Malformed, "is too long or has control characters", cure));
    }
    Ok(())
}

/// A key that this build cannot sign with is found at startup, not at the first login.
pub(super) fn signing_key(setting: &'static str, key: Option<PrivateKey>) -> Check<Option<PrivateKey>> {
    if let Some(key) = &key {
        key.self_test().map_err(|error| {
            let cure = "choose another algorithm, or turn on the feature aws-lc-rs";
            refuse(setting, Unsupported, format!("is refused: {error}"), cure)
        })?;
    }
    Ok(key)
}
