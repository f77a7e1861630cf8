//! What this node tells the services that only verify: the sessions that have ended or were renewed
//! while an access token of them can still be valid.

use std::time::Duration;

use cookiejwt_core::{
    driver::Revocations,
    fault::MintError,
    store::{RevocationReason, Timestamp},
};

use super::{
    part::Sessions,
    revoked::{Known, RevokedSet},
};

/// What another node of the issuer has told is told once more: it may have learned of something
/// later, or its clock may be ahead.
const OVERLAP_MILLIS: i64 = 60_000;

/// Why there is no list at this moment.
#[derive(Debug)]
pub(crate) enum NoList {
    /// This node does not know what other nodes revoke.
    Stale,
    /// It cannot be signed.
    Unsigned(MintError),
}

impl Sessions {
    /// The list for a service that has read everything up to this cursor, as soon as there is
    /// something new or this time has passed.
    pub(crate) async fn published(&self, since: Option<&str>, wait: Duration) -> Result<String, NoList> {
        self.wait_for_news(since.and_then(read), wait).await;
        if !self.has_caught_up().await || self.0.revoked.is_stale() {
            return Err(NoList::Stale);
        }
        let now = self.0.runtime.timestamp();
        let list = list(&self.0.revoked, since, now);
        self.0.keys.core().mint_revocations(list, now).map_err(NoList::Unsigned)
    }

    /// Ends at once for a first question.
    async fn wait_for_news(&self, since: Option<Timestamp>, wait: Duration) {
        let Some(since) = since.filter(|_| !wait.is_zero()) else { return };
        let mut news = self.0.revoked.news();
        let arrived = async {
            loop {
                let now = self.0.runtime.timestamp();
                let (is_new, begins_at) = news_since(&self.0.revoked, since, now);
                if is_new {
                    return;
                }
                let begins = begins_at.map_or(wait, |at| until(at, now));
                // Without a sender nothing can become known; the limit below ends the wait.
                let _ = tokio::time::timeout(begins, news.changed()).await;
            }
        };
        let _ = tokio::time::timeout(wait, arrived).await;
    }
}

/// Whether something has begun to count since then, and when something will.
fn news_since(set: &RevokedSet, since: Timestamp, now: Timestamp) -> (bool, Option<Timestamp>) {
    let (mut is_new, mut begins_at) = (false, None::<Timestamp>);
    set.visit(|_, _, from| {
        is_new |= from >= since && from <= now;
        if from > now {
            begins_at = Some(begins_at.map_or(from, |at| at.min(from)));
        }
    });
    (is_new, begins_at)
}

