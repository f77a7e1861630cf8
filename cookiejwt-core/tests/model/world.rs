//! One state of the world, in a form in which equal states are equal.

use crate::{
    scenario::{BEGIN, Budget, LEEWAY, Scenario},
    server::{Inputs, Reply, Route, Server},
    store::Row,
    token::{Cause, Cookies, Jar, Millis, Refresh, Session},
};

/// So long ago that no leeway reaches it any more.
const LONG_AGO: Millis = -1_000_000;
pub(crate) const NODES: usize = 2;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) now: Millis,
    pub(crate) jar: Jar,
    /// What a thief holds.
    pub(crate) loot: Option<Jar>,
    pub(crate) sessions: Vec<SessionState>,
    /// Sorted: it does not matter which tab a request belongs to.
    pub(crate) flights: Vec<Flight>,
    pub(crate) left: Budget,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionState {
    pub(crate) row: Row,
    /// The row before its last change; kept only for the faults that read it.
    pub(crate) before: Option<Row>,
    /// What each node's revoked set says.
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
    /// Refresh tokens that were rotated, and when.
    pub(crate) spent: Vec<(u8, Millis)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Owner {
    Browser,
    Thief,
}

/// Where a request comes from, and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Path {
    pub(crate) owner: Owner,
    pub(crate) node: u8,
    /// When an honest network has delivered or lost its answer.
    pub(crate) deadline: Option<Millis>,
}

/// A request under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Flight {
    pub(crate) path: Path,
    pub(crate) stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// `arrival` counts only after it.
    Travelling(Inputs),
    Waiting {
        inputs: Inputs,
        replies: Vec<Reply>,
        wait: Wait,
        doom: Doom,
    },
    Revoking(Sentence),
    Answered(Cookies),
}

/// A revocation that was decided and is not durable yet; the answer waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Sentence {
    pub(crate) sessions: Vec<Session>,
    pub(crate) cause: Cause,
    pub(crate) at: Millis,
    pub(crate) cookies: Cookies,
}

/// What comes next from the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Wait {
    SessionCheck,
    Update,
    /// The second half of an UPDATE that is none; only for the fault.
    Write,
    FreshRead,
}

/// What a revocation before its arrival means for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Doom {
    Free,
    /// The session is revoked, but access tokens may live out the bound of the level.
    NoNewTokens,
    Nothing,
}

