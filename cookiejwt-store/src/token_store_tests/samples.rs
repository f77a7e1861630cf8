//! Rows and requests in the year 2100. Ids have at most 22 bytes, as those of the core, realms at
//! most [`Realm::MAX_LENGTH`](crate::Realm::MAX_LENGTH), and subjects at most
//! [`Subject::MAX_LENGTH`](crate::Subject::MAX_LENGTH).
//!
//! Only the core makes requests; their fields may be changed.

use cookiejwt_core::{
    driver::{
        ActiveUser, Assessment, CustomClaims, LateRequest, RefreshIds, RefreshStep, Rotation, RotationStep,
        UserState,
    },
    store::{
        AnswerLateRequest, BindRequest, ChangeOutcome, ClaimsRenewal, DeviceKey, ProvedDevice, Realm,
        Receipt, ReplaceRequest, Revocation, RevocationReason, RotationOutcome, RotationRequest,
        SessionRecord, SettleRequest, Timestamp,
    },
    testing,
};
use http::Request;

use crate::stores::{TokenStore, boxed};

/// When everything happens: 2100-01-01 12:00:00.123 UTC in milliseconds.
pub const NOW: i64 = 4_102_488_000_123;

/// A leeway ago: the first `settles_at` that is too young for [`rotation`] when nobody has come
/// with the refresh token, and for [`replacement`].
pub const LEEWAY_AGO: i64 = NOW - 10_000;

/// The life of an access token ago: the first `rotated_at` that is too young for [`replacement`],
/// and the last that is young enough for [`slow_answer`].
pub const ACCESS_LIFE_AGO: i64 = NOW - 300_000;

/// A leeway from now: the `settles_at` of every request.
pub const SETTLED: i64 = NOW + 10_000;

/// The key of a device (RFC 7515, appendix A.3).
pub const DEVICE: &str =
    "ES256.f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU.x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

/// The same but for the case of one letter.
pub const OTHER_DEVICE: &str =
    "ES256.f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU.x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5A0";

/// When the challenge of [`bound_rotation`] was issued: a millisecond after the row of [`rotated`]
/// has rotated.
pub const CHALLENGED_AT: i64 = ACCESS_LIFE_AGO + 1;

/// This many milliseconds after the Unix epoch.
pub const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A living session of the user `1` that has never rotated.
pub fn session(id: &str) -> SessionRecord {
    let began = at(NOW - 400_000);
    let row = SessionRecord::new(id.into(), Realm::default(), "1".into(), "current".into(), began);
    with(row, |row| {
        row.expires_at = at(NOW + 1000);
        row.settles_at = at(NOW - 400_001);
        row.ends_at = at(NOW + 2000);
        row.remember = true;
    })
}

/// The row with this change.
pub fn with(mut row: SessionRecord, change: impl FnOnce(&mut SessionRecord)) -> SessionRecord {
    change(&mut row);
    row
}

/// The same, rotated the life of an access token ago from `parent` to `current`, with which nobody
/// has come yet. Every request but [`replacement`] changes it.
pub fn rotated(id: &str) -> SessionRecord {
    with(session(id), |row| {
        row.previous_jti = Some("parent".into());
        row.rotated_at = Some(at(ACCESS_LIFE_AGO));
        row.settles_at = at(ACCESS_LIFE_AGO + 10_000);
    })
}

/// The same, rotated a millisecond earlier. Every request but [`slow_answer`] changes it.
pub fn orphaned(id: &str) -> SessionRecord {
    with(rotated(id), |row| row.rotated_at = Some(at(ACCESS_LIFE_AGO - 1)))
}

/// The row of [`rotated`], bound to [`DEVICE`]. Only [`bound_rotation`] rotates it, and it is
/// neither answered late nor replaced.
pub fn bound(id: &str) -> SessionRecord {
    with(rotated(id), |row| row.device = Some(DEVICE.into()))
}

