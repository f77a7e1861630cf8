//! Which twins of the library's cookies a response deletes.

use crate::{
    decide::facade::Core,
    request::{Cookie, Presented, RequestHead, public_host},
    response::Twins,
    token::MAX_COOKIE_TOKEN,
};

impl Core {
    /// The lines that delete cookies with the library's names which this browser has in addition to
    /// those that we set.
    ///
    /// A browser keeps and sends cookies that were set before `DOMAIN`, `PATH` or `PARTITIONED` was
    /// changed. If a cookie was sent more than once, and every value that is read has our
    /// signature, a response that sets or clears it first deletes what this host may have set with
    /// other attributes. Pass the lines to
    /// [`SetCookies::with_twins`](crate::driver::SetCookies::with_twins); a
    /// [`Decision`](crate::Decision) of [`authenticate`](Self::authenticate) has its own.
    pub fn twins<'a>(&self, head: impl Into<RequestHead<'a>>) -> Twins {
        let head = head.into();
        let presented = Presented::read(&head, self.config());
        if !presented.any_twice() {
            return Twins::default();
        }
        let parts = self.parts();
        let ours = |cookie: &Cookie<'_>, is_ours: &dyn Fn(&[u8]) -> bool| {
            cookie.came_twice() && cookie.values().all(is_ours)
        };
        let access = |value: &[u8]| parts.access.signed(value, MAX_COOKIE_TOKEN).is_some();
        let refresh = |value: &[u8]| parts.refresh.signed(value, MAX_COOKIE_TOKEN).is_some();
        self.twin_lines(&head, (ours(&presented.access, &access), ours(&presented.refresh, &refresh)))
    }

    /// The lines for the access cookie, for the refresh cookie, or for both.
    pub(super) fn twin_lines(&self, head: &RequestHead<'_>, (access, refresh): (bool, bool)) -> Twins {
        let (host, cookies) = (public_host(head, &self.config().csrf), &self.parts().cookies);
        let access = if access { cookies.access_twins(host) } else { Vec::new() };
        let refresh = if refresh { cookies.refresh_twins(host) } else { Vec::new() };
        Twins::new([access, refresh].concat())
    }
}
