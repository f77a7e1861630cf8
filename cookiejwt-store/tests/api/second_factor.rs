//! The built-in routes for a user with a second factor: 401 `second_factor_required`, and nothing
//! that is worth anything without the next proof.

use cookiejwt_store::{Authenticator, Route, testing};
use http::{Method, Request};
use serde_json::json;

use crate::{
    answer::{Answer, Ask},
    common::{Browser, Jar, PASSWORD, World},
};

fn world() -> World {
    let world = World::with(testing::config().token_mode(true));
    world.users.change(1, |alice| alice.has_totp = true);
    world
}

fn password(route: Route, jar: &Jar, body: &serde_json::Value) -> Ask {
    Ask::post(route).cookies(jar).content_type("application/json").body(body.to_string())
}

fn login(name: &str, password: &str) -> Ask {
    Ask::login(json!({ "username": name, "password": password }).to_string())
}

const FIELDS: [(&str, &str); 4] = [
    ("cache-control", "no-store"),
    ("content-type", "application/problem+json"),
    ("www-authenticate", r#"Bearer realm="api", error="insufficient_user_authentication""#),
    ("x-content-type-options", "nosniff"),
];

fn problem(pending: Option<&str>) -> serde_json::Value {
    let mut problem = json!({
        "type": "about:blank", "title": "Unauthorized", "status": 401, "code": "second_factor_required",
        "detail": "A second factor is required.", "methods": ["otp", "hwk"],
    });
    if let Some(pending) = pending {
        problem["pending"] = pending.into();
    }
    problem
}

/// The one line that sets a pending login, among those of the response.
fn pending_line(answer: &Answer) -> String {
    let lines = answer.set_cookies();
    let mut pending = lines.iter().filter(|line| line.starts_with("__Host-pending_"));
    let line = pending.next().unwrap().clone();
    assert_eq!(pending.next(), None);
    line
}

/// Whether the next request of this browser continues with it.
fn continues(auth: &Authenticator, line: &str) -> bool {
    let pair = line.split(';').next().unwrap();
    let (head, ()) = Request::get("/").header("cookie", pair).body(()).unwrap().into_parts();
    auth.core().presented_pendings(&head, auth.now()).len() == 1
}

#[tokio::test]
async fn a_browser_gets_a_cookie() {
    let world = world();
    let answer = login("alice", PASSWORD).of(&world).await;
    assert_eq!((answer.status(), answer.json()), (401, problem(None)));
    let mut fields = FIELDS.to_vec();
    fields.insert(2, ("vary", "Cookie"));
    assert_eq!(answer.fields(), fields);
    assert_eq!(answer.set_cookies().len(), 1, "no token of any kind");
    let line = pending_line(&answer);
    assert!(line.ends_with(
        "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600; Expires=Thu, 01 Jan 2026 12:10:00 GMT"
    ));
    assert!(continues(&world.auth, &line));
    assert_eq!(world.tokens.living(1).await, []);
}

#[tokio::test]
async fn a_client_in_token_mode_gets_a_text() {
    let world = world();
    let answer = login("alice", PASSWORD).header("cookiejwt-mode", "token").of(&world).await;
    let text = answer.json()["pending"].as_str().unwrap().to_owned();
    assert_eq!((answer.status(), answer.json()), (401, problem(Some(&text))));
    assert_eq!(answer.fields(), FIELDS);
    answer.assert_cookies_kept("token mode");
    let mode = |value: &str| {
        let request = Request::post("/").header("cookiejwt-mode", value).method(Method::POST);
        request.body(()).unwrap().into_parts().0
    };
    assert!(world.auth.open_pending(&mode("token"), &text).is_some());
    assert!(world.auth.open_pending(&mode("cookie"), &text).is_none(), "no page brings it");
}

#[tokio::test]
async fn before_the_password_nothing_tells_who_has_a_second_factor() {
    let world = world();
    let reference = login("bob", "wrong").of(&world).await;
    for (rule, name, password) in [("with", "alice", "wrong"), ("nobody", "nobody", PASSWORD)] {
        let answer = login(name, password).of(&world).await;
        assert_eq!(answer.0.body, reference.0.body, "{rule}");
        assert_eq!(answer.0.headers, reference.0.headers, "{rule}");
    }
}

/// A session from before the second factor was set up may not be renewed by the password.
#[tokio::test]
async fn a_fresh_login_and_a_new_password_need_it_too() {
    for (route, body) in [
        (Route::FreshLogin, json!({ "password": PASSWORD })),
        (Route::Password, json!({ "current_password": PASSWORD, "new_password": "another password" })),
    ] {
        let world = World::new();
        let Browser { jar, session } = world.login("alice").await;
        world.users.change(1, |alice| alice.has_totp = true);
        let before = world.users.row(1).password_hash;
        let answer = password(route, &jar, &body).of(&world).await;
        assert_eq!((answer.status(), answer.json()), (401, problem(None)), "{route:?}");
        let line = pending_line(&answer);
        assert_eq!(answer.set_cookies().len(), 1, "{route:?}: the session stays as it is");
        assert!(!continues(&world.auth, &line), "{route:?}: beside its session only");
        assert_eq!(world.tokens.living(1).await, [session], "{route:?}");
        assert_eq!(world.users.row(1).password_hash, before, "{route:?}");
        let wrong = password(
            route,
            &jar,
            &json!({
                "password": "wrong", "current_password": "wrong", "new_password": "another password",
            }),
        );
        wrong.of(&world).await.assert_problem("a wrong password", 401, "invalid_credentials");
    }
}
