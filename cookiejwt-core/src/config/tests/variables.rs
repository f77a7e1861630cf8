//! Every environment variable, its default and its values.

use super::{
    super::{Config, ConfigBuilder, CredentialOrder, RevocationLevel, SameSite},
    ConfigErrorKind::{Contradiction, Malformed, Unknown},
    REQUIRED, SECRET, Secret, Vars, accepted, assert_refused, builder, from,
};

use crate::{
    internal::test_keys::{ED25519, ED25519_PUBLIC, P256, P256_PUBLIC},
    keys::PublicKey,
};

const ED25519_KID: &str = "Ce9dcCQdmfe3d2unk30bqJkdbUUxztnwCatUEvzBF4g";
const P256_KID: &str = "_NrFblQYUlq--AQC7iIv3NQmj61B_RM76di7Bt5TBRg";

/// The setting as text, its default, a value of the variable, and what it becomes.
type Row = (&'static str, fn(&Config) -> String, &'static str, &'static str, &'static str);

const OTHER: &str = "+/++AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0=";

#[rustfmt::skip]
const ROWS: [Row; 35] = [
    ("COOKIEJWT_SECRET", |c| starts_with(&c.keys.secret), "35", OTHER, "fb"),
    ("COOKIEJWT_SECRET_PREVIOUS", |c| c.keys.previous.iter().map(starts_with).collect(), "", OTHER, "fb"),
    ("COOKIEJWT_SIGNING_KEY", |c| c.keys.signing.iter().map(|k| k.public_key().thumbprint()).collect(), "", ED25519, ED25519_KID),
    ("COOKIEJWT_VERIFYING_KEYS", |c| c.keys.verifying.iter().map(PublicKey::thumbprint).collect(), "", P256_PUBLIC, P256_KID),
    ("COOKIEJWT_ISSUER", |c| c.issuer.clone(), "https://id.example", "http://localhost", "http://localhost"),
    ("COOKIEJWT_AUDIENCE", |c| c.audience.join("+"), "shop", "demo, api", "demo+api"),
    ("COOKIEJWT_SECURE", |c| c.is_secure().to_string(), "true", "false", "false"),
    ("COOKIEJWT_HTTPONLY", |c| c.cookies.http_only.to_string(), "true", "true", "true"),
    ("COOKIEJWT_SAMESITE", |c| c.cookies.same_site.as_str().into(), "Lax", "Strict", "Strict"),
    ("COOKIEJWT_ACCESS_NAME", |c| c.access_name().into(), "__Host-access_token", "__Host-a", "__Host-a"),
    ("COOKIEJWT_REFRESH_NAME", |c| c.refresh_name().into(), "__Host-refresh_token", "__Host-r", "__Host-r"),
    ("COOKIEJWT_PATH", |c| c.cookies.path.clone(), "/", "/app", "/app"),
    ("COOKIEJWT_DOMAIN", |c| c.cookies.domain.clone().unwrap_or_default(), "", "a.example", "a.example"),
    ("COOKIEJWT_PARTITIONED", |c| c.cookies.partitioned.to_string(), "false", "true", "true"),
    ("COOKIEJWT_REALM", |c| c.realm().to_string(), "", "staff", "staff"),
    ("COOKIEJWT_ACCESS_MAX_AGE", |c| c.ages.access.to_string(), "300", "60", "60"),
    ("COOKIEJWT_REFRESH_MAX_AGE", |c| c.ages.refresh.to_string(), "86400", "7200", "7200"),
    ("COOKIEJWT_SESSION_MAX_AGE", |c| c.ages.session.to_string(), "2592000", "864000", "864000"),
    ("COOKIEJWT_REUSE_LEEWAY", |c| c.ages.reuse_leeway.to_string(), "10", "1", "1"),
    ("COOKIEJWT_REFRESH_AHEAD", |c| c.ages.refresh_ahead.to_string(), "30", "0", "0"),
    ("COOKIEJWT_LEEWAY", |c| c.ages.leeway.to_string(), "5", "60", "60"),
    ("COOKIEJWT_CREDENTIALS", |c| format!("{:?}", c.credentials), "CookieThenHeader", "header", "HeaderOnly"),
    ("COOKIEJWT_PUBLIC_ORIGIN", |c| c.csrf.public_origin.clone().unwrap_or_default(), "", "http://a", "http://a"),
    ("COOKIEJWT_TRUSTED_ORIGINS", |c| c.csrf.trusted_origins.join("+"), "", "http://a, http://b", "http://a+http://b"),
    ("COOKIEJWT_STRICT_BROWSER_HEADERS", |c| c.csrf.strict_browser_headers.to_string(), "false", "true", "true"),
    ("COOKIEJWT_REVOCATION", |c| format!("{:?}", c.revocation()), "Feed", "at-refresh", "AtRefresh"),
    ("COOKIEJWT_MAX_SESSIONS", |c| format!("{:?}", c.max_sessions), "None", "5", "Some(5)"),
    ("COOKIEJWT_TOKEN_MODE", |c| c.token_mode.to_string(), "false", "true", "true"),
    ("COOKIEJWT_TRUSTED_PROXIES", |c| c.trusted_proxies().to_string(), "0", "2", "2"),
    ("COOKIEJWT_MEMO_ENTRIES", |c| c.memo_entries.to_string(), "10000", "0", "0"),
    ("COOKIEJWT_SET_SESSION_COOKIE", |c| c.set_session_cookie.to_string(), "false", "true", "true"),
    ("COOKIEJWT_KNOWN_DEVICES", |c| c.known_devices().to_string(), "true", "false", "false"),
    ("COOKIEJWT_CLEAR_SITE_DATA", |c| c.clear_site_data.to_string(), "false", "cache", "true"),
    ("COOKIEJWT_DEVICE_BOUND", |c| format!("{:?}", c.device_bound()), "Off", "offer", "Offer"),
    ("COOKIEJWT_SKIP", |c| c.skip.join("+"), "", "/a, /b", "/a+/b"),
];

