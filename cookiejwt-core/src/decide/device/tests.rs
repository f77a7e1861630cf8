//! Device-bound sessions: alice's session, her device, and a store with one row.

mod binding;
mod challenges;
mod offers;
mod proofs;
mod renewing;
mod requests;
mod unproved;

use http::{Request, request::Parts};
use time::{Duration, OffsetDateTime};

use super::{BindAssessment, DeviceDecision, DeviceReply, DeviceStep, RenewAssessment};
use crate::{
    config::{ConfigBuilder, DeviceBinding},
    decide::{
        ActiveUser, Assessment, ClientInfo, Core, Decision, Login, LoginRequest, RefreshAttempt, RefreshStep,
        Resolution, RotationStep, SessionStatus, SessionTerms, UserState,
    },
    internal::test_memo::Fields,
    request::{Mode, RequestHead},
    response::SetCookies,
    session::{
        ChangeOutcome, LoginIds, RefreshIds, RevocationReason, RotationOutcome, SessionRecord, Timestamp,
    },
    testing::{self, NOW, TestDevice},
    token::CustomClaims,
};

const PREFIX: &str = "/api/auth";
const SESSION: &str = "session-1";
const RESPONSE: &str = "secure-session-response";
const IDENTIFIER: &str = "sec-secure-session-id";

