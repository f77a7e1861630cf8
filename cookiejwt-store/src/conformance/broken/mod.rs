//! The suite itself can fail: each fact finds a fault.

mod store;
mod throttle;

use std::collections::HashSet;

use self::store::Broken;
use super::{Fact, check, facts};
use crate::MemoryStore;

/// What a store can get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    NeverPurges,
    ForgetsTheAddress,
    CutsTheSubject,
    CountsTo2038,
    KeepsSeconds,
    Upserts,
    RevokesTheUnknown,
    IdsFoldCase,
    SubjectsArePadded,
    TokensFoldCase,
    RotationIsUnseen,
    IgnoresTheAbsoluteEnd,
    RotatesTheParent,
    RipensTooLate,
    RotatesTheRevoked,
    RotatesInTwoSteps,
    LosersSeeTheirSnapshot,
    FailsAtOnce,
    LastReasonStays,
    RevokesInTwoSteps,
    RevokedIdsAreFree,
    NamesNobody,
    NamesBeforeItMarks,
    SkipsWhatHasChanged,
    FeedBoundaryIsExclusive,
    FeedLagsBehind,
    ListsTheIdle,
    ListsTheOldestFirst,
    ListsByDictionary,
    ListLagsBehind,
    PurgesTheRevoked,
    PurgesTheIdle,
    PurgesWithoutLimit,
    PurgeCountsWhatItRead,
    PurgeRewritesTheTable,
    ReadsFromAReplica,
    RotationWritesTheWholeRow,
    CreatesFromASnapshot,
    CreatesInTwoSteps,
    CountsTheRefused,
    BucketsFoldCase,
    NeverRefunds,
    CountsInTwoSteps,
    PurgesFullBuckets,
}

