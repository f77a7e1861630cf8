use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use cookiejwt_axum::{
    MemoryStore, StoreError, Subject, TokenStore,
    cookiejwt_core::{
        Revocation, RevocationReason, RotationOutcome, RotationRequest, SessionId, SessionRecord, Timestamp,
    },
    cookiejwt_store::RevokedSession,
};
use tokio::sync::Semaphore;

/// How often each method was called; `rotated` counts the rotations that changed a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) create: usize,
    pub(crate) find: usize,
    pub(crate) rotate: usize,
    pub(crate) rotated: usize,
    pub(crate) revoke: usize,
    pub(crate) revoked_since: usize,
}

/// A [`MemoryStore`] that counts, that can be away, and that can be held while it revokes. Clones share everything.
#[derive(Clone, Default)]
pub(crate) struct Watched(Arc<Inner>);

#[derive(Default)]
struct Inner {
    rows: MemoryStore,
    counts: Mutex<Counts>,
    away: AtomicBool,
    revoking: Gate,
}

struct Gate {
    held: AtomicBool,
    arrived: Semaphore,
    opened: Semaphore,
}

impl Default for Gate {
    fn default() -> Self {
        Self { held: AtomicBool::new(false), arrived: Semaphore::new(0), opened: Semaphore::new(0) }
    }
}

impl Watched {
    pub(crate) fn counts(&self) -> Counts {
        *self.0.counts.lock().unwrap()
    }

    pub(crate) fn forget_counts(&self) {
        *self.0.counts.lock().unwrap() = Counts::default();
    }

    pub(crate) fn set_away(&self, away: bool) {
        self.0.away.store(away, Ordering::SeqCst);
    }

    pub(crate) async fn row(&self, id: &SessionId) -> Option<SessionRecord> {
        self.0.rows.find(id).await.unwrap()
    }

    /// From now on a revocation waits for [`let_revocations_pass`](Self::let_revocations_pass).
    pub(crate) fn hold_revocations(&self) {
        self.0.revoking.held.store(true, Ordering::SeqCst);
    }

    /// Waits until a revocation has come as far as the store.
    pub(crate) async fn revocation_arrived(&self) {
        self.0.revoking.arrived.acquire().await.unwrap().forget();
    }

    pub(crate) fn let_revocations_pass(&self, count: usize) {
        self.0.revoking.opened.add_permits(count);
    }

    fn called(&self, count: impl FnOnce(&mut Counts)) -> Result<(), StoreError> {
        count(&mut self.0.counts.lock().unwrap());
        if self.0.away.load(Ordering::SeqCst) {
            Err(StoreError::new("the sessions are away"))
        } else {
            Ok(())
        }
    }
}

impl TokenStore for Watched {
    async fn create(&self, session: &SessionRecord) -> Result<(), StoreError> {
        self.called(|counts| counts.create += 1)?;
        self.0.rows.create(session).await
    }

    async fn find(&self, id: &SessionId) -> Result<Option<SessionRecord>, StoreError> {
        self.called(|counts| counts.find += 1)?;
        self.0.rows.find(id).await
    }

    async fn rotate(&self, request: &RotationRequest) -> Result<RotationOutcome, StoreError> {
        self.called(|counts| counts.rotate += 1)?;
        // As a database would, so that askers at the same time overlap.
        tokio::task::yield_now().await;
        let outcome = self.0.rows.rotate(request).await?;
        if matches!(outcome, RotationOutcome::Rotated) {
            self.0.counts.lock().unwrap().rotated += 1;
        }
        Ok(outcome)
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        self.called(|counts| counts.revoke += 1)?;
        let gate = &self.0.revoking;
        if gate.held.load(Ordering::SeqCst) {
            gate.arrived.add_permits(1);
            gate.opened.acquire().await.unwrap().forget();
        }
        self.0.rows.revoke(revocation).await
    }

    async fn revoke_subject(
        &self,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.called(|counts| counts.revoke += 1)?;
        self.0.rows.revoke_subject(subject, reason, at).await
    }

    async fn revoked_since(&self, since: Timestamp) -> Result<Vec<RevokedSession>, StoreError> {
        self.called(|counts| counts.revoked_since += 1)?;
        self.0.rows.revoked_since(since).await
    }
}
