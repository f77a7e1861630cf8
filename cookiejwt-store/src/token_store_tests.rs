//! The tests that every [`TokenStore`] has to pass, for implementations for another database
//! (feature `conformance`).
//!
//! ```
//! use cookiejwt_store::{MemoryStore, conformance};
//!
//! // As a test: #[tokio::test(flavor = "multi_thread")]
//! # #[tokio::main(flavor = "multi_thread", worker_threads = 2)]
//! async fn main() {
//!     // Here, return your own store on an empty database.
//!     conformance::check(|| async { MemoryStore::new() }).await;
//! }
//! ```
//!
//! * [`check`] runs all of them and reports each that fails.
//! * [`facts`] returns them as a list, for a test harness that reports each one separately.
//! * [`samples`] contains the rows and requests that they use, for your own tests.
//!
//! Use a runtime of several threads and a pool of several connections: many faults appear only when
//! two requests arrive at the same time. Run the suite at every isolation level that your database
//! offers.
//!
//! A store that [keeps no devices](TokenStore::keeps_devices) is not asked to bind a session, and
//! its rows have no key.
//!
//! All facts except the one about the clock use times in the year 2100, so that a database that
//! deletes expired rows (the `EXPIREAT` of Redis) does not delete them during the test.

mod binding;
#[cfg(test)]
mod broken;
mod clock;
mod crossing;
mod devices;
mod driver;
mod ends;
mod everybody;
mod late;
mod listing;
mod logins;
mod purge;
mod racing;
mod realms;
mod receipts;
mod renewal;
mod revocation;
mod rotation;
mod rows;
pub mod samples;
mod shared;
mod spent;
mod superseded;
mod throttle;

use std::{any::Any, fmt, future::Future};

use self::shared::Shared;
use crate::stores::{BoxFuture, TokenStore};

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

    /// In a separate task, so that its panic can be reported by name.
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

