//! One state of the world.

use crate::{
    scenario::{BEGIN, Budget, Scenario},
    server::{Departs, Inputs, Reply, Server},
    store::Row,
    token::{Access, Cause, Cookies, Jar, LONG_AGO, Millis, Refresh, Session},
};

pub(crate) const NODES: usize = 2;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) now: Millis,
    pub(crate) jar: Jar,
    /// The jar on disk when the browser crashes.
    pub(crate) disk: Option<Jar>,
    /// What a thief has: one jar, or several if they keep everything.
    pub(crate) loot: Vec<Jar>,
    pub(crate) turns: Turns,
    pub(crate) sessions: Vec<SessionState>,
    /// Sorted: it does not matter which tab a request belongs to.
    pub(crate) flights: Vec<Flight>,
    /// Receipts that nodes have noted and not written yet.
    pub(crate) notes: Vec<Note>,
    pub(crate) left: Budget,
}

/// Who sent the last request, and when each did last; counted after the theft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Turns {
    pub(crate) last: Option<Owner>,
    pub(crate) count: u8,
    pub(crate) owner_at: Millis,
    pub(crate) thief_at: Millis,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionState {
    pub(crate) row: Row,
    /// The row before its last change; kept only for the faults that read it.
    pub(crate) before: Option<Row>,
    /// The revoked set of each node.
    pub(crate) known: [Option<Cause>; NODES],
    /// What really happened, whatever a faulty store has kept of it.
    pub(crate) truth: Truth,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Truth {
    /// The nodes that decided to revoke it.
    pub(crate) sentenced: [bool; NODES],
    /// When the revocation was durable.
    pub(crate) dead_since: Option<Millis>,
    /// Refresh tokens that were rotated or replaced, and after what time it is theft to present
    /// them: [`NEVER`] as long as the answer with their successor may have been lost.
    pub(crate) spent: Vec<(u8, Millis)>,
    /// The expected columns of the row.
    pub(crate) settles_at: Millis,
    pub(crate) rotated_at: Option<Millis>,
    pub(crate) is_received: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Note {
    pub(crate) session: Session,
    pub(crate) refresh: u8,
    pub(crate) node: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Owner {
    Browser,
    Thief,
}

/// The source and destination of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Path {
    pub(crate) owner: Owner,
    pub(crate) node: u8,
    /// When an honest network has brought the request to the store, or its answer to the jar, or
    /// lost it.
    pub(crate) deadline: Option<Millis>,
}

/// A request in transit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Flight {
    pub(crate) path: Path,
    pub(crate) stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// `arrival` applies only after it.
    Travelling(Inputs),
    Waiting {
        inputs: Inputs,
        replies: Vec<Reply>,
        wait: Wait,
        doom: Doom,
    },
    Revoking(Sentence),
    /// Decided; the head of the answer is not sent yet.
    Serving(Answer),
    /// On the way to the jar.
    Answered(Cookies),
}

/// A revocation that was decided and is not durable yet; the answer waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Sentence {
    pub(crate) sessions: Vec<Session>,
    pub(crate) cause: Cause,
    pub(crate) at: Millis,
    pub(crate) answer: Answer,
}

/// The lines that an answer is to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Answer {
    pub(crate) cookies: Cookies,
    pub(crate) departs: Option<Departs>,
    /// When lines that clear were decided.
    pub(crate) decided_at: Millis,
}

/// The next question to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Wait {
    SessionCheck,
    Update,
    /// The UPDATE of a late answer.
    Late,
    /// The second half of an UPDATE that is not atomic; only for the fault.
    Write,
    FreshRead,
}

/// What a revocation before its arrival means for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Doom {
    Free,
    /// The session is revoked, but access tokens stay valid for the bound of the level.
    NoNewTokens,
    Nothing,
}

impl World {
    /// The state right after a login.
    pub(crate) fn new(scenario: &Scenario, server: &mut Server) -> Self {
        let turns = Turns { last: None, count: 0, owner_at: LONG_AGO, thief_at: LONG_AGO };
        let mut world = Self {
            now: BEGIN,
            jar: Jar::default(),
            disk: None,
            loot: Vec::new(),
            turns,
            sessions: Vec::new(),
            flights: Vec::new(),
            notes: Vec::new(),
            left: scenario.budget,
        };
        let cookies = world.begin_session(server);
        cookies.apply(&mut world.jar);
        world
    }

    pub(crate) fn begin_session(&mut self, server: &mut Server) -> Cookies {
        let number = u8::try_from(self.sessions.len()).unwrap();
        let session = Session { number, begun: self.now / 1000 };
        let (row, access, refresh) = server.login(session, self.now, self.fresh_id());
        let truth = Truth { settles_at: row.settles_at, ..Truth::default() };
        self.sessions.push(SessionState { row, before: None, known: [None; NODES], truth });
        Cookies::Set(access, refresh)
    }

    /// An id that no token has.
    pub(crate) fn fresh_id(&mut self) -> u8 {
        let mut next = 0;
        self.visit_ids(&mut |id| next = next.max(*id + 1));
        next
    }

