//! What a route requires of the proofs of a session.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use crate::token::{facts::Facts, method::Method, scope::is_scope_token};

/// What a route requires of the way in which its user proved who they are: methods, how long ago,
/// an authentication context class (RFC 9470, OWASP ASVS 7.5.3).
///
/// In a constant the compiler checks it:
///
/// ```
/// use std::time::Duration;
/// use cookiejwt_core::{Method, Requirement};
///
/// /// A code or a security key, at most five minutes ago.
/// const STRONG: Requirement = Requirement::method(Method::OTP)
///     .or(Requirement::method(Method::HWK))
///     .within(Duration::from_secs(300));
/// ```
///
/// A requirement that every login meets does not compile:
///
/// ```compile_fail
/// # use cookiejwt_core::Requirement;
/// const NOTHING: Requirement = Requirement::any_method();
/// ```
///
/// It is kept as a list of conditions, each of which is a list of alternatives. The first condition
/// that a session does not meet is what the client learns: a proof by any of its methods is the
/// next step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Requirement {
    /// Those of one condition follow each other.
    clauses: [Clause; Requirement::MOST],
    length: usize,
}

/// One alternative of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Clause {
    /// The number of its condition.
    condition: usize,
    need: Need,
    /// In seconds.
    within: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    AnyMethod,
    Method(Method),
    Acr(&'static str),
}

/// A proof by whatever method; with [`within`](Self::within) it is a [`Requirement`].
#[derive(Clone, Copy, Debug)]
#[must_use = "every login has a proof by some method: add `within`"]
pub struct AnyMethod(());

impl AnyMethod {
    /// At most this long ago, in whole seconds, counted from the newest proof (OIDC `auth_time`). A
    /// login that named no method counts, too.
    pub const fn within(self, age: Duration) -> Requirement {
        Requirement::of(Need::AnyMethod).within(age)
    }
}

#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "within the checked length")]
impl Requirement {
    /// The most alternatives that all conditions have together.
    pub const MOST: usize = 8;

    /// The most alternatives of one condition: a refusal lists them.
    pub const MOST_ALTERNATIVES: usize = 4;

    /// A proof by this method, however long ago.
    pub const fn method(method: Method) -> Self {
        Self::of(Need::Method(method))
    }

    /// A proof by the method of this name, however long ago.
    ///
    /// # Panics
    /// Panics if the text is not the name of a method; in a constant it then does not compile.
    #[track_caller]
    pub const fn named(method: &str) -> Self {
        Self::method(Method::new(method))
    }

    /// A proof by any method. It has to say how long ago.
    pub const fn any_method() -> AnyMethod {
        AnyMethod(())
    }

    /// A session that reached this authentication context class (OIDC `acr`), which the application
    /// set at the login.
    ///
    /// # Panics
    /// Panics if the text is not visible ASCII without space, `"` and `\`: the challenge contains
    /// it (RFC 9470 §3). In a constant it then does not compile.
    #[track_caller]
    pub const fn acr(class: &'static str) -> Self {
        assert!(is_scope_token(class.as_bytes()), "an acr is visible ASCII without space, \" and \\");
        Self::of(Need::Acr(class))
    }

    /// The same, at most this long ago, in whole seconds: each method of it, and for a class the
    /// newest proof. Where it is shorter already, it stays.
    #[must_use]
    pub const fn within(mut self, age: Duration) -> Self {
        let seconds = age.as_secs();
        let mut at = 0;
        while at < self.length {
            let within = match self.clauses[at].within {
                Some(known) if known as u64 <= seconds => known,
                #[expect(clippy::cast_possible_truncation, reason = "compared before")]
                _ if seconds < u32::MAX as u64 => seconds as u32,
                _ => u32::MAX,
            };
            self.clauses[at].within = Some(within);
            at += 1;
        }
        self
    }

    /// This requirement and the other one.
    ///
    /// # Panics
    /// Panics if the two are more than [`MOST`](Self::MOST) alternatives together; in a constant it
    /// then does not compile. A route may have two guards instead.
    #[track_caller]
    #[must_use]
    pub const fn and(mut self, other: Self) -> Self {
        let (conditions, mut at) = (self.conditions(), 0);
        while at < other.length {
            let clause = other.clauses[at];
            self = self.push(Clause { condition: conditions + clause.condition, ..clause });
            at += 1;
        }
        self
    }

