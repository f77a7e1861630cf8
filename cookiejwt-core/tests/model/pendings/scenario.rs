//! The explorations: who takes part, what they know, and how often they act.

use crate::{
    pendings::{
        users::{Realm, User},
        world::{Mode, Purpose},
    },
    scenario::Grain,
    token::Millis,
};

/// How long a pending login lives, as the clock of the model sees it.
pub(crate) const LIFE: Millis = 600_000;

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    EveryProof,
    OnceEach,
    ItsOwn,
    InTime,
    ResetEndsIt,
    FewGuesses,
    AtMostFour,
    HonestGetsIn,
}

impl Rule {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::EveryProof => "1 no session without every proof, made for it",
            Self::OnceEach => "2 a pending login and a code open one session each",
            Self::ItsOwn => "3 only for its user, table, purpose, mode and session",
            Self::InTime => "4 only until its end",
            Self::ResetEndsIt => "5 none after a new password or stamp",
            Self::FewGuesses => "6 five wrong proofs for one, ten for a user",
            Self::AtMostFour => "7 a fifth clears the oldest and nothing else",
            Self::HonestGetsIn => "8 an honest user who completes both steps gets in",
        }
    }
}

/// What may still happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Budget {
    /// Logins that the browser begins.
    pub(crate) begins: u8,
    /// Further steps of the browser, and how many of them with a wrong code.
    pub(crate) proves: u8,
    pub(crate) wrongs: u8,
    pub(crate) thief_begins: u8,
    pub(crate) thief_proves: u8,
    /// Copies that the thief takes of the jar.
    pub(crate) copies: u8,
    pub(crate) resets: u8,
    pub(crate) stamps: u8,
}

/// How the application finds the pending login of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// The page says which one (`pending_with_id`).
    ById,
    /// The newest one of its purpose (`pending`).
    Newest,
}

/// A thief who knows passwords and uses accounts of their own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thief {
    /// Whose password they know, as it was at the start.
    pub(crate) passwords: &'static [User],
    /// Whose accounts are their own, with every proof.
    pub(crate) own: &'static [User],
    /// They see the codes that the browser's user types.
    pub(crate) sees: bool,
    /// A code that they have seen before.
    pub(crate) saw: &'static [User],
    pub(crate) guesses: bool,
    /// Users whose passkey they let the server ask for.
    pub(crate) asks_passkey_of: &'static [User],
    /// Pages to which they send what they have.
    pub(crate) pages: &'static [(Realm, Purpose)],
    pub(crate) modes: &'static [Mode],
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Who logs in with the browser.
    pub(crate) users: &'static [User],
    pub(crate) tabs: u8,
    /// Requests and answers of the browser under way at once.
    pub(crate) most: usize,
    pub(crate) pick: Pick,
    pub(crate) grain: Grain,
    pub(crate) budget: Budget,
    pub(crate) thief: Thief,
    /// Alice sets up her second factor at some time.
    pub(crate) enrols: bool,
    /// Alice has a session in the browser, and the thief has another one of hers.
    pub(crate) has_sessions: bool,
    /// Whether answers to the browser are lost.
    pub(crate) loses: bool,
    /// When the clock stops.
    pub(crate) stops: &'static [Millis],
}

impl Scenario {
    /// Whether there is no thief, who may use up what they have copied.
    pub(crate) fn is_honest(&self) -> bool {
        self.budget.thief_proves == 0
    }
}

const NOTHING: Budget = Budget {
    begins: 0,
    proves: 0,
    wrongs: 0,
    thief_begins: 0,
    thief_proves: 0,
    copies: 0,
    resets: 0,
    stamps: 0,
};

const HARMLESS: Thief = Thief {
    passwords: &[],
    own: &[],
    sees: false,
    saw: &[],
    guesses: false,
    asks_passkey_of: &[],
    pages: &[(Realm::Shop, Purpose::SecondFactor)],
    modes: &[Mode::Cookie],
};