fn starts_with(secret: &Secret) -> String {
    format!("{:x}", secret.as_bytes()[0])
}

/// With a Path or a Domain, the names need the other prefix.
fn companions(name: &str) -> Vars<'static> {
    match name {
        "COOKIEJWT_PATH" | "COOKIEJWT_DOMAIN" => {
            &[("COOKIEJWT_ACCESS_NAME", "__Secure-a"), ("COOKIEJWT_REFRESH_NAME", "__Secure-r")]
        }
        _ => &[],
    }
}

#[test]
fn every_variable_and_its_default() {
    let defaults = accepted("defaults", from(&[]));
    for (name, read, default, value, expected) in ROWS {
        assert_eq!(read(&defaults), default, "{name} has this default");
        let mut vars = companions(name).to_vec();
        vars.push((name, value));
        assert_eq!(read(&accepted(name, from(&vars))), expected, "{name}={value}");
        for padded in [format!(" {value}\n"), format!("{value}\r"), format!("{value}\r\n")] {
            let mut vars = vars.clone();
            *vars.last_mut().unwrap() = (name, &padded);
            assert_eq!(read(&accepted(name, from(&vars))), expected, "{name}, trimmed");
        }
    }
    assert!(defaults.keys.signing.is_none() && defaults.keys.verifying.is_empty());
}

/// Every setting, other than the default and other than the rows.
fn everything_set() -> ConfigBuilder {
    builder()
        .secret(Secret::from_bytes(*b"\x99 other secret of thirty-two byt").unwrap())
        .previous_secret(Secret::from_base64(SECRET).unwrap())
        .issuer("builder")
        .audience("builder")
        .secure(true)
        .dangerous_script_readable_cookies()
        .same_site(SameSite::None)
        .access_name("__Secure-builder-a")
        .refresh_name("__Secure-builder-r")
        .path("/builder")
        .domain("builder.example")
        .partitioned(false)
        .aal2()
        .access_max_age(std::time::Duration::from_secs(120))
        .reuse_leeway(std::time::Duration::from_secs(3))
        .refresh_ahead(std::time::Duration::from_secs(7))
        .leeway(std::time::Duration::from_secs(2))
        .credentials(CredentialOrder::HeaderThenCookie)
        .public_origin("http://builder.example")
        .trusted_origin("http://builder.example")
        .revocation(RevocationLevel::EveryRequest)
        .skip("/builder")
        .max_sessions(9)
}

