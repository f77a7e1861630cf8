//! Application code that panics: a store, a hasher. (For hooks see `tests/events`.)

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use cookiejwt_store::{
    Login, LoginContext, LoginError, LoginOptions, PasswordError, PasswordHasher, PasswordMatch, Throttle,
};
use futures_util::FutureExt as _;

use crate::{
    common::{PASSWORD, TestHasher, World, let_tasks_run},
    faulty::Fault,
    flow::Flow,
    scene::Scene,
};

/// More than the places in the queue of passwords plus the threads that hash.
const MANY: usize = 400;

#[tokio::test(start_paused = true)]
async fn every_call_panics_and_the_next_request_is_served() {
    for flow in Flow::ALL {
        for number in 0.. {
            let scene = Scene::of(flow).await;
            scene.faults.arm(Fault::Panic, number);
            let seen = AssertUnwindSafe(scene.run(flow)).catch_unwind().await.ok();
            let Some(call) = scene.heal().await else {
                assert_eq!(seen.map(|seen| seen.status), Some(flow.success()), "{flow:?} without a fault");
                break;
            };
            let rule = format!("{flow:?}, {call} panics, number {number}");
            scene.assert_consistent(&rule, flow, seen.as_ref(), call).await;
            scene.assert_goes_on(&rule, flow, seen.as_ref()).await;
        }
    }
}

/// Panics or waits on demand.
#[derive(Clone)]
struct Unreliable {
    panics: Arc<AtomicBool>,
    gate: Arc<Mutex<mpsc::Receiver<()>>>,
}

impl Unreliable {
    /// It waits until the sender is dropped, except for the call of `build`.
    fn new() -> (Self, mpsc::Sender<()>) {
        let (open, gate) = mpsc::channel();
        open.send(()).unwrap();
        (Self { panics: Arc::default(), gate: Arc::new(Mutex::new(gate)) }, open)
    }
}

impl PasswordHasher for Unreliable {
    fn hash(&self, password: &str) -> Result<String, PasswordError> {
        TestHasher::default().hash(password)
    }

    fn verify(&self, password: &str, hash: &str) -> PasswordMatch {
        assert!(!self.panics.load(Ordering::SeqCst), "as the test asks");
        let _ = self.gate.lock().unwrap().recv();
        TestHasher::default().verify(password, hash)
    }
}

fn world_with(hasher: Unreliable) -> (World, Arc<Mutex<Vec<String>>>) {
    let mut world = World::new();
    let heard = Arc::<Mutex<Vec<String>>>::default();
    let told = Arc::clone(&heard);
    let builder = world.builder().password_hasher(hasher).throttle(Throttle::off());
    world.auth =
        builder.on_event(move |event| told.lock().unwrap().push(format!("{event:?}"))).build().unwrap();
    (world, heard)
}

/// A login that waits for a place that is never returned waits forever.
async fn logs_in(world: &World) -> Result<Login, LoginError> {
    let login = tokio::time::timeout(Duration::from_mins(1), world.try_login("alice", PASSWORD));
    login.await.expect("a place among those who hash")
}

#[tokio::test]
async fn a_hasher_that_panics_keeps_no_place() {
    let (hasher, open) = Unreliable::new();
    let (world, heard) = world_with(hasher.clone());
    drop(open);
    hasher.panics.store(true, Ordering::SeqCst);
    for _ in 0..MANY {
        let failed = logs_in(&world).await;
        assert!(matches!(failed, Err(LoginError::Password(PasswordError::Hash(_)))), "{failed:?}");
    }
    let told = heard.lock().unwrap().clone();
    assert_eq!(told.len(), MANY);
    assert!(told.iter().all(|event| event.starts_with("LoginFailed") && event.contains("panic")), "{told:?}");
    hasher.panics.store(false, Ordering::SeqCst);
    assert!(logs_in(&world).await.is_ok());
}

/// While they wait for a thread, and while one works for them.
#[tokio::test]
async fn clients_that_hang_up_keep_no_place() {
    let (hasher, open) = Unreliable::new();
    let (world, _) = world_with(hasher);
    let logins: Vec<_> = (0..MANY)
        .map(|number| {
            let auth = world.auth.clone();
            tokio::spawn(async move {
                let (options, context) = (LoginOptions::new(), LoginContext::default());
                auth.login_with_password(&format!("nobody {number}"), PASSWORD, options, context).await
            })
        })
        .collect();
    let_tasks_run().await;
    let is_busy = |login: Result<_, _>| matches!(login, Err(LoginError::Password(PasswordError::Busy)));
    assert!(is_busy(world.try_login("alice", PASSWORD).await), "the queue is full");
    assert!(
        logins.iter().filter(|login| login.is_finished()).count() > MANY / 2,
        "the rest was refused at once"
    );
    for login in &logins {
        login.abort();
    }
    let_tasks_run().await;
    drop(open);
    assert!(logs_in(&world).await.is_ok());
    let again = (0..MANY / 4).map(|_| logs_in(&world));
    let again = futures_util::future::join_all(again).await;
    assert!(again.iter().all(Result::is_ok), "every place is free again");
}
