//! Acting for a user: bob of the support staff has a session of alice's for a while.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use cookiejwt_store::{
    Checked, ConfigBuilder, EndReason, Facts, Guard, Identity, Login, LoginContext, LoginError, LoginOptions,
    Method, PendingOptions, Problem, RequestContext, Requirement, Revocation, RevocationLevel,
    RevocationReason, SessionId, Slot, TokenStore as _, testing,
};
use futures_util::FutureExt as _;
use http::request::Parts;

use crate::common::{Browser, Call, Jar, PASSWORD, User, World, let_tasks_run, lines, outcome};

const LEVELS: [RevocationLevel; 3] =
    [RevocationLevel::AtRefresh, RevocationLevel::Feed, RevocationLevel::EveryRequest];

/// Alice's user id, and bob's.
const ALICE: i64 = 1;
const BOB: i64 = 2;

/// Bob's own session, and the one in which bob acts for alice, in one browser.
struct Acting {
    world: World,
    bob: Browser,
    who: Identity,
    browser: Browser,
}

fn context_of(world: &World, head: &Parts) -> LoginContext {
    LoginContext::from_head(&world.auth, head.into(), Some("192.0.2.7".parse().unwrap()))
}

async fn act(world: &World, jar: &Jar, who: &Identity, options: LoginOptions) -> Result<Login, LoginError> {
    let context = context_of(world, &jar.post());
    world.auth.login(&world.users.row(ALICE), options.acted_by(who), context).await
}

async fn identity(world: &World, browser: &Browser) -> Identity {
    world.authenticate(browser.jar.get()).await.required().unwrap().clone()
}

impl Acting {
    async fn new() -> Self {
        Self::with(testing::config(), LoginOptions::new()).await
    }

    async fn at(level: RevocationLevel) -> Self {
        Self::with(testing::config().revocation(level), LoginOptions::new()).await
    }

    async fn with(config: ConfigBuilder, options: LoginOptions) -> Self {
        Self::in_world(World::with(config), options).await
    }

    async fn in_world(world: World, options: LoginOptions) -> Self {
        let by =
            LoginOptions::new().by(Method::HWK).by_at(Method::PWD, testing::NOW - Duration::from_mins(1));
        let by = by.acr("gold").fact("tenant", &"support");
        let login = world.auth.login(&world.users.row(BOB), by, LoginContext::default()).await.unwrap();
        let (bob, who) = (Browser::of(&login), login.identity);
        world.advance(1);
        let login = act(&world, &bob.jar, &who, options).await.unwrap();
        Self { browser: Browser::of(&login), world, bob, who }
    }

    async fn identity(&self) -> Identity {
        identity(&self.world, &self.browser).await
    }

    async fn stop(&self, jar: &Jar, who: &Identity) -> Result<Login, LoginError> {
        let head = jar.post();
        let context = context_of(&self.world, &head);
        self.world.auth.stop_acting(who, &head, None, context).await
    }

    async fn outcome(&self, jar: &Jar) -> (String, &'static str) {
        let decision = self.world.authenticate(jar.get()).await;
        let (found, cookies) = outcome(&decision);
        (found.into(), cookies)
    }

    /// What the acting browser gets for its refresh token alone.
    async fn refreshed(&self) -> (String, &'static str) {
        self.outcome(&self.browser.jar.without_access()).await
    }
}

fn alive(cookies: &'static str) -> (String, &'static str) {
    ("1".into(), cookies)
}

fn ended() -> (String, &'static str) {
    ("session_revoked".into(), "cleared")
}

#[tokio::test]
async fn bob_acts_for_alice() {
    let it = Acting::new().await;
    for who in [it.identity().await, {
        it.world.expire_access();
        it.identity().await
    }] {
        let actor = who.actor().unwrap();
        assert_eq!((who.subject().as_str(), actor.subject().as_str()), ("1", "2"));
        assert_eq!(actor.session_id(), &it.bob.session);
        assert_eq!((who.methods().count(), who.acr(), who.auth_time()), (0, None, None));
        assert_eq!(who.fact::<String>("name").unwrap(), "alice", "the claims are those of the user");
        assert_eq!(who.fact::<Option<String>>("tenant").unwrap(), None, "no fact of the actor's session");
    }
    assert_eq!(it.world.revoked(&it.bob.session).await, None, "the session of bob stays");
    assert_eq!(it.browser.jar.device, None, "no known device");
    let [session] = &it.world.auth.sessions_of(&ALICE.into()).await.unwrap()[..] else { panic!("one") };
    assert_eq!((session.acted_by.as_deref(), session.methods.len()), (Some("2"), 0));
}

