//! Routes that require a login, a fresh one, proofs, a scope or a role.

use std::{fmt::Display, sync::Arc, time::Duration};

use cookiejwt_core::{
    Decision, Identity, MissingProof, Problem, Requirement, Scope, driver::RequestHead, next_path,
};
use http::HeaderValue;

use super::{
    any_slot::AnySlot,
    faults::missing_layer,
    page_target::{page_with, path_of},
    reply::{HX_REDIRECT, Reply, may_log_in},
};
use crate::{authenticator::Authenticator, verifier::Verifier};

/// What a route requires of the caller, and the response when the requirement is not met. Each
/// adapter's `require_login`, `require_fresh_login`, `require_proofs`, `require_scope` and
/// `require_role` use it.
///
/// A guard belongs to its authenticator or verifier: it asks the slot of that one and of no other,
/// so a login at one user table never opens a route that is guarded for another.
#[derive(Clone, Debug)]
pub struct Guard {
    owner: GuardOwner,
    demand: Demand,
    login_page: Option<Arc<str>>,
    never_stored: bool,
}

/// Whose slot a guard asks.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a new kind must break every adapter")]
pub enum GuardOwner {
    /// An authenticator.
    Authenticator(Authenticator),
    /// A verifier.
    Verifier(Verifier),
}

impl From<&Authenticator> for GuardOwner {
    fn from(auth: &Authenticator) -> Self {
        Self::Authenticator(auth.clone())
    }
}

impl From<&Verifier> for GuardOwner {
    fn from(verifier: &Verifier) -> Self {
        Self::Verifier(verifier.clone())
    }
}

impl GuardOwner {
    /// Whether this is its slot.
    pub fn has(&self, slot: AnySlot<'_>) -> bool {
        match (self, slot) {
            (Self::Authenticator(auth), AnySlot::Full(slot)) => auth.is_same(slot.authenticator()),
            (Self::Verifier(verifier), AnySlot::Verifying(slot)) => verifier.is_same(slot.verifier()),
            _ => false,
        }
    }

    fn check_proofs(&self, who: &Identity, requirement: &Requirement) -> Result<(), Problem> {
        match self {
            Self::Authenticator(auth) => auth.check_proofs(who, requirement),
            Self::Verifier(verifier) => verifier.check_proofs(who, requirement),
        }
    }

    fn own_page<'a>(&self, head: RequestHead<'a>) -> Option<&'a str> {
        match self {
            Self::Authenticator(auth) => auth.0.keys.core().own_page(head),
            Self::Verifier(verifier) => verifier.core().own_page(head),
        }
    }

    fn refused(&self, who: &Identity, problem: Problem) {
        match self {
            Self::Authenticator(auth) => auth.guard_refused(who, problem),
            Self::Verifier(verifier) => verifier.guard_refused(who, problem),
        }
    }
}

#[derive(Clone, Debug)]
enum Demand {
    Login,
    FreshLogin(Duration),
    Proofs(Arc<Requirement>),
    Scope(Scope),
    Role(Arc<str>),
}

/// The response that replaces that of the route.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a new answer must break every adapter")]
pub enum GuardRefusal {
    /// A problem document.
    Problem(Problem),
    /// 303 to the login page, or 401 with `HX-Redirect`.
    Redirect(Box<Reply>),
}

impl Guard {
    /// Requires an authenticated user.
    pub fn login(owner: impl Into<GuardOwner>) -> Self {
        Self::of(owner, Demand::Login)
    }

    /// Requires a user who logged in at most `max_age` ago.
    pub fn fresh_login(owner: impl Into<GuardOwner>, max_age: Duration) -> Self {
        Self::of(owner, Demand::FreshLogin(max_age))
    }

    /// Requires a user whose session has these proofs.
    pub fn proofs(owner: impl Into<GuardOwner>, requirement: Requirement) -> Self {
        Self::of(owner, Demand::Proofs(Arc::new(requirement)))
    }

