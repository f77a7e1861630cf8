//! An operating system without random numbers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::{
    flow::{Flow, Seen},
    scene::Scene,
};

/// Runs a flow repeatedly, and each time the next request for random numbers fails.
async fn each_question(flow: Flow) -> Vec<Seen> {
    let mut seen = Vec::new();
    loop {
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        let source = Arc::clone(&left);
        let scene = Scene::with(flow, move |builder| {
            builder.dangerous_random(move |bytes| {
                // Past zero it wraps around: one request fails.
                if source.fetch_sub(1, Ordering::SeqCst) == 0 {
                    return Err(getrandom::Error::UNSUPPORTED);
                }
                getrandom::fill(bytes)
            })
        })
        .await;
        left.store(seen.len(), Ordering::SeqCst);
        let answer = scene.run(flow).await;
        if left.load(Ordering::SeqCst) < usize::MAX / 2 {
            assert_eq!(answer.status, flow.success(), "{flow:?} without a fault");
            return seen;
        }
        let rule = format!("{flow:?}, no random numbers at question {}", seen.len());
        let told = scene.events().join(" ");
        assert!(told.contains("random"), "{rule}: not told: {told}");
        scene.heal().await;
        scene.assert_consistent(&rule, flow, Some(&answer), "").await;
        scene.assert_goes_on(&rule, flow, Some(&answer)).await;
        seen.push(answer);
    }
}

#[tokio::test(start_paused = true)]
async fn every_question_for_random_numbers_fails() {
    for (flow, expected) in [
        (Flow::FirstRequest, &[] as &[&str]),
        (Flow::RefreshAhead, &["200 kept"]),
        (Flow::Refresh, &["500 kept"]),
        (Flow::RefreshRoute, &["500 kept"]),
        (Flow::Login, &["500 kept", "500 kept"]),
        (Flow::LoginRehashing, &["500 kept", "500 kept"]),
        (Flow::FreshLogin, &["500 kept", "500 kept"]),
        (Flow::PasswordChange, &["500 kept", "500 kept"]),
        (Flow::WrongPassword, &[]),
        (Flow::Logout, &[]),
        (Flow::LogoutEverywhere, &[]),
        (Flow::ListSessions, &[]),
        (Flow::EndSession, &[]),
        (Flow::EndOtherSessions, &[]),
        (Flow::Feed, &[]),
        (Flow::Purge, &[]),
    ] {
        let seen: Vec<_> = each_question(flow).await.iter().map(Seen::in_words).collect();
        assert_eq!(seen, expected, "{flow:?}");
    }
}
