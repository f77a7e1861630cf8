//! The real core, called from the start each time: its continuations cannot be copied into a state,
//! but a request's inputs and the answers it got so far can, and the core is a function of them.

use std::{rc::Rc, time::Duration};

use cookiejwt_core::{
    Core, Outcome, Reason, RevocationLevel,
    driver::{CustomClaims, Departure, LoginIds, LoginRequest, SessionTerms, SetCookies, Settlement},
    testing,
};
use http::request::Parts;

use crate::{
    changes::{Asked, Question},
    converse::{Progress, converse},
    hash::QuickMap,
    scenario::{ABSOLUTE, AHEAD, CLOCK_LEEWAY, IDLE, LEEWAY, Scenario},
    store::Row,
    token::{
        Access, Cause, Cookies, Jar, Millis, Refresh, Seconds, Session, datetime, millis, number, timestamp,
        token_id,
    },
    wire::{access_of, claims, head, line, max_age, pair, refresh_of, text},
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

/// Everything that the core reads of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Inputs {
    pub(crate) route: Route,
    pub(crate) arrival: Millis,
    pub(crate) jar: Jar,
}

/// The answers that a request got so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Reply {
    /// What the session check found.
    Session(Option<Cause>),
    /// What this node's revoked set contained before the rotation.
    Set(Option<Cause>),
    Changed,
    Unmatched(Row),
    Failed,
    /// The time at which it asks once more.
    At(Millis),
}

/// What a request waits for.
#[derive(Clone, Debug)]
pub(crate) enum Pause {
    Session {
        session: Session,
        has_access: bool,
    },
    Set(Session),
    /// A rotation or a late answer.
    Question(Rc<Asked>),
    /// It asks once more, and needs the time.
    Again,
    Settled(Verdict),
}

/// The outcome of a request.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) reason: Reason,
    pub(crate) is_authenticated: bool,
    pub(crate) cookies: Cookies,
    /// Of the access cookie and the refresh cookie.
    pub(crate) max_ages: Option<[Seconds; 2]>,
    pub(crate) revoke: Option<(Session, Cause)>,
    /// Whose refresh token has arrived.
    pub(crate) sighting: Option<(Session, u8)>,
    pub(crate) departs: Option<Departs>,
}

/// An answer with a refresh token: until when it may be sent without asking the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Departs {
    pub(crate) session: Session,
    pub(crate) refresh: u8,
    pub(crate) settles_at: Millis,
}

pub(crate) struct Server {
    core: Core,
    /// The same keys at the level that asks least: mints the texts that requests carry.
    mint: Core,
    pauses: QuickMap<(Inputs, Vec<Reply>, u8), Pause>,
    settles: QuickMap<(Departs, Millis), Option<Rc<Asked>>>,
    /// One that the core created, used as a template.
    departure: Option<Departure>,
    refresh_texts: QuickMap<Refresh, String>,
    access_texts: QuickMap<Access, String>,
}

impl Server {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            core: core(scenario.level, scenario.access),
            mint: core(RevocationLevel::AtRefresh, scenario.access),
            pauses: QuickMap::default(),
            settles: QuickMap::default(),
            departure: None,
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

    /// The question that has to be asked if an answer is sent now.
    pub(crate) fn late_departure(&mut self, departs: Departs, now: Millis) -> Option<Rc<Asked>> {
        let (core, departure) = (&self.core, self.departure.as_mut().unwrap());
        let request = self.settles.entry((departs, now)).or_insert_with(|| {
            departure.session_id = departs.session.id();
            departure.refresh_jti = token_id(departs.refresh);
            departure.settles_at = timestamp(departs.settles_at);
            core.late_departure(departure, datetime(now))
                .map(|request| Rc::new(Asked::new(Question::Settle(request))))
        });
        request.clone()
    }

    /// Whether lines that clear cookies are too old to be written.
    pub(crate) fn is_late_to_clear(&self, decided_at: Millis, now: Millis) -> bool {
        self.core.is_late_to_clear(timestamp(decided_at), timestamp(now))
    }

