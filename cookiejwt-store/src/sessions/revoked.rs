//! The set of sessions that have been revoked or whose claims were renewed, which answers without
//! the store.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cookiejwt_core::{
    Config, SessionId,
    store::{RevocationReason, SessionRecord, Timestamp},
};

use tokio::sync::watch;

use super::remembered::{Remember, Remembered};
use crate::{
    stores::{RenewedSession, RevokedSession},
    streams::Waiting,
};

/// Rows commit late and clocks differ between nodes.
const OVERLAP_SECONDS: i64 = 60;
/// If this many sessions are reported within the overlap, reading all of them again every second
/// would cost more than all requests. Then only every tenth poll reads the whole overlap, and the
/// others read a short one.
const CROWD: usize = 1000;
const SHORT_OVERLAP_SECONDS: i64 = 5;
const SHORT_POLLS: u8 = 9;

/// The sessions whose access tokens are dead although they have not expired: what this node revoked
/// or renewed itself, and what the store reports.
#[derive(Debug)]
pub(crate) struct RevokedSet {
    ended: Remembered<Ended>,
    /// Apart from those that have ended: they are refreshed, not refused.
    renewed: Remembered<Version>,
    feed: Mutex<Feed>,
    /// Changes whenever something becomes known, for those who wait for it.
    news: watch::Sender<()>,
    memory_millis: i64,
    /// Who is told at once.
    waiting: Waiting,
}

/// What is known of a session.
#[derive(Clone, Copy, Debug)]
pub(super) enum Known {
    Ended(RevocationReason),
    Renewed(i64),
}

#[derive(Clone, Copy, Debug)]
struct Ended {
    reason: RevocationReason,
    /// Later than now only for a session that was superseded.
    at: Timestamp,
}

impl Remember for Ended {
    /// The first reason stays, except that a session which was superseded can end before its time.
    fn replaces(self, old: Self) -> bool {
        old.reason == RevocationReason::Superseded && self.at < old.at
    }

    fn begins_at(self) -> Option<Timestamp> {
        Some(self.at)
    }
}

/// How often the claims of a session were renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(i64);

impl Remember for Version {
    fn replaces(self, old: Self) -> bool {
        self > old
    }
}

/// How far the store has been read.
#[derive(Clone, Copy, Debug, Default)]
struct Feed {
    newest: Option<Timestamp>,
    asked_at: Timestamp,
    is_stale: bool,
    is_crowded: bool,
    /// How often only the short overlap was read since the whole one was.
    short_polls: u8,
}

impl Feed {
    /// Whether the short overlap is enough this time.
    fn is_short(&self) -> bool {
        self.is_crowded && !self.is_stale && self.short_polls < SHORT_POLLS
    }
}

impl RevokedSet {
    pub(crate) fn new(config: &Config) -> Self {
        Self::remembering(config.revoked_memory_seconds())
    }

    /// For as many seconds as an access token can be valid.
    pub(crate) fn remembering(seconds: i64) -> Self {
        let memory_millis = seconds.saturating_add(OVERLAP_SECONDS).saturating_mul(1000);
        Self {
            ended: Remembered::new(memory_millis),
            renewed: Remembered::new(memory_millis),
            feed: Mutex::default(),
            news: watch::Sender::new(()),
            memory_millis,
            waiting: Waiting::default(),
        }
    }

    /// From when on the store has to be asked: everything that still matters after a start, after a
    /// failure and after a clock that was set back (what was forgotten too early may matter again),
    /// otherwise an overlap after the newest revocation that was seen. One from the future, by a
    /// node whose clock is ahead, hides none of the present, nor of a pause since.
    pub(crate) fn poll_from(&self, now: Timestamp) -> Timestamp {
        let relevant = now.plus_millis(-self.memory_millis);
        let feed = *self.feed();
        let seen = feed.newest.filter(|_| !feed.is_stale && now >= feed.asked_at);
        let Some(newest) = seen else { return relevant };
        let from = if feed.is_short() {
            feed.asked_at.plus_millis(-SHORT_OVERLAP_SECONDS * 1000)
        } else {
            newest.min(feed.asked_at).plus_millis(-OVERLAP_SECONDS * 1000)
        };
        from.max(relevant)
    }

