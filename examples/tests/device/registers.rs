//! Registration: when, and what the browser sends.

use browser::{Chromium, DeviceEventKind::Creation, Door, Exchange, Fate, in_chromium};
use http::uri::Scheme;
use serde_json::json;

use crate::{
    proof::{Proof, bytes},
    script::{ACCESS, DEVICE, REFRESH, SESSION, Script},
    stage::{Site, follow, in_short, log_in},
};

/// What both of the browser's own requests have in common.
pub(crate) fn is_the_browsers_own(request: &Exchange, site: &Site) {
    let sent = |name: &str| request.sent.get(name).map(String::as_str);
    assert_eq!(request.method, "POST");
    assert_eq!(sent("content-length"), Some("0"), "no body: {request:?}");
    assert_eq!(sent("origin"), Some(&*site.door.origin()), "{request:?}");
    let metadata = ["site", "mode", "dest"].map(|name| sent(&format!("sec-fetch-{name}")));
    assert_eq!(metadata, ["same-origin", "no-cors", "empty"].map(Some), "{request:?}");
}

#[test]
fn a_login_is_followed_by_a_registration() {
    in_chromium(Chromium::bound, async |browser| {
        let site = Site::open("registers").await;
        let event = site.binds(browser).await;
        assert_eq!((&*event.site, &*event.session), ("https://registers.test", SESSION));
        let request = site.registration().await;
        is_the_browsers_own(&request, &site);
        assert_eq!(request.sent.get("sec-secure-session-id"), None);
        assert!(request.sent_cookie(ACCESS) && request.sent_cookie(REFRESH), "{request:?}");

        // Bare, not in quotes.
        let proof = Proof::of(&request.sent["secure-session-response"]).expect("a proof");
        let (x, y) = (&proof.header["jwk"]["x"], &proof.header["jwk"]["y"]);
        let key = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
        assert_eq!(proof.header, json!({ "alg": "ES256", "typ": "dbsc+jwt", "jwk": key }));
        assert_eq!(proof.payload, json!({ "jti": "c1" }));
        assert_eq!(bytes(&proof.signature).expect("base64url").len(), 64);
        assert_eq!(site.door.requests(0).iter().filter(|request| request.path == DEVICE).count(), 1);
    });
}

/// Each row: an answer to the registration. It is not asked for again, and nothing is renewed.
#[test]
fn a_registration_that_fails_is_not_repeated() {
    in_chromium(Chromium::bound, async |browser| {
        for status in [400, 401, 403, 503] {
            let site = Site::open(&format!("refused{status}")).await;
            site.door.disturb(move |request| match &*request.path {
                DEVICE => Fate::Refused(status),
                _ => Fate::Passes,
            });
            site.visit(browser).await;
            log_in(browser).await;
            assert_eq!(site.registration().await.status, status);
            site.door.calm();
            site.expire(browser).await;
            assert_eq!(in_short(&site.me(browser).await), "me401", "{status}");
            assert_eq!(site.door.requests(0).iter().filter(|request| request.path == DEVICE).count(), 1);
        }
    });
}

#[test]
fn without_tls_there_is_no_registration() {
    in_chromium(Chromium::bound, async |browser| {
        let door = Door::open(Script::default().start().await, Scheme::HTTP).await;
        browser.goto(&door.url("/")).await;
        log_in(browser).await;
        // Another site registers meanwhile.
        Site::bound("tls", browser).await;
        assert_eq!(in_short(&door.answers(0)), "200 login200");
    });
}

#[test]
fn a_browser_without_them_ignores_the_offer() {
    in_chromium(Chromium::at_sites, async |browser| {
        let site = Site::open("without").await;
        browser.goto(&site.door.url("/")).await;
        log_in(browser).await;
        assert_eq!(in_short(&site.me(browser).await), "me200");
        site.expire(browser).await;
        assert_eq!(in_short(&site.me(browser).await), "me401");
        assert_eq!(in_short(&site.door.requests(0)), "200 login200 me200 me401");
    });
}

/// As after the callback of an identity provider: the session is registered all the same.
#[test]
fn the_registration_after_an_arrival_from_another_site_has_no_cookies() {
    in_chromium(Chromium::bound, async |browser| {
        let (site, provider) = (Site::open("arrives").await, Site::open("provider").await);
        provider.visit(browser).await;
        follow(browser, &site, "/callback").await;
        browser.device_event(0, Creation, &site.door.origin()).await;
        let request = site.registration().await;
        is_the_browsers_own(&request, &site);
        assert_eq!((request.status, request.sent.get("cookie")), (200, None));
        site.expire(browser).await;
        assert_eq!(in_short(&site.me(browser).await), "r403 r200 me200");
    });
}
