//! Attacks that mix up kinds of keys: every one is a token that some library has accepted.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{
    Algorithm, ED25519, ED25519_PUBLIC, Jws, Key, P256, P256_PUBLIC, PAYLOAD, RSA, RSA_PUBLIC, TokenFault,
    TokenKind, access, b64, link, private, public, refresh, revocations, testing, verdict, with_kid,
};

fn hmac(secret: &[u8], message: &str) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

fn tail(bytes: &[u8], length: usize) -> Vec<u8> {
    bytes[bytes.len().saturating_sub(length)..].to_vec()
}

/// What an attacker can make of a public key.
fn texts_of(pem: &str) -> Vec<(&'static str, Vec<u8>)> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    vec![
        ("PEM", pem.into()),
        ("PEM without the last line end", pem.trim_end().into()),
        ("PEM with CRLF", pem.replace('\n', "\r\n").into()),
        ("PEM behind a blank", format!(" {pem}").into()),
        ("the base64 in one line", body.into()),
        ("DER", der(pem)),
        ("the raw point", tail(&der(pem), 32)),
        ("the uncompressed point", tail(&der(pem), 65)),
        ("nothing", Vec::new()),
        ("a zero byte", vec![0]),
        ("the kid", b"KID".to_vec()),
    ]
}

/// Rings with one asymmetric key, and its public file.
fn rings() -> [(&'static str, Jws, &'static str, Algorithm); 4] {
    let config = testing::config;
    let rsa = config().signing_key(private(Algorithm::EdDsa, ED25519));
    let rsa = rsa.verifying_key(public(Algorithm::Rs256, RSA_PUBLIC));
    [
        (
            "EdDSA",
            access(config().signing_key(private(Algorithm::EdDsa, ED25519))),
            ED25519_PUBLIC,
            Algorithm::EdDsa,
        ),
        (
            "ES256",
            access(config().signing_key(private(Algorithm::Es256, P256))),
            P256_PUBLIC,
            Algorithm::Es256,
        ),
        ("RS256", access(rsa.clone()), RSA_PUBLIC, Algorithm::Rs256),
        (
            "RS256 beside others",
            access(rsa.verifying_key(public(Algorithm::Es256, P256_PUBLIC))),
            RSA_PUBLIC,
            Algorithm::Rs256,
        ),
    ]
}

fn key_for(jws: &Jws, algorithm: Algorithm) -> &Key {
    let kid = match algorithm {
        Algorithm::Rs256 => return jws.ring.find(&rsa_kid()).unwrap(),
        _ => jws.ring.signing().kid(),
    };
    jws.ring.find(kid).unwrap()
}

/// The JWK thumbprint of the RSA key, by way of its private half.
fn rsa_kid() -> String {
    let ring = super::ring(testing::config().verifying_key(private(Algorithm::Rs256, RSA).public_key()));
    let jwks: serde_json::Value = serde_json::from_str(&ring.jwks().unwrap()).unwrap();
    jwks["keys"][0]["kid"].as_str().unwrap().to_owned()
}

