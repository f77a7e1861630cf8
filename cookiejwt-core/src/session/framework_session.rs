//! What happens to the web framework's own session at login and logout.

use crate::session::ids::{SessionId, Subject};

/// What happens to the web framework's own session when cookies are sent; see
/// [`set_session_cookie`](crate::ConfigBuilder::set_session_cookie).
///
/// A session that outlives a login may have been planted by an attacker, and one that outlives a
/// logout shows its data to the next user of the browser (session fixation, OWASP ASVS 7.2.4).
///
/// ```
/// use cookiejwt_core::driver::SessionChange;
///
/// let login = SessionChange::Begins { subject: 7.into(), session: "s".into() };
/// assert!(login.keeps_data_of(None));
/// assert!(login.keeps_data_of(Some("7")));
/// assert!(!login.keeps_data_of(Some("8")));
/// assert!(!SessionChange::Ends.keeps_data_of(Some("7")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new change must break every adapter, or a session outlives its login"
)]
pub enum SessionChange {
    /// A login: the session gets a new id and is bound to this user.
    Begins {
        /// The user who has logged in.
        subject: Subject,
        /// The session, which has begun.
        session: SessionId,
    },
    /// A logout: the session is destroyed.
    Ends,
}

impl SessionChange {
    /// Whether the session keeps its data when it is bound to this user, or to none: a cart that
    /// was filled before the login is kept, the data of another user is not.
    pub fn keeps_data_of(&self, bound_to: Option<&str>) -> bool {
        match self {
            Self::Begins { subject, .. } => bound_to.is_none_or(|user| user == subject.as_str()),
            Self::Ends => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SessionChange;
    use crate::{
        decide::{Core, LoginRequest, SessionTerms},
        session::ids::LoginIds,
        testing,
        token::CustomClaims,
    };

    /// What a login and a logout say, with the header `Cookiejwt-Mode: {mode}`.
    fn changes(is_on: bool, mode: &str) -> [Option<SessionChange>; 2] {
        let config = testing::config().set_session_cookie(is_on).token_mode(true);
        let core = Core::new(config.build().unwrap());
        let request = http::Request::post("/").header("cookiejwt-mode", mode).body(()).unwrap();
        let (head, ()) = request.into_parts();
        let login = LoginRequest {
            subject: 7.into(),
            claims: CustomClaims::default(),
            terms: SessionTerms::default(),
            client: crate::decide::ClientInfo::default(),
            mode: core.mode(&head),
            ids: LoginIds { session: "s".into(), ..LoginIds::from_random([7; 16], [8; 32]) },
            replaces: None,
        };
        let login = core.login(login, testing::NOW).unwrap().cookies;
        let logout = core.logout(&head, None).unwrap().cookies;
        assert_eq!(core.clear_cookies().session_change(), None, "stale cookies are no logout");
        [login.session_change().cloned(), logout.session_change().cloned()]
    }

    #[test]
    fn it_goes_with_the_cookies_of_a_login_and_a_logout() {
        let begins = SessionChange::Begins { subject: 7.into(), session: "s".into() };
        assert_eq!(changes(true, "cookie"), [Some(begins), Some(SessionChange::Ends)]);
        assert_eq!(changes(true, "token"), [None, None], "no cookies, no session");
        assert_eq!(changes(false, "cookie"), [None, None], "switched off");
    }
}
