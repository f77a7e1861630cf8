//! What a login needs to know of its request.

use std::net::IpAddr;

use cookiejwt_core::{
    Core, SessionId,
    driver::{ClientInfo, Mode, PendingLogin, PresentedDevices, RequestHead, Twins},
    fault::CsrfDenial,
    store::Timestamp,
};

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
    /// The pending logins that came in, the newest first.
    pub pendings: Vec<PendingLogin>,
    /// Where the user wanted to go, if this login was begun with that.
    pub(super) next: Option<String>,
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
            pendings: Vec::new(),
            next: None,
            csrf: Ok(()),
        }
    }
}

impl LoginContext {
    /// Reads the head; `ip` is the peer's address.
    pub(crate) fn read(core: &Core, head: RequestHead<'_>, ip: Option<IpAddr>, now: Timestamp) -> Self {
        let ip = core.client_address(head, ip).map(|ip| ip.to_string());
        let csrf = core.check_login_csrf(head).map(drop);
        let presented = core.presented_sessions(head);
        let devices = core.presented_devices(head);
        let pendings = core.presented_pendings(head, now);
        let twins = core.twins(head);
        Self {
            presented,
            twins,
            client: ClientInfo::from_head(head, ip),
            mode: core.mode(head),
            devices,
            pendings,
            next: None,
            csrf,
        }
    }

    /// With where the user wants to go, which a pending login keeps; a path that was checked.
    #[must_use]
    pub(crate) fn leading_to(self, next: Option<&str>) -> Self {
        Self { next: next.map(Into::into), ..self }
    }

    /// The client's network address.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.client.ip.as_deref()?.parse().ok()
    }
}
