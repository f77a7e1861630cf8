//! Links that are mailed to a user: what opens, what it does once, and what ends it.

use std::time::Duration;

use cookiejwt_store::{
    AuthUser, Authenticator, Event, Link, LoginContext, LoginError, LoginOptions, Method, MintError,
    NewPassword, Opened, PasswordRefusal, Problem, RevocationReason, Subject, testing,
};

use crate::common::{Call, PASSWORD, TestUsers, User, World};

const HOUR: Duration = Duration::from_hours(1);
const ADDRESS: &str = "alice@example.com";
const NEW: &str = "battery staple";

fn link_of(world: &World, user: i64) -> Link {
    world.auth.link("reset", &world.users.row(user), HOUR).about(ADDRESS).sign().unwrap()
}

async fn open(world: &World, link: &Link) -> Result<Opened<User>, LoginError> {
    world.auth.open_link("reset", &link.to_string()).await
}

fn ended<T>(rule: &str, result: Result<T, LoginError>) {
    let Err(error) = result else { panic!("{rule}: it opens") };
    assert!(matches!(error, LoginError::LinkEnded), "{rule}: {error:?}");
    assert_eq!(error.problem(), Problem::InvalidToken, "{rule}");
}

#[tokio::test]
async fn opening_uses_nothing_up() {
    let world = World::new();
    let link = link_of(&world, 1);
    assert_eq!(link.expires_at(), testing::NOW + HOUR);
    for _ in 0..3 {
        let opened = open(&world, &link).await.unwrap();
        assert_eq!((opened.user().login, opened.about()), ("alice", Some(ADDRESS)));
        assert!(!format!("{opened:?}{link:?}").contains(&link.to_string()[..20]), "{opened:?} {link:?}");
    }
    let without = world.auth.link("reset", &world.users.row(1), HOUR).sign().unwrap();
    assert_eq!(open(&world, &without).await.unwrap().about(), None);
    let text = link.to_string();
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "{text}");
}

#[tokio::test]
async fn what_ends_a_link() {
    type Change = fn(&World);
    for (rule, change) in [
        ("its time", (|world| world.advance(3600)) as Change),
        ("a new password", |world| {
            world.users.change(1, |alice| alice.password_hash = Some("new:0:other".into()));
        }),
        ("no password any more", |world| world.users.change(1, |alice| alice.password_hash = None)),
        ("a stamp", |world| world.users.change(1, |alice| alice.stamp = Some("2".into()))),
        ("a user who is disabled", |world| world.users.change(1, |alice| alice.is_active = false)),
        ("a user who is gone", |world| world.users.remove(1)),
    ] {
        let world = World::new();
        let link = link_of(&world, 1);
        change(&world);
        ended(rule, open(&world, &link).await);
    }
    let world = World::new();
    let link = link_of(&world, 1);
    world.advance(3599);
    assert!(open(&world, &link).await.is_ok(), "until its last second");
}

#[tokio::test]
async fn purposes_users_and_realms_are_not_mixed_up() {
    let world = World::new();
    let link = link_of(&world, 1).to_string();
    for purpose in ["login", "Reset", "reset ", ""] {
        ended(purpose, world.auth.open_link::<User>(purpose, &link).await);
    }
    let staff = World::with(testing::config().realm("staff"));
    ended("another realm", staff.auth.open_link::<User>("reset", &link).await);
    let theirs = link_of(&staff, 1).to_string();
    ended("the realm's link here", world.auth.open_link::<User>("reset", &theirs).await);
    let browser = world.login("alice").await;
    let cookies = browser.jar.get().headers["cookie"].to_str().unwrap().to_owned();
    let tokens = cookies.split("; ").map(|pair| pair.split_once('=').unwrap().1.to_owned());
    for token in tokens.chain([testing::access("1").token(), testing::refresh("1").token(), String::new()]) {
        ended(&token, world.auth.open_link::<User>("reset", &token).await);
    }
}

