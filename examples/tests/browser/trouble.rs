//! What a person is told when it does not work.

use browser::Look;

use crate::{common::PASSWORD, stage::on_stage};

#[test]
fn a_server_that_is_away_ends_no_login() {
    on_stage(&[], async |stage| {
        let person = stage.signed_in(Look::DESKTOP).await;
        let before = person.tokens().await;
        stage.server_stops();
        assert_eq!(person.who_am_i().await.status, 0);
        person.is_told("The server cannot be reached. Your login is kept. Try again in a moment.").await;
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
