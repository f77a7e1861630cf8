//! Issuers, audiences, realms and origins that are accepted or refused.

use super::{
    Change,
    ConfigErrorKind::{Contradiction, Empty, Malformed, OutOfRange},
    Vars, accepted, assert_refused, builder, from,
};

const ISSUER: &str = "COOKIEJWT_ISSUER";
const AUDIENCE: &str = "COOKIEJWT_AUDIENCE";
const PUBLIC: &str = "COOKIEJWT_PUBLIC_ORIGIN";
const TRUSTED: &str = "COOKIEJWT_TRUSTED_ORIGINS";
const SKIP: &str = "COOKIEJWT_SKIP";

#[test]
fn issuer_and_audience_say_something() {
    let empty: [(&str, Change); 4] = [
        (ISSUER, |b| b.issuer("")),
        (AUDIENCE, |b| b.audience("")),
        (ISSUER, |b| b.issuer("a").issuer("")),
        (AUDIENCE, |b| b.audience("b").audience("")),
    ];
    for (setting, change) in empty {
        assert_refused(setting, change(builder()).build(), (setting, Empty, "give it a value"));
    }
    for (rule, vars, expected) in [
        ("empty issuer", (ISSUER, ""), (ISSUER, Empty, "give it a value")),
        ("empty audience", (AUDIENCE, " "), (AUDIENCE, Empty, "give it a value")),
        ("an empty entry", (AUDIENCE, "shop,,api"), (AUDIENCE, Empty, "stray comma")),
        ("a comma at the end", (AUDIENCE, "shop,"), (AUDIENCE, Empty, "stray comma")),
        ("issuer with a line end", (ISSUER, "a\nb"), (ISSUER, Malformed, "without control characters")),
        ("issuer with a C1 control", (ISSUER, "a\u{85}b"), (ISSUER, Malformed, "without control characters")),
        ("audience with a NUL", (AUDIENCE, "a\0b"), (AUDIENCE, Malformed, "without control characters")),
        ("issuer of 256 bytes", (ISSUER, &"a".repeat(256)), (ISSUER, Malformed, "at most 255 bytes")),
        ("audience of 256 bytes", (AUDIENCE, &"a".repeat(256)), (AUDIENCE, Malformed, "at most 255 bytes")),
        (
            "no session at all",
            ("COOKIEJWT_MAX_SESSIONS", "0"),
            ("COOKIEJWT_MAX_SESSIONS", OutOfRange, "at least 1"),
        ),
        (
            "no number",
            ("COOKIEJWT_MAX_SESSIONS", "-1"),
            ("COOKIEJWT_MAX_SESSIONS", Malformed, "whole number"),
        ),
        ("nine audiences", (AUDIENCE, "1,2,3,4,5,6,7,8,9"), (AUDIENCE, OutOfRange, "at most 8")),
    ] {
        assert_refused(rule, from(&[vars]), expected);
    }
}