/// Of a programming mistake: the link of one user table, used with the other.
#[tokio::test]
async fn an_opened_link_is_used_where_and_while_it_opens() {
    let (world, staff) = (World::new(), World::with(testing::config().realm("staff")));
    for user in [1, 4] {
        let opened = async || open(&world, &link_of(&world, user)).await.unwrap();
        ended("set_password", staff.auth.set_password(opened().await, NEW).await);
        ended("spend_link", staff.auth.spend_link(opened().await).await);
        ended("prove_link", staff.auth.prove_link(opened().await).await);
        let late = opened().await;
        world.advance(3600);
        ended("later", world.auth.spend_link(late).await);
    }
    assert_eq!(staff.users.row(4).password_hash, None);
}

/// It has the same number as a user of the store, and is none of them.
struct Stranger;

impl AuthUser for Stranger {
    fn subject(&self) -> Subject {
        1.into()
    }

    fn password_hash(&self) -> Option<&str> {
        None
    }
}

#[tokio::test]
async fn a_user_of_another_type_is_a_mistake_of_the_application() {
    let world = World::new();
    let opened = world.auth.open_link::<Stranger>("reset", &link_of(&world, 1).to_string()).await;
    assert!(matches!(opened, Err(LoginError::UnknownSubject)), "{opened:?}");
    let link = world.auth.link("reset", &Stranger, HOUR).sign().unwrap();
    ended("it is bound to another user", open(&world, &link).await);
}

#[tokio::test]
async fn what_is_not_signed() {
    let world = World::new();
    let alice = world.users.row(1);
    let long = "x".repeat(321);
    for (rule, link) in [
        ("eight days", world.auth.link("reset", &alice, HOUR * 192)),
        ("no time", world.auth.link("reset", &alice, Duration::ZERO)),
        ("no purpose", world.auth.link("", &alice, HOUR)),
        ("too long an address", world.auth.link("reset", &alice, HOUR).about(&long)),
    ] {
        let error = link.sign().unwrap_err();
        let is_about_it =
            matches!(error, LoginError::Mint(MintError::LinkLife { .. } | MintError::LinkText { .. }));
        assert!(is_about_it && error.problem() == Problem::ServerError, "{rule}: {error:?}");
    }
}

#[tokio::test]
async fn a_new_password_ends_every_session_and_every_older_link() {
    let world = World::new();
    let (alice, other, bob) =
        (world.login("alice").await, world.login("alice").await, world.login("bob").await);
    let (link, older) = (link_of(&world, 1), link_of(&world, 1));
    let opened_before = open(&world, &older).await.unwrap();
    let opened = open(&world, &link).await.unwrap();
    let used = world.auth.set_password(opened, NEW).await.unwrap();
    assert_eq!((used.user().login, used.about()), ("alice", Some(ADDRESS)));
    for session in [&alice.session, &other.session] {
        assert_eq!(world.revoked(session).await, Some(RevocationReason::PasswordChanged));
    }
    assert_eq!(world.revoked(&bob.session).await, None);
    assert!(world.authenticate(alice.jar.get()).await.required().is_err(), "at once on this node");
    for link in [&link, &older] {
        ended("bound to the old hash", open(&world, link).await);
    }
    let hash = world.users.row(1).password_hash;
    ended("opened before", world.auth.set_password(opened_before, "a third password").await);
    assert_eq!(world.users.row(1).password_hash, hash, "a second use changes nothing");
    assert!(world.try_login("alice", PASSWORD).await.is_err());
    let login = world.try_login("alice", NEW).await.unwrap();
    assert_eq!(world.tokens.living(1).await, [login.record.id], "the link began no session");
}

/// As out of a backup: the link is bound to this hash again.
#[tokio::test]
async fn a_used_link_stays_used_when_the_old_hash_comes_back() {
    let world = World::new();
    let (link, before) = (link_of(&world, 1), world.users.row(1).password_hash);
    let opened = open(&world, &link).await.unwrap();
    let _ = world.auth.set_password(opened, NEW).await.unwrap();
    world.users.change(1, |alice| alice.password_hash = before);
    let opened = open(&world, &link).await.unwrap();
    ended("used", world.auth.spend_link(opened).await);
}