/// Also with proofs that the application names.
#[tokio::test]
async fn nothing_is_ever_fresh() {
    let by = LoginOptions::new().by(Method::PWD).acr("gold");
    let it = Acting::with(testing::config(), by).await;
    let auth = &it.world.auth;
    let hour = Duration::from_hours(1);
    for guard in [
        Guard::fresh_login(auth, hour),
        Guard::proofs(auth, Requirement::any_method().within(hour)),
        Guard::proofs(auth, Requirement::method(Method::PWD)),
        Guard::proofs(auth, Requirement::acr("gold")),
    ] {
        for jar in [&it.browser.jar, &it.browser.jar.without_access()] {
            let (head, slot) = (jar.get(), Slot::new(auth, "/"));
            let decision = slot.settle((&head).into()).await;
            assert!(slot.admit(&guard, decision, (&head).into()).is_err(), "{guard:?}");
        }
    }
}

/// The doors of one who acts and wants more than that.
#[tokio::test]
async fn what_only_the_user_themselves_may_do() {
    let it = Acting::new().await;
    let (auth, who) = (&it.world.auth, it.identity().await);
    let phone = it.world.login("alice").await;
    let hash = it.world.users.row(ALICE).password_hash;
    let proven = || async { auth.check_password("alice", PASSWORD, &LoginContext::default()).await.unwrap() };
    let context = LoginContext::default;
    let facts = Facts::new().with("tenant", &"acme").unwrap();
    let own = LoginOptions::new().acted_by(&who);
    let link = auth.link("magic", &it.world.users.row(ALICE), Duration::from_mins(5)).sign().unwrap();
    let opened = auth.open_link::<User>("magic", &link.to_string()).await.unwrap();
    for (door, result) in [
        ("a fresh login", auth.fresh_login(&who, PASSWORD, context()).await),
        ("a new password", auth.change_password(&who, PASSWORD, "battery staple", context()).await),
        ("a short new password", auth.change_password(&who, PASSWORD, "x", context()).await),
        ("a step-up", auth.step_up::<User>(&who, proven().await, context()).await),
        ("a step-up by a link", auth.step_up(&who, auth.prove_link(opened).await.unwrap(), context()).await),
        ("another tenant", auth.switch(&who, &facts, context()).await),
        ("acting for a third user", auth.login(&it.world.users.row(4), own.clone(), context()).await),
        ("for the same one", auth.login(&it.world.users.row(ALICE), own.clone(), context()).await),
        ("for oneself", auth.login(&it.world.users.row(BOB), own.clone(), context()).await),
        ("with a password", auth.login_with_password("alice", PASSWORD, own.clone(), context()).await),
        ("with a proof", auth.login_proven::<User>(proven().await, own, context()).await),
    ] {
        assert!(matches!(result, Err(LoginError::Acting)), "{door}: {result:?}");
    }
    assert_eq!(auth.end_session(&who, &phone.session).await.unwrap_err(), Problem::Acting);
    assert_eq!(auth.end_session(&who, who.session_id()).await.unwrap_err(), Problem::Acting);
    assert_eq!(auth.end_other_sessions(&who).await.unwrap_err(), Problem::Acting);
    assert_eq!(auth.logout_everywhere(&who).await.unwrap_err(), Problem::Acting);
    assert_eq!(it.world.users.row(ALICE).password_hash, hash);
    let expected = [it.browser.session.clone(), phone.session];
    assert_eq!(it.world.tokens.living(ALICE).await, expected, "nothing has ended, nothing has begun");
}

/// A wrong password there fills no bucket of the user.
#[tokio::test]
async fn a_refused_door_checks_no_password() {
    let it = Acting::new().await;
    let who = it.identity().await;
    it.world.switches.take_log();
    for _ in 0..20 {
        let _ = it.world.auth.fresh_login(&who, "wrong", LoginContext::default()).await.unwrap_err();
    }
    assert_eq!(it.world.tokens.charges.lock().unwrap().len(), 0);
    assert_eq!(it.world.switches.take_log(), []);
}

/// A pending login leads out of acting only for one who can prove to be the user.
#[tokio::test]
async fn no_pending_login_begins_beside_it() {
    let it = Acting::new().await;
    let who = it.identity().await;
    let slot = Slot::new(&it.world.auth, "/");
    let head = it.browser.jar.post();
    let context = RequestContext::new(&slot, (&head).into(), None);
    let options = PendingOptions::new("step-up").beside(&who).user(&it.world.users.row(ALICE));
    let refused = context.begin(options).map(drop);
    assert!(matches!(refused, Err(LoginError::Acting)), "{refused:?}");
    let options = PendingOptions::new("enrol").user(&it.world.users.row(ALICE));
    let (pending, _) = context.begin(options).unwrap();
    let mut beside = LoginContext::default();
    beside.pendings = vec![pending.clone()];
    let wrong = async { Ok::<_, std::io::Error>(None::<Checked<User>>) };
    let wrong = it.world.auth.prove(&pending, Method::OTP, wrong, &beside).await;
    assert!(matches!(wrong, Err(LoginError::InvalidCredentials)), "{wrong:?}");
    let right = async { Ok::<_, std::io::Error>(Some(Checked::<User>::right())) };
    let proven = it.world.auth.prove(&pending, Method::OTP, right, &beside).await.unwrap();
    let refused = it.world.auth.step_up(&who, proven, beside).await;
    assert!(matches!(refused, Err(LoginError::Acting)), "{refused:?}");
}

