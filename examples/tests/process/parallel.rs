use std::{
    collections::BTreeSet,
    sync::{Barrier, Mutex},
    thread,
};

use crate::{
    common::{ACCESS, Answer, BEHIND_A_PROXY, Home, Jar, REFRESH, Server},
    database,
};

const REQUESTS: usize = 50;

/// Sends the same request many times, as simultaneously as possible.
fn all_at_once(server: &Server, path: &str, jar: &Jar) -> Vec<Answer> {
    let (barrier, answers) = (Barrier::new(REQUESTS), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..REQUESTS {
            scope.spawn(|| {
                let request = server.get(path).cookies(jar);
                barrier.wait();
                let answer = request.send();
                answers.lock().expect("no panic while held").push(answer);
            });
        }
    });
    answers.into_inner().expect("no panic while held")
}

#[test]
fn fifty_parallel_requests_with_one_refresh_token_rotate_once() {
    let home = Home::new();
    let server = home.start(&[]);
    let before = server.login();
    let [session] = database::sessions(&home).try_into().expect("one session");
    assert_eq!((&session.previous_jti, session.rotated_at), (&None, None));
    let parent = session.current_jti;

    let answers = all_at_once(&server, "/api/me", &before.without(ACCESS));
    assert_eq!(answers.len(), REQUESTS);
    for answer in &answers {
        assert_eq!(answer.status, 200, "{answer:?}\n{}", server.log());
    }
    let jars: Vec<_> = answers.iter().map(Jar::of).collect();
    let successors: BTreeSet<_> = jars.iter().map(|jar| jar.get(REFRESH)).collect();
    assert_eq!(successors.len(), 1, "one successor for all");
    assert!(!successors.contains(before.get(REFRESH)));

    let [session] = database::sessions(&home).try_into().expect("still one session");
    assert_eq!(session.previous_jti, Some(parent), "rotated exactly once: {session:?}");
    assert!(session.rotated_at.is_some() && session.revoked_at.is_none(), "{session:?}");
    for jar in &jars {
        assert_eq!(server.me(&jar.without(REFRESH)).status, 200, "each access token works");
    }
    assert_eq!(server.me(&jars[0].without(ACCESS)).status, 200, "so does the successor");
}

#[test]
fn fifty_parallel_logins_are_fifty_sessions() {
    let home = Home::new();
    let server = home.start(&[BEHIND_A_PROXY]);
    let barrier = Barrier::new(REQUESTS);
    let names: BTreeSet<_> = thread::scope(|scope| {
        let login = |client| {
            barrier.wait();
            let answer = server.login_request_of(client).send();
            assert_eq!(answer.status, 200, "{answer:?}");
            answer.json()["session_id"].as_str().expect("text").to_owned()
        };
        let threads: Vec<_> = (0..REQUESTS).map(|client| scope.spawn(move || login(client))).collect();
        threads.into_iter().map(|thread| thread.join().expect("200")).collect()
    });
    assert_eq!(names.len(), REQUESTS);
    let stored: BTreeSet<_> = database::sessions(&home).into_iter().map(|session| session.id).collect();
    assert_eq!(stored, names);
}
