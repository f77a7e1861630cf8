//! The explorations: who takes part, how often, and for how long.

use cookiejwt_core::RevocationLevel::{AtRefresh, EveryRequest, Feed};

use crate::{
    scenario::{ALWAYS, Assumption, Budget, Grain, LEEWAY, Scenario, Time, TurnRules},
    server::Route::{Login, Logout, Page, Refresh},
    token::{Millis, Seconds},
};

/// What guarantee H of `cookiejwt_core::rules` assumes.
pub(crate) const HONEST: Assumption =
    Assumption { request: LEEWAY, answer: LEEWAY / 2, before_own_end: true };

const HALF: Millis = LEEWAY / 2;
/// Lifetimes of access tokens, both longer than two leeways; otherwise the time of the successor
/// would not matter to a replacement.
const SHORT: Seconds = 25;
const LONG: Seconds = 40;
const NOTHING: Budget = Budget {
    sends: 0,
    logouts: 0,
    logins: 0,
    thefts: 0,
    thief_sends: 0,
    failures: 0,
    misses: 0,
    curtailments: 0,
    crashes: 0,
};

pub(crate) const TABS: Scenario = Scenario {
    name: "H: two tabs endlessly, to the millisecond",
    level: AtRefresh,
    access: SHORT,
    nodes: 1,
    tabs: 2,
    routes: &[Page, Refresh],
    budget: Budget { sends: ALWAYS, ..NOTHING },
    honest: Some(HONEST),
    turns: None,
    travels: true,
    lingers: true,
    grain: Grain::Questions,
    skew: 0,
    time: Time::Endless { tick: HALF, splits: true },
};

/// Anything may happen between any two statements of a request, and time may pass there.
pub(crate) const STATEMENTS: Scenario = Scenario {
    name: "H: two tabs endlessly, statement by statement",
    budget: Budget { sends: ALWAYS, failures: ALWAYS, ..NOTHING },
    grain: Grain::Statements,
    time: Time::Endless { tick: HALF, splits: false },
    ..TABS
};

pub(crate) const THREE: Scenario = Scenario {
    name: "H: three tabs endlessly",
    tabs: 3,
    time: Time::Endless { tick: HALF, splits: false },
    ..TABS
};

pub(crate) const FOUR: Scenario = Scenario { name: "H: four tabs endlessly", tabs: 4, ..THREE };

const QUARTER: Millis = LEEWAY / 4;
/// The difference of the clocks is subtracted from what a request and an answer may take.
const BY_TWO_CLOCKS: Assumption =
    Assumption { request: LEEWAY - QUARTER, answer: HALF - QUARTER, before_own_end: true };

pub(crate) const SKEWED: Scenario = Scenario {
    name: "H: two tabs endlessly, two nodes whose clocks differ",
    nodes: 2,
    skew: QUARTER,
    honest: Some(BY_TWO_CLOCKS),
    time: Time::Endless { tick: QUARTER, splits: false },
    ..TABS
};

/// Row p' as well.
pub(crate) const OUTAGES: Scenario = Scenario {
    name: "H: two tabs endlessly, and an UPDATE without effect",
    budget: Budget { sends: ALWAYS, misses: 1, ..NOTHING },
    ..STATEMENTS
};

/// Every statement may come after the revocation.
pub(crate) const LEAVING: Scenario = Scenario {
    name: "two tabs endlessly, until one logs out",
    level: Feed,
    routes: &[Page, Refresh, Logout],
    budget: Budget { sends: ALWAYS, logouts: 1, ..NOTHING },
    ..STATEMENTS
};

/// A session is ended by its row.
pub(crate) const ENDED: Scenario = Scenario {
    name: "two tabs endlessly, until the application ends the idle time",
    budget: Budget { sends: ALWAYS, curtailments: 1, ..NOTHING },
    ..STATEMENTS
};

pub(crate) const PAGES: Scenario = Scenario {
    name: "H: two tabs, pages and token/refresh/, to the absolute end",
    level: Feed,
    access: LONG,
    budget: Budget { sends: 3, ..NOTHING },
    travels: false,
    lingers: false,
    time: Time::Until { horizon: 102_000, sees_ends: true },
    ..TABS
};

pub(crate) const PAGES_BY_STATEMENTS: Scenario = Scenario { grain: Grain::Statements, ..PAGES };

pub(crate) const ALONE: [Scenario; 6] = [TABS, STATEMENTS, THREE, SKEWED, OUTAGES, PAGES];

/// Access life and four leeways.
const GAP: Millis = SHORT * 1000 + 4 * LEEWAY;

pub(crate) const TURNS: Scenario = Scenario {
    name: "T: owner and thief take turns, the owner uses what they get",
    tabs: 1,
    budget: Budget { sends: ALWAYS, thefts: 1, thief_sends: ALWAYS, ..NOTHING },
    honest: None,
    turns: Some(TurnRules { gap: GAP, owner_uses: true, noticed_at: 3 }),
    travels: false,
    grain: Grain::Requests,
    time: Time::Endless { tick: HALF, splits: false },
    ..TABS
};