#[test]
fn a_public_key_is_no_hmac_secret() {
    for (kind, jws, pem, algorithm) in rings() {
        let key = key_for(&jws, algorithm);
        assert_eq!(key.algorithm(), algorithm, "{kind}");
        for (rule, secret) in texts_of(pem) {
            for (alg, expected) in [
                ("HS256", TokenFault::Algorithm),
                ("HS512", TokenFault::Algorithm),
                (algorithm.as_str(), TokenFault::Signature),
            ] {
                let header = with_kid(key, r#"{"typ":"at+jwt","alg":"ALG","kid":"KID"}"#).replace("ALG", alg);
                let signed = format!("{}.{}", b64(header), b64(PAYLOAD));
                let token = format!("{signed}.{}", b64(hmac(&secret, &signed)));
                assert_eq!(verdict(&jws, token), Err(expected), "{kind}: {rule} as HMAC secret, alg {alg}");
            }
        }
    }
}

#[test]
fn an_hmac_key_is_chosen_by_nobody_but_its_kid() {
    for (kind, jws, pem, _) in rings() {
        let hs = access(testing::config());
        let token = hs.sign(PAYLOAD).unwrap();
        assert_eq!(
            verdict(&jws, token),
            Err(TokenFault::UnknownKey),
            "{kind}: the derived key is not in this ring"
        );
        for (rule, secret) in texts_of(pem) {
            let header = r#"{"typ":"at+jwt","alg":"HS256"}"#;
            let signed = format!("{}.{}", b64(header), b64(PAYLOAD));
            let token = format!("{signed}.{}", b64(hmac(&secret, &signed)));
            assert_eq!(verdict(&jws, token), Err(TokenFault::Header), "{kind}: {rule}, no kid");
        }
    }
}

#[test]
fn signatures_of_nothing_are_refused() {
    for (kind, jws, _, algorithm) in rings() {
        let key = key_for(&jws, algorithm);
        let header = with_kid(key, r#"{"typ":"at+jwt","alg":"ALG","kid":"KID"}"#);
        let header = header.replace("ALG", algorithm.as_str());
        let signed = format!("{}.{}", b64(header), b64(PAYLOAD));
        for (rule, signature) in [
            ("r = s = 0 (CVE-2022-21449)", vec![0; 64]),
            ("r = s = 1", [[&[0; 31][..], &[1]].concat(), [&[0; 31][..], &[1]].concat()].concat()),
            ("r = s = 2^256 - 1", vec![0xff; 64]),
            ("a DER signature of zeros", vec![0x30, 6, 2, 1, 0, 2, 1, 0]),
            ("one byte", vec![0]),
            ("63 bytes", vec![0; 63]),
            ("65 bytes", vec![0; 65]),
            ("256 bytes of zero", vec![0; 256]),
            ("the number one in 256 bytes", [&[0; 255][..], &[1]].concat()),
        ] {
            let token = format!("{signed}.{}", b64(signature));
            assert_eq!(verdict(&jws, token), Err(TokenFault::Signature), "{kind}: {rule}");
        }
    }
}

#[test]
fn a_key_in_the_header_is_never_used() {
    let jws = access(testing::config().signing_key(private(Algorithm::EdDsa, ED25519)));
    let evil = access(testing::config().signing_key(private(Algorithm::EdDsa, super::ED25519_OTHER)));
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    for (rule, member, expected) in [
        ("jwk (CVE-2018-0114)", format!(r#""jwk":{jwk}"#), TokenFault::Header),
        ("jwk as a string", r#""jwk":"x""#.into(), TokenFault::ForbiddenMember),
        ("jku", r#""jku":"https://evil.example/jwks.json""#.into(), TokenFault::ForbiddenMember),
        ("x5u", r#""x5u":"file:///etc/passwd""#.into(), TokenFault::ForbiddenMember),
        ("x5c", r#""x5c":["MIIB"]"#.into(), TokenFault::Header),
    ] {
        for kid in [jws.ring.signing(), evil.ring.signing()] {
            let header = with_kid(kid, r#"{"alg":"EdDSA","typ":"at+jwt","kid":"KID",MEMBER}"#)
                .replace("MEMBER", &member);
            let token = super::forge(evil.ring.signing(), header, PAYLOAD);
            assert_eq!(verdict(&jws, token), Err(expected), "{rule}");
        }
    }
}

#[test]
fn a_signature_of_another_encoding_is_refused() {
    let jws = access(testing::config().signing_key(private(Algorithm::Es256, P256)));
    let [header, payload, signature] = super::segments(&jws.sign(PAYLOAD).unwrap());
    let raw = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (r, s) = raw.split_at(32);
    let integer = |n: &[u8]| [&[2, 33, 0][..], n].concat();
    let der = [vec![0x30, 70], integer(r), integer(s)].concat();
    for (rule, signature) in [
        ("DER instead of r and s", der),
        ("s and r", [s, r].concat()),
        ("r alone", r.to_vec()),
        ("r, s and a byte", [&raw[..], &[0]].concat()),
        ("a leading zero", [&[0][..], &raw].concat()),
    ] {
        let token = format!("{header}.{payload}.{}", b64(signature));
        assert_eq!(verdict(&jws, token), Err(TokenFault::Signature), "{rule}");
    }
}

/// Each kind has a key of its own, and even a token with the right key is of one kind.
#[test]
fn a_token_is_of_one_kind() {
    let config = testing::config;
    let kinds = [
        ("access", access(config()), TokenKind::Access),
        ("refresh", refresh(config()), TokenKind::Refresh),
        ("link", link(config()), TokenKind::Link),
        ("revocations", revocations(config().realm("another-key")), TokenKind::Revocations),
    ];
    for (signed, signer, own) in &kinds {
        let token = signer.sign(PAYLOAD).unwrap();
        for (read, reader, kind) in kinds.iter().filter(|(_, _, kind)| kind != own) {
            let rule = format!("{signed} read as {read}");
            assert_eq!(verdict(reader, &token), Err(TokenFault::UnknownKey), "{rule}");
            let same_key = Jws::new(*kind, signer.ring.clone());
            assert_eq!(verdict(&same_key, &token), Err(TokenFault::Type), "{rule}, with its key");
        }
    }
}

#[test]
fn a_link_of_another_realm_has_an_unknown_key() {
    let config = testing::config;
    let realms = [link(config()), link(config().realm("staff")), link(config().realm("customers"))];
    for (one, signer) in realms.iter().enumerate() {
        let token = signer.sign(PAYLOAD).unwrap();
        for (other, reader) in realms.iter().enumerate() {
            let expected = if one == other { super::ACCEPTED } else { Err(TokenFault::UnknownKey) };
            assert_eq!(verdict(reader, &token), expected, "{one} read by {other}");
        }
    }
}
