//! A user with a second factor: whoever knows only the password gets nothing but a pending login.

use std::{convert::Infallible, io};

use cookiejwt_store::{
    Checked, Facts, Identity, Login, LoginContext, LoginError, LoginOptions, Method, PendingLogin, Problem,
    Proven, RevocationReason, SecondFactor, testing,
};

use crate::common::{Browser, Call, PASSWORD, User, World, outcome};

fn with_totp() -> World {
    let world = World::new();
    world.users.change(1, |alice| alice.has_totp = true);
    world
}

/// What the client of this pending login sends beside it.
fn beside(pending: &PendingLogin) -> LoginContext {
    let mut context = LoginContext::default();
    context.pendings = vec![pending.clone()];
    context
}

fn required(login: Result<Login, LoginError>) -> SecondFactor {
    match login {
        Err(LoginError::SecondFactorRequired(second)) => *second,
        other => panic!("{other:?}"),
    }
}

async fn pending(world: &World) -> PendingLogin {
    required(world.try_login("alice", PASSWORD).await).pending
}

/// A code, as an application checks it: right, wrong, or not checked.
async fn prove(
    world: &World,
    pending: &PendingLogin,
    check: Result<Option<Checked<User>>, io::Error>,
) -> Result<Proven<User>, LoginError> {
    world.auth.prove(pending, Method::OTP, async { check }, &beside(pending)).await
}

async fn log_in(world: &World) -> Result<Login, LoginError> {
    let pending = pending(world).await;
    let proven = prove(world, &pending, Ok(Some(Checked::right()))).await?;
    world.auth.login_proven(proven, LoginOptions::new(), beside(&pending)).await
}

