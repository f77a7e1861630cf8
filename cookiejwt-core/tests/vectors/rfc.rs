//! RFC 7515 appendices A and E, RFC 8037 appendix A.

use cookiejwt_core::{
    fault::{JwkFault, JwksError, TokenFault},
    testing::{VectorFault, verify_jws},
};

use TokenFault::{Algorithm, ForbiddenMember, Malformed};

const HS256: &str = r#"{"kty":"oct",
    "k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
const RS256: &str = r#"{"kty":"RSA","e":"AQAB","alg":"RS256","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#;
const ES256: &str = r#"{"kty":"EC","crv":"P-256",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
const ES512: &str = r#"{"kty":"EC","crv":"P-521",
    "x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
    "y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#;
const EDDSA: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// The claims of A.1 to A.3, A.5 to A.7.
const CLAIMS: &str = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
const PAYLOAD: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const A1_SIGNATURE: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const A2_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const A3_SIGNATURE: &str =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const A4: &str = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
const RFC_8037_A4: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn a1() -> String {
    format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{PAYLOAD}.{A1_SIGNATURE}")
}

fn a2() -> String {
    format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.{A2_SIGNATURE}")
}

fn a3() -> String {
    format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{A3_SIGNATURE}")
}

#[test]
fn the_examples_of_our_algorithms_verify() {
    for (rule, token, key, payload) in [
        ("RFC 7515 A.1, HS256", a1(), HS256, CLAIMS),
        ("RFC 7515 A.2, RS256", a2(), RS256, CLAIMS),
        ("RFC 7515 A.3, ES256", a3(), ES256, CLAIMS),
        ("RFC 8037 A.4 and A.5, EdDSA", RFC_8037_A4.into(), EDDSA, "Example of Ed25519 signing"),
    ] {
        assert_eq!(verify_jws(&token, key).unwrap(), payload.as_bytes(), "{rule}");
        for (other, expected) in [
            (HS256, VectorFault::Token(Algorithm)),
            (RS256, VectorFault::Token(Algorithm)),
            (ES256, VectorFault::Token(Algorithm)),
            (EDDSA, VectorFault::Token(Algorithm)),
        ] {
            if other != key {
                assert_eq!(verify_jws(&token, other), Err(expected), "{rule}, with the key {other}");
            }
        }
        let at = token.len() - 3;
        let changed = if &token[at..=at] == "A" { "B" } else { "A" };
        let changed = format!("{}{changed}{}", &token[..at], &token[at + 1..]);
        assert_eq!(verify_jws(&changed, key), Err(VectorFault::Token(TokenFault::Signature)), "{rule}");
    }
}