/// However often it is refreshed, and whatever comes back in the leeway, it stays what it is.
#[tokio::test]
async fn no_refresh_forgets_the_actor() {
    let it = Acting::new().await;
    let mut jar = it.browser.jar.clone();
    for number in 0..5 {
        it.world.advance(300);
        let parent = jar.without_access();
        for rule in ["rotated", "in the leeway", "by the route"] {
            let decision = match rule {
                "by the route" => it.world.auth.refresh(&parent.post()).await,
                _ => it.world.authenticate(parent.get()).await,
            };
            let who = decision.required().unwrap();
            assert_eq!(who.actor().unwrap().session_id(), &it.bob.session, "{number}: {rule}");
            assert_eq!((who.auth_time(), who.methods().count()), (None, 0), "{number}: {rule}");
            jar.apply(&lines(&decision.cookies));
        }
        let _ = it.world.authenticate(jar.get()).await;
        it.world.auth.write_receipts().await.unwrap();
        if number == 4 {
            let reused = it.world.authenticate(it.browser.jar.without_access().get()).await;
            assert_eq!(outcome(&reused), ("session_revoked", "cleared"), "row r");
        }
    }
}

#[tokio::test]
async fn no_second_factor_is_asked_for() {
    let world = World::new();
    world.users.change(ALICE, |alice| alice.has_totp = true);
    let it = Acting::in_world(world, LoginOptions::new()).await;
    it.world.expire_access();
    assert_eq!(it.refreshed().await, alive("set"), "nor at a refresh");
}

#[tokio::test]
async fn whom_nobody_may_act_for() {
    for (rule, change) in
        [("disabled", (|user| user.is_active = false) as fn(&mut User)), ("disabled meanwhile", |_| {})]
    {
        let world = World::new();
        let bob = world.login("bob").await;
        let who = identity(&world, &bob).await;
        world.users.change(ALICE, change);
        let alice = world.users.row(ALICE);
        if rule == "disabled meanwhile" {
            world.users.change(ALICE, |alice| alice.is_active = false);
        }
        let options = LoginOptions::new().acted_by(&who);
        let refused = world.auth.login(&alice, options, LoginContext::default()).await;
        assert!(matches!(refused, Err(LoginError::InvalidCredentials)), "{rule}: {refused:?}");
        assert_eq!(world.tokens.living(ALICE).await, [], "{rule}");
    }
    let it = Acting::new().await;
    it.world.users.change(ALICE, |alice| alice.is_active = false);
    it.world.expire_access();
    assert_eq!(it.refreshed().await, ended(), "row k");
    assert_eq!(it.world.revoked(&it.browser.session).await, Some(RevocationReason::UserInactive));
    assert_eq!(it.world.revoked(&it.bob.session).await, None);
}

/// How the session of the actor may have ended before.
#[tokio::test]
async fn only_from_a_session_that_is_alive() {
    let end = |rule: &'static str| async move {
        let world = World::new();
        let bob = world.login("bob").await;
        let who = identity(&world, &bob).await;
        let session = bob.session.clone();
        match rule {
            "logged out" => drop(world.auth.end_sessions(vec![session]).await),
            "ended on another node" => {
                let node = world.another_node();
                node.revoke_session(session, RevocationReason::Administrator).await.unwrap();
            }
            "past its end" => world.advance(86_400),
            "purged" => world.advance(90 * 86_400),
            "disabled" => world.users.change(BOB, |bob| bob.is_active = false),
            "deleted" => world.users.remove(BOB),
            "a second factor" => world.users.change(BOB, |bob| bob.has_totp = true),
            _ => {}
        }
        if rule == "purged" {
            world.auth.purge().await.unwrap();
        }
        let found = act(&world, &bob.jar, &who, LoginOptions::new()).await;
        let found = found.map(drop).map_err(|error| error.problem());
        assert_eq!(world.tokens.living(ALICE).await.is_empty(), found.is_err(), "{rule}");
        found
    };
    assert_eq!(end("alive").await, Ok(()));
    for rule in [
        "logged out",
        "ended on another node",
        "past its end",
        "purged",
        "disabled",
        "deleted",
        "a second factor",
    ] {
        assert_eq!(end(rule).await, Err(Problem::SessionRevoked), "{rule}");
    }
}