#[tokio::test]
async fn a_policy_sees_the_user_and_a_refusal_costs_nothing() {
    let world = World::new();
    let policy = |new: NewPassword| async move {
        let (login, names) = (new.user::<User>().map(|user| user.login), new.names().to_vec());
        assert_eq!((new.subject(), login, names), (Some(&1.into()), Some("alice"), vec!["alice".into()]));
        if new.as_str() == NEW { Ok(()) } else { Err(PasswordRefusal::rule("test")) }
    };
    let auth = world.builder().password_policy(policy).build().unwrap();
    let browser = world.login("alice").await;
    let (link, hash) = (link_of(&world, 1).to_string(), world.users.row(1).password_hash);
    for (new, reason) in [("short", "too_short"), ("long enough", "test")] {
        let opened = auth.open_link::<User>("reset", &link).await.unwrap();
        let error = auth.set_password(opened, new).await.unwrap_err();
        assert_eq!(error.problem(), Problem::PasswordRefused { reason });
        assert_eq!(world.users.row(1).password_hash, hash, "{new}");
        assert_eq!(world.tokens.living(1).await, std::slice::from_ref(&browser.session), "{new}");
    }
    let opened = auth.open_link::<User>("reset", &link).await.unwrap();
    assert!(auth.set_password(opened, NEW).await.is_ok(), "the page asks again");
}

#[tokio::test]
async fn a_first_password() {
    let world = World::new();
    let (link, twin) = (link_of(&world, 4), link_of(&world, 4));
    let late = open(&world, &twin).await.unwrap();
    let opened = open(&world, &link).await.unwrap();
    let _ = world.auth.set_password(opened, NEW).await.unwrap();
    assert!(world.try_login("dave", NEW).await.is_ok());
    ended("another link", world.auth.set_password(late, "a third password").await);
    assert!(world.try_login("dave", NEW).await.is_ok());
    for link in [link, twin] {
        ended("after it", open(&world, &link).await);
    }
}

/// A store that keeps the default of `set_first_password_hash`.
struct WithoutFirst(TestUsers);

impl cookiejwt_store::UserStore for WithoutFirst {
    type User = User;
    type Error = cookiejwt_store::StoreError;

    async fn find_by_id(&self, id: &Subject) -> Result<Option<User>, Self::Error> {
        self.0.find_by_id(id).await
    }

    async fn find_by_login(&self, login: &str) -> Result<Option<User>, Self::Error> {
        self.0.find_by_login(login).await
    }

    async fn set_password_hash(&self, id: &Subject, old: &str, new: &str) -> Result<bool, Self::Error> {
        self.0.set_password_hash(id, old, new).await
    }
}

#[tokio::test]
async fn a_store_that_keeps_no_first_password_says_so() {
    let world = World::new();
    let auth = world.builder().users(WithoutFirst(world.users.clone())).build().unwrap();
    let opened = auth.open_link("reset", &link_of(&world, 4).to_string()).await.unwrap();
    let error = auth.set_password::<User>(opened, NEW).await.unwrap_err();
    assert!(matches!(error, LoginError::FirstPassword), "{error:?}");
    assert_eq!(error.problem(), Problem::ServerError);
    assert!(error.to_string().contains("set_first_password_hash"), "{error}");
}

#[tokio::test]
async fn a_magic_link() {
    let world = World::new();
    let link = link_of(&world, 1);
    let opened = open(&world, &link).await.unwrap();
    let proven = world.auth.prove_link(opened).await.unwrap();
    assert_eq!((proven.user().login, proven.proofs().has(Method::LINK)), ("alice", true));
    let options = LoginOptions::new().remember(false);
    let login = world.auth.login_proven(proven, options, LoginContext::default()).await.unwrap();
    assert_eq!(login.identity.methods().collect::<Vec<_>>(), [Method::LINK]);
    assert!(!login.record.remember);
    let opened = open(&world, &link).await.unwrap();
    ended("a second time", world.auth.prove_link(opened).await);
    let opened = open(&world, &link).await.unwrap();
    ended("for anything else", world.auth.spend_link(opened).await);
}

