//! A service that only verifies: its keys, and what it learns from the issuer, which runs in the
//! same process. Time advances only while all tasks wait.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use cookiejwt_store::{
    Algorithm, AuthenticatorBuilder, Body, Caller, Event, Expect, Jwks, JwksDocument, LoginContext,
    LoginOptions, PrivateKey, RevocationReason, RevokedQuery, RevokedReaders, Route, Verifier,
    VerifierBuilder, VerifierError, testing,
};
use http::{Request, request::Parts};
use tokio::time::sleep;

use crate::common::{Browser, Call, Jar, World, outcome};

const ED25519: &str = include_str!("../../../cookiejwt-core/tests/keys/ed25519.pem");
const OTHER: &str = include_str!("../../../cookiejwt-core/tests/keys/ed25519_other.pem");
const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(super) const INTERVAL: Duration = Duration::from_millis(1001);
const ALIVE: &str = "1";

fn key(pem: &str) -> PrivateKey {
    PrivateKey::from_pem(Algorithm::EdDsa, pem).unwrap()
}

/// The issuer, which can be away.
#[derive(Clone)]
pub(super) struct Issuer {
    pub(super) world: Arc<World>,
    is_away: Arc<AtomicBool>,
    pub(super) asked: Arc<Mutex<Vec<RevokedQuery>>>,
    fetches: Arc<AtomicUsize>,
    events: Arc<Mutex<Vec<&'static str>>>,
}

impl Issuer {
    pub(super) fn new() -> Self {
        Self::with(|builder| builder)
    }

    fn with(change: impl FnOnce(AuthenticatorBuilder) -> AuthenticatorBuilder) -> Self {
        let mut world = World::with(testing::config().signing_key(key(ED25519)));
        let builder = world.builder().revoked_route(RevokedReaders::header("x-revoked-key", SECRET));
        world.auth = change(builder).build().unwrap();
        Self {
            world: Arc::new(world),
            is_away: Arc::default(),
            asked: Arc::default(),
            fetches: Arc::default(),
            events: Arc::default(),
        }
    }

    /// A verifier of another service on the same clock, which has its keys.
    pub(super) fn builder(&self) -> VerifierBuilder {
        let events = Arc::clone(&self.events);
        let expect = Expect::issuer(testing::ISSUER).audience(testing::AUDIENCE);
        Verifier::builder(expect.access_cookie("__Host-access_token"))
            .clock(self.world.clock.clone())
            .on_event(move |event| events.lock().unwrap().extend(name(event)))
    }

    pub(super) fn keys(&self) -> Jwks {
        Jwks::from_json(self.world.auth.core().jwks().unwrap()).unwrap()
    }

    pub(super) fn following(&self) -> VerifierBuilder {
        let issuer = self.clone();
        self.builder().keys(self.keys()).follow(move |query| {
            let issuer = issuer.clone();
            async move { issuer.answer(query).await }
        })
    }

    fn fetching(&self) -> VerifierBuilder {
        let issuer = self.clone();
        self.builder().jwks(move || {
            let issuer = issuer.clone();
            async move {
                issuer.fetches.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                if issuer.is_away.load(Ordering::SeqCst) {
                    return Err("connection refused");
                }
                let text = issuer.world.auth.core().jwks().unwrap().to_owned();
                Ok(JwksDocument::new(text).max_age(Duration::from_mins(5)))
            }
        })
    }

    async fn answer(&self, query: RevokedQuery) -> Result<String, String> {
        self.asked.lock().unwrap().push(query.clone());
        if self.is_away.load(Ordering::SeqCst) {
            return Err("connection refused".into());
        }
        let request = Request::get(format!("/api/auth/revoked?{}", query.encoded()));
        let (head, ()) = request.header("x-revoked-key", SECRET).body(()).unwrap().into_parts();
        let (api, body) = (self.world.auth.api(), Body::Complete(bytes()));
        let reply = api.handle(Route::Revoked, (&head).into(), body, Caller::default()).await;
        let text = String::from_utf8(reply.body.to_vec()).unwrap();
        if reply.status == 200 { Ok(text) } else { Err(format!("{}", reply.status)) }
    }

    pub(super) fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    pub(super) async fn login(&self) -> Browser {
        self.world.login("alice").await
    }

    pub(super) async fn revoke(&self, browser: &Browser) {
        let id = browser.session.clone();
        self.world.auth.revoke_session(id, RevocationReason::Logout).await.unwrap();
    }

    fn take_events(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.events.lock().unwrap())
    }

    fn fetched(&self) -> usize {
        self.fetches.swap(0, Ordering::SeqCst)
    }
}

