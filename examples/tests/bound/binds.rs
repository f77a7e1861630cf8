//! From a login to a renewal, on the page of the example.

use browser::{Browser, Chromium, Exchange, in_chromium};

use crate::{
    common::{ACCESS, LOGIN, PASSWORD, REFRESH, USER},
    stage::{DEVICE, ME, RENEWAL, Site, in_short},
};

const SESSIONS: &str = "/api/auth/sessions/";
const REGISTRATION: &str = "secure-session-registration";

/// The user logs in with the form of the page.
async fn signs_in(site: &Site, browser: &Browser) -> Exchange {
    site.visit(browser, "/").await;
    browser.fill("Username", USER).await;
    browser.fill("Password", PASSWORD).await;
    let answer = browser.press("Sign in", "POST", LOGIN).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    browser.reads("#me-heading", &format!("Signed in as {USER}")).await;
    answer
}

/// The access cookie has reached its age, and the user presses a button. Returns what came through
/// the door, and checks that the page sent one request only.
async fn asks_later(site: &Site, browser: &Browser) -> Vec<Exchange> {
    site.expire(browser).await;
    let seen = site.door.seen();
    let me = browser.press("Who am I?", "GET", ME).await;
    assert_eq!(me.status, 200, "{me:?}");
    let mut requests = site.until_answered(seen, ME).await;
    // The page may still ask for other things.
    requests.retain(|request| [DEVICE, RENEWAL, ME].contains(&&*request.path));
    requests
}

#[test]
fn a_login_binds_the_session_and_the_browser_renews_it() {
    in_chromium(Chromium::bound, async |browser| {
        let site = Site::open("main").await;
        let login = signs_in(&site, browser).await;
        assert!(login.received[REGISTRATION].starts_with("(ES256);path=\"/api/auth/device/\";challenge="));
        let event = site.has_bound(browser, 0).await;
        assert_eq!(event.session, browser.text("#me-session-id").await, "its identifier is the sid");
        let registration = site.door.answer(0, "POST", DEVICE).await;
        assert_eq!((registration.status, registration.set_cookies), (200, vec![]));

        // The list was read when the page was shown, which may have been before the registration.
        browser.reload().await;
        browser.reads("#sessions li:nth-child(1)", "Bound to this device").await;

        let [asks, proves, me] = &asks_later(&site, browser).await[..] else { panic!("two legs") };
        assert_eq!([asks, proves, me].map(|exchange| exchange.status), [403, 200, 200]);
        assert!(asks.set_cookies.is_empty() && me.set_cookies.is_empty(), "{asks:?} {me:?}");
        assert_eq!(proves.cookie_names(), [ACCESS, REFRESH]);
        assert!(me.sent_cookie(ACCESS), "the new one");
        // The challenge of the next renewal came with this one.
        for _ in 0..2 {
            assert_eq!(in_short(&asks_later(&site, browser).await), "r200 me200");
        }
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        assert!(site.server.log().contains("bound to a device"), "{}", site.server.log());
        site.closes();
    });
}

/// The same server and a browser without device-bound sessions: as if they were not offered.
#[test]
fn without_the_feature_the_refresh_cookie_renews() {
    in_chromium(Chromium::at_sites, async |browser| {
        let site = Site::open("without").await;
        browser.goto(&site.door.url("/")).await;
        browser.fill("Username", USER).await;
        browser.fill("Password", PASSWORD).await;
        assert!(browser.press("Sign in", "POST", LOGIN).await.received.contains_key(REGISTRATION));
        browser.reads("#sessions li:nth-child(1)", "This device").await;
        assert!(!browser.text("#sessions").await.contains("Bound"));
        for _ in 0..2 {
            let me = asks_later(&site, browser).await;
            assert_eq!((in_short(&me), me[0].cookie_names()), ("me200".into(), vec![ACCESS, REFRESH]));
        }
        let sessions = browser.run(&format!("return (await fetch('{SESSIONS}')).json()")).await;
        assert_eq!(sessions[0]["device_bound"], false, "{sessions}");
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        site.closes();
    });
}