    /// Takes the answer of the store; true if it was unavailable before.
    pub(crate) fn load(
        &self,
        revoked: Vec<RevokedSession>,
        renewed: Vec<RenewedSession>,
        now: Timestamp,
    ) -> bool {
        let times = revoked.iter().map(|session| session.at).chain(renewed.iter().map(|session| session.at));
        let (newest, is_crowded) = (times.max(), revoked.len() + renewed.len() > CROWD);
        let ended = |RevokedSession { id, reason, at }: &RevokedSession| {
            (id.clone(), Ended { reason: *reason, at: *at })
        };
        let ended = self.ended.load(revoked.iter().map(ended), now);
        // After they are known, so that one who begins to wait in between misses none.
        for RevokedSession { id, reason, at } in revoked {
            self.waiting.revoked(&id, reason, at, now);
        }
        let renewed = renewed.into_iter().map(|session| (session.id, Version(session.version)));
        self.tell(self.renewed.load(renewed, now) || ended);
        let mut feed = self.feed();
        feed.newest = feed.newest.max(newest);
        if feed.is_short() {
            feed.short_polls = feed.short_polls.saturating_add(1);
        } else {
            (feed.is_crowded, feed.short_polls) = (is_crowded, 0);
        }
        feed.asked_at = now;
        std::mem::take(&mut feed.is_stale)
    }

    /// The store could not be asked; true for the first time in a row.
    pub(crate) fn missed(&self) -> bool {
        !std::mem::replace(&mut self.feed().is_stale, true)
    }

    /// A session that was last refreshed before this has no access token that matters, and no node
    /// asks the store from so early.
    pub(crate) fn idle_before(&self, now: Timestamp) -> Timestamp {
        now.plus_millis(-2 * self.memory_millis)
    }

    pub(crate) fn insert(&self, id: SessionId, reason: RevocationReason, now: Timestamp) {
        self.insert_from(id, reason, now, now);
    }

    /// The same for a revocation that begins at another time.
    pub(crate) fn insert_from(&self, id: SessionId, reason: RevocationReason, at: Timestamp, now: Timestamp) {
        let told = id.clone();
        self.tell(self.ended.insert(id, Ended { reason, at }, now));
        self.waiting.revoked(&told, reason, at, now);
    }

    /// Those who wait for the end of a session.
    pub(crate) fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// Tells one who has begun to wait what was known before.
    pub(crate) fn tell_again(&self, id: &SessionId, now: Timestamp) {
        if let Some(Ended { reason, at }) = self.ended.get(id) {
            self.waiting.revoked(id, reason, at, now);
        }
    }

    /// Why the session was revoked, if it was and the revocation has begun.
    pub(crate) fn reason(&self, id: &SessionId, now: Timestamp) -> Option<RevocationReason> {
        let ended = self.ended.get(id)?;
        ended.reason.has_begun(ended.at, now).then_some(ended.reason)
    }

    /// Access tokens of this session with a lower version are dead.
    pub(crate) fn insert_version(&self, id: SessionId, version: i64, now: Timestamp) {
        self.tell(self.renewed.insert(id, Version(version), now));
    }

    /// How often the claims of the session were renewed, as far as it matters: an access token that
    /// is still valid may be from before.
    pub(crate) fn version(&self, id: &SessionId) -> i64 {
        self.renewed.get(id).map_or(0, |Version(version)| version)
    }

    /// What the row of a session says, remembered as what the feed reports.
    pub(crate) fn see(&self, row: &SessionRecord, now: Timestamp) {
        let oldest = now.plus_millis(-self.memory_millis);
        if row.renewed_at.is_some_and(|at| at >= oldest) {
            self.insert_version(row.id.clone(), row.version, now);
        }
    }

