//! Reading cookies. The complete list of names and neighbours is in `cookie/tests/reading.rs`; here
//! each goes through `Core::authenticate`.

use super::*;
use cookiejwt_core::Config;

const ANONYMOUS: &str = "not_authenticated";

fn token() -> String {
    with_payload(payload())
}

/// The response to these fields, in which `{}` is a valid token.
fn told(fields: &[&[u8]]) -> String {
    let filled = fields.iter().map(|field| {
        let mut parts = Vec::new();
        let mut rest = *field;
        while let Some(at) = rest.windows(2).position(|two| two == b"{}") {
            parts.extend([&rest[..at], token().as_bytes()].concat());
            rest = &rest[at + 2..];
        }
        [&parts, rest].concat()
    });
    let filled: Vec<_> = filled.collect();
    let fields: Vec<_> = filled.iter().map(|field| ("cookie", field.as_slice())).collect();
    answer(&core(), Raw::new(&fields).head(), NOW)
}

#[test]
fn b20_names_by_bytes() {
    for name in [
        "%5F%5FHost-access_token",
        "%5f_Host-access_token",
        "__Hos%74-access_token",
        "\u{2000}__Host-access_token",
        "\u{a0}__Host-access_token",
        "\u{85}__Host-access_token",
        "\u{b}__Host-access_token",
        "\u{c}__Host-access_token",
        "__Host-access_token\u{3000}",
        "\u{feff}__Host-access_token",
        "\0__Host-access_token",
        "__Host-access_token\r",
        "__host-access_token",
        "__HOST-ACCESS_TOKEN",
        "\"__Host-access_token\"",
        "=__Host-access_token",
        "$Version=1, __Host-access_token",
        "x,__Host-access_token",
        "__Host-access_token ",
        "__Host-access_token[]",
    ] {
        let field = format!("{name}={{}}");
        match name.strip_suffix(' ') {
            Some(_) => {
                assert_eq!(told(&[field.as_bytes()]), "alice", "a blank before the equals sign is none");
            }
            None => assert!(told(&[field.as_bytes()]).contains(ANONYMOUS), "{name:?}"),
        }
        let beside = format!("__Host-access_token={{}}; {name}=x");
        if !name.ends_with(' ') {
            assert_eq!(told(&[beside.as_bytes()]), "alice", "{name:?} beside the real one");
        }
    }
    assert!(told(&[b"__Host-access_token"]).contains(ANONYMOUS), "bare");
    assert_eq!(told(&[b"__Host-access_token=\"{}\""]), "alice", "Java quotes values");
    for value in ["\"\"{}\"\"", "\"{}", "'{}'", "%65{}", "{}%20", "{},x", "{} x", ""] {
        assert_eq!(told(&[format!("__Host-access_token={value}").as_bytes()]), INVALID, "{value}");
    }
}

#[test]
fn b21_several_fields() {
    assert_eq!(told(&[b"a=1", b"__Host-access_token={}", b"b=2"]), "alice");
    assert_eq!(told(&[b"", b";", b"=", b"__Host-access_token={}"]), "alice");
}

/// One valid value is used, whatever a sibling or another deployment planted next to it; two
/// sessions are refused.
#[test]
fn b22_a_name_that_occurs_twice() {
    for fields in [
        &[&b"__Host-access_token={}; __Host-access_token={}"[..]][..],
        &[b"__Host-access_token={}; __Host-access_token=x"],
        &[b"__Host-access_token=x; __Host-access_token={}"],
        &[b"__Host-access_token={}", b"__Host-access_token={}"],
        &[b"__Host-access_token=; a=b", b"__Host-access_token={}"],
        &[b"__Host-access_token=1; __Host-access_token=2; __Host-access_token=3; __Host-access_token={}"],
    ] {
        assert_eq!(told(fields), "alice", "{}", String::from_utf8_lossy(&fields.concat()));
    }
    let other = testing::access("alice").by(&core()).session("another").cookie();
    for fields in [
        format!("__Host-access_token={{}}; {other}"),
        format!("{other}; __Host-access_token={{}}; {other}"),
        "__Host-access_token=1; __Host-access_token=2; __Host-access_token=3; __Host-access_token=4; \
         __Host-access_token={}"
            .into(),
    ] {
        assert_eq!(told(&[fields.as_bytes()]), INVALID, "{fields}");
    }
}

#[test]
fn b23_neighbours_do_no_harm() {
    for field in [
        &b"x; \xff=\xfe; __Host-access_token={}; =; ;;"[..],
        b"a=\"b; __Host-access_token={}",
        b"a={\"b\":[1,2]}; __Host-access_token={}",
        b"a=%zz%; __Host-access_token={}",
        b"a=\x01\x7f\x80; __Host-access_token={}",
        b"$Version=1; __Host-access_token={}; $Path=/",
        b"__Secure-access_token=x; access_token=y; __Host-access_token={}",
    ] {
        assert_eq!(told(&[field]), "alice", "{}", String::from_utf8_lossy(field));
    }
}

#[test]
fn b24_bounded_work() {
    let ours = b"__Host-access_token={}; ".to_vec();
    for (rule, field, seen) in [
        ("a megabyte after it", [&ours[..], &b"a=b; ".repeat(200_000)].concat(), true),
        ("a megabyte before it", [&b"a=b; ".repeat(200_000), &ours[..]].concat(), false),
        ("200 pairs before it", [&b"a=b; ".repeat(200), &ours[..]].concat(), false),
        ("16 KiB before it", [&[b'x'; 16_384], &b"; "[..], &ours].concat(), false),
        ("a duplicate after the limit", [&ours[..], &b"a=b; ".repeat(200), &ours].concat(), true),
    ] {
        let told = told(&[&field]);
        assert!(if seen { told == "alice" } else { told.contains(ANONYMOUS) }, "{rule}: {told}");
    }
}

/// A sibling's cookie of the same name, without the rules of the prefix, is sent next to ours:
/// neither is used.
#[test]
fn b25_planted_cookies() {
    let mallory = with_payload(payload_with("sub", "\"mallory\""));
    for fields in [
        format!("__Host-access_token={mallory}; __Host-access_token={{}}"),
        format!("__Host-access_token={{}}; __Host-access_token={mallory}"),
    ] {
        assert_eq!(told(&[fields.as_bytes()]), INVALID);
    }
    let refresh = testing::refresh("mallory").by(&core()).token();
    let field = format!("__Host-access_token={{}}; __Host-refresh_token={refresh}");
    assert_eq!(told(&[field.as_bytes()]), "alice", "his refresh token does not decide");
}

#[test]
fn b26_development_is_not_production() {
    let secret = || Secret::from_bytes(SECRET.to_vec()).unwrap();
    let settings = || Config::dev_http().secret(secret()).issuer(testing::ISSUER).audience(testing::AUDIENCE);
    assert!(
        settings().public_origin("https://app.example").build().is_err(),
        "plain cookies on an https site"
    );
    let development = settings().revocation(RevocationLevel::AtRefresh).build().unwrap();
    let cookie = format!("{}={}", development.access_name(), token());
    let raw = Raw::new(&[("cookie", cookie.as_bytes())]);
    assert_eq!(answer(&Core::new(development), raw.head(), NOW), "alice");
    assert!(answer(&core(), raw.head(), NOW).contains(ANONYMOUS), "its cookie is nothing in production");
}
