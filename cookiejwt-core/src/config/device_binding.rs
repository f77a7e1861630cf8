//! Whether sessions are bound to the device that they began on.

use super::{
    Config, ConfigBuilder, ConfigErrorKind, CookieSettings, CredentialOrder, SameSite,
    checks::{Check, refuse},
};

const SETTING: &str = "COOKIEJWT_DEVICE_BOUND";
/// A browser makes six signatures in nine minutes at most, and renews two minutes early.
const SHORTEST_ACCESS: i64 = 300;

/// Whether sessions are bound to a key that the browser keeps in the hardware of the device (W3C
/// Device Bound Session Credentials).
///
/// A bound session stays bound whatever this says: a changed configuration does not unbind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the page on device-bound sessions has these four")]
pub enum DeviceBinding {
    /// No session is bound, and the two routes do not exist. The user of a session that is bound
    /// already has to log in again.
    #[default]
    Off,
    /// Bound sessions are renewed, and no further session is bound: the way to stop without logging
    /// anybody out.
    Keep,
    /// Each new session is offered to the browser. One that does not know the protocol ignores the
    /// offer, and its session is as safe as before.
    Offer,
    /// As [`Offer`](Self::Offer), and a session that is not bound ends with its first access token:
    /// for organisations that manage the browsers of their users.
    Require,
}

impl DeviceBinding {
    /// Whether new sessions are offered.
    pub const fn offers(self) -> bool {
        matches!(self, Self::Offer | Self::Require)
    }

    /// Whether bound sessions are renewed.
    pub const fn renews(self) -> bool {
        !matches!(self, Self::Off)
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "off" => Some(Self::Off),
            "keep" => Some(Self::Keep),
            "offer" => Some(Self::Offer),
            "require" => Some(Self::Require),
            _ => None,
        }
    }
}

impl ConfigBuilder {
    /// Binds new sessions to the device that they began on, so that stolen cookies are of use for
    /// the rest of one access token only. Variable `COOKIEJWT_DEVICE_BOUND`: `off` (default),
    /// `keep`, `offer` or `require`.
    ///
    /// Requires HTTPS, cookies for one host with the path `/`, and an access token that lives for
    /// 300 seconds or more. Switch it on only when every node runs a version that has it: an older
    /// one renews a bound session without asking the device.
    pub fn device_bound(mut self, binding: DeviceBinding) -> Self {
        self.device_bound = binding;
        self
    }
}

impl Config {
    /// Whether sessions are bound to the device that they began on.
    pub fn device_bound(&self) -> DeviceBinding {
        self.device_bound
    }
}

/// What the settings are that the protocol depends on.
pub(super) struct Surroundings<'a> {
    pub(super) cookies: &'a CookieSettings,
    pub(super) access_life: i64,
    pub(super) credentials: CredentialOrder,
    pub(super) token_mode: bool,
}

/// A browser would bind nothing, or end each session, with any other setting.
pub(super) fn check(binding: DeviceBinding, settings: &Surroundings<'_>) -> Check {
    if binding == DeviceBinding::Off {
        return Ok(());
    }
    let Surroundings { cookies, access_life, credentials, token_mode } = *settings;
    let is_http_prefixed = |name: &str| name.to_ascii_lowercase().starts_with("__host-http-");
    let prefixed =
        [&cookies.access_name, &cookies.refresh_name].into_iter().any(|name| is_http_prefixed(name));
    let contradictions = [
        (
            !cookies.secure,
            "needs Secure cookies, and COOKIEJWT_SECURE is false",
            "serve HTTPS, also in development",
        ),
        (
            cookies.domain.is_some(),
            "needs cookies of one host, and COOKIEJWT_DOMAIN is set",
            "remove COOKIEJWT_DOMAIN",
        ),
        (cookies.path != "/", "needs the path /, and COOKIEJWT_PATH is another one", "remove COOKIEJWT_PATH"),
        (cookies.partitioned, "does not know partitioned cookies", "remove COOKIEJWT_PARTITIONED"),
        (prefixed, "does not know names that begin with __Host-Http-", "let the names begin with __Host-"),
        (
            cookies.same_site == SameSite::None,
            "renews nothing for requests of other sites, and COOKIEJWT_SAMESITE is None",
            "use Lax or Strict",
        ),
        (
            access_life < SHORTEST_ACCESS,
            "needs an access token that lives for 300 s or more, because browsers sign six times in nine minutes",
            "remove COOKIEJWT_ACCESS_MAX_AGE, or set it to 300 or more",
        ),
        (
            !credentials.reads_cookies(),
            "needs cookies, and COOKIEJWT_CREDENTIALS reads none",
            "let COOKIEJWT_CREDENTIALS be cookie,header, or remove it",
        ),
        (
            binding == DeviceBinding::Require && token_mode,
            "is require, and the tokens of COOKIEJWT_TOKEN_MODE cannot be bound",
            "use offer, or remove COOKIEJWT_TOKEN_MODE",
        ),
    ];
    match contradictions.into_iter().find(|(holds, ..)| *holds) {
        Some((_, what, cure)) => Err(refuse(SETTING, ConfigErrorKind::Contradiction, what, cure)),
        None => Ok(()),
    }
}
