//! The responses to a login that is not complete.

use super::{Expected, Line, problem};

/// The response to a password that a code has to follow.
pub fn second_factor_required() -> Expected {
    let mut expected = problem("second_factor_required");
    expected.body = expected.body.replace('}', r#","methods":["otp"]}"#);
    expected
}

/// The same of a custom login: `AuthError` has no further members.
pub fn second_factor_required_alone() -> Expected {
    problem("second_factor_required")
}

/// The same in token mode.
pub fn second_factor_required_text() -> Expected {
    let mut expected = second_factor_required();
    expected.body = expected.body.replace('}', r#","pending":"<pending>"}"#);
    expected
}

impl Expected {
    /// The cookie of this pending login is set, for ten minutes.
    pub fn pending(mut self, id: u64) -> Self {
        self.ours.push(Line::Pending { id, same_site: "Lax" });
        self
    }

    /// The same, and another site answers with a POST.
    pub fn cross_site_pending(mut self, id: u64) -> Self {
        self.ours.push(Line::Pending { id, same_site: "None" });
        self
    }

    /// The cookie of this pending login is cleared.
    pub fn clears_pending(mut self, id: u64) -> Self {
        self.ours.insert(0, Line::ClearedPending { id, same_site: "Lax" });
        self
    }

    pub fn clears_cross_site_pending(mut self, id: u64) -> Self {
        self.ours.insert(0, Line::ClearedPending { id, same_site: "None" });
        self
    }
}