#[tokio::test]
async fn a_link_is_no_second_factor_and_a_reset_begins_no_session() {
    let world = World::new();
    world.users.change(1, |alice| alice.has_totp = true);
    let opened = open(&world, &link_of(&world, 1)).await.unwrap();
    let proven = world.auth.prove_link(opened).await.unwrap();
    let login = world.auth.login_proven(proven, LoginOptions::new(), LoginContext::default()).await;
    let Err(LoginError::SecondFactorRequired(second)) = login else { panic!("{login:?}") };
    assert_eq!(second.pending.proofs.methods().collect::<Vec<_>>(), [Method::LINK]);
    assert_eq!(world.tokens.living(1).await, []);
    let opened = open(&world, &link_of(&world, 1)).await.unwrap();
    let _ = world.auth.set_password(opened, NEW).await.unwrap();
    let login = world.try_login("alice", NEW).await;
    assert!(matches!(login, Err(LoginError::SecondFactorRequired(_))), "{login:?}");
    assert_eq!(world.tokens.living(1).await, []);
}

/// Whoever knows the old password, or has another proof, gains nothing from the race.
#[tokio::test]
async fn a_reset_between_the_proof_and_the_login() {
    let world = World::new();
    let (first, second) = (link_of(&world, 1), link_of(&world, 1));
    let opened = open(&world, &first).await.unwrap();
    let proven = world.auth.prove_link(opened).await.unwrap();
    let opened = open(&world, &second).await.unwrap();
    let _ = world.auth.set_password(opened, NEW).await.unwrap();
    let login = world.auth.login_proven(proven, LoginOptions::new(), LoginContext::default()).await;
    assert!(matches!(login, Err(LoginError::InvalidCredentials)), "{login:?}");
    assert_eq!(world.tokens.living(1).await, []);
}

async fn winners<F>(use_it: impl Fn(Authenticator, Opened<User>) -> F, user: i64) -> usize
where
    F: Future<Output = bool> + Send + 'static,
{
    let world = World::new();
    let link = link_of(&world, user);
    let mut tries = Vec::new();
    for _ in 0..50 {
        let opened = open(&world, &link).await.unwrap();
        tries.push(tokio::spawn(use_it(world.auth.clone(), opened)));
    }
    let mut winners = 0;
    for one in tries {
        winners += usize::from(one.await.unwrap());
    }
    winners
}

#[tokio::test]
async fn of_fifty_at_once_one_counts() {
    for (user, kind) in [(1, "with a password"), (4, "without one")] {
        let spent = winners(|auth, opened| async move { auth.spend_link(opened).await.is_ok() }, user);
        assert_eq!(spent.await, 1, "spend_link, {kind}");
        let proven = winners(|auth, opened| async move { auth.prove_link(opened).await.is_ok() }, user);
        assert_eq!(proven.await, 1, "prove_link, {kind}");
        let set = winners(|auth, opened| async move { auth.set_password(opened, NEW).await.is_ok() }, user);
        assert_eq!(set.await, 1, "set_password, {kind}");
    }
}

#[tokio::test]
async fn a_store_that_is_away_changes_nothing() {
    for (rule, call) in [("the sessions", Call::SessionsOf), ("the password", Call::SetPasswordHash)] {
        let world = World::new();
        let browser = world.login("alice").await;
        let (link, hash) = (link_of(&world, 1), world.users.row(1).password_hash);
        let opened = open(&world, &link).await.unwrap();
        world.switches.fail(call);
        let error = world.auth.set_password(opened, NEW).await.unwrap_err();
        assert_eq!(error.problem(), Problem::Unavailable, "{rule}");
        assert_eq!(world.users.row(1).password_hash, hash, "{rule}");
        assert_eq!(world.tokens.living(1).await, std::slice::from_ref(&browser.session), "{rule}");
        world.switches.mend(call);
        let opened = open(&world, &link).await.unwrap();
        assert!(world.auth.set_password(opened, NEW).await.is_ok(), "{rule}: the link still opens");
    }
    let world = World::new();
    let link = link_of(&world, 1);
    world.switches.fail(Call::FindById);
    assert_eq!(open(&world, &link).await.unwrap_err().problem(), Problem::Unavailable);
    world.switches.mend(Call::FindById);
    for _ in 0..2 {
        world.switches.fail(Call::Spend);
        let opened = open(&world, &link).await.unwrap();
        let error = world.auth.spend_link(opened).await.unwrap_err();
        assert_eq!(error.problem(), Problem::Unavailable, "not used, rather than used twice");
    }
    world.switches.mend(Call::Spend);
    let opened = open(&world, &link).await.unwrap();
    assert!(world.auth.spend_link(opened).await.is_ok());
}