impl World {
    /// Somebody has just logged in.
    pub(crate) fn new(scenario: &Scenario, server: &mut Server) -> Self {
        let mut world = Self {
            now: BEGIN,
            jar: Jar::default(),
            loot: None,
            sessions: Vec::new(),
            flights: Vec::new(),
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
        self.sessions.push(SessionState { row, before: None, known: [None; NODES], truth: Truth::default() });
        Cookies::Set(access, refresh)
    }

    /// An id that no token has.
    pub(crate) fn fresh_id(&mut self) -> u8 {
        let mut next = 0;
        self.visit_ids(&mut |id| next = next.max(*id + 1));
        next
    }

    pub(crate) fn of_browser(&self) -> usize {
        self.flights.iter().filter(|flight| flight.path.owner == Owner::Browser).count()
    }

    /// When a refresh token was rotated.
    pub(crate) fn spent_at(&self, token: Refresh) -> Option<Millis> {
        let spent = &self.sessions[token.session.index()].truth.spent;
        spent.iter().find(|(id, _)| *id == token.id).map(|(_, at)| *at)
    }

    /// Ids are random: only which is which, and their age, matters.
    pub(crate) fn canonical(mut self, scenario: &Scenario) -> Self {
        if !scenario.routes.contains(&Route::Page) {
            self.drop_access();
        }
        self.forget();
        let mut ids = Vec::new();
        self.visit_ids(&mut |id| ids.push(*id));
        ids.sort_unstable();
        ids.dedup();
        self.visit_ids(&mut |id| *id = u8::try_from(ids.binary_search(id).unwrap()).unwrap());
        self.flights.sort();
        self
    }

    /// Where nothing but `token/refresh/` is called, access tokens only tell apart what is the same.
    fn drop_access(&mut self) {
        self.jar.access = None;
        if let Some(loot) = &mut self.loot {
            loot.access = None;
        }
        for flight in &mut self.flights {
            if let Stage::Revoking(Sentence { cookies: Cookies::Set(access, _), .. })
            | Stage::Answered(Cookies::Set(access, _)) = &mut flight.stage
            {
                (access.issued, access.expires) = (0, 0);
            }
        }
    }

    /// Drops from the truth what no invariant can ask any more.
    fn forget(&mut self) {
        let mut spent: Vec<Vec<(u8, Millis)>> =
            self.sessions.iter_mut().map(|session| std::mem::take(&mut session.truth.spent)).collect();
        let mut ids = Vec::new();
        self.visit_ids(&mut |id| ids.push(*id));
        let arrivals = self.flights.iter().filter_map(|flight| match &flight.stage {
            Stage::Waiting { inputs, .. } => Some(inputs.arrival),
            _ => None,
        });
        let earliest = arrivals.min().unwrap_or(self.now).min(self.now);
        for entries in &mut spent {
            entries.retain(|(id, _)| ids.contains(id));
            for (_, at) in entries.iter_mut() {
                *at = if *at + LEEWAY < earliest { LONG_AGO } else { *at };
            }
            entries.sort_unstable();
        }
        for (session, entries) in self.sessions.iter_mut().zip(spent) {
            session.truth.spent = entries;
        }
    }

    fn visit_ids(&mut self, visit: &mut dyn FnMut(&mut u8)) {
        visit_jar(&mut self.jar, visit);
        if let Some(loot) = &mut self.loot {
            visit_jar(loot, visit);
        }
        for session in &mut self.sessions {
            visit_row(&mut session.row, visit);
            if let Some(before) = &mut session.before {
                visit_row(before, visit);
            }
            session.truth.spent.iter_mut().for_each(|(id, _)| visit(id));
        }
        for flight in &mut self.flights {
            visit_stage(&mut flight.stage, visit);
        }
    }

    /// Every refresh token that somebody holds or is about to hold.
    pub(crate) fn refresh_tokens(&self) -> impl Iterator<Item = Refresh> {
        let jars = [Some(self.jar), self.loot].into_iter().flatten();
        let flying = self.flights.iter().filter_map(|flight| match &flight.stage {
            Stage::Travelling(inputs) | Stage::Waiting { inputs, .. } => inputs.jar.refresh,
            Stage::Revoking(Sentence { cookies, .. }) | Stage::Answered(cookies) => match cookies {
                Cookies::Set(_, refresh) => Some(*refresh),
                _ => None,
            },
        });
        jars.filter_map(|jar| jar.refresh).chain(flying)
    }
}

fn visit_stage(stage: &mut Stage, visit: &mut dyn FnMut(&mut u8)) {
    match stage {
        Stage::Travelling(inputs) => visit_jar(&mut inputs.jar, visit),
        Stage::Waiting { inputs, replies, .. } => {
            visit_jar(&mut inputs.jar, visit);
            for reply in replies {
                if let Reply::Unmatched(row) = reply {
                    visit_row(row, visit);
                }
            }
        }
        Stage::Revoking(Sentence { cookies, .. }) | Stage::Answered(cookies) => {
            if let Cookies::Set(_, refresh) = cookies {
                visit(&mut refresh.id);
            }
        }
    }
}

fn visit_jar(jar: &mut Jar, visit: &mut dyn FnMut(&mut u8)) {
    if let Some(refresh) = &mut jar.refresh {
        visit(&mut refresh.id);
    }
}

fn visit_row(row: &mut Row, visit: &mut dyn FnMut(&mut u8)) {
    visit(&mut row.current);
    if let Some(previous) = &mut row.previous {
        visit(previous);
    }
}
