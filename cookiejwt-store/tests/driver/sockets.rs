//! A measurement: what 10,000 waiting sockets cost one node. The guide has the figures
//! (`docs/guide/streams.md`).
//!
//! `cargo test -p cookiejwt-store --test driver -- --ignored --nocapture sockets`

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Waker},
    time::{Duration, Instant},
};

use cookiejwt_store::{Ended, Identity, RevocationReason};
use tokio::time::sleep;

use crate::common::{Call, PASSWORD, World};

const SOCKETS: usize = 10_000;
const MINUTES: u32 = 15;
const ROUND: Duration = Duration::from_millis(5001);

/// Logins over five minutes, each with a session of its own.
async fn identities(world: &World) -> Vec<Identity> {
    let mut identities = Vec::with_capacity(SOCKETS);
    for number in 0..SOCKETS {
        if number % (SOCKETS / 300) == 0 {
            world.advance(1);
        }
        identities.push(world.try_login("alice", PASSWORD).await.unwrap().identity);
    }
    identities
}

fn poll(ended: &mut Ended) {
    let polled = Pin::new(ended).poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
}

/// Resident memory in bytes, where the system reports it.
fn resident() -> Option<usize> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    pages.split(' ').nth(1)?.parse::<usize>().ok().map(|pages| pages * 4096)
}

#[tokio::test(start_paused = true)]
#[ignore = "a measurement"]
async fn of_ten_thousand_sockets() {
    let world = World::new();
    let identities = identities(&world).await;
    let mut waiting = Vec::with_capacity(SOCKETS);
    let before = resident();
    waiting.extend(identities.iter().map(|who| world.auth.ended(who)));
    waiting.iter_mut().for_each(poll);
    if let (Some(before), Some(after)) = (before, resident()) {
        let bytes = after.saturating_sub(before) / SOCKETS;
        println!("memory: {bytes} bytes each, {} of them in `Ended` itself", size_of::<Ended>());
    }

    let began = Instant::now();
    assert_eq!(world.auth.poll_ends().await.unwrap(), 0);
    println!("asking about those that are due: {:?}", began.elapsed());
    let began = Instant::now();
    assert_eq!(world.auth.poll_ends().await.unwrap(), 0);
    println!("looking through all of them: {:?}", began.elapsed());

    world.switches.take_log();
    for _ in 0..MINUTES * 12 {
        world.advance(5);
        sleep(ROUND).await;
    }
    let asked = world.switches.count(Call::EndsOf);
    let feed = world.switches.count(Call::RevokedSince);
    println!("in {MINUTES} minutes: {asked} questions, {feed} polls of the feed");
    drop(waiting);

    let tasks: Vec<_> = identities.iter().map(|who| tokio::spawn(world.auth.ended(who))).collect();
    sleep(Duration::from_millis(1)).await;
    let began = Instant::now();
    world.auth.revoke_everybody(RevocationReason::Administrator).await.unwrap();
    for task in tasks {
        task.await.unwrap();
    }
    println!("all of them closed after {:?}", began.elapsed());
}
