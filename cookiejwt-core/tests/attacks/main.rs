//! Attacks that worked on some library, each with a name and a number (`a01_…`: structure, `a10_…`:
//! keys, `a30_…`: claims, `b20_…`: cookies, `b40_…`: the `Authorization` field). Each token is
//! presented as a cookie and in the header, as raw bytes, to `Core::authenticate`; and each is
//! signed with the right key unless its case says otherwise, so that only the rule of the case can
//! refuse it.
//!
//! The signer below uses none of the library's code: HKDF and HMAC as documented.

mod claims;
mod cookies;
mod header;
mod keys;
mod structure;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cookiejwt_core::{
    ConfigBuilder, Core, RevocationLevel, Secret,
    driver::{Assessment, Headers, RequestHead},
    testing::{self, NOW},
};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderName;
use sha2::Sha256;
use time::OffsetDateTime;

const SECRET: &[u8; 32] = b"x7\x9a!kQ\x03Lp\xd1Zu\x88vW2\xf0bN\x17\xc9sEhA@\xe4gT5\x0cy";

fn config() -> ConfigBuilder {
    let secret = Secret::from_bytes(SECRET.to_vec()).unwrap();
    testing::config().secret(secret).revocation(RevocationLevel::AtRefresh)
}

fn core() -> Core {
    Core::new(config().build().unwrap())
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn hmac(key: &[u8], message: impl AsRef<[u8]>) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes().to_vec()
}

/// Anyone who has the master secret.
struct Signer([u8; 32]);

impl Signer {
    fn new(purpose: &str) -> Self {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, SECRET).expand(purpose.as_bytes(), &mut key).unwrap();
        Self(key)
    }

    fn access() -> Self {
        Self::new("cookiejwt/1 access")
    }

    fn kid(&self) -> String {
        b64(&hmac(&self.0, "cookiejwt/1 kid")[..9])
    }

    /// Segments as they are, followed by the signature.
    fn sign(&self, signed: &str) -> String {
        format!("{signed}.{}", b64(hmac(&self.0, signed)))
    }

    fn token(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        self.sign(&format!("{}.{}", b64(header), b64(payload)))
    }
}

/// The header as the library writes it, with additional members.
fn header_with(members: &str) -> String {
    format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{}"{members}}}"#, Signer::access().kid())
}

/// A token with this header and the right claims.
fn with_header(header: impl AsRef<[u8]>) -> String {
    Signer::access().token(header, payload())
}

/// A token with the right header and this payload.
fn with_payload(payload: impl AsRef<[u8]>) -> String {
    Signer::access().token(header_with(""), payload)
}

/// The claims of a valid access token as raw JSON values.
fn claims() -> Vec<(&'static str, String)> {
    let now = NOW.unix_timestamp();
    vec![
        ("iss", format!("\"{}\"", testing::ISSUER)),
        ("sub", "\"alice\"".into()),
        ("aud", format!("[\"{}\"]", testing::AUDIENCE)),
        ("exp", (now + 300).to_string()),
        ("iat", now.to_string()),
        ("jti", "\"AgICAgICAgICAgICAgICAg\"".into()),
        ("sid", "\"AQEBAQEBAQEBAQEBAQEBAQ\"".into()),
        ("auth_time", now.to_string()),
    ]
}

