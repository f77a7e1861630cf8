//! Rocket has no sessions; a private cookie of its own takes their place.

#[cfg(feature = "private-cookie")]
pub use self::private::SessionCookie;
#[cfg(feature = "private-cookie")]
pub(crate) use self::private::of;

#[cfg(not(feature = "private-cookie"))]
pub(crate) fn of(_: &rocket::Request<'_>) -> cookiejwt_store::NoSession {
    cookiejwt_store::NoSession("turn on the feature `private-cookie` of cookiejwt-rocket")
}

#[cfg(feature = "private-cookie")]
mod private {
    use std::{future::ready, pin::Pin};

    use cookiejwt_store::{FrameworkSession, Problem as CoreProblem, SessionChange, SessionCookieError};
    use rocket::{
        Request,
        http::{Cookie, SameSite, Status},
        request::{FromRequest, Outcome},
    };

    use crate::{Problem, memory::Memory};

    /// Rocket's private cookie of a login, when `COOKIEJWT_SET_SESSION_COOKIE` is on: a key for data of your own (a cart, flash
    /// messages) that belongs to one login of one user.
    ///
    /// It is set at each login with a fresh id, and removed at logout. As a guard it is 401 without one; take
    /// `Option<SessionCookie>` on public routes. It proves no login: a copy of the cookie can still be read after a logout,
    /// so ask [`Identity`](crate::Identity) too, whose `session_id` is [`id`](Self::id).
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
        /// The cookie's name.
        pub const NAME: &str = "cookiejwt_session";

        /// Fresh at each login.
        pub fn id(&self) -> &str {
            &self.id
        }

        /// The user that it is bound to: the subject of his identity.
        pub fn user_id(&self) -> &str {
            &self.user_id
        }
    }

    #[rocket::async_trait]
    impl<'r> FromRequest<'r> for SessionCookie {
        type Error = Problem;

        async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Problem> {
            let cookie = request.cookies().get_private(Self::NAME);
            let parts = cookie.as_ref().and_then(|cookie| cookie.value().split_once(':'));
            let Some((id, user_id)) = parts else {
                Memory::of(request).refuse(CoreProblem::NotAuthenticated);
                return Outcome::Error((Status::Unauthorized, Problem(CoreProblem::NotAuthenticated)));
            };
            Outcome::Success(Self { id: id.into(), user_id: user_id.into() })
        }
    }

    #[derive(Debug)]
    pub(crate) struct PrivateCookie<'a, 'r>(&'a Request<'r>);

    pub(crate) fn of<'a, 'r>(request: &'a Request<'r>) -> PrivateCookie<'a, 'r> {
        PrivateCookie(request)
    }

    impl FrameworkSession for PrivateCookie<'_, '_> {
        fn carry_out<'a>(
            &'a self,
            change: &'a SessionChange,
        ) -> Pin<Box<dyn Future<Output = Result<(), SessionCookieError>> + Send + 'a>> {
            follow(self.0, change);
            Box::pin(ready(Ok(())))
        }
    }

    fn follow(request: &Request<'_>, change: &SessionChange) {
        let jar = request.cookies();
        let SessionChange::Begins { subject, session } = change else {
            return jar.remove_private(SessionCookie::NAME);
        };
        let slot = Memory::of(request).slot.get();
        let secure = slot.is_none_or(|slot| slot.authenticator().config().is_secure());
        let cookie = Cookie::build((SessionCookie::NAME, format!("{session}:{subject}")));
        let cookie = cookie.same_site(SameSite::Lax).secure(secure);
        // As long as the browser stays open.
        jar.add_private(cookie.expires(None::<rocket::time::OffsetDateTime>));
    }
}
