use browser::{Key, Look};
use serde_json::json;

use crate::{
    common::{ACCESS, LOGIN, PASSWORD, REFRESH, USER},
    stage::{on_stage, renews_both},
};

#[test]
fn a_user_signs_in_and_out() {
    on_stage(&[], async |stage| {
        let person = stage.visitor(Look::DESKTOP).await;
        person.is_signed_out().await;
        person.is_told("Please sign in.").await;

        let refused = person.sign_in("not the password").await;
        assert_eq!((refused.status, refused.set_cookies), (401, vec![]));
        person.is_told("That username and password do not match.").await;
        person.is_signed_out().await;
        assert_eq!(person.value("Password").await, "", "it does not stay on the screen");
        assert_eq!(person.value("Username").await, USER);

        let answer = person.sign_in(PASSWORD).await;
        assert_eq!(answer.status, 200);
        renews_both(&answer, true);
        assert!(!person.body(&answer).await.contains("eyJ"), "no token in the body");
        person.is_signed_in().await;

        let me = person.who_am_i().await;
        assert_eq!((me.status, &me.set_cookies), (200, &vec![]));
        assert!(me.sent_cookie(ACCESS) && me.sent_cookie(REFRESH));
        person.reads("#access-expiry", "expires in").await;

        person.reload().await;
        person.is_signed_in().await;
        person.signs_out().await;
        person.reload().await;
        person.is_signed_out().await;
        assert_eq!(person.left().await, []);
        person.leaves().await;
    });
}

#[test]
fn without_stay_signed_in_the_login_ends_with_the_browser() {
    on_stage(&[], async |stage| {
        let person = stage.visitor(Look::PHONE).await;
        person.tick("Stay signed in").await;
        person.fill("Username", USER).await;
        person.fill("Password", PASSWORD).await;
        let seen = person.seen().await;
        person.key(Key::Enter).await;
        renews_both(&person.answer(seen, "POST", LOGIN).await, false);
        person.is_signed_in().await;
        assert!(person.tokens().await.iter().all(|cookie| cookie.session));

        person.expire().await;
        renews_both(&person.who_am_i().await, false);
        assert!(person.tokens().await.iter().all(|cookie| cookie.session), "a refresh does not prolong it");
        person.signs_out().await;
        person.leaves().await;
    });
}

#[test]
fn without_javascript_the_page_shows_a_notice() {
    on_stage(&[], async |stage| {
        let person = stage.visitor(Look::DESKTOP).await;
        for disabled in [true, false] {
            person.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": disabled })).await;
            if disabled {
                person.reload().await;
            }
        }
        person.reads("noscript", "This page needs JavaScript").await;
        person.leaves().await;
    });
}
