//! Renewal: which requests wait for it, and what the browser sends.

use browser::{Browser, Chromium, Look, in_chromium, with_chromium};
use serde_json::json;

use crate::{
    proof::Proof,
    registers::is_the_browsers_own,
    script::{ACCESS, REFRESH, SESSION},
    stage::{Site, follow, in_short, skipped},
};

#[test]
fn a_request_without_an_access_cookie_waits_for_a_renewal() {
    in_chromium(Chromium::bound, async |browser| {
        let site = Site::bound("renews", browser).await;
        assert_eq!(in_short(&site.me(browser).await), "me200", "the login's cookie");
        site.expire(browser).await;
        let [asks, proves, me] = &site.me(browser).await[..] else { panic!("two legs and the request") };
        assert_eq!([asks, proves, me].map(|exchange| exchange.status), [403, 200, 200]);
        assert!(me.sent_cookie(ACCESS), "the new one");
        for leg in [asks, proves] {
            is_the_browsers_own(leg, &site);
            assert_eq!(leg.sent["sec-secure-session-id"], SESSION);
            assert!(leg.sent_cookie(REFRESH) && !leg.sent_cookie(ACCESS), "{leg:?}");
        }
        assert_eq!(asks.sent.get("secure-session-response"), None);
        let proof = Proof::of(&proves.sent["secure-session-response"]).expect("a proof");
        assert_eq!(proof.header, json!({ "alg": "ES256", "typ": "dbsc+jwt" }));
        assert_eq!(proof.payload, json!({ "jti": "c2" }));

        // A challenge came with the renewal.
        for _ in 0..2 {
            site.expire(browser).await;
            assert_eq!(in_short(&site.me(browser).await), "r200 me200");
        }
    });
}

#[test]
fn two_requests_wait_for_one_renewal() {
    in_chromium(Chromium::bound, async |browser| {
        let site = Site::bound("two", browser).await;
        site.expire(browser).await;
        let seen = site.door.seen();
        browser.run("await Promise.all([fetch('/me'), fetch('/me')])").await;
        assert_eq!(in_short(&site.door.requests(seen)), "r403 r200 me200 me200");
        site.expire(browser).await;
        let seen = site.door.seen();
        browser.run("await fetch('/excluded')").await;
        assert_eq!(in_short(&site.door.requests(seen)), "excluded404", "it does not wait");
    });
}

/// Each row: the page with the link, who may start a renewal, and what comes through the door.
#[test]
fn arrivals_from_elsewhere_do_not_wait_unless_their_host_may_start_a_renewal() {
    in_chromium(Chromium::bound, async |browser| {
        for (name, from, allowed, expected) in [
            ("crosssite", "elsewhere", &[][..], "me401"),
            ("sameorigin", "", &[], "r403 r200 me200"),
            ("otherport", "otherport", &[], "me401"),
            ("allowed", "allowed", &["allowed.test"], "r403 r200 me200"),
        ] {
            let (site, other) = (Site::open(name).await, Site::open(from).await);
            site.script.allows(allowed);
            site.binds(browser).await;
            if !from.is_empty() {
                browser.goto(&other.door.url("/")).await;
            }
            site.expire(browser).await;
            let arrival = follow(browser, &site, "/me").await;
            assert_eq!(in_short(&arrival), expected, "{name}");
            assert_eq!(skipped(&arrival), None, "{name}");
            // The page itself is of the site: its reload waits.
            site.expire(browser).await;
            let seen = site.door.seen();
            browser.run("setTimeout(() => location.reload())").await;
            assert!(in_short(&site.until_answered(seen, "/me").await).ends_with("r200 me200"), "{name}");
        }
    });
}

/// The browser of a thief has device-bound sessions as well, but not this one.
#[test]
fn stolen_cookies_renew_nothing() {
    with_chromium(Chromium::bound, async |chromium| {
        let owner = Browser::open(chromium, Look::DESKTOP).await;
        let thief = Browser::open(chromium, Look::DESKTOP).await;
        let site = Site::bound("stolen", &owner).await;
        site.visit(&thief).await;
        thief.put_cookies(&site.door.url("/"), &owner.jar().await).await;
        assert_eq!(in_short(&site.me(&thief).await), "me200");
        site.expire(&thief).await;
        let stolen = site.me(&thief).await;
        assert_eq!(in_short(&stolen), "me401");
        assert!(stolen[0].sent_cookie(REFRESH) && skipped(&stolen).is_none(), "{stolen:?}");
        site.expire(&owner).await;
        assert_eq!(in_short(&site.me(&owner).await), "r403 r200 me200");
    });
}

#[test]
fn a_browser_that_restarts_on_its_profile_still_has_the_session() {
    with_chromium(Chromium::bound, async |chromium| {
        let profile = tempfile::tempdir().expect("a temporary directory");
        let open = async || Browser::open_at(chromium, Look::DESKTOP, profile.path()).await;
        let browser = open().await;
        let site = Site::bound("restarts", &browser).await;
        browser.close().await;
        let browser = open().await;
        let names = browser.jar().await.into_iter().map(|cookie| cookie.name).collect::<Vec<_>>();
        assert_eq!(names, [ACCESS], "a cookie without an age ends with the browser");
        site.visit(&browser).await;
        site.expire(&browser).await;
        assert_eq!(in_short(&site.me(&browser).await), "r403 r200 me200");
    });
}

#[test]
fn a_browser_signs_six_times_in_nine_minutes() {
    in_chromium(Chromium::bound_with_quota, async |browser| {
        let site = Site::bound("quota", browser).await;
        for expected in ["r403 r200 me200", "r200 me200", "r200 me200", "r200 me200", "r200 me200"] {
            site.expire(browser).await;
            assert_eq!(in_short(&site.me(browser).await), expected);
        }
        site.expire(browser).await;
        let seventh = site.me(browser).await;
        assert_eq!(in_short(&seventh), "me401");
        assert_eq!(skipped(&seventh), Some(r#"quota_exceeded;session_identifier="s1""#));
    });
}
