//! Two authenticators in one application.

use super::Authenticator;

impl Authenticator {
    /// Whether both can serve the same requests, for an adapter that knows all authenticators of an
    /// application at start-up. A conflict is logged, with the fix.
    pub fn can_stand_beside(&self, other: &Self) -> bool {
        let Some(fault) = self.clash(other) else { return true };
        tracing::error!(prefix = %self.0.routes.prefix, other_prefix = %other.0.routes.prefix, "{fault}");
        false
    }

    fn clash(&self, other: &Self) -> Option<&'static str> {
        if self.is_same(other) {
            return Some("the same authenticator is attached twice; attach its fairing once");
        }
        let names =
            |auth: &Self| [auth.config().access_name().to_owned(), auth.config().refresh_name().to_owned()];
        let shared = names(self).iter().any(|name| names(other).contains(name));
        shared.then_some(
            "two authenticators have cookies of one name, so that each login would overwrite the other's; give one of them \
             other names",
        )
    }
}
