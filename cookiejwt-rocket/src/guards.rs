use std::net::IpAddr;

use cookiejwt_store::{Problem as CoreProblem, RequestContext, Slot};
use rocket::{
    Request,
    http::Status,
    request::{FromRequest, Outcome},
};
use serde::de::DeserializeOwned;

use crate::{memory::Memory, respond::status, view::View};

cookiejwt_store::adapter_types! {
    /// A handler may answer with one; what a guard refuses, the [catchers](crate::RocketAuth::catchers) answer.
    ///
    /// ```
    /// use cookiejwt_rocket::{Problem, cookiejwt_core};
    /// use rocket::get;
    ///
    /// #[get("/secret")]
    /// fn secret() -> Result<String, Problem> {
    ///     Err(Problem(cookiejwt_core::Problem::NotAuthenticated))
    /// }
    /// ```
    Problem;

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

    /// Take this one and not `Option<Identity>`, in which Rocket swallows the 403 and the 503 too.
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
    /// use cookiejwt_rocket::{AuthContext, LoginOptions, Problem, WithCookies};
    /// use rocket::{get, response::Redirect};
    /// # use cookiejwt_rocket::{AuthUser, Subject};
    /// # struct User;
    /// # impl AuthUser for User {
    /// #     fn subject(&self) -> Subject { 1.into() }
    /// #     fn password_hash(&self) -> Option<&str> { None }
    /// # }
    /// # async fn my_oauth() -> Result<User, Problem> { Ok(User) }
    ///
    /// #[get("/callback")]
    /// async fn callback(auth: AuthContext) -> Result<WithCookies<Redirect>, Problem> {
    ///     // Compares `state` with the one in this browser's cookie.
    ///     let user = my_oauth().await?;
    ///     let cookies = auth.login(&user, LoginOptions::new().state_checked()).await?;
    ///     Ok(cookies.with(Redirect::to("/")))
    /// }
    /// ```
    AuthContext;

    /// ```
    /// use cookiejwt_rocket::{AuthContext, Problem, WithCookies};
    /// use rocket::{post, response::Redirect};
    ///
    /// #[post("/bye")]
    /// async fn bye(auth: AuthContext) -> Result<WithCookies<Redirect>, Problem> {
    ///     Ok(auth.logout().await?.with(Redirect::to("/")))
    /// }
    /// ```
    Cookies;

    /// ```
    /// use cookiejwt_rocket::{AuthContext, Cookies, LoginOptions, Problem, Tokens};
    /// use rocket::{Responder, post};
    /// # use cookiejwt_rocket::{AuthUser, Subject};
    /// # struct User;
    /// # impl AuthUser for User {
    /// #     fn subject(&self) -> Subject { 1.into() }
    /// #     fn password_hash(&self) -> Option<&str> { None }
    /// # }
    /// # async fn my_passkey() -> Result<User, Problem> { Ok(User) }
    ///
    /// #[derive(Responder)]
    /// enum LoggedIn {
    ///     Browser(Cookies),
    ///     Client(Tokens),
    /// }
    ///
    /// #[post("/passkey")]
    /// async fn passkey(auth: AuthContext) -> Result<LoggedIn, Problem> {
    ///     let user = my_passkey().await?;
    ///     if auth.is_token_mode() {
    ///         return Ok(LoggedIn::Client(auth.login_tokens(&user, LoginOptions::new()).await?));
    ///     }
    ///     Ok(LoggedIn::Browser(auth.login(&user, LoginOptions::new()).await?))
    /// }
    /// ```
    Tokens;
}

pub(crate) fn slot<'r>(request: &'r Request<'_>, what: &str) -> Result<&'r Slot, CoreProblem> {
    Memory::of(request).slot.get().ok_or_else(|| Slot::missing(what, ".attach(auth.fairing())"))
}

/// A catcher is told the status alone, so the problem is remembered for it.
pub(crate) fn refused(request: &Request<'_>, problem: CoreProblem) -> Status {
    Memory::of(request).refuse(problem);
    status(problem)
}

fn outcome<T>(request: &Request<'_>, answer: Result<T, CoreProblem>) -> Outcome<T, Problem> {
    match answer {
        Ok(value) => Outcome::Success(value),
        Err(problem) => Outcome::Error((refused(request, problem), Problem(problem))),
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Identity {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Problem> {
        let asked = async { slot(request, "Identity")?.identity(View::of(request).head()).await };
        outcome(request, asked.await.map(Self))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for MaybeIdentity {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Problem> {
        let asked = async { slot(request, "MaybeIdentity")?.maybe_identity(View::of(request).head()).await };
        outcome(request, asked.await.map(|who| Self(who.map(Identity))))
    }
}

#[rocket::async_trait]
impl<'r, const SECONDS: u64> FromRequest<'r> for FreshLogin<SECONDS> {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Problem> {
        let asked = async {
            slot(request, "FreshLogin")?.fresh_identity(View::of(request).head(), Self::MAX_AGE).await
        };
        outcome(request, asked.await.map(|who| Self(Identity(who))))
    }
}

#[rocket::async_trait]
impl<'r, U: Send + Sync + 'static> FromRequest<'r> for CurrentUser<U> {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Problem> {
        let asked = async { slot(request, "CurrentUser")?.user(View::of(request).head()).await };
        outcome(request, asked.await.map(Self))
    }
}

#[rocket::async_trait]
impl<'r, T: DeserializeOwned + Send> FromRequest<'r> for Claims<T> {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Problem> {
        let asked = async { slot(request, "Claims")?.claims(View::of(request).head()).await };
        outcome(request, asked.await.map(Self))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for AuthContext {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Problem> {
        let context = |slot| Self(RequestContext::new(slot, View::of(request).head(), peer(request)));
        outcome(request, slot(request, "AuthContext").map(context))
    }
}

/// The client's network address. Not `client_ip`, which believes the client's own `X-Real-IP`.
pub(crate) fn peer(request: &Request<'_>) -> Option<IpAddr> {
    request.remote().map(|address| address.ip())
}
