//! The types that each adapter defines for its own framework, written once.

/// Defines an adapter's own `AuthError`, `Identity`, `MaybeIdentity`, `FreshLogin`, `CurrentUser`,
/// `Claims`, `AuthContext`, `LoggedIn`, `Cookies` and `WithCookies`.
///
/// An adapter can implement a framework's traits only for types of its own crate. The types are the
/// same in every adapter, except for the samples in their documentation.
#[doc(hidden)]
#[macro_export]
macro_rules! adapter_types {
    (
        $(#[$error:meta])* AuthError;
        $(#[$identity:meta])* Identity;
        $(#[$maybe:meta])* MaybeIdentity;
        $(#[$fresh:meta])* FreshLogin;
        $(#[$user:meta])* CurrentUser;
        $(#[$claims:meta])* Claims;
        $(#[$context:meta])* AuthContext;
        $(#[$logged_in:meta])* LoggedIn;
        $(#[$cookies:meta])* Cookies;
    ) => {
        /// What handlers and extractors return when they refuse a request: a
        /// [`Problem`]($crate::Problem), sent as `application/problem+json` (RFC 9457) with the
        /// matching `WWW-Authenticate` challenge.
        ///
        /// In a handler `?` converts the errors of [`AuthContext`] and
        /// [`Authenticator`]($crate::Authenticator). The conversions do not log: the authenticator
        /// has reported those errors already.
        ///
        $(#[$error])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(clippy::exhaustive_structs, reason = "handlers take it apart")]
        pub struct AuthError(pub $crate::Problem);

        impl From<$crate::Problem> for AuthError {
            fn from(problem: $crate::Problem) -> Self {
                Self(problem)
            }
        }

        impl From<$crate::LoginError> for AuthError {
            fn from(error: $crate::LoginError) -> Self {
                Self(error.problem())
            }
        }

        /// 503, as for every store that is unavailable.
        impl From<$crate::StoreError> for AuthError {
            fn from(error: $crate::StoreError) -> Self {
                Self(error.into())
            }
        }

        /// 400 for a new password of the wrong length, 503 if too many logins are waiting,
        /// otherwise 500.
        impl From<$crate::PasswordError> for AuthError {
            fn from(error: $crate::PasswordError) -> Self {
                $crate::LoginError::from(error).into()
            }
        }

        impl std::fmt::Display for AuthError {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.0.detail())
            }
        }

        impl std::error::Error for AuthError {}

        /// An authenticated user. Otherwise the request is rejected with 401. For public routes use
        /// [`MaybeIdentity`].
        ///
        $(#[$identity])*
        #[derive(Clone, Debug)]
        pub struct Identity(pub(crate) $crate::Identity);

        impl Identity {
            /// The core's identity, which is the same type for every framework.
            pub fn into_inner(self) -> $crate::Identity {
                self.0
            }
        }

        impl From<$crate::Identity> for Identity {
            fn from(identity: $crate::Identity) -> Self {
                Self(identity)
            }
        }

        impl std::ops::Deref for Identity {
            type Target = $crate::Identity;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        /// The user of a public route, if any. A request with stale cookies is anonymous, not a
        /// 401. A CSRF refusal is still 403, and an unavailable store 503.
        ///
        /// The exception is a page that another origin prefetches or prerenders (`Sec-Purpose`) and
        /// that would need a refresh: it gets 401 `refresh_required`, so that the browser discards
        /// the prepared page and asks again instead of showing the user as anonymous.
        ///
        /// To show more to some users, check what the identity holds:
        /// `who.is_some_and(|who| who.has_scope("notes:write"))`.
        ///
        $(#[$maybe])*
        #[derive(Clone, Debug)]
        #[allow(clippy::exhaustive_structs, reason = "handlers take it apart")]
        pub struct MaybeIdentity(pub Option<Identity>);

        /// Requires a login at most `SECONDS` seconds old, for actions that a stolen session must
        /// not be able to perform. Otherwise responds 401 `fresh_login_required` (RFC 9470), so
        /// that the client can ask for the password.
        ///
        /// Based on the token's `auth_time` in whole seconds, which refreshing does not change. A
        /// token without `auth_time` is never fresh.
        ///
        $(#[$fresh])*
        #[derive(Clone, Debug)]
        #[allow(clippy::exhaustive_structs, reason = "handlers take it apart")]
        pub struct FreshLogin<const SECONDS: u64>(pub Identity);

        impl<const SECONDS: u64> FreshLogin<SECONDS> {
            const MAX_AGE: std::time::Duration = std::time::Duration::from_secs(SECONDS);
        }

        impl<const SECONDS: u64> std::ops::Deref for FreshLogin<SECONDS> {
            type Target = Identity;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        /// The user's row, read through the `UserStore` for this request. If the user is deleted or
        /// disabled, the response is 401 and the session is revoked.
        ///
        $(#[$user])*
        #[derive(Clone, Copy, Debug)]
        #[allow(clippy::exhaustive_structs, reason = "handlers take it apart")]
        pub struct CurrentUser<U>(pub U);

        /// The access token's custom claims, deserialized into a type of the application. Responds
        /// 500 if the claims do not deserialize into `T`, since this application issued the token.
        ///
        $(#[$claims])*
        #[derive(Clone, Copy, Debug)]
        #[allow(clippy::exhaustive_structs, reason = "handlers take it apart")]
        pub struct Claims<T>(pub T);

        /// Logs users in and out from your own handlers (OAuth callbacks, passkeys, magic links),
        /// and manages sessions and passwords there.
        ///
        /// It keeps the header fields of this request that it needs, and checks them only when a
        /// method is called.
        ///
        $(#[$context])*
        #[derive(Debug)]
        pub struct AuthContext(pub(crate) $crate::RequestContext);

        impl AuthContext {
            /// Logs this user in. Verify who they are before you call it.
            ///
            /// The CSRF check comes first: a GET and a POST from another site are rejected with
            /// 403, unless the options contain
            /// [`state_checked`]($crate::LoginOptions::state_checked). A request in token mode
            /// (`Cookiejwt-Mode: token`, if the configuration allows it) gets tokens in the body
            /// and no cookie; any other request gets cookies and no token in the body.
            pub async fn login<U: $crate::AuthUser>(
                &self,
                user: &U,
                options: $crate::LoginOptions,
            ) -> Result<LoggedIn, $crate::LoginError> {
                self.0.login(user, options).await.map(LoggedIn)
            }

            /// Logs this user in where your code has no response in its hands, such as a GraphQL
            /// resolver or a server function: the cookies are sent with whatever the response to
            /// this request is, and the login takes effect then.
            ///
            /// The checks are those of [`login`](Self::login). A request in token mode is rejected
            /// with 400, because its tokens need a body. After the head of the response was sent,
            /// the result is [`LoginError::ResponseSent`]($crate::LoginError::ResponseSent), and no
            /// session remains. With `COOKIEJWT_SET_SESSION_COOKIE` it works on axum only.
            pub async fn login_here<U: $crate::AuthUser>(
                &self,
                user: &U,
                options: $crate::LoginOptions,
            ) -> Result<Identity, $crate::LoginError> {
                self.0.login_here(user, options).await.map(Identity)
            }

            /// Ends every session that a signed token of this request identifies, in a cookie or a
            /// header. The cookies are cleared even if the token store or the framework's session
            /// store is unavailable; the revocation is then retried in the background.
            ///
            /// Rejected with 403 if the CSRF check fails. Mount it for POST only, because the check
            /// accepts a GET.
            pub async fn logout(&self) -> Result<Cookies, AuthError> {
                Ok(Cookies(self.0.logout().await?))
            }

            /// Checks the password of the user with this login name and logs them in: the same as
            /// the login route, for your own handler, such as that of an HTML form.
            ///
            /// The CSRF check, the limits on wrong passwords, the queue for hashing and the
            /// renewal of old hashes are those of the route, and an unknown user takes as long as
            /// a wrong password. A GET is rejected with 403.
            pub async fn login_with_password(
                &self,
                login: &str,
                password: &str,
                options: $crate::LoginOptions,
            ) -> Result<LoggedIn, $crate::LoginError> {
                self.0.login_with_password(login, password, options).await.map(LoggedIn)
            }

            /// Ends every session of this user, including the current one. If the store is
            /// unavailable, the response is 503 and no cookie is cleared, so that the user can try
            /// again.
            pub async fn logout_everywhere(&self, who: &Identity) -> Result<Cookies, AuthError> {
                Ok(Cookies(self.0.logout_everywhere(&who.0).await?))
            }

            /// Logs the same user in again with their password, before an action that requires a
            /// fresh login. A new session with a new `auth_time` starts. The current one ends when
            /// the new one is first presented, and a minute after the response at the latest. The
            /// CSRF check comes first; a GET is rejected with 403.
            pub async fn fresh_login(
                &self,
                who: &Identity,
                password: &str,
            ) -> Result<LoggedIn, $crate::LoginError> {
                self.0.fresh_login(&who.0, password).await.map(LoggedIn)
            }

            /// Changes the user's password through `UserStore::set_password_hash`. Every other
            /// session of the user ends at once, and a new one starts. The current one ends when
            /// the new one is first presented, and after a minute at the latest. The CSRF check
            /// comes first; a GET is rejected with 403.
            ///
            /// If the result is dropped, or the framework's own session cannot follow
            /// (`COOKIEJWT_SET_SESSION_COOKIE`), the new password is valid, and the user is logged
            /// out.
            pub async fn change_password(
                &self,
                who: &Identity,
                current: &str,
                new: &str,
            ) -> Result<LoggedIn, $crate::LoginError> {
                self.0.change_password(&who.0, current, new).await.map(LoggedIn)
            }

            /// The active sessions of this user, newest first. They serialize like the response of
            /// `GET sessions/`.
            pub async fn sessions(&self, who: &Identity) -> Result<Vec<$crate::SessionInfo>, AuthError> {
                Ok(self.0.sessions(&who.0).await?)
            }

            /// Ends one session of this user; 404 if they have no such session. The cookies are
            /// cleared if it was the current one.
            pub async fn end_session(
                &self,
                who: &Identity,
                id: &$crate::SessionId,
            ) -> Result<Cookies, AuthError> {
                Ok(Cookies(self.0.end_session(&who.0, id).await?))
            }

            /// Ends every session of this user except the current one, and returns how many there
            /// were.
            pub async fn end_other_sessions(&self, who: &Identity) -> Result<u64, AuthError> {
                Ok(self.0.end_other_sessions(&who.0).await?)
            }

            /// Resolves with the reason when the session of this user ends: for a WebSocket, a
            /// stream, a long download. It is
            /// [`Authenticator::ended`]($crate::Authenticator::ended).
            pub fn ended(&self, who: &Identity) -> $crate::Ended {
                self.authenticator().ended(&who.0)
            }

            /// The response to this request is not stored, whatever else it says about caching
            /// (`Cache-Control: no-store`): for a page that the back button must not show after a
            /// logout. For whole routes use `no_store` of a guard.
            pub fn no_store(&self) {
                self.0.no_store();
            }

            /// The authenticator, for `hash_password`, `revoke_user` and the like.
            pub fn authenticator(&self) -> &$crate::Authenticator {
                self.0.authenticator()
            }
        }

        /// The response of a custom login. Alone it responds as `POST token/` does, in cookie mode
        /// and in token mode. [`with`](Self::with) sends a page or a redirect of your own instead.
        ///
        /// The sessions whose cookies came with the request end when it is sent. If it is dropped
        /// before, because the handler fails after the login, the new session is revoked and the
        /// user stays logged in as before.
        ///
        $(#[$logged_in])*
        #[derive(Debug)]
        #[must_use = "the user is not logged in until this is sent"]
        pub struct LoggedIn(pub(crate) $crate::LoggedIn);

        impl LoggedIn {
            /// Your own response, sent with the cookies. A request in token mode gets the tokens
            /// instead of it, because such a client does not read cookies.
            pub fn with<R>(self, response: R) -> WithCookies<R> {
                WithCookies { cookies: self.0.into_cookies(), response }
            }

            /// The user who is logged in now.
            pub fn identity(&self) -> Identity {
                Identity(self.0.identity().clone())
            }

            /// The new session.
            pub fn session_id(&self) -> &$crate::SessionId {
                self.0.session_id()
            }
        }

        /// The cookies of a custom logout flow; add them to the response.
        ///
        $(#[$cookies])*
        #[derive(Clone, Debug)]
        #[must_use = "the logout takes effect in the browser when the cookies are sent"]
        pub struct Cookies(pub(crate) $crate::Cookies);

        impl Cookies {
            /// Your own response, sent with the cookies.
            pub fn with<R>(self, response: R) -> WithCookies<R> {
                WithCookies { cookies: self.0, response }
            }
        }

        /// A response with the cookies of a login or logout; see [`LoggedIn::with`] and
        /// [`Cookies::with`].
        #[derive(Clone, Debug)]
        #[must_use = "the login or logout takes effect when the cookies are sent"]
        pub struct WithCookies<R> {
            pub(crate) cookies: $crate::Cookies,
            pub(crate) response: R,
        }
    };
}
