//! Device-bound sessions that become other ones: another tenant, acting for a user, the way back.

use cookiejwt_store::{
    ConfigBuilder, Facts, Identity, Login, LoginContext, LoginError, LoginOptions, Method, Problem,
    RevocationReason, testing,
};

use crate::common::{BoundBrowser, World, answered, offering, outcome};

const ALICE: i64 = 1;
const BOB: i64 = 2;

/// Bob's session.
struct Bob {
    world: World,
    login: Login,
}

impl Bob {
    async fn with(config: ConfigBuilder, is_bound: bool) -> Self {
        let world = World::with(config);
        let by = LoginOptions::new().by(Method::PWD);
        let login = world.auth.login(&world.users.row(BOB), by, LoginContext::default()).await.unwrap();
        if is_bound {
            let browser = BoundBrowser::of(&world.auth, &login);
            assert_eq!(browser.binds(&world.auth).await, ("bound", "kept"));
        }
        Self { world, login }
    }

    async fn acts(&self) -> Result<Login, LoginError> {
        let options = LoginOptions::new().acted_by(&self.login.identity);
        self.world.auth.login(&self.world.users.row(ALICE), options, LoginContext::default()).await
    }

    async fn switches(&self) -> Result<Login, LoginError> {
        let facts = Facts::new().with("tenant", &"acme").unwrap();
        self.world.auth.switch(&self.login.identity, &facts, LoginContext::default()).await
    }

    async fn comes_back(&self, who: &Identity, browser: &BoundBrowser) -> Result<Login, LoginError> {
        let head = browser.browser.jar.post();
        self.world.auth.stop_acting(who, &head, None, LoginContext::default()).await
    }
}

