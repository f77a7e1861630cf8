use std::{
    io::{BufRead as _, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use browser::{Browser, Chromium, Look};

use crate::{
    common::{Jar, Request},
    stage::{Stage, assert_goes, between, callback, free_port, has},
};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../interop/provider.mjs");
const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../interop/node_modules/oidc-provider");

/// The certified `oidc-provider`; it ends when dropped.
struct Provider {
    process: Child,
    issuer: String,
    // It ends when nobody reads what it prints.
    _lines: Lines<BufReader<ChildStdout>>,
}

impl Provider {
    fn start(callback: &str) -> Self {
        let mut process = Command::new("node")
            .args([SCRIPT, callback])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let issuer = lines.find_map(|line| Some(line.ok()?.strip_prefix("issuer ")?.to_owned()));
        Self { process, issuer: issuer.expect("the provider listens"), _lines: lines }
    }
}

impl Provider {
    /// What a browser does at the provider, whose user logs in there as `user` and agrees; returns
    /// where it is sent back to.
    fn follow(&self, url: &str, user: &str) -> String {
        let address = self.issuer.replace("http://localhost", "127.0.0.1").parse().expect("an address");
        let mut jar = Jar::default();
        let mut target = url.to_owned();
        for _ in 0..10 {
            let path = target.strip_prefix(&self.issuer).unwrap_or(&target).to_owned();
            let page = Request::new(address, "GET", &path).cookies(&jar).send();
            jar.keep(&page);
            let answer = if page.status == 200 {
                let prompt = between(&page.text(), "name=\"prompt\" value=\"", "\"");
                let body = format!("prompt={prompt}&login={user}&password=anything");
                let form = Request::new(address, "POST", &path).cookies(&jar);
                form.body("application/x-www-form-urlencoded", body).send()
            } else {
                page
            };
            jar.keep(&answer);
            let place = answer.header("location").unwrap_or_else(|| panic!("{answer:?}"));
            if let Some((_, query)) = place.split_once("/provider/callback?") {
                return format!("/provider/callback?{query}");
            }
            target = place.replace(&format!("http://{address}"), "");
        }
        panic!("the provider does not send its user back: {target}");
    }
}

/// Whether node and the package are here.
fn has_provider() -> bool {
    has(Path::new(PACKAGE).exists().then_some(()), "oidc-provider: run `npm ci` in interop/")
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn on_stage(story: impl AsyncFnOnce(&Stage, &Browser)) {
    let chromium = Chromium::installed();
    if !has_provider() || !has(chromium.as_ref().map(|_| ()), "chromium and chromedriver") {
        return;
    }
    let port = free_port();
    let provider = Provider::start(&callback(port));
    let stage = Stage::with_provider(port, &provider.issuer);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let browser = Browser::open(&chromium.expect("installed"), Look::DESKTOP).await;
        story(&stage, &browser).await;
    });
}

/// Logs in at the provider as this user, who agrees.
async fn log_in_there(browser: &Browser, user: &str) {
    browser.reads("h1", "Sign-in").await;
    let script = format!(
        "document.querySelector('[name=login]').value = '{user}';
         document.querySelector('[name=password]').value = 'anything';
         document.querySelector('form').submit();"
    );
    browser.run(&script).await;
    browser.reads("h1", "Authorize").await;
    browser.run("document.querySelector('form').submit()").await;
}

#[test]
fn a_login_at_the_provider_is_a_login_here() {
    on_stage(async |stage, browser| {
        browser.goto(&stage.url("/provider?next=%2Faccount")).await;
        log_in_there(browser, "bob").await;
        browser.reads("h1", "Account").await;
        browser.goto(&stage.url("/")).await;
        browser.reads("main", "You are provider:bob").await;
        browser.reads("#methods", "fed").await;
    });
}

#[test]
fn a_callback_counts_once_and_only_in_the_browser_that_began_it() {
    if !has_provider() {
        return;
    }
    let port = free_port();
    let provider = Provider::start(&callback(port));
    let (stage, mut jar) = (Stage::with_provider(port, &provider.issuer), Jar::default());
    let began = stage.get(&mut jar, "/provider?next=%2Faccount");
    let path = provider.follow(began.header("location").expect("303"), "bob");
    assert!(path.starts_with("/provider/callback?"), "{path}");

    let mut other = Jar::default();
    let answer = stage.get(&mut other, &path);
    assert_eq!((answer.status, other.is_empty()), (401, true), "login CSRF: {answer:?}");
    let forged = path.replace("code=", "code=x");
    let mut thief = jar.clone();
    assert_eq!(stage.get(&mut thief, &forged).status, 401, "the provider does not know this code");
    let mut late = jar.clone();
    assert_goes(&stage.get(&mut jar, &path), "/account");
    assert_eq!(stage.methods(&mut jar), "fed");
    assert_eq!(stage.get(&mut late, &path).status, 401, "the same callback again");
    assert_eq!(stage.methods(&mut late), "nobody");
}

#[test]
fn a_user_who_refuses_at_the_provider_is_not_logged_in() {
    on_stage(async |stage, browser| {
        browser.goto(&stage.url("/provider")).await;
        browser.reads("h1", "Sign-in").await;
        browser.run("document.querySelector('a[href*=abort]').click()").await;
        browser.reads("h1", "Sorry").await;
        browser.goto(&stage.url("/")).await;
        browser.reads("main", "Log in").await;
    });
}