    /// Whether the store could not be asked when it was last tried.
    pub(crate) fn is_stale(&self) -> bool {
        self.feed().is_stale
    }

    /// Marks each moment at which something becomes known.
    pub(crate) fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    fn tell(&self, news: bool) {
        if news {
            self.news.send_replace(());
        }
    }

    /// Everything that is known, and since when it counts: what was superseded from its end on.
    pub(super) fn visit(&self, mut visit: impl FnMut(&SessionId, Known, Timestamp)) {
        self.ended.visit(|id, Ended { reason, at }, learned| {
            let from = if reason.has_begun(at, learned) { learned } else { at };
            visit(id, Known::Ended(reason), from);
        });
        self.renewed.visit(|id, Version(version), learned| visit(id, Known::Renewed(version), learned));
    }

    /// Until when every node that has learned of this renewal remembers it.
    pub(crate) fn forgets_at(&self, renewed_at: Timestamp) -> Timestamp {
        renewed_at.plus_millis(self.memory_millis)
    }

    fn feed(&self) -> MutexGuard<'_, Feed> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use cookiejwt_core::testing;

    use super::*;

    #[test]
    fn remembers_for_as_long_as_an_access_token_can_live() {
        let set = RevokedSet::new(&testing::config().build().unwrap());
        let start = Timestamp::from_seconds(1_000_000);
        let id = SessionId::from("a");
        set.insert(id.clone(), RevocationReason::Logout, start);
        let last = start.plus_millis((300 + 2 * 5 + 60) * 1000 - 1);
        set.load(Vec::new(), Vec::new(), last);
        assert_eq!(set.reason(&id, start), Some(RevocationReason::Logout));
        set.load(Vec::new(), Vec::new(), last.plus_millis(1));
        assert_eq!(set.reason(&id, start), None);
    }

    #[test]
    fn a_renewal_is_remembered_as_long_and_only_grows() {
        let set = RevokedSet::new(&testing::config().build().unwrap());
        let (start, id) = (Timestamp::from_seconds(1_000_000), SessionId::from("a"));
        for (version, expected) in [(2, 2), (1, 2), (3, 3)] {
            set.insert_version(id.clone(), version, start);
            assert_eq!(set.version(&id), expected);
        }
        assert_eq!(set.version(&"b".into()), 0);
        assert_eq!(set.reason(&id, start), None, "it has not ended");
        let mut row = SessionRecord::new("b".into(), "".into(), "1".into(), "c".into(), start);
        (row.version, row.renewed_at) = (4, Some(start));
        let last = set.forgets_at(start).plus_millis(-1);
        set.load(Vec::new(), Vec::new(), last);
        set.see(&row, last);
        assert_eq!((set.version(&id), set.version(&row.id)), (3, 4));
        set.load(Vec::new(), vec![RenewedSession::new("c".into(), 5, last)], last.plus_millis(1));
        assert_eq!((set.version(&id), set.version(&"c".into())), (0, 5));
        row.id = "d".into();
        set.see(&row, last.plus_millis(2));
        assert_eq!(set.version(&"d".into()), 0, "no access token is from before");
        assert_eq!(
            set.poll_from(last.plus_millis(1)),
            last.plus_millis(-60_000),
            "an overlap behind the newest"
        );
    }

    #[test]
    fn without_a_feed_it_is_bounded_too() {
        let set = RevokedSet::new(&testing::config().build().unwrap());
        for number in 0..10_000_i64 {
            // One second each, so that no more than the memory's 370 matter at a time.
            set.insert(number.to_string().into(), RevocationReason::Logout, Timestamp::from_seconds(number));
            let kept = set.ended.len();
            assert!(kept <= 2 * 370, "{kept} entries");
        }
    }

