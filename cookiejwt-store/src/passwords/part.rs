//! The part of an authenticator that knows passwords.

use std::sync::Arc;

use cookiejwt_core::store::Throttle;

use super::{
    hasher::PasswordHasher,
    policy::{Owner, Policies},
    queue::HashingQueue,
    rehash::StoredHashes,
    throttle::Throttling,
    typed::TypedPassword,
};
use crate::{
    errors::{BuildError, PasswordError},
    events::Events,
    keys::Keys,
    runtime::Runtime,
    services::Services,
    stores::{Tokens, Users},
};

/// Hashes passwords, checks them, throttles who tries them, and replaces outdated hashes; clones
/// share one queue.
#[derive(Clone)]
pub(crate) struct Passwords(pub(super) Arc<Parts>);

pub(super) struct Parts {
    pub(super) users: Users,
    pub(super) tokens: Tokens,
    pub(super) keys: Keys,
    pub(super) events: Events,
    pub(super) runtime: Runtime,
    pub(super) queue: HashingQueue,
    pub(super) hashes: StoredHashes,
    pub(super) throttling: Throttling,
    pub(super) policies: Policies,
}

impl Passwords {
    /// Hashes a password and verifies it, so it takes a moment.
    pub(crate) fn new(
        hasher: Arc<dyn PasswordHasher>,
        policies: Policies,
        throttle: Throttle,
        services: Services,
    ) -> Result<Self, BuildError> {
        let Services { users, tokens, keys, events, runtime } = services;
        let (queue, throttling) = (HashingQueue::new(hasher)?, Throttling::new(throttle));
        Ok(Self(Arc::new(Parts {
            hashes: StoredHashes::default(),
            users,
            tokens,
            keys,
            events,
            runtime,
            queue,
            throttling,
            policies,
        })))
    }

    /// A hash of a password that may be shorter than a new one.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        self.0.queue.hash(password).await
    }

    /// Gives the memory for hashing back after a while without passwords; to be called at regular
    /// intervals.
    pub(crate) fn rest_when_idle(&self) {
        self.0.queue.rest_when_idle();
    }

    /// A hash of a new password, whose length is checked, and which every policy accepts.
    pub(crate) async fn hash_new(&self, password: &str, owner: Owner) -> Result<String, PasswordError> {
        self.accept(&TypedPassword::new(password)?, owner).await?;
        self.0.queue.hash_new(password).await
    }
}
