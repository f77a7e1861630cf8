//! Names and attributes of cookies that are accepted or refused.

use super::{
    super::SameSite,
    Change, Config, ConfigError,
    ConfigErrorKind::{Contradiction, Empty, Insecure, Malformed},
    Expected, REQUIRED, Vars, accepted, assert_refused, builder, from,
};

const ACCESS: &str = "COOKIEJWT_ACCESS_NAME";
const REFRESH: &str = "COOKIEJWT_REFRESH_NAME";
const DOMAIN: &str = "COOKIEJWT_DOMAIN";
const PATH: &str = "COOKIEJWT_PATH";
const SECURE: &str = "COOKIEJWT_SECURE";
const SAME_SITE: &str = "COOKIEJWT_SAMESITE";
const PARTITIONED: &str = "COOKIEJWT_PARTITIONED";
const ORIGIN: &str = "COOKIEJWT_PUBLIC_ORIGIN";

/// With Domain and Path, both cookies need names of the other prefix.
const BOTH_SECURE: [(&str, &str); 2] = [(ACCESS, "__Secure-a"), (REFRESH, "__Secure-r")];

fn with_names(vars: Vars<'_>) -> Result<Config, ConfigError> {
    Config::from_vars(REQUIRED.iter().chain(&BOTH_SECURE).chain(vars).copied())
}

const INSECURE: [(&str, Vars<'_>, Expected<'_>); 11] = [
    ("SameSite=None", &[(SAME_SITE, "None")], (SAME_SITE, Insecure, SECURE)),
    ("Partitioned", &[(PARTITIONED, "true")], (PARTITIONED, Insecure, SECURE)),
    ("an https public origin", &[(ORIGIN, "https://a.example")], (ORIGIN, Insecure, SECURE)),
    ("an https public origin in capitals", &[(ORIGIN, "HTTPS://a.example:8443")], (ORIGIN, Insecure, SECURE)),
    ("__Host-", &[(ACCESS, "__Host-a")], (ACCESS, Contradiction, SECURE)),
    ("__Host- of the refresh cookie", &[(REFRESH, "__Host-r")], (REFRESH, Contradiction, SECURE)),
    ("__Host- in another case", &[(ACCESS, "__hOST-a")], (ACCESS, Contradiction, SECURE)),
    ("__Secure-", &[(ACCESS, "__Secure-a")], (ACCESS, Contradiction, SECURE)),
    ("__Secure- in another case", &[(REFRESH, "__SECURE-r")], (REFRESH, Contradiction, SECURE)),
    ("__Http-", &[(ACCESS, "__http-a")], (ACCESS, Contradiction, SECURE)),
    ("__Host-Http-", &[(ACCESS, "__HOST-HTTP-a")], (ACCESS, Contradiction, SECURE)),
];

#[test]
fn without_secure_is_refused() {
    for (rule, vars, expected) in INSECURE {
        for first in [&[(SECURE, "false")][..], &[(SECURE, "0")]] {
            assert_refused(rule, from(&[first, vars].concat()), expected);
        }
        let dev = Config::dev_http().vars(REQUIRED).unwrap().vars(vars.iter().copied()).unwrap();
        assert_refused(rule, dev.build(), expected);
    }
}

const PREFIXED: [(&str, Vars<'_>, Expected<'_>); 8] = [
    ("__Host- with Domain", &[(DOMAIN, "a.example")], (ACCESS, Contradiction, "__Secure-")),
    ("__Host- with Path", &[(PATH, "/app")], (ACCESS, Contradiction, "__Secure-")),
    (
        "__Host- of the refresh cookie alone",
        &[(DOMAIN, "a.example"), (ACCESS, "__Secure-a")],
        (REFRESH, Contradiction, "__Secure-"),
    ),
    (
        "__host- in another case with Domain",
        &[(DOMAIN, "a.example"), (ACCESS, "__hOsT-a")],
        (ACCESS, Contradiction, "__Secure-"),
    ),
    (
        "__Host-Http- with Path",
        &[(PATH, "/app"), (ACCESS, "__Host-Http-a")],
        (ACCESS, Contradiction, "__Secure-"),
    ),
    ("no prefix with Domain", &[(DOMAIN, "a.example"), (ACCESS, "a")], (ACCESS, Insecure, "__Secure-")),
    ("no prefix with Path", &[(PATH, "/app"), (ACCESS, "a")], (ACCESS, Insecure, "__Secure-")),
    (
        "no prefix of the refresh cookie",
        &[(PATH, "/app"), (ACCESS, "__Secure-a"), (REFRESH, "r")],
        (REFRESH, Insecure, "__Secure-"),
    ),
];

#[test]
fn a_prefix_must_have_its_attributes() {
    for (rule, vars, expected) in PREFIXED {
        assert_refused(rule, from(vars), expected);
    }
    for name in ["__Http-a", "__Host-Http-a", "__HOST-hTTP-a"] {
        let built = builder().access_name(name).dangerous_script_readable_cookies().build();
        assert_refused(name, built, (ACCESS, Contradiction, "keep scripts out"));
    }
}