/// The new session is offered to whoever asks for it, and a thief with both cookies would bind it.
#[tokio::test]
async fn a_bound_session_becomes_another_one_only_with_a_recent_proof() {
    for (rule, is_bound, seconds, expected) in [
        ("bound, five minutes", true, 300, true),
        ("bound, a second more", true, 301, false),
        ("not bound", false, 1000, true),
    ] {
        for door in ["another tenant", "acting for alice"] {
            let bob = Bob::with(offering(), is_bound).await;
            bob.world.advance(seconds);
            let rows = bob.world.tokens.living(BOB).await;
            let result = if door == "another tenant" { bob.switches().await } else { bob.acts().await };
            assert_eq!(result.is_ok(), expected, "{rule}, {door}: {result:?}");
            let Err(error) = result else { continue };
            assert!(matches!(error, LoginError::ProofTooOld), "{rule}, {door}: {error:?}");
            let problem = Problem::from(&error);
            let challenge = problem.challenge().unwrap();
            assert_eq!((problem.code(), problem.status().as_u16()), ("fresh_login_required", 401));
            assert!(
                challenge.ends_with(r#"error="insufficient_user_authentication", max_age=300"#),
                "{challenge}"
            );
            assert_eq!(bob.world.tokens.living(BOB).await, rows, "{rule}, {door}");
            assert_eq!(bob.world.tokens.living(ALICE).await, [], "{rule}, {door}");
        }
    }
}

/// Whatever the setting, as for every row.
#[tokio::test]
async fn also_when_sessions_are_not_offered_any_more() {
    let mut bob = Bob::with(offering(), true).await;
    bob.world.config = testing::config();
    bob.world.auth = bob.world.another_node();
    bob.world.advance(301);
    assert!(matches!(bob.switches().await, Err(LoginError::ProofTooOld)));
    assert!(matches!(bob.acts().await, Err(LoginError::ProofTooOld)));
}

/// Bob proves who he is, and then he may.
#[tokio::test]
async fn a_fresh_login_is_a_recent_proof() {
    let mut bob = Bob::with(offering(), true).await;
    bob.world.advance(301);
    let context = LoginContext::default();
    let who = bob.login.identity.clone();
    bob.login = bob.world.auth.fresh_login(&who, crate::common::PASSWORD, context).await.unwrap();
    let browser = BoundBrowser::of(&bob.world.auth, &bob.login);
    assert_eq!(browser.binds(&bob.world.auth).await, ("bound", "kept"), "the new session is offered");
    assert!(bob.acts().await.is_ok());
}

#[tokio::test]
async fn coming_back_from_acting() {
    for (rule, own_is_bound, acting_is_bound, seconds, expected) in [
        ("neither is bound", false, false, 301, true),
        ("the own session is bound", true, false, 301, false),
        ("the acting session is bound", false, true, 301, false),
        ("both are bound, five minutes", true, true, 300, true),
    ] {
        let bob = Bob::with(offering(), own_is_bound).await;
        let acting = bob.acts().await.unwrap();
        let browser = BoundBrowser::of(&bob.world.auth, &acting);
        if acting_is_bound {
            assert_eq!(browser.binds(&bob.world.auth).await, ("bound", "kept"), "{rule}");
        }
        bob.world.advance(seconds);
        let back = bob.comes_back(&acting.identity, &browser).await;
        assert_eq!(back.is_ok(), expected, "{rule}: {back:?}");
        if let Err(error) = back {
            assert!(matches!(error, LoginError::ProofTooOld), "{rule}: {error:?}");
            assert_eq!(bob.world.tokens.living(ALICE).await, [browser.browser.session], "{rule}");
        }
    }
}

/// What ends the session in which bob acts.
type End = fn(&Bob);

#[tokio::test]
async fn a_session_in_which_another_user_acts_renews_and_ends_with_theirs() {
    let ends: [(&str, Option<End>, (&str, &str)); 3] = [
        ("nothing", None, ("renewed", "set")),
        (
            "bob is disabled",
            Some(|bob| bob.world.users.change(BOB, |bob| bob.is_active = false)),
            ("end", "cleared"),
        ),
        (
            "alice is disabled",
            Some(|bob| bob.world.users.change(ALICE, |alice| alice.is_active = false)),
            ("end", "cleared"),
        ),
    ];
    for (rule, end, expected) in ends {
        let bob = Bob::with(offering(), true).await;
        let acting = bob.acts().await.unwrap();
        let mut browser = BoundBrowser::of(&bob.world.auth, &acting);
        assert_eq!(browser.binds(&bob.world.auth).await, ("bound", "kept"), "{rule}");
        bob.world.expire_access();
        if let Some(end) = end {
            end(&bob);
        }
        assert_eq!(browser.renews(&bob.world.auth).await, expected, "{rule}");
        let is_alive = bob.world.revoked(&browser.browser.session).await.is_none();
        assert_eq!(is_alive, end.is_none(), "{rule}");
        if is_alive {
            let decision = bob.world.authenticate(browser.browser.jar.get()).await;
            let who = decision.required().unwrap();
            let actor = who.actor().unwrap().subject().as_str();
            assert_eq!((who.subject().as_str(), actor, who.is_device_bound()), ("1", "2", true));
        }
    }
}

/// On this node and on another one, which does not know yet.
#[tokio::test]
async fn the_session_of_the_actor_ends() {
    for elsewhere in [false, true] {
        let bob = Bob::with(offering(), true).await;
        let acting = bob.acts().await.unwrap();
        let browser = BoundBrowser::of(&bob.world.auth, &acting);
        assert_eq!(browser.binds(&bob.world.auth).await, ("bound", "kept"));
        bob.world.expire_access();
        let node = if elsewhere { bob.world.another_node() } else { bob.world.auth.clone() };
        let proof = browser.proof(&node).await;
        let own = bob.login.record.id.clone();
        bob.world.auth.revoke_session(own, RevocationReason::Logout).await.unwrap();
        let reply = browser.sends(&node, Some(&proof)).await;
        assert_eq!(answered(&reply), ("end", "cleared"), "elsewhere: {elsewhere}");
        let revoked = bob.world.revoked(&browser.browser.session).await;
        assert_eq!(revoked, Some(RevocationReason::ActorEnded), "elsewhere: {elsewhere}");
        let decision = node.authenticate(&browser.browser.jar.without_access().get()).await;
        assert!(decision.identity().is_none(), "{:?}", outcome(&decision));
    }
}
