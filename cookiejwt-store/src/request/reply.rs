//! A finished response of an endpoint or a guard.

use std::fmt;

use bytes::Bytes;
use cookiejwt_core::{
    Problem,
    driver::{ResponseHeaders, SessionChange, SetCookies, Tokens},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::Value;

/// A finished response, for an adapter to write.
#[derive(Clone)]
#[must_use]
#[non_exhaustive]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The cookies of a login or logout. They are among the header fields already; an adapter whose
    /// response may become another one on its way out keeps them in the [`Slot`](crate::Slot) too.
    pub cookies: SetCookies,
    /// What a problem document says.
    pub(crate) refused: Option<Problem>,
}

/// Its lines and its body contain tokens.
#[allow(clippy::missing_fields_in_debug, reason = "the cookies are secret")]
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("headers", &names)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("session_change", &self.session_change())
            .finish()
    }
}

/// A page that reloads itself, for a navigation that another site has started: the browser does not
/// hold it back, but it does hold back the reload, and renews the session before it. The fragment
/// survives, and the reload is of the same origin, so it happens once.
const RELOAD: &str = concat!(
    r#"<!doctype html><meta charset="utf-8"><title>One moment</title>"#,
    r#"<script>location.reload()</script><p><a href="">Continue</a>"#,
);
/// The script alone may run: it is named by its SHA-256 (CSP3 §2.3.1).
const RELOAD_POLICY: &str =
    "default-src 'none'; script-src 'sha256-9gOBGqEQINNDuds+tkXbNzih6klbz+KeCyxEj4KRLeM='";

fn reload_page() -> Reply {
    let reply = Reply::raw("text/html; charset=utf-8", Bytes::from_static(RELOAD.as_bytes()));
    let policy = HeaderValue::from_static(RELOAD_POLICY);
    reply
        .with_header(header::CONTENT_SECURITY_POLICY, policy)
        .with_header(header::REFRESH, HeaderValue::from_static("1"))
}

const fn reloads(problem: Problem) -> bool {
    matches!(problem, Problem::DeviceProofRequired { reload: true })
}

/// Whether a login page may take the place of a problem: a 401 that no reload helps.
pub(crate) fn may_log_in(problem: Problem) -> bool {
    problem.status() == StatusCode::UNAUTHORIZED && !reloads(problem)
}

/// Where htmx goes with the whole page.
pub(crate) const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

impl Reply {
    /// A failure as `application/problem+json` (RFC 9457), with its challenge.
    ///
    /// If the session is bound to a device and a reload helps, it is a page that reloads itself.
    pub fn problem(problem: Problem) -> Self {
        let mut reply = if reloads(problem) {
            reload_page()
        } else {
            Self::raw("application/problem+json", problem.to_json().into())
        }
        .never_stored();
        reply.status = problem.status();
        // No page of the application takes the place of the one that reloads itself.
        reply.refused = Some(problem).filter(|problem| !reloads(*problem));
        // The text of a challenge was checked when it was made.
        if let Some(Ok(challenge)) = problem.challenge().map(|text| HeaderValue::from_str(&text)) {
            reply.headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = problem.retry_after_seconds() {
            reply.headers.insert(header::RETRY_AFTER, seconds.into());
        }
        reply
    }

    /// A problem with more members (RFC 9457 §3.2); `null` is left out.
    pub(crate) fn with_members<const N: usize>(self, members: [(&str, Value); N]) -> Self {
        let body = String::from_utf8_lossy(&self.body);
        let Some(open) = body.strip_suffix('}') else { return self };
        let given = members.into_iter().filter(|(_, value)| !value.is_null());
        let mut body =
            given.fold(open.to_owned(), |body, (name, value)| body + &format!(r#","{name}":{value}"#));
        body.push('}');
        Self { body: body.into(), ..self }
    }

    /// What becomes of the framework's own session.
    pub fn session_change(&self) -> Option<&SessionChange> {
        self.cookies.session_change()
    }

    /// What was refused, if it is a problem document.
    pub fn refused(&self) -> Option<Problem> {
        self.refused
    }

    /// No page of the application takes its place.
    pub(crate) fn settled(self) -> Self {
        Self { refused: None, ..self }
    }

    /// 303 to another page. It is about one user, so no cache stores it, and it needs no `Vary`.
    pub(crate) fn see_other(location: HeaderValue) -> Self {
        let reply = Self {
            status: StatusCode::SEE_OTHER,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            cookies: SetCookies::default(),
            refused: None,
        };
        reply.with_header(header::LOCATION, location).never_stored()
    }

    /// A status that cookiejwt did not choose, for a framework that requires a body all the same.
    /// The body claims no more than the status: another component's 403 is no CSRF refusal.
    pub fn foreign(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => return Self::problem(Problem::NotAuthenticated),
            StatusCode::INTERNAL_SERVER_ERROR => return Self::problem(Problem::ServerError),
            StatusCode::SERVICE_UNAVAILABLE => return Self::problem(Problem::Unavailable),
            _ => {}
        }
        let title = status.canonical_reason().unwrap_or_default();
        let body = format!(r#"{{"type":"about:blank","title":"{title}","status":{}}}"#, status.as_u16());
        let reply = Self::raw("application/problem+json", body.into()).never_stored();
        Self { status, ..reply }
    }

    /// The tokens of a session, for a request in token mode (RFC 6749 §5.1).
    pub fn tokens(tokens: &Tokens) -> Self {
        Self::json(tokens)
    }

    pub(crate) fn json(value: &impl Serialize) -> Self {
        // Strings, numbers and times cannot fail to serialise.
        let body = serde_json::to_vec(value).unwrap_or_default();
        Self::raw("application/json", body.into()).never_stored()
    }

    pub(crate) fn no_content() -> Self {
        let mut reply = Self::raw("", Bytes::new()).never_stored();
        reply.headers.remove(header::CONTENT_TYPE);
        Self { status: StatusCode::NO_CONTENT, ..reply }
    }

    pub(crate) fn raw(content_type: &'static str, body: Bytes) -> Self {
        let mut headers = HeaderMap::with_capacity(6);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Self { status: StatusCode::OK, headers, body, cookies: SetCookies::default(), refused: None }
    }

    /// What the client has is still right.
    pub(crate) fn not_modified() -> Self {
        Self {
            status: StatusCode::NOT_MODIFIED,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            cookies: SetCookies::default(),
            refused: None,
        }
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// What the endpoints return is about one user.
    pub(crate) fn never_stored(self) -> Self {
        self.with_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
    }
}

/// A response that is never stored, whatever it said about caching.
pub(super) fn set_no_store(headers: &mut dyn ResponseHeaders) {
    headers.remove(&header::CACHE_CONTROL);
    headers.append(&header::CACHE_CONTROL, &HeaderValue::from_static("no-store"));
}