fn until(at: Timestamp, now: Timestamp) -> Duration {
    let millis = at.as_millis().saturating_sub(now.as_millis()).max(1);
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

/// A cursor that this node or another one has made: milliseconds. Any other text is that of a
/// client that has read nothing yet.
fn read(cursor: &str) -> Option<Timestamp> {
    cursor.parse().ok().map(Timestamp::from_millis)
}

fn list(set: &RevokedSet, since: Option<&str>, now: Timestamp) -> Revocations {
    let from = since
        .and_then(read)
        .map_or(Timestamp::from_millis(i64::MIN), |cursor| cursor.min(now).plus_millis(-OVERLAP_MILLIS));
    let mut known = Vec::new();
    set.visit(|id, what, counts_from| {
        if counts_from >= from && counts_from <= now {
            known.push((counts_from, id.clone(), what));
        }
    });
    // The newest first, so that those that are too many are the oldest.
    known.sort_unstable_by(|one, other| (other.0, &other.1).cmp(&(one.0, &one.1)));
    let before = known.get(Revocations::MOST).map(|(first_too_many, ..)| *first_too_many);
    known.truncate(Revocations::MOST);
    let next = now.as_millis().to_string();
    let mut list = Revocations { since: since.map(str::to_owned), next, before, ..Revocations::default() };
    for (_, id, what) in known {
        match what {
            Known::Ended(reason) => list.revoked.push((id, published_reason(reason))),
            Known::Renewed(version) => list.renewed.push((id, version)),
        }
    }
    list
}

/// A session that was superseded is listed when it has ended, so a client need not know when.
const fn published_reason(reason: RevocationReason) -> RevocationReason {
    match reason {
        RevocationReason::Superseded => RevocationReason::Replaced,
        reason => reason,
    }
}

#[cfg(test)]
mod tests {
    use cookiejwt_core::SessionId;

    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_000_000);

    fn at(second: i64) -> Timestamp {
        START.plus_millis(second * 1000)
    }

    fn set() -> RevokedSet {
        RevokedSet::remembering(310)
    }

    fn ids(list: &Revocations) -> Vec<&str> {
        let mut ids: Vec<_> = list.revoked.iter().map(|(id, _)| id.as_str()).collect();
        ids.extend(list.renewed.iter().map(|(id, _)| id.as_str()));
        ids.sort_unstable();
        ids
    }

    #[test]
    fn what_is_listed_for_whom() {
        let set = set();
        set.insert("old".into(), RevocationReason::Logout, at(0));
        set.insert_version("renewed".into(), 2, at(50));
        set.insert("new".into(), RevocationReason::Reuse, at(100));
        set.insert_from("later".into(), RevocationReason::Superseded, at(160), at(100));
        let cursor = |second: i64| at(second).as_millis().to_string();
        for (rule, since, now, expected) in [
            ("a first question", None, 100, &["new", "old", "renewed"][..]),
            ("an overlap", Some(cursor(100)), 100, &["new", "renewed"]),
            ("its boundary", Some(cursor(60)), 100, &["new", "old", "renewed"]),
            ("behind it", Some(cursor(61)), 100, &["new", "renewed"]),
            ("nothing new", Some(cursor(161)), 159, &["new"]),
            ("superseded, at its end", Some(cursor(160)), 160, &["later", "new"]),
            ("a cursor of a clock that is ahead", Some(cursor(9999)), 100, &["new", "renewed"]),
            ("no cursor", Some("x".into()), 100, &["new", "old", "renewed"]),
        ] {
            let list = list(&set, since.as_deref(), at(now));
            assert_eq!(ids(&list), expected, "{rule}");
            assert_eq!((list.since, list.next), (since, cursor(now)), "{rule}");
            assert_eq!(list.before, None, "{rule}");
        }
        let reasons = list(&set, None, at(200)).revoked;
        assert!(reasons.contains(&("later".into(), RevocationReason::Replaced)));
    }

    #[test]
    fn too_many_are_one_instant_and_the_newest() {
        let set = set();
        let most = i64::try_from(Revocations::MOST).unwrap();
        for number in 0..most + 2 {
            let id = SessionId::from(number.to_string());
            set.insert(id, RevocationReason::Administrator, START.plus_millis(number));
        }
        let list = list(&set, None, at(10));
        assert_eq!(list.revoked.len(), Revocations::MOST);
        assert_eq!(list.before, Some(START.plus_millis(1)), "the newest that is not listed");
        assert!(!ids(&list).contains(&"1") && ids(&list).contains(&"2"));
    }

    #[test]
    fn what_counts_as_news() {
        let set = set();
        let news = |since, now| news_since(&set, at(since), at(now));
        assert_eq!(news(0, 10), (false, None));
        set.insert("a".into(), RevocationReason::Logout, at(5));
        assert_eq!(news(5, 10), (true, None), "in the very moment of the cursor");
        assert_eq!(news(6, 10), (false, None));
        set.insert_from("b".into(), RevocationReason::Superseded, at(60), at(7));
        assert_eq!(news(6, 10), (false, Some(at(60))), "it still authenticates");
        assert_eq!(news(6, 60), (true, None));
    }
}
