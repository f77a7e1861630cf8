//! The request guards.

use std::net::IpAddr;

use cookiejwt_store::{AnySlot, Guard, Problem, RequestContext, Slot, missing_layer};
use rocket::{
    Request, Route,
    http::Status,
    request::{FromRequest, Outcome},
};
use serde::de::DeserializeOwned;

use crate::{memory::Memory, respond::status, view::View};

cookiejwt_store::adapter_types! {
    /// A handler may return one. If a guard refuses, the [catchers](crate::RocketAuth::catchers)
    /// send the response.
    ///
    /// ```
    /// use cookiejwt_rocket::{AuthError, Problem};
    /// use rocket::get;
    ///
    /// #[get("/secret")]
    /// fn secret() -> Result<String, AuthError> {
    ///     Err(AuthError(Problem::NotAuthenticated))
    /// }
    /// ```
    AuthError;

    /// ```
    /// use cookiejwt_rocket::Identity;
    /// use rocket::get;
    ///
    /// #[get("/me")]
    /// fn me(who: Identity) -> String {
    ///     format!("you are {}", who.subject())
    /// }
    /// ```
    Identity;

    /// Do not use `Option<Identity>`, in which Rocket also swallows the 403 and the 503.
    ///
    /// ```
    /// use cookiejwt_rocket::MaybeIdentity;
    /// use rocket::get;
    ///
    /// #[get("/")]
    /// fn home(who: MaybeIdentity) -> String {
    ///     who.0.map_or("hello, stranger".into(), |who| format!("hello, {}", who.subject()))
    /// }
    /// ```
    MaybeIdentity;

    /// ```
    /// use cookiejwt_rocket::FreshLogin;
    /// use rocket::delete;
    ///
    /// #[delete("/account")]
    /// fn delete_account(who: FreshLogin<300>) -> String {
    ///     format!("goodbye, {}", who.subject())
    /// }
    /// ```
    FreshLogin;

    /// ```
    /// use cookiejwt_rocket::CurrentUser;
    /// use rocket::get;
    /// # struct User { name: String }
    ///
    /// #[get("/me")]
    /// fn me(user: CurrentUser<User>) -> String {
    ///     user.0.name
    /// }
    /// ```
    CurrentUser;

    /// ```
    /// use cookiejwt_rocket::Claims;
    /// use rocket::get;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Roles {
    ///     roles: Vec<String>,
    /// }
    ///
    /// #[get("/admin")]
    /// fn admin(claims: Claims<Roles>) -> String {
    ///     claims.0.roles.join(", ")
    /// }
    /// ```
    Claims;

    /// ```
    /// use cookiejwt_rocket::{AuthContext, LoginOptions, AuthError, WithCookies};
    /// use rocket::{get, response::Redirect};
    /// # use cookiejwt_rocket::{AuthUser, Subject};
    /// # struct User;
    /// # impl AuthUser for User {
    /// #     fn subject(&self) -> Subject { 1.into() }
    /// #     fn password_hash(&self) -> Option<&str> { None }
    /// # }
    /// # async fn my_oauth() -> Result<User, AuthError> { Ok(User) }
    ///
    /// #[get("/callback")]
    /// async fn callback(auth: AuthContext) -> Result<WithCookies<Redirect>, AuthError> {
    ///     // Compares `state` with the one in this browser's cookie.
    ///     let user = my_oauth().await?;
    ///     let options = LoginOptions::new().state_checked();
    ///     Ok(auth.login(&user, options).await?.with(Redirect::to("/")))
    /// }
    /// ```
    AuthContext;

    /// ```
    /// use cookiejwt_rocket::{AuthContext, AuthError, LoggedIn, LoginOptions, Method};
    /// use rocket::post;
    /// # use cookiejwt_rocket::{AuthUser, Subject};
    /// # struct User;
    /// # impl AuthUser for User {
    /// #     fn subject(&self) -> Subject { 1.into() }
    /// #     fn password_hash(&self) -> Option<&str> { None }
    /// # }
    /// # async fn my_passkey() -> Result<User, AuthError> { Ok(User) }
    ///
    /// #[post("/passkey")]
    /// async fn passkey(auth: AuthContext) -> Result<LoggedIn, AuthError> {
    ///     let user = my_passkey().await?;
    ///     Ok(auth.login(&user, LoginOptions::new().by(Method::HWK)).await?)
    /// }
    /// ```
    LoggedIn;

    /// ```
    /// use cookiejwt_rocket::{AuthContext, AuthError, WithCookies};
    /// use rocket::{post, response::Redirect};
    ///
    /// #[post("/bye")]
    /// async fn bye(auth: AuthContext) -> Result<WithCookies<Redirect>, AuthError> {
    ///     Ok(auth.logout().await?.with(Redirect::to("/")))
    /// }
    /// ```
    Cookies;
}

cookiejwt_store::adapter_steps! {}