#[test]
fn variables_win_over_the_builder() {
    accepted("the builder alone", everything_set().build());
    for (name, read, _, value, expected) in ROWS {
        let (name, value, expected) = match name {
            // Without a prefix, and with the attributes that the builder set.
            "COOKIEJWT_ACCESS_NAME" | "COOKIEJWT_REFRESH_NAME" => (name, "__Secure-var", "__Secure-var"),
            "COOKIEJWT_SECURE" => continue,
            // The rest does not go together with what the builder set.
            "COOKIEJWT_DEVICE_BOUND" => (name, "off", "Off"),
            _ => (name, value, expected),
        };
        let built = everything_set().vars([(name, value)]).unwrap().build();
        assert_eq!(read(&accepted(name, built)), expected, "{name}={value}");
    }
    let secure = Config::dev_http().vars(REQUIRED).unwrap().vars([("COOKIEJWT_SECURE", "true")]).unwrap();
    assert!(accepted("COOKIEJWT_SECURE", secure.build()).is_secure());
}

/// A file and the variables over it are two calls; in one, nobody can know which of the two counts.
#[test]
fn of_two_calls_the_later_counts_and_one_call_has_each_name_once() {
    for (name, read, _, value, expected) in ROWS {
        let first = match name {
            "COOKIEJWT_SECRET" | "COOKIEJWT_SECRET_PREVIOUS" => SECRET,
            "COOKIEJWT_SIGNING_KEY" => P256,
            "COOKIEJWT_VERIFYING_KEYS" => ED25519_PUBLIC,
            "COOKIEJWT_SECURE"
            | "COOKIEJWT_HTTPONLY"
            | "COOKIEJWT_PARTITIONED"
            | "COOKIEJWT_KNOWN_DEVICES" => "true",
            "COOKIEJWT_TOKEN_MODE" | "COOKIEJWT_SET_SESSION_COOKIE" | "COOKIEJWT_STRICT_BROWSER_HEADERS" => {
                "false"
            }
            "COOKIEJWT_SAMESITE" => "Lax",
            "COOKIEJWT_CLEAR_SITE_DATA" => "none",
            "COOKIEJWT_DEVICE_BOUND" => "keep",
            "COOKIEJWT_CREDENTIALS" => "cookie",
            "COOKIEJWT_REVOCATION" => "feed",
            "COOKIEJWT_MAX_SESSIONS" | "COOKIEJWT_MEMO_ENTRIES" | "COOKIEJWT_TRUSTED_PROXIES" => "1",
            name if name.ends_with("ORIGIN") || name.ends_with("ORIGINS") => "https://first.example",
            "COOKIEJWT_SKIP" | "COOKIEJWT_PATH" => "/first",
            name if name.ends_with("AGE") || name.ends_with("LEEWAY") || name.ends_with("AHEAD") => "1",
            _ => "first",
        };
        let layered = builder().vars(companions(name).iter().copied()).unwrap();
        let layered = layered.vars([(name, first)]).unwrap().vars([(name, value)]).unwrap();
        assert_eq!(read(&accepted(name, layered.build())), expected, "{name}");
        let twice = |one, other| builder().vars([(name, one), (name, other)]);
        let same = twice(value, value).unwrap().vars(companions(name).iter().copied()).unwrap();
        assert_eq!(read(&accepted(name, same.build())), expected, "{name}, the same twice");
        if first != value && name != "COOKIEJWT_HTTPONLY" {
            assert_refused(name, twice(first, value), (name, Contradiction, "set it once"));
        }
    }
}

