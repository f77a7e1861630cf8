//! A store that fails: the response of each flow, its effect on the cookies, and the events.

use std::{fmt::Write as _, time::Duration};

use crate::{
    faulty::Fault,
    flow::{Flow, Seen},
    scene::Scene,
};

/// The response if a call fails, if it and all later ones fail, and if its result is lost. The
/// lines of a flow are all its calls, in order.
const ANSWERS: &str = include_str!("errors.txt");

/// Runs a flow with one fault after the other; returns the name of each call and the response.
async fn each_call(flow: Flow, fault: Fault) -> Vec<(&'static str, Seen)> {
    let mut calls = Vec::new();
    loop {
        let scene = Scene::of(flow).await;
        scene.faults.arm(fault, calls.len());
        let seen = scene.run(flow).await;
        let told = scene.events();
        let Some(call) = scene.heal().await else {
            assert_eq!(seen.status, flow.success(), "{flow:?} without a fault: {seen:?}");
            return calls;
        };
        let rule = format!("{flow:?}, {fault:?} at {call}, number {}", calls.len());
        assert_told(&rule, fault, call, &told);
        scene.assert_consistent(&rule, flow, Some(&seen), call).await;
        scene.assert_goes_on(&rule, flow, Some(&seen)).await;
        calls.push((call, seen));
    }
}

/// The call that failed is logged once, with its name and the store's message.
fn assert_told(rule: &str, fault: Fault, call: &str, told: &[String]) {
    let words = match fault {
        Fault::LostAnswer => format!("the store failed: the answer of {call} is lost"),
        _ => format!("the store failed: {call} is away"),
    };
    let expected = match call {
        "revoked_since" | "renewed_since" => format!("FeedStale {{ error: {words:?} }}"),
        _ => format!("StoreFailed {{ operation: {call:?}, error: {words:?} }}"),
    };
    let is_failure = |event: &&String| event.starts_with("StoreFailed") || event.starts_with("FeedStale");
    let failures: Vec<_> = told.iter().filter(is_failure).collect();
    assert!(failures.contains(&&expected), "{rule}: {expected} is not told: {told:?}");
    assert!(fault == Fault::Outage || failures.len() == 1, "{rule}: told more than once: {failures:?}");
}

#[tokio::test(start_paused = true)]
async fn every_call_fails_once_and_for_good_and_loses_its_answer() {
    let mut answers =
        String::from("# call                     fails         all fail      loses its result\n");
    for flow in Flow::ALL {
        let once = each_call(flow, Fault::Error).await;
        let away = each_call(flow, Fault::Outage).await;
        let lost = each_call(flow, Fault::LostAnswer).await;
        assert_eq!((once.len(), once.len()), (away.len(), lost.len()), "{flow:?}");
        writeln!(answers, "{flow:?}").unwrap();
        for (((call, once), (_, away)), (_, lost)) in once.iter().zip(&away).zip(&lost) {
            let [once, away, lost] = [once, away, lost].map(Seen::in_words);
            writeln!(answers, "    {call:<22} {once:<13} {away:<13} {lost}").unwrap();
        }
    }
    assert!(answers == ANSWERS, "tests/faults/errors.txt would be\n{answers}");
}

/// No request waits for it, so only the event reports that it fails; and it continues.
#[tokio::test(start_paused = true)]
async fn the_background_task_reports_failures_and_continues() {
    let scene = Scene::of(Flow::Purge).await;
    // The first request starts it.
    let _ = scene.world.authenticate(scene.jar().get()).await;
    scene.faults.arm(Fault::Outage, 0);
    tokio::time::sleep(Duration::from_hours(2)).await;
    let told = scene.events();
    for call in ["purge", "purge_spent", "purge_throttle"] {
        let expected =
            format!("StoreFailed {{ operation: {call:?}, error: \"the store failed: {call} is away\" }}");
        assert!(told.contains(&expected), "{expected} is not told: {told:?}");
    }
    assert_eq!(scene.rows().await.len(), 2);
    scene.faults.heal();
    tokio::time::sleep(Duration::from_hours(2)).await;
    assert!(scene.events().contains(&"Purged { sessions: 2 }".to_owned()), "{:?}", scene.events());
}
