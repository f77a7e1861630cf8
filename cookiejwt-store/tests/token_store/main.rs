//! One suite of facts over every token store, and what is true of the database alone.

#[path = "../common/mod.rs"]
mod common;

mod database;
mod facts;
mod migration;
mod racing;
mod rotation;
mod samples;

/// Runs each fact over [`MemoryStore`](cookiejwt_store::MemoryStore), and over SQLite with both journals.
macro_rules! facts {
    ($($module:ident::$fact:ident,)*) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                crate::$module::$fact(cookiejwt_store::MemoryStore::new()).await;
            })*
        }

        facts!(@sqlite sqlite_wal, Wal, $($module::$fact,)*);
        facts!(@sqlite sqlite_rollback_journal, Delete, $($module::$fact,)*);
    };
    (@sqlite $backend:ident, $journal:ident, $($module:ident::$fact:ident,)*) => {
        mod $backend {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                let database = crate::database::Temporary::with(crate::database::Journal::$journal);
                crate::$module::$fact(database.store().await).await;
            })*
        }
    };
}

facts! {
    facts::every_field_comes_back,
    facts::a_duplicate_is_an_error_and_changes_nothing,
    facts::ids_compare_byte_for_byte,
    facts::revoking_is_idempotent_and_the_first_reason_stays,
    facts::revoke_subject_names_exactly_the_living,
    facts::subjects_compare_byte_for_byte,
    facts::revoked_since_has_an_inclusive_boundary,
    rotation::rotating_changes_exactly_what_it_says,
    rotation::every_part_of_the_condition_counts,
    rotation::the_condition_is_exactly_the_documented_one,
    rotation::a_revoked_row_never_rotates,
    racing::fifty_rotations_at_once_are_one,
    racing::fifty_revocations_at_once_are_one,
    racing::a_rotation_never_resurrects_a_revoked_session,
    racing::fifty_logins_at_once_are_fifty_rows,
    racing::fifty_requests_rotate_once,
}
