use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, Request, StatusCode, header},
    response::Response,
};
use http_body_util::BodyExt as _;
use tower::{Service, ServiceExt as _};

pub(crate) const ACCESS: &str = "__Host-access_token";
pub(crate) const REFRESH: &str = "__Host-refresh_token";

const ATTRIBUTES: &str = "; Path=/; Secure; HttpOnly; SameSite=Lax";
const CLEARED: &str = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What a response does to our two cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// None of our lines.
    Nothing,
    /// Exactly one line for each, with a value; and the response is not stored.
    Both,
    /// Exactly one line that clears each; and the response is not stored.
    Cleared,
    /// Anything else, which no rule allows.
    Odd(Vec<String>),
}

impl Answer {
    /// Every value of a field, joined as RFC 9110 §5.3 allows.
    pub(crate) fn field(&self, name: &str) -> String {
        let values: Vec<_> = self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
        values.join(", ")
    }

    /// Whether a list-valued field has this member.
    fn has(&self, name: &str, member: &str) -> bool {
        let field = self.field(name);
        field.split(',').any(|value| value.trim().eq_ignore_ascii_case(member) || value.trim() == "*")
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.headers.get_all(header::SET_COOKIE).iter();
        lines.map(|line| line.to_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn leaving(&self) -> Leaving {
        let mut lines = self.lines();
        lines.retain(|line| line.split('=').next().is_some_and(|name| [ACCESS, REFRESH].contains(&name)));
        let [access, refresh] = lines.as_slice() else {
            return if lines.is_empty() { Leaving::Nothing } else { Leaving::Odd(lines) };
        };
        match (line_of(access, ACCESS), line_of(refresh, REFRESH)) {
            _ if !self.has("cache-control", "no-store") || !self.has("vary", "cookie") => Leaving::Odd(lines),
            (Some(Line::Set), Some(Line::Set)) => Leaving::Both,
            (Some(Line::Cleared), Some(Line::Cleared)) => Leaving::Cleared,
            _ => Leaving::Odd(lines),
        }
    }

    /// The pair that a browser would send back.
    pub(crate) fn pair(&self, name: &str) -> Option<String> {
        let prefix = format!("{name}=");
        let line = self.lines().into_iter().find(|line| line.starts_with(&prefix))?;
        line.split(';').next().map(str::to_owned)
    }

    /// The `Cookie` field that a browser would send back.
    pub(crate) fn cookies(&self) -> String {
        format!("{}; {}", self.pair(ACCESS).unwrap(), self.pair(REFRESH).unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The `code` of a problem; empty if the body is not a problem.
    pub(crate) fn code(&self) -> String {
        if self.field("content-type") != "application/problem+json" {
            return String::new();
        }
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(body["status"], self.status.as_u16());
        body["code"].as_str().unwrap().to_owned()
    }
}

enum Line {
    Set,
    Cleared,
}

fn line_of(line: &str, name: &str) -> Option<Line> {
    let value = line.strip_prefix(name)?.strip_prefix('=')?;
    let (value, attributes) = value.split_at(value.find(';')?);
    let rest = attributes.strip_prefix(ATTRIBUTES)?;
    match value.is_empty() {
        true if rest == CLEARED => Some(Line::Cleared),
        false if rest.starts_with("; Max-Age=") && rest.contains("; Expires=") && !rest.contains("=0;") => {
            Some(Line::Set)
        }
        _ => None,
    }
}

/// A request with these header fields, in this order.
pub(crate) fn request(method: &str, path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let builder = Request::builder().method(method).uri(path);
    fields
        .iter()
        .fold(builder, |builder, (name, value)| builder.header(*name, *value))
        .body(Body::empty())
        .unwrap()
}

/// A GET with these cookies.
pub(crate) fn get(path: &str, cookies: &str) -> Request<Body> {
    if cookies.is_empty() { request("GET", path, &[]) } else { request("GET", path, &[("cookie", cookies)]) }
}

/// A POST of a JSON text with these cookies.
pub(crate) fn post_json(path: &str, cookies: &str, json: &serde_json::Value) -> Request<Body> {
    let fields = [("content-type", "application/json"), ("cookie", cookies)];
    let fields = if cookies.is_empty() { &fields[..1] } else { &fields[..] };
    request("POST", path, fields).map(|_| Body::from(json.to_string()))
}

pub(crate) async fn send<S>(app: &S, request: Request<Body>) -> Answer
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone,
{
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}
