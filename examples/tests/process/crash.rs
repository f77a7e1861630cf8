use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use crate::{
    common::{ACCESS, Answer, BEHIND_A_PROXY, Home, Jar, LOGIN, REFRESH, Server, wait_for},
    database::{self, Session},
};

const THREADS: usize = 8;
const ANSWERED: usize = 24;

fn count<T>(list: &Mutex<Vec<T>>) -> usize {
    list.lock().expect("no panic while held").len()
}

/// Eight clients log in repeatedly until SIGKILL. Returns the responses that arrived complete.
fn killed_during_logins(server: Server) -> Vec<Answer> {
    let (answered, over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let begun = AtomicUsize::new(0);
    thread::scope(|scope| {
        let storm = || {
            while !over.load(Ordering::Relaxed) {
                match server.login_request_of(begun.fetch_add(1, Ordering::Relaxed)).try_send() {
                    Ok(answer) => answered.lock().expect("no panic while held").push(answer),
                    Err(_) => break,
                }
            }
        };
        let clients: Vec<_> = (0..THREADS).map(|_| scope.spawn(storm)).collect();
        let enough = wait_for(60, || (count(&answered) >= ANSWERED).then_some(()));
        server.signal("KILL");
        over.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().expect("a client does not panic");
        }
        assert!(enough.is_some(), "only {} logins answered", count(&answered));
    });
    let (status, _) = server.ended();
    assert!(!status.success());
    answered.into_inner().expect("no panic while held")
}

#[test]
fn every_confirmed_login_survives_kill_9() {
    let home = Home::new();
    let answers = killed_during_logins(home.start(&[BEHIND_A_PROXY]));
    for answer in &answers {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    is_whole(&home, &answers);

    let server = home.start(&[]);
    for answer in &answers {
        let jar = Jar::of(answer);
        let me = server.me(&jar);
        assert_eq!((me.status, &me.json()["session_id"]), (200, &answer.json()["session_id"]), "{me:?}");
        let renewed = server.me(&jar.without(ACCESS));
        assert_eq!(renewed.status, 200, "{renewed:?}\n{}", server.log());
        let refreshed = server.post(&format!("{LOGIN}refresh/")).cookies(&Jar::of(&renewed)).send();
        assert_eq!(refreshed.status, 200, "{refreshed:?}");
    }
    let after = server.login();
    assert_eq!(server.me(&after).status, 200, "a new login works");
    let log = server.kill();
    assert!(!log.contains("ERROR") && !log.contains("created the user"), "{log}");
    assert!(database::sessions(&home).iter().all(Session::is_complete));
}

/// The file is intact and contains every confirmed login and no incomplete row.
fn is_whole(home: &Home, answers: &[Answer]) {
    assert_eq!(database::integrity(home), "ok");
    let rows = database::sessions(home);
    let stored: BTreeSet<_> = rows.iter().map(|row| row.id.as_str()).collect();
    for answer in answers {
        assert!(stored.contains(answer.json()["session_id"].as_str().expect("text")), "{answer:?}");
    }
    for row in &rows {
        assert!(row.is_complete() && row.revoked_at.is_none() && row.remember, "{row:?}");
    }
    let unanswered = rows.len() - answers.len();
    println!("{} logins answered, {unanswered} stored and not answered", answers.len());
    assert!(unanswered <= THREADS, "{unanswered}");
}

#[test]
fn a_refresh_whose_response_was_lost_in_kill_9_recovers() {
    let home = Home::new();
    let leeway = [("COOKIEJWT_REUSE_LEEWAY", "60")];
    let server = home.start(&leeway);
    let jars: Vec<_> = (0..THREADS).map(|_| server.login().without(ACCESS)).collect();
    thread::scope(|scope| {
        for jar in &jars {
            // It rotates immediately, and would respond 300 ms later.
            scope.spawn(|| drop(server.get("/api/slow-error").cookies(jar).try_send()));
        }
        database::wait_for_rotation(&home);
        server.signal("KILL");
    });
    drop(server);
    let lost = database::sessions(&home);
    assert!(lost.iter().all(Session::is_complete), "{lost:?}");

    let server = home.start(&leeway);
    for jar in &jars {
        let answer = server.me(jar);
        assert_eq!(answer.status, 200, "{answer:?}\n{}", server.log());
        let healed = Jar::of(&answer);
        assert_eq!(server.me(&healed.without(REFRESH)).status, 200);
        assert_eq!(server.me(&healed.without(ACCESS)).status, 200);
    }
    for before in lost.iter().filter(|session| session.rotated_at.is_some()) {
        let after = database::sessions(&home).into_iter().find(|after| after.id == before.id);
        assert_eq!(
            after.map(|after| after.current_jti).as_ref(),
            Some(&before.current_jti),
            "the same successor"
        );
    }
}
