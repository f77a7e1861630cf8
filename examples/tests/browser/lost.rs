//! Responses that never arrive: a closed tab, a lost network, a crashed browser. No user is logged
//! out because of it.

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

/// Responds after 300 ms; the refresh happens when the request arrives.
const SLOW: &str = "/api/slow-error";
/// Longer than the default leeway of 10 s. Browser and server use the real clock, so the test has
/// to wait.
const BEYOND_THE_LEEWAY: Duration = Duration::from_secs(15);

pub(crate) async fn refresh_token(person: &Visitor) -> String {
    let tokens = person.tokens().await;
    tokens.into_iter().find(|cookie| cookie.name == REFRESH).expect("a refresh cookie").value
}

/// Sends the slow request and does not wait for the response.
async fn ask_slowly(person: &Browser) {
    person
        .run(&format!("fetch('{SLOW}').catch(() => {{}}); await new Promise((go) => setTimeout(go, 120));"))
        .await;
}

/// A page that sends no requests on its own, with a signed-in user whose access token has expired.
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
fn a_tab_that_is_closed_before_its_response_arrives() {
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
fn a_network_that_is_lost_before_the_response_arrives() {
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

/// A network between browser and server that can be interrupted.
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

    /// Closes every connection, long enough that the server's response cannot be delivered.
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
    assert_eq!(
        refresh_token(person).await,
        before,
        "the response was lost: the jar still has the previous token"
    );
    assert_eq!(who_am_i(person).await, "200");
    assert_ne!(refresh_token(person).await, before, "the next request brings the successor");
    assert_eq!(who_am_i(person).await, "200");
}

/// When an access token of 30 s is so close to its expiry that the next request refreshes.
const NEAR_ITS_END: Duration = Duration::from_secs(20);

/// Chromium writes its cookies about 30 s after the first change, or later on a busy machine. The
/// names are not encrypted.
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

/// Signs in, waits until the jar is on disk, refreshes, and crashes. Returns the response that the
/// browser gets after it restarts.
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
fn a_browser_that_crashes_before_it_used_the_new_pair_is_still_signed_in() {
    on_stage(&[("COOKIEJWT_ACCESS_MAX_AGE", "30")], async |stage| {
        assert_eq!(crashes_after_a_refresh(stage, false).await, "200");
    });
}

/// The remaining case, as described in the guide's table.
#[test]
fn a_browser_that_crashes_after_it_used_the_new_pair_restarts_with_a_used_token() {
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

/// Two user tables in one browser: cookies ignore ports, so two servers on one host share the jar.
#[test]
fn two_realms_work_in_one_browser() {
    on_stage(&[("COOKIEJWT_REALM", "customers")], async |stage| {
        let person = stage.visitor(Look::DESKTOP).await;
        person.goto(&stage.url("/health")).await;
        sign_in(&person).await;
        let home = crate::common::Home::new();
        let staff = home.start(&[("COOKIEJWT_REALM", "staff")]);
        let office = format!("http://localhost:{}/health", staff.address().port());
        person.goto(&office).await;
        assert_eq!(who_am_i(&person).await, "401 not_authenticated", "a customer is anonymous there");
        sign_in(&person).await;
        assert_eq!(who_am_i(&person).await, "200");
        person.goto(&stage.url("/health")).await;
        expire(&person).await;
        assert_eq!(who_am_i(&person).await, "200", "refreshed");
        person.goto(&office).await;
        assert_eq!(who_am_i(&person).await, "200", "the other login is still valid");
        assert_eq!(person.tokens().await.len(), 4);
    });
}
