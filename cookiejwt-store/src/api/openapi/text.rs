//! The texts of the document.

use super::super::operation::Operation;

pub(super) const ACCESS_COOKIE: &str =
    "The access token. Login and refresh set it; scripts cannot read it, and a browser sends it by itself.";
pub(super) const REFRESH_COOKIE: &str = "The refresh token, which is used up by its use. Where the access token has ended, it is renewed in the same \
     request and both cookies are set anew.";
pub(super) const BEARER: &str = "The access token in the Authorization field. The rules against requests of other sites do not apply to it.";

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
            Self::FreshLogin => "auth_fresh_login",
            Self::ListSessions => "auth_list_sessions",
            Self::EndOtherSessions => "auth_end_other_sessions",
            Self::EndSession => "auth_end_session",
            Self::ChangePassword => "auth_change_password",
            Self::Jwks => "auth_jwks",
        }
    }

    pub(super) const fn summary(self) -> &'static str {
        match self {
            Self::Login => "Log in with username and password",
            Self::Refresh => "Renew both cookies",
            Self::Logout => "Log out",
            Self::Verify => "Who am I, and until when?",
            Self::FreshLogin => "Prove once more who I am",
            Self::ListSessions => "My sessions",
            Self::EndOtherSessions => "End all my sessions but this one",
            Self::EndSession => "End one of my sessions",
            Self::ChangePassword => "Change my password",
            Self::Jwks => "The public keys that access tokens are verified with",
        }
    }

    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Login => {
                "Begins a new session each time; one whose cookies come in is ended. The tokens are in the cookies \
                 alone. An unknown user, a wrong password and a disabled account are answered alike."
            }
            Self::Refresh => {
                "Rarely needed: every request that needs it renews the access token by itself. A refresh token that \
                 was used up before ends its session, for somebody has a copy."
            }
            Self::Logout => {
                "Ends every session that a token of this request names, by cookie, by header or in the body, and \
                 clears both cookies, whatever comes in: with expired, revoked or garbage tokens, without any, twice."
            }
            Self::Verify => "By cookie or by header. Renews the access token where that is needed.",
            Self::FreshLogin => {
                "For what asks for a fresh login: a new session begins with a new `auth_time`, and the present one ends."
            }
            Self::ListSessions => {
                "Those that can still be used, the newest first; `current` is the one that asks."
            }
            Self::EndOtherSessions => {
                "Devices that were lost, or forgotten somewhere. The present session goes on."
            }
            Self::EndSession => "Ending the present one clears its cookies.",
            Self::ChangePassword => "Ends every session of the user; a new one is in the cookies.",
            Self::Jwks => "A JSON Web Key Set (RFC 7517).",
        }
    }

    pub(super) const fn success_description(self) -> &'static str {
        match self {
            Self::Refresh => "Renewed.",
            Self::Logout => "Logged out.",
            Self::Login | Self::Verify | Self::FreshLogin => "Logged in.",
            Self::ListSessions => "The sessions.",
            Self::EndOtherSessions => "How many were ended.",
            Self::EndSession => "Ended.",
            Self::ChangePassword => "Changed.",
            Self::Jwks => "The keys.",
        }
    }
}
