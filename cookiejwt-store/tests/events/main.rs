//! What a complete story reports to the hooks, the log and the counters: everything that happened,
//! and no secret.

mod advice;
#[path = "../common/all.rs"]
mod common;
mod devices;
mod ear;
mod realms;

use cookiejwt_store::{
    AuthUser, Authenticator, Body, Caller, Guard, LoginContext, LoginError, LoginOptions, LoginRefusal,
    ManualClock, Reason, Requirement, RevocationReason, Route, Slot, Subject, testing,
};
use http::Request;

use crate::{
    common::{Browser, Call, PASSWORD, World},
    ear::{Heard, hear, listening},
};

const WRONG: &str = "not-the-pässword";

fn nasty_context(world: &World) -> LoginContext {
    let (head, ()) = Request::post("/")
        .header("user-agent", "Surf\t2026-01-01 INFO forged")
        .body(())
        .unwrap()
        .into_parts();
    LoginContext::from_head(&world.auth, (&head).into(), Some("192.0.2.7".parse().unwrap()))
}

async fn fails_to_log_in(world: &World, login: &str, password: &str) {
    let context = nasty_context(world);
    let login = world.auth.login_with_password(login, password, LoginOptions::new(), context).await;
    assert!(login.is_err());
}

async fn logs_in(world: &World) -> Browser {
    let context = nasty_context(world);
    let login = world.auth.login_with_password("alice", PASSWORD, LoginOptions::new(), context).await;
    Browser::of(&login.unwrap())
}

async fn refreshes(world: &World, browser: &Browser) -> Browser {
    world.expire_access();
    let decision = world.authenticate(browser.jar.get()).await;
    let mut next = browser.clone();
    next.jar.apply(&common::lines(&decision.cookies));
    next
}

async fn is_turned_away(world: &World, browser: &Browser) {
    let (head, slot) = (browser.jar.get(), Slot::new(&world.auth, "/"));
    let decision = slot.settle((&head).into()).await;
    for guard in [
        Guard::scope(&world.auth, "notes:write"),
        Guard::proofs(&world.auth, Requirement::named("otp")),
        Guard::role(&world.auth, "root"),
    ] {
        slot.admit(&guard, decision, (&head).into()).unwrap_err();
    }
}

/// Every browser that ever held a token.
async fn story(world: &World) -> Vec<Browser> {
    fails_to_log_in(world, "alice", WRONG).await;
    fails_to_log_in(world, "alice\r\n2026-01-01 INFO forged", WRONG).await;
    fails_to_log_in(world, PASSWORD, "alice").await;
    for _ in 0..6 {
        fails_to_log_in(world, "carol", PASSWORD).await;
    }
    let alice = logs_in(world).await;
    let refreshed = refreshes(world, &alice).await;
    world.advance(11);
    let late = world.auth.refresh(&alice.jar.post()).await;
    assert_eq!(late.reason, Reason::ParentLate);
    let _ = world.authenticate(refreshed.jar.get()).await;
    world.auth.write_receipts().await.unwrap();
    let thief = refreshes(world, &alice).await;
    let again = logs_in(world).await;
    is_turned_away(world, &again).await;
    world.auth.logout((&again.jar.post()).into(), None).await.unwrap().revoked.unwrap();
    let (foreign, ()) =
        Request::post("/").header("sec-fetch-site", "cross-site").body(()).unwrap().into_parts();
    let _ = world.auth.api().handle(Route::Login, (&foreign).into(), Body::Broken, Caller::default()).await;
    let forged = format!("__Host-access_token={}x", again.jar.access.as_deref().unwrap());
    let (forged, ()) = Request::get("/").header("cookie", forged).body(()).unwrap().into_parts();
    world.authenticate(forged).await;
    world.switches.fail(Call::Create);
    fails_to_log_in(world, "alice", PASSWORD).await;
    world.switches.fail(Call::RevokedSince);
    world.auth.poll_revocations().await.unwrap_err();
    world.switches.mend(Call::RevokedSince);
    world.auth.poll_revocations().await.unwrap();
    vec![alice, refreshed, thief, again]
}

