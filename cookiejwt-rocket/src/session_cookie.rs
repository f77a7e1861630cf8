//! Rocket has no sessions; a private cookie takes their place.

#[cfg(feature = "private-cookie")]
pub use self::private::SessionCookie;
#[cfg(feature = "private-cookie")]
pub(crate) use self::private::of;

#[cfg(not(feature = "private-cookie"))]
pub(crate) fn of(_: &rocket::Request<'_>, _: &cookiejwt_store::Authenticator) -> cookiejwt_store::NoSession {
    cookiejwt_store::NoSession("turn on the feature `private-cookie` of cookiejwt-rocket")
}

#[cfg(feature = "private-cookie")]
mod private {
    use std::{future::ready, pin::Pin};

    use cookiejwt_store::{
        Authenticator, Config, FrameworkSession, Identity, Problem, SessionChange, SessionCookieError,
    };
    use rocket::{
        Request,
        http::{Cookie, SameSite},
        request::{FromRequest, Outcome},
    };

    use crate::{AuthError, guards, view::View};

    /// A private cookie for each login, if `COOKIEJWT_SET_SESSION_COOKIE` is on: a key for your own
    /// data (a cart, flash messages) that belongs to one login of one user.
    ///
    /// It is set at each login with a fresh id, and removed at logout. It is bound to the login:
    /// the cookie of another session or another user is rejected with 401, and so is any cookie if
    /// the request is anonymous. A copy is useless without the login, and a cookie that a sibling
    /// subdomain planted is always useless. Use `Option<SessionCookie>` on public routes.
    ///
    /// ```
    /// use cookiejwt_rocket::SessionCookie;
    /// use rocket::get;
    ///
    /// #[get("/cart")]
    /// fn cart(session: SessionCookie) -> String {
    ///     format!("the cart {} of user {}", session.id(), session.user_id())
    /// }
    /// ```
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct SessionCookie {
        id: String,
        user_id: String,
    }

    impl SessionCookie {
        /// The cookie's name: `__Host-cookiejwt_session` while cookies are Secure, so that no other
        /// host can set it (RFC 6265bis §4.1.3.2), and without the prefix in development. With a
        /// realm it is `__Host-staff_cookiejwt_session`, so that two user tables have one each.
        pub fn name(config: &Config) -> String {
            let prefix = if config.is_secure() { "__Host-" } else { "" };
            let realm = config.realm();
            let underscore = if realm.is_empty() { "" } else { "_" };
            format!("{prefix}{realm}{underscore}cookiejwt_session")
        }

        /// Fresh at each login: the `session_id` of the user's [`Identity`](crate::Identity).
        pub fn id(&self) -> &str {
            &self.id
        }

        /// The user that it is bound to: the subject of their identity.
        pub fn user_id(&self) -> &str {
            &self.user_id
        }

        fn of(request: &Request<'_>, identity: &Identity, config: &Config) -> Option<Self> {
            let cookie = request.cookies().get_private(&Self::name(config))?;
            let (id, user_id) = cookie.value().split_once(':')?;
            let is_theirs = id == identity.session_id().as_str() && user_id == identity.subject().as_str();
            is_theirs.then(|| Self { id: id.into(), user_id: user_id.into() })
        }
    }

    #[rocket::async_trait]
    impl<'r> FromRequest<'r> for SessionCookie {
        type Error = AuthError;

        async fn from_request(request: &'r Request<'_>) -> Outcome<Self, AuthError> {
            let asked = async {
                let slot = guards::full_slot(request, "SessionCookie")?;
                let identity = slot.identity(View::of(request).head()).await?;
                let found = Self::of(request, &identity, slot.authenticator().config());
                found.ok_or(Problem::NotAuthenticated)
            };
            guards::outcome(request, asked.await)
        }
    }

    #[derive(Debug)]
    pub(crate) struct PrivateCookie<'a, 'r> {
        request: &'a Request<'r>,
        is_secure: bool,
        name: String,
    }

    pub(crate) fn of<'a, 'r>(request: &'a Request<'r>, auth: &Authenticator) -> PrivateCookie<'a, 'r> {
        let config = auth.config();
        PrivateCookie { request, is_secure: config.is_secure(), name: SessionCookie::name(config) }
    }

    impl FrameworkSession for PrivateCookie<'_, '_> {
        fn carry_out<'a>(
            &'a self,
            change: &'a SessionChange,
        ) -> Pin<Box<dyn Future<Output = Result<(), SessionCookieError>> + Send + 'a>> {
            self.follow(change);
            Box::pin(ready(Ok(())))
        }
    }

    impl PrivateCookie<'_, '_> {
        fn follow(&self, change: &SessionChange) {
            // Also the line that removes it: a browser ignores one that breaks the rules of the
            // prefix.
            let cookie =
                Cookie::build(self.name.clone()).path("/").same_site(SameSite::Lax).secure(self.is_secure);
            match change {
                SessionChange::Ends => self.request.cookies().remove_private(cookie),
                SessionChange::Begins { subject, session } => {
                    let mut cookie = cookie.build();
                    cookie.set_value(format!("{session}:{subject}"));
                    // As long as the browser stays open.
                    cookie.set_expires(None::<rocket::time::OffsetDateTime>);
                    self.request.cookies().add_private(cookie);
                }
            }
        }
    }
}
