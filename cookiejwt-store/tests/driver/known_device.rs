//! No user can be locked out by strangers. A browser in which the account has logged in before has
//! its own limit.

use std::net::IpAddr;

use cookiejwt_store::{Identity, LoginContext, LoginError, LoginOptions, testing};
use time::Duration;

use crate::common::{Jar, PASSWORD, World};

const HOME: &str = "198.51.100.1";
const NEW_PASSWORD: &str = "battery staple";

fn context(world: &World, jar: &Jar, ip: Option<&str>) -> LoginContext {
    let ip = ip.map(|ip| ip.parse::<IpAddr>().unwrap());
    LoginContext::from_head(&world.auth, (&jar.post()).into(), ip)
}

fn outcome<T>(result: &Result<T, LoginError>) -> String {
    match result {
        Ok(_) => "in".into(),
        Err(LoginError::InvalidCredentials) => "wrong".into(),
        Err(LoginError::Throttled { retry_after_seconds }) => format!("wait {retry_after_seconds}"),
        Err(error) => panic!("{error}"),
    }
}

/// With the cookies that remain after a logout.
async fn ends(world: &World, login: &str, password: &str, jar: &Jar) -> String {
    let context = context(world, &jar.only_device(), Some(HOME));
    outcome(&world.auth.login_with_password(login, password, LoginOptions::new(), context).await)
}

async fn log_in(world: &World, login: &str, jar: &Jar, options: LoginOptions) -> (Jar, Identity) {
    let context = context(world, jar, Some(HOME));
    let login = world.auth.login_with_password(login, PASSWORD, options, context).await.unwrap();
    let mut kept = jar.clone();
    kept.apply(&crate::common::lines(&login.cookies));
    (kept, login.identity)
}

/// Strangers who guess alice's password from that many networks, many times a second.
struct Attack<'a> {
    world: &'a World,
    networks: Vec<String>,
}

impl<'a> Attack<'a> {
    fn from(world: &'a World, networks: impl IntoIterator<Item = String>) -> Self {
        Self { world, networks: networks.into_iter().collect() }
    }

    async fn poll(&self) {
        for network in &self.networks {
            let nobody = Jar::default();
            let context = context(self.world, &nobody, Some(network));
            let guess = self.world.auth.login_with_password("alice", "guess", LoginOptions::new(), context);
            assert!(guess.await.is_err());
        }
    }

    /// Until the account's bucket over all networks is full.
    async fn fill(&self) {
        for _ in 0..6 {
            self.poll().await;
        }
    }

    /// Waits a tenth of a second; then all strangers try again.
    async fn tenth(&self) {
        self.world.clock.advance(Duration::milliseconds(100));
        self.poll().await;
    }
}

fn twenty_addresses() -> impl Iterator<Item = String> {
    (0..20).map(|index| format!("203.0.113.{index}"))
}

/// One machine with 20 networks of one IPv6 prefix, which is also the owner's.
fn neighbours() -> impl Iterator<Item = String> {
    (1..=20).map(|index| format!("2001:db8:0:{index:x}::1"))
}

#[tokio::test]
async fn strangers_never_lock_the_owner_out_of_a_known_device_or_a_live_session() {
    for (rule, networks) in
        [("20 addresses", twenty_addresses().collect::<Vec<_>>()), ("one IPv6 /56", neighbours().collect())]
    {
        let world = World::new();
        let (device, _) = log_in(&world, "alice", &Jar::default(), LoginOptions::new()).await;
        let (_, mut session) = log_in(&world, "alice", &Jar::default(), LoginOptions::new()).await;
        let attack = Attack::from(&world, networks);
        attack.fill().await;
        let stranger = ends(&world, "alice", PASSWORD, &Jar::default()).await;
        assert_eq!(stranger, "wait 5", "{rule}: the account's bucket is full");
        for second in 0..60 {
            for _ in 0..10 {
                attack.tenth().await;
            }
            if second % 10 == 0 {
                assert_eq!(ends(&world, "alice", PASSWORD, &device).await, "in", "{rule}, second {second}");
                let fresh =
                    world.auth.fresh_login(&session, PASSWORD, context(&world, &Jar::default(), Some(HOME)));
                session =
                    fresh.await.unwrap_or_else(|error| panic!("{rule}, second {second}: {error}")).identity;
            }
        }
        let changed = world.auth.change_password(
            &session,
            PASSWORD,
            NEW_PASSWORD,
            context(&world, &device, Some(HOME)),
        );
        assert_eq!(outcome(&changed.await), "in", "{rule}: the password that is guessed at can be changed");
    }
}

/// Not even strangers with the owner's address, where every other device has to wait.
#[tokio::test]
async fn nor_do_guesses_from_the_same_network() {
    let world = World::new();
    let (device, session) = log_in(&world, "alice", &Jar::default(), LoginOptions::new()).await;
    for index in 0..40 {
        let nobody = Jar::default();
        let name = if index < 5 { "alice".to_owned() } else { format!("user {index}") };
        let guess = world.auth.login_with_password(
            &name,
            "guess",
            LoginOptions::new(),
            context(&world, &nobody, Some(HOME)),
        );
        assert!(guess.await.is_err());
    }
    assert_eq!(ends(&world, "alice", PASSWORD, &Jar::default()).await, "wait 30");
    assert_eq!(ends(&world, "bob", PASSWORD, &Jar::default()).await, "wait 2");
    assert_eq!(ends(&world, "alice", PASSWORD, &device).await, "in");
    let fresh = world.auth.fresh_login(&session, PASSWORD, context(&world, &Jar::default(), Some(HOME)));
    assert_eq!(outcome(&fresh.await), "in");
}

