//! The types that each adapter defines for its own framework, written once.

/// Defines an adapter's own `Problem`, `Identity`, `MaybeIdentity`, `FreshLogin`, `CurrentUser`, `Claims`, `AuthContext`, `Cookies` and
/// `Tokens`.
///
/// A framework's traits can only be implemented for types of the adapter's crate, so each needs its own; they are the
/// same everywhere except for the sample in their documentation.
#[doc(hidden)]
#[macro_export]
macro_rules! adapter_types {
    (
        $(#[$problem:meta])* Problem;
        $(#[$identity:meta])* Identity;
        $(#[$maybe:meta])* MaybeIdentity;
        $(#[$fresh:meta])* FreshLogin;
        $(#[$user:meta])* CurrentUser;
        $(#[$claims:meta])* Claims;
        $(#[$context:meta])* AuthContext;
        $(#[$cookies:meta])* Cookies;
        $(#[$tokens:meta])* Tokens;
    ) => {
        /// A failure as the client sees it: `application/problem+json` (RFC 9457) with its challenge.
        ///
        $(#[$problem])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Problem(pub $crate::Problem);

        impl From<$crate::Problem> for Problem {
            fn from(problem: $crate::Problem) -> Self {
                Self(problem)
            }
        }

        impl From<$crate::LoginError> for Problem {
            fn from(error: $crate::LoginError) -> Self {
                Self(error.report())
            }
        }

        impl std::fmt::Display for Problem {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.0.detail())
            }
        }

        impl std::error::Error for Problem {}

        /// Somebody who is logged in; without one the answer is 401 by itself. For public routes there is
        /// [`MaybeIdentity`].
        ///
        $(#[$identity])*
        #[derive(Clone, Debug)]
        pub struct Identity(pub(crate) $crate::Identity);

        impl Identity {
            /// The core's identity, which is what every framework has in common.
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

        /// Who is asking on a public route, if anybody: stale cookies mean "nobody", never 401. A CSRF refusal stays
        /// 403, a store that is away 503.
        ///
        /// A route that shows more to some asks what it holds: `who.is_some_and(|who| who.has_scope("notes:write"))`.
        ///
        $(#[$maybe])*
        #[derive(Clone, Debug)]
        pub struct MaybeIdentity(pub Option<Identity>);

        /// Somebody who has proved who he is at most `SECONDS` seconds ago, for what a stolen session must not do: else 401
        /// `fresh_login_required` with the challenge of RFC 9470, and the client asks for the password again.
        ///
        /// The token says when (`auth_time`), and no refresh moves it. Whole seconds; one that does not say it is not fresh.
        ///
        $(#[$fresh])*
        #[derive(Clone, Debug)]
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

        /// The user himself, freshly read through the `UserStore`. One who is gone or disabled is answered 401, and his
        /// session is revoked.
        ///
        $(#[$user])*
        #[derive(Clone, Copy, Debug)]
        pub struct CurrentUser<U>(pub U);

        /// The access token's custom claims as a type of the application. Claims that do not fit are a 500: the token is
        /// ours.
        ///
        $(#[$claims])*
        #[derive(Clone, Copy, Debug)]
        pub struct Claims<T>(pub T);

        /// For a login of one's own (OAuth callback, passkey, magic link), for logging out, and for routes of one's own
        /// about sessions and passwords: knows the old session, the client's address and the user agent of this request.
        ///
        $(#[$context])*
        #[derive(Debug)]
        pub struct AuthContext(pub(crate) $crate::RequestContext);

        impl AuthContext {
            /// Whether the client asked for tokens with `Cookiejwt-Mode: token`, and the configuration allows it. Then
            /// answer with [`login_tokens`](Self::login_tokens).
            pub fn is_token_mode(&self) -> bool {
                self.0.is_token_mode()
            }

            /// Logs this user in. Who he is must have been proved before.
            ///
            /// The CSRF table is asked first: a GET, and a POST from another site, are refused with 403 unless the options say
            /// [`state_checked`]($crate::LoginOptions::state_checked). A request in token mode is refused with 400, and no session
            /// begins: no cookie is set there.
            pub async fn login<U: $crate::AuthUser>(
                self,
                user: &U,
                options: $crate::LoginOptions,
            ) -> Result<Cookies, $crate::LoginError> {
                self.0.login(user, options).await.map(Cookies)
            }

            /// Logs this user in and gives the tokens for the body, for a client without cookies. Who he is must have
            /// been proved before.
            ///
            /// A request that is not in token mode is refused with 400, and no session begins: a page's script must
            /// not get hold of a token.
            pub async fn login_tokens<U: $crate::AuthUser>(
                self,
                user: &U,
                options: $crate::LoginOptions,
            ) -> Result<Tokens, $crate::LoginError> {
                self.0.login_tokens(user, options).await.map(Tokens)
            }

            /// Ends every session that a signed token of this request names, by cookie or by header. The cookies are
            /// cleared even when the store is away, or that of the framework's own session; then the revocation is
            /// tried again in the background.
            ///
            /// Refused with 403 when the CSRF table says so. Mount it for POST only: the table lets a GET pass.
            pub async fn logout(self) -> Result<Cookies, Problem> {
                Ok(Cookies(self.0.logout().await?))
            }

            /// Ends every session of this user, the present one too. A store that is away is 503 and clears nothing, so
            /// that he can try again.
            pub async fn logout_everywhere(self, who: &Identity) -> Result<Cookies, Problem> {
                Ok(Cookies(self.0.logout_everywhere(&who.0).await?))
            }

            /// Logs the same user in again with his password, before something that needs a fresh login: a new session
            /// with a new `auth_time`; the present one is revoked. The CSRF table is asked first; a GET is refused with 403.
            pub async fn fresh_login(
                self,
                who: &Identity,
                password: &str,
            ) -> Result<Cookies, $crate::LoginError> {
                self.0.fresh_login(&who.0, password).await.map(Cookies)
            }

            /// Changes the user's password through `UserStore::set_password_hash`. Every session of his ends, the present
            /// one too, and a new one begins. The CSRF table is asked first; a GET is refused with 403. When the framework's own session cannot follow
            /// (`COOKIEJWT_SET_SESSION_COOKIE`), the new password counts, and nobody is logged in.
            pub async fn change_password(
                self,
                who: &Identity,
                current: &str,
                new: &str,
            ) -> Result<Cookies, $crate::LoginError> {
                self.0.change_password(&who.0, current, new).await.map(Cookies)
            }

            /// The living sessions of this user, the newest first; serialises as `GET sessions/` answers.
            pub async fn sessions(&self, who: &Identity) -> Result<Vec<$crate::SessionInfo>, Problem> {
                Ok(self.0.sessions(&who.0).await?)
            }

            /// Ends one session of this user; 404 when he has no such session. The cookies are cleared when it was the
            /// present one.
            pub async fn end_session(
                self,
                who: &Identity,
                id: &$crate::SessionId,
            ) -> Result<Cookies, Problem> {
                Ok(Cookies(self.0.end_session(&who.0, id).await?))
            }

            /// Ends every session of this user but the present one; how many there were.
            pub async fn end_other_sessions(&self, who: &Identity) -> Result<u64, Problem> {
                Ok(self.0.end_other_sessions(&who.0).await?)
            }

            /// The authenticator, for `hash_password`, `revoke_user` and the like.
            pub fn authenticator(&self) -> &$crate::Authenticator {
                self.0.authenticator()
            }
        }

        /// The cookies of a login or logout of one's own; put them into the response.
        ///
        $(#[$cookies])*
        #[derive(Clone, Debug)]
        #[must_use = "nobody is logged in or out until the cookies are sent"]
        pub struct Cookies(pub(crate) $crate::Cookies);

        /// The tokens of a login of one's own in token mode; a response of the same shape as that of `POST token/`, which
        /// no cache stores.
        ///
        $(#[$tokens])*
        #[derive(Clone, Debug)]
        #[must_use = "nobody has the tokens until they are sent"]
        pub struct Tokens(pub(crate) $crate::Tokens);

        impl Tokens {
            /// The tokens themselves, for a body of another shape. Say `Cache-Control: no-store` there (RFC 6749 §5.1).
            pub fn into_inner(self) -> $crate::Tokens {
                self.0
            }
        }
    };
}