fn core(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Core {
    let config = change(testing::config().device_bound(DeviceBinding::Offer)).build().unwrap();
    Core::with_memo(config, Fields::default())
}

fn after(seconds: i64) -> OffsetDateTime {
    NOW + Duration::seconds(seconds)
}

fn login(core: &Core, remember: bool) -> Login {
    login_on(core, SessionTerms::remembering(remember))
}

fn login_on(core: &Core, terms: SessionTerms) -> Login {
    let request = LoginRequest {
        subject: "alice".into(),
        claims: CustomClaims::default(),
        terms,
        client: ClientInfo::default(),
        mode: Mode::Cookie,
        ids: LoginIds { session: SESSION.into(), refresh: "refresh-1".into(), access: "access-1".into() },
        replaces: None,
    };
    core.login(request, NOW).unwrap()
}

fn head(method: &str, fields: &[(&str, &str)]) -> Parts {
    let request = Request::builder().method(method).uri("/me").header("host", "app.example");
    let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(()).unwrap().into_parts().0
}

fn lines(cookies: &SetCookies) -> Vec<String> {
    cookies.iter().map(|cookie| cookie.line().to_str().unwrap().to_owned()).collect()
}

/// Name and value of each cookie that is set, and `cleared` for the others.
fn pairs(cookies: &SetCookies) -> Vec<String> {
    let pair = |line: &String| line.split(';').next().unwrap_or_default().to_owned();
    lines(cookies).iter().map(pair).collect()
}

fn clears_both(cookies: &SetCookies) -> bool {
    let lines = lines(cookies);
    lines.len() == 2 && lines.iter().all(|line| line.contains("Max-Age=0"))
}

/// A browser with a session, the server's row of it, and the browser's key.
struct Bound {
    core: Core,
    row: SessionRecord,
    device: TestDevice,
    access: String,
    refresh: String,
}

impl Bound {
    fn new() -> Self {
        Self::with(core(|config| config))
    }

    /// Alice has logged in, and the browser has bound the session.
    fn with(core: Core) -> Self {
        let (login, device) = (login(&core, true), testing::device());
        let cookies = pairs(&login.cookies);
        let row = SessionRecord { device: Some(device.key()), ..login.record };
        Self { core, row, device, access: cookies[0].clone(), refresh: cookies[1].clone() }
    }

    /// The same after the first renewal, so that both tokens are marked.
    fn renewed() -> Self {
        let mut bound = Self::new();
        let reply = bound.renew(after(200)).reply;
        let DeviceReply::Renewed { cookies, .. } = reply else { panic!("{reply:?}") };
        bound.take(&cookies);
        bound
    }

    fn take(&mut self, cookies: &SetCookies) {
        let pairs = pairs(cookies);
        (self.access, self.refresh) = (pairs[0].clone(), pairs[1].clone());
    }

    fn challenge(&self, now: OffsetDateTime) -> String {
        let reply = self.leg(None, now).reply;
        let DeviceReply::Challenge { challenge } = reply else { panic!("{reply:?}") };
        challenge.to_str().unwrap().to_owned()
    }

    /// Both legs of a renewal.
    fn renew(&mut self, now: OffsetDateTime) -> DeviceDecision {
        let response = self.device.proves(&self.challenge(now));
        self.present(&response, now)
    }

    /// The request of the browser, decided without the store.
    fn leg(&self, response: Option<&str>, now: OffsetDateTime) -> DeviceDecision {
        match self.assess(&self.refresh, response, now) {
            RenewAssessment::Settled(decision) => decision,
            RenewAssessment::NeedsSession(attempt) => panic!("{attempt:?}"),
        }
    }

    fn assess(&self, refresh: &str, response: Option<&str>, now: OffsetDateTime) -> RenewAssessment {
        let mut fields = vec![("cookie", refresh), (IDENTIFIER, SESSION)];
        fields.extend(response.map(|response| (RESPONSE, response)));
        self.core.renew_device(&head("POST", &fields), PREFIX, now, &|_| None)
    }

    /// The second leg, with the store.
    fn present(&mut self, response: &str, now: OffsetDateTime) -> DeviceDecision {
        let refresh = self.refresh.clone();
        self.present_with(&refresh, response, now)
    }

    fn present_with(&mut self, refresh: &str, response: &str, now: OffsetDateTime) -> DeviceDecision {
        let attempt = match self.assess(refresh, Some(response), now) {
            RenewAssessment::Settled(decision) => return decision,
            RenewAssessment::NeedsSession(attempt) => attempt,
        };
        match attempt.with_session(Some(&self.row)) {
            DeviceStep::Settled(decision) => decision,
            DeviceStep::Refresh(attempt, renewal) => {
                let decision = self.rotate(*attempt, now);
                renewal.reply(&decision, now)
            }
        }
    }

    /// A refresh with the store and an active user.
    fn rotate(&mut self, attempt: RefreshAttempt, now: OffsetDateTime) -> Decision {
        let number = now.unix_timestamp();
        let ids = RefreshIds { refresh: format!("refresh-{number}").into(), access: "access".into() };
        let user = UserState::Active(ActiveUser::new(Ok(CustomClaims::default())));
        let mut rotation = match attempt.with_user(user, ids, now) {
            RefreshStep::Settled(settlement) => return settlement.decision,
            RefreshStep::Rotate(rotation) => rotation,
        };
        loop {
            let outcome = if rotation.request().matches(&self.row) {
                rotation.request().apply(&mut self.row);
                RotationOutcome::Rotated
            } else {
                RotationOutcome::Unmatched(Some(Box::new(self.row.clone())))
            };
            rotation = match rotation.complete(outcome) {
                RotationStep::Again(rotation) => rotation,
                RotationStep::Late(late) => panic!("a bound row is never answered late: {late:?}"),
                RotationStep::Settled(settlement) => {
                    if let Some(revocation) = settlement.revoke {
                        self.row.revoked = Some((revocation.at, revocation.reason));
                    }
                    return settlement.decision;
                }
            };
        }
    }

    /// A request of the application, with the store.
    fn ask(&mut self, fields: &[(&str, &str)], now: OffsetDateTime) -> Decision {
        let assessment = self.core.authenticate(&head("GET", fields), now);
        self.complete(assessment, now)
    }

    fn complete(&mut self, assessment: Assessment, now: OffsetDateTime) -> Decision {
        let attempt = match assessment {
            Assessment::Settled(decision) => return decision,
            Assessment::NeedsRefresh(attempt) => attempt,
            Assessment::NeedsSessionCheck(check) => match check.resolve(SessionStatus::Live) {
                Resolution::Settled(decision) => return decision,
                Resolution::NeedsRefresh(attempt) => attempt,
            },
        };
        self.rotate(*attempt, now)
    }
}
