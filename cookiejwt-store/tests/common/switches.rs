use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
};

use cookiejwt_store::StoreError;

/// Every call that the driver can make to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    FindById,
    FindByLogin,
    SetPasswordHash,
    SetFirstPasswordHash,
    Create,
    Find,
    Rotate,
    AnswerLate,
    Replace,
    Bind,
    Settle,
    Received,
    Revoke,
    RevokeSubject,
    RevokeRealm,
    RevokedSince,
    RenewClaims,
    RenewedSince,
    SessionsOf,
    EndsOf,
    Purge,
    ThrottleLevels,
    ChargeThrottle,
    Spend,
}

/// Which calls fail, and a log of those that were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switches(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    failing: HashSet<Call>,
    losing: HashSet<Call>,
    silent: HashSet<Call>,
    words: HashMap<Call, String>,
    about_data: HashSet<Call>,
    log: Vec<Call>,
}

impl Switches {
    /// From now on the call fails before it does anything.
    pub(crate) fn fail(&self, call: Call) {
        self.state().failing.insert(call);
    }

    /// From now on the call fails with this message.
    pub(crate) fn fail_saying(&self, call: Call, words: &str) {
        self.state().words.insert(call, words.to_owned());
        self.fail(call);
    }

    /// From now on the call fails because of the value that it was given.
    pub(crate) fn fail_about_data(&self, call: Call) {
        self.state().about_data.insert(call);
        self.fail(call);
    }

    /// From now on the call takes effect, and its response is lost.
    pub(crate) fn lose_answer(&self, call: Call) {
        self.state().losing.insert(call);
    }

    /// From now on the call never returns.
    pub(crate) fn silence(&self, call: Call) {
        self.state().silent.insert(call);
    }

    /// Waits forever if the call never returns.
    pub(crate) async fn wait(&self, call: Call) {
        let is_silent = self.state().silent.contains(&call);
        if is_silent {
            std::future::pending::<()>().await;
        }
    }

    /// The call works again.
    pub(crate) fn mend(&self, call: Call) {
        let mut state = self.state();
        state.failing.remove(&call);
        state.losing.remove(&call);
        state.silent.remove(&call);
    }

    pub(crate) fn count(&self, call: Call) -> usize {
        self.state().log.iter().filter(|logged| **logged == call).count()
    }

    /// Takes the log so far.
    pub(crate) fn take_log(&self) -> Vec<Call> {
        std::mem::take(&mut self.state().log)
    }

    pub(crate) fn enter(&self, call: Call) -> Result<(), StoreError> {
        let mut state = self.state();
        state.log.push(call);
        if !state.failing.contains(&call) {
            return Ok(());
        }
        if state.about_data.contains(&call) {
            return Err(StoreError::data("invalid byte sequence"));
        }
        Err(state.words.get(&call).map_or_else(|| away(call), |words| StoreError::new(words.as_str())))
    }

    /// Like [`enter`](Self::enter), without a log entry: every login calls it several times.
    pub(crate) fn enter_unlogged(&self, call: Call) -> Result<(), StoreError> {
        if self.state().failing.contains(&call) { Err(away(call)) } else { Ok(()) }
    }

    pub(crate) fn leave<T>(&self, call: Call, answer: T) -> Result<T, StoreError> {
        if self.state().losing.contains(&call) { Err(away(call)) } else { Ok(answer) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

fn away(call: Call) -> StoreError {
    StoreError::new(format!("{call:?} is switched off"))
}
