//! The words in which the table is written.

use cookiejwt_store::{ConfigBuilder, StoreError};

use crate::{Expected, Request, world::ACCESS_LIFE_AND_LEEWAY};

/// One row of the table: the initial state, the requests, the responses and the final state.
#[derive(Clone, Debug)]
#[must_use]
pub struct Scenario {
    /// A row of `cookiejwt_core::rules`, or what the rule is about.
    pub rule: &'static str,
    pub name: &'static str,
    pub config: fn(ConfigBuilder) -> ConfigBuilder,
    pub steps: Vec<Step>,
    /// Only these frameworks run it.
    pub only: &'static [&'static str],
}

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a table of a hundred rows")]
pub enum Step {
    /// Names the cookies of a new session.
    LogIn {
        user: &'static str,
        name: &'static str,
    },
    /// Names the cookies of a new session with proofs by these methods.
    LogInBy {
        user: &'static str,
        methods: &'static [&'static str],
    },
    /// Names the cookies of a new session that ends after these seconds.
    LogInBriefly {
        user: &'static str,
        seconds: u64,
    },
    /// Names the cookies of a new session at the staff's user table.
    LogInStaff(&'static str),
    Pass(i64),
    Sessions(Availability),
    Users(Availability),
    Disable(&'static str),
    /// The user sets up a second factor.
    Enrol(&'static str),
    Delete(&'static str),
    /// The background task writes the pending receipts.
    WriteReceipts,
    /// Another node revokes every session of this user.
    RevokedElsewhere(&'static str),
    /// Another node binds every session of this user to the device.
    BoundElsewhere(&'static str),
    /// The background task reads what other nodes have revoked.
    ReadFeed,
    /// Changes the user's claims in the table, as JSON.
    Claims(&'static str, &'static str),
    /// The claims in every session of the user are renewed.
    Renew(&'static str),
    /// The verifier asks the issuer what it has revoked.
    VerifierAsks,
    /// The user's claims become too large for a cookie.
    TooManyClaims(&'static str),
    /// Names the cookies of the last response, or the tokens in its body; a pending login is
    /// `{x.pending}`, and its text `{x.pending_text}`; what the device and another one reply to its
    /// offer and its challenge is `{x.registers}`, `{x.other_registers}`, `{x.proves}` and so on.
    Keep(&'static str),
    /// All at the same time, each on its own connection; each response has this status.
    AtOnce {
        requests: Vec<Request>,
        status: u16,
    },
    Send {
        request: Request,
        expected: Expected,
        on_rocket: Option<Expected>,
    },
    /// A panic that only the framework catches: axum and actix-web drop the connection, Rocket
    /// responds with 500. Afterwards the store has these rows.
    Uncaught {
        request: Request,
        rows: Vec<String>,
    },
    /// Sends a request whose handler authenticates it and then waits.
    Begin(Request),
    /// The waiting handler responds.
    Finish(Expected),
    /// Opens a stream or a socket, whose first message is `open`.
    Follow(Request),
    /// The server ends it.
    Over(Expected),
    /// The client closes the connection after the rotation and before the response; afterwards the
    /// store has these rows.
    HangUp {
        request: Request,
        rows: Vec<String>,
    },
}

/// How a store behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Availability {
    Away,
    #[default]
    Back,
    Panics,
}

impl Availability {
    /// The result of a call.
    pub(crate) fn answer(self, who: &str) -> Result<(), StoreError> {
        match self {
            Self::Away => Err(StoreError::new(format!("the {who} are away"))),
            Self::Back => Ok(()),
            Self::Panics => panic!("the {who} panic, as the scenario asks"),
        }
    }
}

pub fn scenario(rule: &'static str, name: &'static str) -> Scenario {
    Scenario { rule, name, config: |config| config, steps: Vec::new(), only: &[] }
}

impl Scenario {
    pub fn config(mut self, config: fn(ConfigBuilder) -> ConfigBuilder) -> Self {
        self.config = config;
        self
    }

    pub fn only(mut self, frameworks: &'static [&'static str]) -> Self {
        self.only = frameworks;
        self
    }

    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Alice has session 1, refresh token 2, access token 3; a second login has 4, 5, 6.
    pub fn log_in(self, user: &'static str) -> Self {
        self.step(Step::LogIn { user, name: user })
    }

    pub fn log_in_as(self, user: &'static str, name: &'static str) -> Self {
        self.step(Step::LogIn { user, name })
    }

    /// The same with proofs by these methods.
    pub fn log_in_by(self, user: &'static str, methods: &'static [&'static str]) -> Self {
        self.step(Step::LogInBy { user, methods })
    }

    /// The user of this name among the staff; the cookies are `{staff}`.
    pub fn log_in_staff(self, user: &'static str) -> Self {
        self.step(Step::LogInStaff(user))
    }

    /// Alice, with an expired access token and a valid refresh token.
    pub fn stale(self) -> Self {
        self.log_in("alice").pass(ACCESS_LIFE_AND_LEEWAY)
    }

    pub fn pass(self, seconds: i64) -> Self {
        self.step(Step::Pass(seconds))
    }

    pub fn sessions(self, availability: Availability) -> Self {
        self.step(Step::Sessions(availability))
    }

    pub fn users(self, availability: Availability) -> Self {
        self.step(Step::Users(availability))
    }

    pub fn keep(self, name: &'static str) -> Self {
        self.step(Step::Keep(name))
    }

    pub fn at_once(self, requests: impl IntoIterator<Item = Request>, status: u16) -> Self {
        self.step(Step::AtOnce { requests: requests.into_iter().collect(), status })
    }

    pub fn send(self, request: Request, expected: Expected) -> Self {
        let expected = expected.to(&request);
        self.step(Step::Send { request, expected, on_rocket: None })
    }

    /// Where Rocket's documented limits (it drops a header field that is not UTF-8) lead to another
    /// response.
    pub fn send_but_on_rocket(self, request: Request, expected: Expected, on_rocket: Expected) -> Self {
        let (expected, on_rocket) = (expected.to(&request), Some(on_rocket.to(&request)));
        self.step(Step::Send { request, expected, on_rocket })
    }

    pub fn uncaught(self, request: Request, rows: &[&str]) -> Self {
        let rows = rows.iter().map(|row| (*row).to_owned()).collect();
        self.step(Step::Uncaught { request, rows })
    }

    /// A slow handler: it authenticates the request, and responds at [`finishes`](Self::finishes).
    pub fn begins(self, request: Request) -> Self {
        self.step(Step::Begin(request))
    }

    pub fn finishes(self, expected: Expected) -> Self {
        self.step(Step::Finish(expected))
    }

    /// A stream or a socket that stays open until [`is_over`](Self::is_over).
    pub fn follows(self, request: Request) -> Self {
        self.step(Step::Follow(request))
    }

    pub fn is_over(self, expected: Expected) -> Self {
        self.step(Step::Over(expected))
    }

    pub fn hang_up(self, request: Request, rows: &[&str]) -> Self {
        let rows = rows.iter().map(|row| (*row).to_owned()).collect();
        self.step(Step::HangUp { request, rows })
    }
}

impl Scenario {
    /// Whether a limit of Rocket leads to another response.
    pub fn differs_on_rocket(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Send { on_rocket: Some(_), .. }))
    }
}