#[test]
fn an_unknown_name_is_refused_and_a_foreign_one_passed_over() {
    for (name, cure) in [
        ("COOKIEJWT_", "remove it, or use one of COOKIEJWT_SECRET, "),
        ("COOKIEJWT_COOKIE_SECURE", "remove it, or use one of COOKIEJWT_SECRET, "),
        ("COOKIEJWT_SECRETS", "write COOKIEJWT_SECRET, or use one of"),
        ("COOKIEJWT_ISUER", "write COOKIEJWT_ISSUER, or use one of"),
        ("COOKIEJWT_AUDEINCE", "write COOKIEJWT_AUDIENCE, or use one of"),
        ("COOKIEJWT_SECRET_", "write COOKIEJWT_SECRET"),
        ("COOKIEJWT_secret", "write COOKIEJWT_SECRET"),
        ("cookiejwt_secret", "write COOKIEJWT_SECRET"),
        ("CookieJwt_Secret", "write COOKIEJWT_SECRET"),
        ("COOKIEJWT_HTTP_ONLY", "write COOKIEJWT_HTTPONLY"),
        ("COOKIEJWT_SAME_SITE", "write COOKIEJWT_SAMESITE"),
        ("COOKIEJWT-ISSUER", ""),
    ] {
        for value in ["true", ""] {
            let built = from(&[(name, value)]);
            if cure.is_empty() {
                accepted("another prefix", built);
            } else {
                assert_refused(name, built, (name, Unknown, cure));
            }
        }
    }
    let error = from(&[("COOKIEJWT_\r\nx", "a")]).unwrap_err();
    assert_eq!(error.setting(), "COOKIEJWT_\\r\\nx", "no line end reaches the log");
    for name in ["PATH", "COOKIEJWT", "XCOOKIEJWT_SECRET", "DATABASE_URL", "exportCOOKIEJWT_SECRET", "é", ""]
    {
        accepted(name, from(&[(name, "")]));
    }
}

/// What an orchestrator or a file has left behind.
#[test]
fn a_name_that_nobody_wrote_is_told_where_it_comes_from() {
    for name in [
        "COOKIEJWT_SERVICE_HOST",
        "COOKIEJWT_SERVICE_PORT",
        "COOKIEJWT_SERVICE_PORT_HTTP",
        "COOKIEJWT_PORT",
        "COOKIEJWT_PORT_3000_TCP",
        "COOKIEJWT_PORT_3000_TCP_ADDR",
        "COOKIEJWT_PORT_3000_UDP_PROTO",
        "COOKIEJWT_DB_SERVICE_HOST",
        "COOKIEJWT_DB_PORT",
        "COOKIEJWT_DB_PORT_5432_TCP_PORT",
        "COOKIEJWT_NAME",
        "COOKIEJWT_ENV_PATH",
    ] {
        let expected = (name, Unknown, "enableServiceLinks: false");
        assert_refused(name, from(&[(name, "tcp://10.0.0.1:3000")]), expected);
    }
    for name in
        ["COOKIEJWT_PORTS", "COOKIEJWT_PORT_A_TCP", "COOKIEJWT_PORT_80_HTTP", "COOKIEJWT_SERVICE_NAME"]
    {
        assert_refused(name, from(&[(name, "x")]), (name, Unknown, "use one of"));
    }
    for (name, shown) in [
        ("export COOKIEJWT_ISSUER", "export COOKIEJWT_ISSUER"),
        ("export\tCOOKIEJWT_ISSUER", "export\\tCOOKIEJWT_ISSUER"),
        ("\u{feff}COOKIEJWT_ISSUER", "\\u{feff}COOKIEJWT_ISSUER"),
        (" COOKIEJWT_ISSUER", " COOKIEJWT_ISSUER"),
        ("COOKIEJWT_ISSUER ", "COOKIEJWT_ISSUER "),
    ] {
        assert_refused(name, from(&[(name, "x")]), (shown, Unknown, "write COOKIEJWT_ISSUER alone"));
    }
}

#[test]
fn what_a_file_keeps_of_a_shell_is_no_value() {
    for (name, _, _, value, _) in ROWS {
        for (rule, value, cure) in [
            ("double quotes", format!("\"{value}\""), "remove the quotes"),
            ("single quotes", format!("'{value}'"), "remove the quotes"),
            ("before a carriage return", format!("\"{value}\"\r"), "remove the quotes"),
            ("only the first", format!("\"{value}"), "remove the quotes"),
            ("only the last", format!("{value}\""), "remove the quotes"),
            ("typographic quotes", format!("\u{201c}{value}\u{201d}"), "remove the quotes"),
            ("nothing in quotes", "\"\"".into(), "remove the quotes"),
            ("a placeholder", format!("${{{name}}}"), "the value itself"),
            ("a command", "$(cat /run/secrets/x)".into(), "the value itself"),
            ("a template", "{{ .Values.x }}".into(), "the value itself"),
            ("a comment", format!("{value} # production"), "line of its own"),
        ] {
            let rule = format!("{rule}: {name}={value}");
            assert_refused(&rule, from(&[(name, &value)]), (name, Malformed, cure));
        }
    }
    for name in ["COOKIEJWT_AUDIENCE", "COOKIEJWT_TRUSTED_ORIGINS", "COOKIEJWT_SKIP"] {
        let json = from(&[(name, "[\"a\", \"b\"]")]);
        assert_refused(name, json, (name, Malformed, "without brackets"));
    }
    accepted("a hash without a blank", from(&[("COOKIEJWT_ISSUER", "https://id.example/#a")]));
}

