use std::time::Duration;

use cookiejwt_store::{
    ClientInfo, LoginContext, LoginError, LoginOptions, MintError, Problem, Reason, RevocationReason,
    SessionId, Subject, testing,
};
use http::request::Parts;
use serde_json::json;

use crate::common::{Browser, Call, Jar, PASSWORD, World, let_tasks_run, lines, outcome};

async fn login_from(world: &World, name: &str, head: &Parts) -> Browser {
    let context = LoginContext::from_head(&world.auth, head.into(), None);
    let login = world.auth.login_with_password(name, PASSWORD, LoginOptions::new(), context).await;
    Browser::of(&login.unwrap())
}

#[tokio::test]
async fn every_refusal_is_the_same_after_exactly_one_verification() {
    let world = World::new();
    let long = "x".repeat(1025);
    let stored = format!("new:0:{long}");
    world.users.change(2, |bob| bob.password_hash = Some(stored));
    for (rule, name, password) in [
        ("wrong password", "alice", "wrong"),
        ("unknown user", "nobody", PASSWORD),
        ("unknown user, the dummy's own password", "nobody", "no user has this password"),
        ("disabled, right password", "carol", PASSWORD),
        ("disabled, wrong password", "carol", "wrong"),
        ("no password hash", "dave", PASSWORD),
        ("no password hash, empty password", "dave", ""),
        ("longer than 1024 bytes, even the right one", "bob", &long),
        ("login names are the store's affair", "Alice", PASSWORD),
    ] {
        let before = world.hasher.verifications();
        let error = world.try_login(name, password).await.unwrap_err();
        assert!(matches!(error, LoginError::InvalidCredentials), "{rule}: {error:?}");
        assert_eq!(error.to_string(), "invalid credentials", "{rule}");
        assert_eq!(Problem::from(&error), Problem::InvalidCredentials, "{rule}");
        assert_eq!(world.hasher.verifications(), before + 1, "{rule}");
    }
    assert_eq!(world.switches.count(Call::Create), 0);
    assert_eq!(world.switches.count(Call::SetPasswordHash), 0);
}

