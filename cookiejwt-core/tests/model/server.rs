//! The real core, asked from the beginning each time: its continuations cannot be copied into a state, but a request's
//! inputs and the answers it got so far can, and the core is a function of them.

use std::{rc::Rc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cookiejwt_core::{
    Assessment, Core, CustomClaims, Decision, LoginIds, LoginRequest, Outcome, Reason, RefreshAttempt,
    RefreshIds, RefreshStep, Resolution, RevocationLevel, RotationOutcome, RotationRequest, RotationStep,
    SessionStatus, SetCookie, SetCookies, Settlement, UserState, testing,
};
use http::{Request, request::Parts};
use serde_json::Value;

use crate::{
    hash::QuickMap,
    scenario::{ABSOLUTE, ACCESS, AHEAD, CLOCK_LEEWAY, IDLE, LEEWAY},
    store::Row,
    token::{
        Access, Cause, Cookies, Jar, Millis, Refresh, Seconds, Session, datetime, seconds, timestamp,
        token_id,
    },
};

const SUBJECT: &str = "alice";
/// Ids that no rotation of the model takes.
const ORIGIN: u8 = 255;
const PARENT: u8 = 254;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Route {
    Page,
    Refresh,
    Logout,
    Login,
}

/// All that the core reads of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Inputs {
    pub(crate) route: Route,
    pub(crate) arrival: Millis,
    pub(crate) jar: Jar,
}

/// What a request was told so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Reply {
    /// What the session check found.
    Session(Option<Cause>),
    /// What this node's revoked set said before the rotation.
    Set(Option<Cause>),
    Rotated,
    Unmatched(Row),
    Failed,
}

/// What a request waits for.
#[derive(Clone, Debug)]
pub(crate) enum Pause {
    Session { session: Session, has_access: bool },
    Set(Session),
    Rotation(Rc<RotationRequest>),
    Settled(Verdict),
}

/// What became of a request.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) reason: Reason,
    pub(crate) is_authenticated: bool,
    pub(crate) cookies: Cookies,
    /// Of the access cookie and the refresh cookie.
    pub(crate) max_ages: Option<[Seconds; 2]>,
    pub(crate) revoke: Option<(Session, Cause)>,
}

pub(crate) struct Server {
    core: Core,
    /// The same keys at the level that asks least: mints the texts that requests carry.
    mint: Core,
    pauses: QuickMap<(Inputs, Vec<Reply>, u8), Pause>,
    refresh_texts: QuickMap<Refresh, String>,
    access_texts: QuickMap<Access, String>,
}

impl Server {
    pub(crate) fn new(level: RevocationLevel) -> Self {
        Self {
            core: core(level),
            mint: core(RevocationLevel::AtRefresh),
            pauses: QuickMap::default(),
            refresh_texts: QuickMap::default(),
            access_texts: QuickMap::default(),
        }
    }

    /// How far a request comes with these answers; `next` is the random id that it has drawn.
    pub(crate) fn run(&mut self, inputs: Inputs, replies: &[Reply], next: u8) -> Pause {
        let key = (inputs, replies.to_vec(), next);
        if let Some(pause) = self.pauses.get(&key) {
            return pause.clone();
        }
        let head = self.head(inputs);
        let progress = converse(&self.core, &head, inputs, replies, next);
        let pause = match progress {
            Progress::Paused(pause) => pause,
            Progress::Settled(settlement) => Pause::Settled(self.verdict(settlement)),
        };
        self.pauses.insert(key, pause.clone());
        pause
    }

    pub(crate) fn login(&mut self, session: Session, now: Millis, next: u8) -> (Row, Access, Refresh) {
        let login = login(&self.core, session, now, next);
        let Cookies::Set(access, refresh) = self.cookies(&login.cookies) else { unreachable!() };
        (Row::of(&login.record), access, refresh)
    }

    /// The sessions that a login with these cookies replaces.
    pub(crate) fn presented(&mut self, inputs: Inputs) -> Vec<Session> {
        let head = self.head(inputs);
        let sessions = self.core.presented_sessions(&(&head).into());
        sessions.iter().map(|id| Session::parse(id.as_str())).collect()
    }

    pub(crate) fn logout(&mut self, inputs: Inputs) -> (Vec<Session>, Cookies) {
        let head = self.head(inputs);
        let logout = self.core.logout(&head, None).unwrap();
        let sessions = logout.sessions.iter().map(|id| Session::parse(id.as_str())).collect();
        (sessions, self.cookies(&logout.cookies))
    }

    fn head(&mut self, inputs: Inputs) -> Parts {
        let access = inputs.jar.access.map(|token| {
            let text = self.access_text(token);
            format!("{}={text}", self.core.config().access_name())
        });
        let refresh = inputs.jar.refresh.map(|token| {
            let text = self.refresh_text(token);
            format!("{}={text}", self.core.config().refresh_name())
        });
        head(inputs.route, access.as_deref(), refresh.as_deref())
    }

