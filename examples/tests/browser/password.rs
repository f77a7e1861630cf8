use browser::Look;

use crate::{
    common::{PASSWORD, Server},
    stage::{on_stage, renews_both},
};

const CHANGE: &str = "/api/auth/password/";

#[test]
fn a_password_change_keeps_this_browser_and_ends_every_other_session() {
    on_stage(&[], async |stage| {
        let other = stage.request(Server::login);
        let person = stage.signed_in(Look::DESKTOP).await;
        person.fill("Current password", "not the password").await;
        person.fill("New password", "a better one").await;
        let refused = person.press("Change password", "POST", CHANGE).await;
        assert_eq!((refused.status, refused.set_cookies), (401, vec![]));
        person.is_told("That is not your password.").await;
        person.is_signed_in().await;
        assert_eq!(person.value("New password").await, "a better one", "it need not be entered again");

        person.fill("Current password", PASSWORD).await;
        let changed = person.press("Change password", "POST", CHANGE).await;
        assert_eq!(changed.status, 204);
        renews_both(&changed, true);
        person.is_told("Your password is changed, and every other device is signed out.").await;
        person.reads("#sessions-alone", "Nowhere else.").await;
        assert_eq!(stage.request(|server| server.me(&other)).status, 401);
        assert_eq!(person.who_am_i().await.status, 200);

        person.signs_out().await;
        assert_eq!(person.sign_in(PASSWORD).await.status, 401);
        assert_eq!(person.sign_in("a better one").await.status, 200);
        person.leaves().await;
    });
}
