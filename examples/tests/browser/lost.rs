//! Answers that never arrive: a tab that is closed, a network that goes, a browser that crashes. Nobody is logged out for it.

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use browser::{Browser, Look};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{
    common::{PASSWORD, REFRESH, USER},
    stage::{Stage, Visitor, on_stage},
};

/// Answers after 300 ms, and refreshes when it is asked.
const SLOW: &str = "/api/slow-error";
/// Longer than the default leeway of 10 s. Browsers and servers have clocks of their own, so this has to pass.
const BEYOND_THE_LEEWAY: Duration = Duration::from_secs(15);

pub(crate) async fn refresh_token(person: &Visitor) -> String {
    let tokens = person.tokens().await;
    tokens.into_iter().find(|cookie| cookie.name == REFRESH).expect("a refresh cookie").value
}

/// Sends the slow request and does not wait for its answer.
async fn ask_slowly(person: &Browser) {
    person
        .run(&format!("fetch('{SLOW}').catch(() => {{}}); await new Promise((go) => setTimeout(go, 120));"))
        .await;
}

/// A page that asks for nothing by itself, with somebody signed in whose access token has ended.
async fn quiet_page(stage: &Stage, person: &Visitor) {
    person.goto(&stage.url("/health")).await;
    sign_in(person).await;
    expire(person).await;
}

pub(crate) async fn sign_in(person: &Visitor) {
    let body = json!({ "username": USER, "password": PASSWORD }).to_string();
    let login = format!(
        "return (await fetch('/api/auth/token/', {{ method: 'POST', body: JSON.stringify({body}), \
         headers: {{ 'Content-Type': 'application/json' }} }})).status"
    );
    assert_eq!(person.run(&login).await, 200);
}

pub(crate) async fn expire(person: &Visitor) {
    let expire = "return (await fetch('/api/demo/expire', { method: 'POST' })).status";
    assert_eq!(person.run(expire).await, 204);
}

/// The status of `/api/me`, and the code of a refusal.
async fn who_am_i(person: &Visitor) -> String {
    let ask = "const answer = await fetch('/api/me'); return `${answer.status} ${(await answer.json()).code ?? ''}`";
    person.run(ask).await.as_str().expect("a text").trim().to_owned()
}

#[test]
fn a_tab_that_is_closed_before_its_answer_comes() {
    on_stage(&[], async |stage| {
        let person = stage.visitor(Look::DESKTOP).await;
        quiet_page(stage, &person).await;
        let first = person.tab().await;
        let before = refresh_token(&person).await;
        person.new_tab().await;
        person.goto(&stage.url("/health")).await;
        ask_slowly(&person).await;
        person.close_tab().await;
        person.switch_to(&first).await;
        is_still_signed_in_later(&person, &before).await;
    });
}

#[test]
fn a_network_that_goes_before_the_answer_comes() {
    on_stage(&[], async |stage| {
        let network = Network::in_front_of(SocketAddr::from(([127, 0, 0, 1], stage.port()))).await;
        let person = stage.visitor(Look::DESKTOP).await;
        person.goto(&format!("http://localhost:{}/health", network.port)).await;
        sign_in(&person).await;
        expire(&person).await;
        let before = refresh_token(&person).await;
        ask_slowly(&person).await;
        network.goes().await;
        network.comes_back();
        is_still_signed_in_later(&person, &before).await;
    });
}

/// A network between browser and server that can go and come back.
struct Network {
    port: u16,
    is_there: watch::Sender<bool>,
}

impl Network {
    async fn in_front_of(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (is_there, seen) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, seen.clone()));
            }
        });
        Self { port, is_there }
    }

    /// Ends every connection, long enough that the server's answer finds nobody.
    async fn goes(&self) {
        self.is_there.send_replace(false);
        tokio::time::sleep(Duration::from_secs(2)).await;
    }

    fn comes_back(&self) {
        self.is_there.send_replace(true);
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr, mut is_there: watch::Receiver<bool>) {
    if !*is_there.borrow_and_update() {
        return;
    }
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        _ = is_there.changed() => {}
    }
}

