//! A response that is sent late, while another node has ended its session: no cookie of it is
//! written, whichever row decided.

use cookiejwt_store::{Reason, RevocationReason, Slot};
use http::{HeaderMap, header::SET_COOKIE};

use crate::common::{Browser, Call, Jar, World};

/// The rows whose responses carry a refresh token, and can be late.
#[derive(Clone, Copy, Debug)]
enum Row {
    M,
    O,
    P,
}

impl Row {
    const ALL: [Self; 3] = [Self::M, Self::O, Self::P];

    /// What the browser sends, at a time that makes it this row, and the reason.
    async fn begin(self, world: &World, alice: &Browser) -> (Jar, Reason) {
        let parent = alice.jar.without_access();
        match self {
            Self::M => (parent, Reason::Rotated),
            Self::O => {
                let _ = world.auth.refresh(&alice.jar.post()).await;
                world.advance(6);
                (parent, Reason::ParentInLeeway)
            }
            Self::P => {
                let rotated = world.auth.refresh(&alice.jar.post()).await;
                world.advance(6);
                (Jar::of(&rotated.cookies).without_access(), Reason::CurrentInLeeway)
            }
        }
    }
}

/// The names of the cookies that this response sets, and the calls that it makes first.
async fn sent(world: &World, slot: &Slot) -> (Vec<String>, Vec<Call>) {
    world.switches.take_log();
    if let Some(departure) = slot.departure() {
        slot.depart(departure).await;
    }
    let mut headers = HeaderMap::new();
    slot.write_cookies(&mut headers);
    let name = |line: &http::HeaderValue| line.to_str().unwrap().split('=').next().unwrap().to_owned();
    (headers.get_all(SET_COOKIE).iter().map(name).collect(), world.switches.take_log())
}

const BOTH: [&str; 2] = ["__Host-access_token", "__Host-refresh_token"];
const NONE: [&str; 0] = [];

#[tokio::test]
async fn a_session_that_another_node_has_ended() {
    for row in Row::ALL {
        for ends in [false, true] {
            let world = World::new();
            let alice = world.login("alice").await;
            let node = world.another_node();
            let (jar, reason) = row.begin(&world, &alice).await;
            let slot = Slot::new(&node, "/");
            assert_eq!(slot.settle((&jar.get()).into()).await.reason, reason, "{row:?}");
            // Rows o and p are late already: their leeway began with the rotation.
            world.advance(if reason == Reason::Rotated { 6 } else { 1 });
            if ends {
                world.auth.revoke_session(alice.session, RevocationReason::Logout).await.unwrap();
            }
            let (cookies, calls) = sent(&world, &slot).await;
            let (expected, asked): (&[&str], &[Call]) = match (row, ends) {
                (_, false) => (&BOTH, &[Call::Settle]),
                (Row::P, true) => (&NONE, &[Call::Settle, Call::EndsOf]),
                (_, true) => (&NONE, &[Call::Settle]),
            };
            assert_eq!(cookies, expected, "{row:?}, ended: {ends}");
            assert_eq!(calls, asked, "{row:?}, ended: {ends}");
        }
    }
}

/// The client holds the refresh token, and needs an access token.
#[tokio::test]
async fn row_p_of_a_living_session_that_was_received() {
    for (rule, call, expected) in [
        ("it lives", None, &BOTH[..1]),
        ("it cannot be asked", Some(Call::EndsOf), &BOTH[..1]),
        ("nor settled", Some(Call::Settle), &BOTH[..1]),
    ] {
        let world = World::new();
        let alice = world.login("alice").await;
        let (jar, _) = Row::P.begin(&world, &alice).await;
        let slot = Slot::new(&world.auth, "/");
        slot.settle((&jar.get()).into()).await;
        world.auth.write_receipts().await.unwrap();
        if let Some(call) = call {
            world.switches.fail(call);
        }
        let (cookies, calls) = sent(&world, &slot).await;
        assert_eq!(cookies, expected, "{rule}");
        assert_eq!(calls, [Call::Settle, Call::EndsOf], "{rule}");
    }
}

#[tokio::test]
async fn a_response_in_time_asks_nothing() {
    let world = World::new();
    let alice = world.login("alice").await;
    let slot = Slot::new(&world.auth, "/");
    assert_eq!(slot.settle((&alice.jar.without_access().get()).into()).await.reason, Reason::Rotated);
    world.advance(4);
    assert_eq!(sent(&world, &slot).await, (BOTH.map(String::from).to_vec(), vec![]));
}