    /// Whether a session was revoked or ended by its row, so that an honest browser is rightly
    /// refused.
    pub(crate) fn is_over(&self) -> bool {
        self.sessions
            .iter()
            .any(|state| state.truth.sentenced != [false; 2] || state.row.expires * 1000 <= self.now)
    }

    pub(crate) fn of_browser(&self) -> usize {
        self.flights.iter().filter(|flight| flight.path.owner == Owner::Browser).count()
    }

    /// After what time it is theft to present a refresh token.
    pub(crate) fn theft_after(&self, token: Refresh) -> Option<Millis> {
        let spent = &self.sessions[token.session.index()].truth.spent;
        spent.iter().find(|(id, _)| *id == token.id).map(|(_, at)| *at)
    }

    /// Every refresh token that a party has or is about to have.
    pub(crate) fn refresh_tokens(&self) -> impl Iterator<Item = Refresh> {
        let jars = self.loot.iter().chain(&self.disk).chain([&self.jar]).filter_map(|jar| jar.refresh);
        let flying = self.flights.iter().filter_map(|flight| match flight.stage.carries() {
            Carries::Jar(jar) => jar.refresh,
            Carries::Cookies(Cookies::Set(_, refresh)) => Some(refresh),
            Carries::Cookies(_) => None,
        });
        jars.chain(flying)
    }

    pub(crate) fn visit_ids(&mut self, visit: &mut dyn FnMut(&mut u8)) {
        self.visit_held(visit);
        for session in &mut self.sessions {
            session.row.visit_ids(visit);
            if let Some(before) = &mut session.before {
                before.visit_ids(visit);
            }
            session.truth.spent.iter_mut().for_each(|(id, _)| visit(id));
        }
    }

    /// The ids of tokens, not those of rows.
    fn visit_held(&mut self, visit: &mut dyn FnMut(&mut u8)) {
        for jar in self.loot.iter_mut().chain(&mut self.disk).chain([&mut self.jar]) {
            jar.visit_ids(visit);
        }
        self.notes.iter_mut().for_each(|note| visit(&mut note.refresh));
        for flight in &mut self.flights {
            flight.stage.visit_ids(visit);
        }
    }
}

impl SessionState {
    /// Presenting this token after that time is theft from now on.
    pub(crate) fn spend(&mut self, id: u8, theft_after: Millis) {
        match self.truth.spent.iter_mut().find(|(spent, _)| *spent == id) {
            Some((_, at)) => *at = (*at).min(theft_after),
            None => self.truth.spent.push((id, theft_after)),
        }
    }

    /// Whether a node would learn something about it.
    pub(crate) fn is_news(&self, node: usize) -> bool {
        self.row.revoked.is_some() && self.known[node].is_none()
    }

    pub(crate) fn is_spent(&self, id: u8) -> bool {
        self.truth.spent.iter().any(|(spent, _)| *spent == id)
    }
}

/// The tokens in transit.
pub(crate) enum Carries {
    Jar(Jar),
    Cookies(Cookies),
}

impl Stage {
    pub(crate) fn carries(&self) -> Carries {
        match self {
            Self::Travelling(inputs) | Self::Waiting { inputs, .. } => Carries::Jar(inputs.jar),
            Self::Revoking(Sentence { answer, .. }) | Self::Serving(answer) => {
                Carries::Cookies(answer.cookies)
            }
            Self::Answered(cookies) => Carries::Cookies(*cookies),
        }
    }

    /// The cookies of an answer.
    pub(crate) fn cookies(&mut self) -> Option<&mut Cookies> {
        match self {
            Self::Travelling(_) | Self::Waiting { .. } => None,
            Self::Revoking(Sentence { answer, .. }) | Self::Serving(answer) => Some(&mut answer.cookies),
            Self::Answered(cookies) => Some(cookies),
        }
    }

    fn visit_ids(&mut self, visit: &mut dyn FnMut(&mut u8)) {
        match self {
            Self::Travelling(inputs) => inputs.jar.visit_ids(visit),
            Self::Waiting { inputs, replies, .. } => {
                inputs.jar.visit_ids(visit);
                for reply in replies {
                    if let Reply::Unmatched(row) = reply {
                        row.visit_ids(visit);
                    }
                }
            }
            Self::Revoking(Sentence { answer, .. }) | Self::Serving(answer) => {
                answer.cookies.visit_ids(visit);
                if let Some(departs) = &mut answer.departs {
                    visit(&mut departs.refresh);
                }
            }
            Self::Answered(cookies) => cookies.visit_ids(visit),
        }
    }
}

impl Jar {
    fn visit_ids(&mut self, visit: &mut dyn FnMut(&mut u8)) {
        if let Some(Access { names: Some(id), .. }) = &mut self.access {
            visit(id);
        }
        if let Some(refresh) = &mut self.refresh {
            visit(&mut refresh.id);
        }
    }
}

impl Cookies {
    fn visit_ids(&mut self, visit: &mut dyn FnMut(&mut u8)) {
        if let Self::Set(access, refresh) = self {
            access.names.iter_mut().for_each(&mut *visit);
            visit(&mut refresh.id);
        }
    }
}

impl Row {
    pub(crate) fn visit_ids(&mut self, visit: &mut dyn FnMut(&mut u8)) {
        visit(&mut self.current);
        self.previous.iter_mut().for_each(&mut *visit);
    }
}
