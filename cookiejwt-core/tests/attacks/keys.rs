//! Algorithm and key choice.

use super::*;
use cookiejwt_core::{
    Algorithm, CredentialOrder, Expect, Jwks, PrivateKey, PublicKey,
    driver::{Resolution, SessionStatus},
    store::RevocationReason,
};

macro_rules! key_file {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/", $name))
    };
}

const REGISTRY: [&str; 18] = [
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "ES256",
    "ES384",
    "ES512",
    "ES256K",
    "PS256",
    "PS384",
    "PS512",
    "EdDSA",
    "Ed25519",
    "Ed448",
    "ML-DSA-44",
    "none",
];

fn signing(algorithm: Algorithm, pem: &str) -> Core {
    Core::new(config().signing_key(PrivateKey::from_pem(algorithm, pem).unwrap()).build().unwrap())
}

fn es256() -> Core {
    signing(Algorithm::Es256, key_file!("p256.pem"))
}

fn eddsa() -> Core {
    signing(Algorithm::EdDsa, key_file!("ed25519.pem"))
}

/// Cores with one public key, that key as PEM, and its `kid`.
fn asymmetric() -> Vec<(Algorithm, Core, &'static str, String)> {
    [
        (Algorithm::EdDsa, eddsa(), key_file!("ed25519.pub.pem")),
        (Algorithm::Es256, es256(), key_file!("p256.pub.pem")),
        (Algorithm::Rs256, rsa(Algorithm::Rs256), key_file!("rsa2048.pub.pem")),
        (Algorithm::Ps256, rsa(Algorithm::Ps256), key_file!("rsa2048.pub.pem")),
    ]
    .map(|(algorithm, core, pem)| {
        let kid = PublicKey::from_pem(algorithm, pem).unwrap().thumbprint();
        (algorithm, core, pem, kid)
    })
    .into()
}

fn rsa(algorithm: Algorithm) -> Core {
    let key = PublicKey::from_pem(algorithm, key_file!("rsa2048.pub.pem")).unwrap();
    Core::new(config().verifying_key(key).build().unwrap())
}

fn der(pem: &str) -> Vec<u8> {
    use base64::engine::general_purpose::STANDARD;
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

/// The secrets that an attacker can derive from a public key.
fn shapes(core: &Core, pem: &str) -> Vec<(&'static str, Vec<u8>)> {
    let der = der(pem);
    let ssh = [&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &der[der.len() - 32..]].concat();
    let jwks = core.jwks().unwrap();
    let jwk = jwks.trim_start_matches("{\"keys\":[").trim_end_matches("]}");
    vec![
        ("PEM", pem.into()),
        ("PEM with CRLF", pem.replace('\n', "\r\n").into()),
        ("PEM without its last line end", pem.trim_end().into()),
        ("PEM after blanks", format!(" \n\t{pem}").into()),
        ("PEM after a byte order mark", format!("\u{feff}{pem}").into()),
        ("DER", der),
        ("JWK", jwk.into()),
        ("JWK after a blank", format!(" {jwk}").into()),
        ("an OpenSSH line", format!("ssh-ed25519 {}", URL_SAFE_NO_PAD.encode(&ssh)).into()),
        ("an OpenSSH blob", ssh),
    ]
}

#[test]
fn a10_one_algorithm_for_one_key() {
    let kid = Signer::access().kid();
    for alg in REGISTRY.into_iter().filter(|alg| *alg != "HS256") {
        let header = format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"{kid}"}}"#);
        assert_refused(&core(), with_header(header), alg);
    }
    for (algorithm, core, _, kid) in asymmetric() {
        for alg in REGISTRY {
            let header = format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"{kid}"}}"#);
            assert_refused(&core, with_header(header), &format!("{alg} with the key of {algorithm:?}"));
        }
    }
    // Signed with the same RSA key by another library, with the other padding.
    for (algorithm, token) in
        [(Algorithm::Rs256, key_file!("ps256.jws")), (Algorithm::Ps256, key_file!("rs256.jws"))]
    {
        assert_refused(&rsa(algorithm), token.trim(), "RS256 and PS256 of one key");
    }
}