    /// This requirement or the other one. What is said afterwards counts for both.
    ///
    /// # Panics
    /// Panics if a condition would have more than [`MOST_ALTERNATIVES`](Self::MOST_ALTERNATIVES),
    /// or all of them more than [`MOST`](Self::MOST); in a constant it then does not compile.
    #[track_caller]
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        // (a and b) or c = (a or c) and (b or c)
        let (mut both, mut left) = (Self::nothing(), 0);
        while left < self.conditions() {
            let mut right = 0;
            while right < other.conditions() {
                let condition = both.conditions();
                both = both.push_condition(condition, &self, left).push_condition(condition, &other, right);
                right += 1;
            }
            left += 1;
        }
        both
    }

    /// The alternatives of the first condition that a session with these facts does not meet. A
    /// proof may be ahead of `now` by the leeway: it was given on another node.
    pub(crate) fn missing(
        &self,
        facts: &Facts,
        auth_time: Option<i64>,
        now: i64,
        leeway: i64,
    ) -> Option<MissingProof> {
        let met = |clause: &Clause| {
            if facts.actor().is_some() {
                return false;
            }
            let longest = clause.within.map_or(i64::MAX, i64::from);
            let in_time = |time: i64| (leeway.saturating_neg()..=longest).contains(&now.saturating_sub(time));
            match clause.need {
                Need::AnyMethod => auth_time.is_some_and(in_time),
                Need::Method(method) => facts.proofs.seconds_of(method).is_some_and(in_time),
                Need::Acr(class) => {
                    let is_timed = clause.within.is_some();
                    facts.acr() == Some(class) && (!is_timed || auth_time.is_some_and(in_time))
                }
            }
        };
        let mut conditions = self.clauses().chunk_by(|one, next| one.condition == next.condition);
        conditions.find(|alternatives| !alternatives.iter().any(met)).map(MissingProof::of)
    }

    fn clauses(&self) -> &[Clause] {
        self.clauses.get(..self.length).unwrap_or_default()
    }

    const fn of(need: Need) -> Self {
        Self::nothing().push(Clause { condition: 0, need, within: None })
    }

    const fn nothing() -> Self {
        let unused = Clause { condition: 0, need: Need::AnyMethod, within: None };
        Self { clauses: [unused; Self::MOST], length: 0 }
    }

    const fn conditions(&self) -> usize {
        if self.length == 0 { 0 } else { self.clauses[self.length - 1].condition + 1 }
    }

    /// With the alternatives of one condition of `other` in the condition of this number.
    #[track_caller]
    const fn push_condition(mut self, condition: usize, other: &Self, number: usize) -> Self {
        let mut at = 0;
        while at < other.length {
            if other.clauses[at].condition == number {
                self = self.push(Clause { condition, ..other.clauses[at] });
            }
            at += 1;
        }
        self
    }

    #[track_caller]
    const fn push(mut self, clause: Clause) -> Self {
        assert!(self.length < Self::MOST, "a requirement has at most 8 alternatives");
        // The fourth clause before this one is of the same condition.
        let first = self.length.saturating_sub(Self::MOST_ALTERNATIVES);
        let is_full =
            self.length >= Self::MOST_ALTERNATIVES && self.clauses[first].condition == clause.condition;
        assert!(!is_full, "a condition has at most 4 alternatives");
        self.clauses[self.length] = clause;
        self.length += 1;
        self
    }
}

impl fmt::Debug for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Requirement ")?;
        f.debug_list().entries(self.clauses()).finish()
    }
}

/// What a session lacks for a [`Requirement`]: the alternatives of the first condition that it does
/// not meet.
///
/// As JSON it is the members `methods`, `max_age` and `acr_values` of a problem document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingProof {
    needs: [Option<Need>; Requirement::MOST_ALTERNATIVES],
    max_age: Option<u32>,
}

impl MissingProof {
    fn of(alternatives: &[Clause]) -> Self {
        let mut needs = [None; Requirement::MOST_ALTERNATIVES];
        for (place, clause) in needs.iter_mut().zip(alternatives) {
            *place = Some(clause.need);
        }
        Self { needs, max_age: alternatives.iter().filter_map(|clause| clause.within).min() }
    }

    /// The methods of which one is enough, in the order of the requirement. None where any method
    /// is, or where only a class is required.
    pub fn methods(&self) -> impl Iterator<Item = Method> + '_ {
        let any = self.needs().any(|need| need == Need::AnyMethod);
        let methods = self.needs().filter_map(|need| match need {
            Need::Method(method) => Some(method),
            Need::AnyMethod | Need::Acr(_) => None,
        });
        methods.filter(move |_| !any)
    }

    /// How long ago the proof may be, in seconds: the shortest time of the alternatives.
    pub fn max_age(&self) -> Option<u64> {
        self.max_age.map(u64::from)
    }

    /// The authentication context classes of which one is enough, in the order of the requirement
    /// (OIDC `acr_values`).
    pub fn acr_values(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.needs().filter_map(|need| match need {
            Need::Acr(class) => Some(class),
            Need::AnyMethod | Need::Method(_) => None,
        })
    }

    fn needs(&self) -> impl Iterator<Item = Need> + '_ {
        self.needs.iter().flatten().copied()
    }
}