const EVENTS: [&str; 27] = [
    "login refused WrongPassword Some(\"1\") Some(192.0.2.7)",
    "login refused UnknownUser None Some(192.0.2.7)",
    "login refused UnknownUser None Some(192.0.2.7)",
    "login refused Inactive Some(\"3\") Some(192.0.2.7)",
    "login refused Inactive Some(\"3\") Some(192.0.2.7)",
    "login refused Inactive Some(\"3\") Some(192.0.2.7)",
    "login refused Inactive Some(\"3\") Some(192.0.2.7)",
    "login refused Inactive Some(\"3\") Some(192.0.2.7)",
    "throttled AccountAndNetwork 30 Some(\"3\") Some(192.0.2.7)",
    "logged in 1 Some(192.0.2.7)",
    "refreshed 1 Rotated",
    "lost answer 1",
    "reuse 1",
    "revoked reuse",
    "logged in 1 Some(192.0.2.7)",
    // The clock of the story jumps, as if the process had been stopped.
    "feed stale",
    "feed recovered",
    "guard refused 1 insufficient_scope",
    "guard refused 1 proof_required",
    "guard refused 1 insufficient_role",
    "revoked logout",
    "csrf CrossSite",
    "rejected AccessCookie Signature",
    "refused NothingUsable",
    "store failed create",
    "feed stale",
    "feed recovered",
];

const COUNTERS: [(&str, u64); 18] = [
    ("cookiejwt_logins_total{outcome=success}", 2),
    ("cookiejwt_logins_total{outcome=wrong_password}", 1),
    ("cookiejwt_logins_total{outcome=unknown_user}", 2),
    ("cookiejwt_logins_total{outcome=inactive}", 5),
    ("cookiejwt_throttled_total{scope=account_and_network}", 1),
    ("cookiejwt_refreshes_total{outcome=rotated}", 1),
    ("cookiejwt_refreshes_total{outcome=late}", 1),
    ("cookiejwt_refusals_total{reason=reuse}", 1),
    ("cookiejwt_refusals_total{reason=csrf}", 1),
    ("cookiejwt_refusals_total{reason=invalid_token}", 1),
    ("cookiejwt_refusals_total{reason=insufficient_scope}", 1),
    ("cookiejwt_refusals_total{reason=proof_required}", 1),
    ("cookiejwt_refusals_total{reason=insufficient_role}", 1),
    ("cookiejwt_rejected_credentials_total{credential=access_cookie,fault=signature}", 1),
    ("cookiejwt_revocations_total{reason=reuse}", 1),
    ("cookiejwt_revocations_total{reason=logout}", 1),
    ("cookiejwt_store_failures_total{operation=create}", 1),
    ("cookiejwt_feed_stale{}", 0),
];

const LINES: [&str; 11] = [
    "INFO cookiejwt_store::event: login refused reason=\"wrong_password\"",
    "INFO cookiejwt_store::event: login throttled scope=\"account_and_network\" retry_after_seconds=30",
    "INFO cookiejwt_store::event: logged in subject=1 session=",
    "DEBUG cookiejwt_store::event: refreshed reason=Rotated session=",
    "INFO cookiejwt_store::event: a response with new cookies was lost: the session continues session=",
    "WARN cookiejwt_store::event: a used-up refresh token was presented: the session is revoked subject=1 session=",
    "INFO cookiejwt_store::event: session revoked session=",
    "INFO cookiejwt_store::event: csrf refused denial=",
    "ERROR cookiejwt_store::event: store failed operation=\"create\" error=",
    "WARN cookiejwt_store::event: the feed of revocations is stale",
    "INFO cookiejwt_store::event: the feed of revocations has caught up",
];

#[test]
fn a_story_is_reported_completely() {
    let heard = hear(async |world| {
        story(world).await;
    });
    assert_eq!(heard.events, EVENTS);
    for (counter, count) in COUNTERS {
        assert_eq!(heard.counters.get(counter), Some(&count), "{counter} in {:?}", heard.counters);
    }
    assert_eq!(heard.counters.len(), COUNTERS.len(), "{:?}", heard.counters);
    for line in LINES {
        assert!(heard.log.contains(line), "{line} is not in\n{}", heard.log);
    }
}

