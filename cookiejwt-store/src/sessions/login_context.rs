//! What a login needs to know of its request, and the choices of the application.

use std::net::IpAddr;

use cookiejwt_core::{
    Core, SessionId,
    driver::{ClientInfo, Mode, PresentedDevices, RequestHead, Twins},
    fault::CsrfDenial,
};

/// Choices of one login.
///
/// ```
/// use cookiejwt_store::LoginOptions;
///
/// let this_browser_only = LoginOptions::new().remember(false);
/// # let _ = this_browser_only;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LoginOptions {
    pub(super) remember: bool,
    pub(super) state_checked: bool,
}

impl LoginOptions {
    /// Cookies outlive the browser.
    pub const fn new() -> Self {
        Self { remember: true, state_checked: false }
    }

    /// Whether the cookies outlive the browser; without it neither has `Max-Age`.
    #[must_use]
    pub const fn remember(self, remember: bool) -> Self {
        Self { remember, ..self }
    }

    /// Declares that this request proves that the user of this browser has begun the login, so that
    /// the CSRF table need not: an OAuth callback whose `state` the application has compared with
    /// the one that **this browser** sent, in a separate cookie (RFC 6749 §10.12).
    ///
    /// Without it a GET never begins a session, and neither does a POST from another site
    /// (`response_mode=form_post`): the answer is 403 `csrf_failed`. A `state` that is merely one
    /// that the server has handed out proves nothing, because an attacker has one as well. A link
    /// in a mail has no such proof; let its page show a button that POSTs.
    ///
    /// ```
    /// use cookiejwt_store::LoginOptions;
    ///
    /// let after_oauth = LoginOptions::new().state_checked();
    /// # let _ = after_oauth;
    /// ```
    #[must_use]
    pub const fn state_checked(self) -> Self {
        Self { state_checked: true, ..self }
    }
}

impl Default for LoginOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// What a login needs to know of its request.
///
/// By default there is no request, as in a test: no session is replaced, and the CSRF table has
/// nothing to refuse.
#[derive(Clone, Debug)]
pub struct LoginContext {
    /// The sessions whose signed cookies came in; a login replaces them.
    pub presented: Vec<SessionId>,
    /// The lines that delete duplicates of the cookies that a login sets.
    pub twins: Twins,
    /// Where the login comes from.
    pub client: ClientInfo,
    /// How the tokens are sent: as cookies, or in token mode in the body.
    pub mode: Mode,
    /// The cookies of known devices that came in; a login with a password looks which of them is
    /// the account's.
    pub devices: PresentedDevices,
    /// What the CSRF table decides about a login by this request.
    pub(super) csrf: Result<(), CsrfDenial>,
}

impl Default for LoginContext {
    fn default() -> Self {
        Self {
            presented: Vec::new(),
            twins: Twins::default(),
            client: ClientInfo::default(),
            mode: Mode::default(),
            devices: PresentedDevices::default(),
            csrf: Ok(()),
        }
    }
}

impl LoginContext {
    /// Reads the head; `ip` is the peer's address.
    pub(crate) fn read(core: &Core, head: RequestHead<'_>, ip: Option<IpAddr>) -> Self {
        let ip = core.client_address(head, ip).map(|ip| ip.to_string());
        let csrf = core.check_login_csrf(head).map(drop);
        let presented = core.presented_sessions(head);
        let devices = core.presented_devices(head);
        let twins = core.twins(head);
        Self {
            presented,
            twins,
            client: ClientInfo::from_head(head, ip),
            mode: core.mode(head),
            devices,
            csrf,
        }
    }

    /// The client's network address.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.client.ip.as_deref()?.parse().ok()
    }
}