impl Serialize for MissingProof {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let methods: Vec<_> = self.methods().collect();
        let names: Vec<_> = methods.iter().map(Method::as_str).collect();
        let classes: Vec<_> = self.acr_values().collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("methods", &names)?;
        if let Some(seconds) = self.max_age {
            map.serialize_entry("max_age", &seconds)?;
        }
        if !classes.is_empty() {
            map.serialize_entry("acr_values", &classes)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    const PWD: Requirement = Requirement::method(Method::PWD);
    const OTP: Requirement = Requirement::method(Method::OTP);
    const HWK: Requirement = Requirement::method(Method::HWK);
    const MINUTES: Duration = Duration::from_secs(300);

    /// What a session without any proof is asked for.
    fn asked(requirement: &Requirement) -> String {
        let missing = requirement.missing(&Facts::new(), None, 0, 0);
        serde_json::to_string(&missing).unwrap()
    }

    #[test]
    fn the_first_condition_is_asked_for() {
        for (rule, requirement, expected) in [
            ("a method", OTP, r#"{"methods":["otp"]}"#),
            ("a method by its name", Requirement::named("otp"), r#"{"methods":["otp"]}"#),
            ("within", OTP.within(MINUTES), r#"{"methods":["otp"],"max_age":300}"#),
            ("any method", Requirement::any_method().within(MINUTES), r#"{"methods":[],"max_age":300}"#),
            ("a class", Requirement::acr("gold"), r#"{"methods":[],"acr_values":["gold"]}"#),
            (
                "a class within",
                Requirement::acr("gold").within(MINUTES),
                r#"{"methods":[],"max_age":300,"acr_values":["gold"]}"#,
            ),
            ("or", OTP.or(HWK), r#"{"methods":["otp","hwk"]}"#),
            ("or, a class", OTP.or(Requirement::acr("gold")), r#"{"methods":["otp"],"acr_values":["gold"]}"#),
            (
                "within after or: both",
                OTP.or(HWK).within(MINUTES),
                r#"{"methods":["otp","hwk"],"max_age":300}"#,
            ),
            (
                "two times: a proof that is fresh for the shorter one meets both",
                OTP.within(MINUTES).or(HWK.within(Duration::from_mins(1))),
                r#"{"methods":["otp","hwk"],"max_age":60}"#,
            ),
            (
                "a method or any: any is enough",
                OTP.or(Requirement::any_method().within(MINUTES)),
                r#"{"methods":[],"max_age":300}"#,
            ),
            ("and: one after the other", PWD.and(OTP.within(MINUTES)), r#"{"methods":["pwd"]}"#),
            ("or of and", PWD.and(OTP).or(HWK), r#"{"methods":["pwd","hwk"]}"#),
        ] {
            assert_eq!(asked(&requirement), expected, "{rule}");
        }
    }

    #[test]
    fn how_long_ago() {
        let of = |age: Duration| OTP.within(age).clauses[0].within;
        for (rule, age, seconds) in [
            ("nothing", Duration::ZERO, 0),
            ("whole seconds", Duration::from_millis(1999), 1),
            ("what fits", Duration::from_secs(u64::from(u32::MAX)), u32::MAX),
            ("more than fits", Duration::MAX, u32::MAX),
        ] {
            assert_eq!(of(age), Some(seconds), "{rule}");
        }
        let minute = OTP.within(Duration::from_mins(1));
        assert_eq!(minute.within(MINUTES), minute, "the shorter one stays");
        assert_eq!(OTP.within(MINUTES).within(Duration::from_mins(1)), minute, "the shorter one counts");
    }

    #[test]
    fn a_requirement_has_a_size_and_an_acr_characters() {
        let two = OTP.or(HWK);
        let made = |make: &dyn Fn() -> Requirement| catch_unwind(AssertUnwindSafe(make)).is_ok();
        for (rule, make, accepted) in [
            ("four alternatives", &(|| two.or(two)) as &dyn Fn() -> Requirement, true),
            ("five", &|| two.or(two).or(PWD), false),
            ("eight in all", &|| two.or(two).and(two.or(two)), true),
            ("nine", &|| two.or(two).and(two.or(two)).and(PWD), false),
            ("two conditions or two: four conditions of two", &|| PWD.and(OTP).or(HWK.and(PWD)), true),
            ("three or two", &|| PWD.and(OTP).and(HWK).or(HWK.and(PWD)), false),
            ("eight conditions", &|| (0..7).fold(PWD, |all, _| all.and(OTP)), true),
            (
                "a URL",
                &|| Requirement::acr("http://schemas.openid.net/pape/policies/2007/06/multi-factor"),
                true,
            ),
            ("an empty class", &|| Requirement::acr(""), false),
            ("two classes", &|| Requirement::acr("gold silver"), false),
            ("a class that ends the parameter", &|| Requirement::acr("gold\", error=\"x"), false),
            ("a name that is none", &|| Requirement::named("One Time"), false),
        ] {
            assert_eq!(made(make), accepted, "{rule}");
        }
        assert!(format!("{two:?}").contains("Method(hwk)"));
    }
}
