//! `POST token/`.

use cookiejwt_store::{Caller, Route, TokenStore as _, testing};
use http::Method;
use serde_json::json;

use crate::{
    answer::Ask,
    common::{Call, PASSWORD, World},
};

fn credentials(name: &str, password: &str) -> String {
    json!({ "username": name, "password": password }).to_string()
}

#[tokio::test]
async fn a_login_responds_with_cookies_and_no_token_in_the_body() {
    let world = World::new();
    world.clock.advance(time::Duration::milliseconds(999));
    let answer = Ask::login(credentials("alice", PASSWORD)).of(&world).await;
    let session = world.tokens.living(1).await.pop().unwrap();
    let body = json!({
        "user_id": "1",
        "session_id": session.as_str(),
        "access_expires_at": "2026-01-01T12:05:00Z",
        "refresh_expires_at": "2026-01-02T12:00:00Z",
    });
    answer.assert_json("times have whole seconds", &body);
    answer.assert_cookies_set("login", Some(300), Some(86_400));
}

#[tokio::test]
async fn every_refusal_is_the_same_to_the_byte() {
    let world = World::new();
    let reference = Ask::login(credentials("alice", "wrong")).of(&world).await;
    reference.assert_problem("wrong password", 401, "invalid_credentials");
    let long = "x".repeat(8000);
    world.users.change(2, |bob| bob.password_hash = Some("$2y$10$abc".into()));
    for (rule, name, password) in [
        ("unknown user", "nobody", PASSWORD),
        ("disabled", "carol", PASSWORD),
        ("no password", "dave", PASSWORD),
        ("password too long", "alice", &long),
        ("a control character in the name", "al\0ice", PASSWORD),
        ("a hash that cannot be read", "bob", PASSWORD),
    ] {
        let answer = Ask::login(credentials(name, password)).of(&world).await;
        answer.assert_problem(rule, 401, "invalid_credentials");
        answer.assert_cookies_kept(rule);
        assert_eq!(answer.0.body, reference.0.body, "{rule}");
        assert_eq!(answer.0.headers, reference.0.headers, "{rule}");
    }
}

#[tokio::test]
async fn content_types() {
    const FORM: &str = "username=alice&password=correct%20horse";
    let json = credentials("alice", PASSWORD);
    for (rule, content_types, body, status) in [
        ("JSON", &["application/json"][..], json.as_str(), 200),
        ("charset parameter", &["application/json; charset=utf-8"], &json, 200),
        ("blanks before the parameter", &["application/json \t; charset=utf-8"], &json, 200),
        ("upper case", &["APPLICATION/JSON"], &json, 200),
        ("form", &["application/x-www-form-urlencoded"], FORM, 200),
        ("form, parameter and upper case", &["Application/X-WWW-Form-URLencoded; Charset=UTF-8"], FORM, 200),
        ("missing", &[], &json, 415),
        ("empty", &[""], &json, 415),
        ("text/plain, as a foreign site's form can send", &["text/plain"], &json, 415),
        ("text/plain with JSON as a parameter", &["text/plain; application/json"], &json, 415),
        ("multipart", &["multipart/form-data; boundary=x"], &json, 415),
        ("another JSON", &["application/problem+json"], &json, 415),
        ("longer", &["application/jsonp"], &json, 415),
        ("no subtype", &["application"], &json, 415),
        ("two in one field", &["text/plain, application/json"], &json, 415),
        ("two fields", &["application/json", "application/json"], &json, 415),
        ("not ASCII", &["application/json; x=\u{e9}"], &json, 415),
        ("a form that is called JSON", &["application/json"], FORM, 400),
        ("JSON that is called a form", &["application/x-www-form-urlencoded"], &json, 400),
    ] {
        let world = World::new();
        let ask = content_types.iter().fold(Ask::post(Route::Login), |ask, value| ask.content_type(value));
        let answer = ask.body(body).of(&world).await;
        assert_eq!(answer.status(), status, "{rule}");
        if status == 200 {
            let age = |seconds| (body != FORM).then_some(seconds);
            answer.assert_cookies_set(rule, age(300), age(86_400));
        } else {
            answer.assert_problem(rule, status, "invalid_request");
            answer.assert_cookies_kept(rule);
            assert_eq!(world.hasher.verifications(), 0, "{rule}");
        }
    }
}

