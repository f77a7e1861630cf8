//! Pages that the browser prerenders before a user opens them (speculation rules, `Sec-Purpose:
//! prefetch;prerender`).

use std::time::Duration;

use browser::Look;
use serde_json::json;

use crate::{
    lost::{expire, refresh_token, sign_in},
    stage::{Stage, Visitor, on_stage},
};

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .unwrap_or_else(|_| panic!("not within 20 s: {what}"));
}

/// Opens a page with a link to this path, which the browser prerenders immediately.
async fn prepares(stage: &Stage, person: &Visitor, path: &str) {
    person.goto(&stage.url("/health")).await;
    let rules = json!({ "prerender": [{ "urls": [path], "eagerness": "immediate" }] }).to_string();
    let write = format!(
        "const link = Object.assign(document.createElement('a'), {{ href: '{path}', id: 'ahead', textContent: 'ahead' }}); \
         const rules = Object.assign(document.createElement('script'), {{ type: 'speculationrules', textContent: '{rules}' }}); \
         document.body.append(link, rules); return HTMLScriptElement.supports('speculationrules')"
    );
    assert_eq!(person.run(&write).await, true);
}

/// Follows the link; returns whether the page had been prerendered.
async fn opens(person: &Visitor) -> bool {
    person.run("document.querySelector('#ahead').click(); return true").await;
    let opened = "return location.pathname !== '/health' && document.readyState === 'complete'";
    eventually("the page opens", async || person.run(opened).await == true).await;
    let prepared = "return performance.getEntriesByType('navigation')[0].activationStart > 0";
    person.run(prepared).await == true
}

#[test]
fn a_page_that_is_prerendered_with_an_expired_access_token_is_authenticated() {
    on_stage(&[], async |stage| {
        let person = stage.visitor(Look::DESKTOP).await;
        person.goto(&stage.url("/health")).await;
        sign_in(&person).await;
        expire(&person).await;
        let before = refresh_token(&person).await;
        prepares(stage, &person, "/api/me").await;
        eventually("it is prerendered", async || refresh_token(&person).await != before).await;
        assert!(opens(&person).await, "the prerendered response is shown");
        let shown = person.run("return document.body.innerText").await;
        assert!(shown.as_str().is_some_and(|text| text.contains("\"demo\"")), "{shown}");
    });
}

#[test]
fn a_prerendered_page_asks_again_when_it_is_opened() {
    on_stage(&[], async |stage| {
        let person = stage.visitor(Look::DESKTOP).await;
        person.goto(&stage.url("/health")).await;
        sign_in(&person).await;
        prepares(stage, &person, "/").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        expire(&person).await;
        opens(&person).await;
        person.is_signed_in().await;
    });
}