fn methods(who: &Identity) -> String {
    who.methods().map(|method| method.to_string()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_password_and_a_code() {
    let world = with_totp();
    let second = required(world.try_login("alice", PASSWORD).await);
    assert_eq!(second.methods, [Method::OTP, Method::HWK]);
    assert_eq!(second.sealed.cookies.iter().count(), 1, "the pending login and nothing else");
    assert_eq!(world.tokens.living(1).await, []);
    world.advance(30);
    let login = log_in(&world).await.unwrap();
    assert_eq!(methods(&login.identity), "pwd otp");
    assert_eq!(login.identity.auth_time(), Some(world.auth.now()));
    world.expire_access();
    let later = world.authenticate(Browser::of(&login).jar.get()).await;
    assert_eq!(methods(later.required().unwrap()), "pwd otp", "it may refresh");
    let cleared = login.cookies.iter().map(|line| line.line().to_str().unwrap().to_owned());
    assert!(cleared.last().unwrap().contains("Max-Age=0"), "the pending login is cleared");
}

/// Every door of a thief who knows the password.
#[tokio::test]
async fn who_knows_only_the_password_gets_no_session() {
    let world = World::new();
    let before = world.login("alice").await;
    let who = world.authenticate(before.jar.get()).await.required().unwrap().clone();
    world.users.change(1, |alice| alice.has_totp = true);
    let (alice, context) = (world.users.row(1), LoginContext::default);
    let hash = alice.password_hash.clone();
    let proven: Proven<User> = world.auth.check_password("alice", PASSWORD, &context()).await.unwrap();
    let auth = &world.auth;
    for (door, login) in [
        ("login", world.try_login("alice", PASSWORD).await),
        ("a custom login", auth.login(&alice, LoginOptions::new(), context()).await),
        (
            "one that names the password",
            auth.login(&alice, LoginOptions::new().by(Method::PWD), context()).await,
        ),
        ("a checked password", auth.login_proven(proven, LoginOptions::new(), context()).await),
        ("a fresh login", auth.fresh_login(&who, PASSWORD, context()).await),
        ("a new password", auth.change_password(&who, PASSWORD, "another password", context()).await),
        ("another tenant", auth.switch(&who, &Facts::new().with("tenant", &1).unwrap(), context()).await),
    ] {
        required(login);
        assert_eq!(world.tokens.living(1).await, std::slice::from_ref(&before.session), "{door}");
    }
    assert_eq!(world.users.row(1).password_hash, hash, "the password is the old one");
    world.expire_access();
    assert_eq!(outcome(&world.authenticate(before.jar.get()).await), ("session_revoked", "cleared"));
    assert_eq!(world.revoked(&before.session).await, Some(RevocationReason::SecondFactor), "row k");
}

#[tokio::test]
async fn a_second_factor_that_is_set_up_during_a_login_counts() {
    let world = World::new();
    world.users.before(Call::FindById, |rows| rows[0].has_totp = true);
    required(world.try_login("alice", PASSWORD).await);
    assert_eq!(world.tokens.living(1).await, [], "what was written is revoked");
}

#[tokio::test]
async fn a_session_with_both_proofs_may_log_in_again_with_the_password() {
    let world = with_totp();
    let login = log_in(&world).await.unwrap();
    world.advance(60);
    let again = world.auth.fresh_login(&login.identity, PASSWORD, LoginContext::default()).await.unwrap();
    assert_eq!(methods(&again.identity), "otp pwd", "the code is the older one now");
}

#[tokio::test]
async fn five_wrong_codes_end_a_pending_login() {
    let world = with_totp();
    let one = pending(&world).await;
    for number in 1..=5 {
        let error = prove(&world, &one, Ok(None)).await.unwrap_err();
        assert!(matches!(error, LoginError::InvalidCredentials), "{number}: {error:?}");
    }
    let error = prove(&world, &one, Ok(Some(Checked::right()))).await.unwrap_err();
    assert!(matches!(error, LoginError::PendingEnded), "{error:?}");
    assert_eq!(Problem::from(&error), Problem::InvalidToken);
    assert!(log_in(&world).await.is_ok(), "the next one begins with five");
}

#[tokio::test]
async fn ten_wrong_codes_of_an_account_whatever_the_pending_login() {
    let world = with_totp();
    for _ in 0..2 {
        let one = pending(&world).await;
        for _ in 0..5 {
            prove(&world, &one, Ok(None)).await.unwrap_err();
        }
    }
    let throttled = |error: LoginError| match error {
        LoginError::Throttled { retry_after_seconds } => retry_after_seconds,
        other => panic!("{other:?}"),
    };
    assert_eq!(throttled(log_in(&world).await.unwrap_err()), 900, "one in fifteen minutes");
    for _ in 0..5 {
        world.try_login("alice", "guess").await.unwrap_err();
    }
    world.advance(900);
    assert!(log_in(&world).await.is_ok(), "who guesses passwords does not fill the bucket of the codes");
}

#[tokio::test]
async fn a_store_that_is_away_during_the_check_costs_nothing() {
    let world = with_totp();
    let one = pending(&world).await;
    for _ in 0..20 {
        let error = prove(&world, &one, Err(io::Error::other("away"))).await.unwrap_err();
        assert_eq!(Problem::from(&error), Problem::Unavailable);
    }
    assert!(prove(&world, &one, Ok(Some(Checked::right()))).await.is_ok());
}

#[tokio::test]
async fn a_pending_login_counts_once() {
    let world = with_totp();
    let one = pending(&world).await;
    let _ = prove(&world, &one, Ok(Some(Checked::right()))).await.unwrap();
    let error = prove(&world, &one, Ok(Some(Checked::right()))).await.unwrap_err();
    assert!(matches!(error, LoginError::PendingEnded), "{error:?}");
}

/// Otherwise its id could be purged again before the check has ended, and count twice.
#[tokio::test]
async fn a_check_that_outlasts_a_pending_login_opens_nothing() {
    let world = with_totp();
    let pending = pending(&world).await;
    let check = async {
        world.advance(600);
        Ok::<_, Infallible>(Some(Checked::<User>::right()))
    };
    let late = world.auth.prove(&pending, Method::OTP, check, &beside(&pending)).await;
    assert!(matches!(late, Err(LoginError::PendingEnded)), "{late:?}");
    assert_eq!(world.tokens.living(1).await, []);
}

#[tokio::test]
async fn of_twenty_right_codes_at_once_one_counts() {
    let world = with_totp();
    let one = pending(&world).await;
    let tries: Vec<_> = (0..20)
        .map(|_| {
            let (auth, one) = (world.auth.clone(), one.clone());
            tokio::spawn(async move {
                let check = async {
                    tokio::task::yield_now().await;
                    Ok::<_, Infallible>(Some(Checked::<User>::right()))
                };
                auth.prove(&one, Method::OTP, check, &beside(&one)).await.is_ok()
            })
        })
        .collect();
    let mut right = 0;
    for one in tries {
        right += usize::from(one.await.unwrap());
    }
    assert_eq!(right, 1);
}

#[tokio::test]
async fn a_code_counts_once_for_its_user_whatever_the_pending_login() {
    let world = with_totp();
    let code = |step: u64| Ok(Some(Checked::right().once(step)));
    let (one, other) = (pending(&world).await, pending(&world).await);
    let _ = prove(&world, &one, code(59)).await.unwrap();
    let error = prove(&world, &other, code(59)).await.unwrap_err();
    assert!(matches!(error, LoginError::InvalidCredentials), "a code that was seen: {error:?}");
    let _ = prove(&world, &other, code(60)).await.unwrap();
    world.users.change(2, |bob| bob.has_totp = true);
    let bobs = required(world.try_login("bob", PASSWORD).await).pending;
    assert!(prove(&world, &bobs, code(59)).await.is_ok(), "of another user it is another code");
}

#[tokio::test]
async fn what_ends_a_pending_login() {
    type Change = fn(&World);
    for (rule, change) in [
        ("ten minutes", (|world| world.advance(600)) as Change),
        ("a new password", |world| {
            world.users.change(1, |alice| alice.password_hash = Some("new:0:other".into()));
        }),
        ("a new stamp", |world| world.users.change(1, |alice| alice.stamp = Some("2".into()))),
        ("a user who is disabled", |world| world.users.change(1, |alice| alice.is_active = false)),
        ("a user who is gone", |world| world.users.remove(1)),
    ] {
        let world = with_totp();
        let one = pending(&world).await;
        change(&world);
        let error = prove(&world, &one, Ok(Some(Checked::right()))).await.unwrap_err();
        assert!(matches!(error, LoginError::PendingEnded), "{rule}: {error:?}");
    }
    let world = with_totp();
    let one = pending(&world).await;
    let proven = prove(&world, &one, Ok(Some(Checked::right()))).await.unwrap();
    world.users.change(1, |alice| alice.password_hash = Some("new:0:other".into()));
    let login = world.auth.login_proven(proven, LoginOptions::new(), beside(&one)).await;
    assert!(matches!(login, Err(LoginError::InvalidCredentials)), "a reset between the last two calls");
    assert_eq!(world.tokens.living(1).await, []);
}

#[tokio::test]
async fn the_proof_of_another_user_is_wrong() {
    let world = with_totp();
    let one = pending(&world).await;
    let bobs = Checked::user(&world.users.row(2));
    let error = prove(&world, &one, Ok(Some(bobs))).await.unwrap_err();
    assert!(matches!(error, LoginError::InvalidCredentials), "{error:?}");
    let own = Checked::user(&world.users.row(1));
    assert_eq!(prove(&world, &one, Ok(Some(own))).await.unwrap().user().id, 1);
}

/// A discoverable passkey or an identity provider: the proof says whose it is.
#[tokio::test]
async fn a_pending_login_without_a_user() {
    let world = World::new();
    let mut one = world.auth.pending("passkey").unwrap();
    one.next = Some("/notes".into());
    one.remember = Some(false);
    let nobody = prove(&world, &one, Ok(Some(Checked::right()))).await;
    assert!(matches!(nobody, Err(LoginError::InvalidCredentials)), "a proof has to name its user");
    let alice = Checked::user(&world.users.row(1));
    let check = async { Ok::<_, Infallible>(Some(alice)) };
    let proven = world.auth.prove(&one, Method::HWK, check, &beside(&one)).await.unwrap();
    assert_eq!((proven.next(), proven.user().login), (Some("/notes"), "alice"));
    let login = world.auth.login_proven(proven, LoginOptions::new(), beside(&one)).await.unwrap();
    assert_eq!((methods(&login.identity).as_str(), login.record.remember), ("hwk", false));
}

#[tokio::test]
async fn where_a_user_wanted_to_go_survives_the_second_factor() {
    let world = with_totp();
    let mut one = world.auth.pending("oauth").unwrap();
    one.next = Some("/notes".into());
    let check = Checked::user(&world.users.row(1));
    let check = async { Ok::<_, Infallible>(Some(check)) };
    let proven: Proven<User> = world.auth.prove(&one, Method::FED, check, &beside(&one)).await.unwrap();
    let login = world.auth.login_proven(proven, LoginOptions::new(), beside(&one)).await;
    assert_eq!(required(login).pending.next.as_deref(), Some("/notes"));
}

#[tokio::test]
async fn a_session_that_proves_more() {
    let world = World::new();
    let alice = world.login("alice").await;
    let who = world.authenticate(alice.jar.get()).await.required().unwrap().clone();
    world.advance(60);
    let step = async |user: i64| {
        let one = world.auth.pending("step-up").unwrap();
        let check = Checked::user(&world.users.row(user));
        prove(&world, &one, Ok(Some(check))).await.unwrap()
    };
    let error = world.auth.step_up(&who, step(2).await, LoginContext::default()).await.unwrap_err();
    assert!(matches!(error, LoginError::OtherUser), "{error:?}");
    assert_eq!(Problem::from(&error).status(), 403);
    assert_eq!(outcome(&world.authenticate(alice.jar.get()).await), ("1", "kept"), "nothing is lost");
    let login = world.auth.step_up(&who, step(1).await, LoginContext::default()).await.unwrap();
    assert_eq!(methods(&login.identity), "pwd otp");
    assert_eq!(login.identity.proofs().time_of(Method::PWD), Some(testing::NOW), "not proved again");
    let end = |login: &Login| login.record.ends_at.as_seconds() - testing::NOW.unix_timestamp();
    assert_eq!(end(&login), 30 * 86_400, "the absolute end of the first session");
    assert_eq!(world.revoked(&alice.session).await, Some(RevocationReason::Superseded));
    world.auth.logout_everywhere(&login.identity).await.unwrap();
    let error =
        world.auth.step_up(&login.identity, step(1).await, LoginContext::default()).await.unwrap_err();
    assert!(matches!(error, LoginError::SessionRevoked), "{error:?}");
}

#[tokio::test]
async fn another_tenant_is_no_proof() {
    let world = World::new();
    let options = || LoginOptions::new().fact("tenant", &"acme").fact("plan", &"gold");
    let context = LoginContext::default;
    for (rule, options, proved) in [("named", options().by(Method::HWK), "hwk"), ("unnamed", options(), "")] {
        let login = world.auth.login(&world.users.row(1), options, context()).await.unwrap();
        let began = world.auth.now();
        world.advance(60);
        let facts = Facts::new().with("tenant", &"umbrella").unwrap();
        let next = world.auth.switch(&login.identity, &facts, context()).await.unwrap();
        let who = &next.identity;
        assert_eq!((methods(who).as_str(), who.auth_time()), (proved, Some(began)), "{rule}");
        assert_eq!(who.fact::<String>("tenant").unwrap(), "umbrella", "{rule}");
        assert_eq!(who.fact::<String>("plan").unwrap(), "gold", "{rule}: the others stay");
        assert!(who.has_role("alice at umbrella"), "{rule}");
        assert_eq!(next.record.ends_at, login.record.ends_at, "{rule}");
        world.expire_access();
        let later = world.authenticate(Browser::of(&next).jar.get()).await;
        let later = later.required().unwrap();
        assert_eq!((methods(later).as_str(), later.auth_time()), (proved, Some(began)), "{rule}: refreshed");
        world.auth.logout_everywhere(who).await.unwrap();
    }
}

/// How long a response takes tells nobody that a password was right: each has one hash, and the
/// same calls of a store.
#[tokio::test]
async fn a_second_factor_that_is_due_costs_what_a_wrong_password_costs() {
    let calls = [Call::FindByLogin];
    for (rule, name, password) in [
        ("a wrong password", "alice", "wrong"),
        ("an unknown name", "nobody", PASSWORD),
        ("a second factor that is due", "alice", PASSWORD),
    ] {
        let world = with_totp();
        for door in ["login", "check"] {
            let (before, _) = (world.hasher.verifications(), world.switches.take_log());
            let context = LoginContext::default();
            let is_proven = match door {
                "login" => world.try_login(name, password).await.is_ok(),
                _ => world.auth.check_password::<User>(name, password, &context).await.is_ok(),
            };
            assert_eq!(is_proven, door == "check" && rule == "a second factor that is due", "{rule}, {door}");
            assert_eq!(world.hasher.verifications() - before, 1, "{rule}, {door}");
            assert_eq!(world.switches.take_log(), calls, "{rule}, {door}");
        }
    }
}