    /// Requires a user whose token contains this scope.
    ///
    /// # Panics
    /// If it is not a valid scope name. This happens when the application starts.
    #[track_caller]
    pub fn scope<S: TryInto<Scope, Error: Display>>(owner: impl Into<GuardOwner>, scope: S) -> Self {
        match scope.try_into() {
            Ok(scope) => Self::of(owner, Demand::Scope(scope)),
            Err(error) => panic!("require_scope: {error}"),
        }
    }

    /// Requires a user whose token contains this role.
    ///
    /// # Panics
    /// If the name is empty. This happens when the application starts.
    #[track_caller]
    pub fn role(owner: impl Into<GuardOwner>, role: impl Into<Arc<str>>) -> Self {
        let role = role.into();
        assert!(!role.is_empty(), "require_role: the name of a role is not empty");
        Self::of(owner, Demand::Role(role))
    }

    /// The responses of the route are not stored, so that the back button does not show them after
    /// a logout.
    #[must_use]
    pub fn no_store(self) -> Self {
        Self { never_stored: true, ..self }
    }

    pub(crate) fn is_never_stored(&self) -> bool {
        self.never_stored
    }

    /// Redirects a person who would get 401 to this page, with the way back in `next`; htmx gets
    /// 401 with `HX-Redirect`. If a proof is missing, the page learns which: `require` are methods,
    /// `max_age` and `acr_values` as in the challenge.
    ///
    /// # Panics
    /// If it is not a path of the application itself. This happens when the application starts.
    #[track_caller]
    #[must_use]
    pub fn redirect_to(self, page: &str) -> Self {
        let is_path = next_path(page).is_some() && !page.contains('#');
        assert!(is_path, "redirect_to({page:?}): write a path of this application, such as \"/login\"");
        Self { login_page: Some(page.into()), ..self }
    }

    fn of(owner: impl Into<GuardOwner>, demand: Demand) -> Self {
        Self { owner: owner.into(), demand, login_page: None, never_stored: false }
    }

    /// Whose slot it asks.
    pub fn owner(&self) -> &GuardOwner {
        &self.owner
    }

    /// Whether this path, exactly as the request has it, is a built-in route of the guard's own
    /// authenticator. These routes protect themselves; with a guard in front of them, users could
    /// never log in.
    ///
    /// True only if they are mounted: otherwise the path may belong to a handler of the
    /// application.
    pub fn is_built_in(&self, path: &str) -> bool {
        match &self.owner {
            GuardOwner::Authenticator(auth) => auth.0.routes.is_mounted_at(path),
            GuardOwner::Verifier(_) => false,
        }
    }

    /// The request has not passed the layer of the guard's own authenticator: 500, and a log line
    /// with the fix. It never passes, even if a user of another authenticator is logged in.
    pub fn missing(&self, cure: &str) -> Problem {
        let what = match self.demand {
            Demand::Login => "require_login",
            Demand::FreshLogin(_) => "require_fresh_login",
            Demand::Proofs(_) => "require_proofs",
            Demand::Scope(_) => "require_scope",
            Demand::Role(_) => "require_role",
        };
        match &self.owner {
            GuardOwner::Authenticator(auth) => {
                missing_layer(&format!("{what} of the authenticator under {}", auth.0.routes.prefix), cure)
            }
            GuardOwner::Verifier(_) => {
                missing_layer(&format!("{what} of a verifier"), &cure.replace("auth.", "verifier."))
            }
        }
    }

    pub(crate) fn check(&self, slot: AnySlot<'_>, decision: &Decision) -> Result<(), Problem> {
        if !self.owner.has(slot) {
            return Err(self.missing("the layer of that authenticator or verifier"));
        }
        let identity = decision.required()?;
        let checked = match &self.demand {
            Demand::Login => Ok(()),
            Demand::FreshLogin(max_age) => return slot.fresh(decision, *max_age).map(drop),
            Demand::Proofs(requirement) => return self.owner.check_proofs(identity, requirement),
            Demand::Scope(scope) => identity.require_scope(*scope),
            Demand::Role(role) => identity.require_role(role),
        };
        checked.inspect_err(|problem| self.owner.refused(identity, *problem))
    }