    /// Any refresh token, minted by the core itself: as the successor of its session's first one.
    fn refresh_text(&mut self, token: Refresh) -> String {
        if let Some(text) = self.refresh_texts.get(&token) {
            return text.clone();
        }
        let Refresh { session, id, issued, expires } = token;
        let now = session.begun * 1000;
        let first = login(&self.mint, session, now, ORIGIN).cookies;
        let row = Row {
            session,
            current: id,
            previous: Some(ORIGIN),
            issued,
            expires,
            rotated_at: Some(now),
            ends: session.begun + ABSOLUTE,
            revoked: None,
        };
        let head = head(Route::Refresh, None, Some(&pair(line(&first, 1))));
        let inputs = Inputs { route: Route::Refresh, arrival: now, jar: Jar::default() };
        let replies = [Reply::Set(None), Reply::Unmatched(row)];
        let Progress::Settled(settlement) = converse(&self.mint, &head, inputs, &replies, ORIGIN) else {
            unreachable!()
        };
        let text = text(line(&settlement.decision.cookies, 1));
        self.refresh_texts.insert(token, text.clone());
        text
    }

    /// Any access token, minted by the core itself: beside a rotation at its time.
    fn access_text(&mut self, token: Access) -> String {
        if let Some(text) = self.access_texts.get(&token) {
            return text.clone();
        }
        let Access { session, issued, .. } = token;
        let expires = (issued + IDLE).min(session.begun + ABSOLUTE);
        let parent = Refresh { session, id: PARENT, issued, expires };
        let jar = Jar { access: None, refresh: Some(parent) };
        let inputs = Inputs { route: Route::Refresh, arrival: issued * 1000, jar };
        let head = self.head(inputs);
        let replies = [Reply::Set(None), Reply::Rotated];
        let Progress::Settled(settlement) = converse(&self.mint, &head, inputs, &replies, ORIGIN) else {
            unreachable!()
        };
        let text = text(line(&settlement.decision.cookies, 0));
        self.access_texts.insert(token, text.clone());
        text
    }

    fn verdict(&mut self, settlement: Settlement) -> Verdict {
        let Settlement { decision, revoke } = settlement;
        let cookies = self.cookies(&decision.cookies);
        let lines = &decision.cookies;
        Verdict {
            is_authenticated: matches!(decision.outcome, Outcome::Authenticated(_)),
            max_ages: matches!(cookies, Cookies::Set(..))
                .then(|| [0, 1].map(|index| max_age(line(lines, index)))),
            cookies,
            reason: decision.reason,
            revoke: revoke.map(|order| (Session::parse(order.session_id.as_str()), Cause::of(order.reason))),
        }
    }

    /// Reads `Set-Cookie` lines. The same claims must give the same token, byte for byte: a successor is minted again
    /// from its row.
    fn cookies(&mut self, cookies: &SetCookies) -> Cookies {
        if cookies.is_empty() {
            return Cookies::Keep;
        }
        let texts = [0, 1].map(|index| text(line(cookies, index)));
        if texts.iter().all(String::is_empty) {
            return Cookies::Clear;
        }
        let [access, refresh] = texts.each_ref().map(|text| claims(text));
        let (access, refresh) = (access_of(&access), refresh_of(&refresh));
        assert_eq!(self.access_text(access), texts[0]);
        assert_eq!(self.refresh_text(refresh), texts[1]);
        Cookies::Set(access, refresh)
    }
}

enum Progress {
    Paused(Pause),
    Settled(Settlement),
}

/// The way of a request, as the driver goes it.
fn converse(core: &Core, head: &Parts, inputs: Inputs, replies: &[Reply], next: u8) -> Progress {
    let mut replies = replies.iter();
    let now = datetime(inputs.arrival);
    let assessment = match inputs.route {
        Route::Page => core.authenticate(head, now),
        _ => core.refresh(head, now),
    };
    let attempt = match assessment {
        Assessment::Settled(decision) => return settled(decision),
        Assessment::NeedsRefresh(attempt) => attempt,
        Assessment::NeedsSessionCheck(check) => {
            let session = Session::parse(check.session_id().as_str());
            let status = match replies.next() {
                None => {
                    let has_access = check.has_valid_access();
                    return Progress::Paused(Pause::Session { session, has_access });
                }
                Some(Reply::Session(None)) => SessionStatus::Live,
                Some(Reply::Session(Some(cause))) => SessionStatus::Revoked(cause.reason()),
                Some(_) => unreachable!(),
            };
            match check.resolve(status) {
                Resolution::Settled(decision) => return settled(decision),
                Resolution::NeedsRefresh(attempt) => attempt,
            }
        }
    };
    rotate(attempt, replies, next)
}

