//! The extractors, and how the types of this crate become responses.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::extract::ConnectInfo;
use axum_core::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, IntoResponseParts, Response, ResponseParts},
};
use bytes::Bytes;
use cookiejwt_store::{
    Guard, Refused, Reply, RequestContext, RequestHead, SharedSlot, Slot, Slots, missing_layer,
};
use http::{Extensions, request::Parts};
use http_body_util::Full;
use serde::de::DeserializeOwned;

use crate::session_cookie;

cookiejwt_store::adapter_types! {
    /// ```
    /// use axum::response::IntoResponse;
    /// use cookiejwt_axum::{AuthError, Problem};
    ///
    /// let response = AuthError(Problem::NotAuthenticated).into_response();
    /// assert_eq!(response.status(), 401);
    /// ```
    AuthError;

    /// ```
    /// use cookiejwt_axum::Identity;
    ///
    /// async fn me(who: Identity) -> String {
    ///     format!("you are {}", who.subject())
    /// }
    ///
    /// async fn home(who: Option<Identity>) -> String {
    ///     who.map_or("hello, stranger".into(), |who| format!("hello, {}", who.subject()))
    /// }
    /// ```
    Identity;

    /// The same name on every framework; in axum, `Option<Identity>` does the same.
    MaybeIdentity;

    /// ```
    /// use cookiejwt_axum::FreshLogin;
    ///
    /// async fn delete_account(who: FreshLogin<300>) -> String {
    ///     format!("goodbye, {}", who.subject())
    /// }
    /// ```
    FreshLogin;

    /// ```
    /// use cookiejwt_axum::CurrentUser;
    /// # struct User { name: String }
    ///
    /// async fn me(CurrentUser(user): CurrentUser<User>) -> String {
    ///     user.name
    /// }
    /// ```
    CurrentUser;

    /// ```
    /// use cookiejwt_axum::Claims;
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
    /// use axum::response::{IntoResponse, Redirect};
    /// use cookiejwt_axum::{AuthContext, LoginOptions, AuthError};
    /// # use cookiejwt_axum::{AuthUser, Subject};
    /// # struct User;
    /// # impl AuthUser for User {
    /// #     fn subject(&self) -> Subject { 1.into() }
    /// #     fn password_hash(&self) -> Option<&str> { None }
    /// # }
    /// # async fn my_oauth() -> Result<User, AuthError> { Ok(User) }
    ///
    /// async fn callback(auth: AuthContext) -> Result<impl IntoResponse, AuthError> {
    ///     // Compares `state` with the one in this browser's cookie.
    ///     let user = my_oauth().await?;
    ///     let options = LoginOptions::new().state_checked();
    ///     Ok(auth.login(&user, options).await?.with(Redirect::to("/")))
    /// }
    /// ```
    AuthContext;

    /// ```
    /// use cookiejwt_axum::{AuthContext, AuthError, LoggedIn, LoginOptions, Method};
    /// # use cookiejwt_axum::{AuthUser, Subject};
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
    /// use axum::response::{IntoResponse, Redirect};
    /// use cookiejwt_axum::{AuthContext, AuthError};
    ///
    /// async fn bye(auth: AuthContext) -> Result<impl IntoResponse, AuthError> {
    ///     Ok(auth.logout().await?.with(Redirect::to("/")))
    /// }
    /// ```
    Cookies;
}

cookiejwt_store::adapter_steps! {}

/// The slot of the innermost layer.
pub(crate) fn slot<'a>(extensions: &'a Extensions, what: &str) -> Result<&'a SharedSlot, AuthError> {
    let slot = extensions.get().map(|slots: &Slots| slots.innermost());
    slot.ok_or_else(|| missing_layer(what, CURE).into())
}

/// The same for what needs an authenticator.
fn full_slot(extensions: &Extensions, what: &str) -> Result<Arc<Slot>, AuthError> {
    Ok(slot(extensions, what)?.clone().full(what, CURE)?)
}

/// The slot of the guard's own authenticator or verifier.
pub(crate) fn slot_of(extensions: &Extensions, guard: &Guard) -> Result<SharedSlot, AuthError> {
    let slot = extensions.get().and_then(|slots: &Slots| slots.of_guard(guard).cloned());
    slot.ok_or_else(|| guard.missing(CURE).into())
}

const CURE: &str = ".layer(auth.layer())";

/// The client's network address, when the server was started with
/// `into_make_service_with_connect_info::<SocketAddr>()`.
pub(crate) fn peer(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}

impl<S: Send + Sync> FromRequestParts<S> for Identity {
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AuthError> {
        Ok(Self(slot(&parts.extensions, "Identity")?.any().identity(RequestHead::from(&*parts)).await?))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Identity {
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, AuthError> {
        MaybeIdentity::from_request_parts(parts, state).await.map(|maybe| maybe.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeIdentity {
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AuthError> {
        let slot = slot(&parts.extensions, "MaybeIdentity")?;
        Ok(Self(slot.any().maybe_identity(RequestHead::from(&*parts)).await?.map(Identity)))
    }
}

impl<S: Send + Sync, const SECONDS: u64> FromRequestParts<S> for FreshLogin<SECONDS> {
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AuthError> {
        let slot = slot(&parts.extensions, "FreshLogin")?;
        Ok(Self(Identity(slot.any().fresh_identity(RequestHead::from(&*parts), Self::MAX_AGE).await?)))
    }
}

impl<S: Send + Sync, U: Send + Sync + 'static> FromRequestParts<S> for CurrentUser<U> {
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AuthError> {
        Ok(Self(full_slot(&parts.extensions, "CurrentUser")?.user(RequestHead::from(&*parts)).await?))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Claims<T> {
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AuthError> {
        Ok(Self(slot(&parts.extensions, "Claims")?.any().claims(RequestHead::from(&*parts)).await?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AuthContext {
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AuthError> {
        let slot = full_slot(&parts.extensions, "AuthContext")?;
        let context = RequestContext::new(&slot, RequestHead::from(&*parts), peer(parts));
        Ok(Self(context.with_session(session_cookie::of(&parts.extensions))))
    }
}

impl IntoResponse for AuthError {
    fn into_response(self) -> Response {
        into_response(Reply::problem(self.0))
    }
}

pub(crate) fn into_response(reply: Reply) -> Response {
    let refused = reply.refused().and_then(Refused::of);
    let mut response = axum_core::body::Body::new(Full::<Bytes>::new(reply.body)).into_response();
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    if let Some(refused) = refused {
        response.extensions_mut().insert(refused);
    }
    response
}

impl IntoResponseParts for Cookies {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        self.0.write(parts.headers_mut());
        Ok(parts)
    }
}

impl IntoResponse for Cookies {
    fn into_response(self) -> Response {
        self.with(()).into_response()
    }
}

/// In token mode, the tokens take the place of the response.
impl<R: IntoResponse> IntoResponse for WithCookies<R> {
    fn into_response(self) -> Response {
        match self.cookies.send() {
            Some(reply) => into_response(reply),
            None => self.response.into_response(),
        }
    }
}

impl IntoResponse for LoggedIn {
    fn into_response(self) -> Response {
        let body = into_response(self.0.body());
        self.with(body).into_response()
    }
}
