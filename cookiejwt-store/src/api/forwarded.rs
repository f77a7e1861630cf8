//! Forward authentication: what a proxy asks before it lets a request reach another service, and
//! where a user goes whose access token has expired meanwhile.

use std::borrow::Cow;

use cookiejwt_core::{Identity, Problem, driver::RequestHead};

use super::{
    endpoints::{Api, verify_reply},
    page_form::next,
};
use crate::{
    request::{Reply, Slot, may_log_in, page_with, path_of},
    routes::Route,
};

impl Api {
    /// `GET token/verify/`. It never refreshes and sends no cookie, because the browser does not
    /// see this response: the refresh token that it keeps would be used up.
    pub(super) async fn verify_forwarded(&self, head: RequestHead<'_>) -> Reply {
        self.0.advise_on_forwarded(&head);
        let forwarded = self.0.core().forwarded(head);
        let decision = self.0.authenticate(forwarded).await.without_cookies();
        // A form that is sent again as a link would lose what was typed.
        let navigates = || asks_to_navigate(&head) && forwarded.is_read() && forwarded.is_page_navigation();
        let reply = match decision.required() {
            Ok(identity) => self.identified(identity),
            Err(problem) if navigates() => self.elsewhere(problem, &head),
            // The page would reload the other service, which may be at another origin.
            Err(Problem::DeviceProofRequired { .. }) => {
                Reply::problem(Problem::DeviceProofRequired { reload: false })
            }
            Err(problem) => Reply::problem(problem),
        };
        self.with_decision(reply, Cow::Owned(decision))
    }

    /// `GET token/continue/`: refreshes for a navigation of the top level, whose cookies every
    /// browser keeps, and leads back.
    pub(super) async fn continue_to(&self, head: RequestHead<'_>, slot: Option<&Slot>) -> Reply {
        let is_navigation = head.is_page_navigation();
        let asked = if is_navigation { head } else { head.without_refresh() };
        let next = next(head, None);
        let next = next.as_deref();
        let decision = self.decide(asked, slot).await;
        let reply = match decision.required() {
            Ok(_) => to_page(next.unwrap_or("/"), None),
            Err(problem) if is_navigation => self.to_login(problem, next),
            Err(problem) => Reply::problem(problem),
        };
        self.with_decision(reply, decision)
    }

    fn identified(&self, identity: &Identity) -> Reply {
        let mut reply = verify_reply(identity);
        let names = &self.0.0.routes.identity_headers;
        names.write(identity, self.0.config().realm(), &mut reply.headers);
        reply
    }

    /// A user whom a refresh would help goes where it is possible; another one has to log in. Not
    /// from those places themselves: a proxy that protects them would send users in circles.
    fn elsewhere(&self, problem: Problem, head: &RequestHead<'_>) -> Reply {
        let target = self.0.core().forwarded_target(*head);
        if target.is_some_and(|target| self.leads_elsewhere(target)) {
            return Reply::problem(problem);
        }
        let is_helped = matches!(problem, Problem::RefreshRequired | Problem::DeviceProofRequired { .. });
        if is_helped {
            return to_page(&format!("{}/token/continue/", self.0.0.routes.prefix), target);
        }
        self.to_login(problem, target)
    }

    fn leads_elsewhere(&self, target: &str) -> bool {
        let (routes, path) = (&self.0.0.routes, path_of(target));
        let is_login = routes.pages.as_ref().is_some_and(|pages| path_of(&pages.login) == path);
        is_login || routes.route_at(path) == Some(Route::Continue)
    }

    fn to_login(&self, problem: Problem, next: Option<&str>) -> Reply {
        let page = self.0.0.routes.pages.as_ref().map(|pages| pages.login.as_str());
        match page.filter(|_| may_log_in(problem)) {
            Some(page) => to_page(page, next),
            None => Reply::problem(problem),
        }
    }
}

/// Both are paths of this application.
fn to_page(page: &str, next: Option<&str>) -> Reply {
    let next: Vec<_> = next.map(|next| ("next", next.to_owned())).into_iter().collect();
    page_with(page, &next).map_or_else(|| Reply::problem(Problem::ServerError), Reply::see_other)
}

/// Whether the browser sees the response, because the proxy hands it on.
fn asks_to_navigate(head: &RequestHead<'_>) -> bool {
    let query = head.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "navigate")
}