#[test]
fn nothing_that_is_reported_is_secret() {
    let mut secrets = vec![WRONG.to_owned(), PASSWORD.to_owned()];
    let heard = hear(async |world| {
        let tokens =
            story(world).await.into_iter().flat_map(|browser| [browser.jar.access, browser.jar.refresh]);
        // Each part of a token alone, too.
        secrets.extend(
            tokens.flatten().flat_map(|token| token.split('.').map(str::to_owned).collect::<Vec<_>>()),
        );
    });
    for told in [heard.events.join("\n"), format!("{:?}", heard.counters), heard.log, heard.debug] {
        assert!(!told.is_empty());
        let leak = secrets.iter().find(|secret| told.contains(secret.as_str()));
        assert!(leak.is_none(), "{leak:?} is told: {told}");
        assert!(!told.contains("forged"), "neither login names nor user agents are reported: {told}");
    }
}

#[test]
fn what_fresh_logins_and_new_passwords_tell() {
    let heard = hear(async |world| {
        let alice = logs_in(world).await;
        logs_in(world).await;
        let who = world.authenticate(alice.jar.get()).await.required().unwrap().clone();
        let context = || nasty_context(world);
        world.auth.fresh_login(&who, WRONG, context()).await.unwrap_err();
        let login = world.auth.fresh_login(&who, PASSWORD, context()).await.unwrap();
        let _ = world.authenticate(crate::common::Jar::of(&login.cookies).get()).await;
        world.auth.fresh_login(&who, PASSWORD, context()).await.unwrap_err();
        let who = login.identity;
        world.auth.change_password(&who, PASSWORD, "short", context()).await.unwrap_err();
        let _ = world.auth.change_password(&who, PASSWORD, "battery staple", context()).await.unwrap();
    });
    assert_eq!(
        heard.events,
        [
            "logged in 1 Some(192.0.2.7)",
            "logged in 1 Some(192.0.2.7)",
            "login refused WrongPassword Some(\"1\") Some(192.0.2.7)",
            "revoked superseded",
            "logged in 1 Some(192.0.2.7)",
            "login refused SessionEnded Some(\"1\") Some(192.0.2.7)",
            "revoked replaced",
            "password changed 1 Some(192.0.2.7)",
            "revoked superseded",
            "revoked password_changed",
            "logged in 1 Some(192.0.2.7)",
        ]
    );
    for counter in ["cookiejwt_logins_total{outcome=session_ended}", "cookiejwt_password_changes_total{}"] {
        assert_eq!(heard.counters.get(counter), Some(&1), "{counter} in {:?}", heard.counters);
    }
    assert!(heard.log.contains("INFO cookiejwt_store::event: password changed subject=1"), "{}", heard.log);
}

/// It is no login of the user, and both sessions are named.
#[test]
fn acting_for_a_user_is_reported() {
    let heard = hear(async |world| {
        let login = world.try_login("bob", PASSWORD).await.unwrap();
        let (bob, alice) = (Browser::of(&login), world.users.row(1));
        let act = async || {
            let (options, context) = (LoginOptions::new().acted_by(&login.identity), nasty_context(world));
            world.auth.login(&alice, options, context).await.unwrap()
        };
        let (first, second) = (act().await, act().await);
        let who = &first.identity;
        world.auth.fresh_login(who, PASSWORD, nasty_context(world)).await.unwrap_err();
        world.auth.end_other_sessions(who).await.unwrap_err();
        let head = Browser::of(&first).jar.post();
        let _ = world.auth.stop_acting(who, &head, None, nasty_context(world)).await.unwrap();
        world.auth.revoke_session(bob.session, RevocationReason::Logout).await.unwrap();
        world.expire_access();
        let _ = world.authenticate(Browser::of(&second).jar.without_access().get()).await;
    });
    let events: Vec<_> = heard.events.iter().filter(|event| !event.starts_with("feed")).collect();
    assert_eq!(
        events,
        [
            "logged in 2 None",
            "acting began 2 for 1 Some(192.0.2.7)",
            "acting began 2 for 1 Some(192.0.2.7)",
            "guard refused 1 acting",
            "guard refused 1 acting",
            "revoked superseded",
            "revoked superseded",
            "logged in 2 Some(192.0.2.7)",
            "acting ended 2 for 1",
            "revoked logout",
            "acting ended 2 for 1",
            "revoked actor_ended",
            "refused SessionRevoked(Logout)",
        ]
    );
    for (counter, count) in [
        ("cookiejwt_logins_total{outcome=success}", 2),
        ("cookiejwt_acting_total{outcome=began}", 2),
        ("cookiejwt_acting_total{outcome=ended}", 2),
        ("cookiejwt_refusals_total{reason=acting}", 2),
    ] {
        assert_eq!(heard.counters.get(counter), Some(&count), "{counter} in {:?}", heard.counters);
    }
    for line in
        ["acting for a user actor=2 subject=1 session=", "no longer acting for a user actor=2 subject=1"]
    {
        assert!(heard.log.contains(line), "{line} is not in\n{}", heard.log);
    }
}

