//! The real core and the store, with the faults that the model must notice.

use std::rc::Rc;

use cookiejwt_core::{
    Core, Decision, DeviceBinding, RevocationLevel,
    driver::{
        ActiveUser, Assessment, BindAssessment, ClientInfo, CustomClaims, DeviceDecision, DeviceReply,
        DeviceStep, LateAnswer, LateRequest, LoginIds, LoginRequest, Mode, RefreshAttempt, RefreshIds,
        RefreshStep, RenewAssessment, RotationStep, SessionTerms, SetCookies, UserState,
    },
    store::{ChangeOutcome, Receipt, RevocationReason, RotationOutcome, RotationRequest, SessionRecord},
    testing,
};
use http::request::Parts;

use super::world::{Fault, Jar, Key, Row};
use crate::{
    hash::QuickMap,
    token::{Millis, datetime, millis, number, timestamp, token_id},
};

const PREFIX: &str = "/api/auth";
const SESSION: &str = "session";
const LEEWAY: Millis = 10_000;

pub(super) struct Server {
    core: Core,
    record: SessionRecord,
    offer: String,
    pub(super) login: Jar,
    pub(super) first: Row,
    pub(super) fault: Option<Fault>,
    challenges: QuickMap<Millis, String>,
    proofs: QuickMap<(Key, Millis), Rc<str>>,
    /// What was decided before: a state differs from others in more than what a request reads.
    pages: QuickMap<(Row, String, bool, Millis), Answer<Decision>>,
    renewals: QuickMap<Renewal, Answer<DeviceDecision>>,
}

/// Row, cookies, proof and time.
type Renewal = (Row, String, Option<Rc<str>>, Millis);

/// What a request has led to.
#[derive(Clone)]
pub(super) struct Answer<T> {
    pub(super) row: Row,
    pub(super) decision: T,
}

