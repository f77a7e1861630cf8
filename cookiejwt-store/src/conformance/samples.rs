//! Rows and requests in the year 2100. Ids have at most 22 bytes, as those of the core, and subjects at most
//! [`Subject::MAX_LENGTH`](crate::Subject::MAX_LENGTH).

use cookiejwt_core::{
    Assessment, CustomClaims, RefreshIds, RefreshStep, Revocation, RevocationReason, RotationOutcome,
    RotationRequest, SessionRecord, Timestamp, UserState, testing,
};
use http::Request;

use crate::TokenStore;

/// When everything happens: 2100-01-01 12:00:00.123 UTC in milliseconds.
pub const NOW: i64 = 4_102_488_000_123;

/// The last `rotated_at` that [`rotation`] takes as a leeway ago.
pub const RIPE: i64 = NOW - 10_000;

/// This many milliseconds after the Unix epoch.
pub const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A living session of the user `1` that has never rotated.
pub fn session(id: &str) -> SessionRecord {
    SessionRecord {
        id: id.into(),
        subject: "1".into(),
        current_jti: "current".into(),
        previous_jti: None,
        issued_at: at(NOW - 400_000),
        expires_at: at(NOW + 1000),
        rotated_at: None,
        created_at: at(NOW - 400_000),
        auth_time: at(NOW - 400_000),
        last_seen_at: at(NOW - 400_000),
        ends_at: at(NOW + 2000),
        revoked: None,
        remember: true,
        user_agent: None,
        ip: None,
    }
}

/// The rotation of `current` to `next` in the row of [`session`]. Only the core makes such requests; its fields may be
/// changed.
///
/// # Panics
///
/// Never: the token that it begins with is valid.
pub fn rotation(id: &str) -> RotationRequest {
    let cookie = testing::refresh("1").cookie();
    let (head, ()) = Request::post("/").header("cookie", cookie).body(()).unwrap().into_parts();
    let Assessment::NeedsRefresh(attempt) = testing::core().refresh(&head, testing::NOW) else {
        panic!("a refresh token asks to be rotated")
    };
    let user = UserState::Active(Ok(CustomClaims::default()));
    let RefreshStep::Rotate(rotation) = attempt.with_user(user, RefreshIds::from_random([7; 32])) else {
        panic!("an active user may be refreshed")
    };
    let mut request = rotation.request().clone();
    request.session_id = id.into();
    request.presented = "current".into();
    request.next = "next".into();
    request.issued_at = at(NOW - 123);
    request.expires_at = at(NOW + 86_400_000);
    request.now = at(NOW);
    request.rotated_before = at(RIPE);
    request
}

/// The revocation of a session at this time.
pub fn revocation(id: &str, reason: RevocationReason, millis: i64) -> Revocation {
    Revocation { session_id: id.into(), reason, at: at(millis) }
}

/// `Ok` when it was rotated, else the row that the store found.
///
/// # Panics
///
/// When the store fails.
pub async fn rotate(store: &impl TokenStore, request: &RotationRequest) -> Result<(), Option<SessionRecord>> {
    match store.rotate(request).await.unwrap() {
        RotationOutcome::Rotated => Ok(()),
        RotationOutcome::Unmatched(row) => Err(row.map(|row| *row)),
    }
}

/// The row of a session.
///
/// # Panics
///
/// When the store fails.
pub async fn find(store: &impl TokenStore, id: &str) -> Option<SessionRecord> {
    store.find(&id.into()).await.unwrap()
}

/// Every reason that a store has to keep.
pub const REASONS: [RevocationReason; 8] = [
    RevocationReason::Logout,
    RevocationReason::LogoutEverywhere,
    RevocationReason::Replaced,
    RevocationReason::Reuse,
    RevocationReason::UserInactive,
    RevocationReason::Limit,
    RevocationReason::EndedByUser,
    RevocationReason::PasswordChanged,
];