/// A refresh that finds the session of the actor ended reports the end.
#[test]
fn the_end_of_the_actor_is_reported() {
    let heard = hear(async |world| {
        let login = world.try_login("bob", PASSWORD).await.unwrap();
        let options = LoginOptions::new().acted_by(&login.identity);
        let login = world.auth.login(&world.users.row(1), options, nasty_context(world)).await.unwrap();
        world.users.change(2, |bob| bob.is_active = false);
        world.expire_access();
        let _ = world.authenticate(Browser::of(&login).jar.without_access().get()).await;
    });
    let events: Vec<_> = heard.events.iter().filter(|event| !event.starts_with("feed")).skip(2).collect();
    assert_eq!(events, ["acting ended 2 for 1", "revoked actor_ended", "refused ActorEnded"]);
    let refused = "cookiejwt_refusals_total{reason=actor_ended}";
    assert_eq!(heard.counters.get(refused), Some(&1), "{:?}", heard.counters);
}

#[test]
fn what_an_administrator_ends_is_reported() {
    let heard = hear(async |world| {
        logs_in(world).await;
        logs_in(world).await;
        assert_eq!(world.auth.revoke_user(&1.into(), RevocationReason::UserInactive).await.unwrap(), 2);
        let browser = logs_in(world).await;
        let reason = RevocationReason::Administrator;
        assert!(world.auth.end_session_of(&1.into(), &browser.session).await.unwrap());
        for _ in 0..3 {
            logs_in(world).await;
        }
        assert_eq!(world.auth.revoke_everybody(reason).await.unwrap(), 3);
    });
    let ended: Vec<_> = heard.events.iter().filter(|event| !event.starts_with("logged in")).collect();
    let everybody = "EverySessionRevoked { sessions: 3, reason: Administrator }";
    assert_eq!(
        ended,
        ["revoked user_inactive", "revoked user_inactive", "revoked administrator", everybody],
        "one event for all, however many there are"
    );
    for (counter, count) in [
        ("cookiejwt_revocations_total{reason=user_inactive}", 2),
        ("cookiejwt_revocations_total{reason=administrator}", 4),
    ] {
        assert_eq!(heard.counters.get(counter), Some(&count), "{counter} in {:?}", heard.counters);
    }
    let line = "WARN cookiejwt_store::event: every session revoked sessions=3";
    assert!(heard.log.contains(line), "{}", heard.log);
}

#[test]
fn claims_that_are_renewed_are_reported_and_no_credential_counts_as_rejected() {
    let heard = hear(async |world| {
        let browser = logs_in(world).await;
        logs_in(world).await;
        assert_eq!(world.auth.renew_claims(&1.into()).await.unwrap(), 2);
        assert!(world.auth.authenticate(&browser.jar.get()).await.identity().is_some());
    });
    let events: Vec<_> = heard.events.iter().filter(|event| !event.starts_with("logged in")).collect();
    assert_eq!(
        events,
        ["ClaimsRenewed { subject: \"1\", sessions: 2 }", "refreshed 1 Rotated"],
        "nothing else"
    );
    assert_eq!(heard.counters.get("cookiejwt_claims_renewed_total{}"), Some(&1), "{:?}", heard.counters);
    let line = "INFO cookiejwt_store::event: claims renewed subject=1 sessions=2";
    assert!(heard.log.contains(line), "{}", heard.log);
}

struct Stranger(Subject);

impl AuthUser for Stranger {
    fn subject(&self) -> Subject {
        self.0.clone()
    }

    fn password_hash(&self) -> Option<&str> {
        None
    }
}

