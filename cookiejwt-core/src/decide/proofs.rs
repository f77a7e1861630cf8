//! Whether an identity meets what a route requires of its proofs.

use crate::{
    decide::{facade::Core, identity::Identity},
    response::Problem,
    session::Timestamp,
    token::{MissingProof, Requirement},
};

impl Core {
    /// Requires these proofs, otherwise 401 `proof_required`, which contains what would be the next
    /// step (RFC 9470 §3).
    ///
    /// A proof from another node's clock may be ahead by the leeway and no more, as in
    /// [`check_fresh`](Self::check_fresh).
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use std::time::Duration;
    /// use cookiejwt_core::{Method, Requirement, testing::{self, NOW}};
    ///
    /// const CODE: Requirement = Requirement::method(Method::OTP).within(Duration::from_secs(300));
    ///
    /// let (core, minutes) = (testing::core(), Duration::from_mins);
    /// let alice = testing::access("42").proof(Method::PWD, NOW).proof(Method::OTP, NOW).identity();
    /// assert!(core.check_proofs(&alice, &CODE, NOW + minutes(5)).is_ok());
    /// let problem = core.check_proofs(&alice, &CODE, NOW + minutes(6)).unwrap_err();
    /// assert_eq!(problem.code(), "proof_required");
    /// # }
    /// ```
    pub fn check_proofs(
        &self,
        identity: &Identity,
        requirement: &Requirement,
        now: impl Into<Timestamp>,
    ) -> Result<(), Problem> {
        identity.check_proofs(requirement, now.into().as_seconds(), self.config().ages.leeway)
    }
}

impl Identity {
    /// Whether its proofs meet this requirement. To refuse the request otherwise, use
    /// [`Core::check_proofs`].
    ///
    /// A proof may be as far ahead of `now` as the token itself, which was verified with the
    /// leeway.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use std::time::Duration;
    /// use cookiejwt_core::{Method, Requirement, testing::{self, NOW}};
    ///
    /// let alice = testing::access("42").proof(Method::PWD, NOW).identity();
    /// assert!(alice.meets(&Requirement::method(Method::PWD), NOW));
    /// assert!(!alice.meets(&Requirement::method(Method::OTP), NOW));
    /// # }
    /// ```
    pub fn meets(&self, requirement: &Requirement, now: impl Into<Timestamp>) -> bool {
        let now = now.into().as_seconds();
        let leeway = self.issued_at().unix_timestamp().saturating_sub(now).max(0);
        self.missing(requirement, now, leeway).is_none()
    }

    /// See [`Core::check_proofs`]; times in seconds.
    pub(super) fn check_proofs(
        &self,
        requirement: &Requirement,
        now: i64,
        leeway: i64,
    ) -> Result<(), Problem> {
        match self.missing(requirement, now, leeway) {
            Some(missing) => Err(Problem::ProofRequired { missing }),
            None => Ok(()),
        }
    }

    fn missing(&self, requirement: &Requirement, now: i64, leeway: i64) -> Option<MissingProof> {
        let auth_time = self.auth_time().map(time::OffsetDateTime::unix_timestamp);
        requirement.missing(self.facts(), auth_time, now, leeway)
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        testing::{self, NOW, TestToken},
        token::Method,
    };

    const PWD: Requirement = Requirement::method(Method::PWD);
    const OTP: Requirement = Requirement::method(Method::OTP);
    const HWK: Requirement = Requirement::method(Method::HWK);
    const GOLD: Requirement = Requirement::acr("gold");
    const MINUTES: Duration = Duration::from_secs(300);
    const ANY: Requirement = Requirement::any_method().within(MINUTES);

    fn second(second: i64) -> time::OffsetDateTime {
        NOW + time::Duration::seconds(second)
    }

    /// A token of a login by these methods, this many seconds after [`NOW`].
    fn by(proofs: &[(Method, i64)]) -> TestToken {
        proofs.iter().fold(testing::access("1"), |token, (method, at)| token.proof(*method, second(*at)))
    }

    /// Whether the two functions let it pass, which is not the same for a proof that is ahead.
    fn met(token: &TestToken, requirement: &Requirement, now: i64) -> (bool, bool) {
        let (core, who) = (testing::core(), token.identity());
        let checked = core.check_proofs(&who, requirement, second(now));
        assert!(checked.is_ok() || checked.is_err_and(|problem| problem.code() == "proof_required"));
        (checked.is_ok(), who.meets(requirement, second(now)))
    }

