//! Two checks of an identity: whether its login is fresh, and whether its user is active.

use std::time::Duration;

use crate::{
    decide::{
        decision::{Decision, Reason, Refusal, Settlement},
        facade::Core,
        identity::Identity,
    },
    response::Problem,
    session::{Revocation, RevocationReason, Timestamp},
};

impl Core {
    /// Row k of [`rules`](crate::rules#authenticate) for a route that loads the user, who does not
    /// exist or is disabled although the access token is valid. With a bearer token nothing is
    /// cleared.
    pub fn user_inactive(&self, identity: &Identity, now: impl Into<Timestamp>) -> Settlement {
        let decision = Decision::refused(Refusal::SessionRevoked, Reason::UserInactive)
            .clearing(&self.parts().cookies, identity.source());
        let session_id = identity.session_id().clone();
        let revoke = Some(Revocation { session_id, reason: RevocationReason::UserInactive, at: now.into() });
        Settlement { decision, revoke }
    }

    /// Whether the user has proved who they are at most `max_age` ago, in whole seconds (OIDC
    /// `max_age`).
    ///
    /// A token without `auth_time` is not fresh, and neither is one in which another user acts. An
    /// `auth_time` from another node's clock may be ahead by the leeway and no more: otherwise it
    /// would stay fresh until then.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use std::time::Duration;
    /// use cookiejwt_core::testing::{self, NOW};
    ///
    /// let (core, alice) = (testing::core(), testing::identity("alice"));
    /// let minutes = Duration::from_mins;
    /// assert!(core.check_fresh(&alice, minutes(5), NOW + minutes(5)).is_ok());
    /// let problem = core.check_fresh(&alice, minutes(5), NOW + minutes(6)).unwrap_err();
    /// assert_eq!(problem.code(), "fresh_login_required");
    /// # }
    /// ```
    pub fn check_fresh(
        &self,
        identity: &Identity,
        max_age: Duration,
        now: impl Into<Timestamp>,
    ) -> Result<(), Problem> {
        identity.check_fresh(max_age, now.into().as_seconds(), self.config().ages.leeway)
    }
}

impl Identity {
    /// See [`Core::check_fresh`]; times in seconds.
    pub(super) fn check_fresh(&self, max_age: Duration, now: i64, leeway: i64) -> Result<(), Problem> {
        let longest = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
        let age = self.auth_time().map(|time| now.saturating_sub(time.unix_timestamp()));
        let earliest = leeway.saturating_neg();
        match age {
            Some(age) if (earliest..=longest).contains(&age) && self.actor().is_none() => Ok(()),
            _ => Err(Problem::FreshLoginRequired { max_age }),
        }
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::{self, NOW};

    /// Fresh for five minutes; the leeway is five seconds.
    #[test]
    fn fresh_logins() {
        let core = testing::core();
        let at = |second| testing::access("1").auth_time(NOW + time::Duration::seconds(second));
        for (rule, token, age, fresh) in [
            ("just now", at(0), 0, true),
            ("at the boundary", at(0), 300, true),
            ("a second behind it", at(0), 301, false),
            ("long ago", at(0), 86_400, false),
            ("logged in long before the token was issued", at(-86_400), 0, false),
            ("ahead by another node's clock, within the leeway", at(5), 0, true),
            ("further ahead", at(6), 0, false),
            ("far ahead", at(86_400), 0, false),
            ("further ahead, until this clock has caught up", at(6), 1, true),
            ("unsaid", testing::access("1").without_auth_time(), 0, false),
        ] {
            let max_age = Duration::from_mins(5);
            let checked = core.check_fresh(&token.identity(), max_age, NOW + time::Duration::seconds(age));
            let expected = if fresh { Ok(()) } else { Err(Problem::FreshLoginRequired { max_age }) };
            assert_eq!(checked, expected, "{rule}");
        }
    }

    #[test]
    fn whole_seconds_are_compared() {
        let (core, alice) = (testing::core(), testing::identity("1"));
        let fresh = |max_age, age| core.check_fresh(&alice, max_age, NOW + age).is_ok();
        let (second, half) = (Duration::from_secs(1), Duration::from_millis(1500));
        assert!(fresh(second, half), "the token says whole seconds, so the part of one counts for nobody");
        assert!(!fresh(half, Duration::from_secs(2)));
        assert!(fresh(Duration::MAX, Duration::from_hours(24 * 365)));
        assert!(fresh(Duration::ZERO, Duration::ZERO) && !fresh(Duration::ZERO, second));
    }
}
