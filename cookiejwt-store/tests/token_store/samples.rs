use cookiejwt_store::{
    Assessment, CustomClaims, RefreshIds, RefreshStep, Revocation, RevocationReason, RotationOutcome,
    RotationRequest, SessionRecord, Timestamp, TokenStore, UserState, core::testing,
};
use http::Request;

/// When everything happens, in milliseconds.
pub(crate) const NOW: i64 = 1_767_268_800_123;

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A living session that has never rotated.
pub(crate) fn session(id: &str) -> SessionRecord {
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

/// The rotation of `current` to `next` in the row of [`session`]; only the core makes such requests.
pub(crate) fn rotation(id: &str) -> RotationRequest {
    let cookie = testing::refresh("1").cookie();
    let (head, ()) = Request::post("/").header("cookie", cookie).body(()).unwrap().into_parts();
    let Assessment::NeedsRefresh(attempt) = testing::core().refresh(&head, testing::NOW) else { panic!() };
    let ids = RefreshIds::from_random([7; 32]);
    let user = UserState::Active(Ok(CustomClaims::default()));
    let RefreshStep::Rotate(rotation) = attempt.with_user(user, ids) else { panic!() };
    let mut request = rotation.request().clone();
    request.session_id = id.into();
    request.presented = "current".into();
    request.next = "next".into();
    request.issued_at = at(NOW - 123);
    request.expires_at = at(NOW + 86_400_000);
    request.now = at(NOW);
    request.rotated_before = at(NOW - 10_000);
    request
}

pub(crate) fn revocation(id: &str, reason: RevocationReason, millis: i64) -> Revocation {
    Revocation { session_id: id.into(), reason, at: at(millis) }
}

/// True when rotated, else the row that was found.
pub(crate) async fn rotate(
    store: &impl TokenStore,
    request: &RotationRequest,
) -> Result<(), Option<SessionRecord>> {
    match store.rotate(request).await.unwrap() {
        RotationOutcome::Rotated => Ok(()),
        RotationOutcome::Unmatched(row) => Err(row.map(|row| *row)),
    }
}

pub(crate) async fn find(store: &impl TokenStore, id: &str) -> Option<SessionRecord> {
    store.find(&id.into()).await.unwrap()
}