/// An unreadable hash is reported once for each format, and never shown.
#[test]
fn an_unreadable_hash_is_reported_once_for_each_format() {
    const BCRYPT: &str = "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    let plain = format!("{PASSWORD}!");
    let heard = hear(async |world| {
        let hashes = [(1, BCRYPT), (2, BCRYPT), (1, &plain), (1, "pbkdf2:sha256:1$a$b"), (1, "!"), (1, "")];
        for (id, hash) in hashes {
            world.users.change(id, |user| user.password_hash = Some(hash.into()));
            let name = world.users.row(id).login;
            fails_to_log_in(world, name, PASSWORD).await;
            world.advance(60);
        }
    });
    let refused = |reason, id| format!("login refused {reason} Some(\"{id}\") Some(192.0.2.7)");
    let unreadable = |id| refused("UnreadableHash", id);
    assert_eq!(
        heard.events,
        [
            "unreadable hash $2y$".to_owned(),
            unreadable(1),
            unreadable(2),
            "unreadable hash unknown".to_owned(),
            unreadable(1),
            "unreadable hash pbkdf2:sha256".to_owned(),
            unreadable(1),
            refused("WrongPassword", 1),
            refused("WrongPassword", 1),
        ]
    );
    for (counter, count) in [
        ("cookiejwt_logins_total{outcome=unreadable_hash}", 4),
        ("cookiejwt_unreadable_hashes_total{format=$2y$}", 1),
        ("cookiejwt_unreadable_hashes_total{format=unknown}", 1),
    ] {
        assert_eq!(heard.counters.get(counter), Some(&count), "{counter} in {:?}", heard.counters);
    }
    assert!(
        heard
            .log
            .contains("ERROR cookiejwt_store::event: stored password hashes of this format cannot be read")
    );
    for told in [heard.events.concat(), heard.log, heard.debug] {
        assert!(!told.contains("N9qo8") && !told.contains(PASSWORD), "never the hash: {told}");
    }
}

#[test]
fn a_hash_that_its_column_truncates_is_reported_with_the_fix() {
    let heard = hear(async |world| {
        let old = format!("old:0:{PASSWORD}");
        world.users.cut_hashes_at(old.len());
        world.users.change(1, |alice| alice.password_hash = Some(old));
        for _ in 0..10 {
            world.auth.hash_password(PASSWORD).await.unwrap();
        }
        logs_in(world).await;
        logs_in(world).await;
    });
    let [cut, rest @ ..] = &*heard.events else { panic!("nothing was reported") };
    assert!(cut.starts_with("hash cut 19 of 2"), "{cut}");
    assert_eq!(rest, ["logged in 1 Some(192.0.2.7)", "logged in 1 Some(192.0.2.7)"]);
    assert_eq!(heard.counters.get("cookiejwt_cut_hashes_total{}"), Some(&1));
    assert!(heard.log.contains("make it VARCHAR(255) or TEXT"), "{}", heard.log);
}

#[test]
fn what_the_doors_of_the_application_tell() {
    let heard = hear(async |world| {
        let stranger = Stranger("77".into());
        let login = |context| world.auth.login(&stranger, LoginOptions::new(), context);
        login(LoginContext::default()).await.unwrap_err();
        let (head, ()) =
            Request::get("/magic").header("sec-fetch-site", "none").body(()).unwrap().into_parts();
        login(LoginContext::from_head(&world.auth, (&head).into(), None)).await.unwrap_err();
        world.switches.fail_about_data(Call::FindByLogin);
        fails_to_log_in(world, "\u{1f600}", WRONG).await;
    });
    assert_eq!(
        heard.events,
        [
            "revoked user_inactive",
            "login failed",
            "csrf SafeLogin",
            "login refused UnknownUser None Some(192.0.2.7)"
        ],
        "no outage is reported"
    );
    for sentence in [
        "commit the transaction that inserted the user before calling `login`",
        "say `LoginOptions::state_checked()`",
    ] {
        assert!(heard.log.contains(sentence), "{sentence} is not in {}", heard.log);
    }
    assert!(!heard.log.contains("store failed"), "{}", heard.log);
}

