//! `COOKIEJWT_SET_SESSION_COOKIE`: the framework's own session follows the login.

use std::collections::BTreeMap;

use crate::{Answer, REFRESH, Request, answer::exchange, request, request::Names, run::Running};

/// A server with the handlers of [`check`].
#[derive(Clone, Copy, Debug)]
pub struct Sessions {
    /// The name of the cookie.
    pub cookie: &'static str,
    /// Whether the sessions are stored on the server, so that an id can be deleted and data can be
    /// kept.
    pub are_stored: bool,
}

/// Runs a visit from the anonymous cart to the last logout.
///
/// Besides the endpoints and the handlers `/login-as-bob`, `/logout-own` and `/logout-everywhere`
/// of the scenarios, the server has `POST /put`, which puts something into the cart of the
/// framework's session, and `GET /seen`, which returns the user of the session and the cart: `1
/// apples`, `nobody nothing`.
pub async fn check(running: Running, sessions: Sessions) {
    let mut visit = Visit { running: &running, sessions, jar: BTreeMap::new() };
    visit.arrives().await;
    visit.logs_in_again().await;
    visit.becomes_another_user().await;
    for path in ["/api/auth/logout/", "/api/auth/token/blacklist/", "/logout-own", "/logout-everywhere"] {
        visit.ends(path, request::post(path), 200).await;
        visit.begins("a login after it", log_in("bob", "bob-pw"), "2 nothing").await;
    }
    let present = request::delete(&format!("/api/auth/sessions/{}/", visit.session().await));
    visit.ends("the current one of the list", present, 204).await;
    (running.stop)().await;
}

/// A server without the framework's session: logins are refused with 500.
pub async fn check_missing(running: Running) {
    for login in [log_in("alice", "alice-pw"), request::post("/login-as-bob")] {
        let answer = exchange(running.address, &login.bytes(&Names::default()), false).await;
        assert_eq!(answer.status, 500, "{}", login.start);
        assert!(answer.body.contains("server_error"), "{}", answer.body);
        assert!(answer.cookie_lines().is_empty(), "{:?}", answer.headers);
    }
    (running.stop)().await;
}

fn log_in(name: &str, password: &str) -> Request {
    request::post("/api/auth/token/").json(&format!(r#"{{"username":"{name}","password":"{password}"}}"#))
}

struct Visit<'a> {
    running: &'a Running,
    sessions: Sessions,
    jar: BTreeMap<String, String>,
}

impl Visit<'_> {
    async fn arrives(&mut self) {
        if self.sessions.are_stored {
            self.ask(request::post("/put"), 200).await;
            self.expect_seen("before any login", "nobody apples").await;
        }
        self.jar.insert(REFRESH.into(), "stale".into());
        self.stays("our stale cookies", request::post("/api/auth/token/refresh/"), 401).await;
        self.stays("a failed login", log_in("alice", "wrong"), 401).await;
        let in_token_mode = log_in("alice", "alice-pw").line("Cookiejwt-Mode: token");
        self.stays("a login in token mode", in_token_mode, 200).await;
        self.begins("a login: the cart is kept", log_in("alice", "alice-pw"), "1 apples").await;
    }

    async fn logs_in_again(&mut self) {
        self.stays("a refresh", request::post("/api/auth/token/refresh/"), 200).await;
        self.stays("a failed login of another user", log_in("bob", "wrong"), 401).await;
        let foreign = request::post("/api/auth/logout/").site("cross-site");
        self.stays("a foreign site's logout", foreign, 403).await;
        self.stays("the end of all others", request::delete("/api/auth/sessions/"), 200).await;
        self.begins("the same user again", log_in("alice", "alice-pw"), "1 apples").await;
        let fresh = request::post("/api/auth/token/fresh/").json(r#"{"password":"alice-pw"}"#);
        self.begins("a fresh login", fresh, "1 apples").await;
        let change = r#"{"current_password":"alice-pw","new_password":"alice-pw2"}"#;
        self.begins("a new password", request::post("/api/auth/password/").json(change), "1 apples").await;
    }

    async fn becomes_another_user(&mut self) {
        let as_bob = request::post("/login-as-bob");
        self.begins("a custom login: another user's data is gone", as_bob, "2 nothing").await;
        if self.sessions.are_stored {
            self.ask(request::post("/put"), 200).await;
        }
        self.begins("another user at the endpoint", log_in("alice", "alice-pw2"), "1 nothing").await;
    }

    /// The id of our session.
    async fn session(&mut self) -> String {
        let answer = self.ask(request::post("/api/auth/token/verify/"), 200).await;
        let body: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        body["session_id"].as_str().expect("a session").to_owned()
    }

    async fn ask(&mut self, request: Request, status: u16) -> Answer {
        let start = request.start.clone();
        let answer = self.send(request, &self.jar).await;
        assert_eq!(answer.status, status, "{start}: {}", answer.body);
        for (_, line) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, rest) = line.split_once('=').expect("a pair");
            let value = rest.split(';').next().unwrap_or_default();
            if value.is_empty() || line.contains("Max-Age=0;") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.into(), value.into());
            }
        }
        answer
    }

    async fn send(&self, request: Request, jar: &BTreeMap<String, String>) -> Answer {
        let pairs: Vec<_> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if pairs.is_empty() { request } else { request.cookie(pairs.join("; ")) };
        exchange(self.running.address, &request.bytes(&Names::default()), false).await
    }

    fn id(&self) -> Option<String> {
        self.jar.get(self.sessions.cookie).cloned()
    }

    async fn expect_seen(&mut self, rule: &str, seen: &str) {
        let seen = if self.sessions.are_stored { seen.into() } else { seen.replace("apples", "nothing") };
        assert_eq!(self.ask(request::get("/seen"), 200).await.body, seen, "{rule}");
    }

    async fn expect_deleted(&self, rule: &str, id: Option<String>) {
        let (Some(id), true) = (id, self.sessions.are_stored) else { return };
        let jar = BTreeMap::from([(self.sessions.cookie.to_owned(), id)]);
        let answer = self.send(request::get("/seen"), &jar).await;
        assert_eq!(answer.body, "nobody nothing", "{rule}: the old id is dead");
    }

    async fn stays(&mut self, rule: &str, request: Request, status: u16) {
        let (id, seen) = (self.id(), self.ask(request::get("/seen"), 200).await.body);
        self.ask(request, status).await;
        assert_eq!(self.id(), id, "{rule}");
        assert_eq!(self.ask(request::get("/seen"), 200).await.body, seen, "{rule}");
    }

    async fn begins(&mut self, rule: &str, request: Request, seen: &str) {
        let old = self.id();
        let status = if request.start.contains("/password/") { 204 } else { 200 };
        self.ask(request, status).await;
        assert!(self.id().is_some() && self.id() != old, "{rule}: the id is fresh");
        self.expect_deleted(rule, old).await;
        self.expect_seen(rule, seen).await;
    }

    async fn ends(&mut self, rule: &str, request: Request, status: u16) {
        let old = self.id();
        self.ask(request, status).await;
        assert_eq!(self.id(), None, "{rule}");
        self.expect_deleted(rule, old).await;
    }
}