const TWO: Thief = Thief { modes: &[Mode::Cookie, Mode::Token], ..HARMLESS };

/// Whatever one tab does, the other one gets in.
pub(crate) const TABS: Scenario = Scenario {
    name: "two tabs, two users with a second factor",
    users: &[User::Alice, User::Carol],
    tabs: 2,
    most: 2,
    pick: Pick::ById,
    grain: Grain::Requests,
    budget: Budget { begins: 2, proves: 3, wrongs: 1, ..NOTHING },
    thief: HARMLESS,
    enrols: false,
    has_sessions: false,
    loses: true,
    stops: &[],
};

pub(crate) const WITHOUT: Scenario = Scenario {
    name: "two tabs, one of them with a user without a second factor",
    users: &[User::Alice, User::Bob],
    budget: Budget { begins: 2, proves: 2, ..NOTHING },
    ..TABS
};

/// The same with time and other changes.
pub(crate) const CHANGES: Scenario = Scenario {
    name: "a new password, a new stamp, and the end of a pending login",
    users: &[User::Alice],
    tabs: 1,
    most: 1,
    budget: Budget { begins: 2, proves: 2, resets: 1, stamps: 1, ..NOTHING },
    loses: false,
    stops: &[1, LIFE - 1, LIFE],
    ..TABS
};

/// A double click, and another code after a wrong one.
pub(crate) const CLICKS: Scenario = Scenario {
    name: "one tab, three requests at once, statement by statement",
    users: &[User::Alice],
    tabs: 1,
    most: 3,
    grain: Grain::Statements,
    budget: Budget { begins: 1, proves: 3, wrongs: 1, ..NOTHING },
    ..TABS
};

pub(crate) const MANY: Scenario = Scenario {
    name: "more than four in one browser",
    users: &[User::Alice],
    most: 1,
    budget: Budget { begins: 5, proves: 2, ..NOTHING },
    stops: &[1000],
    loses: false,
    ..TABS
};

/// Two that do not know of each other.
pub(crate) const MANY_AT_ONCE: Scenario = Scenario {
    name: "more than four in one browser, two at once",
    tabs: 1,
    most: 2,
    budget: Budget { begins: 6, ..NOTHING },
    ..MANY
};

pub(crate) const GUESSED: Scenario = Scenario {
    name: "one tab uses up its five, the other one gets in",
    users: &[User::Alice],
    most: 1,
    budget: Budget { begins: 2, proves: 7, wrongs: 5, ..NOTHING },
    loses: false,
    ..TABS
};

pub(crate) const PASSWORD: Scenario = Scenario {
    name: "a thief with Alice's password, an account of their own, and a copy of the jar",
    users: &[User::Alice],
    tabs: 1,
    most: 1,
    budget: Budget { begins: 1, proves: 1, thief_begins: 1, thief_proves: 2, copies: 1, ..NOTHING },
    thief: Thief {
        passwords: &[User::Alice],
        own: &[User::Carol],
        pages: &[(Realm::Shop, Purpose::SecondFactor), (Realm::Shop, Purpose::Passkey)],
        ..HARMLESS
    },
    loses: false,
    ..TABS
};

/// Every statement of a thief who has the same pending login and the same code, or begins with
/// Alice's password as well.
pub(crate) const RACE: Scenario = Scenario {
    name: "a thief with Alice's password who sees the code while it is typed, statement by statement",
    grain: Grain::Statements,
    budget: Budget { begins: 1, proves: 1, thief_begins: 1, thief_proves: 1, copies: 1, ..NOTHING },
    thief: Thief { passwords: &[User::Alice], sees: true, ..HARMLESS },
    ..PASSWORD
};

