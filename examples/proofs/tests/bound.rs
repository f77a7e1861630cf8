//! A link from another site to a page that sends anonymous users to the login form.

use browser::{Browser, Chromium, DeviceEventKind::Creation, Door, Exchange, in_chromium};

use crate::{
    common::{ACCESS, PASSWORD, USER},
    stage::Stage,
};

const PAGE: &str = "/account";

/// Follows a link of another site to the page, until the browser shows this text. Returns each
/// request for the page and for a renewal.
async fn arrives(browser: &Browser, site: &Door, elsewhere: &Door, text: &str) -> Vec<Exchange> {
    browser.goto(&elsewhere.url("/login")).await;
    browser.delete_cookie(&site.url("/"), ACCESS).await;
    let seen = site.seen();
    browser.run(&format!("setTimeout(() => {{ location.href = '{}#x' }})", site.url(PAGE))).await;
    browser.reads("h1", text).await;
    let mut requests = site.requests(seen);
    requests.retain(|request| request.path == PAGE || request.path == "/api/auth/device/refresh/");
    requests
}

#[test]
fn a_bound_session_is_renewed_before_the_login_form_is_shown() {
    in_chromium(Chromium::bound, async |browser| {
        let stage = Stage::bound();
        let site = Door::site("account", stage.address()).await;
        let elsewhere = Door::site("elsewhere", stage.address()).await;
        browser.goto(&site.url("/login?next=%2Faccount")).await;
        browser.watch_devices().await;
        browser.fill("Name", USER).await;
        browser.fill("Password", PASSWORD).await;
        browser.click("Log in").await;
        browser.reads("h1", "Account").await;
        let event = browser.device_event(0, Creation, &site.origin()).await;
        assert!(event.succeeded, "{event:?}");

        let requests = arrives(browser, &site, &elsewhere, "Account").await;
        let statuses: Vec<_> = requests.iter().map(|request| request.status).collect();
        assert_eq!(
            statuses,
            [401, 403, 200, 200],
            "the page, a renewal of two legs, and the page: {requests:?}"
        );
        assert_eq!(requests[0].sent["sec-fetch-site"], "cross-site");
        assert_eq!(browser.run("return location.hash").await, "#x", "kept");

        // The browser has lost the key: the reload is sent to the form.
        browser.lose_device_session(&event).await;
        let requests = arrives(browser, &site, &elsewhere, "Log in").await;
        let statuses: Vec<_> = requests.iter().map(|request| request.status).collect();
        assert_eq!(statuses, [401, 303], "{requests:?}");
    });
}
