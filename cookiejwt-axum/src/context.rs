use std::{net::SocketAddr, sync::Arc};

use axum::extract::ConnectInfo;
use axum_core::extract::FromRequestParts;
use cookiejwt_store::{
    AuthUser, Authenticator, CsrfDenial, LoginContext, LoginError, LoginOptions, Logout,
    Problem::{CsrfFailed, Unavailable},
    RequestHead, Slot,
};
use http::request::Parts;

use crate::{Cookies, Identity, Problem, extract};

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
    logout: Result<Logout, CsrfDenial>,
}

impl AuthContext {
    /// Logs this user in. Who he is must have been proved before.
    pub async fn login<U: AuthUser>(self, user: &U, options: LoginOptions) -> Result<Cookies, LoginError> {
        let auth = self.authenticator().clone();
        let login = auth.login(user, options, self.context).await?;
        Ok(Cookies { auth, cookies: login.cookies })
    }

    /// Ends every session that a signed token of this request names, by cookie or by header. The cookies are cleared
    /// even when the store is away; then the revocation is tried again in the background.
    ///
    /// Refused with 403 when the CSRF table says so. Mount it for POST only: the table lets a GET pass.
    pub async fn logout(self) -> Result<Cookies, Problem> {
        let auth = self.authenticator().clone();
        let sessions = self.logout.map_err(|_| Problem(CsrfFailed))?.sessions;
        Ok(Cookies { cookies: auth.end_sessions(sessions).await, auth })
    }

    /// Ends every session of this user, the present one too. A store that is away is 503 and clears nothing, so that he
    /// can try again.
    pub async fn logout_everywhere(self, who: &Identity) -> Result<Cookies, Problem> {
        let auth = self.authenticator().clone();
        auth.logout_everywhere(who).await.map_err(|error| {
            tracing::error!(%error, "logout everywhere failed");
            Problem(Unavailable)
        })?;
        Ok(Cookies { cookies: auth.core().clear_cookies(), auth })
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
        let head = RequestHead::from(&*parts);
        let context = LoginContext::from_head(slot.authenticator(), head, peer(parts));
        let logout = slot.authenticator().core().logout(head, None);
        Ok(Self { slot, context, logout })
    }
}

/// The client's network address, when the server was started with
/// `into_make_service_with_connect_info::<SocketAddr>()`.
pub(crate) fn peer(parts: &Parts) -> Option<String> {
    parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(address)| address.ip().to_canonical().to_string())
}
