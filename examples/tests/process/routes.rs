use serde_json::json;

use crate::{
    common::{ACCESS, Answer, DEVICE, Home, Jar, LOGIN, LOGOUT, PASSWORD, REFRESH, Server, USER},
    old_login::{SECRET, logged_in_ago},
};

const LOGIN_MEMBERS: [&str; 4] = ["access_expires_at", "refresh_expires_at", "session_id", "user_id"];
const ME_MEMBERS: [&str; 4] = ["session_id", "source", "user_id", "username"];

fn members(answer: &Answer) -> Vec<String> {
    let mut names: Vec<_> = answer.json().as_object().expect("an object").keys().cloned().collect();
    names.sort();
    names
}

fn is_production_login(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(members(answer), LOGIN_MEMBERS);
    let jar = Jar::of(answer);
    let is_remembered = answer.set_cookies().iter().any(|line| line.contains("Max-Age="));
    let names = if is_remembered { vec![ACCESS, DEVICE, REFRESH] } else { vec![ACCESS, REFRESH] };
    assert_eq!(jar.names(), names);
    for line in answer.set_cookies() {
        assert!(line.contains("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{line}");
        assert!(!answer.text().contains(line.split(['=', ';']).nth(1).expect("a value")), "token in a body");
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[test]
fn login_by_json_and_by_form() {
    let home = Home::new();
    let server = home.start(&[]);
    let by_json = server.login_request().send();
    is_production_login(&by_json);
    assert!(by_json.set_cookies().iter().all(|line| line.contains("Max-Age=")), "{by_json:?}");

    let form = format!("username={USER}&password={}", PASSWORD.replace(' ', "+"));
    let by_form = server.post(LOGIN).body("application/x-www-form-urlencoded", form.clone()).send();
    is_production_login(&by_form);
    assert!(by_form.set_cookies().iter().all(|line| !line.contains("Max-Age=")), "{by_form:?}");

    let remembered =
        server.post(LOGIN).body("application/x-www-form-urlencoded", form + "&remember=on").send();
    is_production_login(&remembered);
    assert!(remembered.set_cookies().iter().all(|line| line.contains("Max-Age=")), "{remembered:?}");
}

#[test]
fn a_refused_login_sets_nothing() {
    let home = Home::new();
    let server = home.start(&[]);
    let wrong = [
        json!({ "username": USER, "password": "guess" }),
        json!({ "username": "nobody", "password": PASSWORD }),
    ];
    for body in wrong {
        let answer = server.post(LOGIN).json(&body).send();
        assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_credentials"), "{answer:?}");
        assert!(answer.set_cookies().is_empty(), "{answer:?}");
    }
    for body in [json!({}), json!({ "username": USER }), json!({ "username": "", "password": "" })] {
        assert_eq!(server.post(LOGIN).json(&body).send().status, 400, "{body}");
    }
    assert_eq!(server.post(LOGIN).body("text/plain", "hello").send().status, 415);
    let long = json!({ "username": "x".repeat(20_000), "password": "x" });
    assert_eq!(server.post(LOGIN).json(&long).send().status, 413);
    assert_eq!(server.get(LOGIN).send().status, 405);
}

#[test]
fn who_am_i_by_cookie_and_by_bearer() {
    let home = Home::new();
    let server = home.start(&[]);
    let jar = server.login();
    let by_cookie = server.me(&jar);
    assert_eq!(by_cookie.status, 200);
    assert_eq!(members(&by_cookie), ME_MEMBERS);
    assert_eq!(by_cookie.json()["username"], USER);
    assert_eq!(by_cookie.json()["source"], "cookie");
    assert!(by_cookie.set_cookies().is_empty(), "nothing to refresh: {by_cookie:?}");
    let by_bearer = server.get("/api/me").bearer(jar.get(ACCESS)).send();
    assert_eq!(by_bearer.json()["source"], "header");
    assert_eq!(by_bearer.json()["session_id"], by_cookie.json()["session_id"]);
    let nobody = server.get("/api/me").send();
    assert_eq!((nobody.status, nobody.code().as_str()), (401, "not_authenticated"));
}

#[test]
fn optional_open_and_health() {
    let home = Home::new();
    let server = home.start(&[]);
    let jar = server.login();
    assert_eq!(server.get("/api/optional").send().json(), json!({ "user": null }));
    let known = server.get("/api/optional").cookies(&jar).send().json();
    assert_eq!(known["user"], server.me(&jar).json());
    let refused = server.get("/api/optional").bearer("rubbish").send();
    assert_eq!((refused.status, refused.json()), (200, json!({ "user": null })));

    let open = server.get("/api/open").send();
    assert_eq!((open.status, members(&open).as_slice()), (200, ME_MEMBERS.map(String::from).as_slice()));
    assert_eq!(open.text().len(), server.me(&jar).text().len(), "the benchmark compares the two");
    let health = server.get("/health").header("Cookie", &format!("{ACCESS}=dead; {REFRESH}=dead")).send();
    assert_eq!((health.status, health.set_cookies().len()), (200, 0), "health does not authenticate");
}

#[test]
fn a_fresh_login_is_required_after_five_minutes() {
    let home = Home::new();
    let server = home.start(&[("COOKIEJWT_SECRET", SECRET)]);
    let jar = server.login();
    let fresh = server.get("/api/fresh").cookies(&jar).send();
    assert_eq!((fresh.status, fresh.json()), (200, server.me(&jar).json()));
    let session = fresh.json()["session_id"].as_str().expect("a session").to_owned();
    let ago = |seconds| server.get("/api/fresh").bearer(&logged_in_ago(&session, seconds)).send();
    assert_eq!(ago(200).status, 200);
    let late = ago(400);
    assert_eq!((late.status, late.code().as_str()), (401, "fresh_login_required"), "{late:?}");
    assert_eq!(
        late.header("www-authenticate"),
        Some("Bearer realm=\"api\", error=\"insufficient_user_authentication\", max_age=300")
    );
    let nobody = server.get("/api/fresh").send();
    assert_eq!((nobody.status, nobody.code().as_str()), (401, "not_authenticated"));
}

#[test]
fn notes_belong_to_their_user() {
    let home = Home::new();
    let server = home.start(&[]);
    let jar = server.login();
    assert_eq!(server.get("/api/notes").cookies(&jar).send().json(), json!([]));
    for text in ["buy milk", "  <b>ünïcode</b> 🍪  "] {
        let added = server.post("/api/notes").cookies(&jar).json(&json!({ "text": text })).send();
        assert_eq!((added.status, added.json()["text"].as_str()), (201, Some(text.trim())));
    }
    let listed = server.get("/api/notes").cookies(&jar).send().json();
    let texts: Vec<_> = listed.as_array().expect("a list").iter().map(|note| &note["text"]).collect();
    assert_eq!(texts, ["<b>ünïcode</b> 🍪", "buy milk"], "newest first");
    assert_eq!(server.get("/api/notes").send().status, 401);
    assert_eq!(server.post("/api/notes").json(&json!({ "text": "x" })).send().status, 401);
}

#[test]
fn a_bad_note_is_refused_and_not_stored() {
    let home = Home::new();
    let server = home.start(&[]);
    let jar = server.login();
    let long = json!({ "text": "é".repeat(501) }).to_string();
    let bad = ["", "{", "[]", "{}", r#"{"text":null}"#, r#"{"text":7}"#, r#"{"text":"  "}"#, long.as_str()];
    for body in bad {
        let answer = server.post("/api/notes").cookies(&jar).body("application/json", body).send();
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"), "{body}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    assert_eq!(server.get("/api/notes").cookies(&jar).send().json(), json!([]));
    let longest = json!({ "text": "é".repeat(500) });
    assert_eq!(server.post("/api/notes").cookies(&jar).json(&longest).send().status, 201);
}

#[test]
fn a_foreign_page_can_neither_write_nor_log_out() {
    let home = Home::new();
    let server = home.start(&[]);
    let jar = server.login();
    let foreign = |path| {
        let request = server.post(path).cookies(&jar).header("Sec-Fetch-Site", "cross-site");
        request.header("Origin", "https://evil.example").json(&json!({ "text": "planted" })).send()
    };
    for path in ["/api/notes", LOGOUT, LOGIN, "/api/demo/expire"] {
        let answer = foreign(path);
        assert_eq!((answer.status, answer.code().as_str()), (403, "csrf_failed"), "{path}: {answer:?}");
        assert!(answer.set_cookies().is_empty(), "{path}: {answer:?}");
    }
    assert_eq!(server.me(&jar).status, 200);
    assert_eq!(server.get("/api/notes").cookies(&jar).send().json(), json!([]));
}

fn is_signed_out(server: &Server, jar: &Jar, what: &str) {
    let access = jar.get(ACCESS);
    let by_cookie = server.me(&jar.without(REFRESH));
    assert_eq!((by_cookie.status, by_cookie.code().as_str()), (401, "session_revoked"), "{what}, cookie");
    let by_bearer = server.get("/api/me").bearer(access).send();
    assert_eq!((by_bearer.status, by_bearer.code().as_str()), (401, "session_revoked"), "{what}, bearer");
    assert_eq!(server.me(&jar.without(ACCESS)).status, 401, "{what}, refresh");
}

#[test]
fn after_logout_the_unexpired_access_token_is_refused() {
    let home = Home::new();
    let server = home.start(&[]);
    let [jar, other] = [server.login(), server.login()];
    let mut browser = jar.clone();
    let out = server.post(LOGOUT).cookies(&jar).send();
    assert_eq!((out.status, out.json()), (200, json!({})));
    for line in out.set_cookies() {
        let cleared =
            "=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        assert!(line.ends_with(cleared), "{line}");
    }
    browser.keep(&out);
    assert_eq!(browser.names(), [DEVICE], "the device stays known");
    is_signed_out(&server, &jar, "at once");
    assert_eq!(server.post(LOGOUT).cookies(&jar).send().status, 200, "twice in a row");
    assert_eq!(server.post(LOGOUT).send().status, 200, "without cookies");
    assert_eq!(server.me(&other).status, 200, "the other session continues");
    drop(server);
    is_signed_out(&home.start(&[]), &jar, "after a restart");
}

#[test]
fn the_page_is_served_with_its_policy() {
    let home = Home::new();
    let server = home.start(&[]);
    for (path, kind) in [
        ("/", "text/html"),
        ("/app.js", "text/javascript"),
        ("/app.css", "text/css"),
        ("/favicon.svg", "image/svg+xml"),
    ] {
        let answer = server.get(path).send();
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").is_some_and(|value| value.starts_with(kind)), "{answer:?}");
        assert!(
            answer
                .header("content-security-policy")
                .is_some_and(|value| value.starts_with("default-src 'none'"))
        );
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
    assert_eq!(server.get("/nothing").send().status, 404);
}

#[test]
fn the_document_and_swagger_ui_are_served() {
    let home = Home::new();
    let server = home.start(&[]);
    let document = server.get("/api/openapi.json").send();
    assert_eq!((document.status, document.header("content-type")), (200, Some("application/json")));
    let document = document.json();
    for path in ["/api/me", "/api/notes", LOGIN, LOGOUT] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    let secured = &document["components"]["securitySchemes"]["cookiejwt_access"]["name"];
    assert_eq!(secured, ACCESS);
    let policy = server.get("/").send().header("content-security-policy").map(str::to_owned);
    assert!(policy.is_some_and(|policy| !policy.contains("unsafe")), "the page's own policy stays strict");
    for (path, kind, at_least) in [
        ("/docs", "text/html", 300),
        ("/docs/start.js", "text/javascript", 50),
        ("/docs/swagger-ui.css", "text/css", 100_000),
        ("/docs/swagger-ui-bundle.js", "text/javascript", 1_000_000),
    ] {
        let answer = server.get(path).send();
        assert!(answer.status == 200 && answer.text().len() > at_least, "{path}: {}", answer.status);
        assert!(answer.header("content-type").is_some_and(|value| value.starts_with(kind)), "{path}");
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'; script-src 'self';"), "{path}: {policy}");
    }
}
