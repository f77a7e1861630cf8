//! Tokens with another JOSE header than ours are refused.

use super::{
    ACCEPTED, Algorithm, ED25519, ED25519_OTHER, Jws, P256, PAYLOAD, TokenFault, Verdict, access, forge,
    private, refresh, ring, testing, verdict, with_kid,
};

use TokenFault::{ForbiddenMember, Header, Type, UnknownKey};

fn jws() -> Jws {
    access(testing::config())
}

fn judge(jws: &Jws, header: &str) -> Verdict {
    let key = jws.ring.signing();
    verdict(jws, forge(key, with_kid(key, header), PAYLOAD))
}

/// What stands for `alg`, and `None` where the header has no such member.
const ALGORITHMS: [(&str, Option<&str>); 24] = [
    ("none", Some("\"none\"")),
    ("none, capitalised", Some("\"None\"")),
    ("none, in capitals", Some("\"NONE\"")),
    ("none, mixed", Some("\"nOnE\"")),
    ("none, with a blank", Some("\"none \"")),
    ("none, with a NUL", Some("\"none\\u0000\"")),
    ("empty", Some("\"\"")),
    ("absent", None),
    ("lower case", Some("\"hs256\"")),
    ("mixed case", Some("\"Hs256\"")),
    ("a blank behind", Some("\"HS256 \"")),
    ("a blank in front", Some("\" HS256\"")),
    ("HS384", Some("\"HS384\"")),
    ("HS512", Some("\"HS512\"")),
    ("HS256/64", Some("\"HS256/64\"")),
    ("RS256", Some("\"RS256\"")),
    ("PS256", Some("\"PS256\"")),
    ("ES256", Some("\"ES256\"")),
    ("ES256K", Some("\"ES256K\"")),
    ("EdDSA", Some("\"EdDSA\"")),
    ("Ed25519 (RFC 9864)", Some("\"Ed25519\"")),
    ("A128KW", Some("\"A128KW\"")),
    ("PBES2-HS256+A128KW", Some("\"PBES2-HS256+A128KW\"")),
    ("dir", Some("\"dir\"")),
];