#[test]
fn the_other_examples_are_refused() {
    let general = format!(
        r#"{{"payload":"{PAYLOAD}","signatures":[
        {{"protected":"eyJhbGciOiJSUzI1NiJ9","header":{{"kid":"2010-12-29"}},"signature":"{A2_SIGNATURE}"}},
        {{"protected":"eyJhbGciOiJFUzI1NiJ9","header":{{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"}},
         "signature":"{A3_SIGNATURE}"}}]}}"#
    );
    let flattened = format!(
        r#"{{"payload":"{PAYLOAD}","protected":"eyJhbGciOiJFUzI1NiJ9",
        "header":{{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"}},"signature":"{A3_SIGNATURE}"}}"#
    );
    let crit = "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvb\
                S9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.";
    let crit_with_signature = format!("{crit}{A1_SIGNATURE}");
    for (rule, token, key, expected) in [
        ("A.5, unsecured", format!("eyJhbGciOiJub25lIn0.{PAYLOAD}."), HS256, Malformed),
        (
            "A.5 with another signature",
            format!("eyJhbGciOiJub25lIn0.{PAYLOAD}.{A1_SIGNATURE}"),
            HS256,
            Algorithm,
        ),
        ("A.6, general JSON serialisation", general, ES256, Malformed),
        ("A.7, flattened JSON serialisation", flattened, ES256, Malformed),
        ("E, an unknown extension", crit.into(), HS256, Malformed),
        // `crit` has an array for its value, and no member of a header may have one.
        ("E with another signature", crit_with_signature, HS256, TokenFault::Header),
        (
            "E, if `crit` were text",
            format!("eyJhbGciOiJIUzI1NiIsImNyaXQiOiJ4In0.{PAYLOAD}.{A1_SIGNATURE}"),
            HS256,
            ForbiddenMember,
        ),
    ] {
        assert_eq!(verify_jws(&token, key), Err(VectorFault::Token(expected)), "{rule}");
    }
}

/// A.4 uses an algorithm that we do not support; RFC 8037 A.6 and A.7 are key agreement.
#[test]
fn keys_that_are_refused() {
    let key = |fault| Err(VectorFault::Keys(JwksError::Key { index: 0, fault }));
    let x25519 = EDDSA.replace("Ed25519", "X25519");
    let x448 = r#"{"kty":"OKP","crv":"X448","kid":"Dave","x":"PreoKbDNIPW8_AtZm2_sz22kYnEHvbDU80W0MCfYuXL8PjT7QjKhPKcG3LV67D2uB73BxnvzNgk"}"#;
    let private = EDDSA.replace('}', r#","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#);
    for (rule, token, keys, expected) in [
        ("RFC 7515 A.4, ES512", A4.into(), ES512, key(JwkFault::Algorithm)),
        (
            "RFC 7515 A.4, said to be ES256",
            A4.into(),
            &ES512.replace('{', "{\"alg\":\"ES256\","),
            key(JwkFault::Algorithm),
        ),
        ("RFC 8037 A.6, X25519", RFC_8037_A4.to_owned(), &x25519, key(JwkFault::Algorithm)),
        ("RFC 8037 A.7, X448", RFC_8037_A4.into(), x448, key(JwkFault::Algorithm)),
        ("RFC 8037 A.1, the private key", RFC_8037_A4.into(), &private, key(JwkFault::Private)),
        (
            "RFC 7515 A.2 without alg",
            a2(),
            &RS256.replace("\"alg\":\"RS256\",", ""),
            key(JwkFault::Ambiguous),
        ),
        (
            "a mixed set",
            RFC_8037_A4.into(),
            &format!(r#"{{"keys":[{HS256},{EDDSA}]}}"#),
            key(JwkFault::Private),
        ),
        ("no set", a1(), r#"{"keys":{}}"#, Err(VectorFault::Keys(JwksError::Malformed))),
        ("an empty set", a1(), r#"{"keys":[]}"#, Err(VectorFault::Keys(JwksError::Empty))),
        ("no JSON", a1(), "AyM1", Err(VectorFault::Keys(JwksError::Malformed))),
    ] {
        assert_eq!(verify_jws(&token, keys), expected, "{rule}");
    }
}

#[test]
fn kid_selects_among_several_keys() {
    let named = |key: &str, kid: &str| key.replacen('{', &format!("{{\"kid\":\"{kid}\","), 1);
    let set = format!(r#"{{"keys":[{},{}]}}"#, named(ES256, "one"), named(EDDSA, "two"));
    assert!(verify_jws(&a3(), &named(ES256, "one")).is_ok(), "a single key, and no kid in the token");
    assert_eq!(verify_jws(&a3(), &set), Err(VectorFault::Token(TokenFault::Header)), "two, and no kid");
    let twice = format!(r#"{{"keys":[{ES256},{EDDSA}]}}"#);
    let duplicate = JwksError::Key { index: 1, fault: JwkFault::DuplicateKid };
    assert_eq!(verify_jws(&a3(), &twice), Err(VectorFault::Keys(duplicate)), "two keys without kid");
    // {"alg":"ES256","kid":"other"}
    let header = "eyJhbGciOiJFUzI1NiIsImtpZCI6Im90aGVyIn0";
    let token = format!("{header}.{PAYLOAD}.{A3_SIGNATURE}");
    for (rule, keys, expected) in [
        ("another kid than the key's", named(ES256, "one"), TokenFault::UnknownKey),
        ("a kid that no key has", set, TokenFault::UnknownKey),
        ("a key without kid: the signature is checked", ES256.into(), TokenFault::Signature),
    ] {
        assert_eq!(verify_jws(&token, &keys), Err(VectorFault::Token(expected)), "{rule}");
    }
}
