use std::net::IpAddr;

use bytes::Bytes;
use cookiejwt_store::{Body, Caller, Reply, Route, Slot};
use http::{Method, Request, header};
use serde_json::{Value, json};

use crate::common::{CLEARED, Jar, World};

/// A request to one of the endpoints.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    route: Route,
    method: Method,
    path: String,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Body,
    ip: Option<IpAddr>,
}

impl Ask {
    pub(crate) fn post(route: Route) -> Self {
        Self {
            route,
            method: Method::POST,
            path: "/api/auth/".into(),
            headers: Vec::new(),
            body: Body::Complete(Bytes::new()),
            ip: None,
        }
    }

    pub(crate) fn get(route: Route) -> Self {
        Self::post(route).method(Method::GET)
    }

    /// A login with a JSON body.
    pub(crate) fn login(body: impl AsRef<[u8]>) -> Self {
        Self::post(Route::Login).content_type("application/json").body(body)
    }

    /// A login with a form.
    pub(crate) fn form(body: impl AsRef<[u8]>) -> Self {
        Self::post(Route::Login).content_type("application/x-www-form-urlencoded").body(body)
    }

    pub(crate) fn method(self, method: Method) -> Self {
        Self { method, ..self }
    }

    /// Ends the session of this id.
    pub(crate) fn end(id: &str) -> Self {
        Self {
            path: format!("/api/auth/sessions/{id}/"),
            ..Self::post(Route::Session).method(Method::DELETE)
        }
    }

    pub(crate) fn query(self, query: &str) -> Self {
        Self { path: format!("{}?{query}", self.path), ..self }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name, value.as_ref().to_vec()));
        self
    }

    /// Sent by this client address.
    pub(crate) fn from(self, ip: &str) -> Self {
        Self { ip: Some(ip.parse().unwrap()), ..self }
    }

    pub(crate) fn content_type(self, value: &str) -> Self {
        self.header("content-type", value)
    }

    pub(crate) fn cookies(self, jar: &Jar) -> Self {
        match jar.field() {
            Some(field) => self.header("cookie", field),
            None => self,
        }
    }

    pub(crate) fn bearer(self, jar: &Jar) -> Self {
        self.header("authorization", format!("Bearer {}", jar.access.as_deref().unwrap()))
    }

    pub(crate) fn body(self, body: impl AsRef<[u8]>) -> Self {
        self.raw(Body::Complete(Bytes::copy_from_slice(body.as_ref())))
    }

    pub(crate) fn raw(self, body: Body) -> Self {
        Self { body, ..self }
    }

    pub(crate) async fn of(self, world: &World) -> Answer {
        self.after(world, None, async || ()).await
    }

    /// Sends it after a middleware that authenticated earlier.
    pub(crate) async fn after_middleware(
        self,
        world: &World,
        slot: &Slot,
        meanwhile: impl AsyncFnOnce(),
    ) -> Answer {
        self.after(world, Some(slot), meanwhile).await
    }

    async fn after(self, world: &World, slot: Option<&Slot>, meanwhile: impl AsyncFnOnce()) -> Answer {
        let mut request = Request::builder().method(self.method).uri(self.path);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        if let Some(slot) = slot {
            let _ = slot.settle((&head).into()).await;
        }
        meanwhile().await;
        let caller = Caller { ip: self.ip, slot };
        let mut reply = world.auth.api().handle(self.route, (&head).into(), self.body, caller).await;
        if let Some(slot) = slot {
            slot.write_cookies(&mut reply.headers);
        }
        let asks = match self.route {
            _ if slot.is_some() => Asks::Perhaps,
            Route::Verify | Route::Sessions | Route::Session => Asks::Always,
            Route::FreshLogin | Route::Password => Asks::Perhaps,
            _ => Asks::Never,
        };
        Answer(reply, asks)
    }
}

/// Whether a route authenticates, as a handler does: then its response varies by the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    Never,
    /// Not if the CSRF table refuses first.
    Perhaps,
    Always,
}

/// The response.
#[derive(Debug)]
pub(crate) struct Answer(pub(crate) Reply, pub(crate) Asks);

impl Answer {
    fn asked(&self) -> bool {
        match self.1 {
            Asks::Never => false,
            Asks::Perhaps => self.0.headers.contains_key(header::VARY),
            Asks::Always => self.status() != 405,
        }
    }

