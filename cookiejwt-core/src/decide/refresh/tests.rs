//! Rows k to r of [`rules`](crate::rules), and rotation: alice's session, its row, and what the
//! store answers.

mod facts;
mod late;
mod renewed;
mod rotated;
mod sizes;
mod tabs;
mod token_mode;
mod unmatched;
mod user;

use http::{Request, header::COOKIE};
use time::{Duration, OffsetDateTime};

use super::{ActiveUser, RefreshAttempt, RefreshStep, Rotation, RotationStep, UserState};
use crate::{
    config::{ConfigBuilder, RevocationLevel},
    decide::{
        authenticate::Assessment,
        decision::{Decision, Outcome, Reason, Settlement},
        facade::Core,
        login::{ClientInfo, LoginRequest, SessionTerms},
    },
    request::Mode,
    response::SetCookies,
    session::{
        ChangeOutcome, LoginIds, RefreshIds, RevocationReason, RotationOutcome, RotationRequest,
        SessionRecord, Timestamp,
    },
    testing::{self, NOW},
    token::CustomClaims,
};

const SESSION: &str = "session-1";
/// `NOW` in the claims.
const NOW_SECONDS: i64 = 1_767_268_800;

fn core(change: fn(ConfigBuilder) -> ConfigBuilder) -> Core {
    Core::new(change(testing::config()).revocation(RevocationLevel::AtRefresh).build().unwrap())
}

/// The row of a new session, and its refresh cookie.
fn login(core: &Core, remember: bool) -> (SessionRecord, String) {
    login_on(core, SessionTerms::remembering(remember))
}

fn login_on(core: &Core, terms: SessionTerms) -> (SessionRecord, String) {
    let request = LoginRequest {
        subject: "alice".into(),
        claims: CustomClaims::default(),
        terms,
        client: ClientInfo::default(),
        mode: Mode::Cookie,
        ids: LoginIds { session: SESSION.into(), refresh: "refresh-1".into(), access: "access-1".into() },
        replaces: None,
    };
    let login = core.login(request, NOW).unwrap();
    (login.record, pairs(&login.cookies)[1].clone())
}

/// What a browser sends back: name and value of each cookie.
fn pairs(cookies: &SetCookies) -> Vec<String> {
    let pair = |line: &str| line.split(';').next().unwrap_or_default().to_owned();
    lines(cookies).iter().map(|line| pair(line)).collect()
}

fn lines(cookies: &SetCookies) -> Vec<String> {
    cookies.iter().map(|cookie| cookie.line().to_str().unwrap().to_owned()).collect()
}

fn attempt(core: &Core, cookies: &str, now: OffsetDateTime) -> RefreshAttempt {
    let (head, ()) = Request::get("/").header(COOKIE, cookies).body(()).unwrap().into_parts();
    match core.authenticate(&head, now) {
        Assessment::NeedsRefresh(attempt) => *attempt,
        other => panic!("{other:?}"),
    }
}

/// The refresh cookie alone, and beside an access cookie that is valid for 20 more seconds.
fn hard_and_soft(core: &Core, refresh: &str, now: OffsetDateTime) -> [RefreshAttempt; 2] {
    let near = testing::access("alice").session(SESSION).id("near").issued_at(now - Duration::seconds(280));
    [attempt(core, refresh, now), attempt(core, &format!("{}; {refresh}", near.by(core).cookie()), now)]
}

fn active() -> UserState {
    UserState::Active(ActiveUser::new(Ok(CustomClaims::default())))
}

/// `refresh-2` and `access-2` for 2.
fn ids(number: u32) -> RefreshIds {
    RefreshIds { refresh: format!("refresh-{number}").into(), access: format!("access-{number}").into() }
}

fn rotation(attempt: RefreshAttempt, number: u32) -> Rotation {
    let now = attempt.now.to_datetime();
    match attempt.with_user(active(), ids(number), now) {
        RefreshStep::Rotate(rotation) => rotation,
        RefreshStep::Settled(settlement) => panic!("{settlement:?}"),
    }
}

fn settled(step: RotationStep) -> Settlement {
    match step {
        RotationStep::Settled(settlement) => settlement,
        RotationStep::Again(rotation) => panic!("{rotation:?}"),
        RotationStep::Late(late) => panic!("{late:?}"),
    }
}

/// A store in which no row has changed since it was read.
fn settled_late(step: RotationStep) -> Settlement {
    match step {
        RotationStep::Late(late) => late.complete(ChangeOutcome::Changed),
        step => settled(step),
    }
}

/// A store with one row.
fn update(row: &mut SessionRecord, request: &RotationRequest) -> RotationOutcome {
    if request.matches(row) {
        request.apply(row);
        RotationOutcome::Rotated
    } else {
        unmatched(row)
    }
}

fn unmatched(row: &SessionRecord) -> RotationOutcome {
    RotationOutcome::Unmatched(Some(Box::new(row.clone())))
}

/// Presents a refresh cookie to the store, and gives back the decision.
fn present(
    core: &Core,
    row: &mut SessionRecord,
    refresh: &str,
    now: OffsetDateTime,
    number: u32,
) -> Decision {
    let rotation = rotation(attempt(core, refresh, now), number);
    let outcome = update(row, rotation.request());
    let settlement = settled(rotation.complete(outcome));
    assert_eq!(settlement.revoke, None, "{:?}", settlement.decision.reason);
    settlement.decision
}

/// The answer as the table writes it: outcome, cookies, revocation.
fn told(core: &Core, settlement: &Settlement) -> String {
    let Settlement { decision, revoke } = settlement;
    let outcome = match &decision.outcome {
        Outcome::Authenticated(identity) => format!("{} by {}", identity.subject(), identity.token_id()),
        Outcome::Anonymous => "anonymous".into(),
        Outcome::Refused(_) | Outcome::Unavailable | Outcome::Failed => {
            let problem = decision.required().unwrap_err();
            format!("{} {}", problem.status().as_u16(), problem.code())
        }
    };
    let cookies = match lines(&decision.cookies) {
        none if none.is_empty() => "",
        cleared if cleared == lines(&core.clear_cookies()) => ", cleared",
        _ => ", sent",
    };
    assert_eq!(decision.refresh_expires_at.is_some(), cookies == ", sent", "{outcome}");
    match revoke {
        None => format!("{outcome}{cookies}"),
        Some(revocation) => {
            assert_eq!(revocation.session_id, SESSION.into(), "{outcome}");
            format!("{outcome}{cookies}, revoke {}", revocation.reason.as_str())
        }
    }
}
