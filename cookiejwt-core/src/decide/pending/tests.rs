//! What is sealed comes back, to the client that it was given to and to no other.

use http::request::Parts;

use super::*;
use crate::{
    config::{ConfigBuilder, Secret},
    testing::{self, NOW},
    token::Method,
};

fn core(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Core {
    Core::new(change(testing::config().token_mode(true)).build().unwrap())
}

fn plain() -> Core {
    core(|config| config)
}

fn after(seconds: i64) -> Timestamp {
    Timestamp::from(NOW).plus_millis(seconds * 1000)
}

fn pending(number: u8) -> PendingLogin {
    let mut pending = PendingLogin::new("second-factor", [number; 16], NOW);
    pending.subject = Some("alice".into());
    pending.proofs = Proofs::new().with(Method::PWD, NOW);
    pending.data = Some("{\"a\":\"é\"}".into());
    pending.next = Some("/notes?a=b".into());
    pending.remember = Some(true);
    pending.binding = Some("hash".into());
    pending
}

fn request(cookies: &str, is_token_mode: bool) -> Parts {
    let request = http::Request::post("/").header("cookie", cookies);
    let mode = if is_token_mode { "token" } else { "cookie" };
    request.header("cookiejwt-mode", mode).body(()).unwrap().into_parts().0
}

fn seal(core: &Core, pending: &PendingLogin, head: &Parts) -> SealedPending {
    let presented = core.presented_pendings(head, NOW);
    let client = PendingClient { mode: core.mode(head), presented: &presented };
    core.seal_pending(pending, client, [9; NONCE], NOW).unwrap()
}

fn line(sealed: &SealedPending) -> String {
    let lines: Vec<_> = sealed.cookies.iter().map(|cookie| cookie.line().to_str().unwrap()).collect();
    assert_eq!(lines.len(), 1);
    lines[0].to_owned()
}

fn cookie(core: &Core, pending: &PendingLogin) -> String {
    line(&seal(core, pending, &request("", false))).split(';').next().unwrap().to_owned()
}

#[test]
fn the_cookie_of_a_pending_login() {
    let one = pending(1);
    let attributes = |core: &Core, pending: &PendingLogin| {
        let line = line(&seal(core, pending, &request("", false)));
        let (pair, attributes) = line.split_once(';').unwrap();
        (pair.split_once('=').unwrap().0.to_owned(), attributes.trim().to_owned())
    };
    let until = "Max-Age=600; Expires=Thu, 01 Jan 2026 12:10:00 GMT";
    let posted = PendingLogin { cross_site: true, ..one.clone() };
    let wide = core(|config| config.realm("staff").same_site(crate::config::SameSite::Strict));
    let insecure = core(|config| config.secure(false));
    for (rule, core, pending, name, expected) in [
        ("for this host only", &plain(), &one, "__Host-pending_", "Path=/; Secure; HttpOnly; SameSite=Lax"),
        (
            "of a realm, whatever SameSite the others have",
            &wide,
            &one,
            "__Host-staff_pending_",
            "Path=/; Secure; HttpOnly; SameSite=Lax",
        ),
        (
            "posted by another site",
            &plain(),
            &posted,
            "__Host-pending_",
            "Path=/; Secure; HttpOnly; SameSite=None",
        ),
        ("without TLS", &insecure, &posted, "pending_", "Path=/; HttpOnly; SameSite=Lax"),
    ] {
        let expected = (format!("{name}{}", one.id), format!("{expected}; {until}"));
        assert_eq!(attributes(core, pending), expected, "{rule}");
    }
}

#[test]
fn what_is_sealed_comes_back_to_its_client() {
    let core = plain();
    let one = pending(1);
    let head = request(&cookie(&core, &one), false);
    assert_eq!(core.presented_pendings(&head, after(599)), std::slice::from_ref(&one));
    assert_eq!(core.presented_pendings(&head, after(600)), [], "it ends");
    let text = seal(&core, &one, &request("", true)).text.unwrap();
    let opened = core.open_pending(&request("", true), &text, after(599)).unwrap();
    assert!(opened.is_token_mode());
    assert_eq!(PendingLogin { is_token_mode: false, ..opened }, one);
    assert_eq!(core.open_pending(&request("", true), &text, after(600)), None, "it ends in token mode, too");
}

/// Each row is something that a client might try with a pending login that it has.
#[test]
fn who_cannot_use_it() {
    let core = plain();
    let pair = cookie(&core, &pending(1));
    let text = seal(&core, &pending(1), &request("", true)).text.unwrap();
    let (name, value) = pair.split_once('=').unwrap();
    let other_name = format!("__Host-pending_{}={value}", pending(2).id);
    for (rule, cookies, is_token_mode) in [
        ("the cookie in token mode, where no cookie is read", pair.clone(), true),
        ("the text as a cookie", format!("{name}={text}"), false),
        ("under another id", other_name, false),
        ("cut", pair[..pair.len() - 1].to_owned(), false),
        ("of another realm by its name", pair.replace("pending_", "staff_pending_"), false),
    ] {
        assert_eq!(core.presented_pendings(&request(&cookies, is_token_mode), NOW), [], "{rule}");
    }
    for (rule, text, is_token_mode) in [
        ("the cookie as a text", value, true),
        ("the text in cookie mode", &*text, false),
        ("cut", &text[..text.len() - 1], true),
        ("nothing", "", true),
    ] {
        assert_eq!(core.open_pending(&request("", is_token_mode), text, NOW), None, "{rule}");
    }
    let staff = self::core(|config| config.realm("staff"));
    assert_eq!(staff.open_pending(&request("", true), &text, NOW), None, "the key of another realm");
}

#[test]
fn one_that_began_beside_a_session_continues_beside_it_only() {
    let core = plain();
    let beside = PendingLogin { session: Some("s".into()), ..pending(1) };
    let pair = cookie(&core, &beside);
    let access = |session: &str| testing::access("alice").by(&core).session(session);
    let text = seal(&core, &beside, &request("", true)).text.unwrap();
    for (rule, session, expected) in [("its own", "s", true), ("another", "t", false)] {
        let cookies = format!("{pair}; {}", access(session).cookie());
        assert_eq!(core.presented_pendings(&request(&cookies, false), NOW).len() == 1, expected, "{rule}");
        let mut head = request("", true);
        head.headers.insert("authorization", access(session).bearer().parse().unwrap());
        assert_eq!(core.open_pending(&head, &text, NOW).is_some(), expected, "{rule}, in token mode");
    }
    assert_eq!(core.presented_pendings(&request(&pair, false), NOW), [], "none");
    assert_eq!(core.open_pending(&request("", true), &text, NOW), None, "none, in token mode");
}

#[test]
fn a_browser_keeps_four_and_the_oldest_goes() {
    let core = plain();
    let aged = |number: u8| {
        let expires_at = after(100 + i64::from(number));
        PendingLogin { expires_at, ..pending(number) }
    };
    let jar: Vec<_> = (1..=4).map(|number| cookie(&core, &aged(number))).collect();
    let sealed = seal(&core, &aged(5), &request(&jar.join("; "), false));
    let names: Vec<_> = sealed.cookies.iter().map(|cookie| cookie.line().to_str().unwrap()).collect();
    assert!(
        names[0].starts_with(&format!("__Host-pending_{}=;", aged(1).id)) && names[0].contains("Max-Age=0")
    );
    assert!(names[1].starts_with(&format!("__Host-pending_{}=", aged(5).id)) && names.len() == 2);
    let presented = core.presented_pendings(&request(&jar.join("; "), false), NOW);
    let order: Vec<_> = presented.iter().map(|pending| pending.id.clone()).collect();
    assert_eq!(order, [4, 3, 2, 1].map(|number| aged(number).id), "the newest first");
    let again = seal(&core, &aged(1), &request(&jar.join("; "), false));
    assert_eq!(again.cookies.iter().count(), 1, "sealing the same one again clears no other");
}

/// Browsers send the cookies in the order in which they got them.
#[test]
fn of_the_same_second_the_last_cookie_is_the_newest() {
    let core = plain();
    let jar: Vec<_> = (1..=4).map(|number| cookie(&core, &pending(number))).collect();
    let head = request(&jar.join("; "), false);
    let presented = core.presented_pendings(&head, NOW);
    let order: Vec<_> = presented.iter().map(|pending| pending.id.clone()).collect();
    assert_eq!(order, [4, 3, 2, 1].map(|number| pending(number).id));
    let sealed = seal(&core, &pending(5), &head);
    let cleared = sealed.cookies.iter().next().unwrap().name();
    assert_eq!(cleared, format!("__Host-pending_{}", pending(1).id), "the fifth clears the first");
}

#[test]
fn the_lines_reach_the_response_beside_those_of_a_handler() {
    let core = plain();
    let mut headers = http::HeaderMap::new();
    headers.append("set-cookie", "theme=dark".parse().unwrap());
    core.write_cookies(&seal(&core, &pending(1), &request("", false)).cookies, &mut headers);
    let lines: Vec<_> = headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert!(lines.len() == 2 && lines[0] == "theme=dark" && lines[1].starts_with("__Host-pending_"));
    assert_eq!(headers["cache-control"], "no-store");
    let sealed = seal(&core, &pending(1), &request("", false)).cookies;
    let cleared = sealed.and(core.clear_pending(&pending(1)));
    assert_eq!(cleared.iter().count(), 1, "the later line of a name counts");
    assert!(cleared.iter().all(|cookie| cookie.line().to_str().unwrap().contains("Max-Age=0")));
}

#[test]
fn no_longer_life_and_no_larger_data() {
    let core = plain();
    let long = PendingLogin { expires_at: after(86_400), ..pending(1) };
    assert!(line(&seal(&core, &long, &request("", false))).contains("Max-Age=600;"));
    let data = |length: usize| PendingLogin { data: Some("x".repeat(length)), ..pending(1) };
    let client = PendingClient { mode: Mode::Cookie, presented: &[] };
    let seal = |length| core.seal_pending(&data(length), client, [9; NONCE], NOW);
    assert!(seal(1024).is_ok());
    assert_eq!(seal(1025).unwrap_err(), MintError::FactsTooLarge { length: 1025 });
}

#[test]
fn it_outlives_the_secret_that_sealed_it() {
    let secrets =
        ["NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=", "2q3lrZyWb0cP1xJvYkH6m8TnSgUe4aXh7Bd9Q5iCoFs="]
            .map(|text| Secret::from_base64(text).unwrap());
    let [old, new] = secrets;
    let pair = cookie(&core(|config| config.secret(old.clone())), &pending(1));
    let head = request(&pair, false);
    let both = core(|config| config.secret(new.clone()).previous_secret(old));
    assert_eq!(both.presented_pendings(&head, NOW).len(), 1);
    assert_eq!(core(|config| config.secret(new)).presented_pendings(&head, NOW), []);
}

#[test]
fn a_binding_ends_with_the_password_and_the_stamp() {
    let core = plain();
    let binding = core.binding(&"alice".into(), Some("hash"), Some("1")).unwrap();
    for (rule, subject, hash, stamp, is_bound) in [
        ("the same user", "alice", Some("hash"), Some("1"), true),
        ("a new password", "alice", Some("other"), Some("1"), false),
        ("a password that was removed", "alice", None, Some("1"), false),
        ("another stamp", "alice", Some("hash"), Some("2"), false),
        ("no stamp", "alice", Some("hash"), None, false),
        ("another user", "bob", Some("hash"), Some("1"), false),
    ] {
        assert_eq!(core.is_bound(&binding, &subject.into(), hash, stamp), is_bound, "{rule}");
    }
}
