//! How a bound session ends: at a logout, at the login of another user, with the browser.

use browser::{Browser, Chromium, DeviceEventKind::Termination, Look, in_chromium, with_chromium};
use sea_orm::ConnectionTrait as _;

use crate::{
    common::{ACCESS, LOGOUT, USER},
    stage::{ME, QUIET, Site, code, in_short},
    trouble::database,
};

const OTHER: &str = "other";

#[test]
fn a_logout_ends_it_in_the_browser() {
    in_chromium(Chromium::bound, async |browser| {
        let site = Site::bound("logout", browser).await;
        site.expire(browser).await;
        let (seen, events) = (site.door.seen(), browser.device_events().await.len());
        let logout = format!("return (await fetch('{LOGOUT}', {{ method: 'POST' }})).status");
        assert_eq!(browser.run(&logout).await, 200);
        assert_eq!(in_short(&site.door.requests(seen)), "logout200", "it does not wait for a renewal");

        let first = site.me(browser).await;
        assert_eq!(in_short(&first), "r200 me401");
        assert_eq!(first[0].sent.get("cookie").filter(|cookies| cookies.contains("token")), None);
        let ended = browser.device_event(events, Termination, &site.door.origin()).await;
        assert_eq!(ended.result, "ServerRequested");
        for _ in 0..2 {
            assert_eq!(in_short(&site.me(browser).await), "me401", "silence");
        }
        site.closes();
    });
}

/// Another user with the same password.
async fn creates_other(site: &Site) {
    let insert =
        format!("INSERT INTO users (username, password_hash) SELECT '{OTHER}', password_hash FROM users");
    database(site).await.execute_unprepared(&insert).await.expect("a row");
}

#[test]
fn the_login_of_another_user_ends_the_session_before() {
    in_chromium(Chromium::bound, async |browser| {
        let site = Site::bound("others", browser).await;
        creates_other(&site).await;
        assert_eq!(site.me_later(browser).await, "r403 r200 me200");
        let before = browser.jar().await;
        site.binds_as(browser, OTHER, true).await;

        // The browser may renew both sessions, in any order: that of the user before is over.
        for _ in 0..2 {
            let later = site.me_later(browser).await;
            assert!(later.ends_with("r200 me200"), "{later}");
            let me = browser.run(&format!("return (await fetch('{ME}')).json()")).await;
            assert_eq!(me["username"], OTHER);
        }

        // The cookies of the user before are worth nothing, even to the browser with the key.
        browser.put_cookies(&site.door.url("/"), &before).await;
        assert_eq!(code(browser).await, "session_revoked");
        site.closes();
    });
}

/// Row u: the access cookie has an age, so it is still there.
#[test]
fn a_user_who_is_not_remembered_is_signed_out_by_a_restart() {
    with_chromium(Chromium::bound, async |chromium| {
        let profile = tempfile::tempdir().expect("a temporary directory");
        let open = async || Browser::open_at(chromium, Look::DESKTOP, profile.path()).await;
        let site = Site::open("restart").await;
        let browser = open().await;
        site.visit(&browser, QUIET).await;
        site.binds_as(&browser, USER, false).await;
        assert_eq!(site.me_later(&browser).await, "r403 r200 me200");
        browser.close().await;

        let browser = open().await;
        let left: Vec<_> = browser.jar().await.into_iter().map(|cookie| cookie.name).collect();
        assert_eq!(left, [ACCESS], "the refresh cookie ended with the browser");
        site.visit(&browser, QUIET).await;
        let me = site.me(&browser).await;
        assert_eq!(me.last().map(|me| (me.status, me.sent_cookie(ACCESS))), Some((401, true)), "{me:?}");
        // The next user of the browser is not mistaken for the one before.
        site.expire(&browser).await;
        let later = in_short(&site.me(&browser).await);
        assert_eq!(later, "r200 me401", "the browser forgets the session");
        assert_eq!(in_short(&site.me(&browser).await), "me401", "silence");
        site.closes();
    });
}