    pub(crate) fn status(&self) -> u16 {
        self.0.status.as_u16()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.0.body).unwrap()
    }

    /// The status, and the `code` of the body if there is one.
    pub(crate) fn code(&self) -> (u16, String) {
        (self.status(), self.json()["code"].as_str().unwrap_or_default().to_owned())
    }

    pub(crate) fn set_cookies(&self) -> Vec<String> {
        let lines = self.0.headers.get_all(header::SET_COOKIE).iter();
        lines.map(|line| line.to_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn jar(&self) -> Jar {
        let mut jar = Jar::default();
        jar.apply(&self.set_cookies());
        jar
    }

    /// Every header field but `Set-Cookie`, sorted.
    pub(crate) fn fields(&self) -> Vec<(&str, &str)> {
        let fields = self.0.headers.iter().filter(|(name, _)| **name != header::SET_COOKIE);
        let mut fields: Vec<_> =
            fields.map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        fields.sort_unstable();
        fields
    }

    /// 200 with this body, and nothing else.
    pub(crate) fn assert_json(&self, rule: &str, body: &Value) {
        assert_eq!((self.status(), self.json()), (200, body.clone()), "{rule}");
        self.assert_fields(rule, "application/json", None);
    }

    /// Exactly this problem of the wire contract.
    pub(crate) fn assert_problem(&self, rule: &str, status: u16, code: &str) {
        self.assert_problem_with(rule, status, code, None);
    }

    /// As [`assert_problem`](Self::assert_problem), with one field more.
    pub(crate) fn assert_problem_with(
        &self,
        rule: &str,
        status: u16,
        code: &str,
        field: Option<(&str, &str)>,
    ) {
        let (title, detail) = sentences(status, code);
        let body = json!({ "type": "about:blank", "title": title, "status": status, "detail": detail, "code": code });
        assert_eq!((self.status(), self.json()), (status, body), "{rule}");
        let challenge = match code {
            "not_authenticated" | "invalid_credentials" => {
                Some(("www-authenticate", r#"Bearer realm="api""#))
            }
            _ if status == 401 => Some(("www-authenticate", r#"Bearer realm="api", error="invalid_token""#)),
            "method_not_allowed" => Some(("allow", "POST")),
            _ => None,
        };
        self.assert_fields(rule, "application/problem+json", challenge.or(field));
    }

    fn assert_fields(&self, rule: &str, content_type: &str, more: Option<(&str, &str)>) {
        let mut expected = vec![
            ("cache-control", "no-store"),
            ("content-type", content_type),
            ("x-content-type-options", "nosniff"),
        ];
        expected.extend(more);
        if !self.set_cookies().is_empty() {
            expected.push(("vary", "Cookie"));
        } else if self.asked() {
            expected.extend([("vary", "Authorization"), ("vary", "Cookie")]);
        }
        expected.sort_unstable();
        assert_eq!(self.fields(), expected, "{rule}");
        let text = String::from_utf8(self.0.body.to_vec()).unwrap();
        assert!(!text.contains("eyJ"), "{rule}: a token in a body: {text}");
    }

    pub(crate) fn assert_cookies_kept(&self, rule: &str) {
        assert_eq!(self.set_cookies(), Vec::<String>::new(), "{rule}");
    }

    pub(crate) fn assert_cookies_cleared(&self, rule: &str) {
        assert_eq!(self.set_cookies(), CLEARED, "{rule}");
    }

    /// Both cookies are set, with exactly the attributes of the wire contract; a remembered login
    /// also sets that of the known device.
    pub(crate) fn assert_cookies_set(&self, rule: &str, access_age: Option<i64>, refresh_age: Option<i64>) {
        let age = |age: Option<i64>| age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let jar = self.jar();
        let mut expected = [
            ("__Host-access_token", jar.access.unwrap(), age(access_age)),
            ("__Host-refresh_token", jar.refresh.unwrap(), age(refresh_age)),
        ]
        .map(|(name, token, age)| {
            assert!(token.starts_with("eyJ") && token.split('.').count() == 3, "{rule}: {token}");
            format!("{name}={token}; Path=/; Secure; HttpOnly; SameSite=Lax{age}")
        })
        .to_vec();
        if let Some(device) = jar.device {
            assert!(refresh_age.is_some(), "{rule}: remember was not requested");
            assert_eq!(device.len(), 22 + 1 + 43, "{rule}: {device}");
            let attributes = "Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=15552000";
            expected.push(format!("__Host-known_device={device}; {attributes}"));
        }
        let remembered = access_age.is_some();
        let without_expires = |line: String| match line.split_once("; Expires=") {
            Some((before, date)) if remembered && date.ends_with(" GMT") => before.to_owned(),
            None if !remembered => line,
            _ => panic!("{rule}: Expires and Max-Age do not match: {line}"),
        };
        let lines: Vec<_> = self.set_cookies().into_iter().map(without_expires).collect();
        assert_eq!(lines, expected, "{rule}");
    }
}

fn sentences(status: u16, code: &str) -> (&'static str, &'static str) {
    match (status, code) {
        (401, "not_authenticated") => ("Unauthorized", "Authentication credentials were not provided."),
        (401, "invalid_token") => ("Unauthorized", "The token is not valid."),
        (401, "refresh_required") => ("Unauthorized", "The access token must be refreshed."),
        (401, "session_revoked") => ("Unauthorized", "The session was ended."),
        (401, "session_expired") => ("Unauthorized", "The session has expired."),
        (401, "invalid_credentials") => ("Unauthorized", "Incorrect username or password."),
        (403, "csrf_failed") => ("Forbidden", "The request was refused because it comes from another site."),
        (404, "not_found") => ("Not Found", "Not found."),
        (405, "method_not_allowed") => ("Method Not Allowed", "This method is not allowed here."),
        (400, "password_refused") => ("Bad Request", "The new password is not accepted."),
        (400, "invalid_request") => ("Bad Request", "The request is not valid."),
        (413, "invalid_request") => ("Payload Too Large", "The request is not valid."),
        (415, "invalid_request") => ("Unsupported Media Type", "The request is not valid."),
        (429, "throttled") => ("Too Many Requests", "Too many attempts. Please wait before you try again."),
        (500, "server_error") => ("Internal Server Error", "An internal error occurred."),
        (503, "unavailable") => ("Service Unavailable", "The service is not available at the moment."),
        other => panic!("{other:?} is not in the wire contract"),
    }
}
