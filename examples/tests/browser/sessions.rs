use browser::Look;

use crate::{common::Server, stage::on_stage};

#[test]
fn a_browser_that_is_signed_out_from_another_one_shows_it() {
    on_stage(&[], async |stage| {
        let other = stage.signed_in(Look::PHONE).await;
        let session = other.text("#me-session-id").await;
        let person = stage.signed_in(Look::DESKTOP).await;
        person.reads("#sessions li:nth-child(1)", "Chrome on Linux This device").await;
        person.reads("#sessions li:nth-child(2)", "Chrome on Android").await;

        let path = format!("/api/auth/sessions/{session}/");
        let answer = person.press("Sign out Chrome on Android", "DELETE", &path).await;
        assert_eq!(answer.status, 204);
        person.is_told("Chrome on Android is signed out.").await;
        person.reads("#sessions-alone", "Nowhere else.").await;
        assert!(!person.shows("#revoke-others").await);

        assert_eq!(other.who_am_i().await.status, 401);
        other.is_signed_out().await;
        other.is_told("Your session has ended.").await;
        assert_eq!(other.left().await, []);
        assert_eq!(person.who_am_i().await.status, 200);
        other.leaves().await;
        person.leaves().await;
    });
}

#[test]
fn signing_out_all_other_devices_keeps_this_one() {
    on_stage(&[], async |stage| {
        let others = [(); 2].map(|()| stage.request(Server::login));
        let person = stage.signed_in(Look::DESKTOP).await;
        let answer = person.press("Sign out all other devices", "DELETE", "/api/auth/sessions/").await;
        assert_eq!(person.body(&answer).await, r#"{"revoked":2}"#);
        person.is_told("2 other devices are signed out.").await;
        person.reads("#sessions-alone", "Nowhere else.").await;
        for jar in &others {
            assert_eq!(stage.request(|server| server.me(jar)).code(), "session_revoked");
        }
        assert_eq!(person.who_am_i().await.status, 200);
        person.leaves().await;
    });
}
