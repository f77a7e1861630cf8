//! Passwords that are tried: their buckets are read before a hash, and written only when the
//! password was wrong.

use std::{net::IpAddr, sync::Arc};

use cookiejwt_core::{
    Subject,
    driver::PendingLogin,
    store::{BucketId, PasswordTry, Throttle, ThrottleBucket, ThrottleScope, Timestamp},
};

use super::{
    in_flight::{Admission, Guest, InFlight},
    part::Passwords,
};
use crate::{
    errors::{LoginError, PasswordError, StoreError},
    events::{Event, printable},
    runtime::{PURGE_BATCH, PURGE_PAUSE},
    stores::Buckets,
};

/// How passwords are throttled, and where when the store keeps no buckets.
#[derive(Debug)]
pub(crate) struct Throttling {
    limits: Throttle,
    buckets: Buckets,
    in_flight: Arc<InFlight>,
}

impl Throttling {
    pub(crate) fn new(limits: Throttle) -> Self {
        if limits.is_off() {
            tracing::info!(
                "logins are not throttled: put a rate limiter in front of every route with a password"
            );
        }
        Self { limits, buckets: Buckets::default(), in_flight: Arc::default() }
    }
}

/// What became of a password that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    Wrong,
}

/// A password that may be checked; the try is in flight for as long as this lives.
pub(crate) struct Admitted {
    buckets: Vec<ThrottleBucket>,
    guest: Guest,
    pub(crate) ip: Option<IpAddr>,
    subject: Option<Subject>,
}

impl Passwords {
    /// Refuses when a bucket is full of failures, and waits while those in flight might fill it. No
    /// password is checked without this.
    pub(super) async fn admit(&self, tried: PasswordTry<'_>) -> Result<Admitted, LoginError> {
        let throttling = &self.0.throttling;
        let buckets = self.0.keys.core().throttle_buckets(&throttling.limits, tried);
        if tried.ip.is_none() && !buckets.is_empty() {
            self.0.events.advice().on_missing_address();
        }
        let refusing: Vec<_> = buckets.iter().filter(|bucket| bucket.refuses).cloned().collect();
        let guest = throttling.in_flight.enter(&refusing).ok_or(PasswordError::Busy)?;
        self.wait_for_room(Admitted { buckets, guest, ip: tried.ip, subject: tried.subject.cloned() }).await
    }

    /// The same for a further step of a login: five wrong checks end a pending login.
    pub(crate) async fn admit_step(
        &self,
        pending: &PendingLogin,
        ip: Option<IpAddr>,
    ) -> Result<Admitted, LoginError> {
        let subject = pending.subject.clone();
        let buckets = self.0.keys.core().step_buckets(pending, subject.as_ref());
        let guest = self.0.throttling.in_flight.enter(&buckets).ok_or(PasswordError::Busy)?;
        self.wait_for_room(Admitted { buckets, guest, ip, subject }).await
    }

    /// Counts a wrong check of a further step.
    pub(crate) async fn charge_step(&self, admitted: Admitted) {
        self.charge(admitted, Verdict::Wrong).await;
    }

    async fn wait_for_room(&self, mut admitted: Admitted) -> Result<Admitted, LoginError> {
        admitted.guest.take_places().await;
        loop {
            let charges = admitted.guest.charges();
            let room = self.room(&admitted).await?;
            match admitted.guest.admit(&room, &charges) {
                Admission::Granted => return Ok(admitted),
                Admission::ReadAgain => {}
                Admission::Wait(changed) => changed.await,
            }
        }
    }

    /// Whether other nodes have filled a bucket in the meantime; for a try that has waited for its
    /// turn to be hashed.
    pub(super) async fn refuse_if_full(&self, admitted: &Admitted) -> Result<(), LoginError> {
        self.room(admitted).await.map(drop)
    }

    /// How much room each bucket has that refuses; an error when one has none.
    async fn room(&self, admitted: &Admitted) -> Result<Vec<u32>, LoginError> {
        let refusing: Vec<_> = admitted.buckets.iter().filter(|bucket| bucket.refuses).collect();
        let ids: Vec<_> = refusing.iter().map(|bucket| bucket.id.clone()).collect();
        let levels = self.levels(&ids).await?;
        let now = self.0.runtime.timestamp();
        let room = refusing.iter().zip(&levels).map(|(bucket, level)| bucket.room(*level, now)).collect();
        let full = refusing.iter().zip(&levels).filter(|(bucket, level)| bucket.room(**level, now) == 0);
        let waits = full.map(|(bucket, level)| (bucket.retry_after_seconds(*level, now), *bucket));
        match waits.max_by_key(|(seconds, _)| *seconds) {
            Some((seconds, bucket)) => Err(self.refused(admitted, bucket, seconds)),
            None => Ok(room),
        }
    }

    /// The levels in the store, and what this process has counted because the store could not.
    async fn levels(&self, ids: &[BucketId]) -> Result<Vec<Option<Timestamp>>, StoreError> {
        let own = self.0.throttling.buckets.levels(ids);
        if ids.is_empty() {
            return Ok(own);
        }
        let stored = self.0.tokens.throttle_levels(ids).await?;
        let stored = stored.unwrap_or_default().into_iter().chain(std::iter::repeat(None));
        Ok(own.into_iter().zip(stored).map(|(own, stored)| own.max(stored)).collect())
    }

    /// Counts what was checked: a failure in the buckets of failures, a success in its own. No
    /// client can end this, so every question has a time limit.
    pub(super) async fn charge(&self, admitted: Admitted, verdict: Verdict) {
        let (now, throttling) = (self.0.runtime.timestamp(), &self.0.throttling);
        let tokens = self.0.tokens.bounded();
        let counts_successes = verdict == Verdict::Right;
        let filled = admitted.buckets.iter().filter(|bucket| bucket.counts_successes() == counts_successes);
        let mut charged = Vec::new();
        for charge in filled.map(|bucket| bucket.charge(now)) {
            if !tokens.charge_throttle(&charge).await.unwrap_or(false) {
                throttling.buckets.charge(&charge);
            }
            charged.push(charge.bucket);
        }
        throttling.in_flight.note_charges(&charged);
        drop(admitted);
    }

    fn refused(&self, admitted: &Admitted, bucket: &ThrottleBucket, retry_after_seconds: u32) -> LoginError {
        let subject = admitted.subject.as_ref().map(Subject::as_str).map(printable);
        self.0.events.emit(Event::Throttled {
            scope: bucket.scope,
            retry_after_seconds,
            subject: subject.as_deref(),
            ip: admitted.ip,
        });
        match bucket.scope {
            ThrottleScope::PendingLogin => LoginError::PendingEnded,
            _ => LoginError::Throttled { retry_after_seconds },
        }
    }

    /// Deletes the buckets of throttled logins that are empty, in this process and in the store.
    pub(crate) async fn purge_throttle(&self) -> Result<(), StoreError> {
        self.0.throttling.buckets.purge(self.0.runtime.timestamp(), u64::MAX);
        while self.0.tokens.purge_throttle(self.0.runtime.timestamp(), PURGE_BATCH).await? >= PURGE_BATCH {
            tokio::time::sleep(PURGE_PAUSE).await;
        }
        Ok(())
    }
}
