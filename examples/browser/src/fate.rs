//! What a door does with a request and its response: a proxy that fails, a network that loses.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use http::response::Parts;

use crate::Exchange;

type Judge = dyn Fn(&Exchange) -> Fate + Send + Sync;

/// What happens to one request.
pub enum Fate {
    /// The server responds to it.
    Passes,
    /// The door itself responds with this status and nothing more, as a proxy would. The server
    /// does not receive it.
    Refused(u16),
    /// The connection is cut before the server receives it.
    Cut,
    /// The server responds, but the connection is cut before the response is sent.
    Lost,
    /// The head of the server's response is changed on its way.
    Changed(Box<dyn FnOnce(&mut Parts) + Send>),
}

/// Decides for each request.
#[derive(Clone)]
pub(crate) struct Fates(Arc<Mutex<Arc<Judge>>>);

impl Fates {
    pub(crate) fn become_those(&self, judge: impl Fn(&Exchange) -> Fate + Send + Sync + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(judge);
    }

    pub(crate) fn of(&self, request: &Exchange) -> Fate {
        let judge = Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner));
        judge(request)
    }
}

/// Everything passes.
impl Default for Fates {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Arc::new(|_: &Exchange| Fate::Passes))))
    }
}

impl fmt::Debug for Fates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Fates").finish_non_exhaustive()
    }
}

impl fmt::Debug for Fate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passes => formatter.write_str("Passes"),
            Self::Refused(status) => formatter.debug_tuple("Refused").field(status).finish(),
            Self::Cut => formatter.write_str("Cut"),
            Self::Lost => formatter.write_str("Lost"),
            Self::Changed(_) => formatter.write_str("Changed"),
        }
    }
}
