//! The `Authorization` field. In other libraries an invalid bearer often blocks a valid cookie;
//! here neither blocks the other.

use super::*;
use cookiejwt_core::CredentialOrder;

const ANONYMOUS: &str = "not_authenticated";

fn told(core: &Core, method: &str, fields: &[(&'static str, &[u8])]) -> String {
    let raw = Raw::new(fields);
    answer(core, RequestHead::new(method, "/me", None, &raw), NOW)
}

fn cookie() -> Vec<u8> {
    format!("__Host-access_token={}", with_payload(payload())).into()
}

fn bob() -> Vec<u8> {
    format!("Bearer {}", with_payload(payload_with("sub", "\"bob\""))).into()
}

#[test]
fn b40_cookie_and_bearer() {
    let header_first = Core::new(config().credentials(CredentialOrder::HeaderThenCookie).build().unwrap());
    for (rule, core, bearer, expected) in [
        ("both, cookie first", core(), bob(), "alice"),
        ("both, header first", header_first.clone(), bob(), "bob"),
        ("junk and a cookie", core(), b"Bearer junk".to_vec(), "alice"),
        ("junk and a cookie, header first", header_first, b"Bearer junk".to_vec(), "alice"),
    ] {
        assert_eq!(
            told(&core, "GET", &[("cookie", &cookie()), ("authorization", &bearer)]),
            expected,
            "{rule}"
        );
    }
    let dead = b"__Host-access_token=x";
    assert_eq!(told(&core(), "GET", &[("cookie", dead), ("authorization", &bob())]), "bob");
    assert_eq!(told(&core(), "GET", &[("cookie", dead), ("authorization", b"Bearer junk")]), INVALID);
}

#[test]
fn b41_one_field_one_scheme_one_token() {
    let token = String::from_utf8(bob()).unwrap().replace("Bearer ", "");
    let of = |value: String| told(&core(), "GET", &[("authorization", value.as_bytes())]);
    for (rule, value, expected) in [
        ("lower case", format!("bearer {token}"), "bob"),
        ("mixed case", format!("bEaReR {token}"), "bob"),
        ("a list", format!("Bearer {token}, Bearer {token}"), INVALID),
        ("a comma", format!("Bearer {token},"), INVALID),
        ("quoted", format!("Bearer \"{token}\""), INVALID),
        ("a parameter", format!("Bearer token={token}"), INVALID),
        ("two tokens", format!("Bearer {token} {token}"), INVALID),
        ("nothing", "Bearer".into(), INVALID),
        ("not ASCII", format!("Bearer {token}\u{e9}"), INVALID),
    ] {
        assert_eq!(of(value), expected, "{rule}");
    }
    for value in
        [format!("Basic {token}"), format!("Bearers {token}"), token.clone(), format!("\u{a0}Bearer {token}")]
    {
        assert!(of(value.clone()).contains(ANONYMOUS), "{value}");
    }
    let two = told(&core(), "GET", &[("authorization", &bob()), ("authorization", &bob())]);
    assert!(two.contains(ANONYMOUS), "two fields");
    let raw = Raw::new(&[]);
    let query = format!("/me?access_token={token}");
    assert!(
        answer(&core(), RequestHead::new("GET", &query, None, &raw), NOW).contains(ANONYMOUS),
        "in the query"
    );
}

#[test]
fn b42_csrf_depends_on_the_credential_that_is_used() {
    let (cookie, bob) = (cookie(), bob());
    let cross_site = ("sec-fetch-site", &b"cross-site"[..]);
    for (rule, authorization, expected) in [
        ("Basic does not skip the check", &b"Basic YTpi"[..], "csrf_failed"),
        ("junk does not skip the check", b"Bearer junk", "csrf_failed"),
        ("a valid bearer is used instead of the cookie", &bob, "bob"),
    ] {
        let fields = [("cookie", &cookie[..]), cross_site, ("authorization", authorization)];
        assert!(told(&core(), "POST", &fields).contains(expected), "{rule}");
    }
    assert_eq!(told(&core(), "POST", &[("authorization", &bob), cross_site]), "bob", "no cookie, no rule");
}

#[test]
fn b43_no_refresh_by_header() {
    let refresh = testing::refresh("alice").by(&core()).token();
    assert_eq!(told(&core(), "GET", &[("authorization", format!("Bearer {refresh}").as_bytes())]), INVALID);
    let near = NOW.unix_timestamp() - 290;
    let near = payload_with("iat", &near.to_string())
        .replace(&(NOW.unix_timestamp() + 300).to_string(), &(near + 300).to_string());
    let bearer = format!("Bearer {}", with_payload(near));
    assert_eq!(told(&core(), "GET", &[("authorization", bearer.as_bytes())]), "alice", "near its end");
}
