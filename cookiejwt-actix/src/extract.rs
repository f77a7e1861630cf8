//! The extractors, and how the types of this crate become responses.

use std::{
    future::{Ready, ready},
    net::IpAddr,
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest, HttpResponse, HttpResponseBuilder, Responder, ResponseError,
    body::{BoxBody, EitherBody},
    dev::Payload,
    http::StatusCode,
};
use cookiejwt_store::{
    AnySlot, Authenticator, Decision, Guard, Problem, Refused, Reply, RequestContext, ResponseHeaders as _,
    SharedSlot, Slot, Slots, claims_of, missing_layer,
};
use futures_util::future::{Either, FutureExt as _, LocalBoxFuture};
use serde::de::DeserializeOwned;

use crate::{
    headers::{ResponseFields, View},
    session_cookie,
};

cookiejwt_store::adapter_types! {
    /// ```
    /// use actix_web::ResponseError;
    /// use cookiejwt_actix::{AuthError, Problem};
    ///
    /// let response = AuthError(Problem::NotAuthenticated).error_response();
    /// assert_eq!(response.status(), 401);
    /// ```
    AuthError;

    /// ```
    /// use cookiejwt_actix::Identity;
    ///
    /// async fn me(who: Identity) -> String {
    ///     format!("you are {}", who.subject())
    /// }
    /// ```
    Identity;

    /// Do not use `Option<Identity>`, in which actix-web also swallows the 403 and the 503.
    ///
    /// ```
    /// use cookiejwt_actix::MaybeIdentity;
    ///
    /// async fn home(MaybeIdentity(who): MaybeIdentity) -> String {
    ///     who.map_or("hello, stranger".into(), |who| format!("hello, {}", who.subject()))
    /// }
    /// ```
    MaybeIdentity;

    /// ```
    /// use cookiejwt_actix::FreshLogin;
    ///
    /// async fn delete_account(who: FreshLogin<300>) -> String {
    ///     format!("goodbye, {}", who.subject())
    /// }
    /// ```
    FreshLogin;

    /// ```
    /// use cookiejwt_actix::CurrentUser;
    /// # struct User { name: String }
    ///
    /// async fn me(CurrentUser(user): CurrentUser<User>) -> String {
    ///     user.name
    /// }
    /// ```
    CurrentUser;

    /// ```
    /// use cookiejwt_actix::Claims;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Roles {
    ///     roles: Vec<String>,
    /// }
    ///
    /// async fn admin(Claims(roles): Claims<Roles>) -> String {
    ///     roles.roles.join(", ")
    /// }
    /// ```
    Claims;

    /// ```
    /// use actix_web::{Responder, web::Redirect};
    /// use cookiejwt_actix::{AuthContext, LoginOptions, AuthError};
    /// # use cookiejwt_actix::{AuthUser, Subject};
    /// # struct User;
    /// # impl AuthUser for User {
    /// #     fn subject(&self) -> Subject { 1.into() }
    /// #     fn password_hash(&self) -> Option<&str> { None }
    /// # }
    /// # async fn my_oauth() -> Result<User, AuthError> { Ok(User) }
    ///
    /// async fn callback(auth: AuthContext) -> Result<impl Responder, AuthError> {
    ///     // Compares `state` with the one in this browser's cookie.
    ///     let user = my_oauth().await?;
    ///     let options = LoginOptions::new().state_checked();
    ///     Ok(auth.login(&user, options).await?.with(Redirect::to("/").see_other()))
    /// }
    /// ```
    AuthContext;

    /// ```
    /// use cookiejwt_actix::{AuthContext, AuthError, LoggedIn, LoginOptions, Method};
    /// # use cookiejwt_actix::{AuthUser, Subject};
    /// # struct User;
    /// # impl AuthUser for User {
    /// #     fn subject(&self) -> Subject { 1.into() }
    /// #     fn password_hash(&self) -> Option<&str> { None }
    /// # }
    /// # async fn my_passkey() -> Result<User, AuthError> { Ok(User) }
    ///
    /// async fn passkey(auth: AuthContext) -> Result<LoggedIn, AuthError> {
    ///     let user = my_passkey().await?;
    ///     Ok(auth.login(&user, LoginOptions::new().by(Method::HWK)).await?)
    /// }
    /// ```
    LoggedIn;

    /// ```
    /// use actix_web::{Responder, web::Redirect};
    /// use cookiejwt_actix::{AuthContext, AuthError};
    ///
    /// async fn bye(auth: AuthContext) -> Result<impl Responder, AuthError> {
    ///     Ok(auth.logout().await?.with(Redirect::to("/").see_other()))
    /// }
    /// ```
    Cookies;
}

cookiejwt_store::adapter_steps! {}

/// Almost every request is decided without a store, and then without a box.
type Extracted<T> = Either<Ready<Result<T, AuthError>>, LocalBoxFuture<'static, Result<T, AuthError>>>;

/// The slot of the innermost middleware.
pub(crate) fn slot(request: &HttpRequest, what: &str) -> Result<SharedSlot, AuthError> {
    let slot = request.extensions().get().map(|slots: &Slots| slots.innermost().clone());
    slot.ok_or_else(|| missing(what))
}

