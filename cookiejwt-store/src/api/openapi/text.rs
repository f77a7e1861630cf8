//! The texts of the document.

use super::super::operation::Operation;

pub(super) const ACCESS_COOKIE: &str =
    "The access token, set by login and refresh. Scripts cannot read it, and browsers send it automatically.";
pub(super) const REFRESH_COOKIE: &str = "The refresh token, which can be used once. If the access token has expired, both are renewed within the same \
     request, and both cookies are set again.";
pub(super) const BEARER: &str =
    "The access token in the Authorization header. The CSRF check does not apply to it.";

impl Operation {
    /// Stable: generated clients name their functions after it. Unique among all operations of the
    /// document.
    pub(super) fn id(self, path: &str) -> &'static str {
        match self {
            Self::Login => "auth_login",
            Self::Refresh => "auth_refresh",
            Self::Logout if path.contains("blacklist") => "auth_blacklist",
            Self::Logout => "auth_logout",
            Self::Verify => "auth_verify",
            Self::VerifyForwarded => "auth_verify_forwarded",
            Self::Continue => "auth_continue",
            Self::FreshLogin => "auth_fresh_login",
            Self::ListSessions => "auth_list_sessions",
            Self::EndOtherSessions => "auth_end_other_sessions",
            Self::EndSession => "auth_end_session",
            Self::ChangePassword => "auth_change_password",
            Self::Jwks => "auth_jwks",
            Self::Revoked => "auth_revoked",
            Self::BindDevice => "auth_bind_device",
            Self::RenewDevice => "auth_renew_device",
        }
    }

    pub(super) const fn summary(self) -> &'static str {
        match self {
            Self::Login => "Log in with username and password",
            Self::Refresh => "Renew both cookies",
            Self::Logout => "Log out",
            Self::Verify => "Who am I, and until when?",
            Self::VerifyForwarded => "May this request pass? For a proxy in front of another service",
            Self::Continue => "Renew the session and go on to the page that was asked for",
            Self::FreshLogin => "Authenticate again with the password",
            Self::ListSessions => "My sessions",
            Self::EndOtherSessions => "End all my sessions but this one",
            Self::EndSession => "End one of my sessions",
            Self::ChangePassword => "Change my password",
            Self::Jwks => "The public keys that verify access tokens",
            Self::Revoked => "The sessions that have ended",
            Self::BindDevice => "Bind the session to the device. Called by the browser",
            Self::RenewDevice => "Renew a device-bound session. Called by the browser",
        }
    }

    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Login => {
                "Always starts a new session and ends the session of the cookies that were sent. Only the cookies contain \
                 the tokens. An unknown user, a wrong password and a disabled account get the same response."
            }
            Self::Refresh => {
                "Rarely needed: every request renews an expired access token automatically. A refresh token that was \
                 used before ends its session, because there is a copy of it."
            }
            Self::Logout => {
                "Ends the session of every token in the request (cookie, header or body) and clears both cookies. It \
                 succeeds with expired, revoked, invalid or no tokens, and when repeated."
            }
            Self::Verify => "By cookie or by header. Renews the access token if necessary.",
            Self::VerifyForwarded => {
                "Forward authentication. Never renews anything, and sets no cookie. The method of the request that the proxy asks \
                 about is that of `X-Forwarded-Method` or `X-Original-Method`; without one it counts as POST."
            }
            Self::Continue => {
                "For a browser that shows a page, not for scripts. Without a session that can be renewed the user goes to the login \
                 page, if there is one."
            }
            Self::FreshLogin => {
                "For actions that require a recent login: starts a new session with a new `auth_time` and ends the present one."
            }
            Self::ListSessions => {
                "The sessions that can still be used, newest first; `current` marks the one that sent the request."
            }
            Self::EndOtherSessions => "For lost devices and forgotten logins. The present session continues.",
            Self::EndSession => "Ending the present one clears its cookies.",
            Self::ChangePassword => "Ends every session of the user; a new one is in the cookies.",
            Self::Jwks => "A JSON Web Key Set (RFC 7517).",
            Self::Revoked => "A signed list, for services that only verify access tokens.",
            Self::BindDevice => {
                "Registers the key of the device (W3C Device Bound Session Credentials). Reads no cookie, and sets none."
            }
            Self::RenewDevice => {
                "Proves the key for new cookies (W3C Device Bound Session Credentials). A 403 without a body is a challenge to \
                 sign; the first request gets one."
            }
        }
    }

    pub(super) const fn success_description(self) -> &'static str {
        match self {
            Self::Refresh => "Renewed.",
            Self::Logout => "Logged out.",
            Self::Login | Self::Verify | Self::VerifyForwarded | Self::FreshLogin => "Logged in.",
            Self::Continue => "To the page, or to the login page.",
            Self::ListSessions => "The sessions.",
            Self::EndOtherSessions => "The number of sessions that were ended.",
            Self::EndSession => "Ended.",
            Self::ChangePassword => "Changed.",
            Self::Jwks => "The keys.",
            Self::Revoked => "The list.",
            Self::BindDevice => "Bound.",
            Self::RenewDevice => "Renewed, or over.",
        }
    }
}
