//! The driver over a store.

use std::collections::HashSet;

use cookiejwt_core::{
    ConfigBuilder, Decision, Identity, Method, Problem, RevocationLevel, Subject, driver::SetCookies, testing,
};
use http::{Request, request::Parts};

use super::{
    samples::{NOW, at, find},
    shared::{Shared, at_once},
};
use crate::{
    authenticator::Authenticator,
    errors::{PasswordError, StoreError},
    passwords::{PasswordHasher, PasswordMatch},
    runtime::ManualClock,
    sessions::{LoginContext, LoginOptions, SessionInfo},
    stores::{AuthUser, UserStore},
};

/// The one user there is, who may act for themselves.
struct Alice;

impl AuthUser for Alice {
    fn subject(&self) -> Subject {
        "alice".into()
    }

    fn password_hash(&self) -> Option<&str> {
        None
    }
}

struct OnlyAlice;

impl UserStore for OnlyAlice {
    type User = Alice;
    type Error = StoreError;

    async fn find_by_id(&self, id: &Subject) -> Result<Option<Alice>, StoreError> {
        Ok((id.as_str() == "alice").then_some(Alice))
    }

    async fn find_by_login(&self, login: &str) -> Result<Option<Alice>, StoreError> {
        Ok((login == "alice").then_some(Alice))
    }

    async fn set_password_hash(&self, _: &Subject, _: &str, _: &str) -> Result<bool, StoreError> {
        Ok(false)
    }
}

/// No user has a password here, so hashing the dummy need cost nothing; an authenticator is not
/// built unless it is read again.
struct NoPasswords;

impl PasswordHasher for NoPasswords {
    fn hash(&self, password: &str) -> Result<String, PasswordError> {
        Ok(password.into())
    }

    fn verify(&self, password: &str, hash: &str) -> PasswordMatch {
        if password == hash { PasswordMatch::Yes } else { PasswordMatch::No }
    }
}

fn authenticator(config: ConfigBuilder, store: Shared, clock: &ManualClock) -> Authenticator {
    Authenticator::builder(config.build().unwrap())
        .users(OnlyAlice)
        .tokens(store)
        .clock(clock.clone())
        .password_hasher(NoPasswords)
        .build()
        .unwrap()
}

fn clock() -> ManualClock {
    ManualClock::at(at(NOW).to_datetime())
}

fn lines(cookies: &SetCookies) -> Vec<String> {
    cookies.iter().map(|cookie| cookie.line().to_str().unwrap().to_owned()).collect()
}

/// What a browser that was given these cookies sends.
fn head(lines: &[String]) -> Parts {
    let pairs: Vec<_> = lines.iter().map(|line| line.split(';').next().unwrap()).collect();
    let (head, ()) = Request::get("/").header("cookie", pairs.join("; ")).body(()).unwrap().into_parts();
    head
}

fn refresh_token(decision: &Decision) -> String {
    lines(&decision.cookies)[1].split(';').next().unwrap().to_owned()
}

fn refusal(decision: &Decision) -> Option<&'static str> {
    decision.required().err().map(Problem::code)
}

pub(super) async fn fifty_requests_rotate_once(store: Shared) {
    let clock = clock();
    let auth = authenticator(testing::config(), store, &clock);
    let login = auth.login(&Alice, LoginOptions::new(), LoginContext::default()).await.unwrap();
    let cookies = lines(&login.cookies);
    clock.advance(time::Duration::seconds(306));
    let decisions = at_once(50, |_| {
        let (auth, head) = (auth.clone(), head(&cookies));
        async move { auth.authenticate(&head).await }
    });
    let decisions = decisions.await;
    for decision in &decisions {
        assert_eq!(refusal(decision), None, "everybody stays logged in");
    }
    let refresh: HashSet<_> = decisions.iter().map(refresh_token).collect();
    assert_eq!(refresh.len(), 1, "one rotation, and one refresh cookie for all");
    clock.advance(time::Duration::seconds(11));
    let late = auth.authenticate(&head(&cookies[1..])).await;
    assert_eq!(refusal(&late), None, "nobody has come with the successor, so its answer may have been lost");
    assert_eq!(refresh_token(&late), refresh_token(&decisions[0]), "and it is given once more");
    assert_eq!(refusal(&auth.authenticate(&head(&lines(&late.cookies))).await), None);
    auth.write_receipts().await.unwrap();
    clock.advance(time::Duration::seconds(11));
    let reused = auth.authenticate(&head(&cookies[1..])).await;
    assert_eq!(
        refusal(&reused),
        Some("session_revoked"),
        "the parent, after somebody has come with its successor"
    );
    let successor = auth.authenticate(&head(&lines(&decisions[0].cookies))).await;
    assert_eq!(refusal(&successor), Some("session_revoked"), "and its successor with it");
}