const ALLOWED: [(&str, Vars<'_>); 10] = [
    ("__Host-Http- names", &[(ACCESS, "__Host-Http-a"), (REFRESH, "__Host-Http-r")]),
    (
        "__Secure- with Domain and Path",
        &[BOTH_SECURE[0], BOTH_SECURE[1], (DOMAIN, "a.example"), (PATH, "/app")],
    ),
    ("__Secure- alone", &BOTH_SECURE),
    ("__Http- with Domain", &[(ACCESS, "__Http-a"), (REFRESH, "__Http-r"), (DOMAIN, "a.example")]),
    ("no prefix without Domain and Path", &[(ACCESS, "a"), (REFRESH, "r")]),
    ("None with Secure", &[(SAME_SITE, "None")]),
    ("Partitioned with Secure", &[(PARTITIONED, "true"), (SAME_SITE, "none")]),
    ("development with Domain and Path", &[(SECURE, "false"), (DOMAIN, "dev.example"), (PATH, "/app")]),
    ("development with a public http origin", &[(SECURE, "false"), (ORIGIN, "http://dev.example")]),
    ("an https public origin", &[(ORIGIN, "https://a.example")]),
];

#[test]
fn what_is_sound_is_accepted() {
    for (rule, vars) in ALLOWED {
        accepted(rule, from(vars));
    }
    for character in "!#$%&'*+-.^_`|~09azAZ".chars() {
        let name = format!("a{character}");
        assert_eq!(accepted(&name, from(&[(ACCESS, &name)])).access_name(), name);
    }
}

#[test]
fn names_are_http_tokens() {
    for name in [
        "a b",
        "a\tb",
        "a\r\nb",
        "a\0b",
        "a\x7fb",
        "a;b",
        "a,b",
        "a=b",
        "a\"b",
        "a(b",
        "a)b",
        "a/b",
        "a:b",
        "a@b",
        "a[b",
        "a]b",
        "a{b",
        "a}b",
        "a<b",
        "a>b",
        "a?b",
        "a\\b",
        "ä",
        "a\u{a0}b",
        "a\u{2000}b",
    ] {
        for setting in [ACCESS, REFRESH] {
            assert_refused(name, from(&[(setting, name)]), (setting, Malformed, "letters, digits, - and _"));
        }
    }
    let twice = from(&[(ACCESS, "same"), (REFRESH, "same")]);
    assert_refused("one name for both", twice, (REFRESH, Contradiction, "different names"));
}

#[test]
fn path_and_domain_have_no_control_characters_and_no_separators() {
    let long = format!("/{}", "a".repeat(1024));
    for path in [
        "/a;b",
        "/a; Secure",
        "/a,b",
        "/a\r\nSet-Cookie: b=c",
        "/a\nb",
        "/a\0b",
        "/a\x7fb",
        "/a b",
        "/a\tb",
        "/ä",
        "app",
        "./",
        "*",
        &long,
    ] {
        assert_refused(path, with_names(&[(PATH, path)]), (PATH, Malformed, "begin it with /"));
    }
    for domain in [
        "a.example;b",
        "a.example; Path=/",
        "a.example,b",
        "a\r\nb",
        "a\nb",
        "a\0b",
        "a\x7fb",
        "a b",
        "bücher.example",
        "a/b",
        "a:80",
        "*.example",
        "http://a.example",
        "[::1]",
    ] {
        assert_refused(domain, with_names(&[(DOMAIN, domain)]), (DOMAIN, Malformed, "example.com"));
    }
    accepted("a path of 1024 bytes", with_names(&[(PATH, &long[..1024])]));
}

#[test]
fn nothing_is_set_to_nothing() {
    let empty: [(&str, Change); 4] = [
        (ACCESS, |b| b.access_name("")),
        (REFRESH, |b| b.refresh_name("")),
        (PATH, |b| b.path("")),
        (DOMAIN, |b| b.domain("")),
    ];
    for (setting, change) in empty {
        assert_refused(setting, change(builder()).build(), (setting, Empty, "give it a value"));
        assert_refused(setting, from(&[(setting, "")]), (setting, Empty, "give it a value"));
        assert_refused(setting, from(&[(setting, "\t ")]), (setting, Empty, "give it a value"));
    }
}

#[test]
fn cookies_that_scripts_can_read_are_no_variable() {
    let setting = "COOKIEJWT_HTTPONLY";
    for value in ["false", "0"] {
        let expected = (setting, Insecure, "dangerous_script_readable_cookies");
        assert_refused(value, from(&[(setting, value)]), expected);
    }
    let dangerous = builder().dangerous_script_readable_cookies();
    assert!(!dangerous.clone().build().unwrap().cookies.http_only, "the builder's own method");
    let overridden = dangerous.vars([(setting, "true")]).unwrap().build().unwrap();
    assert!(overridden.cookies.http_only, "the variable wins over the builder");
}

#[test]
fn a_cookie_from_development_never_works_in_production() {
    let production = accepted("defaults", from(&[]));
    for (rule, dev) in [
        ("dev_http()", Config::dev_http().vars(REQUIRED).unwrap().build()),
        ("the variable", from(&[(SECURE, "false")])),
    ] {
        let dev = accepted(rule, dev);
        assert_eq!((dev.access_name(), dev.refresh_name()), ("access_token", "refresh_token"), "{rule}");
        assert!(!dev.is_secure() && production.is_secure(), "{rule}");
        assert!(!production.access_name().eq_ignore_ascii_case(dev.access_name()), "{rule}");
        assert!(!production.refresh_name().eq_ignore_ascii_case(dev.refresh_name()), "{rule}");
    }
    assert_eq!(production.access_name(), "__Host-access_token");
    assert_eq!(production.refresh_name(), "__Host-refresh_token");
}

#[test]
fn same_site_is_always_one_of_three() {
    let chosen: [(&str, Change, SameSite); 3] = [
        ("the default", |b| b, SameSite::Lax),
        ("strict", |b| b.same_site(SameSite::Strict), SameSite::Strict),
        ("none", |b| b.same_site(SameSite::None), SameSite::None),
    ];
    for (rule, change, expected) in chosen {
        assert_eq!(accepted(rule, change(builder()).build()).cookies.same_site, expected, "{rule}");
    }
    for value in ["lax, strict", "Default", "no", "true"] {
        assert_refused(value, from(&[(SAME_SITE, value)]), (SAME_SITE, Malformed, "Lax, Strict or None"));
    }
}
