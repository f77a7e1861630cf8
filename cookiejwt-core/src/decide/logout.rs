//! Logout: which sessions it ends.

use crate::{
    decide::{
        csrf::{self, Credential, CsrfDenial},
        facade::Core,
    },
    request::{Mode, Presented, RequestHead, bearer_token},
    response::SetCookies,
    session::SessionId,
    token::{MAX_COOKIE_TOKEN, MAX_HEADER_TOKEN},
};

/// What a logout does: it always clears the cookies, whatever the request contains; in token mode
/// it touches none.
#[derive(Clone, Debug)]
#[must_use]
#[non_exhaustive]
pub struct Logout {
    /// Every session that a signed token identified; expired tokens count too.
    pub sessions: Vec<SessionId>,
    /// Clears both cookies; nothing in token mode.
    pub cookies: SetCookies,
}

impl Core {
    /// Ends every session that a signed token in the request identifies: refresh or access cookie
    /// (each value of a duplicated one), bearer, and a `refresh` of the body; in token mode only
    /// the last two. Only the CSRF table can refuse it.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use cookiejwt_core::testing;
    ///
    /// let core = testing::core();
    /// let (parts, ()) = http::Request::post("/").body(()).unwrap().into_parts();
    /// let logout = core.logout(&parts, None).unwrap();
    /// assert_eq!(logout.cookies.iter().count(), 2);
    /// # }
    /// ```
    pub fn logout<'a>(
        &self,
        head: impl Into<RequestHead<'a>>,
        body_refresh: Option<&str>,
    ) -> Result<Logout, CsrfDenial> {
        let head = head.into();
        let mode = self.mode(head);
        let asked = self.check_csrf(head);
        // The table comes before any signature. A request that it refuses may still have a bearer
        // token as its only credential.
        let bearer_decides = asked.is_err() && mode == Mode::Cookie && !self.has_cookie(&head);
        if !bearer_decides {
            asked?;
        }
        let bearer = self.bearer_session(&head);
        if bearer_decides {
            let credential = if bearer.is_some() { Credential::Header } else { Credential::Ambient };
            csrf::check(&head, &self.config().csrf, credential)?;
        }
        let mut named = self.presented_sessions(head);
        let body = body_refresh.and_then(|token| self.refresh_session(token.as_bytes(), MAX_HEADER_TOKEN));
        for session in bearer.into_iter().chain(body) {
            push_new(&mut named, session);
        }
        let cookies = match mode {
            Mode::Cookie => self.logout_cookies().with_twins(self.twins(head)),
            Mode::Token(_) => SetCookies::default(),
        };
        Ok(Logout { sessions: named, cookies })
    }

    /// The sessions whose signed cookies were sent, for a login that replaces them; none in token
    /// mode. At most four values of each name are read.
    pub fn presented_sessions<'a>(&self, head: impl Into<RequestHead<'a>>) -> Vec<SessionId> {
        let presented = Presented::read(&head.into(), self.config());
        let refresh = self.refresh_cookies(&presented);
        let access = presented.access.values().filter_map(|it| self.access_session(it, MAX_COOKIE_TOKEN));
        let mut sessions = Vec::new();
        access.chain(refresh).for_each(|session| push_new(&mut sessions, session));
        sessions
    }

    /// The sessions of the signed refresh cookies.
    pub(super) fn refresh_cookies(&self, presented: &Presented<'_>) -> Vec<SessionId> {
        let values = presented.refresh.values();
        values.filter_map(|it| self.refresh_session(it, MAX_COOKIE_TOKEN)).collect()
    }

    /// The credential for row 2 of the CSRF table when the application logs a user in. Whether the
    /// bearer token is valid does not matter: no browser sends one automatically, and a page of
    /// another site needs a preflight.
    pub(super) fn login_credential(&self, head: &RequestHead<'_>) -> Credential {
        let has_bearer =
            self.config().credentials.reads_header() && bearer_token(head).is_ok_and(|token| token.is_some());
        match self.mode(*head) {
            Mode::Cookie if has_bearer && !self.has_cookie(head) => Credential::Header,
            mode => Credential::none_yet(mode),
        }
    }

    fn has_cookie(&self, head: &RequestHead<'_>) -> bool {
        Presented::read(head, self.config()).any()
    }

    pub(super) fn bearer_session(&self, head: &RequestHead<'_>) -> Option<SessionId> {
        let reads_header = self.config().credentials.reads_header();
        let token = reads_header.then(|| bearer_token(head).ok().flatten()).flatten()?;
        self.access_session(token, MAX_HEADER_TOKEN)
    }

    fn access_session(&self, token: &[u8], longest: usize) -> Option<SessionId> {
        self.parts().access.signed(token, longest).map(|claims| claims.session_id)
    }

    pub(super) fn refresh_session(&self, token: &[u8], longest: usize) -> Option<SessionId> {
        self.parts().refresh.signed(token, longest).map(|claims| claims.session_id)
    }
}

fn push_new(sessions: &mut Vec<SessionId>, session: SessionId) {
    if !sessions.contains(&session) {
        sessions.push(session);
    }
}

#[cfg(test)]
mod tests;