/// The smallest gap at which that holds, to the millisecond.
pub(crate) const TIGHT_TURNS: Scenario = Scenario {
    name: "T: owner and thief take turns, as fast as the bound allows",
    turns: Some(TurnRules { gap: SHORT * 1000 + 2 * LEEWAY, owner_uses: true, noticed_at: 3 }),
    time: Time::Endless { tick: HALF, splits: true },
    ..TURNS
};

pub(crate) const UNUSED_TURNS: Scenario = Scenario {
    name: "T: owner and thief take turns, the owner uses nothing",
    turns: Some(TurnRules { gap: GAP, owner_uses: false, noticed_at: 4 }),
    ..TURNS
};

pub(crate) const THIEF: Scenario = Scenario {
    name: "a thief that calls token/refresh/",
    tabs: 1,
    routes: &[Refresh],
    budget: Budget { sends: 2, thefts: 1, thief_sends: 2, ..NOTHING },
    honest: None,
    grain: Grain::Statements,
    time: Time::Until { horizon: 26_000, sees_ends: false },
    ..PAGES
};

pub(crate) const THIEF_OF_PAGES: Scenario = Scenario {
    name: "a thief, pages and token/refresh/",
    routes: &[Page, Refresh],
    budget: Budget { sends: 2, thefts: 1, thief_sends: 1, ..NOTHING },
    time: Time::Until { horizon: 46_000, sees_ends: true },
    ..THIEF
};

pub(crate) const LOGOUT: Scenario = Scenario {
    name: "logout, a second tab and a thief",
    tabs: 2,
    routes: &[Page, Logout],
    budget: Budget { sends: 2, logouts: 1, thefts: 1, thief_sends: 1, ..NOTHING },
    ..THIEF_OF_PAGES
};

pub(crate) const NODES: Scenario = Scenario {
    name: "two nodes, logout and a thief",
    nodes: 2,
    tabs: 1,
    routes: &[Page, Refresh, Logout],
    time: Time::Until { horizon: 26_000, sees_ends: false },
    ..LOGOUT
};

const LOGIN: Scenario = Scenario {
    name: "a new login while a tab is waiting",
    routes: &[Page, Refresh, Login],
    budget: Budget { sends: 3, logins: 1, ..NOTHING },
    time: Time::Until { horizon: 46_000, sees_ends: false },
    ..LOGOUT
};

pub(crate) const CURTAILED: Scenario = Scenario {
    name: "the application moves the idle end forward",
    routes: &[Page, Refresh],
    budget: Budget { sends: 2, curtailments: 1, ..NOTHING },
    time: Time::Until { horizon: 36_000, sees_ends: true },
    ..LOGOUT
};

const SHORTER: Time = Time::Until { horizon: 32_000, sees_ends: true };

/// Until a stolen access token expires, if it stays valid; otherwise until it is refreshed ahead.
pub(crate) const HOSTILE: [Scenario; 12] = [
    LEAVING,
    ENDED,
    THIEF,
    Scenario { time: SHORTER, ..THIEF_OF_PAGES },
    Scenario { level: EveryRequest, time: SHORTER, ..THIEF_OF_PAGES },
    Scenario { level: AtRefresh, ..LOGOUT },
    Scenario { time: SHORTER, ..LOGOUT },
    Scenario { level: EveryRequest, time: SHORTER, ..LOGOUT },
    NODES,
    LOGIN,
    Scenario { level: EveryRequest, ..LOGIN },
    CURTAILED,
];

/// For a quiet hour.
pub(crate) const DEEP: [Scenario; 6] = [
    FOUR,
    Scenario { time: Time::Endless { tick: HALF, splits: true }, ..THREE },
    Scenario { grain: Grain::Statements, ..THREE },
    PAGES_BY_STATEMENTS,
    Scenario { level: AtRefresh, ..THIEF_OF_PAGES },
    // Long enough for a replacement.
    Scenario { access: SHORT, time: Time::Until { horizon: 45_000, sees_ends: false }, ..THIEF },
];

/// What happens to a browser that violates the assumptions, by one millisecond if they are a time.
pub(crate) const EXCEPTIONS: [(&str, Scenario); 6] = [
    (
        "a request that takes longer than the leeway",
        Scenario { honest: Some(Assumption { request: LEEWAY + 1, ..HONEST }), ..TABS },
    ),
    (
        "an answer that takes longer than half of it after its head was sent",
        Scenario { honest: Some(Assumption { answer: HALF + 1, ..HONEST }), ..TABS },
    ),
    (
        "two clocks, and a request that takes the whole leeway",
        Scenario { honest: Some(Assumption { request: LEEWAY, ..BY_TWO_CLOCKS }), ..SKEWED },
    ),
    (
        "two clocks, and an answer that takes the whole half",
        Scenario { honest: Some(Assumption { answer: HALF, ..BY_TWO_CLOCKS }), ..SKEWED },
    ),
    (
        "a browser that crashes before its jar is on disk, and had used the new pair",
        Scenario { budget: Budget { crashes: 1, ..THREE.budget }, ..THREE },
    ),
    (
        "requests on either side of the idle end",
        Scenario { honest: Some(Assumption { before_own_end: false, ..HONEST }), ..PAGES_BY_STATEMENTS },
    ),
];
