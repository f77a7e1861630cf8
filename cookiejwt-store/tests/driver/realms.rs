//! Two user tables, each with ids from 1, in one process and one database: customers, and staff.

use cookiejwt_store::{
    Authenticator, BuildError, Config, ConfigBuilder, LoginContext, LoginError, LoginOptions, MemoryStore,
    RevocationReason, Secret, testing,
};

use crate::common::{PASSWORD, World};

const SECRET: &str = "NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=";

/// Both on the same stores, with the same ids: alice is customer 1 and staff 1.
struct Realms {
    customers: World,
    staff: Authenticator,
}

impl Realms {
    fn with(change: fn(ConfigBuilder) -> ConfigBuilder) -> Self {
        let mut customers = World::with(change(testing::config().realm("customers")));
        customers.config = change(testing::config().realm("staff"));
        let staff = customers.builder().prefix("/staff/auth").build().unwrap();
        Self { customers, staff }
    }

    fn new() -> Self {
        Self::with(|config| config)
    }

    async fn log_in(&self, auth: &Authenticator) -> cookiejwt_store::Login {
        let login = auth.login_with_password("alice", PASSWORD, LoginOptions::new(), LoginContext::default());
        login.await.unwrap()
    }
}

fn as_cookies(login: &cookiejwt_store::Login, auth: &Authenticator) -> http::request::Parts {
    let config = auth.config();
    let values = login.cookies.iter().map(|cookie| {
        let line = cookie.line().to_str().unwrap().split(';').next().unwrap();
        line.split_once('=').unwrap().1.to_owned()
    });
    let names = [config.access_name(), config.refresh_name()];
    let pairs: Vec<_> = names.iter().zip(values).map(|(name, value)| format!("{name}={value}")).collect();
    http::Request::get("/").header("cookie", pairs.join("; ")).body(()).unwrap().into_parts().0
}

#[tokio::test]
async fn neither_cookie_counts_under_the_name_of_the_other_realm() {
    let realms = Realms::new();
    let customer = realms.log_in(&realms.customers.auth).await;
    for seconds in [0, 306] {
        realms.customers.advance(seconds);
        let head = as_cookies(&customer, &realms.staff);
        let decision = realms.staff.authenticate(&head).await;
        assert_eq!(decision.required().unwrap_err().code(), "invalid_token", "after {seconds} s");
        assert!(realms.staff.refresh(&head).await.identity().is_none(), "after {seconds} s");
        let own = realms.customers.auth.authenticate(&as_cookies(&customer, &realms.customers.auth)).await;
        assert!(own.identity().is_some(), "after {seconds} s");
    }
}

#[tokio::test]
async fn no_user_sees_or_ends_the_sessions_of_another_realm() {
    let realms = Realms::new();
    let (customers, staff) = (&realms.customers.auth, &realms.staff);
    let customer = realms.log_in(customers).await;
    let member = realms.log_in(staff).await;
    let who = &customer.identity;
    assert_eq!(customers.sessions(who).await.unwrap().len(), 1, "GET sessions/");
    assert_eq!(
        customers.end_session(who, &member.record.id).await.unwrap().map(|_| ()),
        None,
        "DELETE sessions/{{id}}"
    );
    assert_eq!(customers.end_other_sessions(who).await.unwrap(), 0, "DELETE sessions/");
    customers.revoke_user(&1.into(), RevocationReason::UserInactive).await.unwrap();
    assert_eq!(realms.customers.revoked(&customer.record.id).await, Some(RevocationReason::UserInactive));
    assert_eq!(realms.customers.revoked(&member.record.id).await, None, "revoke_user(1)");
    let customer = realms.log_in(customers).await;
    customers.logout_everywhere(&customer.identity).await.unwrap();
    assert_eq!(realms.customers.revoked(&member.record.id).await, None, "logout everywhere");
    let customer = realms.log_in(customers).await;
    let new = customers
        .change_password(&customer.identity, PASSWORD, "another one", LoginContext::default())
        .await
        .unwrap();
    assert_eq!(realms.customers.revoked(&member.record.id).await, None, "a new password");
    assert!(staff.authenticate(&as_cookies(&member, staff)).await.identity().is_some());
    assert_eq!(staff.sessions(&member.identity).await.unwrap().len(), 1);
    assert_eq!(customers.sessions(&new.identity).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_limit_of_sessions_counts_one_realm() {
    let realms = Realms::with(|config| config.max_sessions(1));
    let member = realms.log_in(&realms.staff).await;
    for _ in 0..3 {
        let _login = realms.log_in(&realms.customers.auth).await;
    }
    assert_eq!(realms.customers.revoked(&member.record.id).await, None);
}

#[tokio::test]
async fn wrong_passwords_of_one_realm_do_not_throttle_another() {
    let realms = Realms::new();
    let context = || {
        let mut context = LoginContext::default();
        context.client.ip = Some("192.0.2.7".into());
        context
    };
    let guess = async |auth: &Authenticator| {
        auth.login_with_password("alice", "wrong", LoginOptions::new(), context()).await.unwrap_err()
    };
    for _ in 0..5 {
        assert!(matches!(guess(&realms.customers.auth).await, LoginError::InvalidCredentials));
    }
    assert!(matches!(guess(&realms.customers.auth).await, LoginError::Throttled { .. }));
    assert!(matches!(guess(&realms.staff).await, LoginError::InvalidCredentials));
}

/// A login of one realm with the cookies of the other does not change the other's session.
#[tokio::test]
async fn a_login_replaces_a_session_of_its_own_realm_alone() {
    let realms = Realms::new();
    let customer = realms.log_in(&realms.customers.auth).await;
    for (names, replaced) in
        [(&realms.customers.auth, vec![customer.record.id.clone()]), (&realms.staff, vec![])]
    {
        let head = as_cookies(&customer, names);
        let context = LoginContext::from_head(names, (&head).into(), None);
        assert_eq!(context.presented, replaced);
    }
}

#[test]
fn twins_do_not_start() {
    let config = || {
        let secret = Secret::from_base64(SECRET).unwrap();
        Config::builder().secret(secret).issuer("https://id.example").audience("shop")
    };
    let world = World::new();
    let build = |config: ConfigBuilder, prefix: &str| {
        let auth = Authenticator::builder(config.build().unwrap()).users(world.users.clone());
        auth.tokens(MemoryStore::new()).password_hasher(world.hasher.clone()).prefix(prefix).build()
    };
    let first = build(config(), "/api/auth").unwrap();
    for (rule, config, prefix, starts) in [
        ("the same once more: another node", config(), "/api/auth", true),
        ("another prefix", config(), "/staff/auth", false),
        ("other cookie names", config().access_name("__Host-a").refresh_name("__Host-b"), "/api/auth", false),
        (
            "another audience next to the shared one",
            config().audience("staff").access_name("__Host-a"),
            "/a",
            false,
        ),
        ("a realm of its own", config().realm("staff"), "/staff/auth", true),
    ] {
        match build(config, prefix) {
            Ok(_) => assert!(starts, "{rule}"),
            Err(BuildError::SharedRealm) => assert!(!starts, "{rule}"),
            Err(error) => panic!("{rule}: {error}"),
        }
    }
    drop(first);
    assert!(build(config(), "/staff/auth").is_ok(), "no other session is left");
}