/// Each fault with a fact that has to find it; others may find it too.
const CAUGHT: [(Fault, &str); 49] = [
    (Fault::ForgetsTheAddress, "every_field_comes_back"),
    (Fault::CutsTheSubject, "the_longest_values_come_back"),
    (Fault::CountsTo2038, "times_far_away_come_back"),
    (Fault::KeepsSeconds, "times_far_away_come_back"),
    (Fault::Upserts, "a_duplicate_is_an_error_and_changes_nothing"),
    (Fault::RevokesTheUnknown, "an_unknown_session_is_no_error_and_makes_no_row"),
    (Fault::IdsFoldCase, "ids_compare_byte_for_byte"),
    (Fault::SubjectsArePadded, "subjects_compare_byte_for_byte"),
    (Fault::TokensFoldCase, "token_ids_compare_byte_for_byte"),
    (Fault::RotationIsUnseen, "rotating_changes_exactly_what_it_says"),
    (Fault::IgnoresTheAbsoluteEnd, "every_part_of_the_condition_counts"),
    (Fault::RotatesTheParent, "every_part_of_the_condition_counts"),
    (Fault::RipensTooLate, "the_condition_is_exactly_the_documented_one"),
    (Fault::RotatesTheRevoked, "a_revoked_session_never_rotates"),
    (Fault::RotatesInTwoSteps, "fifty_rotations_at_once_are_one"),
    (Fault::LosersSeeTheirSnapshot, "fifty_rotations_at_once_are_one"),
    (Fault::FailsAtOnce, "fifty_sessions_rotate_at_once"),
    (Fault::LastReasonStays, "revoking_is_idempotent_and_the_first_reason_stays"),
    (Fault::RevokesInTwoSteps, "fifty_revocations_at_once_are_one"),
    (Fault::RevokedIdsAreFree, "a_revoked_session_never_comes_back"),
    (Fault::PurgesTheRevoked, "a_revoked_session_never_comes_back"),
    (Fault::NamesNobody, "revoke_subject_names_exactly_the_living"),
    (Fault::NamesBeforeItMarks, "revoke_subjects_at_once_share_the_sessions"),
    (Fault::NamesBeforeItMarks, "a_login_during_revoke_subject_is_named_or_lives"),
    (Fault::FeedBoundaryIsExclusive, "revoked_since_has_an_inclusive_boundary"),
    (Fault::FeedLagsBehind, "revoked_since_sees_a_revocation_at_once"),
    (Fault::ListsTheIdle, "sessions_of_lists_exactly_the_living"),
    (Fault::ListsTheOldestFirst, "sessions_of_lists_the_newest_first"),
    (Fault::ListsByDictionary, "sessions_of_lists_the_newest_first"),
    (Fault::PurgesTheRevoked, "purge_deletes_exactly_what_has_ended"),
    (Fault::PurgesTheIdle, "purge_deletes_exactly_what_has_ended"),
    (Fault::PurgesWithoutLimit, "purge_deletes_at_most_its_limit"),
    (Fault::PurgeCountsWhatItRead, "purges_at_once_delete_each_row_once"),
    (Fault::PurgeRewritesTheTable, "purge_harms_nobody_who_works"),
    (Fault::ReadsFromAReplica, "a_write_is_seen_at_once_by_everybody"),
    (Fault::RotationWritesTheWholeRow, "a_rotation_never_resurrects_a_revoked_session"),
    (Fault::SkipsWhatHasChanged, "revoke_subject_misses_no_rotating_session"),
    (Fault::FailsAtOnce, "everything_at_once_fails_nobody"),
    (Fault::CreatesFromASnapshot, "fifty_logins_at_once_are_fifty_rows"),
    (Fault::CreatesInTwoSteps, "logins_with_one_id_at_once_are_one"),
    (Fault::ListLagsBehind, "the_last_of_many_logins_sees_them_all"),
    (Fault::CountsTheRefused, "a_bucket_takes_its_burst_then_one_try_per_interval"),
    (Fault::BucketsFoldCase, "buckets_compare_byte_for_byte"),
    (Fault::NeverRefunds, "a_refund_makes_room_for_what_it_takes_back"),
    (Fault::CountsInTwoSteps, "fifty_tries_at_once_pass_exactly_the_burst"),
    (Fault::PurgesFullBuckets, "purge_throttle_deletes_exactly_what_is_empty"),
    (Fault::RotatesInTwoSteps, "fifty_requests_rotate_once"),
    (Fault::ListLagsBehind, "the_limit_of_sessions_holds_when_logins_race"),
    (Fault::ListsTheOldestFirst, "the_limit_of_sessions_holds_when_logins_race"),
];

/// What a store does wrong when two come at once, it does in the order of a single thread, every time.
#[tokio::test]
async fn each_fault_is_found_by_a_fact_that_says_so() {
    let mut slipped = Vec::new();
    for (fault, name) in CAUGHT {
        let fact = facts().iter().find(|fact| fact.name() == name).expect(name);
        let found = fact.fault(Broken::with(fault)).await.err();
        if !found.is_some_and(|found| found.starts_with(&format!("{name} does not hold: "))) {
            slipped.push((fault, name));
        }
    }
    assert!(slipped.is_empty(), "not found: {slipped:?}");
}

#[test]
fn each_fact_finds_a_fault() {
    let finding: HashSet<_> = CAUGHT.iter().map(|(_, name)| *name).collect();
    let idle = facts().iter().find(|fact| !finding.contains(fact.name()));
    assert!(idle.is_none(), "{idle:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_without_fault_passes_and_so_does_one_that_never_purges() {
    check(|| async { Broken::with(Fault::None) }).await;
    check(|| async { Broken::with(Fault::NeverPurges) }).await;
    check(|| async { MemoryStore::new() }).await;
}

#[tokio::test]
async fn a_check_names_what_does_not_hold_and_only_that() {
    let checked = tokio::spawn(check(|| async { Broken::with(Fault::IdsFoldCase) })).await;
    let panic = checked.unwrap_err().into_panic();
    let said = panic.downcast_ref::<String>().unwrap();
    let named: Vec<_> = facts().iter().map(Fact::name).filter(|name| said.contains(name)).collect();
    assert_eq!(named, ["ids_compare_byte_for_byte"], "{said}");
}
