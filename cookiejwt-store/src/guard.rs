use std::{fmt::Display, sync::Arc, time::Duration};

use cookiejwt_core::{Decision, Problem, RequestHead, Scope, next_path};
use http::HeaderValue;

use crate::{Reply, Slot};

/// What a route demands of who is asking, and what it answers else; behind each adapter's `require_login`,
/// `require_fresh_login` and `require_scope`.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    demand: Demand,
    login_page: Option<Arc<str>>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Demand {
    #[default]
    Login,
    FreshLogin(Duration),
    Scope(Scope),
}

/// What is answered instead of the route.
#[derive(Clone, Debug)]
pub enum GuardRefusal {
    /// A problem document.
    Problem(Problem),
    /// 303 to the login page.
    Redirect(Box<Reply>),
}

impl Guard {
    /// Demands somebody.
    pub fn login() -> Self {
        Self::default()
    }

    /// Demands somebody who has proved who he is at most this long ago.
    pub fn fresh_login(max_age: Duration) -> Self {
        Self { demand: Demand::FreshLogin(max_age), login_page: None }
    }

    /// Demands somebody whose token carries this scope.
    ///
    /// # Panics
    /// When it is no name of a scope, which shows when the application starts.
    #[track_caller]
    pub fn scope<S: TryInto<Scope, Error: Display>>(scope: S) -> Self {
        match scope.try_into() {
            Ok(scope) => Self { demand: Demand::Scope(scope), login_page: None },
            Err(error) => panic!("require_scope: {error}"),
        }
    }

    /// Sends a person who would be answered 401 to this page, with the way back in `next`.
    ///
    /// # Panics
    /// When it is no path of the application itself, which shows when the application starts.
    #[track_caller]
    #[must_use]
    pub fn redirect_to(self, page: &str) -> Self {
        let is_path = next_path(page).is_some() && !page.contains('#');
        assert!(is_path, "redirect_to({page:?}): write a path of this application, such as \"/login\"");
        Self { login_page: Some(page.into()), ..self }
    }

    pub(crate) fn check(&self, slot: &Slot, decision: &Decision) -> Result<(), Problem> {
        match self.demand {
            Demand::Login => decision.required().map(drop),
            Demand::FreshLogin(max_age) => slot.fresh(decision, max_age).map(drop),
            Demand::Scope(scope) => {
                let identity = decision.required()?;
                let checked = identity.require_scope(scope);
                checked.inspect_err(|problem| slot.authenticator().guard_refused(identity, *problem))
            }
        }
    }

    /// A 401 becomes a redirect where a person would see it; every other problem stays what it is.
    pub(crate) fn refusal(&self, problem: Problem, head: RequestHead<'_>) -> GuardRefusal {
        let page = self.login_page.as_deref().filter(|_| problem.status() == http::StatusCode::UNAUTHORIZED);
        match page.and_then(|page| location(page, head)) {
            Some(location) => GuardRefusal::Redirect(Box::new(Reply::see_other(location))),
            None => GuardRefusal::Problem(problem),
        }
    }
}

impl GuardRefusal {
    /// The finished response.
    pub fn into_reply(self) -> Reply {
        match self {
            Self::Problem(problem) => Reply::problem(problem),
            Self::Redirect(reply) => *reply,
        }
    }
}

/// The login page with the way back, for a request that a person would see answered. Not for the login page itself,
/// which would send him in circles.
fn location(page: &str, head: RequestHead<'_>) -> Option<HeaderValue> {
    let page_path = page.split('?').next().unwrap_or_default();
    let is_elsewhere = page_path.trim_end_matches('/') != head.path().trim_end_matches('/');
    if !(is_elsewhere && head.is_page_navigation()) {
        return None;
    }
    let target =
        head.query().map_or_else(|| head.path().to_owned(), |query| format!("{}?{query}", head.path()));
    // A target that the way back would refuse is not offered: `GET //evil.example` is a path, too.
    let next = next_path(&target).map(|target| {
        let mark = if page.contains('?') { '&' } else { '?' };
        let encoded: String = form_urlencoded::byte_serialize(target.as_bytes()).collect();
        format!("{mark}next={encoded}")
    });
    HeaderValue::try_from(format!("{page}{}", next.unwrap_or_default())).ok()
}

#[cfg(test)]
mod tests {
    use http::request::Parts;

    use super::*;

