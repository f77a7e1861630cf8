//! How the page looks on a desktop and on a phone, in light and dark colours, and to a screen
//! reader.

use std::{env, path::Path};

use browser::{Browser, Look};
use serde_json::json;

use crate::{
    common::PASSWORD,
    stage::{Stage, on_stage},
};

const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
     Version/26.0 Mobile/15E148 Safari/604.1";
const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0";
/// An unknown one, without a space where a line could break.
const ENDLESS: &str =
    "TheClientThatSomebodyWroteInHouseAndNamedAfterEverythingThatItWasEverMeantToDoForTheCompany/12.0.1";

#[test]
fn looks_right_on_desktop_and_phone_in_light_and_dark() {
    on_stage(&[], async |stage| {
        let person = stage.visitor(Look::DESKTOP).await;
        fits(&person, 1280).await;
        everything_has_a_name(&person).await;
        lived_in(stage);
        person.sign_in(PASSWORD).await;
        person.is_signed_in().await;
        person.fill("New note", "Flour, butter, chocolate: the cookies are for Friday.").await;
        person.press("Add", "POST", "/api/notes").await;
        person.reads("#sessions", "Safari on iPhone").await;
        person.reads("#sessions", "Firefox on Windows").await;
        everything_has_a_name(&person).await;

        let looks = [
            ("desktop-light.png", Look::DESKTOP, 1280),
            ("desktop-dark.png", Look::DESKTOP.dark(), 1280),
            ("phone.png", Look::PHONE.light(), 390),
        ];
        for (name, look, width) in looks {
            person.look_like(look).await;
            fits(&person, width).await;
            picture(&person, name, width > 600).await;
        }
        stage.request(|server| server.login_request().header("User-Agent", ENDLESS).send());
        person.reload().await;
        person.reads("#sessions", "TheClientThat").await;
        person.look_like(Look::PHONE.wide(320)).await;
        fits(&person, 320).await;
        person.leaves().await;
    });
}

/// Signs the account in on other devices too.
fn lived_in(stage: &Stage) {
    for agent in [FIREFOX, IPHONE] {
        let answer = stage.request(|server| server.login_request().header("User-Agent", agent).send());
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

async fn fits(browser: &Browser, width: u32) {
    let script = "await new Promise(requestAnimationFrame);
        return [document.documentElement.scrollWidth <= innerWidth, innerWidth]";
    assert_eq!(browser.run(script).await, json!([true, width]), "nothing overflows");
}

/// Every control has an accessible name.
async fn everything_has_a_name(browser: &Browser) {
    const CONTROLS: [&str; 4] = ["button", "textbox", "checkbox", "dialog"];
    browser.devtools("Accessibility.enable", json!({})).await;
    let tree = browser.devtools("Accessibility.getFullAXTree", json!({})).await;
    let mut controls = 0;
    for node in tree["nodes"].as_array().expect("a list") {
        if CONTROLS.iter().any(|role| node["role"]["value"] == *role) && node["ignored"] == false {
            controls += 1;
            assert!(node["name"]["value"].as_str().is_some_and(|name| !name.is_empty()), "{node}");
        }
    }
    assert!(controls > 3, "{controls} controls");
}

/// Only on request: screenshots differ slightly from machine to machine.
async fn picture(browser: &Browser, name: &str, whole: bool) {
    if env::var_os("SCREENSHOTS").is_some() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/screenshots");
        browser.picture(&folder.join(name), whole).await;
    }
}
