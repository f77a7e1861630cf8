//! Which answers to a renewal end the session in the browser, and which do not.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use browser::{Browser, Chromium, DeviceEventKind::Termination, Exchange, Fate, in_chromium};
use http::response::Parts;

use crate::{
    script::{DEVICE, RENEWAL},
    stage::{Site, in_short, skipped},
};

#[test]
fn the_server_ends_the_session() {
    in_chromium(Chromium::bound, async |browser| {
        let site = Site::bound("ends", browser).await;
        site.script.ends();
        site.expire(browser).await;
        let seen = browser.device_events().await.len();
        assert_eq!(in_short(&site.me(browser).await), "r200 me401");
        let event = browser.device_event(seen, Termination, &site.door.origin()).await;
        assert_eq!(event.result, "ServerRequested");
        assert_eq!(in_short(&site.me(browser).await), "me401", "silence");
    });
}

#[test]
fn a_session_that_is_lost_is_not_renewed() {
    in_chromium(Chromium::bound, async |browser| {
        let site = Site::open("loses").await;
        let event = site.binds(browser).await;
        browser.lose_device_session(&event).await;
        site.expire(browser).await;
        assert_eq!(in_short(&site.me(browser).await), "me401");
    });
}

/// What comes through the door if the answers to renewals meet this fate: until the request that
/// waited for one is answered, and for the next request after that.
async fn disturbed(
    browser: &Browser,
    site: &Site,
    fate: impl Fn(&Exchange) -> Fate + Send + Sync + 'static,
) -> [Vec<Exchange>; 2] {
    site.door.disturb(move |request| if request.path == RENEWAL { fate(request) } else { Fate::Passes });
    site.expire(browser).await;
    let first = site.me(browser).await;
    site.door.calm();
    [first, site.me(browser).await]
}

fn is_proof(request: &Exchange) -> bool {
    request.sent.contains_key("secure-session-response")
}

type Judge = fn(&Exchange) -> Fate;

/// Each row: a fate, and why the browser says that it did not renew.
#[test]
fn an_answer_that_says_nothing_keeps_the_session() {
    const REFUSED: &str = r#"server_error;session_identifier="s1""#;
    const CUT: &str = r#"unreachable;session_identifier="s1""#;
    let rows: [(_, Judge, _); 4] = [
        ("500", |_| Fate::Refused(500), REFUSED),
        ("503", |_| Fate::Refused(503), REFUSED),
        ("cut", |_| Fate::Cut, CUT),
        ("lost", |request| if is_proof(request) { Fate::Lost } else { Fate::Passes }, CUT),
    ];
    in_chromium(Chromium::bound, async |browser| {
        for (name, fate, reason) in rows {
            let site = Site::bound(&format!("keeps{name}"), browser).await;
            let [first, second] = disturbed(browser, &site, fate).await;
            assert!(in_short(&first).ends_with(" me401"), "{name}: {}", in_short(&first));
            assert_eq!(skipped(&first), Some(reason), "{name}: {}", in_short(&first));
            assert_eq!((&*in_short(&second), skipped(&second)), ("r403 r200 me200", None), "{name}");
        }
    });
}

/// The network stack repeats a POST whose connection was cut: a server receives the same proof
/// twice, and has to be able to answer twice.
#[test]
fn a_lost_answer_is_asked_for_again_with_the_same_proof() {
    in_chromium(Chromium::bound, async |browser| {
        for (path, expected) in [(DEVICE, "device200 device200"), (RENEWAL, "r200 r403 r200")] {
            let site = Site::open(if path == DEVICE { "binding" } else { "renewal" }).await;
            let first = AtomicBool::new(true);
            site.door.disturb(move |request| {
                let is_lost = request.path == path && is_proof(request) && first.swap(false, Relaxed);
                if is_lost { Fate::Lost } else { Fate::Passes }
            });
            site.binds(browser).await;
            site.expire(browser).await;
            assert!(in_short(&site.me(browser).await).ends_with("r200 me200"), "{path}");
            let mut proofs = site.door.requests(0);
            proofs.retain(|request| request.path == path && is_proof(request));
            assert_eq!(in_short(&proofs), expected);
            let [one, same] = [0, 1].map(|place| &proofs[place].sent["secure-session-response"]);
            assert_eq!(one, same, "{path}");
        }
    });
}

#[test]
fn other_answers_delete_the_session() {
    in_chromium(Chromium::bound, async |browser| {
        for status in [400, 401, 403, 404, 429] {
            let site = Site::bound(&format!("deletes{status}"), browser).await;
            let [first, second] = disturbed(browser, &site, move |_| Fate::Refused(status)).await;
            assert_eq!(in_short(&first), format!("r{status} me401"));
            assert_eq!(in_short(&second), "me401", "{status}: silence");
        }
        // A proxy that removes the challenge makes a good answer a bad one.
        let site = Site::bound("stripped", browser).await;
        let strip = |head: &mut Parts| drop(head.headers.remove("secure-session-challenge"));
        let [first, second] = disturbed(browser, &site, move |_| Fate::Changed(Box::new(strip))).await;
        assert_eq!([in_short(&first), in_short(&second)], ["r403 me401", "me401"]);
    });
}