async fn log_in(auth: &Authenticator) -> Identity {
    let login = auth.login(&Alice, LoginOptions::new(), LoginContext::default()).await.unwrap();
    auth.authenticate(&head(&lines(&login.cookies))).await.required().unwrap().clone()
}

/// Customers and staff, each with ids from 1, over one store.
pub(super) async fn two_realms_are_two_user_tables(store: Shared) {
    let clock = clock();
    let customers = authenticator(testing::config(), store.clone(), &clock);
    let config = testing::config().realm("staff").audience("staff").max_sessions(1);
    let staff = authenticator(config, store.clone(), &clock);
    let (customer, first) = (log_in(&customers).await, log_in(&staff).await);
    clock.advance(time::Duration::seconds(1));
    let second = log_in(&staff).await;
    let ids = |sessions: Vec<SessionInfo>| sessions.into_iter().map(|session| session.id).collect::<Vec<_>>();
    assert_eq!(ids(customers.sessions(&customer).await.unwrap()), [customer.session_id().clone()]);
    let own = ids(staff.sessions(&second).await.unwrap());
    assert_eq!(own, [second.session_id().clone()], "the limit of one counts this realm alone");
    assert!(find(&store, first.session_id().as_str()).await.unwrap().revoked.is_some());
    assert!(staff.end_session(&second, customer.session_id()).await.unwrap().is_none(), "no such session");
    assert_eq!(staff.end_other_sessions(&second).await.unwrap(), 0);
    clock.advance(time::Duration::seconds(1));
    assert_eq!(staff.logout_everywhere(&second).await.unwrap(), 1);
    let row = find(&store, customer.session_id().as_str()).await.unwrap();
    assert_eq!((row.realm.as_str(), row.revoked), ("", None), "the customer is somebody else");
}

pub(super) async fn the_limit_of_sessions_holds_when_logins_race(store: Shared) {
    let auth = authenticator(testing::config().max_sessions(3), store.clone(), &clock());
    let created = at_once(20, |_| {
        let auth = auth.clone();
        async move { auth.login(&Alice, LoginOptions::new(), LoginContext::default()).await.unwrap().record.id }
    });
    let mut created = created.await;
    created.sort();
    created.reverse();
    let living = store.list(&"alice".into()).await;
    let living: Vec<_> = living.into_iter().map(|session| session.id).collect();
    assert_eq!(living, created[..3], "all began in one millisecond, so the ids decide");
}

/// Alice acts for alice, which is as good as for anyone else.
pub(super) async fn acting_ends_with_the_session_of_the_actor(store: Shared) {
    let clock = clock();
    let config = || testing::config().revocation(RevocationLevel::EveryRequest);
    let auth = authenticator(config(), store.clone(), &clock);
    let other_node = authenticator(config(), store.clone(), &clock);
    let options = LoginOptions::new().by(Method::OTP).fact("tenant", &"acme");
    let own = auth.login(&Alice, options, LoginContext::default()).await.unwrap();
    let act = async || {
        let options = LoginOptions::new().acted_by(&own.identity);
        auth.login(&Alice, options, LoginContext::default()).await.unwrap()
    };
    let (first, second) = (act().await, act().await);
    clock.advance(time::Duration::seconds(306));
    let cookies = lines(&second.cookies);
    let decision = auth.authenticate(&head(&cookies)).await;
    assert_eq!(refusal(&decision), None, "it is refreshed while both are alive");
    let acting = head(&lines(&first.cookies));
    let who = auth.authenticate(&acting).await.required().unwrap().clone();
    let back = auth.stop_acting(&who, &acting, None, LoginContext::default()).await.unwrap();
    assert_eq!(back.identity.proofs(), own.identity.proofs(), "with the time of the proof");
    assert_eq!(back.identity.fact::<String>("tenant").unwrap(), "acme");
    assert_eq!(back.record.ends_at, own.record.ends_at);
    clock.advance(time::Duration::seconds(61));
    let access = head(&lines(&decision.cookies)[..1]);
    for (rule, node) in [("the same node", &auth), ("another node", &other_node)] {
        assert_eq!(refusal(&node.authenticate(&access).await), Some("session_revoked"), "{rule}");
    }
    let refreshed = other_node.authenticate(&head(&lines(&decision.cookies)[1..])).await;
    assert_eq!(refusal(&refreshed), Some("session_revoked"), "nor is it refreshed");
}