#[test]
fn no_text_from_outside_begins_a_line() {
    for text in ["a\r\nb", "a\nINFO forged", "a\u{1b}[2Jb", "a\u{2028}b", "a\0b", "a\u{85}b", "\u{202e}a"] {
        let heard = hear(async |world| {
            let login =
                world.auth.login(&Stranger(text.into()), LoginOptions::new(), LoginContext::default()).await;
            assert!(matches!(login, Err(LoginError::UnknownSubject)));
            world.tokens.switches.fail_saying(Call::RevokedSince, text);
            world.auth.poll_revocations().await.unwrap_err();
        });
        assert_eq!(heard.events.len(), 3, "{:?}", heard.events);
        assert!(heard.debug.contains("LoginFailed"), "{}", heard.debug);
        let told = heard.events.concat() + &heard.texts.concat() + &heard.log.replace('\n', "");
        let control = told.chars().find(|c| c.is_control() || ['\u{2028}', '\u{202e}'].contains(c));
        assert!(control.is_none(), "{text:?}: {told:?}");
        assert_eq!(heard.log.lines().count(), 3, "one line for each event: {}", heard.log);
    }
}

#[test]
fn a_hook_that_panics_does_no_harm() {
    let ear = listening();
    let heard = Heard::default();
    let second = heard.hook();
    ear.run(async {
        let world = World::new();
        let auth: Authenticator = world
            .builder()
            .on_event(|_| panic!("a hook of the application"))
            .on_event(second)
            .build()
            .unwrap();
        let login = auth.login_with_password("alice", PASSWORD, LoginOptions::new(), LoginContext::default());
        let _ = login.await.unwrap();
        assert!(auth.authenticate(&testing_head()).await.identity().is_none());
    });
    let said = ear.log();
    assert_eq!(heard.names(), ["logged in 1 None"]);
    assert!(said.contains("ERROR cookiejwt_store::event: a hook of `on_event` panicked"), "{said}");
}

fn testing_head() -> http::request::Parts {
    Request::get("/").body(()).unwrap().into_parts().0
}

#[test]
fn a_valid_access_token_is_no_event() {
    let heard = hear(async |world| {
        let cookie = testing::access("1").cookie();
        let (head, ()) = Request::get("/").header("cookie", cookie).body(()).unwrap().into_parts();
        let _ = world.auth.poll_revocations().await;
        for time in ["the first time", "again"] {
            assert!(world.auth.authenticate(&head).await.identity().is_some(), "{time}");
        }
    });
    assert_eq!((heard.events.len(), heard.counters.len()), (0, 0), "{:?}", heard.events);
    let lines: Vec<&str> = heard.log.lines().collect();
    let [first, again] = lines[..] else { panic!("one line each: {}", heard.log) };
    let line = "TRACE cookiejwt_store::event: authenticated reason=AccessValid session=";
    assert!(first.contains(line) && again.contains(line), "{}", heard.log);
}

#[test]
fn the_reasons_of_a_refusal_in_log_and_label() {
    for (reason, name) in [
        (LoginRefusal::UnknownUser, "unknown_user"),
        (LoginRefusal::WrongPassword, "wrong_password"),
        (LoginRefusal::UnreadableHash, "unreadable_hash"),
        (LoginRefusal::Inactive, "inactive"),
        (LoginRefusal::ChangedMeanwhile, "changed"),
        (LoginRefusal::SessionEnded, "session_ended"),
    ] {
        assert_eq!(reason.as_str(), name);
    }
}

#[test]
fn what_clocks_that_differ_tell() {
    let told = hear(async |world| {
        let ahead = ManualClock::at(testing::NOW + time::Duration::seconds(3));
        *world.tokens.clock.lock().unwrap() = Some(ahead);
        let browser = logs_in(world).await;
        let _ = world.authenticate(browser.jar.get()).await;
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    });
    let skewed: Vec<_> = told.events.iter().filter(|event| event.contains("ClockSkew")).collect();
    assert_eq!(skewed, ["ClockSkew { difference_millis: 3000 }"]);
    assert_eq!(told.counters["cookiejwt_clock_skew_total{}"], 1);
    assert_eq!(told.counters["cookiejwt_clock_difference_millis{}"], 1, "the gauge is above 0");
    assert!(told.log.contains("the clocks of this node and of the database differ"), "{}", told.log);
}
