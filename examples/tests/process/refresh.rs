use crate::common::{ACCESS, DEVICE, Home, Jar, LOGIN, LOGOUT, REFRESH, Server, wait_for};

/// Access tokens that live for one second, without tolerance, so that a test can wait until they
/// expire.
const SHORT: [(&str, &str); 2] = [("COOKIEJWT_ACCESS_MAX_AGE", "1"), ("COOKIEJWT_LEEWAY", "0")];

/// Waits until the access token alone is no longer accepted.
fn expire(server: &Server, jar: &Jar) {
    let ended = wait_for(10, || {
        let answer = server.get("/api/me").bearer(jar.get(ACCESS)).send();
        (answer.status == 401).then(|| answer.code())
    });
    assert_eq!(ended.as_deref(), Some("invalid_token"));
}

fn session(server: &Server, jar: &Jar) -> serde_json::Value {
    server.me(jar).json()["session_id"].clone()
}

/// One response brought a new pair, which works.
fn is_renewed(server: &Server, before: &Jar, after: &Jar) {
    let mut names = after.names();
    names.retain(|name| *name != DEVICE);
    assert_eq!(names, [ACCESS, REFRESH]);
    for name in [ACCESS, REFRESH] {
        assert_ne!(after.get(name), before.get(name), "{name}");
    }
    let again = server.me(after);
    assert_eq!((again.status, again.json()["source"].as_str()), (200, Some("cookie")), "{again:?}");
}

#[test]
fn a_missing_access_cookie_is_renewed_within_the_request() {
    let home = Home::new();
    let server = home.start(&[]);
    let before = server.login();
    let answer = server.me(&before.without(ACCESS));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.header("vary").is_some_and(|vary| vary.eq_ignore_ascii_case("cookie")), "{answer:?}");
    let after = Jar::of(&answer);
    is_renewed(&server, &before, &after);
    assert_eq!(session(&server, &after), session(&server, &before), "the session stays the same");
}

#[test]
fn an_expired_access_token_is_renewed_within_the_request() {
    let home = Home::new();
    let server = home.start(&SHORT);
    let before = server.login();
    expire(&server, &before);
    let answer = server.me(&before);
    assert_eq!(answer.status, 200, "{answer:?}");
    let after = Jar::of(&answer);
    assert_eq!(after.names(), [ACCESS, REFRESH]);
    assert_ne!(after.get(REFRESH), before.get(REFRESH));
    let lines = answer.set_cookies();
    assert!(lines.iter().any(|line| line.starts_with(ACCESS) && line.contains("Max-Age=1")), "{lines:?}");

    let alone = server.me(&before.without(REFRESH));
    assert_eq!((alone.status, alone.code().as_str()), (401, "invalid_token"), "{alone:?}");
}

#[test]
fn a_response_of_500_sets_the_new_cookies() {
    let home = Home::new();
    let server = home.start(&[]);
    let before = server.login();
    let answer = server.get("/api/slow-error").cookies(&before.without(ACCESS)).send();
    assert_eq!(answer.status, 500, "{answer:?}");
    is_renewed(&server, &before, &Jar::of(&answer));
    let quiet = server.get("/api/slow-error").cookies(&before).send();
    assert_eq!((quiet.status, quiet.set_cookies().len()), (500, 0), "nothing to renew: {quiet:?}");
}

#[test]
fn a_note_is_stored_by_a_request_that_has_to_refresh() {
    let home = Home::new();
    let server = home.start(&[]);
    let before = server.login();
    let note = serde_json::json!({ "text": "kept" });
    let answer = server.post("/api/notes").cookies(&before.without(ACCESS)).json(&note).send();
    assert_eq!(answer.status, 201, "{answer:?}");
    is_renewed(&server, &before, &Jar::of(&answer));
}

#[test]
fn the_button_of_the_page_clears_only_the_access_cookie() {
    let home = Home::new();
    let server = home.start(&[]);
    let mut jar = server.login();
    let before = jar.clone();
    let answer = server.post("/api/demo/expire").cookies(&jar).send();
    assert_eq!(answer.status, 204, "{answer:?}");
    jar.keep(&answer);
    assert_eq!(jar, before.without(ACCESS));
    jar.keep(&server.me(&jar));
    is_renewed(&server, &before, &jar);
}

#[test]
fn the_refresh_route_renews_and_returns_the_expiry() {
    let home = Home::new();
    let server = home.start(&[]);
    let before = server.login();
    let path = format!("{LOGIN}refresh/");
    let answer = server.post(&path).cookies(&before).send();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.json()["refresh_expires_at"].is_string(), "{answer:?}");
    is_renewed(&server, &before, &Jar::of(&answer));
    let nothing = server.post(&path).send();
    assert_eq!((nothing.status, nothing.code().as_str()), (401, "not_authenticated"));
}

#[test]
fn a_refresh_token_used_again_after_the_leeway_ends_the_session() {
    let home = Home::new();
    let server = home.start(&[("COOKIEJWT_REUSE_LEEWAY", "1")]);
    let stolen = server.login();
    let honest = Jar::of(&server.me(&stolen.without(ACCESS)));
    assert_eq!(server.me(&honest).status, 200);
    // Receipts are written once a second, and the leeway starts with them.
    std::thread::sleep(std::time::Duration::from_secs(4));
    let thief = server.me(&stolen.without(ACCESS));
    assert_eq!((thief.status, thief.code().as_str()), (401, "session_revoked"), "{thief:?}");
    assert_eq!(server.me(&honest).status, 401, "the session is over for both");
    assert_eq!(server.me(&honest.without(ACCESS)).status, 401);
    assert_eq!(server.post(LOGOUT).cookies(&honest).send().status, 200, "logout always works");
}
