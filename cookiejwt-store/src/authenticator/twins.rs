//! Two user tables of one process must not accept each other's tokens.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use cookiejwt_core::fault::SharedTokens;

use super::Inner;
use crate::errors::BuildError;

/// Every authenticator of this process that lives.
static LIVING: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());

/// Refuses an authenticator that would accept the tokens of another one for another user table, and
/// remembers it otherwise.
///
/// Two that are the same in everything that a visitor can see may live side by side: the nodes of a
/// test, or one that takes the place of another.
pub(crate) fn register(new: &Arc<Inner>) -> Result<(), BuildError> {
    let mut living = LIVING.lock().unwrap_or_else(PoisonError::into_inner);
    living.retain(|other| other.strong_count() > 0);
    for other in living.iter().filter_map(Weak::upgrade) {
        match new.keys.config().shares_tokens_with(other.keys.config()) {
            Some(SharedTokens::Realm) if !is_same(new, &other) => return Err(BuildError::SharedRealm),
            Some(SharedTokens::Audience) => return Err(BuildError::SharedAudience),
            _ => {}
        }
    }
    living.push(Arc::downgrade(new));
    Ok(())
}

fn is_same(one: &Inner, other: &Inner) -> bool {
    let names = |inner: &Inner| {
        let config = inner.keys.config();
        (config.access_name().to_owned(), config.refresh_name().to_owned())
    };
    names(one) == names(other)
        && one.routes.prefix == other.routes.prefix
        && one.users.user_type() == other.users.user_type()
}
