//! One state of the world: what the server, the browser and the thief have, and what is on its way.

use std::fmt;

use crate::{
    pendings::{
        scenario::{Budget, Scenario},
        users::{Account, Realm, Reset, User, Way, Ways},
    },
    token::Millis,
};

/// A pending login or a session, in the order in which they began.
pub(crate) type Number = u8;

/// Which step a pending login waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Purpose {
    SecondFactor,
    /// A passkey instead of a password: the server asks for it without knowing anything.
    Passkey,
    /// One more proof for a session that exists.
    StepUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Mode {
    Cookie,
    Token,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Owner {
    /// A tab of the browser of an honest user.
    Tab(u8),
    Thief,
}

/// Everything that is sealed into a pending login.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Made {
    pub(crate) user: User,
    pub(crate) purpose: Purpose,
    pub(crate) mode: Mode,
    pub(crate) beside: Option<Number>,
    pub(crate) ways: Ways,
    /// The user as the pending login is bound to them.
    pub(crate) account: Account,
    pub(crate) begun: Millis,
}

/// A pending login, and what really happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pending {
    pub(crate) made: Made,
    /// Sessions that it has opened.
    pub(crate) opened: u8,
    /// Wrong proofs that were checked.
    pub(crate) wrong: u8,
    /// It was spent after a right check.
    pub(crate) is_used: bool,
    /// The browser was told to drop it for a newer one.
    pub(crate) is_cleared: bool,
}

/// Everything that is in the tokens of a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Minted {
    pub(crate) user: User,
    pub(crate) ways: Ways,
    pub(crate) mode: Mode,
    pub(crate) stamp: u8,
    pub(crate) begun: Millis,
    /// The session that a step-up replaces, with its number.
    pub(crate) replaces: Option<(Number, Box<Minted>)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Session {
    pub(crate) minted: Minted,
    /// From which pending login, and with which code.
    pub(crate) pending: Option<Number>,
    pub(crate) shown: Option<Shown>,
    pub(crate) life: Life,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Life {
    /// The row is there, and the user is not read again yet.
    Written,
    Open,
    Revoked,
}

/// What a client shows as the proof of a further step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Shown {
    Wrong,
    /// A code of this user; each has a number of its own, as each time step of TOTP has its code.
    Code(User, u8),
    Passkey(User),
}

/// What the server knows of a request (`LoginContext`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Request {
    pub(crate) realm: Realm,
    pub(crate) mode: Mode,
    pub(crate) session: Option<Number>,
    /// The pending logins whose cookies came in, the newest first.
    pub(crate) pendings: Vec<Number>,
}

/// A further step under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Prove {
    pub(crate) request: Request,
    pub(crate) pending: Number,
    /// Which page asks.
    pub(crate) route: Purpose,
    pub(crate) shown: Shown,
    pub(crate) arrived: Millis,
}

/// The next statement of a further step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum At {
    Read,
    Admit,
    Check,
    Charge,
    ReadAgain,
    SpendCode(User, Account),
    Spend(User, Account),
    /// The second half of one that is not atomic; only for the fault.
    Write(User, Account),
}

/// A session about to be created (`ProvenUser` and `SessionTerms`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Opening {
    pub(crate) request: Request,
    pub(crate) user: User,
    /// As they were read with the last proof.
    pub(crate) account: Account,
    pub(crate) ways: Ways,
    /// The step that it follows, if it is not the first one.
    pub(crate) step: Option<Prove>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Answer {
    Pending { number: Number, cleared: Vec<Number> },
    Session { number: Number, cleared: Vec<Number> },
}

/// The next statement of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Of a login: the user is read, and the first proof is checked.
    First {
        request: Request,
        user: User,
        password: u8,
    },
    Step(Prove, At),
    Create(Opening),
    StillValid(Opening, Number),
    /// On the way to a tab.
    Answered(Answer),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Flight {
    pub(crate) owner: Owner,
    pub(crate) stage: Stage,
}

