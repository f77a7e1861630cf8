//! The explorations: who takes part, how often, and for how long.

use cookiejwt_core::RevocationLevel::{AtRefresh, EveryRequest, Feed};

use crate::{
    scenario::{Assumption, Budget, Scenario},
    server::Route::{Login, Logout, Page, Refresh},
    token::Millis,
};

/// Round trip and recovery together stay below the leeway.
pub(crate) const HONEST: Assumption = Assumption { round_trip: 4_999, recovery: 5_000, before_own_end: true };
const ONE_SECOND: Millis = 1_000;

const NOTHING: Budget = Budget {
    sends: 0,
    duplicates: 0,
    logouts: 0,
    logins: 0,
    thefts: 0,
    thief_sends: 0,
    failures: 0,
    misses: 0,
    curtailments: 0,
};

pub(crate) const TABS: Scenario = Scenario {
    name: "three tabs that call token/refresh/",
    level: AtRefresh,
    nodes: 1,
    tabs: 3,
    routes: &[Refresh],
    budget: Budget { sends: 4, ..NOTHING },
    honest: Some(HONEST),
    travels: true,
    skew: 0,
    sees_ends: false,
    horizon: 21_000,
};

const LONG: Scenario = Scenario {
    name: "two tabs for a longer time",
    tabs: 2,
    budget: Budget { sends: 5, ..NOTHING },
    horizon: 31_000,
    ..TABS
};

const REPEATS: Scenario = Scenario {
    name: "two tabs behind a proxy that repeats a request",
    tabs: 2,
    budget: Budget { sends: 4, duplicates: 1, ..NOTHING },
    ..TABS
};

/// Row p' as well.
const OUTAGES: Scenario = Scenario {
    name: "two tabs, an UPDATE whose answer is lost and one without effect",
    tabs: 2,
    budget: Budget { sends: 3, failures: 1, misses: 1, ..NOTHING },
    ..TABS
};

pub(crate) const SKEWED: Scenario = Scenario {
    name: "two tabs, two nodes whose clocks differ",
    nodes: 2,
    tabs: 2,
    budget: Budget { sends: 3, ..NOTHING },
    honest: Some(Assumption {
        round_trip: HONEST.round_trip - ONE_SECOND / 2,
        recovery: HONEST.recovery - ONE_SECOND / 2,
        ..HONEST
    }),
    skew: ONE_SECOND,
    ..TABS
};

pub(crate) const PAGES: Scenario = Scenario {
    name: "two tabs, pages and token/refresh/, to the absolute end",
    level: Feed,
    tabs: 2,
    routes: &[Page, Refresh],
    travels: false,
    sees_ends: true,
    horizon: 102_000,
    ..TABS
};

pub(crate) const ALONE: [Scenario; 6] = [TABS, LONG, REPEATS, OUTAGES, SKEWED, PAGES];

pub(crate) const THIEF: Scenario = Scenario {
    name: "a thief that calls token/refresh/",
    tabs: 1,
    budget: Budget { sends: 2, thefts: 1, thief_sends: 2, ..NOTHING },
    honest: None,
    travels: false,
    horizon: 26_000,
    ..TABS
};

/// Millions of states: for a quiet hour.
pub(crate) const DEEP: [Scenario; 3] = [
    Scenario { budget: Budget { sends: 3, thefts: 1, thief_sends: 2, ..NOTHING }, horizon: 36_000, ..THIEF },
    Scenario { budget: Budget { sends: 4, duplicates: 1, ..NOTHING }, ..TABS },
    Scenario { budget: Budget { sends: 4, ..NOTHING }, ..SKEWED },
];

pub(crate) const THIEF_OF_PAGES: Scenario = Scenario {
    name: "a thief, pages and token/refresh/",
    level: Feed,
    routes: &[Page, Refresh],
    budget: Budget { sends: 2, thefts: 1, thief_sends: 1, ..NOTHING },
    sees_ends: true,
    horizon: 46_000,
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
    sees_ends: false,
    horizon: 26_000,
    ..LOGOUT
};

const LOGIN: Scenario = Scenario {
    name: "a login anew while a tab is waiting",
    routes: &[Page, Refresh, Login],
    budget: Budget { sends: 3, logins: 1, ..NOTHING },
    sees_ends: false,
    ..LOGOUT
};

pub(crate) const CURTAILED: Scenario = Scenario {
    name: "the application brings the idle end forward",
    routes: &[Page, Refresh],
    budget: Budget { sends: 2, curtailments: 1, ..NOTHING },
    horizon: 36_000,
    ..LOGOUT
};

/// Until a stolen access token has ended, where it is let live; otherwise until it is refreshed ahead.
pub(crate) const HOSTILE: [Scenario; 11] = [
    THIEF,
    Scenario { level: AtRefresh, ..THIEF_OF_PAGES },
    Scenario { horizon: 32_000, ..THIEF_OF_PAGES },
    Scenario { level: EveryRequest, horizon: 32_000, ..THIEF_OF_PAGES },
    Scenario { level: AtRefresh, ..LOGOUT },
    Scenario { horizon: 32_000, ..LOGOUT },
    Scenario { level: EveryRequest, horizon: 32_000, ..LOGOUT },
    NODES,
    LOGIN,
    Scenario { level: EveryRequest, ..LOGIN },
    CURTAILED,
];
