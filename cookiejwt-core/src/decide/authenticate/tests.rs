//! Rows a to j' of [`rules`](crate::rules). Alice comes by cookie, bob by the `Authorization`
//! field, so that every answer says which credential decided.

mod boundaries;
mod credentials;
mod model;
mod permitted;
mod realms;
mod recalled;
mod refresh_route;
mod renewed;
mod revocation;
mod rows;
mod sightings;
mod token_mode;

use http::{
    Request,
    header::{AUTHORIZATION, COOKIE},
    request::{Builder, Parts},
};
use time::Duration;

use super::{Assessment, Resolution, SessionStatus};
use crate::{
    config::{ConfigBuilder, RevocationLevel, Secret},
    decide::{
        decision::{Decision, Outcome},
        facade::Core,
        refresh::{RefreshAttempt, RefreshStep, UserState},
    },
    internal::test_memo::Fields,
    request::RequestHead,
    session::RefreshIds,
    testing::{self, NOW, TestToken},
};

const LEVELS: [RevocationLevel; 3] =
    [RevocationLevel::AtRefresh, RevocationLevel::Feed, RevocationLevel::EveryRequest];

/// A rule, the request, and the answer as the table writes it.
type Row = (&'static str, Builder, &'static str);
type Change = fn(ConfigBuilder) -> ConfigBuilder;

fn core(level: RevocationLevel, change: Change) -> Core {
    Core::new(change(testing::config()).revocation(level).build().unwrap())
}

/// The same with a memo of whole `Cookie` fields.
fn remembering(level: RevocationLevel, change: Change) -> Core {
    Core::with_memo(change(testing::config()).revocation(level).build().unwrap(), Fields::default())
}

/// Every row says the same at every level while the session lives, also when the request comes
/// again.
fn assert_rows(change: Change, rows: impl IntoIterator<Item = Row>) {
    let cores = LEVELS.map(|level| (core(level, change), remembering(level, change)));
    for (rule, request, expected) in rows {
        let parts = parts(request);
        for (core, remembering) in &cores {
            let level = core.config().revocation();
            assert_eq!(ask(core, &parts), expected, "{rule} ({level:?})");
            for time in ["the first time", "again"] {
                assert_eq!(ask(remembering, &parts), expected, "{rule} ({level:?}, {time})");
            }
        }
    }
}

fn ask(core: &Core, parts: &Parts) -> String {
    answer(core, core.authenticate(parts, NOW), SessionStatus::Live)
}

/// What the table says. Its one way past a valid access token: a session check at every level but
/// `AtRefresh`.
fn answer(core: &Core, assessment: Assessment, status: SessionStatus) -> String {
    let checks = core.config().revocation() != RevocationLevel::AtRefresh;
    match assessment {
        Assessment::Settled(decision) => {
            assert!(!checks || decision.identity().is_none(), "nobody asked about the session");
            told(core, &decision)
        }
        Assessment::NeedsSessionCheck(check) => {
            assert!(checks, "AtRefresh asks about no session");
            match check.resolve(status) {
                Resolution::Settled(decision) => told(core, &decision),
                Resolution::NeedsRefresh(attempt) => refreshing(*attempt),
            }
        }
        Assessment::NeedsRefresh(attempt) => {
            assert!(!checks, "nobody asked about the session");
            refreshing(*attempt)
        }
    }
}

fn told(core: &Core, decision: &Decision) -> String {
    let outcome = match &decision.outcome {
        Outcome::Authenticated(identity) => {
            format!("{} by {}", identity.subject(), identity.source().as_str())
        }
        Outcome::Anonymous => "anonymous".into(),
        Outcome::Refused(_) | Outcome::Unavailable | Outcome::Failed => {
            let problem = decision.required().unwrap_err();
            format!("{} {}", problem.status().as_u16(), problem.code())
        }
    };
    let cleared: Vec<_> = core.clear_cookies().iter().map(|cookie| cookie.line().clone()).collect();
    let lines: Vec<_> = decision.cookies.iter().map(|cookie| cookie.line().clone()).collect();
    if lines.is_empty() {
        return outcome;
    }
    assert_eq!(lines, cleared, "{outcome}: only a rotation sends tokens");
    format!("{outcome}, cleared")
}

/// Whose session, and whether the access token would do if the stores were away.
fn refreshing(attempt: RefreshAttempt) -> String {
    let subject = attempt.subject().clone();
    let RefreshStep::Settled(settlement) = attempt.with_user(UserState::Unavailable, ids(), NOW) else {
        panic!("a user store that is away settles");
    };
    assert!(settlement.revoke.is_none() && settlement.decision.cookies.is_empty());
    match settlement.decision.identity() {
        Some(identity) => format!("refresh of {subject}, soft as {}", identity.subject()),
        None => format!("refresh of {subject}"),
    }
}

fn ids() -> RefreshIds {
    RefreshIds::from_random([3; 32])
}

fn parts(request: Builder) -> Parts {
    request.body(()).unwrap().into_parts().0
}

fn get() -> Builder {
    Request::get("/me")
}

/// One `Cookie` field with these pairs.
fn cookies<const N: usize>(pairs: [String; N]) -> Builder {
    get().header(COOKIE, Vec::from(pairs).join("; "))
}

fn bearer(request: Builder, value: &str) -> Builder {
    request.header(AUTHORIZATION, value)
}

/// A POST that the CSRF table denies.
fn forged_post<const N: usize>(pairs: [String; N]) -> Builder {
    cookies(pairs).method("POST").header("sec-fetch-site", "cross-site")
}

fn seconds(seconds: i64) -> Duration {
    Duration::seconds(seconds)
}

/// Another node: the same issuer, another secret.
fn other_node() -> Core {
    let secret = Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=").unwrap();
    Core::new(testing::config().secret(secret).build().unwrap())
}

fn alice() -> TestToken {
    testing::access("alice")
}

fn alice_refresh() -> TestToken {
    testing::refresh("alice")
}

fn bob() -> TestToken {
    testing::access("bob").session("session of bob")
}

fn valid() -> String {
    alice().cookie()
}

/// 20 seconds before its end.
fn near() -> String {
    alice().issued_at(NOW - seconds(280)).cookie()
}

fn expired() -> String {
    alice().expired().cookie()
}

fn forged() -> String {
    forge(&valid())
}

fn foreign() -> String {
    alice().foreign().cookie()
}

/// Of a node whose clock is ahead.
fn early() -> String {
    alice().issued_at(NOW + seconds(6)).cookie()
}

/// Of a node whose key ring is ahead.
fn unknown_key() -> String {
    alice().by(&other_node()).cookie()
}

fn refresh() -> String {
    alice_refresh().cookie()
}

fn expired_refresh() -> String {
    alice_refresh().expired().cookie()
}

/// Valid, of another session of the same user.
fn second() -> String {
    alice().session("another").cookie()
}

fn second_refresh() -> String {
    alice_refresh().session("another").cookie()
}

fn forged_refresh() -> String {
    forge(&refresh())
}

fn early_refresh() -> String {
    alice_refresh().issued_at(NOW + seconds(6)).cookie()
}

fn unknown_key_refresh() -> String {
    alice_refresh().by(&other_node()).cookie()
}

/// The signature's first byte is another one.
fn forge(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{signed}.{first}{}", signature.get(1..).unwrap())
}