async fn is_still_signed_in_later(person: &Visitor, before: &str) {
    tokio::time::sleep(BEYOND_THE_LEEWAY).await;
    assert_eq!(refresh_token(person).await, before, "the answer was lost: the jar has the parent");
    assert_eq!(who_am_i(person).await, "200");
    assert_ne!(refresh_token(person).await, before, "and the successor after all");
    assert_eq!(who_am_i(person).await, "200");
}

/// When an access token of 30 s is so near its end that the next request refreshes.
const NEAR_ITS_END: Duration = Duration::from_secs(20);

/// Chromium writes its cookies about 30 s after the first change, later when the machine is busy. The names are not encrypted.
async fn jar_is_written(profile: &Path) {
    let folder = profile.join("Default");
    let is_written = || {
        let files = [folder.join("Cookies"), folder.join("Cookies-wal"), folder.join("Network/Cookies")];
        let mut contents = files.iter().filter_map(|file| fs::read(file).ok());
        contents.any(|bytes| bytes.windows(REFRESH.len()).any(|window| window == REFRESH.as_bytes()))
    };
    for _ in 0..600 {
        if is_written() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("Chromium did not write its cookies within two minutes");
}

/// Signs in, waits until the jar is on disk, refreshes, and crashes; what the browser is answered when it comes back.
async fn crashes_after_a_refresh(stage: &Stage, uses_the_new_pair: bool) -> String {
    let profile = tempfile::tempdir().expect("a temporary directory");
    let person = stage.browser_at(profile.path()).await;
    person.goto(&stage.url("/health")).await;
    sign_in(&person).await;
    tokio::join!(jar_is_written(profile.path()), tokio::time::sleep(NEAR_ITS_END));
    assert_eq!(who_am_i(&person).await, "200", "refreshed");
    if uses_the_new_pair {
        assert_eq!(who_am_i(&person).await, "200", "used");
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    person.into_browser().crash();
    tokio::time::sleep(BEYOND_THE_LEEWAY).await;
    let person = stage.browser_at(profile.path()).await;
    person.goto(&stage.url("/health")).await;
    who_am_i(&person).await
}

#[test]
fn a_browser_that_crashes_before_it_has_used_the_new_pair_is_still_signed_in() {
    on_stage(&[("COOKIEJWT_ACCESS_MAX_AGE", "30")], async |stage| {
        assert_eq!(crashes_after_a_refresh(stage, false).await, "200");
    });
}

/// What remains, and what the guide's table says.
#[test]
fn a_browser_that_crashes_after_it_has_used_the_new_pair_comes_back_with_a_used_up_one() {
    on_stage(&[("COOKIEJWT_ACCESS_MAX_AGE", "30")], async |stage| {
        assert_eq!(crashes_after_a_refresh(stage, true).await, "401 session_revoked");
    });
}

/// `COOKIEJWT_REUSE_LEEWAY=60` covers a prompt restart.
#[test]
fn with_a_longer_leeway_a_prompt_restart_is_covered() {
    let variables = [("COOKIEJWT_ACCESS_MAX_AGE", "30"), ("COOKIEJWT_REUSE_LEEWAY", "60")];
    on_stage(&variables, async |stage| {
        assert_eq!(crashes_after_a_refresh(stage, true).await, "200");
    });
}

/// Two user tables side by side in one browser: cookies know no ports, so two servers on one host share the jar.
#[test]
fn two_realms_live_side_by_side_in_one_browser() {
    on_stage(&[("COOKIEJWT_REALM", "customers")], async |stage| {
        let person = stage.visitor(Look::DESKTOP).await;
        person.goto(&stage.url("/health")).await;
        sign_in(&person).await;
        let home = crate::common::Home::new();
        let staff = home.start(&[("COOKIEJWT_REALM", "staff")]);
        let office = format!("http://localhost:{}/health", staff.address().port());
        person.goto(&office).await;
        assert_eq!(who_am_i(&person).await, "401 not_authenticated", "a customer is nobody there");
        sign_in(&person).await;
        assert_eq!(who_am_i(&person).await, "200");
        person.goto(&stage.url("/health")).await;
        expire(&person).await;
        assert_eq!(who_am_i(&person).await, "200", "refreshed");
        person.goto(&office).await;
        assert_eq!(who_am_i(&person).await, "200", "and the other login is still there");
        assert_eq!(person.tokens().await.len(), 4);
    });
}
