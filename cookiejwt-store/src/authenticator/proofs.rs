//! What a handler requires of the proofs of a session.

use cookiejwt_core::{Identity, Problem, Requirement};

use super::Authenticator;

impl Authenticator {
    /// Requires these proofs, otherwise 401 `proof_required`, which contains what would be the next
    /// step (RFC 9470 §3). The same as the guard `require_proofs`, for a handler that knows only
    /// then what it requires: a large payment, another user's data.
    ///
    /// A refusal is reported as that of a guard. To ask without refusing, use
    /// [`Identity::meets`] with [`now`](Self::now).
    ///
    /// ```
    /// use std::time::Duration;
    /// use cookiejwt_store::{Authenticator, Identity, Method, Problem, Requirement};
    ///
    /// const CODE: Requirement = Requirement::method(Method::OTP).within(Duration::from_mins(5));
    ///
    /// fn may_pay(auth: &Authenticator, who: &Identity, euros: u64) -> Result<(), Problem> {
    ///     if euros > 1000 { auth.check_proofs(who, &CODE) } else { Ok(()) }
    /// }
    /// # let _ = may_pay;
    /// ```
    pub fn check_proofs(&self, who: &Identity, requirement: &Requirement) -> Result<(), Problem> {
        let checked = self.0.keys.core().check_proofs(who, requirement, self.timestamp());
        checked.inspect_err(|problem| self.guard_refused(who, *problem))
    }
}
