use std::{net::SocketAddr, sync::Arc};

use axum::extract::ConnectInfo;
use axum_core::extract::FromRequestParts;
use cookiejwt_store::{AuthUser, Authenticator, LoginContext, LoginError, LoginOptions, RequestHead, Slot};
use http::request::Parts;

use crate::{Cookies, Problem, extract};

/// For a login of one's own (OAuth callback, passkey, magic link) and for logging out: knows the old session, the
/// client's address and the user agent of this request.
///
/// ```
/// use axum::response::{IntoResponse, Redirect};
/// use cookiejwt_axum::{AuthContext, LoginOptions, Problem};
/// # use cookiejwt_axum::{AuthUser, Subject};
/// # struct User;
/// # impl AuthUser for User {
/// #     fn subject(&self) -> Subject { 1.into() }
/// #     fn password_hash(&self) -> Option<&str> { None }
/// # }
/// # async fn my_oauth() -> Result<User, Problem> { Ok(User) }
///
/// async fn callback(auth: AuthContext) -> Result<impl IntoResponse, Problem> {
///     let user = my_oauth().await?;
///     let cookies = auth.login(&user, LoginOptions::new().remember(true)).await?;
///     Ok((cookies, Redirect::to("/")))
/// }
/// ```
#[derive(Debug)]
pub struct AuthContext {
    slot: Arc<Slot>,
    context: LoginContext,
}

impl AuthContext {
    /// Logs this user in. Who he is must have been proved before.
    pub async fn login<U: AuthUser>(self, user: &U, options: LoginOptions) -> Result<Cookies, LoginError> {
        let auth = self.authenticator().clone();
        let login = auth.login(user, options, self.context).await?;
        Ok(Cookies { auth, cookies: login.cookies })
    }

    /// Ends the session whose cookies came in. The cookies are cleared even when the store is away; then the
    /// revocation is tried again in the background.
    pub async fn logout(self) -> Cookies {
        let auth = self.authenticator().clone();
        Cookies { cookies: auth.end_sessions(self.context.presented).await, auth }
    }

    /// The authenticator, for `hash_password`, `revoke_user` and the like.
    pub fn authenticator(&self) -> &Authenticator {
        self.slot.authenticator()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AuthContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let slot = extract::slot(parts, "AuthContext")?;
        let context = LoginContext::from_head(slot.authenticator(), RequestHead::from(&*parts), peer(parts));
        Ok(Self { slot, context })
    }
}

/// The client's network address, when the server was started with
/// `into_make_service_with_connect_info::<SocketAddr>()`.
pub(crate) fn peer(parts: &Parts) -> Option<String> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_string())
}
