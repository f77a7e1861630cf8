//! The methods of each adapter's `AuthContext` for logins of several steps and for links, written
//! once.

/// Defines the methods of an adapter's own `AuthContext` for logins of several steps.
#[doc(hidden)]
#[macro_export]
macro_rules! adapter_steps {
    () => {
        /// Logins of several steps: a second factor, a passkey, a login at an identity provider.
        /// The way back from acting for a user.
        impl AuthContext {
            /// Checks a password as the login route does, with the same limits and in the same
            /// time, and begins no session.
            pub async fn check_password<U: $crate::AuthUser>(
                &self,
                login: &str,
                password: &str,
            ) -> Result<$crate::Proven<U>, $crate::LoginError> {
                self.0.check_password(login, password).await
            }

            /// Begins a login of several steps. Its cookie is sent with whatever the response to
            /// this request is; in token mode the body needs the `text` of the second value.
            ///
            /// The `id` of the pending login is random, and good as the `state` of OAuth (RFC 6749
            /// §10.12).
            pub fn begin(
                &self,
                options: $crate::PendingOptions,
            ) -> Result<($crate::PendingLogin, $crate::SealedPending), $crate::LoginError> {
                self.0.begin(options)
            }

            /// The newest pending login of this purpose whose cookie came with the request. A login
            /// that requires a second factor leaves one of the purpose `second-factor`.
            pub fn pending(&self, purpose: &str) -> Option<$crate::PendingLogin> {
                self.0.pending(purpose)
            }

            /// The pending login of this purpose and id whose cookie came with the request: for
            /// OAuth, that of the `state` of the callback. `None` means that this browser has not
            /// begun this login, so refuse it.
            pub fn pending_with_id(&self, purpose: &str, id: &str) -> Option<$crate::PendingLogin> {
                self.0.pending_with_id(purpose, id)
            }

            /// The pending login of this purpose that a client in token mode has sent in its body.
            pub fn open_pending(&self, purpose: &str, text: &str) -> Option<$crate::PendingLogin> {
                self.0.open_pending(purpose, text)
            }

            /// The next step of a pending login: `check` says whether the proof is right.
            ///
            /// `Ok(None)` means that it is wrong, which counts: five wrong ones end the pending
            /// login, and an account has ten, then one every 15 minutes. An error of `check` is 503
            /// and costs nothing. A right proof uses up the pending login.
            pub async fn prove<U: $crate::AuthUser, E>(
                &self,
                pending: &$crate::PendingLogin,
                method: $crate::Method,
                check: impl Future<Output = Result<Option<$crate::Checked<U>>, E>>,
            ) -> Result<$crate::Proven<U>, $crate::LoginError>
            where
                E: Into<Box<dyn std::error::Error + Send + Sync>>,
            {
                self.0.prove(pending, method, check).await
            }

            /// Logs a user in with every proof of their login. A GET may do so if the cookie of the
            /// pending login came with it, as in an OAuth callback; otherwise the CSRF check
            /// decides.
            pub async fn login_proven<U: $crate::AuthUser>(
                &self,
                proven: $crate::Proven<U>,
                options: $crate::LoginOptions,
            ) -> Result<LoggedIn, $crate::LoginError> {
                self.0.login_proven(proven, options).await.map(LoggedIn)
            }

            /// Adds a proof to the session of a user who is logged in: a new session takes the
            /// place of the present one. The proof of another user is rejected with 403.
            pub async fn step_up<U: $crate::AuthUser>(
                &self,
                who: &Identity,
                proven: $crate::Proven<U>,
            ) -> Result<LoggedIn, $crate::LoginError> {
                self.0.step_up(&who.0, proven).await.map(LoggedIn)
            }

            /// Gives the session other facts, such as another tenant: a new session with the same
            /// proofs takes the place of the present one.
            pub async fn switch(
                &self,
                who: &Identity,
                facts: &$crate::Facts,
            ) -> Result<LoggedIn, $crate::LoginError> {
                self.0.switch(&who.0, facts).await.map(LoggedIn)
            }

            /// Leads a user who acts for another one
            /// ([`acted_by`](crate::LoginOptions::acted_by)) back to their own session: a new
            /// session takes its place and that of the acting one. If one of them has ended, the
            /// request is rejected with 401.
            ///
            /// It needs the refresh cookie of the acting session. A client in token mode uses
            /// [`stop_acting_with`](Self::stop_acting_with).
            pub async fn stop_acting(&self, who: &Identity) -> Result<LoggedIn, $crate::LoginError> {
                self.0.stop_acting(&who.0, None).await.map(LoggedIn)
            }

            /// The same for a client in token mode, which sends the refresh token of the acting
            /// session in its body.
            pub async fn stop_acting_with(
                &self,
                who: &Identity,
                refresh: &str,
            ) -> Result<LoggedIn, $crate::LoginError> {
                self.0.stop_acting(&who.0, Some(refresh)).await.map(LoggedIn)
            }
        }

        /// Links that are mailed to a user: what the
        /// [`Authenticator`](crate::Authenticator) does, where a handler has only its
        /// context.
        impl AuthContext {
            /// Opens a link, which does not use it up; see
            /// [`Authenticator::open_link`](crate::Authenticator::open_link).
            pub async fn open_link<U: $crate::AuthUser>(
                &self,
                purpose: &str,
                token: &str,
            ) -> Result<$crate::Opened<U>, $crate::LoginError> {
                self.authenticator().open_link(purpose, token).await
            }

            /// Sets the password of the user of a link and ends their sessions; see
            /// [`Authenticator::set_password`](crate::Authenticator::set_password).
            pub async fn set_password<U: $crate::AuthUser>(
                &self,
                opened: $crate::Opened<U>,
                new: &str,
            ) -> Result<$crate::SpentLink<U>, $crate::LoginError> {
                self.authenticator().set_password(opened, new).await
            }

            /// Uses a link up; see [`Authenticator::spend_link`](crate::Authenticator::spend_link).
            pub async fn spend_link<U: $crate::AuthUser>(
                &self,
                opened: $crate::Opened<U>,
            ) -> Result<$crate::SpentLink<U>, $crate::LoginError> {
                self.authenticator().spend_link(opened).await
            }

            /// Uses a link up as a proof of its user, for
            /// [`login_proven`](Self::login_proven).
            pub async fn prove_link<U: $crate::AuthUser>(
                &self,
                opened: $crate::Opened<U>,
            ) -> Result<$crate::Proven<U>, $crate::LoginError> {
                self.authenticator().prove_link(opened).await
            }
        }
    };
}
