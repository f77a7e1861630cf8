//! Which cookies are written into a response.

use crate::{
    decide::{
        decision::{Decision, Reason},
        facade::Core,
    },
    response::{ResponseHeaders, SetCookies, keep_common_private, keep_private},
    session::SessionChange,
};

impl Core {
    /// Writes cookies into a response: a line that the handler wrote itself wins, one line per name
    /// is sent (after those that delete its [twins](Self::twins)), and `Cache-Control: no-store`
    /// and `Vary: Cookie` are added.
    pub fn write_cookies(&self, cookies: &SetCookies, headers: &mut dyn ResponseHeaders) {
        let _ = self.parts().cookies.write(cookies, headers);
    }

    /// Writes a decision into the response that depends on it: its cookies as
    /// [`write_cookies`](Self::write_cookies) does; without cookies, it adds what keeps caches from
    /// showing the response to another user.
    ///
    /// The response depends on the user. So the fields that were read are added to `Vary`, and a
    /// response without caching fields gets `Cache-Control: private, no-cache` (RFC 9111 §3.5,
    /// OWASP ASVS 14.3.2): otherwise a shared cache would show alice's page to another user.
    pub fn write_decision(&self, decision: &Decision, headers: &mut dyn ResponseHeaders) {
        let (reads, depends) = (self.config().credentials, !matches!(decision.reason, Reason::Skipped));
        if depends && decision.cookies.is_empty() && keep_common_private(headers, reads) {
            return;
        }
        let with_cookies = self.parts().cookies.write(&decision.cookies, headers);
        if depends && !with_cookies {
            keep_private(headers, reads);
        }
    }

    /// The lines that clear both cookies.
    pub fn clear_cookies(&self) -> SetCookies {
        self.parts().cookies.clear_both()
    }

    /// The lines of a logout: they clear both cookies, and the web framework's own session
    /// [ends](SessionChange::Ends) where it follows the login. With
    /// [`clear_site_data`](crate::ConfigBuilder::clear_site_data) the browser also forgets the
    /// pages that it has stored.
    ///
    /// Only a logout ends it. Stale cookies are cleared with
    /// [`clear_cookies`](Self::clear_cookies): a user who comes back after a week keeps the cart
    /// that they have filled since.
    pub fn logout_cookies(&self) -> SetCookies {
        let ends = self.config().set_session_cookie.then_some(SessionChange::Ends);
        self.clear_cookies().changing(ends).clearing_cache(self.config().clear_site_data)
    }
}
