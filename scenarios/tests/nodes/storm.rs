//! Many clients at once that lose responses and retry while a node or the database crashes.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    cluster::Cluster,
    common::{ACCESS, Answer, Jar, LOGOUT, PASSWORD, Request, USER},
};

const CLIENTS: usize = 6;
/// Well within the leeway of ten seconds, including the time after which a response counts as lost.
const PATIENCE: Duration = Duration::from_secs(8);

/// The cookies of the clients at the end.
#[derive(Default)]
struct Held {
    living: Mutex<Vec<Jar>>,
    ended: Mutex<Vec<Jar>>,
}

pub(crate) fn a_node_is_killed(cluster: &mut Cluster) {
    storm(cluster, "a node is killed", |cluster| {
        thread::sleep(Duration::from_millis(400));
        cluster.kill(1);
        thread::sleep(Duration::from_millis(800));
    });
    cluster.nodes[1].start();
}

pub(crate) fn the_database_crashes(cluster: &mut Cluster) {
    storm(cluster, "the database crashes", |cluster| {
        thread::sleep(Duration::from_millis(400));
        cluster.database.crash();
        thread::sleep(Duration::from_millis(800));
        cluster.database.run();
        thread::sleep(Duration::from_millis(800));
    });
}

fn storm(cluster: &mut Cluster, rule: &str, fault: impl FnOnce(&mut Cluster)) {
    let addresses: Vec<_> = cluster.servers().map(|(_, server)| server.address()).collect();
    let (held, is_over) = (Held::default(), AtomicBool::new(false));
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (addresses, held, is_over) = (&addresses, &held, &is_over);
            scope.spawn(move || {
                let mut round = client;
                while !is_over.load(Ordering::SeqCst) {
                    // A login on a node that is killed does not give back the attempt that was
                    // counted.
                    let client = format!("10.0.{}.{}", round / 256 % 256, round % 256);
                    one_session(
                        |attempt, method, path| {
                            let node = addresses[(round + attempt) % addresses.len()];
                            Request::new(node, method, path).header("X-Forwarded-For", &client)
                        },
                        held,
                        round % 3 == 0,
                    );
                    round += 1;
                }
            });
        }
        fault(cluster);
        is_over.store(true, Ordering::SeqCst);
    });
    let held = (held.living.into_inner().expect("no panic"), held.ended.into_inner().expect("no panic"));
    judge(cluster, rule, &held);
}

fn judge(cluster: &Cluster, rule: &str, (living, ended): &(Vec<Jar>, Vec<Jar>)) {
    println!("{rule}: {} sessions refreshed, {} logged out", living.len(), ended.len());
    assert!(living.len() >= CLIENTS && !ended.is_empty(), "{rule}: too few to mean anything");
    // Every node that has just missed a poll polls again.
    thread::sleep(Duration::from_millis(1500));
    for (name, server) in
        cluster.nodes.iter().filter(|node| node.is_running()).map(|node| (node.name, node.server()))
    {
        for jar in living {
            let answer = server.me(jar);
            assert_eq!(answer.status, 200, "{rule}, {name}: {answer:?}");
        }
        for jar in ended {
            let answer = server.me(jar);
            assert_eq!(answer.status, 401, "{rule}, {name}: back from the dead: {answer:?}");
        }
    }
}

/// Logs in, refreshes with as many attempts as necessary, and may log out.
fn one_session(request: impl Fn(usize, &str, &str) -> Request, held: &Held, logs_out: bool) {
    let login = |attempt| {
        let body = serde_json::json!({ "username": USER, "password": PASSWORD });
        request(attempt, "POST", "/api/auth/token/").json(&body)
    };
    // A login whose response is lost leaves a session without a client.
    let Some(answer) = until_answered(login) else { return };
    let jar = Jar::of(&answer);
    let stale = jar.without(ACCESS);
    let Some(refreshed) = until_answered(|attempt| request(attempt, "GET", "/api/me").cookies(&stale)) else {
        return;
    };
    let jar = Jar::of(&refreshed);
    if !logs_out {
        return held.living.lock().expect("no panic while held").push(jar);
    }
    if until_answered(|attempt| request(attempt, "POST", LOGOUT).cookies(&jar)).is_some() {
        held.ended.lock().expect("no panic while held").push(jar);
    }
}

/// Tries the next node if one is down or responds with 503; any other status except 200 fails the
/// test. None after the timeout, which counts as no response.
fn until_answered(request: impl Fn(usize) -> Request) -> Option<Answer> {
    let start = Instant::now();
    let mut attempt = 0;
    while start.elapsed() < PATIENCE {
        match request(attempt).try_send() {
            Ok(answer) if answer.status == 503 => {}
            Ok(answer) => {
                assert_eq!(answer.status, 200, "attempt {attempt}: {answer:?}");
                return Some(answer);
            }
            Err(_) => {}
        }
        attempt += 1;
        thread::sleep(Duration::from_millis(50));
    }
    None
}