impl Server {
    pub(super) fn new(fault: Option<Fault>) -> Self {
        let config = testing::config().revocation(RevocationLevel::AtRefresh);
        let core = Core::new(config.device_bound(DeviceBinding::Offer).build().unwrap());
        let request = LoginRequest {
            subject: "alice".into(),
            claims: CustomClaims::default(),
            terms: SessionTerms::remembering(true),
            client: ClientInfo::default(),
            mode: Mode::Cookie,
            ids: LoginIds { session: SESSION.into(), refresh: token_id(1), access: "access".into() },
            replaces: None,
        };
        let login = core.login(request, datetime(0)).unwrap();
        let offer = login.device.as_ref().unwrap().header(PREFIX).unwrap().to_str().unwrap().to_owned();
        let mut jar = Jar::default();
        take(&login.cookies, &mut jar, 0);
        let first = row(&login.record);
        Self {
            core,
            record: login.record,
            offer,
            login: jar,
            first,
            fault,
            challenges: QuickMap::default(),
            proofs: QuickMap::default(),
            pages: QuickMap::default(),
            renewals: QuickMap::default(),
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// The row as the store reads it.
    fn record(&self, row: Row) -> SessionRecord {
        let mut record = self.record.clone();
        record.current_jti = token_id(row.current);
        record.previous_jti = row.previous.map(token_id);
        (record.issued_at, record.expires_at) = (timestamp(row.issued), timestamp(row.expires));
        record.rotated_at = row.rotated.map(timestamp);
        record.settles_at = timestamp(row.settles - i32::from(self.is(Fault::LeewayShort)));
        record.received_at = row.received.map(timestamp);
        record.revoked = row.revoked.then(|| (timestamp(0), RevocationReason::Reuse));
        record.device = row.device.map(|key| device(key).key());
        record
    }

    /// What a request of the page leads to; on the refresh route if `refreshes`.
    pub(super) fn page(&mut self, row: Row, cookies: &str, refreshes: bool, now: Millis) -> Answer<Decision> {
        let key = (row, cookies.to_owned(), refreshes, now);
        if let Some(answer) = self.pages.get(&key) {
            return answer.clone();
        }
        let answer = self.decide(row, cookies, refreshes, now);
        self.pages.insert(key, answer.clone());
        answer
    }

    fn decide(&self, row: Row, cookies: &str, refreshes: bool, now: Millis) -> Answer<Decision> {
        let head = head(&[("cookie", cookies)]);
        let assessment = if refreshes {
            self.core.refresh(&head, datetime(now))
        } else {
            self.core.authenticate(&head, datetime(now))
        };
        let mut answer = match assessment {
            Assessment::Settled(decision) => Answer { row, decision },
            Assessment::NeedsRefresh(attempt) => self.rotate(row, *attempt, now),
            Assessment::NeedsSessionCheck(check) => panic!("{check:?}"),
        };
        if let Some(receipt) = answer.decision.sighting().and_then(|sighting| sighting.receipt.clone()) {
            self.receive(&mut answer.row, &receipt, now);
        }
        answer
    }

    fn receive(&self, row: &mut Row, receipt: &Receipt, now: Millis) {
        let mut record = self.record(*row);
        if receipt.matches(&record) && !self.is(Fault::CopyForgiven) {
            receipt.apply(&mut record, timestamp(now), timestamp(now + LEEWAY));
            row.received = Some(now);
            row.settles = row.settles.max(now + LEEWAY);
        }
    }

    fn rotate(&self, mut row: Row, attempt: RefreshAttempt, now: Millis) -> Answer<Decision> {
        let ids = RefreshIds { refresh: token_id(row.current + 1), access: "access".into() };
        let user = UserState::Active(ActiveUser::new(Ok(CustomClaims::default())));
        let mut rotation = match attempt.with_user(user, ids, datetime(now)) {
            RefreshStep::Settled(settlement) => return Answer { row, decision: settlement.decision },
            RefreshStep::Rotate(rotation) => rotation,
        };
        loop {
            let outcome = self.ask(&mut row, rotation.request());
            rotation = match rotation.complete(outcome) {
                RotationStep::Again(rotation) => rotation,
                RotationStep::Late(late) => return self.answer_late(row, late),
                RotationStep::Settled(settlement) => {
                    row.revoked |= settlement.revoke.is_some();
                    return Answer { row, decision: settlement.decision };
                }
            };
        }
    }

    /// Row o' of a session that is not bound: the main model is about it.
    fn answer_late(&self, mut row: Row, late: LateAnswer) -> Answer<Decision> {
        let mut record = self.record(row);
        match late.request() {
            LateRequest::Answer(request) => request.apply(&mut record),
            LateRequest::Replace(request) => request.apply(&mut record),
        }
        row.current = number(&record.current_jti);
        (row.rotated, row.settles) = (record.rotated_at.map(millis), millis(record.settles_at));
        Answer { row, decision: late.complete(ChangeOutcome::Changed).decision }
    }

    /// `TokenStore::rotate`.
    fn ask(&self, row: &mut Row, request: &RotationRequest) -> RotationOutcome {
        let mut request = request.clone();
        let mut seen = self.record(*row);
        if request.device.is_none() && (self.is(Fault::KeyIgnored) || self.is(Fault::MarkBelieved)) {
            seen.device = None;
        }
        if let Some(device) = request.device.as_mut().filter(|_| self.is(Fault::ChallengeReusable)) {
            device.challenged_at = request.now.plus_millis(1);
        }
        if !request.matches(&seen) {
            let mut read = self.record(*row);
            read.device = read.device.filter(|_| request.device.is_some() || !self.is(Fault::MarkBelieved));
            return RotationOutcome::Unmatched(Some(Box::new(read)));
        }
        request.apply(&mut seen);
        *row = Row {
            current: number(&seen.current_jti),
            previous: seen.previous_jti.as_ref().map(number),
            issued: millis(seen.issued_at),
            expires: millis(seen.expires_at),
            rotated: seen.rotated_at.map(millis),
            settles: millis(seen.settles_at),
            received: None,
            ..*row
        };
        RotationOutcome::Rotated
    }

    /// `POST device/` with this key.
    pub(super) fn bind(&self, mut row: Row, key: Key, now: Millis) -> Answer<DeviceDecision> {
        let response = device(key).registers(&self.offer);
        let head = head(&[("secure-session-response", &response)]);
        match self.core.bind_device(&head, PREFIX, datetime(now), &|_| None) {
            BindAssessment::Settled(decision) => Answer { row, decision },
            BindAssessment::Bind(binding) => {
                let mut record = self.record(row);
                if self.is(Fault::BoundTwice) {
                    record.device = None;
                }
                let outcome = if binding.request().matches(&record) {
                    row.device = Some(key);
                    ChangeOutcome::Changed
                } else {
                    ChangeOutcome::Unmatched(Some(Box::new(self.record(row))))
                };
                Answer { row, decision: binding.complete(outcome) }
            }
        }
    }

    /// The first leg.
    pub(super) fn challenge(&mut self, row: Row, jar: &Jar, now: Millis) -> Answer<DeviceDecision> {
        self.renewal(row, jar.header(now), None, now)
    }

    /// The second leg, with a proof of this key over a challenge of this time.
    pub(super) fn renew(
        &mut self,
        row: Row,
        jar: &Jar,
        (key, challenged): (Key, Millis),
        now: Millis,
    ) -> Answer<DeviceDecision> {
        let challenge = self.issued(challenged);
        let proof =
            self.proofs.entry((key, challenged)).or_insert_with(|| device(key).proves(&challenge).into());
        let proof = proof.clone();
        self.renewal(row, jar.header(now), Some(proof), now)
    }

    /// The challenge of this time, which depends on nothing else.
    fn issued(&mut self, at: Millis) -> String {
        let (first, login) = (self.first, self.login.header(at));
        if let Some(challenge) = self.challenges.get(&at) {
            return challenge.clone();
        }
        let reply = self.renewal(first, login, None, at).decision.reply;
        let DeviceReply::Challenge { challenge } = reply else { panic!("{reply:?}") };
        let challenge = challenge.to_str().unwrap().to_owned();
        self.challenges.insert(at, challenge.clone());
        challenge
    }

    fn renewal(
        &mut self,
        row: Row,
        cookies: String,
        proof: Option<Rc<str>>,
        now: Millis,
    ) -> Answer<DeviceDecision> {
        let key = (row, cookies, proof, now);
        if let Some(answer) = self.renewals.get(&key) {
            return answer.clone();
        }
        let answer = self.decide_renewal(row, &key.1, key.2.as_deref(), now);
        self.renewals.insert(key, answer.clone());
        answer
    }

    fn decide_renewal(
        &self,
        row: Row,
        cookies: &str,
        proof: Option<&str>,
        now: Millis,
    ) -> Answer<DeviceDecision> {
        let mut fields = vec![("cookie", cookies), ("sec-secure-session-id", SESSION)];
        fields.extend(proof.map(|proof| ("secure-session-response", proof)));
        let attempt = match self.core.renew_device(&head(&fields), PREFIX, datetime(now), &|_| None) {
            RenewAssessment::Settled(decision) => return Answer { row, decision },
            RenewAssessment::NeedsSession(attempt) => attempt,
        };
        let mut read = self.record(row);
        if self.is(Fault::ChallengeReusable) {
            read.rotated_at = None;
        }
        match attempt.with_session(Some(&read)) {
            DeviceStep::Settled(decision) => Answer { row, decision },
            DeviceStep::Refresh(attempt, renewal) => {
                let Answer { row, decision } = self.rotate(row, *attempt, now);
                Answer { row, decision: renewal.reply(&decision, datetime(now)) }
            }
        }
    }
}

fn device(key: Key) -> testing::TestDevice {
    match key {
        Key::Owners => testing::device(),
        Key::Thiefs => testing::other_device(),
    }
}

fn row(record: &SessionRecord) -> Row {
    Row {
        current: number(&record.current_jti),
        previous: None,
        issued: millis(record.issued_at),
        expires: millis(record.expires_at),
        rotated: None,
        settles: millis(record.settles_at),
        received: None,
        revoked: false,
        device: None,
    }
}

fn head(fields: &[(&str, &str)]) -> Parts {
    let request = http::Request::post("/").header("sec-fetch-site", "same-origin");
    let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(()).unwrap().into_parts().0
}

/// What a browser does with the lines of a response that it gets at this time.
pub(super) fn take(cookies: &SetCookies, jar: &mut Jar, now: Millis) {
    for cookie in cookies.iter() {
        let line = cookie.line().to_str().unwrap();
        let (pair, attributes) = line.split_once(';').unwrap();
        let age = attributes.split("Max-Age=").nth(1).and_then(|rest| rest.split(';').next());
        let age: Millis = age.map_or(0, |seconds| seconds.parse().unwrap());
        let kept = (age > 0).then(|| Rc::<str>::from(pair));
        if cookie.name().ends_with("access_token") {
            // In whole seconds, as the browser counts them.
            jar.access = kept.map(|text| (text, now + age * 1000));
        } else {
            jar.refresh = kept;
        }
    }
}