/// After the swap there is no way back: the password counts, and the rest follows.
#[tokio::test]
async fn what_fails_after_the_swap_is_caught_up_with() {
    for (rule, call) in
        [("the sessions", Call::Revoke), ("the note", Call::Spend), ("an answer", Call::SetPasswordHash)]
    {
        let world = World::new();
        let browser = world.login("alice").await;
        let link = link_of(&world, 1);
        let opened = open(&world, &link).await.unwrap();
        if call == Call::SetPasswordHash {
            world.switches.lose_answer(call);
        } else {
            world.switches.fail(call);
        }
        assert!(world.auth.set_password(opened, NEW).await.is_ok(), "{rule}");
        assert!(world.authenticate(browser.jar.get()).await.required().is_err(), "{rule}: on this node");
        ended(rule, open(&world, &link).await);
        world.switches.mend(call);
        assert!(world.try_login("alice", NEW).await.is_ok(), "{rule}");
    }
}

#[tokio::test]
async fn a_column_that_is_too_short() {
    let world = World::new();
    let (link, hash) = (link_of(&world, 1), world.users.row(1).password_hash);
    let opened = open(&world, &link).await.unwrap();
    world.users.cut_hashes_at("new:0:correct horse".len());
    let error = world.auth.set_password(opened, NEW).await.unwrap_err();
    assert!(matches!(error, LoginError::HashCut), "{error:?}");
    assert_eq!(world.users.row(1).password_hash, hash, "the old one is put back");
    let world = World::new();
    let opened = open(&world, &link_of(&world, 4)).await.unwrap();
    world.users.cut_hashes_at(10);
    let error = world.auth.set_password(opened, NEW).await.unwrap_err();
    assert!(matches!(error, LoginError::HashCut), "{error:?}");
    assert!(world.try_login("dave", NEW).await.is_err(), "what is left matches no password");
}

#[tokio::test]
async fn events() {
    let world = World::new();
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = told.clone();
    let hook = move |event: &Event<'_>| {
        let line = match event {
            Event::LinkOpened { purpose, subject, .. } => format!("opened {purpose} {subject}"),
            Event::LinkSpent { purpose, subject, .. } => format!("spent {purpose} {subject}"),
            Event::LinkRefused { purpose, reason, .. } => format!("refused {purpose} {}", reason.as_str()),
            Event::PasswordChanged { subject, .. } => format!("password {subject}"),
            Event::LoginFailed { error, .. } => format!("failed: {error}"),
            _ => return,
        };
        noted.lock().unwrap().push(line);
    };
    let auth = world.builder().on_event(hook).build().unwrap();
    let open = async |link: &Link| auth.open_link::<User>("reset", &link.to_string()).await;
    let (magic, reset, old) = (link_of(&world, 1), link_of(&world, 1), link_of(&world, 1));
    let _ = auth.prove_link(open(&magic).await.unwrap()).await.unwrap();
    ended("used", auth.spend_link(open(&magic).await.unwrap()).await);
    let _ = auth.set_password(open(&reset).await.unwrap(), NEW).await.unwrap();
    ended("changed", open(&old).await);
    ended("invalid", auth.open_link::<User>("login", &old.to_string()).await);
    world.advance(3600);
    ended("expired", open(&old).await);
    let theirs = link_of(&world, 2);
    world.users.remove(2);
    ended("no user", open(&theirs).await);
    auth.link("reset", &world.users.row(1), HOUR * 192).sign().unwrap_err();
    let told = told.lock().unwrap().clone();
    let expected = [
        "opened reset 1",
        "spent reset 1",
        "opened reset 1",
        "refused reset used",
        "opened reset 1",
        "password 1",
        "spent reset 1",
        "refused reset changed",
        "refused login invalid",
        "refused reset expired",
        "refused reset no_user",
        "failed: a link lives from one second to 7 days, and this one 691200 s",
    ];
    assert_eq!(told, expected);
}