    /// A 401 becomes a redirect if a person would see it. Every other problem stays as it is.
    pub(crate) fn refusal(&self, problem: Problem, head: RequestHead<'_>) -> GuardRefusal {
        let page = self.login_page.as_deref().filter(|_| may_log_in(problem));
        let Some(location) = page.and_then(|page| self.location(page, problem, head)) else {
            return GuardRefusal::Problem(problem);
        };
        // htmx would follow a 303 itself, and put the login page into the present one.
        GuardRefusal::Redirect(Box::new(if head.is_htmx() {
            Reply::problem(problem).settled().with_header(HX_REDIRECT, location)
        } else {
            Reply::see_other(location)
        }))
    }

    /// The login page with the way back, for a request that a person would see answered, or htmx.
    /// Not for the login page itself, which would send them in circles.
    fn location(&self, page: &str, problem: Problem, head: RequestHead<'_>) -> Option<HeaderValue> {
        let is_seen = head.is_page_navigation() || head.is_htmx();
        if !is_seen || path_of(page) == head.path().trim_end_matches('/') {
            return None;
        }
        let mut members = Vec::new();
        if let Problem::ProofRequired { missing } = problem {
            members.extend(required(&missing));
        }
        let next = self.way_back(head).filter(|next| path_of(next) != path_of(page));
        members.extend(next.map(|next| ("next", next)));
        page_with(page, &members)
    }

