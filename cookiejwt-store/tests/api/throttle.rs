//! 429 as the client sees it.

use cookiejwt_store::{Body, Route};

use crate::{
    answer::Ask,
    common::{PASSWORD, World},
};

const WRONG: &str = r#"{"username":"alice","password":"guess"}"#;

#[tokio::test]
async fn too_many_tries_are_429_with_the_seconds_to_wait() {
    let world = World::new();
    for _ in 0..5 {
        let answer = Ask::login(WRONG).from("192.0.2.7").of(&world).await;
        answer.assert_problem("wrong", 401, "invalid_credentials");
    }
    let right = format!(r#"{{"username":"alice","password":"{PASSWORD}"}}"#);
    for (millis, seconds) in [(0, "30"), (1, "30"), (28_999, "1"), (999, "1")] {
        world.clock.advance(time::Duration::milliseconds(millis));
        let answer = Ask::login(&right).from("192.0.2.7").of(&world).await;
        answer.assert_problem_with("too many", 429, "throttled", Some(("retry-after", seconds)));
        answer.assert_cookies_kept("too many");
    }
    world.clock.advance(time::Duration::milliseconds(1));
    assert_eq!(Ask::login(&right).from("192.0.2.7").of(&world).await.status(), 200);
}

#[tokio::test]
async fn what_cannot_be_read_counts_nothing() {
    let world = World::new();
    let asks = || {
        [
            (400, Ask::login("{")),
            (400, Ask::login(r#"{"username":" ","password":"guess"}"#)),
            (400, Ask::login(r#"{"username":"alice"}"#)),
            (400, Ask::post(Route::Login).content_type("application/json").raw(Body::Broken)),
            (413, Ask::post(Route::Login).content_type("application/json").raw(Body::TooLarge)),
            (415, Ask::post(Route::Login).content_type("text/plain").body(WRONG)),
            (403, Ask::login(WRONG).header("sec-fetch-site", "cross-site")),
            (405, Ask::get(Route::Login)),
        ]
    };
    for _ in 0..40 {
        for (status, ask) in asks() {
            assert_eq!(ask.from("192.0.2.7").of(&world).await.status(), status);
        }
    }
    for _ in 0..5 {
        assert_eq!(Ask::login(WRONG).from("192.0.2.7").of(&world).await.status(), 401);
    }
    assert_eq!(Ask::login(WRONG).from("192.0.2.7").of(&world).await.status(), 429);
}
