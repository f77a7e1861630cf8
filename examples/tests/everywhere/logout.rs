//! The logout, what ends with it, and what it costs the database.

use std::{
    collections::BTreeSet,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    common::{Jar, LOGOUT, Open, wait_for},
    stage::{Node, Stage, ordered, tokens},
    way::Statement,
};

/// The pause between two looks at the feed.
const PAUSE: Duration = Duration::from_secs(1);
/// Statements of one look: what was revoked, what was renewed, and the time of the database.
const LOOK: usize = 3;
/// How long to wait for what takes about a second.
const PATIENCE: u64 = 20;

#[test]
fn a_logout_in_a_browser_ends_whatever_its_session_is_open_in() {
    let Some(stage) = Stage::start() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(story(&stage));
    stage.end();
}

async fn story(stage: &Stage) {
    let [here, second, third] = &stage.nodes;
    let browser = stage.signed_in().await;
    let (jar, phone) = (tokens(&browser).await, here.server.login());
    let waiting = [
        ("the socket", until_closed(Open::socket(&second.server, &jar))),
        ("the stream", until_complete(Open::events(&third.server, &jar))),
        ("the service", until_refused(stage, &jar)),
    ];
    let mut other = Open::socket(&second.server, &phone);
    let feed = while_nothing_happens(stage);
    assert_eq!(feed.len(), LOOK, "{feed:#?}");

    let pressed = Instant::now();
    assert_eq!(browser.press("Log out", "POST", LOGOUT).await.status, 200);
    let ended = waiting.map(|(name, end)| (name, end.join().expect("it ends")));
    look_once_more(stage);
    let logout = here.besides(&feed, pressed);
    let [update] = &logout[..] else { panic!("more than one statement: {logout:#?}") };
    assert!(update.sql.starts_with("UPDATE"), "{update:?}");
    for (name, at) in ended {
        println!("{name} ended {:?} after the logout", at.saturating_duration_since(update.sent_at));
    }
    for node in [second, third] {
        let besides = node.besides(&feed, pressed);
        assert!(besides.is_empty(), "{besides:#?}");
    }
    for node in &stage.nodes {
        node.has_only_looked(&feed, pressed);
    }
    other.is_echoed();
    assert_eq!(ordered(stage.orders.address(), &phone).status, 200, "another session of the user");
    assert_eq!(browser.complaints().await, <[String; 0]>::default());
}

fn until_closed(mut socket: Open) -> JoinHandle<Instant> {
    thread::spawn(move || {
        socket.read_until_closed("session_revoked");
        Instant::now()
    })
}

fn until_complete(mut events: Open) -> JoinHandle<Instant> {
    thread::spawn(move || {
        events.read_to_end();
        assert!(events.received().ends_with(b"0\r\n\r\n"), "the body is complete: {}", events.text());
        Instant::now()
    })
}

/// The service accepts the token first.
fn until_refused(stage: &Stage, jar: &Jar) -> JoinHandle<Instant> {
    let (orders, jar) = (stage.orders.address(), jar.clone());
    assert_eq!(ordered(orders, &jar).status, 200);
    thread::spawn(move || {
        let is_refused = || {
            let answer = ordered(orders, &jar);
            (answer.status != 200).then_some((Instant::now(), answer))
        };
        let (at, answer) = wait_for(10 * PATIENCE, is_refused).expect("it goes on");
        assert_eq!((answer.status, &*answer.code()), (401, "session_revoked"));
        at
    })
}

/// The statements that are sent anyway: two looks at the feed on each node.
fn while_nothing_happens(stage: &Stage) -> BTreeSet<String> {
    let since = Instant::now();
    let sent = stage.nodes.iter().flat_map(|node| node.after(2 * LOOK, since));
    sent.collect()
}

/// What is sent too much has been sent then.
fn look_once_more(stage: &Stage) {
    let since = Instant::now();
    for node in &stage.nodes {
        node.after(LOOK, since);
    }
}

impl Node {
    /// What it sends from this moment on, at least so many.
    fn after(&self, count: usize, moment: Instant) -> Vec<String> {
        let enough = || Some(self.way.since(moment)).filter(|sent| sent.len() >= count);
        let sent = wait_for(PATIENCE, enough).expect("it looks at the feed");
        sent.into_iter().map(|statement| statement.sql).collect()
    }

    /// What it has sent that is not part of a look at the feed.
    fn besides(&self, feed: &BTreeSet<String>, moment: Instant) -> Vec<Statement> {
        self.way.since(moment).into_iter().filter(|statement| !feed.contains(&statement.sql)).collect()
    }

    /// It has looked no more often than with nothing open: there is a pause after each look.
    fn has_only_looked(&self, feed: &BTreeSet<String>, moment: Instant) {
        let sent = self.way.since(moment);
        let passed = moment.elapsed();
        for sql in feed {
            let times = sent.iter().filter(|statement| statement.sql == *sql).count();
            let looks = usize::try_from(passed.as_secs() / PAUSE.as_secs()).expect("not so many") + 1;
            assert!(times <= looks, "{times} in {passed:?}: {sql}");
        }
    }
}