    /// Where a login should lead back to: what a link asks for, or the page of a form or a
    /// fragment. A target that the way back would refuse is not offered: `GET //evil.example` is a
    /// path, too.
    fn way_back(&self, head: RequestHead<'_>) -> Option<String> {
        let is_link = head.is_read() && (!head.is_htmx() || head.is_htmx_boosted());
        if !is_link {
            return self.owner.own_page(head).map(Into::into);
        }
        let target = match head.query() {
            Some(query) => format!("{}?{query}", head.path()),
            None => head.path().to_owned(),
        };
        next_path(&target).map(Into::into)
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

/// What the page has to know about the proof that is missing: lists are separated by spaces, as in
/// OIDC. `max_age` is for a page that sends the user to an identity provider, which would otherwise
/// answer with the old proof.
fn required(missing: &MissingProof) -> impl Iterator<Item = (&'static str, String)> {
    let methods: Vec<_> = missing.methods().map(|method| method.to_string()).collect();
    let classes: Vec<_> = missing.acr_values().collect();
    let max_age = missing.max_age().map(|seconds| seconds.to_string()).unwrap_or_default();
    let pairs = [("require", methods.join(" ")), ("max_age", max_age), ("acr_values", classes.join(" "))];
    pairs.into_iter().filter(|(_, value)| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use http::request::Parts;

    use super::*;
    use crate::{
        errors::StoreError,
        stores::{AuthUser, MemoryStore, UserStore},
    };
    use cookiejwt_core::{Config, Secret, Subject, testing};

    struct Nobody;

    impl AuthUser for Nobody {
        fn subject(&self) -> Subject {
            1.into()
        }

        fn password_hash(&self) -> Option<&str> {
            None
        }
    }

    impl UserStore for Nobody {
        type User = Self;
        type Error = StoreError;

        async fn find_by_id(&self, _: &Subject) -> Result<Option<Self>, StoreError> {
            Ok(None)
        }

        async fn find_by_login(&self, _: &str) -> Result<Option<Self>, StoreError> {
            Ok(None)
        }

        async fn set_password_hash(&self, _: &Subject, _: &str, _: &str) -> Result<bool, StoreError> {
            Ok(false)
        }
    }

    fn authenticator() -> Authenticator {
        let secret = Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=").unwrap();
        let config = Config::builder().secret(secret).issuer("https://id.example").audience("shop");
        Authenticator::builder(config.build().unwrap())
            .users(Nobody)
            .tokens(MemoryStore::new())
            .build()
            .unwrap()
    }

    fn guard() -> Guard {
        Guard::login(&authenticator())
    }

    #[test]
    fn it_stands_before_no_built_in_route_once_they_are_mounted() {
        let (auth, other) = (authenticator(), authenticator());
        let guards = [
            Guard::login(&auth),
            Guard::fresh_login(&auth, Duration::ZERO),
            Guard::proofs(&auth, Requirement::named("otp")),
            Guard::scope(&auth, "notes:write"),
            Guard::role(&auth, "admin"),
        ];
        other.0.routes.mount();
        let built_in = |path| guards.each_ref().map(|guard| guard.is_built_in(path));
        assert_eq!(built_in("/api/auth/token/"), [false; 5], "the path may be one of the application's own");
        auth.0.routes.mount();
        for (rule, path, expected) in [
            ("login", "/api/auth/token", true),
            ("login, with a slash", "/api/auth/token/", true),
            ("a session", "/api/auth/sessions/abc/", true),
            ("a route that is switched off", "/api/auth/password/", false),
            ("a file that is not there", "/api/auth/jwks.json", false),
            ("no route", "/api/auth/", false),
            ("a path below a route", "/api/auth/token/refresh/x", false),
            ("a prefix that only begins alike", "/api/authtoken", false),
            ("another case", "/API/auth/token", false),
            ("encoded", "/api/auth/%74oken", false),
            ("a detour", "/api/auth/../auth/token", false),
            ("two slashes", "/api//auth/token", false),
            ("a page of the application", "/account", false),
        ] {
            assert_eq!(built_in(path), [expected; 5], "{rule}");
        }
    }

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
            ("a page with an empty query", "/login?", "/n", Some("/login?next=%2Fn")),
            ("a target that would lead away", "/login", "//evil.example/", Some("/login")),
            ("a target that hides a line break", "/login", "/%0d%0aSet-Cookie:a", Some("/login")),
            ("a target that is too long", "/login", &long, Some("/login")),
            ("the login page itself", "/login", "/login?next=/a", None),
            ("the login page itself, with a slash", "/login", "/login/", None),
            ("the login page itself, without", "/login/?a=b", "/login", None),
            ("a page that only begins alike", "/login", "/login/help", Some("/login?next=%2Flogin%2Fhelp")),
        ] {
            let parts = navigation(target);
            let found = guard().location(page, Problem::NotAuthenticated, RequestHead::from(&parts));
            assert_eq!(found.as_ref().map(|value| value.to_str().unwrap()), expected, "{rule}");
        }
    }

    /// What a session without any proof gets.
    fn without(requirement: &Requirement) -> Problem {
        let (core, who) = (testing::core(), testing::access("1").without_auth_time().identity());
        core.check_proofs(&who, requirement, testing::NOW).unwrap_err()
    }

    #[test]
    fn what_the_page_learns_of_a_missing_proof() {
        let (code, key) = (Requirement::named("otp"), Requirement::named("hwk"));
        let minutes = Duration::from_mins(5);
        for (rule, page, target, requirement, expected) in [
            ("a method", "/login", "/a", code, "/login?require=otp&next=%2Fa"),
            ("two", "/login", "/a", code.or(key), "/login?require=otp+hwk&next=%2Fa"),
            ("one after the other", "/login", "/a", code.and(key), "/login?require=otp&next=%2Fa"),
            ("within", "/login", "/a", code.within(minutes), "/login?require=otp&max_age=300&next=%2Fa"),
            (
                "any method",
                "/login",
                "/a",
                Requirement::any_method().within(minutes),
                "/login?max_age=300&next=%2Fa",
            ),
            (
                "classes",
                "/login",
                "/a",
                Requirement::acr("urn:gold").or(Requirement::acr("a&b#c")),
                "/login?acr_values=urn%3Agold+a%26b%23c&next=%2Fa",
            ),
            ("a page with a query of its own", "/login?a=b", "/a", code, "/login?a=b&require=otp&next=%2Fa"),
            ("a target that would lead away", "/login", "//evil.example/", code, "/login?require=otp"),
        ] {
            let parts = navigation(target);
            let found = guard().location(page, without(&requirement), (&parts).into());
            assert_eq!(found.as_ref().map(|value| value.to_str().unwrap()), Some(expected), "{rule}");
        }
        let parts = navigation("/login/?require=otp");
        assert_eq!(guard().location("/login", without(&code), (&parts).into()), None, "the page itself");
    }

    #[test]
    fn what_stands_in_next_is_what_comes_back() {
        let target = "/caf%C3%A9?q=a+b&r=%26%3D#";
        let parts = navigation(target);
        let location = guard().location("/login", Problem::NotAuthenticated, (&parts).into()).unwrap();
        let (_, query) = location.to_str().unwrap().split_once('?').unwrap();
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!(pairs, [("next".to_owned(), target.trim_end_matches('#').to_owned())]);
        assert_eq!(next_path(&pairs[0].1), Some(&*pairs[0].1));
    }

    #[test]
    fn only_a_401_becomes_a_redirect() {
        let (plain, guard) = (guard(), guard().redirect_to("/login"));
        let (page, script) = (navigation("/a"), http::Request::get("/a").body(()).unwrap().into_parts().0);
        let fresh = Problem::FreshLoginRequired { max_age: Duration::from_mins(5) };
        let scope = Problem::InsufficientScope { scope: Scope::new("write") };
        for (problem, redirects) in [
            (Problem::NotAuthenticated, true),
            (Problem::SessionRevoked, true),
            (fresh, true),
            (without(&Requirement::named("otp")), true),
            (scope, false),
            (Problem::InsufficientRole, false),
            (Problem::CsrfFailed, false),
            (Problem::ServerError, false),
            (Problem::Unavailable, false),
        ] {
            let status =
                |guard: &Guard, parts: &Parts| guard.refusal(problem, parts.into()).into_reply().status;
            let expected = if redirects { http::StatusCode::SEE_OTHER } else { problem.status() };
            assert_eq!(status(&guard, &page), expected, "{problem:?}");
            assert_eq!(status(&guard, &script), problem.status(), "{problem:?} for a script");
            assert_eq!(status(&plain, &page), problem.status(), "{problem:?} without a page");
        }
    }

    #[test]
    fn a_redirect_is_never_stored() {
        let guard = guard().redirect_to("/login");
        let reply = guard.refusal(Problem::NotAuthenticated, (&navigation("/a")).into()).into_reply();
        assert_eq!(reply.headers["location"], "/login?next=%2Fa");
        assert_eq!(reply.headers["cache-control"], "no-store");
        assert!(reply.body.is_empty());
    }

    #[test]
    fn mistakes_show_at_the_start() {
        use std::panic::{AssertUnwindSafe, catch_unwind};
        let auth = authenticator();
        let login = |page| catch_unwind(AssertUnwindSafe(|| Guard::login(&auth).redirect_to(page)));
        let scope = |scope| catch_unwind(AssertUnwindSafe(|| Guard::scope(&auth, scope)));
        for page in
            ["", "login", "//evil.example", "https://id.example/login", "/a#b", "/a b", "/\r\nX: y", "/../x"]
        {
            assert!(login(page).is_err(), "{page:?}");
        }
        for name in ["", "a b", "a\"", "a\r\n"] {
            assert!(scope(name).is_err(), "{name:?}");
        }
        assert!(catch_unwind(AssertUnwindSafe(|| Guard::role(&auth, ""))).is_err());
        assert!(scope("notes:write").is_ok());
        let _ = Guard::scope(&auth, Scope::new("notes:write"));
    }
}
