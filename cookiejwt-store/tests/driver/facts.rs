//! A session knows how its user proved who they are, and what else is true of it.

use std::time::Duration;

use cookiejwt_store::{
    Identity, Login, LoginContext, LoginError, LoginOptions, Method, MintError, Problem, Reason,
    RevocationLevel, RevocationReason, testing,
};

use crate::common::{Browser, Call, PASSWORD, World, outcome};

async fn log_in(world: &World, options: LoginOptions) -> Result<Login, LoginError> {
    world.auth.login(&world.users.row(1), options, LoginContext::default()).await
}

/// What a handler sees of a browser whose access token has ended.
async fn refreshed(world: &World, browser: &Browser) -> Identity {
    world.expire_access();
    world.authenticate(browser.jar.get()).await.required().unwrap().clone()
}

fn methods(who: &Identity) -> Vec<String> {
    who.methods().map(|method| method.to_string()).collect()
}

#[tokio::test]
async fn what_an_application_has_proved() {
    let world = World::new();
    let earlier = testing::NOW - Duration::from_hours(1);
    let options = LoginOptions::new().by(Method::HWK).by_at(Method::FED, earlier).acr("gold");
    let login = log_in(&world, options.fact("tenant", &"acme")).await.unwrap();
    for who in [login.identity.clone(), refreshed(&world, &Browser::of(&login)).await] {
        assert_eq!(methods(&who), ["fed", "hwk"], "the oldest first");
        assert_eq!(who.proofs().time_of(Method::FED), Some(earlier));
        assert_eq!((who.auth_time(), who.acr()), (Some(testing::NOW), Some("gold")));
        assert_eq!(who.fact::<String>("tenant").unwrap(), "acme");
        assert!(who.has_role("alice at acme"), "the claims of a refresh are those of its tenant");
    }
    let [session] = &world.auth.sessions(&login.identity).await.unwrap()[..] else { panic!("one session") };
    assert_eq!((session.methods.join(" "), &session.acted_by), ("fed hwk".into(), &None));
}

#[tokio::test]
async fn a_password_is_a_proof() {
    let world = World::new();
    let alice = world.login("alice").await;
    let who = refreshed(&world, &alice).await;
    assert_eq!(methods(&who), ["pwd"]);
    assert_eq!(who.proofs().time_of(Method::PWD), Some(testing::NOW));
    let unnamed = log_in(&world, LoginOptions::new()).await.unwrap();
    assert_eq!(methods(&unnamed.identity), Vec::<String>::new());
    assert_eq!(unnamed.identity.auth_time(), Some(world.auth.now()), "an unnamed proof is a time");
}

/// A fresh login and a new password: the facts stay, and no proof moves the absolute end.
#[tokio::test]
async fn a_session_that_takes_the_place_of_another_keeps_its_facts_and_its_end() {
    let week = Duration::from_hours(7 * 24);
    for door in ["fresh login", "new password"] {
        let world = World::new();
        let options = LoginOptions::new().by(Method::OTP).acr("gold").fact("tenant", &"acme");
        let login = log_in(&world, options.remember_for(week)).await.unwrap();
        world.advance(60);
        let (who, context) = (&login.identity, LoginContext::default());
        let next = match door {
            "fresh login" => world.auth.fresh_login(who, PASSWORD, context).await.unwrap(),
            _ => world.auth.change_password(who, PASSWORD, "another password", context).await.unwrap(),
        };
        let who = &next.identity;
        assert_eq!(methods(who), ["otp", "pwd"], "{door}");
        assert_eq!(who.proofs().time_of(Method::OTP), Some(testing::NOW), "{door}: not a new proof");
        assert_eq!((who.auth_time(), who.acr()), (Some(world.auth.now()), Some("gold")), "{door}");
        assert_eq!(who.fact::<String>("tenant").unwrap(), "acme", "{door}");
        assert!(who.has_role("alice at acme"), "{door}");
        assert_eq!(next.record.ends_at, login.record.ends_at, "{door}: the absolute end does not move");
        let idle = next.record.expires_at.as_seconds() - next.record.issued_at.as_seconds();
        assert_eq!(idle, 7 * 86_400, "{door}: its own idle life");
        let later = refreshed(&world, &Browser::of(&next)).await;
        assert_eq!((methods(&later), later.acr()), (methods(who), who.acr()), "{door}: after a refresh");
    }
}

