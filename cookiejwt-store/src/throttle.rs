//! Passwords that are tried: counted before they are checked, and taken back unless they were wrong.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Mutex, MutexGuard, Once, PoisonError},
};

use crate::{Authenticator, Event, LoginError, StoreError, event::printable};
use cookiejwt_core::{
    BucketId, PasswordTry, Subject, Throttle, ThrottleOutcome, ThrottleRefund, ThrottleRequest, Timestamp,
};

/// More than one node fills in the longest time that a bucket takes to drain, and still only a few megabytes.
const MOST_BUCKETS: usize = 100_000;

/// Buckets of this process. Whoever tries passwords chooses the names of buckets, so their number is bounded.
#[derive(Debug)]
pub(crate) struct Buckets {
    drained_at: Mutex<HashMap<BucketId, Timestamp>>,
    most: usize,
}

impl Default for Buckets {
    fn default() -> Self {
        Self::at_most(MOST_BUCKETS)
    }
}

impl Buckets {
    fn at_most(most: usize) -> Self {
        Self { drained_at: Mutex::default(), most }
    }

    pub(crate) fn count(&self, request: &ThrottleRequest) -> ThrottleOutcome {
        let mut buckets = self.buckets();
        let drained_at = buckets.get(&request.bucket).copied();
        if !request.has_room(drained_at) {
            return ThrottleOutcome::Full(drained_at);
        }
        if drained_at.is_none() && buckets.len() >= self.most {
            make_room(&mut buckets, self.most, request.now);
        }
        buckets.insert(request.bucket.clone(), request.counted(drained_at));
        ThrottleOutcome::Counted
    }

    pub(crate) fn refund(&self, refund: &ThrottleRefund) {
        if let Some(drained_at) = self.buckets().get_mut(&refund.bucket) {
            *drained_at = drained_at.plus_millis(-refund.millis);
        }
    }

    /// Deletes at most `limit` empty buckets; how many there were.
    pub(crate) fn purge(&self, now: Timestamp, limit: u64) -> u64 {
        let mut deleted = 0;
        self.buckets().retain(|_, drained_at| {
            let goes = *drained_at <= now && deleted < limit;
            deleted += u64::from(goes);
            !goes
        });
        deleted
    }

    fn buckets(&self) -> MutexGuard<'_, HashMap<BucketId, Timestamp>> {
        // A bucket is changed by one assignment, so a panic elsewhere leaves none half-written.
        self.drained_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// First those that are empty, which changes nothing; then an eighth of all, those with the least in them: who makes
/// buckets to have another one forgotten has to fill each of them as far.
fn make_room(buckets: &mut HashMap<BucketId, Timestamp>, most: usize, now: Timestamp) {
    buckets.retain(|_, drained_at| *drained_at > now);
    let mut times: Vec<_> = buckets.values().copied().collect();
    let surplus = times.len().saturating_sub(most - most / 8);
    if surplus > 0 {
        let (_, last, _) = times.select_nth_unstable(surplus - 1);
        let last = *last;
        buckets.retain(|_, drained_at| *drained_at > last);
    }
}

/// How passwords are throttled, and where when the store keeps no buckets.
#[derive(Debug)]
pub(crate) struct Throttling {
    limits: Throttle,
    buckets: Buckets,
    no_address: Once,
}

impl Throttling {
    pub(crate) fn new(limits: Throttle) -> Self {
        if limits.is_off() {
            tracing::info!(
                "logins are not throttled: put a rate limiter in front of every route with a password"
            );
        }
        Self { limits, buckets: Buckets::default(), no_address: Once::new() }
    }

    fn says_that_nobody_has_an_address(&self) {
        self.no_address.call_once(|| {
            tracing::warn!(
                "a login came without a client address: it is throttled by account alone; with axum, serve \
                 `into_make_service_with_connect_info::<SocketAddr>()`, and behind proxies set \
                 COOKIEJWT_TRUSTED_PROXIES to their number"
            );
        });
    }
}

impl Authenticator {
    /// The one door to a password: counts the try, then lets `check` run, and takes the try back unless the password was
    /// wrong. A client that hangs up meanwhile has tried.
    pub(crate) async fn throttled<T>(
        &self,
        tried: PasswordTry<'_>,
        check: impl Future<Output = Result<T, LoginError>>,
    ) -> Result<T, LoginError> {
        let counted = self.count_try(tried).await?;
        let checked = check.await;
        if !matches!(checked, Err(LoginError::InvalidCredentials)) {
            self.take_back(&counted).await;
        }
        checked
    }

