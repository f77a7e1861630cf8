use browser::{Browser, Chromium, Look};
use serde_json::json;

use crate::{
    common::{PASSWORD, USER},
    stage::{Stage, has},
};

/// A browser with an authenticator that always agrees, as a phone does with a finger.
struct Visitor {
    browser: Browser,
    authenticator: String,
}

impl Visitor {
    async fn new(chromium: &Chromium) -> Self {
        let browser = Browser::open(chromium, Look::DESKTOP).await;
        browser.devtools("WebAuthn.enable", json!({})).await;
        let options = json!({ "options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": true, "automaticPresenceSimulation": true,
        } });
        let added = browser.devtools("WebAuthn.addVirtualAuthenticator", options).await;
        let authenticator = added["authenticatorId"].as_str().expect("an id").to_owned();
        Self { browser, authenticator }
    }

    async fn log_in(&self, stage: &Stage) {
        self.browser.goto(&stage.url("/login")).await;
        self.browser.fill("Name", USER).await;
        self.browser.fill("Password", PASSWORD).await;
        self.browser.click("Log in").await;
    }

    /// With a passkey, and logged out again.
    async fn with_passkey(&self, stage: &Stage) {
        self.log_in(stage).await;
        self.browser.reads("#methods", "pwd").await;
        self.browser.goto(&stage.url("/account")).await;
        self.browser.click("Add a passkey").await;
        self.browser.reads("main", "Passkeys: 1").await;
        self.browser.goto(&stage.url("/")).await;
        self.browser.reads("#methods", "pwd, swk").await;
        self.browser.goto(&stage.url("/account")).await;
        self.browser.click("Log out").await;
        self.browser.reads("main", "Log in").await;
    }

    async fn verifies_users(&self, verifies: bool) {
        let parameters = json!({ "authenticatorId": self.authenticator, "isUserVerified": verifies });
        self.browser.devtools("WebAuthn.setUserVerified", parameters).await;
    }
}

fn on_stage(story: impl AsyncFnOnce(&Stage, &Visitor)) {
    let chromium = Chromium::installed();
    if !has(chromium.as_ref().map(|_| ()), "chromium and chromedriver") {
        return;
    }
    let (stage, chromium) = (Stage::new(), chromium.expect("installed"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let visitor = Visitor::new(&chromium).await;
        story(&stage, &visitor).await;
        assert_eq!(visitor.browser.complaints().await, Vec::<String>::new());
    });
}

#[test]
fn a_passkey_is_the_whole_login() {
    on_stage(async |stage, visitor| {
        visitor.with_passkey(stage).await;
        visitor.browser.goto(&stage.url("/login?next=%2Ftransfer")).await;
        visitor.browser.click("Log in with a passkey").await;
        visitor.browser.reads("h1", "Transfer").await;
        visitor.browser.goto(&stage.url("/")).await;
        visitor.browser.reads("#methods", "swk").await;
    });
}

#[test]
fn a_passkey_is_the_second_step_after_a_password() {
    on_stage(async |stage, visitor| {
        visitor.with_passkey(stage).await;
        visitor.log_in(stage).await;
        visitor.browser.reads("h1", "Second step").await;
        visitor.browser.click("Use a passkey").await;
        visitor.browser.reads("#methods", "pwd, swk").await;
    });
}

#[test]
fn a_passkey_is_a_further_proof_of_a_user_who_is_logged_in() {
    on_stage(async |stage, visitor| {
        visitor.with_passkey(stage).await;
        visitor.log_in(stage).await;
        visitor.browser.click("Use a passkey").await;
        visitor.browser.reads("#methods", "pwd, swk").await;
        visitor.browser.goto(&stage.url("/confirm?require=swk&next=%2Ftransfer")).await;
        visitor.browser.click("Use a passkey").await;
        visitor.browser.reads("h1", "Transfer").await;
    });
}

#[test]
fn without_the_finger_of_the_user_there_is_no_login() {
    on_stage(async |stage, visitor| {
        visitor.with_passkey(stage).await;
        visitor.verifies_users(false).await;
        visitor.browser.goto(&stage.url("/login")).await;
        visitor.browser.click("Log in with a passkey").await;
        visitor.browser.reads("[role=alert]", "not allowed").await;
        visitor.browser.goto(&stage.url("/")).await;
        visitor.browser.reads("main", "Log in").await;
    });
}