/// A new password or stamp between any two statements.
pub(crate) const RESETS: Scenario = Scenario {
    name: "a thief with a password that is replaced and a code, statement by statement",
    grain: Grain::Statements,
    budget: Budget { thief_begins: 1, thief_proves: 2, resets: 1, stamps: 1, ..NOTHING },
    thief: Thief { passwords: &[User::Alice], saw: &[User::Alice], ..HARMLESS },
    ..PASSWORD
};

pub(crate) const PURPOSES: Scenario = Scenario {
    name: "a thief with a code of Alice's and no password",
    budget: Budget { begins: 1, proves: 1, thief_begins: 2, thief_proves: 2, ..NOTHING },
    thief: Thief { saw: &[User::Alice], asks_passkey_of: &[User::Alice], passwords: &[], ..PASSWORD.thief },
    ..PASSWORD
};

/// The thief's account has the same subject as the user whose code they have.
pub(crate) const TABLES: Scenario = Scenario {
    name: "a thief with an account of one table and a code of another",
    budget: Budget { thief_begins: 2, thief_proves: 2, ..NOTHING },
    thief: Thief {
        own: &[User::Carol],
        saw: &[User::Chief],
        asks_passkey_of: &[User::Chief],
        pages: &[
            (Realm::Shop, Purpose::SecondFactor),
            (Realm::Staff, Purpose::SecondFactor),
            (Realm::Staff, Purpose::Passkey),
        ],
        ..TWO
    },
    ..PASSWORD
};

pub(crate) const MODES: Scenario = Scenario {
    name: "a thief who sends cookies as texts, and texts as cookies",
    budget: Budget { begins: 1, proves: 1, thief_begins: 1, thief_proves: 2, copies: 1, ..NOTHING },
    thief: Thief { sees: true, own: &[User::Carol], ..TWO },
    ..PASSWORD
};

pub(crate) const BESIDE: Scenario = Scenario {
    name: "a step-up of one session, and a thief with another session of the same user",
    budget: Budget { begins: 2, proves: 1, thief_proves: 2, copies: 1, ..NOTHING },
    thief: Thief {
        sees: true,
        pages: &[(Realm::Shop, Purpose::StepUp), (Realm::Shop, Purpose::SecondFactor)],
        ..TWO
    },
    has_sessions: true,
    ..PASSWORD
};

pub(crate) const GUESSES: Scenario = Scenario {
    name: "a thief with Alice's password who guesses codes, two at once",
    most: 2,
    grain: Grain::Statements,
    budget: Budget { thief_begins: 3, thief_proves: 12, ..NOTHING },
    thief: Thief { passwords: &[User::Alice], guesses: true, ..HARMLESS },
    ..PASSWORD
};

/// Right passwords race with the setting up of a second factor.
pub(crate) const ENROLS: Scenario = Scenario {
    name: "a second factor that is set up during a login",
    grain: Grain::Statements,
    budget: Budget { begins: 1, proves: 1, thief_begins: 1, thief_proves: 1, copies: 1, ..NOTHING },
    thief: Thief { passwords: &[User::Alice], ..HARMLESS },
    enrols: true,
    ..PASSWORD
};

/// The thief has another code.
pub(crate) const ENDS: Scenario = Scenario {
    name: "a copy at the end of a pending login, and a check that outlasts what was spent",
    grain: Grain::Statements,
    budget: Budget { begins: 1, proves: 1, thief_proves: 1, copies: 1, ..NOTHING },
    thief: Thief { saw: &[User::Alice], ..HARMLESS },
    stops: &[LIFE - 1, LIFE, LIFE + 420_000],
    ..PASSWORD
};

pub(crate) const HONEST: [Scenario; 7] = [TABS, WITHOUT, CHANGES, CLICKS, MANY, MANY_AT_ONCE, GUESSED];
pub(crate) const HOSTILE: [Scenario; 10] =
    [PASSWORD, RACE, RESETS, PURPOSES, TABLES, MODES, BESIDE, GUESSES, ENROLS, ENDS];
