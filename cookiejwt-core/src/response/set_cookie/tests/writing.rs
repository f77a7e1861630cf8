//! How cookies are written into a response that has header fields already.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, PRAGMA, SET_COOKIE, VARY},
};
use proptest::prelude::*;

use super::{
    super::{CookieWriter, SetCookies},
    life, settings,
};
use crate::{
    config::CredentialOrder,
    decide::{Decision, Outcome, Reason, Refusal},
};

const A: &str = "__Host-access_token";
const R: &str = "__Host-refresh_token";
const ACCESS: &str = "__Host-access_token=new.a; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=300; \
                      Expires=Thu, 01 Jan 2026 12:05:00 GMT";
const REFRESH: &str = "__Host-refresh_token=new.r; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=900; \
                       Expires=Thu, 01 Jan 2026 12:15:00 GMT";

const CLEAR: HeaderName = HeaderName::from_static("clear-site-data");

type Fields<'a> = &'a [(HeaderName, &'a str)];

fn writer() -> CookieWriter {
    CookieWriter::new(&settings())
}

fn both() -> SetCookies {
    let writer = writer();
    let (access, refresh) =
        (writer.access("new.a", Some(life(300))), writer.refresh("new.r", Some(life(900))));
    SetCookies::pair(access.unwrap(), refresh.unwrap())
}

fn response(fields: Fields<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn values(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

/// What the handler had set, whether a decision brings cookies, and the lines that leave.
const LINES: [(&str, &[&str], bool, &[&str]); 17] = [
    ("nothing of ours", &[], false, &[]),
    ("only the decision's", &[], true, &[ACCESS, REFRESH]),
    (
        "foreign lines stay, in front and in order",
        &["b=2; Path=/", "a=1"],
        true,
        &["b=2; Path=/", "a=1", ACCESS, REFRESH],
    ),
    ("foreign lines of one name stay", &["a=1", "a=2"], true, &["a=1", "a=2", ACCESS, REFRESH]),
    ("foreign lines alone are not touched", &["a=1", "a=2"], false, &["a=1", "a=2"]),
    (
        "the handler's access line wins",
        &["__Host-access_token=mine; Path=/; Secure"],
        true,
        &["__Host-access_token=mine; Path=/; Secure", REFRESH],
    ),
    (
        "the handler's refresh line wins",
        &["__Host-refresh_token=; Max-Age=0"],
        true,
        &[ACCESS, "__Host-refresh_token=; Max-Age=0"],
    ),
    (
        "both of the handler's win",
        &["__Host-refresh_token=r", "a=1", "__Host-access_token=a"],
        true,
        &["a=1", "__Host-access_token=a", "__Host-refresh_token=r"],
    ),
    ("the handler's alone stay", &["__Host-access_token=a"], false, &["__Host-access_token=a"]),
    (
        "the handler's last line wins",
        &["__Host-access_token=1", "__Host-access_token=2"],
        true,
        &["__Host-access_token=2", REFRESH],
    ),
    (
        "one line per name, without a decision",
        &["__Host-access_token=1", "x=y", "__Host-access_token=2"],
        false,
        &["x=y", "__Host-access_token=2"],
    ),
    ("blanks around the name", &[" __Host-access_token =1"], true, &[" __Host-access_token =1", REFRESH]),
    (
        "another case is foreign",
        &["__host-access_token=1"],
        true,
        &["__host-access_token=1", ACCESS, REFRESH],
    ),
    (
        "a longer name is foreign",
        &["__Host-access_token2=1"],
        true,
        &["__Host-access_token2=1", ACCESS, REFRESH],
    ),
    (
        "percent-encoding is foreign",
        &["%5F%5FHost-access_token=1"],
        true,
        &["%5F%5FHost-access_token=1", ACCESS, REFRESH],
    ),
    (
        "our name as a value is foreign",
        &["a=__Host-access_token=1"],
        true,
        &["a=__Host-access_token=1", ACCESS, REFRESH],
    ),
    (
        "our name as an attribute is foreign",
        &["a=1; __Host-access_token=1"],
        true,
        &["a=1; __Host-access_token=1", ACCESS, REFRESH],
    ),
];

#[test]
fn the_handlers_line_wins_and_one_line_per_name_leaves() {
    for (rule, handler, decided, expected) in LINES {
        let fields: Vec<_> = handler.iter().map(|line| (SET_COOKIE, *line)).collect();
        let mut headers = response(&fields);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        let cookies = if decided { both() } else { SetCookies::default() };
        writer().write(&cookies, &mut headers);
        let lines = headers
            .get_all(SET_COOKIE)
            .iter()
            .map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned());
        assert_eq!(lines.collect::<Vec<_>>(), expected, "{rule}");
        assert_eq!(headers[CONTENT_TYPE], "text/plain", "{rule}");
        let ours = expected.iter().any(|line| {
            line.trim_start().starts_with("__Host-access_token=")
                || line.contains("access_token =")
                || line.starts_with(R)
        });
        assert_eq!(values(&headers, &CACHE_CONTROL) == ["no-store"], ours, "{rule}");
        assert_eq!(values(&headers, &VARY) == ["Cookie"], ours, "{rule}");
    }
}

/// Cache-Control and Vary before, and after cookies of ours were written.
const MERGED: [(&str, Fields<'_>, &[&str], &[&str]); 12] = [
    ("absent", &[], &["no-store"], &["Cookie"]),
    ("there already", &[(CACHE_CONTROL, "no-store"), (VARY, "Cookie")], &["no-store"], &["Cookie"]),
    ("without case", &[(CACHE_CONTROL, "No-Store"), (VARY, "cookie")], &["No-Store"], &["cookie"]),
    (
        "in a list",
        &[(CACHE_CONTROL, "private, no-store"), (VARY, "Accept,Cookie")],
        &["private, no-store"],
        &["Accept,Cookie"],
    ),
    (
        "weaker rules stay beside ours",
        &[(CACHE_CONTROL, "public, max-age=60")],
        &["public, max-age=60", "no-store"],
        &["Cookie"],
    ),
    ("no-cache is weaker", &[(CACHE_CONTROL, "no-cache")], &["no-cache", "no-store"], &["Cookie"]),
    ("other members stay", &[(VARY, "Accept-Encoding")], &["no-store"], &["Accept-Encoding", "Cookie"]),
    ("a star is everything", &[(VARY, "*")], &["no-store"], &["*"]),
    ("in a second field", &[(VARY, "Accept"), (VARY, "Cookie")], &["no-store"], &["Accept", "Cookie"]),
    (
        "a part of a word is another word",
        &[(VARY, "Cookie-Consent")],
        &["no-store"],
        &["Cookie-Consent", "Cookie"],
    ),
    (
        "an extension is another directive",
        &[(CACHE_CONTROL, "no-store-x")],
        &["no-store-x", "no-store"],
        &["Cookie"],
    ),
    ("a star means nothing to Cache-Control", &[(CACHE_CONTROL, "*")], &["*", "no-store"], &["Cookie"]),
];

#[test]
fn a_response_with_our_cookies_is_not_stored() {
    for (rule, before, cache_control, vary) in MERGED {
        for cookies in [both(), writer().clear_both()] {
            let mut headers = response(before);
            writer().write(&cookies, &mut headers);
            assert_eq!(values(&headers, &CACHE_CONTROL), cache_control, "{rule}");
            assert_eq!(list(&headers, &VARY), vary.join(", "), "{rule}");
        }
        let mut untouched = response(before);
        writer().write(&SetCookies::default(), &mut untouched);
        assert_eq!(untouched, response(before), "{rule}, without cookies of ours");
    }
}

#[test]
fn names_and_order_of_a_pair() {
    let names: Vec<_> = both().iter().map(|cookie| cookie.name().to_owned()).collect();
    assert_eq!(names, [A, R]);
    assert!(SetCookies::default().is_empty() && !both().is_empty());
}

fn any_response() -> impl Strategy<Value = Vec<(HeaderName, String)>> {
    let name = prop_oneof![Just(A.to_owned()), Just(R.to_owned()), "[a-z_]{1,8}"];
    let line = (name, "[a-z.]{0,9}", "(; Path=/)?").prop_map(|(n, v, a)| (SET_COOKIE, format!("{n}={v}{a}")));
    let other = prop_oneof![
        "(no-store|private|max-age=9)".prop_map(|value| (CACHE_CONTROL, value)),
        "(Cookie|Accept|\\*)".prop_map(|value| (VARY, value)),
    ];
    prop::collection::vec(prop_oneof![3 => line, 1 => other], 0..8)
}

proptest! {
    #[test]
    fn writing_twice_is_writing_once(fields in any_response(), decided in any::<bool>()) {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.clone(), value.as_str())).collect();
        let cookies = if decided { both() } else { SetCookies::default() };
        let mut once = response(&fields);
        writer().write(&cookies, &mut once);
        let mut twice = once.clone();
        writer().write(&cookies, &mut twice);
        prop_assert_eq!(&once, &twice);
        let lines = values(&once, &SET_COOKIE);
        for name in [A, R] {
            let of_name = lines.iter().filter(|line| line.starts_with(&format!("{name}="))).count();
            let handlers = fields.iter().filter(|(_, line)| line.starts_with(&format!("{name}="))).count();
            prop_assert_eq!(of_name, usize::from(decided || handlers > 0));
        }
        let foreign = |line: &&str| !line.starts_with(A) && !line.starts_with(R);
        let before: Vec<_> = fields.iter().filter(|f| f.0 == SET_COOKIE).map(|f| f.1).filter(foreign).collect();
        let after: Vec<_> = lines.iter().map(String::as_str).filter(foreign).collect();
        prop_assert_eq!(after, before);
    }
}

/// What an answer says about caching and what it depends on, before and after.
const PRIVATE: [(&str, Fields<'_>, &[&str], &[&str]); 12] = [
    ("nothing was said", &[], &["private, no-cache"], &["Cookie", "Authorization"]),
    (
        "what was said stays",
        &[(CACHE_CONTROL, "public, max-age=60")],
        &["public, max-age=60"],
        &["Cookie", "Authorization"],
    ),
    ("no-store", &[(CACHE_CONTROL, "no-store")], &["no-store"], &["Cookie", "Authorization"]),
    ("an empty field is a word too", &[(CACHE_CONTROL, "")], &[""], &["Cookie", "Authorization"]),
    ("Expires is about caching", &[(EXPIRES, "0")], &[], &["Cookie", "Authorization"]),
    ("so is Pragma", &[(PRAGMA, "no-cache")], &[], &["Cookie", "Authorization"]),
    (
        "other members stay",
        &[(VARY, "Accept")],
        &["private, no-cache"],
        &["Accept", "Cookie", "Authorization"],
    ),
    ("each once", &[(VARY, "cookie, AUTHORIZATION")], &["private, no-cache"], &["cookie, AUTHORIZATION"]),
    ("one of them is there", &[(VARY, "Cookie")], &["private, no-cache"], &["Cookie", "Authorization"]),
    ("a star is everything", &[(VARY, "*")], &["private, no-cache"], &["*"]),
    (
        "a cookie of the application",
        &[(SET_COOKIE, "a=b")],
        &["private, no-cache"],
        &["Cookie", "Authorization"],
    ),
    ("a line of ours", &[(SET_COOKIE, "__Host-access_token=a")], &["no-store"], &["Cookie"]),
];

/// One field with two members says the same as two fields (RFC 9110 §5.3).
#[cfg(feature = "testing")]
fn list(headers: &HeaderMap, name: &HeaderName) -> String {
    values(headers, name).join(", ")
}

#[cfg(feature = "testing")]
#[test]
fn an_answer_that_depends_on_who_asked_is_private() {
    let core = crate::testing::core();
    let decision = |outcome, reason| Decision::new(outcome, reason);
    for (rule, before, cache_control, vary) in PRIVATE {
        for decision in [
            decision(Outcome::Anonymous, Reason::NoCredential),
            decision(Outcome::Refused(Refusal::InvalidToken), Reason::OnlyEarly),
            decision(Outcome::Unavailable, Reason::TokenStoreFailed),
        ] {
            let mut headers = response(before);
            core.write_decision(&decision, &mut headers);
            assert_eq!(values(&headers, &CACHE_CONTROL), cache_control, "{rule}");
            assert_eq!(list(&headers, &VARY), vary.join(", "), "{rule}");
            let once = headers.clone();
            core.write_decision(&decision, &mut headers);
            assert_eq!(headers, once, "{rule}, twice");
        }
        let mut skipped = response(before);
        core.write_decision(&decision(Outcome::Anonymous, Reason::Skipped), &mut skipped);
        if !rule.starts_with("a line of ours") {
            assert_eq!(skipped, response(before), "{rule}, skipped");
        }
    }
}

#[cfg(feature = "testing")]
#[test]
fn only_what_is_read_stands_in_vary() {
    for (order, vary) in [
        (CredentialOrder::CookieThenHeader, &["Cookie", "Authorization"][..]),
        (CredentialOrder::HeaderThenCookie, &["Cookie", "Authorization"]),
        (CredentialOrder::CookieOnly, &["Cookie"]),
        (CredentialOrder::HeaderOnly, &["Authorization"]),
    ] {
        let core = crate::decide::Core::new(crate::testing::config().credentials(order).build().unwrap());
        let mut headers = HeaderMap::new();
        core.write_decision(&Decision::new(Outcome::Anonymous, Reason::NoCredential), &mut headers);
        assert_eq!(list(&headers, &VARY), vary.join(", "), "{order:?}");
    }
}

#[test]
fn a_logout_clears_what_is_stored_only_where_that_is_set() {
    let write = |cookies: &SetCookies, fields: Fields<'_>| {
        let mut headers = response(fields);
        assert!(writer().write(cookies, &mut headers));
        values(&headers, &CLEAR)
    };
    let logout = || writer().clear_both();
    assert_eq!(write(&logout(), &[]), [""; 0]);
    let clearing = logout().clearing_cache(true);
    assert_eq!(write(&clearing, &[]), ["\"cache\""]);
    assert_eq!(write(&clearing, &[(CLEAR, "\"cache\", \"storage\"")]), ["\"cache\", \"storage\""]);
    assert_eq!(write(&clearing, &[(CLEAR, "\"storage\"")]), ["\"storage\"", "\"cache\""]);
    assert_eq!(write(&clearing.clone().and(both()), &[]), ["\"cache\""], "with other lines");
    assert_eq!(write(&both().and(clearing), &[]), ["\"cache\""], "after other lines");
}