#[tokio::test]
async fn a_login_over_other_cookies_replaces_them() {
    let world = World::new();
    let alice = world.login("alice").await;
    world.advance(306);
    let answer = Ask::login(credentials("bob", PASSWORD)).cookies(&alice.jar).of(&world).await;
    assert_eq!(answer.json()["user_id"], "2");
    answer.assert_cookies_set("bob's alone", Some(300), Some(86_400));
    let verified = Ask::post(Route::Verify).cookies(&answer.jar()).of(&world).await;
    assert_eq!(verified.json()["user_id"], "2");
    assert!(world.tokens.living(1).await.is_empty(), "alice's session is over");
}

#[tokio::test]
async fn invalid_or_foreign_cookies_do_not_prevent_a_login() {
    for (rule, cookie) in [
        ("garbage", "__Host-access_token=x; __Host-refresh_token=y"),
        ("duplicated", "__Host-access_token=x; __Host-access_token=y"),
        ("a neighbour that is not UTF-8", "a=\u{ff}; b"),
    ] {
        let answer =
            Ask::login(credentials("alice", PASSWORD)).header("cookie", cookie).of(&World::new()).await;
        answer.assert_cookies_set(rule, Some(300), Some(86_400));
    }
}

#[tokio::test]
async fn stores_and_claims_that_fail_a_login() {
    for (rule, call, status, code) in [
        ("user store", Some(Call::FindByLogin), 503, "unavailable"),
        ("token store", Some(Call::Create), 503, "unavailable"),
        ("user store, second read", Some(Call::FindById), 503, "unavailable"),
        ("claims that cannot be minted", None, 500, "server_error"),
    ] {
        let world = World::new();
        match call {
            Some(call) => world.switches.fail(call),
            None => world.users.change(1, |alice| alice.claims = json!({ "exp": 0 })),
        }
        let answer = Ask::login(credentials("alice", PASSWORD)).of(&world).await;
        answer.assert_problem(rule, status, code);
        answer.assert_cookies_kept(rule);
        assert!(world.tokens.living(1).await.is_empty(), "{rule}");
    }
}

#[tokio::test]
async fn the_checks_come_in_a_fixed_order() {
    let world = World::new();
    let foreign = |ask: Ask| ask.header("sec-fetch-site", "cross-site");
    let broken = || Ask::post(Route::Login).content_type("text/plain").body("x");
    for (rule, ask, status) in [
        ("405 before 403", foreign(broken().method(Method::GET)), 405),
        ("403 before 415", foreign(broken()), 403),
        ("415 before 413", broken().raw(cookiejwt_store::Body::TooLarge), 415),
        ("415 before 400", broken(), 415),
    ] {
        assert_eq!(ask.of(&world).await.status(), status, "{rule}");
    }
}

#[tokio::test]
async fn the_row_keeps_the_clients_address_and_agent() {
    let world = World::new();
    let request =
        http::Request::post("/").header("content-type", "application/json").header("user-agent", "Surf/1");
    let (head, ()) = request.body(()).unwrap().into_parts();
    let body = cookiejwt_store::Body::Complete(credentials("alice", PASSWORD).into());
    let reply = world
        .auth
        .api()
        .handle(
            Route::Login,
            (&head).into(),
            body,
            Caller { ip: Some("192.0.2.7".parse().unwrap()), slot: None },
        )
        .await;
    assert_eq!(reply.status, 200);
    let session = world.tokens.living(1).await.pop().unwrap();
    let row = world.tokens.rows.find(&session).await.unwrap().unwrap();
    assert_eq!((row.user_agent.as_deref(), row.ip.as_deref()), (Some("Surf/1"), Some("192.0.2.7")));
    assert_eq!(row.auth_time.to_datetime(), testing::NOW);
}
