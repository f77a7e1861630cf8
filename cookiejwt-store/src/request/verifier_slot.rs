//! What one request keeps in a service that only verifies: its decision.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cookiejwt_core::{
    Decision, Identity, Problem,
    driver::{RequestHead, ResponseHeaders},
};
use tokio::sync::Mutex;

use super::reply::set_no_store;
use crate::verifier::{Verifier, Waiting};

/// One request's place for the decision of a [`Verifier`]: settled by the first handler or guard
/// that asks, and reused by the others.
#[derive(Debug)]
pub struct VerifierSlot {
    verifier: Verifier,
    decision: OnceLock<Decision>,
    /// Held while the issuer is asked.
    asking: Mutex<()>,
    is_never_stored: AtomicBool,
}

impl VerifierSlot {
    /// A slot for a request.
    pub fn new(verifier: &Verifier) -> Self {
        Self {
            verifier: verifier.clone(),
            decision: OnceLock::new(),
            asking: Mutex::default(),
            is_never_stored: AtomicBool::new(false),
        }
    }

    /// The verifier that decides here.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The decision, if the issuer need not be asked.
    pub(super) fn begin(&self, head: RequestHead<'_>) -> Result<&Decision, Waiting> {
        match self.decision.get() {
            Some(decision) => Ok(decision),
            None => self.verifier.begin(head).map(|decision| self.keep(decision)),
        }
    }

    /// The decision, with the help of the issuer.
    pub(super) async fn finish(&self, waiting: Waiting) -> &Decision {
        let _alone = self.asking.lock().await;
        if let Some(decision) = self.decision.get() {
            return decision;
        }
        let decision = self.verifier.finish(waiting).await;
        self.keep(decision)
    }

    pub(super) fn fresh<'d>(
        &self,
        decision: &'d Decision,
        max_age: Duration,
    ) -> Result<&'d Identity, Problem> {
        let identity = decision.required()?;
        self.verifier.check_fresh(identity, max_age).map(|()| identity)
    }

    /// Marks the response as one that depends on the user, if a handler or guard has asked. No
    /// cookie is written.
    pub fn mark(&self, headers: &mut dyn ResponseHeaders) {
        if self.decision.get().is_some() {
            self.verifier.core().keep_private(headers);
        }
        if self.is_never_stored.load(Ordering::Relaxed) {
            set_no_store(headers);
        }
    }

    /// The response is not stored, whatever its handler says about caching.
    pub(super) fn never_store(&self) {
        self.is_never_stored.store(true, Ordering::Relaxed);
    }

    fn keep(&self, decision: Decision) -> &Decision {
        self.decision.get_or_init(|| decision)
    }
}
