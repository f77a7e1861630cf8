//! How the JWS is verified: every forged token below is signed with the right key, so that only the
//! rule of its row can refuse it.

mod confusion;
mod header;
mod structure;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Jws, MAX_COOKIE_TOKEN, MAX_HEADER_TOKEN, TokenFault, TokenKind};
use crate::{
    internal::test_keys::{
        ACCEPTED, ED25519, ED25519_OTHER, ED25519_PUBLIC, P256, P256_PUBLIC, PAYLOAD, RSA, RSA_PUBLIC,
        Verdict, access, link, private, public, refresh, revocations, ring, verdict,
    },
    keys::{Algorithm, Key},
    testing,
};

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token with any header and payload, signed by this key.
fn forge(key: &Key, header: impl AsRef<[u8]>, payload: &str) -> String {
    forge_segments(key, &b64(header), &b64(payload))
}

/// The same from segments that are encoded already, or are nothing that encoding gives.
fn forge_segments(key: &Key, header: &str, payload: &str) -> String {
    let signed = format!("{header}.{payload}");
    let signature = key.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", b64(signature))
}

/// The three segments of a token.
fn segments(token: &str) -> [String; 3] {
    let parts: Vec<String> = token.split('.').map(Into::into).collect();
    parts.try_into().unwrap()
}

/// Puts the key's `kid` where the template says `KID`.
fn with_kid(key: &Key, template: &str) -> String {
    template.replace("KID", key.kid())
}

#[test]
fn a_token_that_we_sign_verifies() {
    let config = testing::config;
    for (rule, jws) in [
        ("HS256", access(config())),
        ("HS256, refresh", refresh(config())),
        ("HS256, link", link(config())),
        ("EdDSA", access(config().signing_key(private(Algorithm::EdDsa, ED25519)))),
        ("ES256", access(config().signing_key(private(Algorithm::Es256, P256)))),
    ] {
        let token = jws.sign(PAYLOAD).unwrap();
        assert_eq!(verdict(&jws, &token), ACCEPTED, "{rule}");
        assert_eq!(token.split('.').count(), 3, "{rule}");
    }
}

#[test]
fn the_header_says_alg_typ_and_kid() {
    let config = testing::config;
    for (jws, alg, typ) in [
        (access(config()), "HS256", "at+jwt"),
        (refresh(config()), "HS256", "rt+jwt"),
        (link(config()), "HS256", "lk+jwt"),
        (access(config().signing_key(private(Algorithm::EdDsa, ED25519))), "EdDSA", "at+jwt"),
        (refresh(config().signing_key(private(Algorithm::EdDsa, ED25519))), "HS256", "rt+jwt"),
        (link(config().signing_key(private(Algorithm::EdDsa, ED25519))), "HS256", "lk+jwt"),
        (access(config().signing_key(private(Algorithm::Es256, P256))), "ES256", "at+jwt"),
    ] {
        let [header, ..] = segments(&jws.sign(PAYLOAD).unwrap());
        let header = URL_SAFE_NO_PAD.decode(header).unwrap();
        let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
        let kid = jws.ring.signing().kid();
        assert_eq!(header, serde_json::json!({ "alg": alg, "typ": typ, "kid": kid }));
    }
}

#[test]
fn every_fault_has_its_words_and_only_two_are_early() {
    use TokenFault::{
        Algorithm, Bearer, Claim, Duplicate, Expired, ForbiddenMember, Header, Malformed, NotYetValid,
        Signature, TooLong, Type, UnknownKey,
    };
    for (fault, early, text) in [
        (TooLong, false, "too long"),
        (Malformed, false, "not a compact JWS"),
        (Header, false, "bad JOSE header"),
        (ForbiddenMember, false, "forbidden JOSE header member"),
        (UnknownKey, true, "unknown_key"),
        (Algorithm, false, "alg is not the key's"),
        (Type, false, "wrong typ"),
        (Signature, false, "bad signature"),
        (Claim(crate::token::ClaimFault::Issuer), false, "bad claim: iss"),
        (Expired, false, "expired"),
        (NotYetValid, true, "clock_skew"),
        (Duplicate, false, "duplicate_cookie"),
        (Bearer, false, "malformed bearer"),
    ] {
        assert_eq!((fault.is_early(), fault.to_string().as_str()), (early, text), "{fault:?}");
    }
}