/// The rotation of `current` to `next` in the row of [`session`].
pub fn rotation(id: &str) -> RotationRequest {
    let mut request = under_way().request().clone();
    request.session_id = id.into();
    request.presented = "current".into();
    request.next = "next".into();
    request.issued_at = at(NOW - 123);
    request.expires_at = at(NOW + 86_400_000);
    request.now = at(NOW);
    request.settles_at = at(SETTLED);
    request.orphaned_before = at(LEEWAY_AGO);
    request.device = None;
    request
}

/// The same in the row of [`bound`], for [`DEVICE`], which has proved itself.
pub fn bound_rotation(id: &str) -> RotationRequest {
    let mut request = rotation(id);
    request.device = Some(proved(DEVICE, CHALLENGED_AT));
    request
}

/// The device with this key has signed a challenge that was issued at this time.
pub fn proved(key: &str, millis: i64) -> ProvedDevice {
    ProvedDevice { key: DeviceKey::from(key), challenged_at: at(millis) }
}

/// Binds the row of [`session`] or [`rotated`] to [`DEVICE`].
pub fn binding(id: &str) -> BindRequest {
    BindRequest::new(id.into(), Realm::default(), DEVICE.into(), at(NOW))
}

/// `parent` comes back to the row of [`rotated`] and is answered with `current` once more.
///
/// # Panics
///
/// Never: nobody has come with the successor of the token that it begins with.
pub fn late_answer(id: &str) -> AnswerLateRequest {
    let LateRequest::Answer(mut request) = late(None) else { panic!("a row that has just rotated") };
    request.session_id = id.into();
    request.current = "current".into();
    request.presented = "parent".into();
    request.now = at(NOW);
    request.settles_at = at(SETTLED);
    request
}

/// `parent` comes back to the row of [`orphaned`], and `current` is replaced by `replacement`.
///
/// # Panics
///
/// Never, as [`late_answer`].
pub fn replacement(id: &str) -> ReplaceRequest {
    let LateRequest::Replace(mut request) = late(Some(at(0))) else { panic!("a row that rotated long ago") };
    request.late = late_answer(id);
    request.next = "replacement".into();
    request.settled_before = at(LEEWAY_AGO);
    request.rotated_before = at(ACCESS_LIFE_AGO);
    request
}

/// An answer that carries `current` leaves late.
///
/// # Panics
///
/// Never: a rotation is answered with a refresh token.
pub fn slow_answer(id: &str) -> SettleRequest {
    let RotationStep::Settled(settlement) = under_way().complete(RotationOutcome::Rotated) else {
        panic!("a rotation that went well is settled")
    };
    let departure = settlement.decision.departure().cloned().expect("it carries a refresh token");
    let mut request = testing::core().late_departure(&departure, at(NOW)).expect("it is late");
    request.session_id = id.into();
    request.current = "current".into();
    request.settles_at = at(SETTLED);
    request.rotated_after = at(ACCESS_LIFE_AGO);
    request
}

/// Somebody has come with `current`.
pub fn receipt(id: &str) -> Receipt {
    Receipt::new(id.into(), "current".into())
}

/// The revocation of a session at this time.
pub fn revocation(id: &str, reason: RevocationReason, millis: i64) -> Revocation {
    Revocation::new(id.into(), reason, at(millis))
}

/// The claims of the user `1` are renewed at this time; every session that was answered less than
/// 500 seconds before [`NOW`] may have an access token.
pub fn renewal(millis: i64) -> ClaimsRenewal {
    let (realm, subject) = (Realm::default(), "1".into());
    ClaimsRenewal { realm, subject, at: at(millis), idle_before: at(NOW - 500_000) }
}

/// What the core asks when the store has not changed a row that holds the successor, and rotated
/// then.
fn late(rotated_at: Option<Timestamp>) -> LateRequest {
    let rotation = under_way();
    let previous_jti = Some(rotation.request().presented.clone());
    let row = with(session("late"), |row| {
        row.previous_jti = previous_jti;
        row.rotated_at = rotated_at;
        row.settles_at = at(0);
    });
    let RotationStep::Late(late) = rotation.complete(RotationOutcome::Unmatched(Some(Box::new(row)))) else {
        panic!("a successor that nobody has come with is given late")
    };
    late.request().clone()
}