#[test]
fn the_cure_of_an_unknown_name_lists_every_variable() {
    let error = from(&[("COOKIEJWT_UNKNOWN", "x")]).unwrap_err();
    for (name, ..) in ROWS {
        assert!(error.cure().contains(name), "{name}");
    }
    assert!(error.cure().contains("COOKIEJWT_KEYS_DIR"), "which `from_vars` alone refuses, so it has no row");
    assert_eq!(error.cure().matches("COOKIEJWT_").count(), ROWS.len() + 1, "and no other");
}

#[test]
fn switches_and_choices_are_spelt_exactly() {
    for (name, values, cure) in [
        ("COOKIEJWT_SECURE", &["yes", "True", "FALSE", "on", "2", "tru"][..], "write true or false"),
        ("COOKIEJWT_HTTPONLY", &["no", "False", "off"], "write true or false"),
        ("COOKIEJWT_PARTITIONED", &["y"], "write true or false"),
        (
            "COOKIEJWT_CREDENTIALS",
            &["cookies", "cookie,cookie", "header cookie", "Cookie", "query"],
            "cookie,header",
        ),
        ("COOKIEJWT_REVOCATION", &["Feed", "never", "every_request", "at refresh"], "at-refresh, feed"),
    ] {
        for value in values {
            assert_refused(&format!("{name}={value}"), from(&[(name, value)]), (name, Malformed, cure));
        }
    }
}

#[test]
fn every_choice() {
    for (name, value, read) in [
        ("COOKIEJWT_CREDENTIALS", "cookie,header", "CookieThenHeader"),
        ("COOKIEJWT_CREDENTIALS", "cookie , header", "CookieThenHeader"),
        ("COOKIEJWT_CREDENTIALS", "header,cookie", "HeaderThenCookie"),
        ("COOKIEJWT_CREDENTIALS", "cookie", "CookieOnly"),
        ("COOKIEJWT_CREDENTIALS", "header", "HeaderOnly"),
        ("COOKIEJWT_REVOCATION", "at-refresh", "AtRefresh"),
        ("COOKIEJWT_REVOCATION", "feed", "Feed"),
        ("COOKIEJWT_REVOCATION", "every-request", "EveryRequest"),
        ("COOKIEJWT_SAMESITE", "LAX", "Lax"),
        ("COOKIEJWT_SAMESITE", "strict", "Strict"),
        ("COOKIEJWT_SAMESITE", "nOnE", "None"),
        ("COOKIEJWT_SECURE", "1", "true"),
        ("COOKIEJWT_SECURE", "0", "false"),
    ] {
        let reader = ROWS.iter().find(|row| row.0 == name).unwrap().1;
        assert_eq!(reader(&accepted(value, from(&[(name, value)]))), read, "{name}={value}");
    }
}

#[test]
fn all_required_settings_that_are_missing_are_reported_at_once() {
    let error = Config::builder().build().unwrap_err();
    let lines: Vec<_> = error.to_string().lines().map(str::to_owned).collect();
    let [secret, issuer, audience] = &*lines else { panic!("{lines:?}") };
    assert!(secret.starts_with("COOKIEJWT_SECRET is missing"), "{secret}");
    assert!(issuer.starts_with("COOKIEJWT_ISSUER is missing; "), "{issuer}");
    assert!(audience.starts_with("COOKIEJWT_AUDIENCE is missing; "), "{audience}");
    assert_eq!(format!("{error:?}"), error.to_string(), "`main` prints `Debug`");
    let one = Config::builder().secret(crate::config::Secret::of_the_testing_module()).issuer("i").build();
    assert_eq!(one.unwrap_err().to_string().lines().count(), 1);
}
