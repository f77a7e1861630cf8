//! The lower parts that passwords and sessions are built on.

use crate::{
    events::Events,
    keys::Keys,
    runtime::Runtime,
    stores::{Tokens, Users},
};

/// One handle to each; clones share them.
#[derive(Clone)]
pub(crate) struct Services {
    pub(crate) users: Users,
    pub(crate) tokens: Tokens,
    pub(crate) keys: Keys,
    pub(crate) events: Events,
    pub(crate) runtime: Runtime,
}