/// What the browser keeps; all of its tabs share it. A text of token mode is kept here as well, for
/// the thief to copy: sent as a cookie it is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Jar {
    /// In the order in which they came.
    pub(crate) pendings: Vec<Number>,
    pub(crate) session: Option<Number>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Loot {
    /// Pending logins that they have begun or copied.
    pub(crate) pendings: Vec<Number>,
    pub(crate) session: Option<Number>,
    /// The code that an honest user has typed last.
    pub(crate) seen: Option<Shown>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) now: Millis,
    pub(crate) accounts: [Account; 4],
    pub(crate) pendings: Vec<Pending>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) jar: Jar,
    /// The pending login that the page of each tab continues.
    pub(crate) tabs: [Option<Number>; 2],
    pub(crate) loot: Loot,
    /// Sorted.
    pub(crate) flights: Vec<Flight>,
    /// The store: names that are spent, and until when; buckets, and when each will be empty. Both
    /// sorted.
    pub(crate) spent: Vec<(u8, Millis)>,
    pub(crate) levels: Vec<(u8, Millis)>,
    /// Codes so far.
    pub(crate) codes: u8,
    pub(crate) left: Budget,
}

impl World {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let mut accounts = User::ALL.map(Account::new);
        accounts[User::Alice.index()].has_factor = !scenario.enrols;
        let mut world = Self {
            now: 0,
            accounts,
            pendings: Vec::new(),
            sessions: Vec::new(),
            jar: Jar::default(),
            tabs: [None; 2],
            loot: Loot::default(),
            flights: Vec::new(),
            spent: Vec::new(),
            levels: Vec::new(),
            codes: 0,
            left: scenario.budget,
        };
        if scenario.has_sessions {
            // Two of the same user, of which the thief has one.
            let ways = vec![(Way::Password, 0), (Way::Code, 0)];
            let minted =
                Minted { user: User::Alice, ways, mode: Mode::Cookie, stamp: 0, begun: 0, replaces: None };
            let session = Session { minted, pending: None, shown: None, life: Life::Open };
            world.sessions = vec![session.clone(), session];
            (world.jar.session, world.loot.session) = (Some(0), Some(1));
        }
        world
    }

    pub(crate) fn account(&self, user: User) -> Account {
        self.accounts[user.index()]
    }

    pub(crate) fn account_mut(&mut self, user: User) -> &mut Account {
        &mut self.accounts[user.index()]
    }

    pub(crate) fn pending(&self, number: Number) -> &Pending {
        &self.pendings[usize::from(number)]
    }

    pub(crate) fn pending_mut(&mut self, number: Number) -> &mut Pending {
        &mut self.pendings[usize::from(number)]
    }

    pub(crate) fn session(&self, number: Number) -> &Session {
        &self.sessions[usize::from(number)]
    }

    pub(crate) fn session_mut(&mut self, number: Number) -> &mut Session {
        &mut self.sessions[usize::from(number)]
    }

    /// The second half of a new password.
    pub(crate) fn end_sessions(&mut self, user: User) {
        self.account_mut(user).reset = Reset::Ended;
        for session in self.sessions.iter_mut().filter(|session| session.minted.user == user) {
            session.life = Life::Revoked;
        }
    }

    /// What the answer does to the client that gets it.
    pub(crate) fn deliver(&mut self, owner: Owner, answer: Answer) {
        match (owner, answer) {
            (Owner::Thief, Answer::Pending { number, .. }) => self.loot.pendings.push(number),
            (Owner::Thief, Answer::Session { .. }) => {}
            (Owner::Tab(tab), Answer::Pending { number, cleared }) => {
                self.jar.pendings.retain(|old| !cleared.contains(old));
                self.jar.pendings.push(number);
                self.tabs[usize::from(tab)] = Some(number);
            }
            (Owner::Tab(tab), Answer::Session { number, cleared }) => {
                self.jar.pendings.retain(|old| !cleared.contains(old));
                self.jar.session = Some(number);
                self.tabs[usize::from(tab)] = None;
            }
        }
    }

    /// Equal states are equal.
    pub(crate) fn canonical(mut self) -> Self {
        self.flights.sort();
        self.spent.sort_unstable();
        self.levels.sort_unstable();
        self.loot.pendings.sort_unstable();
        self.loot.pendings.dedup();
        self
    }
}

impl fmt::Display for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: ", self.owner)?;
        match &self.stage {
            Stage::First { user, password, .. } => write!(f, "{:?} {password} of {user:?}", user.first()),
            Stage::Step(prove, at) => {
                let Prove { pending, route, shown, request, .. } = prove;
                let at = format!("{at:?}");
                let at = at.split('(').next().unwrap();
                write!(f, "{at} of {shown:?} for pending {pending} at {route:?} of {:?}", request.realm)
            }
            Stage::Create(opening) => write!(f, "INSERT of a session of {:?}", opening.user),
            Stage::StillValid(opening, number) => {
                write!(f, "read {:?} again for session {number}", opening.user)
            }
            Stage::Answered(answer) => write!(f, "{answer:?}"),
        }
    }
}
