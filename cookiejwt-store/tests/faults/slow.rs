//! Stores that never return, and clients that disconnect before the response.

use std::{future::poll_fn, pin::pin, task::Poll, time::Duration};

use crate::{faulty::Fault, flow::Flow, scene::Scene};

/// How long a client waits.
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn every_call_stays_without_an_answer_until_the_client_is_gone() {
    for (flow, fault) in
        Flow::ALL.into_iter().flat_map(|flow| [(flow, Fault::Silence), (flow, Fault::SilenceAfterWork)])
    {
        for number in 0.. {
            let scene = Scene::of(flow).await;
            scene.faults.arm(fault, number);
            let seen = tokio::time::timeout(SECOND, scene.run(flow)).await.ok();
            let Some(call) = scene.heal().await else {
                assert_eq!(seen.map(|seen| seen.status), Some(flow.success()), "{flow:?} without a fault");
                break;
            };
            let rule = format!("{flow:?}, {fault:?} at {call}, number {number}");
            assert_eq!(seen, None, "{rule}");
            scene.assert_consistent(&rule, flow, None, call).await;
            scene.assert_goes_on(&rule, flow, None).await;
        }
    }
}

/// The future is dropped when it has been polled this often.
async fn hang_up_after<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn the_client_is_gone_at_every_await() {
    for flow in Flow::ALL {
        for polls in 1.. {
            let scene = Scene::of(flow).await;
            let seen = Box::pin(hang_up_after(polls, scene.run(flow))).await;
            scene.heal().await;
            let rule = format!("{flow:?}, gone after {polls} polls");
            if let Some(seen) = seen {
                assert_eq!(seen.status, flow.success(), "{rule}");
                assert!(flow == Flow::Verify || polls > 1, "{rule}: it never waited");
                break;
            }
            scene.assert_consistent(&rule, flow, None, "").await;
            if flow == Flow::Logout {
                assert!(scene.rows().await[0].revoked.is_some(), "{rule}: a logout cannot be cancelled");
            }
            scene.assert_goes_on(&rule, flow, None).await;
        }
    }
}

/// A session that could not be ended in the store is refused on this node, even after the node has
/// forgotten why.
#[tokio::test(start_paused = true)]
async fn a_logout_without_an_answer_is_carried_out_all_the_same() {
    for fault in [Fault::Silence, Fault::SilenceAfterWork] {
        let scene = Scene::of(Flow::Logout).await;
        let jar = scene.jar();
        scene.faults.arm(fault, 0);
        let seen = scene.run(Flow::Logout).await.in_words();
        assert_eq!(seen, "503 cleared", "{fault:?}: it does not wait for ever");
        scene.heal().await;
        scene.world.advance(400);
        let refused = scene.world.auth.refresh(&jar.post()).await;
        assert!(refused.identity().is_none(), "{fault:?}: back from the dead");
    }
}

/// A poll without a result for ten seconds is reported.
#[tokio::test(start_paused = true)]
async fn a_feed_without_an_answer_is_stale() {
    let scene = Scene::of(Flow::Feed).await;
    scene.faults.arm(Fault::Silence, 0);
    assert!(scene.world.auth.poll_revocations().await.is_err());
    assert_eq!(scene.events(), ["FeedStale { error: \"the store failed: it gives no answer\" }"]);
    scene.faults.heal();
    scene.world.auth.poll_revocations().await.unwrap();
    assert_eq!(scene.events().last().unwrap(), "FeedRecovered");
}
