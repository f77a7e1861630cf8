//! The driver over a store.

use std::collections::HashSet;

use cookiejwt_core::{ConfigBuilder, Decision, Problem, SetCookies, Subject, testing};
use http::{Request, request::Parts};

use super::{
    samples::{NOW, at},
    shared::{Shared, at_once},
};
use crate::{
    AuthUser, Authenticator, LoginContext, LoginOptions, ManualClock, PasswordError, PasswordHasher,
    PasswordMatch, StoreError, TokenStore as _, UserStore,
};

/// The one user there is.
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

/// Nobody has a password here, so hashing the dummy need cost nothing.
struct NoPasswords;

impl PasswordHasher for NoPasswords {
    fn hash(&self, _: &str) -> Result<String, PasswordError> {
        Ok(String::new())
    }

    fn verify(&self, _: &str, _: &str) -> PasswordMatch {
        PasswordMatch::No
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
    let refresh: HashSet<_> = decisions.iter().map(|decision| lines(&decision.cookies)[1].clone()).collect();
    assert_eq!(refresh.len(), 1, "one rotation, and one refresh cookie for all");
    clock.advance(time::Duration::seconds(11));
    let reused = auth.authenticate(&head(&cookies[1..])).await;
    assert_eq!(refusal(&reused), Some("session_revoked"), "the parent, a leeway later");
    let successor = auth.authenticate(&head(&lines(&decisions[0].cookies))).await;
    assert_eq!(refusal(&successor), Some("session_revoked"), "and its successor with it");
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
    let living = store.sessions_of(&"alice".into(), at(NOW)).await.unwrap();
    let living: Vec<_> = living.into_iter().map(|session| session.id).collect();
    assert_eq!(living, created[..3], "all began in one millisecond, so the ids decide");
}
