//! The facts that a [`TokenStore`] has to make true, for whoever implements one for another database (feature
//! `conformance`, for tests).
//!
//! ```
//! use cookiejwt_store::{MemoryStore, conformance};
//!
//! // As a test: #[tokio::test(flavor = "multi_thread")]
//! # #[tokio::main(flavor = "multi_thread", worker_threads = 2)]
//! async fn main() {
//!     // Yours connects to an empty database here.
//!     conformance::check(|| async { MemoryStore::new() }).await;
//! }
//! ```
//!
//! * [`check`] runs all of them, and says which do not hold.
//! * [`facts`] lists them, so that a harness makes one test of each.
//! * [`samples`] has the rows and requests that they are made of, for tests of your own.
//!
//! Use a runtime of several threads and a pool of several connections: much of what can go wrong goes wrong only when
//! two come at once. Run the suite at every isolation level that your database offers.
//!
//! Everything happens in the year 2100, so that a database that deletes rows at their end (the `EXPIREAT` of Redis) keeps
//! them long enough.

#[cfg(test)]
mod broken;
mod driver;
mod listing;
mod logins;
mod purge;
mod racing;
mod revocation;
mod rotation;
mod rows;
pub mod samples;
mod shared;
mod throttle;

use std::{any::Any, fmt, future::Future};

use self::shared::Shared;
use crate::{TokenStore, token_store::BoxFuture};

/// Something that holds for every [`TokenStore`].
#[derive(Clone, Copy)]
pub struct Fact {
    name: &'static str,
    proves: &'static str,
    run: fn(Shared) -> BoxFuture<'static, ()>,
}

impl Fact {
    /// What holds, as one word: the name for a test.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it proves, and which attack or fault it keeps away.
    pub const fn proves(&self) -> &'static str {
        self.proves
    }

    /// Tries it on a store without any session.
    ///
    /// # Panics
    ///
    /// With the name of the fact when it does not hold.
    pub async fn run(&self, store: impl TokenStore) {
        if let Err(fault) = self.fault(store).await {
            panic!("{fault}");
        }
    }

    /// In a task of its own, so that its panic can be told by name.
    async fn fault(&self, store: impl TokenStore) -> Result<(), String> {
        let joined = tokio::spawn((self.run)(Shared::new(store))).await;
        joined.map_err(|error| {
            let panic = error.into_panic();
            format!("{} does not hold: {}\n  {}", self.name, said(&*panic), self.proves)
        })
    }
}

impl fmt::Debug for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fact").field("name", &self.name).field("proves", &self.proves).finish_non_exhaustive()
    }
}

/// Every fact, in the order of the methods of [`TokenStore`].
pub const fn facts() -> &'static [Fact] {
    FACTS
}

/// Tries every fact, each on a store of its own: `fresh` gives one without any session.
///
/// # Panics
///
/// When a fact does not hold; the message names each that does not.
pub async fn check<S, F>(fresh: impl Fn() -> F)
where
    S: TokenStore,
    F: Future<Output = S>,
{
    let mut faults = Vec::new();
    for fact in facts() {
        faults.extend(fact.fault(fresh().await).await.err());
    }
    let count = faults.len();
    assert!(faults.is_empty(), "{count} of {} facts do not hold:\n{}", FACTS.len(), faults.join("\n"));
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked")
}

macro_rules! facts {
    ($($module:ident::$name:ident: $proves:literal,)*) => {
        const FACTS: &[Fact] = &[$(
            Fact { name: stringify!($name), proves: $proves, run: |store| Box::pin($module::$name(store)) },
        )*];
    };
}