/// The same for what needs an authenticator.
fn full_slot(request: &HttpRequest, what: &str) -> Result<Arc<Slot>, AuthError> {
    Ok(slot(request, what)?.full(what, CURE)?)
}

/// The slot of the guard's own authenticator or verifier.
pub(crate) fn slot_of(request: &HttpRequest, guard: &Guard) -> Result<SharedSlot, AuthError> {
    let slot = request.extensions().get().and_then(|slots: &Slots| slots.of_guard(guard).cloned());
    slot.ok_or_else(|| guard.missing(CURE).into())
}

/// The slot of this authenticator.
pub(crate) fn find(request: &HttpRequest, auth: &Authenticator) -> Option<Arc<Slot>> {
    request.extensions().get().and_then(|slots: &Slots| slots.of(auth).cloned())
}

pub(crate) fn missing(what: &str) -> AuthError {
    missing_layer(what, CURE).into()
}

/// The client's network address.
pub(crate) fn peer(request: &HttpRequest) -> Option<IpAddr> {
    request.peer_addr().map(|address| address.ip())
}

const CURE: &str = ".wrap(auth.middleware())";

/// Asks who sent the request. The request is not held while a store is asked.
fn ask<T: 'static>(
    request: &HttpRequest,
    what: &str,
    answer: impl FnOnce(AnySlot<'_>, &Decision) -> Result<T, Problem> + 'static,
) -> Extracted<T> {
    let slot = match slot(request, what) {
        Ok(slot) => slot,
        Err(problem) => return Either::Left(ready(Err(problem))),
    };
    let pending = match slot.any().begin(View::of(request).head()) {
        Ok(decision) => return Either::Left(ready(answer(slot.any(), decision).map_err(AuthError))),
        Err(pending) => pending,
    };
    let asked = async move { Ok(answer(slot.any(), slot.any().finish(pending).await?)?) };
    Either::Right(asked.boxed_local())
}

impl FromRequest for Identity {
    type Error = AuthError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ask(request, "Identity", |_, decision| decision.required().cloned().map(Self))
    }
}

impl FromRequest for MaybeIdentity {
    type Error = AuthError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ask(request, "MaybeIdentity", |_, decision| Ok(Self(decision.optional()?.cloned().map(Identity))))
    }
}

impl<const SECONDS: u64> FromRequest for FreshLogin<SECONDS> {
    type Error = AuthError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let fresh = |slot: AnySlot<'_>, decision: &_| slot.fresh(decision, Self::MAX_AGE).cloned();
        ask(request, "FreshLogin", move |slot, decision| Ok(Self(Identity(fresh(slot, decision)?))))
    }
}

impl<U: Send + Sync + 'static> FromRequest for CurrentUser<U> {
    type Error = AuthError;
    type Future = LocalBoxFuture<'static, Result<Self, AuthError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let slot = full_slot(request, "CurrentUser");
        let identity = Identity::extract(request);
        async move { Ok(Self(slot?.load_user(&identity.await?.0).await?)) }.boxed_local()
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Claims<T> {
    type Error = AuthError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ask(request, "Claims", |_, decision| claims_of(decision.required()?).map(Self))
    }
}

impl FromRequest for AuthContext {
    type Error = AuthError;
    type Future = Ready<Result<Self, AuthError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let context =
            |slot: Arc<Slot>| Self(RequestContext::new(&slot, View::of(request).head(), peer(request)));
        ready(full_slot(request, "AuthContext").map(context))
    }
}

impl ResponseError for AuthError {
    fn status_code(&self) -> StatusCode {
        status(self.0.status())
    }

    fn error_response(&self) -> HttpResponse {
        response(Reply::problem(self.0))
    }
}

pub(crate) fn response(reply: Reply) -> HttpResponse {
    let refused = reply.refused().and_then(Refused::of);
    let mut response = HttpResponseBuilder::new(status(reply.status)).body(reply.body);
    if let Some(refused) = refused {
        response.extensions_mut().insert(refused);
    }
    let mut fields = ResponseFields(response.headers_mut());
    for (name, value) in &reply.headers {
        fields.append(name, value);
    }
    response
}

pub(crate) fn status(status: http::StatusCode) -> StatusCode {
    // What one generation of the http crate takes, the other takes too.
    StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl Responder for Cookies {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        self.with(HttpResponse::Ok()).respond_to(request).map_into_boxed_body()
    }
}

impl Responder for LoggedIn {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let body = response(self.0.body());
        self.with(body).respond_to(request).map_into_boxed_body()
    }
}

/// In token mode, the tokens take the place of the response.
impl<R: Responder> Responder for WithCookies<R> {
    type Body = EitherBody<R::Body>;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<Self::Body> {
        session_cookie::carry_out(request, self.cookies.session_change());
        match self.cookies.send() {
            Some(reply) => response(reply).map_into_right_body(),
            None => self.response.respond_to(request).map_into_left_body(),
        }
    }
}
