//! The page with htmx, in both of its versions.

use browser::{Plain, Scripts::Run};

use crate::{
    common::{ACCESS, PASSWORD},
    stage::{Stage, htmx, in_every_engine, log_in, skipped},
};

const VERSIONS: [&str; 2] = ["htmx2", "htmx4"];

#[allow(clippy::needless_pass_by_value, reason = "a story is written in place")]
fn with_each(story: impl AsyncFn(&Stage)) {
    for version in VERSIONS {
        match htmx(version) {
            Some(script) => {
                println!("{version}");
                in_every_engine(&[("HTMX", script.to_str().expect("a path"))], async |stage: &Stage| {
                    story(stage).await;
                });
            }
            None => skipped("htmx: run `npm ci` in interop/"),
        }
    }
}

async fn add(browser: &Plain, note: &str) {
    browser.fill("Note", note).await;
    browser.click("Add").await;
}

#[test]
fn a_fragment_whose_access_token_ran_out() {
    with_each(async |stage| {
        let browser = stage.user_at("/live", Run).await;
        browser.is_at("/live", "Live notes").await;
        add(&browser, "one").await;
        browser.is_at("/live", "one").await;
        browser.forget(ACCESS).await;
        add(&browser, "two").await;
        browser.is_at("/live", "two").await;
    });
}

#[test]
fn a_fragment_after_the_end_of_the_session_takes_the_whole_page_to_the_login() {
    with_each(async |stage| {
        let browser = stage.user_at("/live", Run).await;
        browser.is_at("/live", "Live notes").await;
        stage.others_end();
        add(&browser, "too late").await;
        browser.is_at("/login?next=%2Flive", "Username").await;
        assert!(!browser.text().await.contains("Live notes"), "not inside the page");
        log_in(&browser, PASSWORD).await;
        browser.is_at("/live", "Live notes").await;
    });
}
