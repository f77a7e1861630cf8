//! What each route does.

use cookiejwt_core::driver::Mode;
use http::{HeaderValue, Method};

use super::operation::Operation;
use crate::routes::Route;

/// The most that is read of a body; a longer one results in 413.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

impl Route {
    /// What can be done at this endpoint, one operation per method.
    pub(super) const fn operations(self) -> &'static [Operation] {
        match self {
            Self::Login => &[Operation::Login],
            Self::Refresh => &[Operation::Refresh],
            Self::Logout => &[Operation::Logout],
            Self::Verify => &[Operation::Verify, Operation::VerifyForwarded],
            Self::Continue => &[Operation::Continue],
            Self::FreshLogin => &[Operation::FreshLogin],
            Self::Sessions => &[Operation::ListSessions, Operation::EndOtherSessions],
            Self::Session => &[Operation::EndSession],
            Self::Password => &[Operation::ChangePassword],
            Self::Jwks => &[Operation::Jwks],
            Self::Revoked => &[Operation::Revoked],
            Self::Device => &[Operation::BindDevice],
            Self::DeviceRefresh => &[Operation::RenewDevice],
        }
    }

    /// What this method does here; HEAD is GET whose content is not sent (RFC 9110 §9.3.2).
    pub(super) fn operation(self, method: &str) -> Option<Operation> {
        let method = if method == Method::HEAD { Method::GET.as_str() } else { method };
        self.operations().iter().copied().find(|operation| operation.method() == method)
    }

    /// The value of `Allow`.
    pub(super) fn allow(self) -> HeaderValue {
        let methods = self.operations().iter().map(|operation| match operation.method() {
            Method::GET => "GET, HEAD".to_owned(),
            method => method.to_string(),
        });
        // Methods are ASCII.
        HeaderValue::try_from(methods.collect::<Vec<_>>().join(", ")).unwrap_or(HeaderValue::from_static(""))
    }

    pub(super) fn reads_body(self, mode: Mode) -> bool {
        self.operations().iter().any(|operation| operation.reads_body(mode))
    }
}