/// An identity of another realm, where the same id is another user.
#[tokio::test]
async fn only_within_a_realm() {
    let mut world = World::with(testing::config().realm("customers"));
    world.config = testing::config().realm("staff").audience("staff");
    let staff = world.builder().prefix("/staff/auth").build().unwrap();
    let admin =
        staff.login(&world.users.row(BOB), LoginOptions::new(), LoginContext::default()).await.unwrap();
    let options = LoginOptions::new().acted_by(&admin.identity);
    let refused = world.auth.login(&world.users.row(ALICE), options, LoginContext::default()).await;
    assert!(matches!(refused, Err(LoginError::SessionRevoked)), "{refused:?}");
    assert_eq!(world.tokens.living(ALICE).await, []);
}

/// What ends the session of the actor.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Logout,
    Everywhere,
    RevokedUser,
    PasswordElsewhere,
    OtherNode,
    Reset,
}

impl End {
    async fn of(self, it: &Acting) {
        let (auth, node) = (&it.world.auth, it.world.another_node());
        match self {
            Self::Logout => {
                auth.logout((&it.bob.jar.post()).into(), None).await.unwrap().revoked.unwrap();
            }
            Self::Everywhere => {
                let _ = auth.logout_everywhere(&it.who).await.unwrap();
            }
            Self::RevokedUser => {
                let _ = auth.revoke_user(&BOB.into(), RevocationReason::Administrator).await.unwrap();
            }
            Self::PasswordElsewhere => {
                let phone = it.world.login("bob").await;
                let phone = identity(&it.world, &phone).await;
                let context = LoginContext::default();
                let _ = auth.change_password(&phone, PASSWORD, "battery staple", context).await.unwrap();
            }
            Self::OtherNode => {
                node.revoke_session(it.bob.session.clone(), RevocationReason::Logout).await.unwrap();
                auth.poll_revocations().await.unwrap();
            }
            Self::Reset => {
                let link =
                    auth.link("reset", &it.world.users.row(BOB), Duration::from_mins(5)).sign().unwrap();
                let opened = auth.open_link::<User>("reset", &link.to_string()).await.unwrap();
                let _ = auth.set_password(opened, "battery staple").await.unwrap();
            }
        }
    }
}

/// At every level on the same terms as its own end.
#[tokio::test]
async fn it_ends_with_the_session_of_the_actor() {
    for end in
        [End::Logout, End::Everywhere, End::RevokedUser, End::PasswordElsewhere, End::OtherNode, End::Reset]
    {
        for level in LEVELS {
            let it = Acting::at(level).await;
            // This node knows what other nodes revoke.
            it.world.auth.poll_revocations().await.unwrap();
            assert_eq!(it.outcome(&it.browser.jar).await, alive("kept"), "{end:?} at {level:?}");
            let who = it.identity().await;
            let waits = it.world.auth.ended(&who);
            end.of(&it).await;
            let at_once = if level == RevocationLevel::AtRefresh { alive("kept") } else { ended() };
            assert_eq!(it.outcome(&it.browser.jar).await, at_once, "{end:?} at {level:?}");
            let by_header = it.world.authenticate(it.browser.jar.bearer()).await;
            assert_eq!(outcome(&by_header).0, at_once.0, "{end:?} at {level:?}: a bearer");
            assert!(!it.world.auth.is_alive(&who).await, "{end:?} at {level:?}: a stream");
            let actor_ended = Some(EndReason::Revoked(RevocationReason::ActorEnded));
            let late = it.world.auth.ended(&who);
            assert_eq!(waits.now_or_never(), actor_ended, "{end:?} at {level:?}: a socket");
            assert_eq!(late.now_or_never(), actor_ended, "{end:?} at {level:?}: one that comes late");
            it.world.expire_access();
            assert_eq!(it.refreshed().await, ended(), "{end:?} at {level:?}: a refresh");
            let row = it.world.revoked(&it.browser.session).await;
            assert_eq!(row, Some(RevocationReason::ActorEnded), "{end:?} at {level:?}: its row");
        }
    }
}

/// A node that has just started knows no revocation by heart.
#[tokio::test]
async fn another_node_refuses_it_too() {
    for level in LEVELS {
        let it = Acting::at(level).await;
        it.world.auth.revoke_session(it.bob.session.clone(), RevocationReason::Logout).await.unwrap();
        let node = it.world.another_node();
        let at_once =
            if level == RevocationLevel::AtRefresh { ("1", "kept") } else { ("session_revoked", "cleared") };
        assert_eq!(outcome(&node.authenticate(&it.browser.jar.get()).await), at_once, "{level:?}");
        let refreshed = node.refresh(&it.browser.jar.post()).await;
        assert_eq!(outcome(&refreshed), ("session_revoked", "cleared"), "{level:?}");
    }
}