#[tokio::test]
async fn a_password_does_not_expire() {
    let world = World::new();
    world.advance(50 * 365 * 86_400);
    let _ = world.try_login("alice", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn without_random_numbers_no_login_and_no_rotation() {
    let world = World::new();
    let alice = world.login("alice").await;
    let before = world.row(&alice.session).await;
    let none = world.builder().dangerous_random(|_| Err(getrandom::Error::UNSUPPORTED)).build().unwrap();
    let login = none.login_with_password("alice", PASSWORD, LoginOptions::new(), LoginContext::default());
    let error = login.await.unwrap_err();
    assert!(matches!(error, LoginError::Random(_)), "{error:?}");
    assert_eq!(Problem::from(&error), Problem::ServerError);
    assert_eq!(world.switches.count(Call::Create), 1, "alice's own");
    world.expire_access();
    let decision = none.authenticate(&alice.jar.get()).await;
    assert!(matches!(decision.reason, Reason::MintFailed(MintError::Random(_))), "{:?}", decision.reason);
    assert_eq!(world.row(&alice.session).await, before);
}

#[tokio::test]
async fn the_right_password_begins_a_session() {
    let world = World::new();
    let login = world.try_login("alice", PASSWORD).await.unwrap();
    assert_eq!(world.hasher.verifications(), 1);
    assert_eq!(login.identity.subject(), &Subject::from(1));
    assert_eq!(login.identity.claims::<serde_json::Value>().unwrap()["name"], json!("alice"));
    assert_eq!(login.identity.auth_time(), Some(testing::NOW));
    assert_eq!(login.refresh_expires_at, testing::NOW + time::Duration::days(1));
    assert_eq!(world.row(&login.record.id).await, login.record, "the row is stored as it was returned");
    assert_eq!(world.switches.count(Call::SetPasswordHash), 0, "a hash of today is not written again");
    let jar = Jar::of(&login.cookies);
    assert_eq!(outcome(&world.authenticate(jar.get()).await), ("1", "kept"));
    assert_eq!(outcome(&world.authenticate(jar.bearer()).await), ("1", "kept"));
}

#[tokio::test]
async fn where_the_login_came_from_is_kept_with_the_session() {
    let world = World::new();
    let (head, ()) =
        http::Request::post("/").header("user-agent", "Surf/1.0\t(x)").body(()).unwrap().into_parts();
    let context = LoginContext::from_head(&world.auth, (&head).into(), Some("2001:db8::1".parse().unwrap()));
    let login =
        world.auth.login_with_password("alice", PASSWORD, LoginOptions::new(), context).await.unwrap();
    let row = world.row(&login.record.id).await;
    assert_eq!(row.user_agent.as_deref(), Some("Surf/1.0 (x)"), "a control character becomes a space");
    assert_eq!(row.ip.as_deref(), Some("2001:db8::1"));
}

#[tokio::test]
async fn remember_decides_whether_cookies_outlive_the_browser() {
    for (remember, access, refresh) in
        [(true, Some("; Max-Age=300"), Some("; Max-Age=86400")), (false, None, None)]
    {
        let world = World::new();
        let options = LoginOptions::new().remember(remember);
        let login = world
            .auth
            .login_with_password("alice", PASSWORD, options, LoginContext::default())
            .await
            .unwrap();
        world.expire_access();
        let refreshed = world.authenticate(Jar::of(&login.cookies).get()).await;
        for (rule, cookies) in [("login", &login.cookies), ("refresh", &refreshed.cookies)] {
            let lines = lines(cookies);
            let max_age = |line: &String| {
                let (before, _) = line.split_once("; Expires=")?;
                before.find("; Max-Age").map(|at| before[at..].to_owned())
            };
            assert!(remember || lines.iter().all(|line| !line.contains("Max-Age")), "{rule}: {lines:?}");
            assert_eq!(max_age(&lines[0]).as_deref(), access, "{rule}, remember = {remember}");
            assert_eq!(max_age(&lines[1]).as_deref(), refresh, "{rule}, remember = {remember}");
        }
    }
}

/// The original answers with bob's refresh cookie and ALICE's access cookie.
#[tokio::test]
async fn logging_in_as_bob_over_alices_cookies_gives_bobs_alone_and_ends_alices_session() {
    for (rule, seconds) in
        [("fresh cookies", 0), ("expired access, valid refresh", 306), ("both expired", 86_500)]
    {
        let world = World::new();
        let alice = world.login("alice").await;
        world.advance(seconds);
        let bob = login_from(&world, "bob", &alice.jar.post()).await;
        assert_ne!(bob.session, alice.session, "{rule}");
        assert_eq!(
            outcome(&world.authenticate(bob.jar.without_refresh().get()).await),
            ("2", "kept"),
            "{rule}"
        );
        assert_eq!(
            outcome(&world.auth.refresh(&bob.jar.without_access().post()).await),
            ("2", "set"),
            "{rule}"
        );
        assert_eq!(world.revoked(&alice.session).await, Some(RevocationReason::Replaced), "{rule}");
        assert_eq!(world.revoked(&bob.session).await, None, "{rule}");
    }
}

/// A late answer to alice's old cookies would delete bob's new ones.
#[tokio::test]
async fn a_replaced_session_is_refused_and_clears_nothing() {
    let world = World::new();
    let alice = world.login("alice").await;
    login_from(&world, "bob", &alice.jar.post()).await;
    for (rule, head) in [
        ("its access cookie", alice.jar.get()),
        ("its access token as bearer", alice.jar.bearer()),
        ("its refresh cookie", alice.jar.without_access().get()),
    ] {
        assert_eq!(outcome(&world.authenticate(head).await), ("session_revoked", "kept"), "{rule}");
    }
    let late = world.auth.refresh(&alice.jar.post()).await;
    assert_eq!(outcome(&late), ("session_revoked", "kept"), "on the refresh route too");
    let elsewhere = world.another_node();
    assert_eq!(outcome(&elsewhere.authenticate(&alice.jar.get()).await), ("session_revoked", "kept"));
    world.advance(400);
    let row_decides = world.another_node().authenticate(&alice.jar.get()).await;
    assert_eq!(row_decides.reason, Reason::RowRevoked(RevocationReason::Replaced), "too old for the set");
    assert_eq!(outcome(&row_decides), ("session_revoked", "kept"), "row n knows the reason as well");
}

#[tokio::test]
async fn a_login_replaces_exactly_the_sessions_whose_signed_cookies_came_in() {
    type Presents = fn(&Jar) -> Jar;
    let forged: Presents =
        |jar| Jar { refresh: Some(format!("{}A", jar.refresh.as_ref().unwrap())), ..Jar::default() };
    for (rule, presents, replaced) in [
        ("access cookie alone", Jar::without_refresh as Presents, true),
        ("refresh cookie alone", Jar::without_access as Presents, true),
        ("forged refresh cookie", forged, false),
        ("no cookie", |_| Jar::default(), false),
    ] {
        let world = World::new();
        let (old, other_device) = (world.login("alice").await, world.login("alice").await);
        let new = login_from(&world, "alice", &presents(&old.jar).post()).await;
        assert_ne!(new.session, old.session, "{rule}: a new sid each time");
        let expected = replaced.then_some(RevocationReason::Replaced);
        assert_eq!(world.revoked(&old.session).await, expected, "{rule}");
        assert_eq!(world.revoked(&other_device.session).await, None, "{rule}: another device stays");
    }
}

#[tokio::test]
async fn a_user_who_changes_during_the_login_gets_no_session() {
    type Change = fn(&mut Vec<crate::common::User>);
    for (rule, change) in [
        ("password changed", (|users| users[0].password_hash = Some("new:0:other".into())) as Change),
        ("password removed", |users| users[0].password_hash = None),
        ("disabled", |users| users[0].is_active = false),
        ("deleted", |users| drop(users.remove(0))),
    ] {
        let world = World::new();
        let old = world.login("alice").await;
        world.users.before(Call::FindById, change);
        let context = LoginContext::from_head(&world.auth, (&old.jar.post()).into(), None);
        let login = world.auth.login_with_password("alice", PASSWORD, LoginOptions::new(), context).await;
        assert!(matches!(login, Err(LoginError::InvalidCredentials)), "{rule}: {login:?}");
        assert_eq!(world.switches.count(Call::Create), 2, "{rule}: the row had been there");
        let living = world.tokens.living(1).await;
        assert_eq!(
            living,
            [old.session],
            "{rule}: the new session is revoked, a failed login replaces nothing"
        );
    }
}

#[tokio::test]
async fn a_login_without_a_password_asks_the_user_alone() {
    let world = World::new();
    let login = |id| {
        let (auth, user) = (world.auth.clone(), world.users.row(id));
        async move { auth.login(&user, LoginOptions::new(), LoginContext::default()).await }
    };
    assert_eq!(login(4).await.unwrap().identity.subject(), &Subject::from(4), "dave has no password");
    assert!(matches!(login(3).await, Err(LoginError::InvalidCredentials)), "carol is disabled");
    assert_eq!(world.hasher.verifications(), 0);
    assert_eq!(world.switches.count(Call::Create), 1);
    let stale = world.users.row(1);
    world.users.change(1, |alice| alice.password_hash = Some("new:0:other".into()));
    let login = world.auth.login(&stale, LoginOptions::new(), LoginContext::default()).await;
    assert!(login.is_ok(), "the application has proved it, and the hash plays no part: {login:?}");
}

#[tokio::test]
async fn a_login_that_was_proved_elsewhere_needs_a_user_who_is_there_and_active() {
    type Change = fn(&mut Vec<crate::common::User>);
    for (rule, change, expected) in [
        ("the value has no hash, the row has one", (|_| {}) as Change, "logged in"),
        ("the hash changed meanwhile", |users| users[0].password_hash = None, "logged in"),
        ("disabled meanwhile", |users| users[0].is_active = false, "InvalidCredentials"),
        ("the transaction is open", |users| drop(users.remove(0)), "UnknownSubject"),
    ] {
        let world = World::new();
        let mut user = world.users.row(1);
        user.password_hash = None;
        world.users.before(Call::FindById, change);
        let login = world.auth.login(&user, LoginOptions::new(), LoginContext::default()).await;
        let told = login.as_ref().map_or_else(|error| format!("{error:?}"), |_| "logged in".into());
        assert_eq!(told, expected, "{rule}");
        assert_eq!(
            world.tokens.living(1).await.len(),
            usize::from(login.is_ok()),
            "{rule}: no session is left"
        );
    }
    let error = LoginError::UnknownSubject;
    assert_eq!(Problem::from(&error), Problem::ServerError, "the application asked too early");
    assert!(
        error.to_string().contains("commit the transaction that inserted the user before calling `login`")
    );
}

#[tokio::test]
async fn a_login_name_that_the_database_cannot_take_is_an_unknown_user() {
    let world = World::new();
    world.switches.fail_about_data(Call::FindByLogin);
    for _ in 0..5 {
        let error = world.try_login("\u{1f600}", PASSWORD).await.unwrap_err();
        assert!(matches!(error, LoginError::InvalidCredentials), "{error:?}");
    }
    assert_eq!(world.hasher.verifications(), 5, "one hash each");
    world.switches.mend(Call::FindByLogin);
    for _ in 0..5 {
        assert!(world.try_login("al\0ice", PASSWORD).await.is_err(), "NUL");
    }
    assert_eq!(world.hasher.verifications(), 10, "one hash each");
    assert_eq!(world.switches.count(Call::FindByLogin), 5, "the store is not asked");
}

#[tokio::test]
async fn names_and_passwords_as_people_type_them() {
    let (composed, decomposed) = ("p\u{e4}ssw\u{f6}rd", "pa\u{308}sswo\u{308}rd");
    let world = World::new();
    world.users.change(1, |alice| alice.password_hash = Some(format!("new:0:{composed}")));
    world.users.change(2, |bob| bob.password_hash = Some(format!("new:0:{decomposed}")));
    let wrong = format!("{decomposed}!");
    for (rule, name, password, is_in, verifications) in [
        ("a blank after the name", "alice ", composed, true, 1),
        ("no-break spaces around it", "\u{a0}alice\u{a0}", composed, true, 1),
        ("a decomposed password", "alice", decomposed, true, 2),
        ("an old hash of the password as it was typed", "bob", decomposed, true, 2),
        ("a decomposed password, wrong", "alice", &wrong, false, 2),
        ("a decomposed password, unknown user", "nobody", &wrong, false, 2),
        ("a decomposed password, no hash", "dave", &wrong, false, 2),
        ("a decomposed password, disabled", "carol", &wrong, false, 2),
        ("nothing is trimmed from a password", "alice", "p\u{e4}ssw\u{f6}rd ", false, 1),
    ] {
        let before = world.hasher.verifications();
        assert_eq!(world.try_login(name, password).await.is_ok(), is_in, "{rule}");
        assert_eq!(world.hasher.verifications(), before + verifications, "{rule}");
    }
    let stored = world.users.row(2).password_hash.unwrap();
    assert!(stored.starts_with("new:") && stored.ends_with(composed), "the old hash was replaced: {stored}");
    assert!(world.try_login("bob", composed).await.is_ok(), "and bob may use another keyboard");
}

/// Also for custom adapters: the login function itself checks.
#[tokio::test]
async fn every_way_to_start_a_session_checks_csrf() {
    let world = World::new();
    let alice = world.login("alice").await;
    let who = world.authenticate(alice.jar.get()).await.required().unwrap().clone();
    let foreign = |method: &str| {
        let request = http::Request::builder().method(method).header("sec-fetch-site", "cross-site");
        let (head, ()) = request.body(()).unwrap().into_parts();
        LoginContext::from_head(&world.auth, (&head).into(), None)
    };
    let (auth, user) = (&world.auth, world.users.row(2));
    let before = (world.hasher.verifications(), world.switches.count(Call::Create));
    for method in ["GET", "POST"] {
        let options = LoginOptions::new;
        for (door, answer) in [
            ("login", auth.login(&user, options(), foreign(method)).await),
            ("password", auth.login_with_password("bob", PASSWORD, options(), foreign(method)).await),
            ("fresh login", auth.fresh_login(&who, PASSWORD, foreign(method)).await),
            ("new password", auth.change_password(&who, PASSWORD, "battery staple", foreign(method)).await),
        ] {
            let error = answer.unwrap_err();
            assert!(matches!(error, LoginError::Csrf(_)), "{method}, {door}: {error:?}");
            assert_eq!(Problem::from(&error), Problem::CsrfFailed, "{door}");
        }
        let checked = auth.login(&user, options().state_checked(), foreign(method)).await;
        assert!(checked.is_ok(), "{method}: state_checked");
    }
    let after = (world.hasher.verifications(), world.switches.count(Call::Create));
    assert_eq!(after, (before.0, before.1 + 2), "nothing is hashed and nothing stored");
    assert_eq!(world.tokens.living(1).await, [alice.session], "alice stays logged in");
}

#[tokio::test]
async fn a_login_that_cannot_be_minted_stores_nothing() {
    let world = World::new();
    for (rule, claims) in [
        ("no object", json!([1])),
        ("reserved name", json!({ "sub": "2" })),
        ("cookie longer than 4096 bytes", json!({ "x": "y".repeat(4096) })),
    ] {
        world.users.change(1, |alice| alice.claims = claims);
        let error = world.try_login("alice", PASSWORD).await.unwrap_err();
        assert!(matches!(error, LoginError::Mint(_)), "{rule}: {error:?}");
        assert_eq!(Problem::from(&error), Problem::ServerError, "{rule}");
        let wrong = world.try_login("alice", "wrong").await.unwrap_err();
        assert!(
            matches!(wrong, LoginError::InvalidCredentials),
            "{rule}: only shown to a user who may log in"
        );
    }
    assert_eq!(world.switches.count(Call::Create), 0);
    let error = LoginError::Mint(MintError::Subject);
    assert_eq!(error.to_string(), "the subject is empty or longer than 191 bytes");
}

#[tokio::test]
async fn an_unavailable_store_fails_the_login_and_leaves_no_session() {
    for (rule, call) in [
        ("user store, first read", Call::FindByLogin),
        ("token store", Call::Create),
        ("user store, second read", Call::FindById),
    ] {
        let world = World::new();
        world.switches.fail(call);
        let error = world.try_login("alice", PASSWORD).await.unwrap_err();
        assert!(matches!(error, LoginError::Store(_)), "{rule}: {error:?}");
        assert_eq!(Problem::from(&error), Problem::Unavailable, "{rule}");
        assert_eq!(world.tokens.living(1).await, Vec::<SessionId>::new(), "{rule}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_succeeds_when_the_old_session_cannot_be_revoked_yet() {
    let world = World::new();
    let old = world.login("alice").await;
    world.switches.fail(Call::Revoke);
    let new = login_from(&world, "alice", &old.jar.post()).await;
    assert_eq!(outcome(&world.authenticate(new.jar.get()).await), ("1", "kept"));
    assert_eq!(outcome(&world.authenticate(old.jar.get()).await), ("session_revoked", "kept"));
    assert_eq!(world.revoked(&old.session).await, None);
    world.switches.mend(Call::Revoke);
    tokio::time::advance(Duration::from_secs(1)).await;
    let_tasks_run().await;
    assert_eq!(world.revoked(&old.session).await, Some(RevocationReason::Replaced));
}

#[test]
fn what_a_failed_login_answers() {
    for (error, problem) in [
        (LoginError::InvalidCredentials, Problem::InvalidCredentials),
        (LoginError::Password(cookiejwt_store::PasswordError::Busy), Problem::Unavailable),
        (LoginError::Password(cookiejwt_store::PasswordError::Hash("x".into())), Problem::ServerError),
        (LoginError::Store(cookiejwt_store::StoreError::new("x")), Problem::Unavailable),
        (LoginError::Mint(MintError::Subject), Problem::ServerError),
    ] {
        assert_eq!(Problem::from(&error), problem, "{error:?}");
    }
    assert_eq!(ClientInfo::default(), LoginContext::default().client);
}