    async fn count_try(&self, tried: PasswordTry<'_>) -> Result<Vec<ThrottleRequest>, LoginError> {
        let throttling = &self.0.throttling;
        let requests = self.0.core.load().throttle_requests(&throttling.limits, tried, self.timestamp());
        if tried.ip.is_none() && !requests.is_empty() {
            throttling.says_that_nobody_has_an_address();
        }
        let mut counted = Vec::with_capacity(requests.len());
        for request in requests {
            match self.count_in_bucket(&request).await {
                Ok(ThrottleOutcome::Counted) => counted.push(request),
                Ok(ThrottleOutcome::Full(drained_at)) => {
                    self.take_back(&counted).await;
                    return Err(self.refused(tried, &request, drained_at));
                }
                Err(error) => {
                    self.take_back(&counted).await;
                    return Err(error.into());
                }
            }
        }
        Ok(counted)
    }

    async fn count_in_bucket(&self, request: &ThrottleRequest) -> Result<ThrottleOutcome, StoreError> {
        let in_store = self.told("throttle", self.0.tokens.throttle(request).await)?;
        Ok(in_store.unwrap_or_else(|| self.0.throttling.buckets.count(request)))
    }

    /// What cannot be given back drains by itself.
    async fn take_back(&self, counted: &[ThrottleRequest]) {
        let now = self.timestamp();
        for refund in counted.iter().filter_map(|request| request.refund(now)) {
            self.0.throttling.buckets.refund(&refund);
            if let Err(error) = self.0.tokens.refund(&refund).await {
                self.store_failed("refund", &error);
            }
        }
    }

    fn refused(
        &self,
        tried: PasswordTry<'_>,
        request: &ThrottleRequest,
        drained_at: Option<Timestamp>,
    ) -> LoginError {
        let retry_after_seconds = request.retry_after_seconds(drained_at);
        let subject = tried.subject.map(Subject::as_str).map(printable);
        self.emit(Event::Throttled {
            scope: request.scope,
            retry_after_seconds,
            subject: subject.as_deref(),
            ip: tried.ip,
        });
        LoginError::Throttled { retry_after_seconds }
    }

    /// Forgets buckets of this process that are empty.
    pub(crate) fn forget_empty_buckets(&self) {
        self.0.throttling.buckets.purge(self.timestamp(), u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cookiejwt_core::{ThrottleLimit, ThrottleScope};

    use super::*;

    const MOST: usize = 1000;

    fn request(bucket: &str, now: i64) -> ThrottleRequest {
        let limit = ThrottleLimit::new(5, Duration::from_secs(30)).unwrap();
        limit.request(bucket.into(), ThrottleScope::Account, Timestamp::from_millis(now))
    }

    #[test]
    fn the_number_of_buckets_is_bounded_and_the_fullest_stay() {
        let buckets = Buckets::at_most(MOST);
        for _ in 0..5 {
            buckets.count(&request("victim", 0));
        }
        for index in 0..MOST * 2 {
            assert_eq!(buckets.count(&request(&index.to_string(), 0)), ThrottleOutcome::Counted);
        }
        assert!(buckets.buckets().len() <= MOST);
        let full = ThrottleOutcome::Full(Some(Timestamp::from_millis(150_000)));
        assert_eq!(buckets.count(&request("victim", 0)), full);
    }

    #[test]
    fn what_is_empty_goes_first_and_changes_nothing() {
        let buckets = Buckets::at_most(MOST);
        for index in 0..MOST {
            buckets.count(&request(&index.to_string(), 0));
        }
        buckets.count(&request("later", 30_000));
        assert_eq!(buckets.buckets().len(), 1, "each of the others had drained");
        assert_eq!(buckets.purge(Timestamp::from_millis(59_999), 9), 0);
        assert_eq!(buckets.purge(Timestamp::from_millis(60_000), 9), 1);
    }
}