/// Row k of the actor's own session, which their browser does not present meanwhile.
#[tokio::test]
async fn it_ends_with_the_actor() {
    for (rule, change) in [
        ("disabled", (|world| world.users.change(BOB, |bob| bob.is_active = false)) as fn(&World)),
        ("deleted", |world| world.users.remove(BOB)),
        ("another stamp", |world| world.users.change(BOB, |bob| bob.stamp = Some("2".into()))),
        ("a second factor", |world| {
            world.users.change(BOB, |bob| bob.has_totp = true);
        }),
    ] {
        let world = World::new();
        world.users.change(BOB, |bob| bob.stamp = Some("1".into()));
        let login = world.login("bob").await;
        let who = identity(&world, &login).await;
        let browser = Browser::of(&act(&world, &login.jar, &who, LoginOptions::new()).await.unwrap());
        world.expire_access();
        let it = Acting { world, bob: login, who, browser };
        assert_eq!(it.refreshed().await, alive("set"), "{rule}: before");
        change(&it.world);
        it.world.expire_access();
        assert_eq!(it.refreshed().await, ended(), "{rule}");
        assert_eq!(it.world.revoked(&it.browser.session).await, Some(RevocationReason::ActorEnded), "{rule}");
    }
}

#[tokio::test]
async fn it_ends_after_half_an_hour() {
    for (rule, options, seconds) in [
        ("half an hour", LoginOptions::new(), 1800),
        ("no later", LoginOptions::new().ends_after(Duration::from_hours(1)), 1800),
        ("an idle life of its own", LoginOptions::new().remember_for(Duration::from_hours(48)), 1800),
        ("earlier", LoginOptions::new().ends_after(Duration::from_mins(10)), 600),
    ] {
        let it = Acting::with(testing::config(), options).await;
        let began = it.world.row(&it.browser.session).await.created_at;
        assert_eq!(
            it.world.row(&it.browser.session).await.ends_at,
            began.plus_millis(seconds * 1000),
            "{rule}"
        );
        it.world.advance(seconds - 1);
        let decision = it.world.authenticate(it.browser.jar.without_access().get()).await;
        assert_eq!(outcome(&decision), ("1", "set"), "{rule}");
        let mut jar = it.browser.jar.clone();
        jar.apply(&lines(&decision.cookies));
        it.world.advance(6);
        for jar in [&jar, &jar.without_access()] {
            assert_eq!(it.outcome(jar).await.0, "session_expired", "{rule}");
        }
    }
}

/// Bob's session ends ten minutes after its login, and nothing of alice's outlives it.
#[tokio::test]
async fn it_expires_with_the_session_of_the_actor() {
    for (rule, options) in [
        ("its absolute end", LoginOptions::new().ends_after(Duration::from_mins(10))),
        ("its idle end", LoginOptions::new().remember_for(Duration::from_mins(10))),
    ] {
        let world = World::new();
        let login = world.auth.login(&world.users.row(BOB), options, LoginContext::default()).await.unwrap();
        let acting =
            act(&world, &Jar::of(&login.cookies), &login.identity, LoginOptions::new()).await.unwrap();
        assert_eq!(acting.record.ends_at, login.record.expires_at, "{rule}");
        world.advance(590);
        let mut jar = Jar::of(&acting.cookies);
        let decision = world.authenticate(jar.without_access().get()).await;
        assert_eq!(outcome(&decision), ("1", "set"), "{rule}");
        jar.apply(&lines(&decision.cookies));
        world.advance(16);
        assert_eq!(outcome(&world.authenticate(jar.get()).await).0, "session_expired", "{rule}");
    }
}

/// The end that a store keeps to itself: no revocation is in the feed for a row that is gone.
#[tokio::test]
async fn without_the_row_of_the_actor_it_is_not_refreshed() {
    let it = Acting::new().await;
    let row = it.world.row(&it.bob.session).await;
    it.world.expire_access();
    it.world.tokens.rows.purge(row.expires_at, 1).await.unwrap();
    // The other row may have been the one.
    if it.world.tokens.rows.find(&it.bob.session).await.unwrap().is_some() {
        it.world.tokens.rows.purge(row.expires_at, 10).await.unwrap();
    }
    assert_eq!(it.refreshed().await.0, "session_revoked");
}

#[tokio::test]
async fn a_store_that_is_away_ends_nothing() {
    for call in [Call::Find, Call::FindById] {
        let it = Acting::new().await;
        it.world.auth.poll_revocations().await.unwrap();
        it.world.expire_access();
        it.world.switches.fail(call);
        assert_eq!(it.refreshed().await, ("unavailable".into(), "kept"), "{call:?}");
        let route = it.world.auth.refresh(&it.browser.jar.post()).await;
        assert_eq!(outcome(&route), ("unavailable", "kept"), "{call:?}");
        it.world.switches.mend(call);
        assert_eq!(it.refreshed().await, alive("set"), "{call:?}");
        it.world.advance(275);
        it.world.switches.fail(call);
        let next = it.outcome(&it.browser.jar).await;
        assert_eq!(next.0, "unavailable", "{call:?}: its access token has ended");
    }
    let it = Acting::at(RevocationLevel::EveryRequest).await;
    it.world.switches.fail(Call::Find);
    assert_eq!(it.outcome(&it.browser.jar).await, ("unavailable".into(), "kept"), "row d");
}