    fn navigation(target: &str) -> Parts {
        let request = http::Request::get(target).header("accept", "text/html");
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn where_a_person_is_sent() {
        let long = format!("/{}", "a".repeat(1024));
        for (rule, page, target, expected) in [
            ("a path", "/login", "/notes", Some("/login?next=%2Fnotes")),
            (
                "a query",
                "/login",
                "/notes?page=2&q=a%20b",
                Some("/login?next=%2Fnotes%3Fpage%3D2%26q%3Da%2520b"),
            ),
            ("an empty query", "/login", "/notes?", Some("/login?next=%2Fnotes%3F")),
            ("the root", "/login", "/", Some("/login?next=%2F")),
            ("a page with a query of its own", "/login?lang=de", "/n", Some("/login?lang=de&next=%2Fn")),
            ("a page with an empty query", "/login?", "/n", Some("/login?&next=%2Fn")),
            ("a target that would lead away", "/login", "//evil.example/", Some("/login")),
            ("a target that hides a line break", "/login", "/%0d%0aSet-Cookie:a", Some("/login")),
            ("a target that is too long", "/login", &long, Some("/login")),
            ("the login page itself", "/login", "/login?next=/a", None),
            ("the login page itself, with a slash", "/login", "/login/", None),
            ("the login page itself, without", "/login/?a=b", "/login", None),
            ("a page that only begins alike", "/login", "/login/help", Some("/login?next=%2Flogin%2Fhelp")),
        ] {
            let parts = navigation(target);
            let found = location(page, RequestHead::from(&parts));
            assert_eq!(found.as_ref().map(|value| value.to_str().unwrap()), expected, "{rule}");
        }
    }

    #[test]
    fn what_stands_in_next_is_what_comes_back() {
        let target = "/caf%C3%A9?q=a+b&r=%26%3D#";
        let parts = navigation(target);
        let location = location("/login", RequestHead::from(&parts)).unwrap();
        let (_, query) = location.to_str().unwrap().split_once('?').unwrap();
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!(pairs, [("next".to_owned(), target.trim_end_matches('#').to_owned())]);
        assert_eq!(next_path(&pairs[0].1), Some(&*pairs[0].1));
    }

    #[test]
    fn only_a_401_becomes_a_redirect() {
        let guard = Guard::login().redirect_to("/login");
        let (page, script) = (navigation("/a"), http::Request::get("/a").body(()).unwrap().into_parts().0);
        let fresh = Problem::FreshLoginRequired { max_age: Duration::from_mins(5) };
        let scope = Problem::InsufficientScope { scope: Scope::new("write") };
        for (problem, redirects) in [
            (Problem::NotAuthenticated, true),
            (Problem::SessionRevoked, true),
            (fresh, true),
            (scope, false),
            (Problem::CsrfFailed, false),
            (Problem::ServerError, false),
            (Problem::Unavailable, false),
        ] {
            let status =
                |guard: &Guard, parts: &Parts| guard.refusal(problem, parts.into()).into_reply().status;
            let expected = if redirects { http::StatusCode::SEE_OTHER } else { problem.status() };
            assert_eq!(status(&guard, &page), expected, "{problem:?}");
            assert_eq!(status(&guard, &script), problem.status(), "{problem:?} for a script");
            assert_eq!(status(&Guard::login(), &page), problem.status(), "{problem:?} without a page");
        }
    }

    #[test]
    fn a_redirect_is_never_stored() {
        let guard = Guard::login().redirect_to("/login");
        let reply = guard.refusal(Problem::NotAuthenticated, (&navigation("/a")).into()).into_reply();
        assert_eq!(reply.headers["location"], "/login?next=%2Fa");
        assert_eq!(reply.headers["cache-control"], "no-store");
        assert!(reply.body.is_empty());
    }

    #[test]
    fn mistakes_show_at_the_start() {
        use std::panic::catch_unwind;
        for page in
            ["", "login", "//evil.example", "https://id.example/login", "/a#b", "/a b", "/\r\nX: y", "/../x"]
        {
            assert!(catch_unwind(|| Guard::login().redirect_to(page)).is_err(), "{page:?}");
        }
        for scope in ["", "a b", "a\"", "a\r\n"] {
            assert!(catch_unwind(|| Guard::scope(scope)).is_err(), "{scope:?}");
        }
        assert!(catch_unwind(|| Guard::scope("notes:write")).is_ok());
        assert!(catch_unwind(|| Guard::scope(Scope::new("notes:write"))).is_ok());
    }
}
