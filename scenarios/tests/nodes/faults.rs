//! One fault at a time.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    cluster::Cluster,
    common::{ACCESS, Jar, LOGOUT, REFRESH, wait_for},
};

/// The poll interval and half a second.
const TRAVELS_WITHIN: Duration = Duration::from_millis(1500);
const ROTATED: &str = "SELECT COUNT(*) FROM cookiejwt_sessions WHERE previous_jti IS NOT NULL";
const REQUESTS: u64 = 900;

pub(crate) fn parallel_refresh_over_all_nodes(cluster: &Cluster) {
    let rotated = cluster.database.number(ROTATED);
    let jar = cluster.nodes[0].server().login();
    cluster.is_good_everywhere(&jar, "a login on one node");
    let stale = &jar.without(ACCESS);
    let answers: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..30)
            .map(|index| {
                let server = cluster.nodes[index % cluster.nodes.len()].server();
                scope.spawn(move || server.me(stale))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    });
    let successors: Vec<_> = answers.iter().map(|answer| Jar::of(answer).get(REFRESH).to_owned()).collect();
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    assert!(successors.iter().all(|successor| *successor == successors[0]), "one successor for all");
    assert_eq!(cluster.database.number(ROTATED) - rotated, 1, "one rotation");
    cluster.is_good_everywhere(&Jar::of(&answers[0]), "the successor");
}

pub(crate) fn logout_travels(cluster: &Cluster) {
    for index in 0..cluster.nodes.len() {
        let node = &cluster.nodes[index];
        let jar = node.server().login();
        cluster.is_good_everywhere(&jar, "before the logout");
        assert_eq!(node.server().post(LOGOUT).cookies(&jar).send().status, 200);
        let start = Instant::now();
        assert_eq!(node.server().me(&jar.without(REFRESH)).status, 401, "at once where it was revoked");
        for (name, server) in cluster.servers() {
            let is_dead =
                || (server.get("/api/me").bearer(jar.get(ACCESS)).send().status == 401).then_some(());
            wait_for(10, is_dead).unwrap_or_else(|| panic!("{name} never hears of it"));
        }
        let elapsed = start.elapsed();
        println!("a logout on {} is known to the others after {} ms", node.name, elapsed.as_millis());
        assert!(elapsed <= TRAVELS_WITHIN, "{elapsed:?}");
    }
}

/// What was revoked, what was renewed, and the clock of the database.
const POLL: u64 = 3;

/// The proxies count the statements: those of the feed, once per second, and at most two of the
/// background, which writes a receipt or purges now and then.
pub(crate) fn a_valid_access_token_costs_no_query(cluster: &Cluster) {
    let jar = cluster.nodes[0].server().login();
    cluster.is_good_everywhere(&jar, "before counting");
    for node in &cluster.nodes {
        let (before, start) = (node.proxy.statements(), Instant::now());
        for _ in 0..REQUESTS {
            assert_eq!(node.server().me(&jar).status, 200);
        }
        let (statements, seconds) = (node.proxy.statements() - before, start.elapsed().as_secs());
        println!("{}: {REQUESTS} authenticated requests, {statements} statements in {seconds} s", node.name);
        // The seconds are cut, so one more poll fits in, at both ends.
        assert!(statements <= POLL * (seconds + 2) + 2, "{}: {statements} in {seconds} s", node.name);
    }
}

/// The refresh reads the user, then rotates; the second response is lost. Other statements of the
/// node may come in between, so the test tries until it hits the rotation.
pub(crate) fn an_answer_lost_after_commit(cluster: &Cluster) {
    for node in &cluster.nodes {
        let hit = (0..10).any(|_| {
            let jar = node.server().login();
            let stale = jar.without(ACCESS);
            let rotated = cluster.database.number(ROTATED);
            node.proxy.lose_answer_after(1);
            let answer = node.server().me(&stale);
            wait_for(10, || node.proxy.has_cut().then_some(())).expect("the cut");
            if cluster.database.number(ROTATED) == rotated || answer.status != 503 {
                return false;
            }
            assert_eq!(
                (answer.code().as_str(), answer.set_cookies().len()),
                ("unavailable", 0),
                "{answer:?}"
            );
            let retried = node.server().me(&stale);
            assert_eq!(retried.status, 200, "{}: the same cookies again: {retried:?}", node.name);
            cluster.is_good_everywhere(&Jar::of(&retried), "after the retry");
            true
        });
        assert!(hit, "{}: no rotation lost its answer", node.name);
    }
}

pub(crate) fn a_logout_whose_answer_was_lost(cluster: &Cluster) {
    for node in &cluster.nodes {
        let jar = node.server().login();
        node.proxy.lose_answer_after(0);
        let answer = node.server().post(LOGOUT).cookies(&jar).send();
        wait_for(10, || node.proxy.has_cut().then_some(())).expect("the cut");
        assert!([200, 503].contains(&answer.status), "{answer:?}");
        assert_eq!(answer.set_cookies().len(), 2, "cleared all the same: {answer:?}");
        for (name, server) in cluster.servers() {
            let is_dead = || (server.me(&jar).status == 401).then_some(());
            wait_for(10, is_dead).unwrap_or_else(|| panic!("{name} lets it live"));
        }
    }
}

pub(crate) fn the_database_is_unavailable(cluster: &mut Cluster) {
    let jar = cluster.nodes[0].server().login();
    cluster.is_good_everywhere(&jar, "before");
    for node in &cluster.nodes {
        node.proxy.close();
        let (server, name) = (node.server(), node.name);
        assert_eq!(server.me(&jar).status, 200, "{name}: a valid access token goes on");
        let stale = server.me(&jar.without(ACCESS));
        assert_eq!((stale.status, stale.set_cookies().len()), (503, 0), "{name}: {stale:?}");
        node.proxy.open();
        let refreshed = wait_for(10, || Some(server.me(&jar.without(ACCESS))).filter(|it| it.status == 200));
        assert!(refreshed.is_some(), "{name}: it comes back by itself");
    }
}