#[test]
fn a11_none() {
    for alg in [
        "\"none\"",
        "\"None\"",
        "\"NONE\"",
        "\"nOnE\"",
        "\"none \"",
        "\" none\"",
        "\"none\\u0000\"",
        "\"\"",
        "null",
        "0",
        "[]",
        "\"\\u006eone\"",
    ] {
        let header = format!(r#"{{"alg":{alg},"typ":"at+jwt","kid":"{}"}}"#, Signer::access().kid());
        let signed = with_header(&header);
        let (unsigned, _) = signed.rsplit_once('.').unwrap();
        assert_refused(&core(), &signed, alg);
        assert_refused(&core(), format!("{unsigned}."), "with an empty signature");
        assert_refused(&core(), unsigned, "without a signature");
        assert_refused(&core(), format!("{unsigned}.AA"), "with one byte");
    }
    let without = format!(r#"{{"typ":"at+jwt","kid":"{}"}}"#, Signer::access().kid());
    assert_refused(&core(), with_header(without), "no alg at all");
}

#[test]
fn a12_a_public_key_is_not_a_secret() {
    for (algorithm, core, pem, kid) in asymmetric() {
        for (shape, bytes) in shapes(&core, pem) {
            assert!(
                Secret::from_bytes(bytes.clone()).is_err(),
                "{algorithm:?}: {shape} as the master secret"
            );
            for alg in ["HS256", algorithm.as_str()] {
                let header = format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"{kid}"}}"#);
                let signed = format!("{}.{}", b64(header), b64(payload()));
                let token = format!("{signed}.{}", b64(hmac(&bytes, &signed)));
                assert_refused(&core, token, &format!("{algorithm:?}: {alg} with {shape} as the key"));
            }
        }
    }
}