    #[test]
    fn methods() {
        let old = by(&[(Method::PWD, 0), (Method::OTP, 10)]);
        let unnamed = testing::access("1");
        for (rule, token, requirement, now, expected) in [
            ("a method", &old, OTP, 10, true),
            ("a method, long ago", &old, OTP, 1_000_000, true),
            ("another method", &old, HWK, 10, false),
            ("within, at the boundary", &old, OTP.within(MINUTES), 310, true),
            ("within, a second behind it", &old, OTP.within(MINUTES), 311, false),
            ("within: the time of another method does not count", &old, PWD.within(MINUTES), 301, false),
            ("any method, at the boundary of the newest", &old, ANY, 310, true),
            ("any method, a second behind it", &old, ANY, 311, false),
            ("an unnamed login is any method", &unnamed, ANY, 300, true),
            ("an unnamed login, a second behind it", &unnamed, ANY, 301, false),
            ("an unnamed login is no method", &unnamed, PWD, 0, false),
            ("an unnamed login is no method within", &unnamed, PWD.within(MINUTES), 0, false),
            ("and: both", &old, PWD.and(OTP), 10, true),
            ("and: the first alone", &old, PWD.and(HWK), 10, false),
            ("and: the second alone", &old, HWK.and(PWD), 10, false),
            ("and: one of them too old", &old, OTP.and(PWD.within(MINUTES)), 301, false),
            ("or: the first", &old, OTP.or(HWK), 10, true),
            ("or: the second", &old, HWK.or(OTP), 10, true),
            ("or: none", &old, HWK.or(Requirement::named("sms")), 10, false),
            (
                "or: the time of the other alternative does not count",
                &old,
                { PWD.within(MINUTES).or(HWK.within(Duration::from_hours(1))) },
                301,
                false,
            ),
            ("or of and: the single one", &old, HWK.and(PWD).or(OTP), 10, true),
            ("or of and: both", &old, PWD.and(OTP).or(HWK), 10, true),
            ("or of and: half of one", &old, PWD.and(HWK).or(OTP.and(HWK)), 10, false),
        ] {
            assert_eq!(met(token, &requirement, now), (expected, expected), "{rule}");
        }
    }

    #[test]
    fn classes() {
        let gold = by(&[(Method::FED, 0)]).acr("gold");
        let timeless = testing::access("1").without_auth_time().acr("gold");
        for (rule, token, requirement, now, expected) in [
            ("the class", &gold, GOLD, 0, true),
            ("the class, long ago", &gold, GOLD, 1_000_000, true),
            ("another class", &gold, Requirement::acr("silver"), 0, false),
            ("another case", &gold, Requirement::acr("Gold"), 0, false),
            ("no class", &by(&[(Method::FED, 0)]), GOLD, 0, false),
            ("one of two", &gold, Requirement::acr("silver").or(GOLD), 0, true),
            ("within, at the boundary", &gold, GOLD.within(MINUTES), 300, true),
            ("within, a second behind it", &gold, GOLD.within(MINUTES), 301, false),
            ("and a method", &gold, OTP.and(GOLD), 0, false),
            ("or a method", &gold, OTP.or(GOLD), 0, true),
            ("a name of a method is no class", &gold, Requirement::acr("fed"), 0, false),
            ("a class has no time of its own", &timeless, GOLD, 0, true),
            ("a class within, without a time", &timeless, GOLD.within(MINUTES), 0, false),
            ("no time at all", &timeless, ANY, 0, false),
        ] {
            assert_eq!(met(token, &requirement, now), (expected, expected), "{rule}");
        }
    }

    /// The leeway is five seconds; a token that is not checked here is as far ahead as it says.
    #[test]
    fn proofs_from_a_clock_that_is_ahead() {
        let ahead = |seconds| by(&[(Method::OTP, seconds)]).issued_at(second(seconds));
        let untrue = by(&[(Method::OTP, 5)]);
        let recent = OTP.within(MINUTES);
        for (rule, token, requirement, now, expected) in [
            ("within the leeway", &ahead(5), recent, 0, (true, true)),
            ("further ahead", &ahead(6), recent, 0, (false, true)),
            ("further ahead, until this clock has caught up", &ahead(6), recent, 1, (true, true)),
            ("far ahead it would stay fresh for long", &ahead(86_400), recent, 0, (false, true)),
            ("however long ago it may be", &ahead(6), OTP, 0, (false, true)),
            ("any method", &ahead(6), ANY, 0, (false, true)),
            ("ahead of its own token", &untrue, recent, 0, (true, false)),
        ] {
            assert_eq!(met(token, &requirement, now), expected, "{rule}");
        }
    }
}
