//! What a user does, in each engine.

use browser::{Engine, Exchange, Session};
use http::uri::Scheme;

use crate::{
    common::{ACCESS, LOGIN, LOGOUT, PASSWORD, REFRESH, USER},
    house::{House, in_engine, visitor},
};

type Variables = &'static [(&'static str, &'static str)];

/// Device-bound sessions require `Secure`. None of the engines has them as it is started here: they
/// ignore the offer.
const OFFERED: Variables = &[("COOKIEJWT_DEVICE_BOUND", "offer")];

/// `WebKitGTK` keeps no `Secure` cookie of `http://localhost`.
const fn over_http(engine: Engine) -> Variables {
    if matches!(engine, Engine::WebKit) { &[("COOKIEJWT_SECURE", "false")] } else { &[] }
}

#[test]
fn chromium() {
    in_engine(Engine::Chromium, everything);
}

#[test]
fn firefox() {
    in_engine(Engine::Firefox, everything);
}

#[test]
fn webkit() {
    in_engine(Engine::WebKit, everything);
}

async fn everything(engine: Engine) {
    let rows = [(Scheme::HTTP, over_http(engine)), (Scheme::HTTPS, &[]), (Scheme::HTTPS, OFFERED)];
    for (scheme, variables) in rows {
        let house = House::open(scheme, variables).await;
        let page = visitor(engine, &house).await;
        let login = signs_in(&house, &page).await;
        let is_offered = login.received.contains_key("secure-session-registration");
        assert_eq!(is_offered, variables == OFFERED, "{login:?}");
        refreshes(&house, &page).await;
        signs_out_in_another_tab(&house, &page).await;
        let devices = house.door.requests(0).iter().filter(|sent| sent.path.contains("/device/")).count();
        assert_eq!(devices, 0, "nothing is registered");
        house.closes();
    }
}

/// A wrong password first.
async fn signs_in(house: &House, page: &Session) -> Exchange {
    page.reads("#login-heading", "Sign in").await;
    page.fill("Username", USER).await;
    page.fill("Password", "not the password").await;
    let refused = house.press(page, "Sign in", "POST", LOGIN).await;
    assert_eq!((refused.status, refused.set_cookies), (401, vec![]));
    page.reads("#status", "That username and password do not match.").await;
    page.fill("Password", PASSWORD).await;
    let answer = house.press(page, "Sign in", "POST", LOGIN).await;
    assert_eq!(answer.status, 200);
    page.reads("#me-heading", &format!("Signed in as {USER}")).await;
    page.reload().await;
    page.reads("#me-heading", &format!("Signed in as {USER}")).await;
    answer
}

/// A request with an expired access token, and one with the new cookies.
async fn refreshes(house: &House, page: &Session) {
    let expired = house.press(page, "Expire my access token", "POST", "/api/demo/expire").await;
    assert_eq!(expired.status, 204);
    page.reads("#status", "The access cookie is deleted.").await;
    let renewed = house.press(page, "Who am I?", "GET", "/api/me").await;
    assert_eq!((renewed.status, renewed.set_cookies.len()), (200, 2), "{renewed:?}");
    assert!(!sends(&renewed, ACCESS) && sends(&renewed, REFRESH), "{renewed:?}");
    let next = house.press(page, "Who am I?", "GET", "/api/me").await;
    assert_eq!((next.status, next.set_cookies.len()), (200, 0), "{next:?}");
    assert!(sends(&next, ACCESS) && sends(&next, REFRESH), "{next:?}");
}

/// The first tab notices it when it is shown, or with its next request.
async fn signs_out_in_another_tab(house: &House, page: &Session) {
    let first = page.tab().await;
    let second = page.new_tab().await;
    page.goto(&house.door.url("/")).await;
    page.reads("#me-heading", &format!("Signed in as {USER}")).await;
    let answer = house.press(page, "Log out", "POST", LOGOUT).await;
    assert_eq!(answer.status, 200);
    page.reads("#login-heading", "Sign in").await;
    page.switch_to(&first).await;
    let seen = house.door.seen();
    page.run("await fetch('/api/me')").await;
    let refused = house.answer(seen, "GET", "/api/me").await;
    assert_eq!(refused.status, 401, "{refused:?}");
    assert!(!sends(&refused, ACCESS) && !sends(&refused, REFRESH), "both were cleared: {refused:?}");
    page.reload().await;
    page.reads("#login-heading", "Sign in").await;
    page.switch_to(&second).await;
    page.close_tab().await;
    page.switch_to(&first).await;
}

/// Without `Secure` the names have no prefix.
fn sends(exchange: &Exchange, name: &str) -> bool {
    exchange.sent_cookie(name) || exchange.sent_cookie(name.trim_start_matches("__Host-"))
}