    #[test]
    fn a_crowd_is_read_as_a_whole_every_tenth_time() {
        let set = RevokedSet::new(&testing::config().build().unwrap());
        let start = Timestamp::from_seconds(1_000_000);
        let crowd = |count: usize, at: Timestamp| -> Vec<_> {
            let session = |number: usize| SessionId::from(number.to_string());
            let reason = RevocationReason::Logout;
            (0..count).map(|number| RevokedSession::new(session(number), reason, at)).collect()
        };
        let behind = |second: i64| {
            let now = start.plus_millis(second * 1000);
            (now.as_millis() - set.poll_from(now).as_millis()) / 1000
        };
        set.load(crowd(CROWD, start), Vec::new(), start);
        assert_eq!(behind(1), 61, "not yet a crowd");
        set.load(crowd(CROWD + 1, start), Vec::new(), start.plus_millis(1000));
        for second in 2..=10 {
            assert_eq!(behind(second), 6, "a short overlap behind the last look, second {second}");
            set.load(Vec::new(), Vec::new(), start.plus_millis(second * 1000));
        }
        assert_eq!(behind(11), 71, "the whole overlap behind the newest");
        set.load(crowd(CROWD + 1, start), Vec::new(), start.plus_millis(11_000));
        assert_eq!(behind(12), 6, "still a crowd");
        assert!(set.missed());
        assert_eq!(behind(13), 370, "after a failure everything");
        set.load(crowd(CROWD + 1, start), Vec::new(), start.plus_millis(13_000));
        assert_eq!(behind(3600), 370, "after a pause no more than still matters");
        set.load(crowd(CROWD, start), Vec::new(), start.plus_millis(14_000));
        for second in 15..=23 {
            set.load(Vec::new(), Vec::new(), start.plus_millis(second * 1000));
        }
        set.load(crowd(CROWD, start), Vec::new(), start.plus_millis(24_000));
        assert_eq!(behind(25), 85, "a crowd no more");
    }

    #[test]
    fn polls_from_where_nothing_can_be_missed() {
        const MEMORY: i64 = (300 + 2 * 5 + 60) * 1000;
        let set = RevokedSet::new(&testing::config().build().unwrap());
        let start = Timestamp::from_seconds(1_000_000);
        let revoked = |at| vec![RevokedSession::new("a".into(), RevocationReason::Logout, at)];
        assert_eq!(set.poll_from(start), start.plus_millis(-MEMORY), "before the first load");
        assert!(set.idle_before(start) < set.poll_from(start), "what is idle is not asked for");
        set.load(Vec::new(), Vec::new(), start);
        assert_eq!(set.poll_from(start), start.plus_millis(-MEMORY), "nothing was seen");
        set.load(revoked(start.plus_millis(-500)), Vec::new(), start);
        assert_eq!(set.poll_from(start), start.plus_millis(-60_500), "an overlap behind the newest");
        set.load(revoked(start.plus_millis(-9000)), Vec::new(), start);
        assert_eq!(set.poll_from(start), start.plus_millis(-60_500), "an older one moves nothing");
        assert!(set.missed(), "said once");
        assert!(!set.missed());
        assert_eq!(set.poll_from(start), start.plus_millis(-MEMORY), "after a failure");
        assert!(set.load(Vec::new(), Vec::new(), start), "has recovered");
        assert!(!set.load(Vec::new(), Vec::new(), start));
        assert_eq!(set.poll_from(start), start.plus_millis(-60_500));
        let later = start.plus_millis(3_600_000);
        assert_eq!(set.poll_from(later), later.plus_millis(-MEMORY), "never more than still matters");
        set.load(revoked(start.plus_millis(600_000)), Vec::new(), start);
        assert_eq!(set.poll_from(start), start.plus_millis(-60_000), "one from the future hides none");
        let woken = start.plus_millis(100_000);
        assert_eq!(set.poll_from(woken), start.plus_millis(-60_000), "nor what a sleeping process missed");
        let back = start.plus_millis(-1);
        assert_eq!(set.poll_from(back), back.plus_millis(-MEMORY), "the clock was set back");
        set.load(Vec::new(), Vec::new(), back);
        assert_eq!(set.poll_from(back), back.plus_millis(-60_000), "and the store was asked since");
    }
}
