//! The routes asked by the form of a page: the answer is another page, never a JSON document.

use cookiejwt_core::{
    Problem,
    driver::{Mode, RequestHead},
    next_path,
};
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::{
    body::{Body, form_field},
    endpoints::Api,
    operation::Operation,
};
use crate::{
    request::{HX_REDIRECT, Reply, page_with},
    routes::Pages,
};

/// What belongs to a problem document and not to a redirect. `Retry-After` would delay it (RFC 9110
/// §10.2.3).
const OF_A_DOCUMENT: [HeaderName; 4] =
    [header::CONTENT_TYPE, header::WWW_AUTHENTICATE, header::RETRY_AFTER, header::X_CONTENT_TYPE_OPTIONS];

/// A request that the form of a page has sent to a built-in route.
pub(super) struct PageForm<'a> {
    pages: &'a Pages,
    operation: Operation,
    /// Where the user wants to go: a hidden field, otherwise a member of the query.
    pub(super) next: Option<String>,
    /// The page that the form is on.
    page: Option<String>,
    is_htmx: bool,
}

impl<'a> PageForm<'a> {
    /// `None` without pages, and for a request whose sender reads JSON.
    pub(super) fn of(api: &'a Api, operation: Operation, head: RequestHead<'_>, body: &Body) -> Option<Self> {
        let pages = api.0.0.routes.pages.as_ref()?;
        let is_form = head.is_page_form() || head.is_htmx_form();
        let core = api.0.0.keys.core();
        (operation.has_form() && is_form && core.mode(head) == Mode::Cookie).then(|| Self {
            pages,
            operation,
            next: next(head, Some(body)),
            page: core.own_page(head).map(Into::into),
            is_htmx: head.is_htmx(),
        })
    }

    /// The page that follows this reply. Its cookies stay.
    pub(super) fn answer(&self, reply: Reply) -> Reply {
        let Some(target) = self.target(reply.refused()) else { return reply };
        if self.is_htmx {
            // htmx follows a 303 itself, and would put the page that it leads to into this one.
            return reply.settled().with_header(HX_REDIRECT, target);
        }
        let mut reply = reply.settled().with_header(header::LOCATION, target);
        for name in OF_A_DOCUMENT {
            reply.headers.remove(name);
        }
        Reply { status: StatusCode::SEE_OTHER, body: bytes::Bytes::new(), ..reply }
    }

    fn target(&self, problem: Option<Problem>) -> Option<HeaderValue> {
        let Self { pages, next, .. } = self;
        match (problem, &pages.second_factor) {
            (None, _) => HeaderValue::try_from(self.after_success()).ok(),
            // Its pending login knows where the user wants to go.
            (Some(Problem::SecondFactorRequired), Some(page)) => page_with(page, &[]),
            (Some(problem), _) if needs_login(problem) => {
                let next = self.page.as_ref().or(next.as_ref());
                page_with(&pages.login, &members(problem, next))
            }
            (Some(problem), _) => page_with(self.page_of_form(), &members(problem, next.as_ref())),
        }
    }

    fn after_success(&self) -> &str {
        let otherwise = match self.operation {
            Operation::Logout => &self.pages.login,
            _ => &self.pages.after_login,
        };
        self.next.as_ref().unwrap_or(otherwise)
    }

    /// A login is on its own page; a failed logout may have cleared the cookies that the page of
    /// its form needs. The others are on the page that the browser names.
    fn page_of_form(&self) -> &str {
        match self.operation {
            Operation::FreshLogin | Operation::ChangePassword => {
                self.page.as_deref().unwrap_or(&self.pages.login)
            }
            _ => &self.pages.login,
        }
    }
}

/// Whether the user has to log in before the form helps them.
fn needs_login(problem: Problem) -> bool {
    matches!(
        problem,
        Problem::NotAuthenticated
            | Problem::InvalidToken
            | Problem::RefreshRequired
            | Problem::SessionRevoked
            | Problem::SessionExpired
    )
}

/// Codes and numbers, never text; and where the user wants to go.
fn members(problem: Problem, next: Option<&String>) -> Vec<(&'static str, String)> {
    let reason = match problem {
        Problem::PasswordRefused { reason } => Some(("reason", reason.to_owned())),
        _ => None,
    };
    let wait = problem.retry_after_seconds().map(|seconds| ("retry_after", seconds.to_string()));
    let error = Some(("error", problem.code().to_owned()));
    let next = next.map(|next| ("next", next.clone()));
    [error, reason, wait, next].into_iter().flatten().collect()
}

/// Where the user wants to go: a field of the form, otherwise a member of the query. A target that
/// leads elsewhere is none, and so are two of them.
pub(super) fn next(head: RequestHead<'_>, body: Option<&Body>) -> Option<String> {
    let in_body = match body {
        Some(Body::Complete(bytes)) => form_field(bytes, "next"),
        _ => None,
    };
    let next = in_body.or_else(|| form_field(head.query()?.as_bytes(), "next"))?;
    next_path(&next).map(Into::into)
}