/// Tries every fact, each on a separate store: `fresh` returns one without any session.
///
/// # Panics
/// If a fact does not hold; the message lists each that does not.
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
        "Every field is read back as it was written: the core decides on nothing else.",
    rows::the_longest_values_come_back:
        "Long values are not truncated: two users whose ids have the same beginning would share their sessions.",
    rows::times_far_away_come_back:
        "Times are 64-bit milliseconds: no date type of the database rounds them, shifts them or ends in 2038.",
    rows::a_duplicate_is_an_error_and_changes_nothing:
        "An id that exists already is an error: an upsert would hand one user's session to another.",
    rows::an_unknown_session_is_no_error_and_makes_no_row:
        "A missing session is a result, not an error, and reading it creates no row.",
    rows::ids_compare_byte_for_byte:
        "Session ids that differ only in case are different: a collation that folds them revokes or rotates the wrong \
         session.",
    rows::subjects_compare_byte_for_byte:
        "Subjects that differ only in case are different: `bob` neither sees nor ends the sessions of `Bob`.",
    rows::token_ids_compare_byte_for_byte:
        "Only the current refresh token and its parent count: an id that differs in one byte is used up or forged.",
    realms::one_subject_in_two_realms_is_two_people:
        "User 1 of one table neither sees nor ends the sessions of user 1 of another.",
    realms::a_token_of_another_realm_changes_nothing:
        "A refresh token works in its own realm only: another user table's authenticator cannot rotate it.",
    realms::realms_compare_byte_for_byte:
        "Realms that differ only in case are different: a collation that folds them turns customers into staff.",
    rotation::rotating_changes_exactly_what_it_says:
        "A rotation writes eight fields of one row: it changes neither the absolute end nor another session.",
    rotation::every_part_of_the_condition_counts:
        "Each part of the condition prevents a rotation on its own, and the unchanged row is returned for the core to \
         judge.",
    rotation::the_condition_is_exactly_the_documented_one:
        "Every combination at its boundary: a session rotates once per leeway, and never at or past an end.",
    rotation::a_successor_rotates_once_it_is_received_or_a_leeway_later:
        "A refresh token that was not presented yet waits one leeway longer: a response that is still on its way must \
         not put a grandparent into the cookie jar.",
    rotation::a_revoked_session_never_rotates:
        "A refresh token of a revoked session is useless, however often it is presented.",
    rotation::fifty_rotations_at_once_are_one:
        "One statement decides: of many requests with one token, one rotates, and the others see what it wrote. Two \
         rotations would make two sessions, one of them a thief's.",
    rotation::fifty_sessions_rotate_at_once:
        "Sessions do not block each other: a conflict inside the database is not a failure for the user.",
    late::a_late_answer_changes_exactly_what_it_says:
        "A lost response is sent again and changes one time of one row: neither an end nor the refresh token.",
    late::every_part_of_a_late_answer_counts:
        "Each part of the condition prevents it on its own: a parent whose successor was received proves that there are \
         two copies.",
    late::a_late_answer_is_exactly_the_documented_one:
        "Every combination at its boundary: a session that has rotated again, was revoked or has ended returns nothing.",
    late::the_parent_is_never_answered_for_a_shorter_time:
        "The later time wins, in any order: otherwise an honest tab would count as a thief earlier than promised. A row \
         that already has the later time counts as changed.",
    late::replacing_changes_exactly_what_it_says:
        "A successor that was never presented is replaced under the same parent and with the same ends: nothing is \
         extended.",
    late::every_part_of_a_replacement_counts:
        "Each part of the condition prevents it on its own: while the response may be on its way, its token is not \
         replaced.",
    late::a_replacement_is_exactly_the_documented_one:
        "Every combination at its boundary: any earlier, and an honest client would hold a token that was replaced.",
    late::fifty_replacements_at_once_are_one:
        "One statement decides: all tabs that present the parent again get one successor, and the session does not \
         fork.",
    late::a_replaced_token_is_worth_nothing:
        "A client that presents the replaced token is not the owner, who never received it.",
    binding::binding_changes_exactly_what_it_says:
        "A binding writes the key of one row, once: a thief cannot replace it, and nothing else changes.",
    binding::a_binding_is_exactly_the_documented_one:
        "Every combination at its boundary: only a live, unbound session of its own realm is bound.",
    binding::device_keys_compare_byte_for_byte:
        "Keys that look alike are different: otherwise the key of another device would renew the session.",
    binding::the_key_of_a_device_stays:
        "Whatever else happens to a session, it stays bound, and every read returns the key.",
    binding::fifty_bindings_at_once_are_one:
        "One statement decides: of many devices with one challenge, one is bound, and the others see which.",
    binding::a_binding_and_a_rotation_undo_nothing_of_each_other:
        "A session that is refreshed while it is bound keeps the key, and the refresh token of its rotation.",
    devices::only_its_device_rotates_a_bound_session:
        "Each part of the condition prevents a rotation on its own: a stolen refresh token alone renews nothing.",
    devices::a_bound_rotation_is_exactly_the_documented_one:
        "Every combination at its boundary, with and without a device.",
    devices::a_challenge_rotates_once:
        "A proof that was copied renews nothing: the session has rotated since its challenge.",
    devices::a_bound_session_is_never_answered_late:
        "The parent of a bound session gets no refresh token: only a proof does.",
    receipts::a_slow_answer_changes_exactly_what_it_says:
        "A response that is sent late changes one time of one row, however many are sent.",
    receipts::a_slow_answer_is_exactly_the_documented_one:
        "Every combination at its boundary: a response that is older than the cookies of the client must not reach the \
         jar.",
    receipts::a_receipt_is_exactly_the_documented_one:
        "Every combination, in one call: only the current refresh token of a live session that has rotated is marked as \
         received.",
    receipts::a_receipt_counts_once:
        "The first time stays: writing it again would accept the parent for longer.",
    receipts::a_receipt_counts_for_its_own_session:
        "Each pair of session and token counts separately: no session is marked as received by the token of another.",
    receipts::a_thousand_receipts_are_one_call:
        "A busy node writes its receipts in one call, including duplicates, used-up tokens and sessions that are gone.",
    receipts::receipts_at_once_count_each_session_once:
        "Every node writes its receipts, in any order: none fails, and each session is marked as received once.",
    revocation::revoking_is_idempotent_and_the_first_reason_stays:
        "A revocation counts once, and its reason is the one that ended the session, not the last one given.",
    revocation::fifty_revocations_at_once_are_one:
        "Of many calls that revoke a session, one learns that it was alive, and its time and reason are kept.",
    revocation::a_revoked_session_never_comes_back:
        "No method of the store revives a revoked session or deletes its row before its end.",
    revocation::revoke_subject_names_exactly_the_living:
        "Each session that was ended is returned, and no other, so that its access tokens are refused on this node at \
         once.",
    revocation::revoke_subjects_at_once_share_the_sessions:
        "If two calls end all sessions of a user, each returns those that it ended: together all of them, none twice.",
    everybody::revoke_realm_ends_exactly_the_open_sessions_of_the_realm:
        "Every session of one user table ends with its time and reason, none of another, and what ended before stays.",
    everybody::revoke_realm_keeps_the_idle_out_of_the_feed:
        "The feed carries what a node needs to know and nothing else, exactly at its boundary.",
    everybody::revoke_realm_goes_on_where_it_stopped:
        "Batches hold no lock for long, and together they miss no session, however many there are.",
    everybody::revoke_realm_misses_no_rotating_session:
        "Ending all sessions also ends those that are being refreshed at that moment, and the feed reports them.",
    revocation::revoked_since_has_an_inclusive_boundary:
        "The feed misses no revocation in the millisecond it starts from, and returns each with its reason and time.",
    revocation::revoked_since_sees_a_revocation_at_once:
        "A read that starts after a revocation has returned sees it: otherwise access tokens stay valid on other nodes.",
    superseded::a_superseded_session_can_be_brought_forward:
        "A session that a fresh login has superseded ends when the new one is presented, and never later than planned.",
    superseded::every_other_reason_stays_with_its_time:
        "The time and reason that ended a session are not overwritten, even if another node's clock was ahead.",
    superseded::a_superseded_session_is_told_and_not_listed:
        "The feed contains it before its time, and the list does not show one device twice.",
    superseded::revoke_subject_ends_a_superseded_session_at_once:
        "Ending all sessions of a user also ends those that had a minute left.",
    superseded::fifty_who_bring_it_forward_are_one:
        "Every node that sees the new session ends the old one: one learns that it did, and its time and reason are \
         kept.",
    superseded::a_revoked_session_is_changed_by_nothing:
        "Whatever the reason and its time, no rotation, late response, binding, slow response or receipt changes the \
         row.",
    renewal::renewing_changes_exactly_the_active_sessions_of_the_user:
        "Access tokens with old roles die in every session that may have one, and in no session of another user.",
    renewal::renewals_at_once_all_count:
        "The database adds to the version: of two administrators at the same moment, neither's change is lost.",
    renewal::renewed_since_has_an_inclusive_boundary:
        "The feed misses no renewal in the millisecond it starts from, and returns each with its version.",
    renewal::nothing_else_moves_a_version:
        "A refresh must not make old roles look new, and no user is logged out by a renewal.",
    renewal::a_renewal_and_a_rotation_undo_nothing_of_each_other:
        "A session that is being refreshed while its roles change keeps both: the new refresh token and the new version.",
    listing::sessions_of_lists_exactly_the_living:
        "The list shows users their own live sessions, and the session limit counts nothing else.",
    listing::sessions_of_lists_the_newest_first:
        "Sorted by creation, then by the bytes of the id: all nodes agree which sessions are the oldest, and end the \
         same ones.",
    ends::ends_of_says_what_the_rows_say:
        "A socket is closed exactly when its session has ended, for the right reason: both ends and each revocation are \
         read back, and a session without a row is left out.",
    ends::ends_of_a_thousand_is_one_call:
        "All sockets of a node are asked about in one call: one that is left out would be closed.",
    ends::ends_of_sees_each_change_at_once:
        "A session that was refreshed elsewhere continues, and one that was ended elsewhere ends: no replica lags.",
    purge::purge_deletes_exactly_what_has_ended:
        "A row is deleted at its idle end, not earlier: late reuse of a revoked session is still recognized.",
    purge::purge_deletes_at_most_its_limit:
        "Batches hold no lock for long; the count is that of the deleted rows, so that the caller knows when to stop.",
    purge::purges_at_once_delete_each_row_once:
        "Every node purges: no call fails or counts a row twice, and no other row is lost.",
    purge::purge_harms_nobody_who_works:
        "Logins, rotations and revocations during a purge have the same results as without it.",
    spent::what_is_spent_is_spent_once:
        "A link or a code counts once, and presenting it again does not make the store forget it earlier.",
    spent::spent_names_compare_byte_for_byte:
        "Names that look alike are different: otherwise the link of one user would spend that of another.",
    spent::of_fifty_who_spend_at_once_one_wins:
        "One statement decides: of many requests with one code, one succeeds. Two would be a replay.",
    spent::fifty_who_spend_different_names_all_win:
        "Logins do not block each other: a conflict inside the database is not a failure for the user.",
    spent::purge_spent_deletes_exactly_what_is_over:
        "A name is free again only when nothing with that name is accepted any more; otherwise it could be replayed.",
    spent::purge_spent_deletes_at_most_its_limit:
        "Batches hold no lock for long; the count is that of the deleted rows, so that the caller knows when to stop.",
    clock::the_clock_is_utc_in_milliseconds:
        "A store with a clock returns the database's time in UTC, not in its time zone: nodes compare their clocks with \
         it.",
    throttle::a_bucket_fills_with_each_charge_and_drains_with_time:
        "Exactly as many wrong passwords are checked as documented, at exactly the documented times.",
    throttle::debt_ends_at_one_capacity:
        "What several nodes checked at the same moment delays later attempts, so the rate holds over time, and no user \
         waits for hours.",
    throttle::levels_come_in_the_order_of_the_question:
        "The level of one bucket is never returned for another, and a missing bucket is empty.",
    throttle::buckets_compare_byte_for_byte:
        "Bucket ids that differ only in case are different: otherwise a user waits because of guesses at another \
         account.",
    throttle::fifty_charges_at_once_all_count:
        "One statement counts: simultaneous guesses count as often as guesses in sequence.",
    throttle::purge_throttle_deletes_exactly_what_is_empty:
        "A bucket is deleted when it is empty: any earlier, and the guesses in it would be forgotten.",
    racing::a_write_is_seen_at_once_by_everybody:
        "Reads see the latest committed row: a read that lags returns a used-up token and makes an honest user look \
         like a thief.",
    racing::a_rotation_never_resurrects_a_revoked_session:
        "A logout during a refresh ends the session, whichever comes first.",
    racing::revoke_subject_misses_no_rotating_session:
        "Ending all sessions of a user also ends those that are being refreshed at the same moment.",
    crossing::rotations_late_answers_and_replacements_exclude_each_other:
        "If a parent and its successor are presented at the same time, they get one refresh token: two would fork the \
         session, and then count as theft.",
    crossing::a_receipt_and_a_replacement_exclude_each_other:
        "A token that was received is never replaced, and a token that was replaced is never received.",
    crossing::a_receipt_is_not_lost_among_answers:
        "Late and slow responses write only their own field: losing a receipt would hide a theft.",
    crossing::nothing_undoes_a_revocation_at_the_same_time:
        "A logout during any of the six changes ends the session, whichever comes first.",
    racing::everything_at_once_fails_nobody:
        "Deadlocks and conflicts are handled by the store: it tries again, and each session is ended once, by one call \
         that learns of it.",
    logins::fifty_logins_at_once_are_fifty_rows:
        "No login is lost because of others at the same time.",
    logins::logins_with_one_id_at_once_are_one:
        "The id is unique even if two logins use it at the same time: the second is an error and changes nothing.",
    logins::a_login_during_revoke_subject_is_named_or_lives:
        "A session that starts meanwhile either stays alive, or is ended and returned: never ended without being \
         returned.",
    logins::the_last_of_many_logins_sees_them_all:
        "The last login sees every session, so that the limit holds.",
    driver::fifty_requests_rotate_once:
        "The driver over this store: all tabs that wake up together get the same successor, and no user is logged out.",
    driver::two_realms_are_two_user_tables:
        "The driver over this store: customers and staff with the same ids have separate sessions, in the list, the \
         limit and the logout everywhere.",
    driver::acting_ends_with_the_session_of_the_actor:
        "The driver over this store: a session in which another user acts ends with the session of that user, who comes \
         back with the proofs that the row contains.",
    driver::the_limit_of_sessions_holds_when_logins_race:
        "The driver over this store: however many logins happen at the same time, the newest sessions remain, as many \
         as allowed.",
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