    pub(crate) fn login(&mut self, session: Session, now: Millis, next: u8) -> (Row, Access, Refresh) {
        let login = login(&self.core, session, now, next);
        let Cookies::Set(access, refresh) = self.cookies(&login.cookies) else { unreachable!() };
        (Row::of(&login.record), access, refresh)
    }

    /// The sessions that a login with these cookies replaces.
    pub(crate) fn presented(&mut self, inputs: Inputs) -> Vec<Session> {
        let head = self.head(inputs);
        let sessions = self.core.presented_sessions(&head);
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
            settles_at: now,
            received_at: None,
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

    /// Any access token, minted by the core itself: with a login or a rotation at its time.
    fn access_text(&mut self, token: Access) -> String {
        if let Some(text) = self.access_texts.get(&token) {
            return text.clone();
        }
        let Access { session, issued, names, .. } = token;
        let Some(next) = names else {
            let first = login(&self.mint, session, issued * 1000, ORIGIN);
            let text = text(line(&first.cookies, 0));
            self.access_texts.insert(token, text.clone());
            return text;
        };
        let expires = (issued + IDLE).min(session.begun + ABSOLUTE);
        let parent = Refresh { session, id: PARENT, issued, expires };
        let jar = Jar { access: None, refresh: Some(parent) };
        let inputs = Inputs { route: Route::Refresh, arrival: issued * 1000, jar };
        let head = self.head(inputs);
        let replies = [Reply::Set(None), Reply::Changed];
        let Progress::Settled(settlement) = converse(&self.mint, &head, inputs, &replies, next) else {
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
        let receipt = decision.sighting().and_then(|sighting| sighting.receipt.as_ref());
        if let Some(departure) = decision.departure() {
            self.departure.get_or_insert_with(|| departure.clone());
        }
        Verdict {
            sighting: receipt.map(|it| (Session::parse(it.session_id.as_str()), number(&it.refresh_jti))),
            departs: decision.departure().map(|departure| Departs {
                session: Session::parse(departure.session_id.as_str()),
                refresh: number(&departure.refresh_jti),
                settles_at: millis(departure.settles_at),
            }),
            is_authenticated: matches!(decision.outcome, Outcome::Authenticated(_)),
            max_ages: matches!(cookies, Cookies::Set(..))
                .then(|| [0, 1].map(|index| max_age(line(lines, index)))),
            cookies,
            reason: decision.reason,
            revoke: revoke.map(|order| (Session::parse(order.session_id.as_str()), Cause::of(order.reason))),
        }
    }

    /// Reads `Set-Cookie` lines. The same claims must give the same token, byte for byte: a
    /// successor is minted again from its row.
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

fn core(level: RevocationLevel, access: Seconds) -> Core {
    let age = |seconds: Seconds| Duration::from_secs(seconds.unsigned_abs().into());
    let config = testing::config()
        .revocation(level)
        .access_max_age(age(access))
        .refresh_ahead(age(AHEAD))
        .leeway(age(CLOCK_LEEWAY))
        .reuse_leeway(age(LEEWAY / 1000))
        .refresh_max_age(age(IDLE))
        .session_max_age(age(ABSOLUTE));
    Core::new(config.build().unwrap())
}

fn login(core: &Core, session: Session, now: Millis, id: u8) -> cookiejwt_core::driver::Login {
    let request = LoginRequest {
        subject: SUBJECT.into(),
        claims: CustomClaims::default(),
        terms: SessionTerms::default(),
        client: cookiejwt_core::driver::ClientInfo::default(),
        mode: cookiejwt_core::driver::Mode::Cookie,
        ids: LoginIds { session: session.id(), refresh: token_id(id), access: "access".into() },
        replaces: None,
    };
    core.login(request, datetime(now)).unwrap()
}

/// The subject of every session.
pub(crate) fn subject() -> cookiejwt_core::Subject {
    SUBJECT.into()
}

/// The time at which a row of the model starts.
pub(crate) fn begun(session: Session) -> cookiejwt_core::store::Timestamp {
    timestamp(session.begun * 1000)
}