fn bytes() -> bytes::Bytes {
    bytes::Bytes::new()
}

fn name(event: &Event<'_>) -> Option<&'static str> {
    match event {
        Event::FeedStale { .. } => Some("stale"),
        Event::FeedRecovered { .. } => Some("recovered"),
        Event::KeysReplaced { .. } => Some("keys"),
        Event::KeysNotReloaded { .. } => Some("no keys"),
        _ => None,
    }
}

/// Who it is, or the code of the refusal. No cookie is ever written.
async fn asks(verifier: &Verifier, head: Parts) -> String {
    let decision = verifier.authenticate((&head).into()).await;
    assert!(decision.cookies.is_empty());
    match decision.required() {
        Ok(identity) => identity.subject().as_str().to_owned(),
        Err(problem) => problem.code().to_owned(),
    }
}

async fn both(verifier: &Verifier, jar: &Jar) -> String {
    let by_cookie = asks(verifier, jar.get()).await;
    assert_eq!(asks(verifier, jar.bearer()).await, by_cookie, "by bearer");
    by_cookie
}

#[tokio::test(start_paused = true)]
async fn a_logout_reaches_a_service_within_an_interval_without_a_question_per_request() {
    let issuer = Issuer::new();
    let (alice, other) = (issuer.login().await, issuer.login().await);
    let verifier = issuer.following().build().unwrap();
    assert_eq!(both(&verifier, &alice.jar).await, ALIVE);
    issuer.revoke(&alice).await;
    assert_eq!(both(&verifier, &alice.jar).await, ALIVE, "not yet");
    sleep(INTERVAL).await;
    issuer.asked.lock().unwrap().clear();
    issuer.world.switches.take_log();
    for _ in 0..10 {
        assert_eq!(both(&verifier, &alice.jar).await, "session_revoked");
        assert_eq!(both(&verifier, &other.jar).await, ALIVE);
    }
    assert!(issuer.asked.lock().unwrap().is_empty(), "no request asks the issuer");
    sleep(10 * INTERVAL).await;
    let asked = issuer.asked.lock().unwrap().len();
    assert!((10..=11).contains(&asked), "one question per interval: {asked}");
    assert!(verifier.is_current());
}

#[tokio::test(start_paused = true)]
async fn what_ends_at_a_service_too() {
    let issuer = Issuer::new();
    let (world, verifier) = (&issuer.world, issuer.following().build().unwrap());
    let (alice, bob) = (issuer.login().await, world.login("bob").await);
    let acting = world.auth.authenticate(&bob.jar.get()).await.required().unwrap().clone();
    let acts = LoginOptions::new().acted_by(&acting);
    let login = world.auth.login(&world.users.row(1), acts, LoginContext::default()).await.unwrap();
    let acting = Browser::of(&login);
    assert_eq!(both(&verifier, &acting.jar).await, ALIVE);
    issuer.revoke(&bob).await;
    sleep(INTERVAL).await;
    assert_eq!(both(&verifier, &acting.jar).await, "session_revoked", "with the session of who acts");
    world.auth.renew_claims(&1.into()).await.unwrap();
    sleep(INTERVAL).await;
    assert_eq!(both(&verifier, &alice.jar).await, "invalid_token", "renewed: the client refreshes");
    let refreshed = world.auth.refresh(&alice.jar.post()).await;
    let mut jar = alice.jar.clone();
    jar.apply(&crate::common::lines(&refreshed.cookies));
    assert_eq!(both(&verifier, &jar).await, ALIVE, "with its new claims");
    world.auth.revoke_everybody(RevocationReason::Administrator).await.unwrap();
    sleep(INTERVAL).await;
    assert_eq!(both(&verifier, &jar).await, "session_revoked", "everybody");
}

/// Another issuer node learns of it first; this one tells what it has learned.
#[tokio::test(start_paused = true)]
async fn what_another_node_revokes_is_told_too() {
    let issuer = Issuer::new();
    let (alice, verifier) = (issuer.login().await, issuer.following().build().unwrap());
    assert_eq!(both(&verifier, &alice.jar).await, ALIVE);
    let node = issuer.world.another_node();
    node.revoke_session(alice.session.clone(), RevocationReason::Logout).await.unwrap();
    sleep(2 * INTERVAL).await;
    assert_eq!(both(&verifier, &alice.jar).await, "session_revoked");
}

#[tokio::test(start_paused = true)]
async fn while_the_issuer_is_away() {
    for (rule, stale_after, expected) in
        [("by default nobody is refused", None, ALIVE), ("nobody is accepted", Some(30), "unavailable")]
    {
        let issuer = Issuer::new();
        let builder = issuer.following();
        let builder = match stale_after {
            Some(seconds) => builder.stale_after(Duration::from_secs(seconds)),
            None => builder,
        };
        let (alice, gone) = (issuer.login().await, issuer.login().await);
        let verifier = builder.build().unwrap();
        assert_eq!(both(&verifier, &alice.jar).await, ALIVE, "{rule}");
        issuer.revoke(&gone).await;
        sleep(INTERVAL).await;
        issuer.set_away(true);
        sleep(5 * INTERVAL).await;
        assert_eq!(issuer.take_events(), ["stale"], "{rule}: reported once");
        issuer.world.advance(30);
        assert_eq!(both(&verifier, &alice.jar).await, ALIVE, "{rule}: not long enough");
        issuer.world.advance(1);
        assert_eq!(both(&verifier, &alice.jar).await, expected, "{rule}");
        assert_eq!(both(&verifier, &gone.jar).await, "session_revoked", "{rule}: what is known stays");
        assert_eq!(asks(&verifier, Jar::default().get()).await, "not_authenticated", "{rule}");
        assert!(!verifier.is_current(), "{rule}");
        issuer.set_away(false);
        sleep(INTERVAL).await;
        assert_eq!(both(&verifier, &alice.jar).await, ALIVE, "{rule}");
        assert_eq!(issuer.take_events(), ["recovered"], "{rule}");
        let after = issuer.asked.lock().unwrap().iter().rev().nth(1).cloned();
        assert!(after.is_none_or(|query| query.since.is_none()), "{rule}: everything is asked for again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_starts_while_the_issuer_is_away() {
    for (rule, stale_after, expected) in [("default", None, ALIVE), ("strict", Some(30), "unavailable")] {
        let (issuer, builder) = (Issuer::new(), Issuer::following);
        let alice = issuer.login().await;
        issuer.set_away(true);
        let builder = builder(&issuer);
        let builder = stale_after
            .into_iter()
            .fold(builder, |builder, age| builder.stale_after(Duration::from_secs(age)));
        let verifier = builder.build().unwrap();
        for _ in 0..20 {
            assert_eq!(both(&verifier, &alice.jar).await, expected, "{rule}");
        }
        let asked = issuer.asked.lock().unwrap().len();
        assert!(asked <= 2, "{rule}: no question per request: {asked}");
        issuer.set_away(false);
        sleep(INTERVAL).await;
        assert_eq!(both(&verifier, &alice.jar).await, ALIVE, "{rule}");
    }
}

/// The issuer cannot read its own store, so it does not know what its other nodes have revoked.
#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_stale_itself_gives_no_list() {
    let issuer = Issuer::new();
    let (alice, verifier) = (issuer.login().await, issuer.following().build().unwrap());
    assert_eq!(both(&verifier, &alice.jar).await, ALIVE);
    issuer.world.switches.fail(Call::RevokedSince);
    sleep(3 * INTERVAL).await;
    assert_eq!(issuer.take_events(), ["stale"]);
    issuer.world.switches.mend(Call::RevokedSince);
    sleep(3 * INTERVAL).await;
    assert_eq!(issuer.take_events(), ["recovered"]);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_is_answered_when_something_happens() {
    let issuer = Issuer::new();
    let (alice, bob) = (issuer.login().await, issuer.world.login("bob").await);
    let verifier = issuer.following().long_poll(Duration::from_mins(1)).build().unwrap();
    assert_eq!(both(&verifier, &alice.jar).await, ALIVE);
    sleep(Duration::from_secs(5)).await;
    let asked = issuer.asked.lock().unwrap().len();
    assert!(asked <= 4, "it waits: {asked}");
    assert_eq!(issuer.asked.lock().unwrap().last().unwrap().wait, Duration::from_secs(25));
    issuer.world.advance(5);
    issuer.revoke(&alice).await;
    sleep(Duration::from_millis(1)).await;
    assert_eq!(both(&verifier, &alice.jar).await, "session_revoked", "at once");
    // In the very moment of the cursor something may still be news.
    issuer.world.advance(1);
    sleep(Duration::from_millis(200)).await;
    issuer.world.auth.renew_claims(&2.into()).await.unwrap();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(asks(&verifier, bob.jar.bearer()).await, "invalid_token", "so does a renewal");
}

/// The clock has moved while nothing ran: memory proves nothing, so the first request asks.
#[tokio::test(start_paused = true)]
async fn a_process_that_was_stopped_asks_before_it_decides() {
    let issuer = Issuer::new();
    let (alice, verifier) = (issuer.login().await, issuer.following().build().unwrap());
    assert_eq!(both(&verifier, &alice.jar).await, ALIVE);
    issuer.revoke(&alice).await;
    issuer.world.advance(20);
    assert_eq!(both(&verifier, &alice.jar).await, "session_revoked");
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_once_for_all_that_wait() {
    let issuer = Issuer::new();
    let (alice, verifier) = (issuer.login().await, issuer.fetching().build().unwrap());
    let many = (0..20).map(|_| {
        let (verifier, head) = (verifier.clone(), alice.jar.get());
        tokio::spawn(async move { asks(&verifier, head).await })
    });
    for answer in many.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap(), ALIVE);
    }
    assert_eq!((issuer.fetched(), issuer.take_events()), (1, vec!["keys"]));
    sleep(Duration::from_mins(2)).await;
    assert_eq!(issuer.fetched(), 0, "they are young");
    issuer.world.advance(300);
    sleep(Duration::from_mins(1)).await;
    assert_eq!((issuer.fetched(), issuer.take_events()), (1, vec![]), "they are old, and the same");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_is_asked_for_at_most_once_a_minute() {
    let issuer = Issuer::new();
    let (alice, verifier) = (issuer.login().await, issuer.fetching().build().unwrap());
    assert_eq!(both(&verifier, &alice.jar).await, ALIVE);
    issuer.fetched();
    // Any text can be a kid.
    let forged = testing::access("1").bearer();
    let head = || Request::get("/").header("authorization", &forged).body(()).unwrap().into_parts().0;
    for (rule, after, fetches) in
        [("the first", 0, 1), ("within the minute", 59, 0), ("after it", 1, 1), ("again", 1, 0)]
    {
        issuer.world.advance(after);
        for _ in 0..5 {
            assert_eq!(asks(&verifier, head()).await, "invalid_token", "{rule}");
        }
        assert_eq!(issuer.fetched(), fetches, "{rule}");
    }
    let keys = cookiejwt_store::AccessKeys::new(key(OTHER)).verifying(key(ED25519).public_key());
    issuer.world.auth.replace_keys(keys).unwrap();
    issuer.world.advance(60);
    let new = issuer.login().await;
    assert_eq!(both(&verifier, &new.jar).await, ALIVE, "the new key is found by the token");
    assert_eq!((issuer.fetched(), both(&verifier, &alice.jar).await), (1, ALIVE.into()), "the old one stays");
}

#[tokio::test(start_paused = true)]
async fn keys_that_cannot_be_fetched() {
    let issuer = Issuer::new();
    let (alice, verifier) = (issuer.login().await, issuer.fetching().build().unwrap());
    issuer.set_away(true);
    assert_eq!(both(&verifier, &alice.jar).await, "unavailable", "there are none yet");
    assert_eq!(asks(&verifier, Jar::default().get()).await, "not_authenticated", "none are needed");
    for _ in 0..20 {
        assert_eq!(both(&verifier, &alice.jar).await, "unavailable");
    }
    let fetched = issuer.fetched();
    assert!(fetched <= 2, "no attempt per request: {fetched}");
    assert_eq!(issuer.take_events(), ["no keys"], "reported once");
    for (pause, attempts) in [(1, 1), (1, 0), (1, 1), (4, 1), (8, 1)] {
        issuer.world.advance(pause);
        sleep(Duration::from_mins(1)).await;
        assert_eq!(issuer.fetched(), attempts, "after {pause} s more");
    }
    issuer.set_away(false);
    issuer.world.advance(60);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(both(&verifier, &alice.jar).await, ALIVE);
    assert_eq!(issuer.take_events(), ["keys"]);
    issuer.set_away(true);
    issuer.world.advance(300);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(issuer.take_events(), ["no keys"], "old, and not to be had");
    let alice = issuer.login().await;
    assert_eq!(both(&verifier, &alice.jar).await, ALIVE, "the old ones stay");
}

/// A client that panics, at once or later, has failed. After a while it only hangs, so that a loop
/// without a pause ends this test.
async fn panics(calls: &AtomicUsize, is_late: bool) {
    if calls.fetch_add(1, Ordering::SeqCst) > 500 {
        std::future::pending::<()>().await;
    }
    if is_late {
        tokio::task::yield_now().await;
    }
    panic!("the client of this test");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_panics_is_one_that_fails() {
    for is_late in [false, true] {
        let issuer = Issuer::new();
        let alice = issuer.login().await;
        let keys = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&keys);
        let fetch = move || {
            let counted = Arc::clone(&counted);
            async move {
                panics(&counted, is_late).await;
                Ok::<_, String>(JwksDocument::unchanged())
            }
        };
        let verifier = issuer.builder().jwks(fetch).build().unwrap();
        verifier.start();
        for (pause, attempts) in [(0, 1), (1, 1), (1, 0), (1, 1), (4, 1), (8, 1)] {
            issuer.world.advance(pause);
            sleep(Duration::from_mins(1)).await;
            assert_eq!(keys.swap(0, Ordering::SeqCst), attempts, "late: {is_late}, after {pause} s more");
        }
        assert_eq!(issuer.take_events(), ["no keys"], "late: {is_late}: reported once");
        assert_eq!(both(&verifier, &alice.jar).await, "unavailable", "late: {is_late}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_closure_that_panics_before_it_returns_is_one_that_fails() {
    let issuer = Issuer::new();
    let alice = issuer.login().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let ask = move |_| -> std::future::Ready<Result<String, String>> {
        counted.fetch_add(1, Ordering::SeqCst);
        panic!("the client of this test");
    };
    let verifier = issuer.builder().keys(issuer.keys()).follow(ask).build().unwrap();
    assert_eq!(both(&verifier, &alice.jar).await, ALIVE, "as with an issuer that is away");
    asked.store(0, Ordering::SeqCst);
    sleep(10 * INTERVAL).await;
    let asked = asked.load(Ordering::SeqCst);
    assert!((9..=11).contains(&asked), "the background continues: {asked}");
    assert_eq!(issuer.take_events(), ["stale"], "reported once");
}

#[tokio::test(start_paused = true)]
async fn a_document_that_is_refused_changes_nothing() {
    let issuer = Issuer::new();
    let alice = issuer.login().await;
    let verifier = issuer
        .builder()
        .keys(issuer.keys())
        .jwks(|| async { Ok::<_, String>(JwksDocument::new(r#"{"keys":[]}"#)) })
        .build()
        .unwrap();
    assert!(!verifier.refresh_keys().await);
    assert_eq!(issuer.take_events(), ["no keys"]);
    assert_eq!(both(&verifier, &alice.jar).await, ALIVE);
}

/// What would be accepted if the answer were not bound to the question, the issuer and the time.
#[tokio::test(start_paused = true)]
async fn lists_that_are_refused() {
    let issuer = Issuer::new();
    let (alice, gone) = (issuer.login().await, issuer.login().await);
    issuer.revoke(&gone).await;
    let all = || RevokedQuery::clone(&issuer.asked.lock().unwrap()[0]);
    let first = issuer.following().build().unwrap();
    assert!(first.poll_revocations().await);
    let list = issuer.answer(all()).await.unwrap();
    let token = alice.jar.access.clone().unwrap();
    for (rule, answer, age) in [
        ("an access token", token, 0),
        ("an old list", list.clone(), 61),
        ("an empty one", String::new(), 0),
        ("a list with a byte changed", list.replacen('.', "A.", 1), 0),
        ("a page", "<html>".into(), 0),
    ] {
        let verifier = issuer.builder().keys(issuer.keys()).follow(move |_| {
            let answer = answer.clone();
            async move { Ok::<_, String>(answer) }
        });
        let verifier = verifier.build().unwrap();
        issuer.world.advance(age);
        assert!(!verifier.poll_revocations().await, "{rule}");
        assert_eq!(issuer.take_events(), ["stale"], "{rule}");
    }
}

#[test]
fn verifiers_that_cannot_be_built() {
    let expect = || Expect::issuer("https://id.example").audience("orders");
    let day = Duration::from_hours(24);
    let fails = |builder: VerifierBuilder| builder.build().unwrap_err();
    assert!(matches!(fails(Verifier::builder(expect())), VerifierError::NoKeys));
    let fetch = || async { Ok::<_, String>(JwksDocument::unchanged()) };
    let stale = Verifier::builder(expect()).jwks(fetch).stale_after(day);
    assert!(matches!(fails(stale), VerifierError::NothingFollowed));
    let nobody = Verifier::builder(Expect::issuer("https://id.example")).jwks(fetch);
    assert!(matches!(fails(nobody), VerifierError::Expect(_)));
}

#[tokio::test]
async fn what_it_does_not_do() {
    let issuer = Issuer::new();
    let (alice, verifier) = (issuer.login().await, issuer.following().build().unwrap());
    issuer.world.expire_access();
    let decision = verifier.authenticate((&alice.jar.get()).into()).await;
    assert_eq!(outcome(&decision), ("invalid_token", "kept"), "it does not refresh");
    assert_eq!(asks(&verifier, alice.jar.without_access().get()).await, "not_authenticated");
}
