//! Lifetimes and leeways: defaults, ranges, contradictions.

use std::time::Duration;

use super::{
    Ages, ConfigBuilder, ConfigErrorKind,
    checks::{Check, refuse},
};

use ConfigErrorKind::{Contradiction, OutOfRange};

const ACCESS: &str = "COOKIEJWT_ACCESS_MAX_AGE";
const REFRESH: &str = "COOKIEJWT_REFRESH_MAX_AGE";
const SESSION: &str = "COOKIEJWT_SESSION_MAX_AGE";
const AHEAD: &str = "COOKIEJWT_REFRESH_AHEAD";
pub(super) const ACCESS_SECONDS: i64 = 300;
pub(super) const LEEWAY_SECONDS: i64 = 5;
const MAX_LEEWAY: i64 = 60;
/// The longest time that browsers keep a cookie.
const MAX_AGE_SECONDS: u64 = 400 * 86_400;

/// The ages that were set; defaults shrink to fit these.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SetAges {
    pub(super) access: Option<Duration>,
    pub(super) refresh: Option<Duration>,
    pub(super) session: Option<Duration>,
    pub(super) reuse_leeway: Option<Duration>,
    pub(super) refresh_ahead: Option<Duration>,
    pub(super) leeway: Option<Duration>,
}

impl ConfigBuilder {
    /// Life of an access token and its cookie. Variable `COOKIEJWT_ACCESS_MAX_AGE`, default 300 s.
    pub fn access_max_age(mut self, age: Duration) -> Self {
        self.ages.access = Some(age);
        self
    }

    /// Idle timeout: life of a refresh token and its cookie. Variable `COOKIEJWT_REFRESH_MAX_AGE`,
    /// default 1 day.
    pub fn refresh_max_age(mut self, age: Duration) -> Self {
        self.ages.refresh = Some(age);
        self
    }

    /// Absolute timeout, never extended. Variable `COOKIEJWT_SESSION_MAX_AGE`, default 30 days.
    pub fn session_max_age(mut self, age: Duration) -> Self {
        self.ages.session = Some(age);
        self
    }

    /// Absolute and idle timeout of NIST SP 800-63B-4 AAL1: 30 days, with no separate idle timeout.
    pub fn aal1(self) -> Self {
        self.timeouts(30 * 86_400, 30 * 86_400)
    }

    /// Absolute and idle timeout of NIST SP 800-63B-4 AAL2: 24 hours and 1 hour.
    pub fn aal2(self) -> Self {
        self.timeouts(86_400, 3_600)
    }

    /// Absolute and idle timeout of NIST SP 800-63B-4 AAL3: 12 hours and 15 minutes.
    pub fn aal3(self) -> Self {
        self.timeouts(43_200, 900)
    }

    /// How long the previous refresh token is still accepted after the current one was received.
    /// Variable `COOKIEJWT_REUSE_LEEWAY`, default 10 s, from 1 to 60 s.
    pub fn reuse_leeway(mut self, leeway: Duration) -> Self {
        self.ages.reuse_leeway = Some(leeway);
        self
    }

    /// How long before its end a still valid access token is renewed. Variable
    /// `COOKIEJWT_REFRESH_AHEAD`, default 30 s, 0 turns it off.
    pub fn refresh_ahead(mut self, ahead: Duration) -> Self {
        self.ages.refresh_ahead = Some(ahead);
        self
    }

    /// Clock skew allowed for `exp`, `nbf` and `iat` of access tokens. Variable `COOKIEJWT_LEEWAY`,
    /// default 5 s, at most 60 s.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.ages.leeway = Some(leeway);
        self
    }

    fn timeouts(mut self, session: u64, refresh: u64) -> Self {
        self.ages.session = Some(Duration::from_secs(session));
        self.ages.refresh = Some(Duration::from_secs(refresh));
        self
    }
}

/// Ages in whole seconds. Defaults shrink to fit the ages that were set; ages that contradict each
/// other are refused.
pub(super) fn ages(set: &SetAges) -> Check<Ages> {
    let session = age(SESSION, set.session)?.unwrap_or(30 * 86_400);
    let refresh = age(REFRESH, set.refresh)?.unwrap_or_else(|| session.min(86_400));
    let access = age(ACCESS, set.access)?.unwrap_or_else(|| refresh.min(ACCESS_SECONDS));
    let half = access.div_euclid(2);
    let ahead = match set.refresh_ahead {
        Some(Duration::ZERO) => 0,
        ahead => age(AHEAD, ahead)?.unwrap_or_else(|| half.min(30)),
    };
    if refresh > session {
        let what = format!("is {refresh} s, longer than the session's absolute end at {session} s");
        return Err(refuse(REFRESH, Contradiction, what, format!("lower it, or raise {SESSION}")));
    }
    if access > refresh {
        let what = format!("is {access} s, longer than the refresh token's {refresh} s");
        return Err(refuse(ACCESS, Contradiction, what, format!("lower it, or raise {REFRESH}")));
    }
    if ahead > half {
        let what = format!("is {ahead} s, more than half of the access token's {access} s");
        return Err(refuse(AHEAD, Contradiction, what, format!("lower it, or raise {ACCESS}")));
    }
    // Without a leeway, two tabs that wake up together would look like a theft.
    let reuse_leeway = leeway("COOKIEJWT_REUSE_LEEWAY", set.reuse_leeway, 1, 10)?;
    let leeway = leeway("COOKIEJWT_LEEWAY", set.leeway, 0, LEEWAY_SECONDS)?;
    Ok(Ages { access, refresh, session, reuse_leeway, refresh_ahead: ahead, leeway })
}

pub(super) fn age(setting: &'static str, age: Option<Duration>) -> Check<Option<i64>> {
    let Some(age) = age else { return Ok(None) };
    match i64::try_from(age.as_secs()) {
        Ok(seconds) if is_whole(age) && seconds >= 1 && age.as_secs() <= MAX_AGE_SECONDS => Ok(Some(seconds)),
        _ => {
            let what = format!("is {} s", age.as_secs_f64());
            Err(refuse(
                setting,
                OutOfRange,
                what,
                "choose whole seconds from 1 to 400 days, which is what browsers keep",
            ))
        }
    }
}

pub(super) fn leeway(
    setting: &'static str,
    leeway: Option<Duration>,
    least: i64,
    default: i64,
) -> Check<i64> {
    let Some(leeway) = leeway else { return Ok(default) };
    match i64::try_from(leeway.as_secs()) {
        Ok(seconds) if is_whole(leeway) && (least..=MAX_LEEWAY).contains(&seconds) => Ok(seconds),
        _ => {
            let cure = format!("choose whole seconds from {least} to {MAX_LEEWAY}");
            Err(refuse(setting, OutOfRange, format!("is {} s", leeway.as_secs_f64()), cure))
        }
    }
}

fn is_whole(age: Duration) -> bool {
    age.subsec_nanos() == 0
}