#[test]
fn issuer_and_audience_are_taken_as_they_are() {
    for (rule, vars, issuer, audience) in [
        ("as required", &[][..], "https://id.example", &["shop"][..]),
        (
            "trailing slash and case stay",
            &[(ISSUER, "HTTPS://Id.Example/")],
            "HTTPS://Id.Example/",
            &["shop"],
        ),
        ("a list", &[(AUDIENCE, "shop , api")], "https://id.example", &["shop", "api"]),
        (
            "eight",
            &[(AUDIENCE, "1,2,3,4,5,6,7,8")],
            "https://id.example",
            &["1", "2", "3", "4", "5", "6", "7", "8"],
        ),
        ("not ASCII", &[(ISSUER, "büro")], "büro", &["shop"]),
    ] {
        let config = accepted(rule, from(vars));
        assert_eq!(
            (config.issuer.as_str(), &*config.audience),
            (issuer, &audience.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
            "{rule}"
        );
    }
    accepted("255 bytes", from(&[(ISSUER, &"a".repeat(255))]));
}

const NO_ORIGINS: [(&str, &str); 20] = [
    ("a path", "https://a.example/"),
    ("a longer path", "https://a.example/app"),
    ("a query", "https://a.example?x"),
    ("a fragment", "https://a.example#x"),
    ("a wildcard", "*"),
    ("a wildcard host", "https://*.example"),
    ("null", "null"),
    ("no scheme", "a.example"),
    ("no scheme, with a port", "a.example:443"),
    ("an empty scheme", "://a.example"),
    ("no slashes", "https:a.example"),
    ("no host", "https://"),
    ("no host, but a port", "https://:443"),
    ("an empty port", "https://a.example:"),
    ("a port that is none", "https://a.example:https"),
    ("a port too large", "https://a.example:65536"),
    ("a user", "https://user@a.example"),
    ("white space inside", "https://a .example"),
    ("not ASCII", "https://bücher.example"),
    ("a path inside brackets", "https://[::1/x]"),
];

#[test]
fn origins_are_exactly_scheme_host_and_port() {
    for (rule, origin) in NO_ORIGINS {
        for setting in [PUBLIC, TRUSTED] {
            let rule = format!("{setting}: {rule}");
            assert_refused(&rule, from(&[(setting, origin)]), (setting, Malformed, "without a path"));
        }
        let second = format!("https://good.example,{origin}");
        assert_refused(rule, from(&[(TRUSTED, &second)]), (TRUSTED, Malformed, "without a path"));
        assert_refused(rule, builder().public_origin(origin).build(), (PUBLIC, Malformed, "without a path"));
        assert_refused(
            rule,
            builder().trusted_origin(origin).build(),
            (TRUSTED, Malformed, "without a path"),
        );
    }
    for (setting, problem, cure) in [(PUBLIC, Empty, "give it a value"), (TRUSTED, Empty, "give it a value")]
    {
        assert_refused(setting, from(&[(setting, "")]), (setting, problem, cure));
    }
    assert_refused("stray comma", from(&[(TRUSTED, "https://a.example,")]), (TRUSTED, Empty, "stray comma"));
    for origin in
        ["https://a.example", "http://a.example:8080", "https://[::1]:3000", "https://xn--bcher-kva.example"]
    {
        accepted(origin, from(&[(PUBLIC, origin), (TRUSTED, origin)]));
    }
}

/// Their shape is right, so the cure for a wrong shape would send people in circles.
#[test]
fn origins_of_native_shells_are_sent_to_token_mode() {
    for origin in [
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "file://host",
        "ftp://a.example",
        "wss://a.example",
    ] {
        let cure = "only http and https: native shells use token mode";
        for setting in [PUBLIC, TRUSTED] {
            assert_refused(origin, from(&[(setting, origin)]), (setting, Malformed, cure));
        }
    }
    // What Capacitor and Tauri use on Android and Windows is one that can be trusted.
    accepted("Android", from(&[(TRUSTED, "http://localhost,https://localhost,http://tauri.localhost")]));
}

#[test]
fn skip_rules_are_paths() {
    for (rule, value) in [
        ("no slash in front", "static"),
        ("a wildcard", "*"),
        ("white space inside", "/a b"),
        ("a line end", "/a\nb"),
        ("not ASCII", "/ä"),
    ] {
        assert_refused(rule, from(&[(SKIP, value)]), (SKIP, Malformed, "begin each path with /"));
    }
    for (rule, value) in [("everything", "/"), ("several", "//"), ("beside another", "/static, /")] {
        assert_refused(rule, from(&[(SKIP, value)]), (SKIP, Contradiction, "name the paths"));
    }
    assert_refused("builder", builder().skip("/").build(), (SKIP, Contradiction, "or remove it"));
    assert_refused("stray comma", from(&[(SKIP, "/a,,/b")]), (SKIP, Empty, "stray comma"));
    assert_refused("an empty path", builder().skip("").build(), (SKIP, Empty, "give it a value"));
}

const SKIPPED: [(&str, Vars<'_>, &str, bool); 17] = [
    ("nothing is skipped by default", &[], "/static", false),
    ("exact", &[(SKIP, "/static")], "/static", true),
    ("a segment below", &[(SKIP, "/static")], "/static/app.js", true),
    ("a slash at the end of the request", &[(SKIP, "/static")], "/static/", true),
    ("only on a segment boundary", &[(SKIP, "/static")], "/statics", false),
    ("not inside a segment", &[(SKIP, "/static")], "/static.html", false),
    ("not in the middle", &[(SKIP, "/static")], "/app/static", false),
    ("case counts", &[(SKIP, "/static")], "/Static", false),
    ("nothing is decoded", &[(SKIP, "/static")], "/%73tatic", false),
    ("slashes are not folded", &[(SKIP, "/static")], "//static", false),
    ("a rule with a slash at the end, exact", &[(SKIP, "/static/")], "/static/", true),
    ("a rule with a slash at the end, below", &[(SKIP, "/static/")], "/static/a", true),
    ("a rule with a slash at the end, boundary", &[(SKIP, "/static/")], "/statics", false),
    ("two segments", &[(SKIP, "/a/b")], "/a/b/c", true),
    ("two segments, the first alone", &[(SKIP, "/a/b")], "/a", false),
    ("the second rule", &[(SKIP, "/a, /health")], "/health", true),
    ("neither rule", &[(SKIP, "/a,/health")], "/", false),
];

#[test]
fn skip_is_exact_or_a_prefix_on_segment_boundaries() {
    for (rule, vars, path, expected) in SKIPPED {
        let config = accepted(rule, from(vars));
        assert_eq!(config.skips(path), expected, "{rule}");
        assert_eq!(config.has_skips(), !vars.is_empty(), "{rule}");
    }
}

/// Tokens would be handed out that nobody could use.
#[test]
fn token_mode_needs_the_header_among_the_credentials() {
    const MODE: &str = "COOKIEJWT_TOKEN_MODE";
    for (credentials, accepted) in
        [("cookie,header", true), ("header,cookie", true), ("header", true), ("cookie", false)]
    {
        let result = from(&[("COOKIEJWT_CREDENTIALS", credentials), (MODE, "true")]);
        if accepted {
            assert!(result.is_ok(), "{credentials}");
        } else {
            assert_refused(credentials, result, (MODE, Contradiction, "cookie,header"));
        }
        assert!(from(&[("COOKIEJWT_CREDENTIALS", credentials), (MODE, "false")]).is_ok(), "{credentials}");
    }
    assert_refused("no flag", from(&[(MODE, "yes")]), (MODE, Malformed, "true or false"));
}