/// While its access token is valid, an unavailable store is no reason to refuse.
#[tokio::test]
async fn near_its_end_it_continues_without_the_stores() {
    let it = Acting::new().await;
    it.world.auth.poll_revocations().await.unwrap();
    it.world.advance(275);
    it.world.switches.fail(Call::Find);
    assert_eq!(it.outcome(&it.browser.jar).await, alive("kept"));
}

#[tokio::test]
async fn it_is_outside_the_limit_of_sessions() {
    let world = World::with(testing::config().max_sessions(1));
    let alice = world.login("alice").await;
    let it = Acting::in_world(world, LoginOptions::new()).await;
    it.world.advance(1);
    let again = act(&it.world, &it.bob.jar, &it.who, LoginOptions::new()).await.unwrap();
    for session in [&alice.session, &it.bob.session, &it.browser.session, &again.record.id] {
        assert_eq!(it.world.revoked(session).await, None, "it ends no other session");
    }
    it.world.advance(1);
    let phone = it.world.login("alice").await;
    assert_eq!(it.world.revoked(&alice.session).await, Some(RevocationReason::Limit), "her own ones count");
    for session in [&phone.session, &it.browser.session, &again.record.id] {
        assert_eq!(it.world.revoked(session).await, None, "a login of hers does not end it");
    }
}

#[tokio::test]
async fn alice_sees_it_and_may_end_it() {
    let it = Acting::new().await;
    let alice = it.world.login("alice").await;
    let who = identity(&it.world, &alice).await;
    let listed = it.world.auth.sessions(&who).await.unwrap();
    let acting = listed.iter().find(|session| session.id == it.browser.session).unwrap();
    assert_eq!(acting.acted_by.as_deref(), Some("2"));
    assert!(it.world.auth.end_session(&who, &it.browser.session).await.unwrap().is_some());
    assert_eq!(it.outcome(&it.browser.jar).await, ended());
    assert_eq!(it.world.revoked(&it.bob.session).await, None);
}

/// What ends the sessions of the user ends this one as well.
#[tokio::test]
async fn it_ends_with_the_sessions_of_the_user() {
    for rule in ["revoke_user", "another password", "the other sessions", "a stamp"] {
        let it = Acting::new().await;
        let alice = it.world.login("alice").await;
        let who = identity(&it.world, &alice).await;
        let auth = &it.world.auth;
        match rule {
            "revoke_user" => {
                let _ = auth.revoke_user(&ALICE.into(), RevocationReason::Administrator).await.unwrap();
            }
            "another password" => {
                let context = LoginContext::default();
                let _ = auth.change_password(&who, PASSWORD, "battery staple", context).await.unwrap();
            }
            "the other sessions" => {
                let _ = auth.end_other_sessions(&who).await.unwrap();
            }
            _ => it.world.users.change(ALICE, |alice| alice.stamp = Some("2".into())),
        }
        it.world.expire_access();
        let expected = if rule == "a stamp" { alive("set") } else { ended() };
        assert_eq!(it.refreshed().await, expected, "{rule}: a token without a stamp passes");
        assert_eq!(it.world.revoked(&it.bob.session).await, None, "{rule}");
    }
}

#[tokio::test]
async fn logging_out_ends_only_the_acting_session() {
    let it = Acting::new().await;
    let alice = it.world.login("alice").await;
    it.world.auth.logout((&it.browser.jar.post()).into(), None).await.unwrap().revoked.unwrap();
    assert_eq!(it.world.revoked(&it.browser.session).await, Some(RevocationReason::Logout));
    for session in [&alice.session, &it.bob.session] {
        assert_eq!(it.world.revoked(session).await, None);
    }
}

/// A new login in the browser replaces the acting session, and not that of the actor.
#[tokio::test]
async fn a_login_replaces_only_what_came_in() {
    let it = Acting::new().await;
    let head = it.browser.jar.post();
    let context = context_of(&it.world, &head);
    let login =
        it.world.auth.login_with_password("alice", PASSWORD, LoginOptions::new(), context).await.unwrap();
    assert_eq!(login.identity.actor(), None, "she has given her password");
    assert_eq!(it.world.revoked(&it.browser.session).await, Some(RevocationReason::Replaced));
    assert_eq!(it.world.revoked(&it.bob.session).await, None);
}

// The way back.

