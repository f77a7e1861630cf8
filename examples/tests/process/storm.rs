//! A thousand logins at once: those that do not fit into the queue get 503, memory is bounded, and
//! the health check does not wait for them.

use std::{
    sync::{
        Barrier, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::common::{Answer, BEHIND_A_PROXY, Home, LOGIN, Request, Server};

const LOGINS: usize = 1000;
/// How many logins may wait for their password check.
const QUEUE: usize = 128;
/// argon2id with 19 456 KiB.
const MIB_PER_PASSWORD: u64 = 19;
/// Memory for a connection, its request and its response in an unoptimised build.
const KIB_PER_CONNECTION: u64 = 128;
const SLACK_MIB: u64 = 32;

/// With its own account and network, so that it is not throttled. An unknown account costs as much
/// as a known one.
fn login(server: &Server, number: usize) -> Request {
    let body = serde_json::json!({ "username": format!("nobody {number}"), "password": "correct horse" });
    let network = format!("10.1.{}.{}", number / 256, number % 256);
    server.post(LOGIN).json(&body).header("X-Forwarded-For", &network)
}

#[derive(Default)]
struct Storm {
    answers: Mutex<Vec<Answer>>,
    answered: AtomicUsize,
    /// Whether the password was checked, right or wrong.
    checked: AtomicUsize,
}

impl Storm {
    fn heard(&self, answer: Answer) {
        self.checked.fetch_add(usize::from(answer.status == 401), Ordering::SeqCst);
        self.answers.lock().expect("no panic while held").push(answer);
        self.answered.fetch_add(1, Ordering::SeqCst);
    }

    /// Requests the health check until every login has its response. Returns how often it responded
    /// while passwords were checked.
    fn watch_health(&self, server: &Server) -> usize {
        let mut times = 0;
        loop {
            let is_checking = self.checked.load(Ordering::SeqCst) > 0;
            let answer = server.get("/health").send();
            assert_eq!(answer.status, 200, "{answer:?}");
            if self.answered.load(Ordering::SeqCst) == LOGINS {
                return times;
            }
            times += usize::from(is_checking);
        }
    }
}

fn storm(server: &Server) -> (Vec<Answer>, usize) {
    let (storm, barrier) = (Storm::default(), Barrier::new(LOGINS + 1));
    let health = thread::scope(|scope| {
        for number in 0..LOGINS {
            let (storm, barrier) = (&storm, &barrier);
            let client = move || {
                let request = login(server, number);
                barrier.wait();
                storm.heard(request.send());
            };
            thread::Builder::new().stack_size(128 << 10).spawn_scoped(scope, client).expect("a thread");
        }
        barrier.wait();
        storm.watch_health(server)
    });
    (storm.answers.into_inner().expect("no panic while held"), health)
}

#[test]
fn a_thousand_logins_at_once() {
    let home = Home::new();
    let server = home.start(&[BEHIND_A_PROXY]);
    server.login();
    let before = server.peak_memory_mib();
    let (answers, health_checks) = storm(&server);

    let with = |status| answers.iter().filter(|answer| answer.status == status).count();
    let (checked, refused) = (with(401), with(503));
    println!("{checked} passwords checked, {refused} refused, {health_checks} health checks");
    assert_eq!(checked + refused, LOGINS, "{:?}", answers.iter().find(|it| ![401, 503].contains(&it.status)));
    let log = server.log();
    // On a busy machine the database pool may be full first.
    let is_full = log.contains("too many logins are waiting for a hashing slot");
    assert!(is_full || log.contains("store failed"), "the queue is bounded");
    assert!(checked >= if is_full { QUEUE } else { 1 }, "{checked} were checked");
    for answer in answers.iter().filter(|answer| answer.status == 503) {
        assert_eq!((answer.code().as_str(), answer.set_cookies().len()), ("unavailable", 0), "{answer:?}");
    }
    assert!(health_checks >= checked, "{health_checks} health checks: they wait for the passwords");

    server.login();
    if let (Some(before), Some(after)) = (before, server.peak_memory_mib()) {
        let processors = thread::available_parallelism().map_or(1, usize::from) as u64;
        let connections = (LOGINS as u64 * KIB_PER_CONNECTION).div_ceil(1024);
        let bound = before + processors * MIB_PER_PASSWORD + connections + SLACK_MIB;
        println!("peak memory {before} MiB before, {after} MiB after, bound {bound} MiB");
        assert!(after <= bound, "{after} MiB");
    }
}