fn rotate<'a>(attempt: RefreshAttempt, mut replies: impl Iterator<Item = &'a Reply>, next: u8) -> Progress {
    match replies.next() {
        None => return Progress::Paused(Pause::Set(Session::parse(attempt.session_id().as_str()))),
        Some(Reply::Set(None)) => {}
        Some(Reply::Set(Some(cause))) => return Progress::Settled(attempt.revoked(cause.reason())),
        Some(_) => unreachable!(),
    }
    let ids = RefreshIds { refresh: token_id(next), access: "access".into() };
    let mut rotation = match attempt.with_user(UserState::Active(Ok(CustomClaims::default())), ids) {
        RefreshStep::Settled(settlement) => return Progress::Settled(settlement),
        RefreshStep::Rotate(rotation) => rotation,
    };
    loop {
        let outcome = match replies.next() {
            None => return Progress::Paused(Pause::Rotation(Rc::new(rotation.request().clone()))),
            Some(Reply::Failed) => return Progress::Settled(rotation.store_failed()),
            Some(Reply::Rotated) => RotationOutcome::Rotated,
            Some(Reply::Unmatched(row)) => RotationOutcome::Unmatched(Some(Box::new(row.record()))),
            Some(_) => unreachable!(),
        };
        match rotation.complete(outcome) {
            RotationStep::Settled(settlement) => return Progress::Settled(settlement),
            RotationStep::Again(again) => rotation = again,
        }
    }
}

fn core(level: RevocationLevel) -> Core {
    let age = |seconds: Seconds| Duration::from_secs(seconds.unsigned_abs().into());
    let config = testing::config()
        .revocation(level)
        .access_max_age(age(ACCESS))
        .refresh_ahead(age(AHEAD))
        .leeway(age(CLOCK_LEEWAY))
        .reuse_leeway(age(LEEWAY / 1000))
        .refresh_max_age(age(IDLE))
        .session_max_age(age(ABSOLUTE));
    Core::new(config.build().unwrap())
}

fn settled(decision: Decision) -> Progress {
    Progress::Settled(Settlement { decision, revoke: None })
}

fn login(core: &Core, session: Session, now: Millis, id: u8) -> cookiejwt_core::Login {
    let request = LoginRequest {
        subject: SUBJECT.into(),
        claims: CustomClaims::default(),
        remember: true,
        client: cookiejwt_core::ClientInfo::default(),
        mode: cookiejwt_core::Mode::Cookie,
        ids: LoginIds { session: session.id(), refresh: token_id(id), access: "access".into() },
    };
    core.login(request, datetime(now)).unwrap()
}

fn head(route: Route, access: Option<&str>, refresh: Option<&str>) -> Parts {
    let method = if route == Route::Page { "GET" } else { "POST" };
    let request = Request::builder().method(method).uri("/").header("sec-fetch-site", "same-origin");
    let pairs = access.into_iter().chain(refresh);
    pairs.fold(request, |request, pair| request.header("cookie", pair)).body(()).unwrap().into_parts().0
}

fn line(cookies: &SetCookies, index: usize) -> &SetCookie {
    cookies.iter().nth(index).unwrap()
}

/// `name=value` of a line.
fn pair(cookie: &SetCookie) -> String {
    cookie.line().to_str().unwrap().split(';').next().unwrap().to_owned()
}

fn text(cookie: &SetCookie) -> String {
    pair(cookie).split_once('=').unwrap().1.to_owned()
}

fn max_age(cookie: &SetCookie) -> Seconds {
    cookie.line().to_str().unwrap().split_once("Max-Age=").unwrap().1.parse().unwrap()
}

fn claims(text: &str) -> Value {
    let payload = text.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn number(claims: &Value, name: &str) -> Seconds {
    seconds(claims[name].as_i64().unwrap())
}

fn access_of(claims: &Value) -> Access {
    let session = Session::parse(claims["sid"].as_str().unwrap());
    Access { session, issued: number(claims, "iat"), expires: number(claims, "exp") }
}

fn refresh_of(claims: &Value) -> Refresh {
    let session = Session::parse(claims["sid"].as_str().unwrap());
    assert_eq!(number(claims, "session_exp"), session.begun + ABSOLUTE, "the absolute end never changes");
    let id = claims["jti"].as_str().unwrap().parse().unwrap();
    Refresh { session, id, issued: number(claims, "iat"), expires: number(claims, "exp") }
}

/// Whose session every row is.
pub(crate) fn subject() -> cookiejwt_core::Subject {
    SUBJECT.into()
}

/// The time at which a row of the model began.
pub(crate) fn begun(session: Session) -> cookiejwt_core::Timestamp {
    timestamp(session.begun * 1000)
}