fn under_way() -> Rotation {
    let cookie = testing::refresh("1").cookie();
    let (head, ()) = Request::post("/").header("cookie", cookie).body(()).unwrap().into_parts();
    let Assessment::NeedsRefresh(attempt) = testing::core().refresh(&head, testing::NOW) else {
        panic!("a refresh token asks to be rotated")
    };
    let user = UserState::Active(ActiveUser::new(Ok(CustomClaims::default())));
    match attempt.with_user(user, RefreshIds::from_random([7; 32]), testing::NOW) {
        RefreshStep::Rotate(rotation) => rotation,
        RefreshStep::Settled(_) => panic!("an active user may be refreshed"),
    }
}

/// `Ok` when it was rotated, else the row that the store found.
///
/// # Panics
///
/// When the store fails.
pub async fn rotate(store: &impl TokenStore, request: &RotationRequest) -> Result<(), Option<SessionRecord>> {
    match boxed(store.rotate(request)).await.unwrap() {
        RotationOutcome::Rotated => Ok(()),
        RotationOutcome::Unmatched(row) => Err(row.map(|row| *row)),
    }
}

/// `Ok` when the row was changed, else the row that the store found.
///
/// # Panics
///
/// When the store fails.
pub async fn answer_late(
    store: &impl TokenStore,
    request: &AnswerLateRequest,
) -> Result<(), Option<SessionRecord>> {
    changed(boxed(store.answer_late(request)).await.unwrap())
}

/// `Ok` when the row was changed, else the row that the store found.
///
/// # Panics
///
/// When the store fails.
pub async fn replace(store: &impl TokenStore, request: &ReplaceRequest) -> Result<(), Option<SessionRecord>> {
    changed(boxed(store.replace(request)).await.unwrap())
}

/// `Ok` when the row was bound, else the row that the store found.
///
/// # Panics
///
/// When the store fails.
pub async fn bind(store: &impl TokenStore, request: &BindRequest) -> Result<(), Option<SessionRecord>> {
    changed(boxed(store.bind(request)).await.unwrap())
}

#[allow(clippy::result_large_err, reason = "for tests, where the row is compared")]
fn changed(outcome: ChangeOutcome) -> Result<(), Option<SessionRecord>> {
    match outcome {
        ChangeOutcome::Changed => Ok(()),
        ChangeOutcome::Unmatched(row) => Err(row.map(|row| *row)),
    }
}

/// Whether the row was changed.
///
/// # Panics
///
/// When the store fails.
pub async fn settle(store: &impl TokenStore, request: &SettleRequest) -> bool {
    boxed(store.settle(request)).await.unwrap()
}

/// How many rows were changed; at [`NOW`], with the parent answered until [`SETTLED`].
///
/// # Panics
///
/// When the store fails.
pub async fn receive(store: &impl TokenStore, receipts: &[Receipt]) -> u64 {
    boxed(store.received(receipts, at(NOW), at(SETTLED))).await.unwrap()
}

/// The row of a session.
///
/// # Panics
///
/// When the store fails.
pub async fn find(store: &impl TokenStore, id: &str) -> Option<SessionRecord> {
    boxed(store.find(&id.into())).await.unwrap()
}

/// Every reason that a store has to keep.
pub const REASONS: [RevocationReason; 13] = [
    RevocationReason::Logout,
    RevocationReason::LogoutEverywhere,
    RevocationReason::Replaced,
    RevocationReason::Reuse,
    RevocationReason::UserInactive,
    RevocationReason::Limit,
    RevocationReason::EndedByUser,
    RevocationReason::PasswordChanged,
    RevocationReason::UserChanged,
    RevocationReason::ActorEnded,
    RevocationReason::SecondFactor,
    RevocationReason::Administrator,
    RevocationReason::Superseded,
];

/// The reasons that stay: all but [`RevocationReason::Superseded`], which another one may bring
/// forward.
pub const FINAL_REASONS: [RevocationReason; 12] = {
    let [first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth, eleventh, twelfth, _] =
        REASONS;
    [first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth, eleventh, twelfth]
};
