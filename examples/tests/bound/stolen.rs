//! A thief has copied all cookies into a browser that has device-bound sessions as well.

use browser::{Browser, Chromium, Look, with_chromium};

use crate::stage::{QUIET, Site, code, in_short, skipped};

/// Each row: the moment of the theft, and what the owner does before it.
#[test]
fn stolen_cookies_last_as_long_as_the_access_token() {
    with_chromium(Chromium::bound, async |chromium| {
        let owner = Browser::open(chromium, Look::DESKTOP).await;
        for (name, renews) in [("early", false), ("late", true)] {
            let site = Site::bound(name, &owner).await;
            if renews {
                assert_eq!(site.me_later(&owner).await, "r403 r200 me200", "{name}");
            }
            let thief = Browser::open(chromium, Look::DESKTOP).await;
            site.visit(&thief, QUIET).await;
            thief.put_cookies(&site.door.url("/"), &owner.jar().await).await;
            assert_eq!(in_short(&site.me(&thief).await), "me200", "{name}");

            site.expire(&thief).await;
            let refused = site.me(&thief).await;
            assert_eq!((in_short(&refused), skipped(&refused)), ("me401".into(), None), "{name}");
            assert!(refused[0].set_cookies.is_empty(), "{name}: {refused:?}");
            assert_eq!(code(&thief).await, "device_proof_required", "{name}");

            let expected = if renews { "r200 me200" } else { "r403 r200 me200" };
            assert_eq!(site.me_later(&owner).await, expected, "{name}: the owner is still logged in");
            site.closes();
        }
    });
}