#[tokio::test]
async fn bob_comes_back() {
    for later in [0, 100, 400, 1700] {
        let it = Acting::new().await;
        let row = it.world.row(&it.bob.session).await;
        it.world.advance(later);
        let decision = it.world.authenticate(it.browser.jar.get()).await;
        let mut jar = it.browser.jar.clone();
        jar.apply(&lines(&decision.cookies));
        let login = it.stop(&jar, decision.required().unwrap()).await.unwrap();
        let who = &login.identity;
        assert_eq!((who.subject().as_str(), who.actor()), ("2", None), "{later}");
        assert_eq!(who.proofs(), it.who.proofs(), "{later}: the times of the proofs, too");
        assert_eq!((who.acr(), who.auth_time()), (Some("gold"), Some(testing::NOW)), "{later}");
        assert_eq!(who.fact::<String>("tenant").unwrap(), "support", "{later}");
        let back = &login.record;
        assert_eq!((back.ends_at, back.remember), (row.ends_at, row.remember), "{later}");
        assert_ne!(back.id, it.bob.session, "{later}: a new session, as at every login");
        for session in [&it.browser.session, &it.bob.session] {
            let superseded = Some(RevocationReason::Superseded);
            assert_eq!(it.world.revoked(session).await, superseded, "{later}: for a minute");
        }
        let back = Browser::of(&login);
        assert_eq!(it.outcome(&back.jar).await, ("2".into(), "kept"), "{later}");
        assert_eq!(it.outcome(&jar).await.0, "session_revoked", "{later}: it ends when bob is back");
        it.world.expire_access();
        assert_eq!(it.outcome(&back.jar).await, ("2".into(), "set"), "{later}");
        assert_eq!(it.outcome(&it.bob.jar).await.0, "session_revoked", "{later}");
        assert_eq!(it.world.tokens.living(ALICE).await, [], "{later}");
        assert_eq!(it.world.tokens.living(BOB).await, [back.session], "{later}");
    }
}

/// The first answer was lost, so the browser still has the cookies of the acting session.
#[tokio::test]
async fn a_lost_answer_is_asked_for_again() {
    let it = Acting::new().await;
    let who = it.identity().await;
    let lost = it.stop(&it.browser.jar, &who).await.unwrap();
    it.world.advance(30);
    assert_eq!(it.outcome(&it.browser.jar).await, alive("kept"));
    let again = it.stop(&it.browser.jar, &who).await.unwrap();
    assert_ne!(lost.record.id, again.record.id);
    it.world.advance(31);
    assert_eq!(it.outcome(&it.browser.jar).await, ("session_revoked".into(), "kept"), "later cookies stay");
    let refused = it.stop(&it.browser.jar, &who).await;
    assert!(matches!(refused, Err(LoginError::SessionRevoked)), "{refused:?}");
}

#[tokio::test]
async fn who_does_not_come_back() {
    let it = Acting::new().await;
    let (who, jar) = (it.identity().await, &it.browser.jar);
    for (rule, who, jar, expected) in [
        ("an access token alone", &who, &jar.without_refresh(), Problem::Acting),
        (
            "the refresh token of another session",
            &who,
            &Jar { refresh: it.bob.jar.refresh.clone(), ..jar.clone() },
            Problem::Acting,
        ),
        ("no cookie at all", &who, &Jar::default(), Problem::Acting),
        ("no one acts", &it.who, jar, Problem::InvalidRequest),
    ] {
        let refused = it.stop(jar, who).await.map(drop).map_err(|error| error.problem());
        assert_eq!(refused, Err(expected), "{rule}");
    }
    let bearer = jar.bearer();
    let context = context_of(&it.world, &bearer);
    let refused = it.world.auth.stop_acting(&who, &bearer, jar.refresh.as_deref(), context).await;
    assert!(matches!(refused, Err(LoginError::Acting)), "a body counts in token mode only: {refused:?}");
    assert_eq!(
        it.world.tokens.living(BOB).await,
        std::slice::from_ref(&it.bob.session),
        "nothing has changed"
    );
    assert_eq!(it.world.tokens.living(ALICE).await, std::slice::from_ref(&it.browser.session));
}

/// The session of bob has ended, or the one in which bob acts for alice.
#[tokio::test]
async fn there_is_no_way_back_to_a_session_that_has_ended() {
    let stops = |rule: &'static str| async move {
        let it = Acting::new().await;
        let who = it.identity().await;
        let (auth, node) = (&it.world.auth, it.world.another_node());
        let reason = RevocationReason::Administrator;
        match rule {
            "the session of bob" => auth.revoke_session(it.bob.session.clone(), reason).await.unwrap(),
            "the session of bob, on another node" => {
                node.revoke_session(it.bob.session.clone(), reason).await.unwrap();
            }
            "the acting one" => auth.revoke_session(it.browser.session.clone(), reason).await.unwrap(),
            "the acting one, on another node" => {
                node.revoke_session(it.browser.session.clone(), reason).await.unwrap();
            }
            "disabled" => it.world.users.change(BOB, |bob| bob.is_active = false),
            "deleted" => it.world.users.remove(BOB),
            "the session of bob is at its end" => it.world.advance(31 * 86_400),
            _ => {}
        }
        let living = it.world.tokens.living(BOB).await;
        let found = it.stop(&it.browser.jar, &who).await.map(drop).map_err(|error| error.problem());
        if found.is_err() {
            assert_eq!(it.world.tokens.living(BOB).await, living, "{rule}: no session remains");
        }
        found
    };
    assert_eq!(stops("both alive").await, Ok(()));
    for rule in [
        "the session of bob",
        "the session of bob, on another node",
        "the acting one",
        "the acting one, on another node",
        "disabled",
        "deleted",
        "the session of bob is at its end",
    ] {
        assert_eq!(stops(rule).await, Err(Problem::SessionRevoked), "{rule}");
    }
}