fn object(members: &[(&str, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn payload() -> String {
    object(&claims())
}

/// The right claims, except for one value.
fn payload_with(name: &str, value: &str) -> String {
    let mut claims = claims();
    claims.retain(|(claim, _)| *claim != name);
    let mut payload = object(&claims);
    payload.truncate(payload.len() - 1);
    format!("{payload},\"{name}\":{value}}}")
}

/// Header fields with arbitrary bytes, as frameworks without `http` may pass them.
struct Raw(Vec<(HeaderName, Vec<u8>)>);

impl Raw {
    fn new(fields: &[(&'static str, &[u8])]) -> Self {
        let field = |(name, value): &(&'static str, &[u8])| (HeaderName::from_static(name), value.to_vec());
        Self(fields.iter().map(field).collect())
    }

    fn cookie(token: &[u8]) -> Self {
        Self::new(&[("cookie", &[b"__Host-access_token=", token].concat())])
    }

    fn bearer(token: &[u8]) -> Self {
        Self::new(&[("authorization", &[b"Bearer ", token].concat())])
    }

    fn head(&self) -> RequestHead<'_> {
        RequestHead::new("GET", "/me", None, self)
    }
}

impl Headers for Raw {
    fn visit<'a>(&'a self, name: &HeaderName, visit: &mut dyn FnMut(&'a [u8])) {
        self.0.iter().filter(|field| field.0 == name).for_each(|field| visit(&field.1));
    }
}

/// What a client gets: the subject, or the body of the refusal.
fn answer(core: &Core, head: RequestHead<'_>, now: OffsetDateTime) -> String {
    match core.authenticate(head, now) {
        Assessment::Settled(decision) => match decision.required() {
            Ok(identity) => identity.subject().as_str().into(),
            Err(problem) => problem.to_json(),
        },
        Assessment::NeedsSessionCheck(_) => "a question about the session".into(),
        Assessment::NeedsRefresh(_) => "a refresh".into(),
    }
}

/// The one response that every invalid token gets (a42).
const INVALID: &str = r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"The token is not valid.","code":"invalid_token"}"#;

#[track_caller]
fn assert_refused(core: &Core, token: impl AsRef<[u8]>, rule: &str) {
    assert_refused_at(core, token, NOW, rule);
}

#[track_caller]
fn assert_refused_at(core: &Core, token: impl AsRef<[u8]>, now: OffsetDateTime, rule: &str) {
    let token = token.as_ref();
    assert_eq!(answer(core, Raw::bearer(token).head(), now), INVALID, "{rule}, by header");
    let by_cookie = answer(core, Raw::cookie(token).head(), now);
    if token.len() > SEEN_OF_COOKIES {
        assert!(by_cookie.contains("not_authenticated"), "{rule}, by cookie: {by_cookie}");
    } else {
        assert_eq!(by_cookie, INVALID, "{rule}, by cookie");
    }
}

#[track_caller]
fn assert_accepted(core: &Core, token: impl AsRef<[u8]>, rule: &str) {
    assert_accepted_at(core, token, NOW, rule);
}

#[track_caller]
fn assert_accepted_at(core: &Core, token: impl AsRef<[u8]>, now: OffsetDateTime, rule: &str) {
    for (place, raw) in [("cookie", Raw::cookie(token.as_ref())), ("header", Raw::bearer(token.as_ref()))] {
        assert_eq!(answer(core, raw.head(), now), "alice", "{rule}, by {place}");
    }
}

/// A longer cookie is ignored (b24), so it is not an invalid token.
const SEEN_OF_COOKIES: usize = 16 * 1024 - "__Host-access_token=".len();

/// Without this, the other tests would show nothing.
#[test]
fn the_signer_creates_accepted_tokens() {
    assert_accepted(&core(), with_header(header_with("")), "signed here");
    assert_accepted(&core(), testing::access("alice").by(&core()).token(), "signed by the library");
}

/// Claims that are read without verifying (40) are prevented by types: `Core` has no such method.
/// Memos of verified tokens (41) are tested with the memo, in cookiejwt-store.
#[test]
fn every_row_has_its_case() {
    let sources = [
        include_str!("structure.rs"),
        include_str!("keys.rs"),
        include_str!("claims.rs"),
        include_str!("cookies.rs"),
        include_str!("header.rs"),
    ]
    .concat();
    let elsewhere = [40, 41];
    let rows = (1..=9).chain(10..=21).chain(30..=43).filter(|row| !elsewhere.contains(row));
    let rows = rows.map(|row| format!("fn a{row:02}_"));
    for case in rows.chain((20..=26).chain(40..=43).map(|row| format!("fn b{row}_"))) {
        assert!(sources.contains(&case), "{case}");
    }
}
