//! The part of an authenticator that knows sessions.

use std::{sync::Arc, time::Duration};

use super::{clock_skew::ClockSkew, receipts::Receipts, retries::Retries, revoked::RevokedSet};
use crate::{
    events::Events,
    keys::Keys,
    passwords::Passwords,
    runtime::{Pulse, Runtime},
    services::Services,
    stores::{Tokens, Users},
};

/// Begins sessions, ends them, and knows which have ended; clones share what they know.
#[derive(Clone)]
pub(crate) struct Sessions(pub(super) Arc<Parts>);

pub(super) struct Parts {
    pub(super) users: Users,
    pub(super) tokens: Tokens,
    pub(super) keys: Keys,
    pub(super) events: Events,
    pub(super) runtime: Runtime,
    pub(super) passwords: Passwords,
    pub(super) revoked: RevokedSet,
    pub(super) receipts: Receipts,
    pub(super) retries: Retries,
    pub(super) pulse: Pulse,
    pub(super) clock_skew: ClockSkew,
    /// Of the routes, for the offer to bind a session.
    pub(super) prefix: Box<str>,
}

impl Sessions {
    pub(crate) fn new(
        passwords: Passwords,
        feed_interval: Duration,
        prefix: &str,
        services: Services,
    ) -> Self {
        let Services { users, tokens, keys, events, runtime } = services;
        Self(Arc::new(Parts {
            revoked: RevokedSet::new(keys.config()),
            receipts: Receipts::default(),
            retries: Retries::default(),
            pulse: Pulse::new(feed_interval),
            clock_skew: ClockSkew::default(),
            prefix: prefix.into(),
            users,
            tokens,
            keys,
            events,
            runtime,
            passwords,
        }))
    }
}