/// The stamp of the actor has changed since they logged in.
#[tokio::test]
async fn coming_back_renews_no_stamp() {
    let world = World::new();
    world.users.change(BOB, |bob| bob.stamp = Some("1".into()));
    let it = Acting::in_world(world, LoginOptions::new()).await;
    let who = it.identity().await;
    it.world.users.change(BOB, |bob| bob.stamp = Some("2".into()));
    let refused = it.stop(&it.browser.jar, &who).await;
    assert!(matches!(refused, Err(LoginError::SessionRevoked)), "{refused:?}");
}

/// A response that never leaves: all sessions are as before.
#[tokio::test]
async fn an_answer_that_is_dropped_takes_both_back() {
    let it = Acting::new().await;
    let who = it.identity().await;
    let (slot, head) = (Slot::new(&it.world.auth, "/"), it.browser.jar.post());
    let context = RequestContext::new(&slot, (&head).into(), None);
    let back = context.stop_acting(&who, None).await.unwrap();
    let session = back.session_id().clone();
    drop(back);
    let_tasks_run().await;
    assert_eq!(it.world.revoked(&session).await, Some(RevocationReason::Replaced));
    assert_eq!(it.outcome(&it.browser.jar).await, alive("kept"));
    assert_eq!(it.outcome(&it.bob.jar).await, ("2".into(), "kept"));
    let (slot, head) = (Slot::new(&it.world.auth, "/"), it.bob.jar.post());
    let context = RequestContext::new(&slot, (&head).into(), None);
    let options = LoginOptions::new().acted_by(&it.who);
    let acting = context.login(&it.world.users.row(ALICE), options).await.unwrap();
    let session = acting.session_id().clone();
    drop(acting);
    let_tasks_run().await;
    assert_eq!(it.world.revoked(&session).await, Some(RevocationReason::Replaced));
    assert_eq!(it.outcome(&it.bob.jar).await, ("2".into(), "kept"));
}

/// The limit of sessions of the actor: the session that a return replaces does not count twice.
#[tokio::test]
async fn coming_back_ends_no_other_session_of_the_actor() {
    let world = World::with(testing::config().max_sessions(2));
    let it = Acting::in_world(world, LoginOptions::new()).await;
    it.world.advance(1);
    let phone = it.world.login("bob").await;
    it.world.advance(1);
    let who = it.identity().await;
    let back = it.stop(&it.browser.jar, &who).await.unwrap();
    assert_eq!(it.world.revoked(&phone.session).await, None);
    assert_eq!(it.world.revoked(&back.record.id).await, None);
}

// Races.

/// At the next question for a user the session of the actor ends, as another node would end it.
fn ends_meanwhile(world: &World, session: &SessionId) {
    let (rows, now) = (world.tokens.rows.clone(), world.auth.now().into());
    let revocation = Revocation::new(session.clone(), RevocationReason::Administrator, now);
    world.users.before(Call::FindById, move |_| {
        let revoked = pin!(rows.revoke(&revocation)).poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(revoked, Poll::Ready(Ok(true))), "a store in memory never waits");
    });
}

/// Between the check of the session of the actor and the new row.
#[tokio::test]
async fn an_end_during_the_login_leaves_no_session() {
    let world = World::new();
    let bob = world.login("bob").await;
    let who = identity(&world, &bob).await;
    ends_meanwhile(&world, &bob.session);
    let refused = act(&world, &bob.jar, &who, LoginOptions::new()).await;
    assert!(matches!(refused, Err(LoginError::SessionRevoked)), "{refused:?}");
    assert_eq!(world.tokens.living(ALICE).await, []);
    let created = world.tokens.created.lock().unwrap().last().unwrap().clone();
    assert_eq!(world.revoked(&created).await, Some(RevocationReason::ActorEnded));
}

/// The same while bob comes back: no session of bob survives.
#[tokio::test]
async fn an_end_during_the_return_leaves_no_session() {
    let it = Acting::new().await;
    let who = it.identity().await;
    ends_meanwhile(&it.world, &it.bob.session);
    let refused = it.stop(&it.browser.jar, &who).await;
    assert!(matches!(refused, Err(LoginError::SessionRevoked)), "{refused:?}");
    assert_eq!(it.world.tokens.living(BOB).await, []);
}