#[test]
fn alg_is_the_algorithm_of_the_key() {
    for (rule, alg) in ALGORITHMS {
        let alg = alg.map(|alg| format!("\"alg\":{alg},")).unwrap_or_default();
        let header = format!(r#"{{{alg}"typ":"at+jwt","kid":"KID"}}"#);
        assert_eq!(judge(&jws(), &header), Err(TokenFault::Algorithm), "{rule}");
    }
    for (rule, alg) in [("null", "null"), ("a number", "256"), ("true", "true"), ("an array", r#"["HS256"]"#)]
    {
        let header = format!(r#"{{"alg":{alg},"typ":"at+jwt","kid":"KID"}}"#);
        assert_eq!(judge(&jws(), &header), Err(Header), "{rule}");
    }
}

#[test]
fn every_algorithm_on_every_key_only_the_diagonal_verifies() {
    let config = testing::config;
    for (own, jws) in [
        ("HS256", jws()),
        ("EdDSA", access(config().signing_key(private(Algorithm::EdDsa, ED25519)))),
        ("ES256", access(config().signing_key(private(Algorithm::Es256, P256)))),
    ] {
        let others = ["HS384", "HS512", "RS384", "RS512", "PS384", "PS512", "ES384", "ES512", "Ed448"];
        for alg in ["HS256", "EdDSA", "ES256", "RS256", "PS256"].into_iter().chain(others) {
            let header = format!(r#"{{"kid":"KID","typ":"at+jwt","alg":"{alg}"}}"#);
            let expected = if alg == own { ACCEPTED } else { Err(TokenFault::Algorithm) };
            assert_eq!(judge(&jws, &header), expected, "{alg} on a key for {own}");
        }
    }
}

#[test]
fn typ_is_that_of_an_access_token() {
    for (rule, typ, expected) in [
        ("at+jwt", Some("\"at+jwt\""), ACCEPTED),
        ("application/at+jwt", Some("\"application/at+jwt\""), ACCEPTED),
        ("absent", None, Err(Type)),
        ("JWT", Some("\"JWT\""), Err(Type)),
        ("jwt", Some("\"jwt\""), Err(Type)),
        ("rt+jwt", Some("\"rt+jwt\""), Err(Type)),
        ("application/rt+jwt", Some("\"application/rt+jwt\""), Err(Type)),
        ("application/jwt", Some("\"application/jwt\""), Err(Type)),
        ("twice application", Some("\"application/application/at+jwt\""), Err(Type)),
        ("another tree", Some("\"text/at+jwt\""), Err(Type)),
        ("a blank", Some("\"at+jwt \""), Err(Type)),
        ("a parameter", Some("\"at+jwt;v=1\""), Err(Type)),
        ("dbsc+jwt", Some("\"dbsc+jwt\""), Err(Type)),
        ("empty", Some("\"\""), Err(Type)),
        ("only application/", Some("\"application/\""), Err(Type)),
        ("null", Some("null"), Err(Header)),
        ("an array", Some("[\"at+jwt\"]"), Err(Header)),
        ("a number", Some("1"), Err(Header)),
    ] {
        let typ = typ.map(|typ| format!(",\"typ\":{typ}")).unwrap_or_default();
        let header = format!(r#"{{"kid":"KID","alg":"HS256"{typ}}}"#);
        assert_eq!(judge(&jws(), &header), expected, "{rule}");
    }
}

#[test]
fn typ_of_a_refresh_token_is_another() {
    let refresh = refresh(testing::config());
    for (rule, typ, expected) in [
        ("rt+jwt", "rt+jwt", ACCEPTED),
        ("at+jwt", "at+jwt", Err(Type)),
        ("application/at+jwt", "application/at+jwt", Err(Type)),
        ("JWT", "JWT", Err(Type)),
    ] {
        let header = format!(r#"{{"kid":"KID","alg":"HS256","typ":"{typ}"}}"#);
        assert_eq!(judge(&refresh, &header), expected, "{rule}");
    }
}

/// Three means keep the kinds apart: `kid`, `typ` and the key. Each row takes away those before it.
#[test]
fn a_refresh_token_is_no_access_token_and_the_reverse() {
    let (access, refresh) = (jws(), refresh(testing::config()));
    for (rule, from, to) in
        [("refresh as access", &refresh, &access), ("access as refresh", &access, &refresh)]
    {
        let [own, other] = [from.ring.signing(), to.ring.signing()];
        assert_ne!(own.kid(), other.kid(), "{rule}");
        assert_eq!(verdict(to, from.sign(PAYLOAD).unwrap()), Err(UnknownKey), "{rule}");
        let header = with_kid(other, r#"{"kid":"KID","alg":"HS256","typ":"TYP"}"#);
        let own_typ = header.replace("TYP", from.kind.typ());
        assert_eq!(verdict(to, forge(own, &own_typ, PAYLOAD)), Err(Type), "{rule}, with the other's kid");
        assert_eq!(verdict(to, forge(other, &own_typ, PAYLOAD)), Err(Type), "{rule}, and the other's key");
        let other_typ = header.replace("TYP", to.kind.typ());
        let forged = forge(own, &other_typ, PAYLOAD);
        assert_eq!(verdict(to, forged), Err(TokenFault::Signature), "{rule}, with the other's kid and typ");
    }
    let csrf = ring(testing::config()).csrf.sign(b"x");
    assert_ne!(access.ring.signing().sign(b"x").unwrap(), csrf, "the CSRF key is a third one");
    assert_ne!(refresh.ring.signing().sign(b"x").unwrap(), csrf, "the CSRF key is a third one");
}

#[test]
fn kid_selects_by_exact_match_in_memory() {
    let long = format!("\"{}\"", "k".repeat(5000));
    for (rule, kid, expected) in [
        ("the key's", "\"KID\"", ACCEPTED),
        ("unknown", "\"unknown\"", Err(UnknownKey)),
        ("empty", "\"\"", Err(UnknownKey)),
        ("a blank behind", "\"KID \"", Err(UnknownKey)),
        ("a NUL behind", "\"KID\\u0000\"", Err(UnknownKey)),
        ("a prefix", "\"KI\"", Err(UnknownKey)),
        ("a path (CVE-2018-0114's cousins)", "\"../../dev/null\"", Err(UnknownKey)),
        ("an absolute path", "\"/dev/null\"", Err(UnknownKey)),
        ("a URL", "\"https://evil.example/key\"", Err(UnknownKey)),
        ("SQL", "\"' UNION SELECT 'secret' -- \"", Err(UnknownKey)),
        ("a shell command", "\"|sleep 10\"", Err(UnknownKey)),
        ("line ends", "\"a\\r\\nb\"", Err(UnknownKey)),
        ("a long one", &long, Err(UnknownKey)),
        ("null", "null", Err(Header)),
        ("a number", "1", Err(Header)),
        ("true", "true", Err(Header)),
        ("an array", "[\"KID\"]", Err(Header)),
        ("an object", "{\"kid\":\"KID\"}", Err(Header)),
    ] {
        let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":{kid}}}"#);
        assert_eq!(judge(&jws(), &header), expected, "{rule}");
    }
    assert_eq!(
        judge(&jws(), r#"{"alg":"HS256","typ":"at+jwt"}"#),
        Err(Header),
        "absent, though there is one key"
    );
}

#[test]
fn no_other_key_is_tried() {
    let one = private(Algorithm::EdDsa, ED25519);
    let two = private(Algorithm::EdDsa, ED25519_OTHER);
    let jws = access(testing::config().signing_key(one).verifying_key(two.public_key()));
    let second = access(testing::config().signing_key(two));
    let [first, second] = [jws.ring.signing(), second.ring.signing()];
    let header = |kid: &super::Key| with_kid(kid, r#"{"alg":"EdDSA","typ":"at+jwt","kid":"KID"}"#);
    for (rule, signed_by, kid_of, expected) in [
        ("the first key", first, first, ACCEPTED),
        ("the second key", second, second, ACCEPTED),
        ("signed by the first, kid of the second", first, second, Err(TokenFault::Signature)),
        ("signed by the second, kid of the first", second, first, Err(TokenFault::Signature)),
    ] {
        assert_eq!(verdict(&jws, forge(signed_by, header(kid_of), PAYLOAD)), expected, "{rule}");
    }
}

const FORBIDDEN: [&str; 11] =
    ["crit", "b64", "enc", "zip", "cty", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"];

#[test]
fn members_that_change_the_reading_are_refused() {
    for name in FORBIDDEN {
        for value in ["\"x\"", "\"\"", "true", "false", "null", "1", "\"JWT\"", "\"DEF\"", "\"file:///\""] {
            for header in [
                format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"KID","{name}":{value}}}"#),
                format!(r#"{{"{name}":{value},"alg":"HS256","typ":"at+jwt","kid":"KID"}}"#),
            ] {
                assert_eq!(judge(&jws(), &header), Err(ForbiddenMember), "{name}: {value}");
            }
        }
        for value in ["[]", "{}", "[\"x\"]", "{\"kty\":\"oct\"}"] {
            let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"KID","{name}":{value}}}"#);
            assert_eq!(judge(&jws(), &header), Err(Header), "{name}: {value}, not flat either");
        }
        let escaped = format!("\\u{:04x}{}", u32::from(name.as_bytes()[0]), &name[1..]);
        let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"KID","{escaped}":"x"}}"#);
        assert_eq!(judge(&jws(), &header), Err(ForbiddenMember), "{name}, escaped");
    }
}

/// The shapes of CVE-2025-59420 and its sisters: this library understands no extension.
#[test]
fn crit_is_refused_in_every_shape() {
    for crit in [
        "[]",
        "[\"exp\"]",
        "[\"alg\"]",
        "[\"b64\"]",
        "[\"b64\",\"b64\"]",
        "[\"\"]",
        "[1]",
        "[null]",
        "[[\"b64\"]]",
        "\"b64\"",
        "\"\"",
        "{}",
        "{\"b64\":true}",
        "null",
        "true",
        "0",
    ] {
        for b64 in [
            "",
            ",\"b64\":false",
            ",\"b64\":true",
            ",\"b64\":\"false\"",
            ",\"http://example.com/UNDEFINED\":true",
        ] {
            let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"KID","crit":{crit}{b64}}}"#);
            let fault = judge(&jws(), &header).unwrap_err();
            assert!(matches!(fault, Header | ForbiddenMember), "{crit}{b64}: {fault}");
        }
    }
}

#[test]
fn members_are_flat_and_come_once() {
    for (rule, header) in [
        ("alg twice", r#"{"alg":"HS256","alg":"HS256","typ":"at+jwt","kid":"KID"}"#),
        ("alg twice, none first", r#"{"alg":"none","alg":"HS256","typ":"at+jwt","kid":"KID"}"#),
        ("kid twice", r#"{"alg":"HS256","typ":"at+jwt","kid":"x","kid":"KID"}"#),
        ("typ twice", r#"{"alg":"HS256","typ":"JWT","typ":"at+jwt","kid":"KID"}"#),
        ("an unknown one twice", r#"{"alg":"HS256","typ":"at+jwt","kid":"KID","x":1,"x":1}"#),
        ("alg twice, escaped", r#"{"alg":"HS256","\u0061lg":"HS256","typ":"at+jwt","kid":"KID"}"#),
        ("kid twice, both escaped", r#"{"alg":"HS256","typ":"at+jwt","\u006bid":"KID","k\u0069d":"KID"}"#),
        ("an object", r#"{"alg":"HS256","typ":"at+jwt","kid":"KID","x":{}}"#),
        ("an array", r#"{"alg":"HS256","typ":"at+jwt","kid":"KID","x":[]}"#),
        ("an array in front", r#"{"x":[1],"alg":"HS256","typ":"at+jwt","kid":"KID"}"#),
        ("epk of a JWE", r#"{"alg":"HS256","typ":"at+jwt","kid":"KID","epk":{"kty":"EC"}}"#),
    ] {
        assert_eq!(judge(&jws(), header), Err(Header), "{rule}");
    }
    let many: String = (0..300).map(|n| format!(",\"m{n}\":1")).collect::<Vec<_>>().concat();
    let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"KID"{many}}}"#);
    assert_eq!(judge(&jws(), &header), Err(Header), "too many members");
}