/// A thief of the cookie cannot guess faster than anyone else.
#[tokio::test]
async fn a_known_device_has_five_failures_then_one_per_thirty_seconds() {
    let world = World::new();
    let (device, _) = log_in(&world, "alice", &Jar::default(), LoginOptions::new()).await;
    let (other, _) = log_in(&world, "alice", &Jar::default(), LoginOptions::new()).await;
    for _ in 0..5 {
        assert_eq!(ends(&world, "alice", "guess", &device).await, "wrong");
    }
    assert_eq!(ends(&world, "alice", PASSWORD, &device).await, "wait 30");
    assert_eq!(ends(&world, "alice", PASSWORD, &other).await, "in", "each device has its own");
    assert_eq!(
        ends(&world, "alice", PASSWORD, &Jar::default()).await,
        "wait 30",
        "they count for strangers, too"
    );
    assert_eq!(ends(&world, "bob", PASSWORD, &device).await, "in", "of bob it says nothing");
    world.advance(29);
    assert_eq!(ends(&world, "alice", PASSWORD, &device).await, "wait 1");
    world.advance(1);
    assert_eq!(ends(&world, "alice", PASSWORD, &device).await, "in");
}

#[tokio::test]
async fn each_session_has_five_failures_then_one_per_thirty_seconds() {
    let world = World::new();
    let (_, one) = log_in(&world, "alice", &Jar::default(), LoginOptions::new()).await;
    let (_, other) = log_in(&world, "alice", &Jar::default(), LoginOptions::new()).await;
    let fresh = async |who: &Identity, password| {
        outcome(&world.auth.fresh_login(who, password, context(&world, &Jar::default(), Some(HOME))).await)
    };
    for _ in 0..5 {
        assert_eq!(fresh(&one, "guess").await, "wrong");
    }
    assert_eq!(fresh(&one, PASSWORD).await, "wait 30");
    assert_eq!(fresh(&other, PASSWORD).await, "in");
    world.advance(30);
    assert_eq!(fresh(&one, PASSWORD).await, "in");
}

#[tokio::test]
async fn which_logins_make_a_device_known() {
    let remembered = LoginOptions::new;
    for (rule, config, options, expected) in [
        ("one that is remembered", testing::config(), remembered(), true),
        ("one that is not", testing::config(), remembered().remember(false), false),
        ("switched off", testing::config().known_devices(false), remembered(), false),
    ] {
        let world = World::with(config);
        let (jar, _) = log_in(&world, "alice", &Jar::default(), options).await;
        assert_eq!(jar.device.is_some(), expected, "{rule}");
        Attack::from(&world, twenty_addresses()).fill().await;
        let outcome = ends(&world, "alice", PASSWORD, &jar).await;
        assert_eq!(outcome, if expected { "in" } else { "wait 5" }, "{rule}");
    }
}

#[tokio::test]
async fn a_login_of_the_applications_own_and_a_fresh_login_make_it_known() {
    let world = World::new();
    let login =
        world.auth.login(&world.users.row(1), LoginOptions::new(), LoginContext::default()).await.unwrap();
    let own = Jar::of(&login.cookies);
    let fresh = world.auth.fresh_login(&login.identity, PASSWORD, LoginContext::default()).await.unwrap();
    let fresh = Jar::of(&fresh.cookies);
    let passkey =
        world.auth.login(&world.users.row(4), LoginOptions::new(), LoginContext::default()).await.unwrap();
    assert_eq!(Jar::of(&passkey.cookies).device, None, "without a password there is nothing to guess");
    Attack::from(&world, twenty_addresses()).fill().await;
    for (rule, jar) in [("own", own), ("fresh", fresh)] {
        assert_eq!(ends(&world, "alice", PASSWORD, &jar).await, "in", "{rule}");
    }
}

#[tokio::test]
async fn a_new_password_forgets_all_devices_but_the_one_that_has_set_it() {
    let world = World::new();
    let (elsewhere, _) = log_in(&world, "alice", &Jar::default(), LoginOptions::new()).await;
    let (here, who) = log_in(&world, "alice", &Jar::default(), LoginOptions::new()).await;
    let changed =
        world.auth.change_password(&who, PASSWORD, NEW_PASSWORD, context(&world, &here, Some(HOME)));
    let mut now = here.clone();
    now.apply(&crate::common::lines(&changed.await.unwrap().cookies));
    assert_ne!(now.device, here.device);
    Attack::from(&world, twenty_addresses()).fill().await;
    assert_eq!(ends(&world, "alice", NEW_PASSWORD, &elsewhere).await, "wait 5");
    assert_eq!(ends(&world, "alice", NEW_PASSWORD, &here).await, "wait 5");
    assert_eq!(ends(&world, "alice", NEW_PASSWORD, &now).await, "in");
}

/// A rehash changes the hash: the device that caused it stays known with the new one.
#[tokio::test]
async fn a_rehash_keeps_the_device_that_has_just_logged_in() {
    let world = World::new();
    world.users.change(1, |user| user.password_hash = Some(format!("old:0:{PASSWORD}")));
    let (device, _) = log_in(&world, "alice", &Jar::default(), LoginOptions::new()).await;
    assert!(world.users.row(1).password_hash.unwrap().starts_with("new:"));
    Attack::from(&world, twenty_addresses()).fill().await;
    assert_eq!(ends(&world, "alice", PASSWORD, &device).await, "in");
}

#[tokio::test]
async fn a_device_stays_known_after_a_logout() {
    let world = World::new();
    let (mut jar, _) = log_in(&world, "alice", &Jar::default(), LoginOptions::new()).await;
    let logout = world.auth.logout((&jar.post()).into(), None).await.unwrap();
    jar.apply(&crate::common::lines(&logout.cookies));
    assert_eq!(jar, jar.only_device());
    assert!(jar.device.is_some());
}
