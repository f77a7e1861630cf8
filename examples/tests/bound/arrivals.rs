//! Links from elsewhere, which the browser does not hold back for a renewal.

use browser::{Browser, Chromium, DeviceEventKind::Creation, Door, Exchange, Fate, in_chromium};
use http::{HeaderName, HeaderValue, header::SET_COOKIE};

use crate::{
    common::USER,
    stage::{DEVICE, ME, QUIET, Site, free_address, in_short},
};

/// A page of another origin, without a content security policy.
const ELSEWHERE: &str = "/health";

/// The page has a link to this address, and the user follows it.
async fn follow(browser: &Browser, url: &str) {
    browser.run(&format!("setTimeout(() => {{ location.href = '{url}' }})")).await;
}

/// Each row: the page with the link, and what the browser says about the arrival.
#[test]
fn a_link_from_elsewhere_arrives_after_a_reload() {
    in_chromium(Chromium::bound, async |browser| {
        let site = Site::bound("link", browser).await;
        let elsewhere = Door::site("elsewhere", site.server.address()).await;
        let other_port = Door::site("link", site.server.address()).await;
        let rows = [(&elsewhere, "cross-site", "r403 r200"), (&other_port, "same-site", "r200")];
        for (from, metadata, renewal) in rows {
            browser.goto(&from.url(ELSEWHERE)).await;
            site.expire(browser).await;
            let seen = site.door.seen();
            follow(browser, &site.door.url("/api/me#x")).await;
            browser.reads("body", USER).await;
            let arrival = site.door.requests(seen);
            assert_eq!(in_short(&arrival), format!("me401 {renewal} me200"), "{metadata}");
            assert_eq!(arrival[0].sent["sec-fetch-site"], metadata);
            assert_eq!(arrival[0].received["refresh"], "1", "{metadata}");
            assert_eq!(browser.run("return location.hash").await, "#x", "{metadata}: kept");
        }
        assert_eq!(browser.complaints().await, Vec::<String>::new());
        site.closes();
    });
}

/// A front end on another port, which the server trusts.
#[test]
fn requests_of_a_trusted_front_end_of_the_same_site_wait_for_a_renewal() {
    in_chromium(Chromium::bound, async |browser| {
        let address = free_address();
        let [front, api] = [(); 2].map(|()| Door::site("front", address));
        let (front, api) = (front.await, api.await);
        let port = address.port().to_string();
        let variables = [
            ("PORT", &*port),
            ("COOKIEJWT_TRUSTED_ORIGINS", &front.origin()),
            ("COOKIEJWT_PUBLIC_ORIGIN", &api.origin()),
        ];
        let site = Site { door: api, ..Site::open_with("behind", &variables).await };
        site.binds(browser).await;
        browser.goto(&front.url(ELSEWHERE)).await;
        let fetch = "await fetch(arguments_url, { mode: 'no-cors', credentials: 'include' })";
        for (way, expected) in [("fetch", "r403 r200 me200"), ("link", "r200 me200")] {
            site.expire(browser).await;
            let (seen, url) = (site.door.seen(), site.door.url(ME));
            if way == "fetch" {
                browser.run(&fetch.replace("arguments_url", &format!("'{url}'"))).await;
            } else {
                follow(browser, &url).await;
            }
            let requests = site.until_answered(seen, ME).await;
            assert_eq!(in_short(&requests), expected, "{way}");
            let origin = requests.last().expect("one").sent.get("sec-fetch-site");
            assert_eq!(origin.map(String::as_str), Some("same-site"), "{way}");
        }
        site.closes();
    });
}

/// The callback of an identity provider is a navigation that another site started. Here the door
/// gives the answer to it what a login of the server has set.
#[test]
fn a_login_that_answers_an_arrival_from_another_site_binds() {
    const CALLBACK: &str = QUIET;
    in_chromium(Chromium::bound, async |browser| {
        let site = Site::open("callback").await;
        let provider = Door::site("provider", site.server.address()).await;
        let login = site.server.login_request().send();
        let lines = login.set_cookies().into_iter().map(|line| (SET_COOKIE, line));
        let offer = login.header("secure-session-registration").expect("it is offered");
        let fields: Vec<_> = lines
            .chain([(HeaderName::from_static("secure-session-registration"), offer)])
            .map(|(name, value)| (name, HeaderValue::from_str(value).expect("a field")))
            .collect();
        site.door.disturb(move |request: &Exchange| {
            let fields = fields.clone();
            let is_callback = request.path == CALLBACK;
            if is_callback {
                Fate::Changed(Box::new(|head| head.headers.extend(fields)))
            } else {
                Fate::Passes
            }
        });
        browser.goto(&provider.url(ELSEWHERE)).await;
        browser.watch_devices().await;
        follow(browser, &site.door.url(CALLBACK)).await;
        browser.device_event(0, Creation, &site.door.origin()).await;
        let registration = site.door.answer(0, "POST", DEVICE).await;
        assert_eq!((registration.status, registration.sent.get("cookie")), (200, None));
        assert_eq!(site.me_later(browser).await, "r403 r200 me200");
        site.closes();
    });
}