facts! {
    rows::every_field_comes_back:
        "What was written is read, field by field: the core decides on nothing else.",
    rows::the_longest_values_come_back:
        "A value that is cut is another one: two users whose names begin alike would share their sessions.",
    rows::times_far_away_come_back:
        "Times are 64-bit milliseconds: no date type of the database rounds them, moves them or ends in 2038.",
    rows::a_duplicate_is_an_error_and_changes_nothing:
        "An id that exists already is an error: an upsert would hand one user's session to another.",
    rows::an_unknown_session_is_no_error_and_makes_no_row:
        "A session that is not there is an answer, not a failure, and is not made by asking for it.",
    rows::ids_compare_byte_for_byte:
        "Sessions whose ids look alike are two: a collation that folds them revokes or rotates the wrong one.",
    rows::subjects_compare_byte_for_byte:
        "Users whose names look alike are two: `bob` neither sees nor ends the sessions of `Bob`.",
    rows::token_ids_compare_byte_for_byte:
        "Only the current refresh token rotates: one that looks like it is a used-up or a forged one.",
    rotation::rotating_changes_exactly_what_it_says:
        "A rotation writes six fields of one row, so that neither the absolute end nor another session moves.",
    rotation::every_part_of_the_condition_counts:
        "Each part of the condition refuses by itself, and the row comes back as it stands, to be judged.",
    rotation::the_condition_is_exactly_the_documented_one:
        "Every combination at its boundary: a session rotates once per leeway, and never at or past an end.",
    rotation::a_revoked_session_never_rotates:
        "A refresh token of a revoked session is worth nothing, however often it is presented.",
    rotation::fifty_rotations_at_once_are_one:
        "One statement decides: of many who present one token, one rotates, and the others see what he wrote. Two \
         winners would be two sessions, one of them a thief's.",
    rotation::fifty_sessions_rotate_at_once:
        "Sessions do not hinder each other: a conflict inside the database is not a failure for the user.",
    revocation::revoking_is_idempotent_and_the_first_reason_stays:
        "A revocation counts once, and the log tells the reason that ended the session, not the last one given.",
    revocation::fifty_revocations_at_once_are_one:
        "Of many who revoke a session, one hears that it was alive, and it is his time and reason that stand.",
    revocation::a_revoked_session_never_comes_back:
        "Nothing that a store can be asked for revives a revoked session or deletes its row before its end.",
    revocation::revoke_subject_names_exactly_the_living:
        "Each session that was ended is named, so that its access tokens die on this node at once, and no other.",
    revocation::revoke_subjects_at_once_share_the_sessions:
        "Of two who end all sessions of a user, each names those that he ended: together all of them, none twice.",
    revocation::revoked_since_has_an_inclusive_boundary:
        "The feed misses no revocation of the millisecond it asks from, and tells each with its reason and time.",
    revocation::revoked_since_sees_a_revocation_at_once:
        "Whoever asks after a revocation has been answered hears of it: else its access tokens live on elsewhere.",
    listing::sessions_of_lists_exactly_the_living:
        "The list shows a user his own living sessions, and the limit counts nothing else.",
    listing::sessions_of_lists_the_newest_first:
        "By creation, then by the bytes of the id: all nodes agree which sessions are the oldest, and end the same.",
    purge::purge_deletes_exactly_what_has_ended:
        "A row goes at its absolute end, not earlier: a late reuse of a revoked session is still seen as one.",
    purge::purge_deletes_at_most_its_limit:
        "Batches hold no lock for long; the count is that of the rows, so that the caller knows when to stop.",
    purge::purges_at_once_delete_each_row_once:
        "Every node purges: they neither fail nor count a row twice, and nothing else is lost.",
    purge::purge_harms_nobody_who_works:
        "Logins, rotations and revocations beside a purge happen as without it.",
    throttle::a_bucket_takes_its_burst_then_one_try_per_interval:
        "Of guessed passwords so many are checked and no more, at exactly the documented moments.",
    throttle::buckets_compare_byte_for_byte:
        "Buckets whose names look alike are two: else an honest user waits because a stranger was guessed at.",
    throttle::a_refund_makes_room_for_what_it_takes_back:
        "A right password costs its owner nothing, and takes back no try of anybody else.",
    throttle::fifty_tries_at_once_pass_exactly_the_burst:
        "One statement decides: guesses that come at once pass no more often than one after the other.",
    throttle::purge_throttle_deletes_exactly_what_is_empty:
        "A bucket goes when it says the same as none: earlier, and the guesses in it would be forgotten.",
    racing::a_write_is_seen_at_once_by_everybody:
        "Reads see the latest committed row: one that lags behind shows a used-up token, an honest user as a thief.",
    racing::a_rotation_never_resurrects_a_revoked_session:
        "A logout during a refresh ends the session, whichever comes first.",
    racing::revoke_subject_misses_no_rotating_session:
        "Who ends all sessions of a user ends those too that are being refreshed at this moment.",
    racing::everything_at_once_fails_nobody:
        "Deadlocks and conflicts are the store's affair: it tries again, and each session is ended once, by one who \
         hears of it.",
    logins::fifty_logins_at_once_are_fifty_rows:
        "No login is lost because of others at the same time.",
    logins::logins_with_one_id_at_once_are_one:
        "The id is unique also when two come at once: the second is an error and changes nothing.",
    logins::a_login_during_revoke_subject_is_named_or_lives:
        "A session that begins meanwhile either lives, or is ended and named: never ended without being named.",
    logins::the_last_of_many_logins_sees_them_all:
        "Who logs in last counts every session, so that the limit holds.",
    driver::fifty_requests_rotate_once:
        "The driver over this store: all tabs that wake up together get the same successor, and nobody is logged out.",
    driver::the_limit_of_sessions_holds_when_logins_race:
        "The driver over this store: however many log in at once, the newest sessions remain, as many as allowed.",
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::facts;

    #[test]
    fn names_are_unique_and_sentences_are_sentences() {
        let names: HashSet<_> = facts().iter().map(super::Fact::name).collect();
        assert_eq!(names.len(), facts().len());
        for fact in facts() {
            assert!(fact.proves().ends_with('.'), "{fact:?}");
        }
    }
}
