use std::{ops::Deref, sync::Arc};

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use cookiejwt_store::{RequestHead, Slot, core as cookiejwt_core};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::{Problem, response::no_layer};

/// Somebody who is logged in. As an extractor it answers 401 by itself; as `Option<Identity>` it is for public
/// routes, where stale cookies mean "nobody".
///
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
#[derive(Clone, Debug)]
pub struct Identity(cookiejwt_core::Identity);

impl Identity {
    /// The core's identity, which is what every framework has in common.
    pub fn into_inner(self) -> cookiejwt_core::Identity {
        self.0
    }
}

impl From<cookiejwt_core::Identity> for Identity {
    fn from(identity: cookiejwt_core::Identity) -> Self {
        Self(identity)
    }
}

impl Deref for Identity {
    type Target = cookiejwt_core::Identity;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Who is asking on a public route, if anybody: the same on every framework. A CSRF refusal stays 403, a store that is
/// away 503.
#[derive(Clone, Debug)]
pub struct MaybeIdentity(pub Option<Identity>);

/// The user himself, freshly read through the `UserStore`. One who is gone or disabled is answered 401, and his
/// session is revoked.
///
/// ```
/// use cookiejwt_axum::CurrentUser;
/// # struct User { name: String }
///
/// async fn me(CurrentUser(user): CurrentUser<User>) -> String {
///     user.name
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CurrentUser<U>(pub U);

/// The access token's custom claims as a type of the application. Claims that do not fit are a 500: the token is ours.
///
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
#[derive(Clone, Copy, Debug)]
pub struct Claims<T>(pub T);

pub(crate) fn slot(parts: &Parts, what: &str) -> Result<Arc<Slot>, Problem> {
    parts.extensions.get::<Arc<Slot>>().map(Arc::clone).ok_or_else(|| no_layer(what))
}

impl<S: Send + Sync> FromRequestParts<S> for Identity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(slot(parts, "Identity")?.identity(RequestHead::from(&*parts)).await?))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Identity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        Ok(slot(parts, "Identity")?.maybe_identity(RequestHead::from(&*parts)).await?.map(Self))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeIdentity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        <Identity as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await.map(Self)
    }
}

impl<S: Send + Sync, U: Send + Sync + 'static> FromRequestParts<S> for CurrentUser<U> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(slot(parts, "CurrentUser")?.user(RequestHead::from(&*parts)).await?))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Claims<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let identity = slot(parts, "Claims")?.identity(RequestHead::from(&*parts)).await?;
        identity.claims().map(Self).map_err(|error| {
            tracing::error!(%error, "the access token's custom claims do not fit");
            Problem(cookiejwt_core::Problem::ServerError)
        })
    }
}
