//! Sample sessions and rotation requests.

use cookiejwt_store::{
    Realm, RotationRequest, SessionRecord, Timestamp,
    cookiejwt_core::{
        driver::{ActiveUser, Assessment, CustomClaims, RefreshIds, RefreshStep, UserState},
        testing,
    },
};

const NOW: i64 = 1_767_268_800_000;
const MONTH: i64 = 30 * 86_400_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A session as after a login in a browser.
pub(crate) fn session(id: &str) -> SessionRecord {
    let (id, subject, token) = (id.into(), "184467440737".into(), "AAAAAAAAAAAAAAAAAAAAAA".into());
    let mut session = SessionRecord::new(id, Realm::default(), subject, token, at(NOW));
    session.expires_at = at(NOW + MONTH);
    session.settles_at = at(NOW - 1);
    session.ends_at = at(NOW + MONTH);
    session.remember = true;
    session.user_agent = Some(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 \
         Safari/537.36"
            .into(),
    );
    session.ip = Some("203.0.113.195".into());
    session
}

/// Rotates from the token to itself, settled at once, so that the next request is the same; only
/// the core creates such requests.
pub(crate) fn rotation(id: &str) -> RotationRequest {
    thread_local! {
        static REQUEST: RotationRequest = request();
    }
    let mut request = REQUEST.with(Clone::clone);
    request.session_id = id.into();
    request
}

fn request() -> RotationRequest {
    let cookie = testing::refresh("1").cookie();
    let (head, ()) = http::Request::post("/").header("cookie", cookie).body(()).unwrap().into_parts();
    let Assessment::NeedsRefresh(attempt) = testing::core().refresh(&head, testing::NOW) else {
        panic!("a valid refresh token needs a refresh")
    };
    let user = UserState::Active(ActiveUser::new(Ok(CustomClaims::default())));
    let ids = RefreshIds::from_random([7; 32]);
    let RefreshStep::Rotate(rotation) = attempt.with_user(user, ids, testing::NOW) else {
        panic!("an active user rotates")
    };
    let mut request = rotation.request().clone();
    request.presented = "AAAAAAAAAAAAAAAAAAAAAA".into();
    request.next = "AAAAAAAAAAAAAAAAAAAAAA".into();
    request.now = at(NOW + 1000);
    request.settles_at = at(NOW - 1);
    request.orphaned_before = at(NOW);
    request.issued_at = at(NOW);
    request.expires_at = at(NOW + MONTH);
    request
}
