//! What the page shows when something fails.

use browser::Look;

use crate::{
    common::{LOGIN, PASSWORD, USER},
    stage::on_stage,
};

#[test]
fn too_many_attempts_count_down() {
    on_stage(&[], async |stage| {
        let person = stage.visitor(Look::DESKTOP).await;
        person.fill("Username", USER).await;
        let mut statuses = Vec::new();
        for _ in 0..6 {
            person.fill("Password", "not the password").await;
            statuses.push(person.press("Sign in", "POST", LOGIN).await.status);
        }
        assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
        person.is_told("Too many attempts. You can try again in").await;
        person.reads("#login-form button[aria-disabled]", "Sign in (in").await;

        // Only the page's clock advances, not the server's: the test checks the countdown.
        person.run("const now = Date.now; Date.now = () => now() + 60_000").await;
        person.is_told("You can try again now.").await;
        person.reads("#login-form button:not([aria-disabled])", "Sign in").await;
        person.leaves().await;
    });
}

#[test]
fn an_unavailable_server_ends_no_login() {
    on_stage(&[], async |stage| {
        let person = stage.signed_in(Look::DESKTOP).await;
        let before = person.tokens().await;
        stage.server_stops();
        assert_eq!(person.who_am_i().await.status, 0);
        person.is_told("The server cannot be reached. You are still signed in. Try again in a moment.").await;
        person.is_signed_in().await;
        assert_eq!(person.tokens().await, before);

        stage.server_returns();
        assert_eq!(person.who_am_i().await.status, 200);
        person.is_told("Signed in as").await;

        person.signs_out().await;
        stage.server_stops();
        assert_eq!(person.sign_in(PASSWORD).await.status, 0);
        person.is_told("The server cannot be reached. Try again in a moment.").await;
        stage.server_returns();
        person.leaves().await;
    });
}