/// The slot that is closest to the handler.
pub(crate) fn slot<'r>(request: &'r Request<'_>, what: &str) -> Result<AnySlot<'r>, Problem> {
    Memory::of(request).innermost().ok_or_else(|| missing_layer(what, CURE))
}

/// The same for what needs an authenticator.
pub(crate) fn full_slot<'r>(request: &'r Request<'_>, what: &str) -> Result<&'r Slot, Problem> {
    slot(request, what)?.full(what, CURE)
}

/// The slot of the guard's own authenticator or verifier.
pub(crate) fn slot_of<'r>(request: &'r Request<'_>, guard: &Guard) -> Result<AnySlot<'r>, Problem> {
    Memory::of(request).slot_of_owner(guard.owner()).ok_or_else(|| guard.missing(CURE))
}

const CURE: &str = ".attach(auth.fairing())";

/// A catcher receives only the status, so the problem is stored for it.
pub(crate) fn refused(request: &Request<'_>, problem: Problem) -> Status {
    Memory::of(request).refuse(problem);
    status(problem)
}

/// A 401 is forwarded to the next route of the same path, if there is one: `index(_: Identity)` for
/// users, and a second route of a higher rank for anonymous requests. If that forwards too, or
/// there is none, the catcher of this crate responds with the problem.
fn or_next_route<T>(request: &Request<'_>, answer: Result<T, Problem>) -> Outcome<T, AuthError> {
    match outcome(request, answer) {
        Outcome::Error((Status::Unauthorized, _)) if has_next_route(request) => {
            Outcome::Forward(Status::Unauthorized)
        }
        outcome => outcome,
    }
}

/// Not every route that matches counts: a file server or a catch-all page would turn the 401 of a
/// script into a 404 or into that page.
fn has_next_route(request: &Request<'_>) -> bool {
    let Some(route) = request.route() else { return false };
    let follows =
        |other: &Route| other.method == route.method && other.rank > route.rank && is_same_path(other, route);
    request.rocket().routes().any(follows)
}

/// The names of parameters do not matter.
fn is_same_path(one: &Route, other: &Route) -> bool {
    let segments = |route: &Route| {
        let kind = |segment: &str| match segment {
            parameter if parameter.ends_with("..>") => "<..>".to_owned(),
            parameter if parameter.starts_with('<') => "<>".to_owned(),
            segment => segment.to_owned(),
        };
        route.uri.path().split('/').map(kind).collect::<Vec<_>>()
    };
    segments(one) == segments(other)
}

/// The answer of a question that was begun when the guard was called: Rocket boxes the future of
/// each guard, and so it needs no room for the head.
async fn answer<T>(begun: Result<impl Future<Output = Result<T, Problem>>, Problem>) -> Result<T, Problem> {
    begun?.await
}

pub(crate) fn outcome<T>(request: &Request<'_>, answer: Result<T, Problem>) -> Outcome<T, AuthError> {
    match answer {
        Ok(value) => Outcome::Success(value),
        Err(problem) => Outcome::Error((refused(request, problem), AuthError(problem))),
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Identity {
    type Error = AuthError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, AuthError> {
        let begun = slot(request, "Identity").map(|slot| slot.identity(View::of(request).head()));
        or_next_route(request, answer(begun).await.map(Self))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for MaybeIdentity {
    type Error = AuthError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, AuthError> {
        let begun = slot(request, "MaybeIdentity").map(|slot| slot.maybe_identity(View::of(request).head()));
        outcome(request, answer(begun).await.map(|who| Self(who.map(Identity))))
    }
}

#[rocket::async_trait]
impl<'r, const SECONDS: u64> FromRequest<'r> for FreshLogin<SECONDS> {
    type Error = AuthError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, AuthError> {
        let ask = |slot: AnySlot<'r>| slot.fresh_identity(View::of(request).head(), Self::MAX_AGE);
        let begun = slot(request, "FreshLogin").map(ask);
        outcome(request, answer(begun).await.map(|who| Self(Identity(who))))
    }
}

#[rocket::async_trait]
impl<'r, U: Send + Sync + 'static> FromRequest<'r> for CurrentUser<U> {
    type Error = AuthError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, AuthError> {
        let asked = async { full_slot(request, "CurrentUser")?.user(View::of(request).head()).await };
        or_next_route(request, asked.await.map(Self))
    }
}

#[rocket::async_trait]
impl<'r, T: DeserializeOwned + Send> FromRequest<'r> for Claims<T> {
    type Error = AuthError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, AuthError> {
        let begun = slot(request, "Claims").map(|slot| slot.claims(View::of(request).head()));
        or_next_route(request, answer(begun).await.map(Self))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for AuthContext {
    type Error = AuthError;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, AuthError> {
        let context = |slot| Self(RequestContext::new(slot, View::of(request).head(), peer(request)));
        outcome(request, full_slot(request, "AuthContext").map(context))
    }
}

/// The client's network address. Not `client_ip`, which believes the client's own `X-Real-IP`.
pub(crate) fn peer(request: &Request<'_>) -> Option<IpAddr> {
    request.remote().map(|address| address.ip())
}
