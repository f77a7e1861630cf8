use std::{ffi::OsString, net::TcpListener, os::unix::ffi::OsStringExt as _};

use crate::common::{Home, PASSWORD, USER, Variable, owned};

/// The variables, the one that the message names, and words of the suggested fix.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

const SHORT: &str = "c2hvcnQgc2VjcmV0";
const REPEATED: &str = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE";
const GENERATE: &str = "openssl rand";

/// Starts it with these variables, and expects an error message before it tries to listen: the port
/// is in use, so trying would fail with another message.
fn refuses(variables: &[Variable], name: &str, cure: &str) {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("bound").port().to_string();
    let mut all = owned(&[("PORT", &port), ("DEMO_PASSWORD", PASSWORD)]);
    all.extend_from_slice(variables);
    let refused = home.refused(&all);
    let what = format!("{variables:?}\n{refused:#?}");
    assert!(refused.code.is_some_and(|code| code != 0), "{what}");
    assert!(refused.stderr.contains(name), "the variable is not named: {what}");
    assert!(refused.stderr.contains(cure), "no fix is suggested: {what}");
    assert!(!refused.stderr.contains("panicked"), "{what}");
    assert!(!refused.stderr.contains('\u{1b}'), "a control character reaches the terminal: {what}");
    let tried = refused.stdout.contains("listening") || refused.stderr.contains("in use");
    assert!(!tried, "{what}");
}

fn refuses_each(cases: &[Case<'_>]) {
    for (variables, name, cure) in cases {
        refuses(&owned(variables), name, cure);
    }
}

#[test]
fn a_weak_secret() {
    refuses_each(&[
        (&[("COOKIEJWT_SECRET", SHORT)], "COOKIEJWT_SECRET", GENERATE),
        (&[("COOKIEJWT_SECRET", "")], "COOKIEJWT_SECRET", "remove it"),
        (&[("COOKIEJWT_SECRET", "   ")], "COOKIEJWT_SECRET", "remove it"),
        (&[("COOKIEJWT_SECRET", REPEATED)], "COOKIEJWT_SECRET", GENERATE),
        (&[("COOKIEJWT_SECRET", "not base64!")], "COOKIEJWT_SECRET", "base64"),
        (&[("COOKIEJWT_SECRET_PREVIOUS", SHORT)], "COOKIEJWT_SECRET_PREVIOUS", GENERATE),
    ]);
}

#[test]
fn a_secret_file_that_was_shortened() {
    let home = Home::new();
    std::fs::write(home.file("cookiejwt-demo.secret"), SHORT).expect("written");
    let refused = home.refused(&[("PORT".into(), "0".into())]);
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert!(!refused.stdout.contains("listening") && !refused.stderr.contains(SHORT), "{refused:#?}");
    assert!(refused.stderr.contains("32"), "{refused:#?}");
}

#[test]
fn cookies_that_a_browser_would_not_store_or_would_leak() {
    refuses_each(&[
        (
            &[("COOKIEJWT_SAMESITE", "None"), ("COOKIEJWT_SECURE", "false")],
            "COOKIEJWT_SAMESITE",
            "COOKIEJWT_SECURE",
        ),
        (&[("COOKIEJWT_DOMAIN", "example.com")], "COOKIEJWT_", "__Secure-"),
        (
            &[("COOKIEJWT_ACCESS_NAME", "__Host-a"), ("COOKIEJWT_SECURE", "false")],
            "COOKIEJWT_ACCESS_NAME",
            "COOKIEJWT_SECURE",
        ),
        (&[("COOKIEJWT_HTTPONLY", "false")], "COOKIEJWT_HTTPONLY", "remove it"),
        (&[("COOKIEJWT_SAMESITE", "Sometimes")], "COOKIEJWT_SAMESITE", "Lax, Strict or None"),
    ]);
}

#[test]
fn control_characters_in_header_values() {
    for name in ["ACCESS_NAME", "REFRESH_NAME", "PATH", "DOMAIN"] {
        let name = format!("COOKIEJWT_{name}");
        for value in ["/a\r\nSet-Cookie: x=y", "/a\u{1b}[2Jb", "/a;b", "/a\tb", "a,b"] {
            refuses(&[(name.clone().into(), value.into())], &name, "");
        }
    }
}

/// A browser binds nothing, or forgets each session.
#[test]
fn device_bound_sessions_that_cannot_be() {
    const NAME: &str = "COOKIEJWT_DEVICE_BOUND";
    for setting in ["keep", "offer", "require"] {
        refuses_each(&[
            (&[(NAME, setting), ("COOKIEJWT_SECURE", "false")], NAME, "HTTPS"),
            (&[(NAME, setting), ("COOKIEJWT_SECURE", "false")], "COOKIEJWT_SECURE", NAME),
            (&[(NAME, setting), ("COOKIEJWT_ACCESS_MAX_AGE", "299")], NAME, "300"),
            (&[(NAME, setting), ("COOKIEJWT_SAMESITE", "None")], NAME, "Lax or Strict"),
        ]);
    }
    refuses_each(&[
        (&[(NAME, "yes")], NAME, "offer"),
        (&[(NAME, "")], NAME, "remove it"),
        (&[(NAME, "require"), ("COOKIEJWT_TOKEN_MODE", "true")], NAME, "COOKIEJWT_TOKEN_MODE"),
    ]);
}

#[test]
fn invalid_ages() {
    for name in ["COOKIEJWT_ACCESS_MAX_AGE", "COOKIEJWT_REFRESH_MAX_AGE", "COOKIEJWT_SESSION_MAX_AGE"] {
        let number = "whole number of seconds";
        for (value, cure) in
            [("0", "second"), ("-1", number), ("abc", number), ("1.5", number), ("99999999", "days")]
        {
            refuses_each(&[(&[(name, value)], name, cure)]);
        }
    }
}

#[test]
fn unknown_and_invalid_variables() {
    refuses_each(&[
        (&[("COOKIEJWT_FOO", "1")], "COOKIEJWT_FOO", "remove it"),
        (&[("COOKIEJWT_ACCESS_MAXAGE", "300")], "COOKIEJWT_ACCESS_MAXAGE", "COOKIEJWT_ACCESS_MAX_AGE"),
        (&[("PORT", "http")], "PORT", "0 to 65535"),
        (&[("PORT", "65536")], "PORT", "0 to 65535"),
    ]);
}

#[test]
fn a_value_that_is_not_text() {
    for name in ["COOKIEJWT_SECRET", "COOKIEJWT_PATH", "COOKIEJWT_FOO"] {
        refuses(&[(name.into(), OsString::from_vec(b"\xff\xfe".to_vec()))], name, "UTF-8");
    }
}

#[test]
fn other_variables_that_are_not_text_are_ignored() {
    let home = Home::new();
    let odd = OsString::from_vec(b"\xff\xfe".to_vec());
    let mut variables = owned(&[("PORT", "0"), ("DEMO_USER", USER), ("DEMO_PASSWORD", PASSWORD)]);
    variables.extend([("SOMETHING_ELSE".into(), odd.clone()), (odd, "1".into())]);
    home.start_exactly(&variables).login();
}