#[tokio::test]
async fn an_earlier_absolute_end() {
    let world = World::new();
    let options = LoginOptions::new().ends_after(Duration::from_mins(30));
    let browser = Browser::of(&log_in(&world, options).await.unwrap());
    world.advance(1799);
    assert_eq!(outcome(&world.authenticate(browser.jar.get()).await), ("1", "set"));
    world.advance(1);
    let decision = world.authenticate(browser.jar.without_access().get()).await;
    assert_eq!(decision.required().unwrap_err(), Problem::SessionExpired);
}

/// Each is an error of the program: 500, and nothing is stored.
#[tokio::test]
async fn facts_that_begin_no_session() {
    let world = World::new();
    let large = LoginOptions::new().fact("note", &"x".repeat(512));
    let error = log_in(&world, large).await.unwrap_err();
    assert!(matches!(error, LoginError::FactsTooLarge { length: 523 }), "{error:?}");
    for name in ["sub", "amr", "proofs", "version", "scope", "roles"] {
        let error = log_in(&world, LoginOptions::new().fact(name, &1)).await.unwrap_err();
        let LoginError::Mint(MintError::ReservedClaim(found)) = &error else { panic!("{error:?}") };
        assert_eq!((found.as_str(), Problem::from(&error)), (name, Problem::ServerError));
    }
    assert_eq!(world.tokens.living(1).await, []);
}

/// Row k: whatever a user's stamp stands for, their sessions end with it, on every level.
#[tokio::test]
async fn a_new_stamp_ends_every_session_at_its_next_refresh() {
    for level in [RevocationLevel::AtRefresh, RevocationLevel::Feed, RevocationLevel::EveryRequest] {
        let world = World::at(level);
        world.users.change(1, |alice| alice.stamp = Some("1".into()));
        let (one, other) = (world.login("alice").await, world.login("alice").await);
        refreshed(&world, &one).await;
        world.users.change(1, |alice| alice.stamp = Some("2".into()));
        assert_eq!(outcome(&world.authenticate(other.jar.get()).await), ("session_revoked", "cleared"));
        let decision = world.authenticate(other.jar.get()).await;
        assert!(matches!(
            decision.reason,
            Reason::UserChanged
                | Reason::SessionRevoked(RevocationReason::UserChanged)
                | Reason::RowRevoked(RevocationReason::UserChanged)
        ));
        assert_eq!(world.revoked(&other.session).await, Some(RevocationReason::UserChanged), "{level:?}");
        let again = world.login("alice").await;
        refreshed(&world, &again).await;
    }
}

/// The stamp is a counter that password changes move.
#[tokio::test]
async fn the_session_of_a_new_password_has_the_stamp_that_the_change_made() {
    let world = World::new();
    world.users.change(1, |alice| alice.stamp = Some("1".into()));
    let alice = world.login("alice").await;
    let who = refreshed(&world, &alice).await;
    let users = world.users.clone();
    world.users.before(Call::SetPasswordHash, |rows| {
        let alice = rows.iter_mut().find(|user| user.id == 1).unwrap();
        alice.stamp = Some("2".into());
        alice.claims = serde_json::json!({ "name": "changed" });
    });
    let context = LoginContext::default();
    let login = world.auth.change_password(&who, PASSWORD, "another password", context).await.unwrap();
    assert_eq!(users.row(1).stamp.as_deref(), Some("2"));
    let name: String = login.identity.fact("name").unwrap();
    assert_eq!(name, "changed", "the tokens are those of the user after the change");
    refreshed(&world, &Browser::of(&login)).await;
}
