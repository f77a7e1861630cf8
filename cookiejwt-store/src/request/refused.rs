//! A refusal on its way out, for which an application may have a page of its own.

use cookiejwt_core::{Problem, driver::ResponseHeaders};
use http::{HeaderName, HeaderValue, StatusCode, header};

/// What describes the content of a response, and so goes with it.
const OF_THE_CONTENT: [HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::ETAG,
];

/// A refusal that the application may answer with a page of its own: 401, 403, 429 or 503.
///
/// An adapter marks its responses with it, and its layer, middleware or fairing asks the
/// application's `on_problem`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(Problem);

impl Refused {
    /// The refusal that this problem is, if it is one that may have a page.
    pub fn of(problem: Problem) -> Option<Self> {
        let refusals = [
            StatusCode::UNAUTHORIZED,
            StatusCode::FORBIDDEN,
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ];
        refusals.contains(&problem.status()).then_some(Self(problem))
    }

    /// What was refused, and why.
    pub fn problem(self) -> Problem {
        self.0
    }

    /// Gives the response of the refusal the header fields of the application's page, and returns
    /// the status to send.
    ///
    /// What the refusal has stays, such as the challenge, `Retry-After`, cookies, and what other
    /// layers have added; except for what describes its content. A page without a status of its own
    /// (2xx) gets that of the refusal. One with another status has no challenge, because that
    /// belongs to the refusal, and `Retry-After` would delay a redirect (RFC 9110 §10.2.3). It is
    /// never stored.
    pub fn dress<'p>(
        self,
        page: StatusCode,
        fields: impl Iterator<Item = (&'p str, &'p [u8])>,
        response: &mut dyn ResponseHeaders,
    ) -> StatusCode {
        for name in &OF_THE_CONTENT {
            response.remove(name);
        }
        let status = if page.is_success() { self.0.status() } else { page };
        if status != self.0.status() {
            response.remove(&header::WWW_AUTHENTICATE);
            response.remove(&header::RETRY_AFTER);
        }
        let field = |(name, value): (&str, &[u8])| {
            HeaderName::try_from(name).ok().zip(HeaderValue::from_bytes(value).ok())
        };
        let fields: Vec<_> =
            fields.filter_map(field).filter(|(name, _)| *name != header::CACHE_CONTROL).collect();
        let adds = |name: &HeaderName| *name == header::SET_COOKIE || *name == header::VARY;
        for (name, _) in fields.iter().filter(|(name, _)| !adds(name)) {
            response.remove(name);
        }
        for (name, value) in &fields {
            response.append(name, value);
        }
        status
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::request::Reply;

    #[test]
    fn which_problems_may_have_a_page() {
        for (problem, expected) in [
            (Problem::NotAuthenticated, true),
            (Problem::InvalidCredentials, true),
            (Problem::CsrfFailed, true),
            (Problem::InsufficientRole, true),
            (Problem::Throttled { retry_after_seconds: 3 }, true),
            (Problem::Unavailable, true),
            (Problem::NotFound, false),
            (Problem::MethodNotAllowed, false),
            (Problem::InvalidRequest, false),
            (Problem::ServerError, false),
        ] {
            assert_eq!(Refused::of(problem).is_some(), expected, "{problem:?}");
        }
    }

    /// The status and the sorted fields of a refusal with a page in its place.
    fn dressed(problem: Problem, page: u16, fields: &[(&str, &str)]) -> (u16, Vec<String>) {
        let mut headers = Reply::problem(problem).headers;
        headers.insert("content-length", "117".parse().unwrap());
        headers.insert("access-control-allow-origin", "https://shop.example".parse().unwrap());
        headers.append("set-cookie", "ours=1".parse().unwrap());
        let page = StatusCode::from_u16(page).unwrap();
        let fields = fields.iter().map(|(name, value)| (*name, value.as_bytes()));
        let status = Refused::of(problem).unwrap().dress(page, fields, &mut headers);
        (status.as_u16(), lines(&headers))
    }

    fn lines(headers: &HeaderMap) -> Vec<String> {
        let mut lines: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort_unstable();
        lines
    }

    const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");
    const KEPT: [&str; 4] = [
        "access-control-allow-origin: https://shop.example",
        "cache-control: no-store",
        "set-cookie: ours=1",
        "x-content-type-options: nosniff",
    ];

    fn with_kept(others: &[&str]) -> Vec<String> {
        let mut lines: Vec<_> = KEPT.iter().chain(others).map(ToString::to_string).collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    fn a_page_keeps_what_the_refusal_says_to_programs() {
        let slow = Problem::Throttled { retry_after_seconds: 30 };
        let html = "content-type: text/html; charset=utf-8";
        for (rule, problem, page, status, fields, others) in [
            (
                "the challenge",
                Problem::NotAuthenticated,
                200,
                401,
                &[HTML][..],
                &[html, "www-authenticate: Bearer realm=\"api\""][..],
            ),
            ("the time to wait", slow, 200, 429, &[HTML], &[html, "retry-after: 30"]),
            ("a status of its own", Problem::InsufficientRole, 404, 404, &[HTML], &[html]),
            ("a redirect does not wait", slow, 303, 303, &[("location", "/slow")], &["location: /slow"]),
            (
                "no challenge in a redirect",
                Problem::NotAuthenticated,
                303,
                303,
                &[("location", "/")],
                &["location: /"],
            ),
            (
                "it is never stored",
                Problem::Unavailable,
                200,
                503,
                &[HTML, ("cache-control", "max-age=60")],
                &[html],
            ),
            (
                "a cookie of its own",
                Problem::Unavailable,
                200,
                503,
                &[HTML, ("set-cookie", "theirs=2")],
                &[html, "set-cookie: theirs=2"],
            ),
            (
                "several values",
                Problem::Unavailable,
                200,
                503,
                &[HTML, ("link", "<a>"), ("link", "<b>")],
                &[html, "link: <a>", "link: <b>"],
            ),
        ] {
            assert_eq!(dressed(problem, page, fields), (status, with_kept(others)), "{rule}");
        }
    }

    #[test]
    fn what_was_there_under_a_name_of_the_page_goes() {
        let (_, lines) = dressed(Problem::Unavailable, 200, &[HTML, ("x-content-type-options", "x")]);
        assert!(lines.contains(&"x-content-type-options: x".to_owned()) && lines.len() == KEPT.len() + 1);
    }
}
