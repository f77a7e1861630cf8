use browser::Look;
use serde_json::json;

use crate::{
    common::{ACCESS, PASSWORD, REFRESH},
    old_login::{SECRET, logged_in_ago},
    stage::{Visitor, on_stage, renews_both},
};

const FRESH: &str = "/api/auth/token/fresh/";

/// Simulates a login that long ago, with the cookie that the server would have written then.
async fn came_back_after(person: &Visitor, seconds: i64) {
    let session = person.text("#me-session-id").await;
    let cookie = json!({
        "name": ACCESS, "value": logged_in_ago(&session, seconds), "url": person.run("return location.href").await,
        "path": "/", "secure": true, "httpOnly": true, "sameSite": "Lax",
    });
    person.devtools("Network.setCookie", cookie).await;
}

#[test]
fn the_password_is_asked_for_in_place_when_the_login_is_not_fresh() {
    on_stage(&[("COOKIEJWT_SECRET", SECRET)], async |stage| {
        let person = stage.signed_in(Look::DESKTOP).await;
        assert_eq!(person.press("Open the safe", "GET", "/api/fresh").await.status, 200);
        person.reads("#fresh-result", "It is open").await;

        came_back_after(&person, 400).await;
        let session = person.text("#me-session-id").await;
        assert_eq!(person.press("Open the safe", "GET", "/api/fresh").await.status, 401);
        person.reads("#confirm", "Is it really you?").await;
        assert!(!person.shows("#fresh-result").await);
        person.click("Cancel").await;
        assert!(!person.shows("#confirm").await && !person.shows("#fresh-result").await);

        person.click("Open the safe").await;
        person.fill("Your password", "not the password").await;
        assert_eq!(person.press("Continue", "POST", FRESH).await.status, 401);
        person.reads("#confirm-status", "That is not your password.").await;
        assert!(!person.shows("#fresh-result").await);

        person.fill("Your password", PASSWORD).await;
        let fresh = person.press("Continue", "POST", FRESH).await;
        renews_both(&fresh, true);
        person.reads("#fresh-result", "It is open").await;
        assert!(!person.shows("#confirm").await, "it continues automatically");
        browser::until("the new session is shown", async || {
            (person.text("#me-session-id").await != session).then_some(())
        })
        .await;
        let names: Vec<_> = person.tokens().await.into_iter().map(|cookie| cookie.name).collect();
        assert_eq!(names, [ACCESS, REFRESH]);
        person.leaves().await;
    });
}