#[test]
fn a13_no_key_from_the_token() {
    let evil = b64([7; 32]);
    let jwk = format!(r#"{{"kty":"oct","k":"{evil}"}}"#);
    for members in [
        format!(r#","jwk":{jwk}"#),
        format!(r#","jwk":"{evil}""#),
        r#","jku":"https://evil.example/jwks.json""#.into(),
        r#","jku":"http://127.0.0.1:1/""#.into(),
        r#","x5u":"file:///etc/passwd""#.into(),
        r#","x5c":["MIIB"]"#.into(),
        r#","x5c":"MIIB""#.into(),
        r#","x5t":"AAAA""#.into(),
        r#","x5t#S256":"AAAA""#.into(),
    ] {
        assert_refused(&core(), with_header(header_with(&members)), &members);
        let signed = format!("{}.{}", b64(header_with(&members)), b64(payload()));
        assert_refused(&core(), format!("{signed}.{}", b64(hmac(&[7; 32], &signed))), "signed with that key");
    }
}

#[test]
fn a14_no_algorithm_from_the_token() {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let document = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"1","x":"{x}"}}]}}"#);
    let expect = Expect::issuer(testing::ISSUER).audience(testing::AUDIENCE);
    let verifier = cookiejwt_core::Verifier::new(Jwks::from_json(&document).unwrap(), expect).unwrap();
    for secret in [x.as_bytes().to_vec(), URL_SAFE_NO_PAD.decode(x).unwrap(), document.into_bytes()] {
        let signed = format!("{}.{}", b64(r#"{"alg":"HS256","typ":"at+jwt","kid":"1"}"#), b64(payload()));
        let raw = Raw::bearer(format!("{signed}.{}", b64(hmac(&secret, &signed))).as_bytes());
        let decision = verifier.authenticate(raw.head(), NOW);
        assert!(decision.identity().is_none(), "the public key as an HMAC key");
    }
}

#[test]
fn a15_kid_selects_and_does_nothing_else() {
    let long = "A".repeat(4000);
    for kid in [
        "../../../../dev/null",
        "/dev/null",
        "' UNION SELECT 'x' --",
        "|sleep 10",
        "$(sleep 10)",
        "`id`",
        "",
        " ",
        "*",
        "\\u0000",
        "\\r\\nx: y",
        "0",
        "http://evil.example/key",
        &long,
    ] {
        let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}"}}"#);
        let signed = format!("{}.{}", b64(header), b64(payload()));
        for secret in [&b""[..], b"\0", b"x", &SECRET[..]] {
            assert_refused(&core(), format!("{signed}.{}", b64(hmac(secret, &signed))), kid);
        }
        assert_refused(&core(), Signer::access().sign(&signed), "the right key is not tried");
    }
    for kid in ["null", "0", "true", "[]", "{}", &format!("[\"{}\"]", Signer::access().kid())] {
        let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":{kid}}}"#);
        assert_refused(&core(), with_header(header), kid);
    }
    assert_refused(&core(), with_header(r#"{"alg":"HS256","typ":"at+jwt"}"#), "no kid");
    let mut other_case = Signer::access().kid();
    other_case.make_ascii_lowercase();
    let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{other_case}"}}"#);
    assert_refused(&core(), with_header(header), "another case");
}

/// `tests/vectors` and the tests of `jwks` have more documents that are refused.
#[test]
fn a16_documents_that_are_refused() {
    let okp = |members: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"1"{members}}}"#);
    let x = r#","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
    let good = okp(x);
    assert!(Jwks::from_json(&format!(r#"{{"keys":[{good}]}}"#)).is_ok());
    for (rule, keys) in [
        ("for encryption", okp(&format!(r#"{x},"use":"enc""#))),
        ("only for signing", okp(&format!(r#"{x},"key_ops":["sign"]"#))),
        ("of another curve", good.replace("Ed25519", "P-256")),
        ("bound to HS256", okp(&format!(r#"{x},"alg":"HS256""#))),
        ("with its private half", okp(&format!(r#"{x},"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A""#))),
        ("short", okp(r#","x":"AAAA""#)),
        ("next to a symmetric one", format!(r#"{good},{{"kty":"oct","kid":"2","k":"{}"}}"#, b64([7; 32]))),
        ("twice", format!("{good},{good}")),
        ("without kid", good.replace(r#","kid":"1""#, "")),
    ] {
        assert!(Jwks::from_json(&format!(r#"{{"keys":[{keys}]}}"#)).is_err(), "{rule}");
    }
}

#[test]
fn a17_psychic_signatures() {
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let n: Vec<u8> =
        (0..64).step_by(2).map(|at| u8::from_str_radix(&order[at..at + 2], 16).unwrap()).collect();
    let one = [&[0; 31][..], &[1]].concat();
    let zero = vec![0; 32];
    let token = testing::access("alice").by(&es256()).token();
    let (signed, _) = token.rsplit_once('.').unwrap();
    for (rule, r, s) in [
        ("0, 0", &zero, &zero),
        ("0, 1", &zero, &one),
        ("1, 0", &one, &zero),
        ("1, 1", &one, &one),
        ("n, n", &n, &n),
        ("n, 1", &n, &one),
        ("1, n", &one, &n),
    ] {
        assert_refused(&es256(), format!("{signed}.{}", b64([&r[..], s].concat())), rule);
    }
    for length in [0, 1, 32, 63, 65, 70, 128] {
        assert_refused(&es256(), format!("{signed}.{}", b64(vec![1; length])), "another length");
    }
}

/// n - s for a signature of P-256: it verifies as well.
fn flipped(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let mut borrow = 0;
    for at in (0..32).rev() {
        let n = i16::from(u8::from_str_radix(&order[2 * at..2 * at + 2], 16).unwrap());
        let difference = n - i16::from(bytes[32 + at]) - borrow;
        borrow = i16::from(difference < 0);
        bytes[32 + at] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    format!("{signed}.{}", b64(bytes))
}

#[test]
fn a18_the_other_signature_of_a_revoked_token() {
    let pem = key_file!("p256.pem");
    let builder =
        config().revocation(RevocationLevel::EveryRequest).credentials(CredentialOrder::CookieThenHeader);
    let builder = builder.signing_key(PrivateKey::from_pem(Algorithm::Es256, pem).unwrap());
    let core = Core::new(builder.build().unwrap());
    let token = testing::access("alice").by(&core).token();
    let twin = flipped(&token);
    assert_ne!(token, twin);
    for raw in [Raw::cookie(twin.as_bytes()), Raw::bearer(twin.as_bytes())] {
        let Assessment::NeedsSessionCheck(check) = core.authenticate(raw.head(), NOW) else {
            panic!("the other signature holds as well");
        };
        assert_eq!(check.session_id().as_str(), "AQEBAQEBAQEBAQEBAQEBAQ", "the same session is asked about");
        let Resolution::Settled(decision) = check.resolve(SessionStatus::Revoked(RevocationReason::Logout))
        else {
            panic!("settled");
        };
        assert!(decision.identity().is_none(), "and it is refused as well");
    }
}

#[test]
fn a19_weak_secrets() {
    for (rule, bytes) in [
        ("empty", vec![]),
        ("31 bytes", SECRET[..31].to_vec()),
        ("zeros", vec![0; 64]),
        ("one byte, repeated", vec![7; 64]),
        ("a short pattern", b"abcabcabcabcabcabcabcabcabcabcabcabc".to_vec()),
    ] {
        assert!(Secret::from_bytes(bytes).is_err(), "{rule}");
    }
    assert!(Secret::from_bytes(SECRET.to_vec()).is_ok());
}

/// The library itself does not compare signatures.
#[test]
fn a20_comparison_in_constant_time() {
    let source = include_str!("../../src/keys/crypto.rs");
    assert!(source.contains(".verify_slice(signature)"), "the MAC is compared by the crate hmac");
    assert!(!source.contains("signature ==") && !source.contains("== signature"));
}

#[cfg(not(feature = "aws-lc-rs"))]
#[test]
fn a21_rsa_only_verifies() {
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256] {
        let key = PrivateKey::from_pem(algorithm, key_file!("rsa2048.pem")).unwrap();
        assert!(config().signing_key(key).build().is_err(), "{algorithm:?}");
    }
}
