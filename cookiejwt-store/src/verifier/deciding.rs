//! Who sends a request to a service that only verifies: at once for almost every one, otherwise
//! after asking the issuer.

use std::fmt;

use cookiejwt_core::{Decision, Reason, driver::RequestHead, fault::TokenFault};

use super::{Verifier, keys::Want};
use crate::runtime::KeptHead;

/// A request that waits for the issuer; see [`Verifier::finish`].
#[must_use]
pub struct Waiting(Box<Kept>);

struct Kept {
    head: KeptHead,
    what: Question,
}

/// What the issuer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Keys,
    Revocations,
}

impl Verifier {
    /// Who sends the request? Decides at once if the token's key is known, and, where revocations
    /// are followed, if this process has not been asleep.
    pub fn begin(&self, head: RequestHead<'_>) -> Result<Decision, Waiting> {
        self.start();
        self.try_to_decide(head)
            .map(|decision| self.record(decision))
            .map_err(|what| Waiting(Box::new(Kept { head: KeptHead::of(head), what })))
    }

    /// Asks the issuer for what [`begin`](Self::begin) could not decide.
    pub async fn finish(&self, waiting: Waiting) -> Decision {
        let Kept { head, what } = *waiting.0;
        self.ask_for(what).await;
        let decision = match self.try_to_decide(head.head()) {
            Ok(decision) => decision,
            // With new keys the token may be valid, and then its session matters.
            Err(what) => {
                self.ask_for(what).await;
                self.decide(head.head())
            }
        };
        self.record(decision)
    }

    /// Runs [`begin`](Self::begin) and [`finish`](Self::finish) in one call.
    pub async fn authenticate(&self, head: RequestHead<'_>) -> Decision {
        match self.begin(head) {
            Ok(decision) => decision,
            Err(waiting) => self.finish(waiting).await,
        }
    }

    fn try_to_decide(&self, head: RequestHead<'_>) -> Result<Decision, Question> {
        let decision = self.decide(head);
        if want(&decision).is_some_and(|want| self.may_wait_for_keys(want)) {
            return Err(Question::Keys);
        }
        let of_session = decision.identity().is_some() || decision.reason == Reason::SessionUnknown;
        if of_session && self.must_catch_up() { Err(Question::Revocations) } else { Ok(decision) }
    }

    async fn ask_for(&self, what: Question) {
        match what {
            Question::Keys => drop(self.refresh_keys().await),
            Question::Revocations => self.catch_up().await,
        }
    }
}

/// Which keys would help.
fn want(decision: &Decision) -> Option<Want> {
    if decision.reason == Reason::KeysUnknown {
        return Some(Want::Any);
    }
    let is_unknown = decision.faults().iter().any(|fault| fault.fault == TokenFault::UnknownKey);
    (is_unknown && decision.identity().is_none()).then_some(Want::Unknown)
}

/// Without the head, which contains tokens.
impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Waiting").field(&self.0.what).finish()
    }
}
