//! What device-bound sessions report: who binds, who proves, and who does not.

use cookiejwt_store::{LoginContext, LoginOptions, RevocationReason, testing};
use http::{Request, request::Parts};

use crate::{
    common::{BoundBrowser, Browser, Call, Jar, PASSWORD, World, offering, registration, renewal},
    ear::{Told, hear_in},
};

fn told(story: impl AsyncFnOnce(&World)) -> Told {
    hear_in(|| World::with(offering()), story)
}

/// Without those of logins, `name{label} count`.
fn counters(told: &Told) -> Vec<String> {
    let is_ours = |name: &str| {
        ["cookiejwt_device", "cookiejwt_refreshes", "cookiejwt_refusals", "cookiejwt_store_failures"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
    };
    let counters = told.counters.iter().filter(|(name, _)| is_ours(name));
    counters.map(|(name, count)| format!("{} {count}", name.trim_start_matches("cookiejwt_"))).collect()
}

/// Without the login.
fn events(told: &Told) -> Vec<&str> {
    let is_login = |event: &&str| event.starts_with("logged in");
    told.events.iter().map(String::as_str).filter(|event| !is_login(event)).collect()
}

fn has_line(told: &Told, line: &str) {
    assert!(told.log.lines().any(|known| known.contains(line)), "{line} is not in\n{}", told.log);
}

fn warns_of_nothing(told: &Told) {
    let warning = told.log.lines().find(|line| line.contains("WARN cookiejwt_store::event:"));
    assert_eq!(warning, None);
}

async fn registers(world: &World, response: &str) {
    let _ = world.auth.bind_device(&registration(response)).await;
}

/// Alice's browser, whose session is bound, with an expired access token.
async fn stale(world: &World) -> BoundBrowser {
    let mut alice = BoundBrowser::bound(world).await;
    world.expire_access();
    alice.browser.jar = alice.browser.jar.without_access();
    alice
}

#[test]
fn a_binding() {
    let heard = told(async |world| {
        let alice = BoundBrowser::bound(world).await;
        alice.binds(&world.auth).await;
    });
    assert_eq!(events(&heard), ["device bound"], "the same key again is no event");
    assert_eq!(counters(&heard), ["device_total{outcome=bound} 1"]);
    has_line(&heard, "INFO cookiejwt_store::event: bound to a device session=");
}

#[test]
fn a_second_key() {
    let heard = told(async |world| {
        let alice = BoundBrowser::offered(world).await;
        let login = world.try_login("bob", PASSWORD).await.unwrap();
        let offer = crate::common::offer(&world.auth, &login);
        registers(world, &testing::other_device().registers(&offer)).await;
        registers(world, &alice.device.registers(&offer)).await;
    });
    assert_eq!(events(&heard), ["device bound", "device refused conflict known"]);
    assert_eq!(counters(&heard), ["device_total{outcome=bound} 1", "device_total{outcome=conflict} 1"]);
    has_line(&heard, "WARN cookiejwt_store::event: a second key was registered for a session");
}

#[test]
fn what_is_not_bound() {
    let heard = told(async |world| {
        let alice = BoundBrowser::offered(world).await;
        let payload = |challenge: &str| format!(r#"{{"jti":"{challenge}"}}"#);
        let login = world.try_login("alice", PASSWORD).await.unwrap();
        let offer = crate::common::offer(&world.auth, &login);
        let challenge = offer.split('"').nth(3).unwrap();
        let keyless = alice.device.signs(r#"{"alg":"ES256","typ":"dbsc+jwt"}"#, &payload(challenge));
        registers(world, "not\ta proof").await;
        registers(world, &alice.device.registers(r#"challenge="none.none""#)).await;
        registers(world, &keyless).await;
        let (signed, _) = alice.registration.rsplit_once('.').unwrap();
        let (_, signature) = keyless.rsplit_once('.').unwrap();
        registers(world, &format!("{signed}.{signature}")).await;
        let session = alice.browser.session.clone();
        world.another_node().revoke_session(session, RevocationReason::Logout).await.unwrap();
        registers(world, &alice.registration).await;
    });
    let expected = [
        "device refused structure unknown",
        "device refused challenge unknown",
        "device refused key known",
        "device refused signature known",
        "device refused ended known",
    ];
    assert_eq!(events(&heard), expected);
    assert_eq!(counters(&heard), ["device_total{outcome=refused} 5"]);
    has_line(&heard, "INFO cookiejwt_store::event: not bound to a device reason=\"structure\"");
    warns_of_nothing(&heard);
}

#[test]
fn a_renewal() {
    let heard = told(async |world| {
        let mut alice = stale(world).await;
        let proof = alice.proof(&world.auth).await;
        let _ = alice.sends(&world.auth, Some(&proof)).await;
        let _ = alice.sends(&world.auth, Some(&proof)).await;
        world.advance(11);
        let _ = alice.sends(&world.auth, Some(&proof)).await;
        alice.renews(&world.auth).await;
    });
    let expected = [
        "device bound",
        "refreshed 1 DeviceProved",
        "refreshed 1 DeviceProvedInLeeway",
        "refreshed 1 DeviceProved",
    ];
    assert_eq!(events(&heard), expected, "a challenge is no event");
    let expected = [
        "device_total{outcome=bound} 1",
        "device_total{outcome=challenged} 3",
        "device_total{outcome=renewed} 3",
        "refreshes_total{outcome=device_proved} 2",
        "refreshes_total{outcome=device_repeated} 1",
    ];
    assert_eq!(counters(&heard), expected);
    has_line(&heard, "DEBUG cookiejwt_store::event: refreshed reason=DeviceProved session=");
}

#[test]
fn proofs_that_are_none() {
    let heard = told(async |world| {
        let alice = stale(world).await;
        let proof = alice.proof(&world.auth).await;
        let _ = alice.sends(&world.auth, Some("x.y.z")).await;
        let thief = BoundBrowser { device: testing::other_device(), ..alice.clone() };
        let thiefs = thief.proof(&world.auth).await;
        let _ = thief.sends(&world.auth, Some(&thiefs)).await;
        let _ = alice.sends(&world.auth, Some(&proof)).await;
    });
    let expected = [
        "device bound",
        "device proof rejected structure",
        "device proof rejected signature",
        "refreshed 1 DeviceProved",
    ];
    assert_eq!(events(&heard), expected);
    let expected = [
        "device_total{outcome=bound} 1",
        "device_total{outcome=challenged} 2",
        "device_total{outcome=rejected} 2",
        "device_total{outcome=renewed} 1",
        "refreshes_total{outcome=device_proved} 1",
    ];
    assert_eq!(counters(&heard), expected);
    has_line(&heard, "WARN cookiejwt_store::event: the proof of a device is not accepted session=");
}

#[test]
fn browsers_that_forget_their_session() {
    let heard = told(async |world| {
        let unbound = BoundBrowser::offered(world).await;
        let alice = stale(world).await;
        let (jar, session) = (&alice.browser.jar, &alice.browser.session);
        let send = async |jar: &Jar, session, response: Option<&str>| {
            let _ = world.auth.renew_device(&renewal(jar, session, response)).await;
        };
        send(&Jar::default(), session, None).await;
        send(jar, &unbound.browser.session, None).await;
        let proof = unbound.proof(&world.auth).await;
        send(&unbound.browser.jar, &unbound.browser.session, Some(&proof)).await;
        let rowless = testing::refresh("1").by(&world.auth.core()).issued_at(world.auth.now()).cookie();
        let rowless =
            Jar { refresh: rowless.split_once('=').map(|(_, token)| token.to_owned()), ..Jar::default() };
        let strange = Browser { jar: rowless, session: cookiejwt_store::SessionId::from_random([1; 16]) };
        let strange = BoundBrowser { browser: strange, ..alice.clone() };
        let proof = strange.proof(&world.auth).await;
        let _ = strange.sends(&world.auth, Some(&proof)).await;
        let proof = alice.proof(&world.auth).await;
        world.another_node().revoke_session(session.clone(), RevocationReason::Logout).await.unwrap();
        let _ = alice.sends(&world.auth, Some(&proof)).await;
        let mut disabled = BoundBrowser::bound(world).await;
        world.users.change(1, |alice| alice.is_active = false);
        disabled.renews(&world.auth).await;
    });
    let expected = [
        "device bound",
        "device ended no_cookie",
        "device ended other_session",
        "device ended unbound",
        "device ended missing",
        "device ended revoked",
        "device bound",
        "refused UserInactive",
        "revoked user_inactive",
        "device ended user_inactive",
    ];
    let mut found = events(&heard);
    found[7..9].sort_unstable();
    assert_eq!(found, expected);
    assert!(counters(&heard).contains(&"device_total{outcome=ended} 6".into()), "{:?}", counters(&heard));
    has_line(&heard, "DEBUG cookiejwt_store::event: a browser forgets its device-bound session session=");
    warns_of_nothing(&heard);
}

#[test]
fn a_session_past_its_end() {
    let heard = told(async |world| {
        let options = LoginOptions::new().ends_after(std::time::Duration::from_mins(10));
        let context = LoginContext::default();
        let login = world.auth.login_with_password("alice", PASSWORD, options, context).await.unwrap();
        let alice = BoundBrowser::of(&world.auth, &login);
        alice.binds(&world.auth).await;
        world.advance(600);
        let _ = alice.sends(&world.auth, None).await;
    });
    assert_eq!(events(&heard), ["device bound", "device ended no_cookie"], "its token has ended, too");
}

/// A request of the application, with this line of the browser.
fn asks(jar: &Jar, skipped: &[&str]) -> Parts {
    let request = Request::get("/").header("cookie", jar.field().unwrap());
    let request =
        skipped.iter().fold(request, |request, line| request.header("secure-session-skipped", *line));
    request.body(()).unwrap().into_parts().0
}

#[test]
fn requests_without_a_proof() {
    let heard = told(async |world| {
        let mut alice = stale(world).await;
        alice.renews(&world.auth).await;
        let jar = alice.browser.jar.without_access();
        let skipped =
            |reason: &str| format!(r#"{reason};session_identifier="{}""#, alice.browser.session.as_str());
        let own = ["quota_exceeded", "unreachable", "server_error", "anything"].map(skipped);
        for line in &own {
            let _ = world.authenticate(asks(&jar, &[line])).await;
        }
        for lines in
            [&[][..], &["quota_exceeded;session_identifier=\"another\""], &["quota_exceeded"], &["("]]
        {
            let _ = world.authenticate(asks(&jar, lines)).await;
        }
        let other = "unreachable;session_identifier=\"another\"";
        let _ = world.authenticate(asks(&jar, &[other, &own[0]])).await;
        // Nothing is counted for a request that needs no proof.
        let _ = world.authenticate(asks(&alice.browser.jar, &[&own[1]])).await;
    });
    let missing = |skipped: &str| format!("refused DeviceProofMissing {{ skipped: {skipped} }}");
    let some =
        ["QuotaExceeded", "Unreachable", "ServerError", "Other"].map(|one| missing(&format!("Some({one})")));
    let mut expected = vec!["device bound".to_owned(), "refreshed 1 DeviceProved".to_owned()];
    expected.extend(some.clone());
    expected.extend((0..4).map(|_| missing("None")));
    expected.push(some[0].clone());
    assert_eq!(events(&heard), expected);
    for expected in [
        "device_skipped_total{reason=other} 1",
        "device_skipped_total{reason=quota_exceeded} 2",
        "device_skipped_total{reason=server_error} 1",
        "device_skipped_total{reason=unreachable} 1",
        "refusals_total{reason=device_proof_missing} 9",
    ] {
        assert!(counters(&heard).contains(&expected.into()), "{expected}: {:?}", counters(&heard));
    }
}

#[test]
fn a_token_from_before_the_binding() {
    let heard = told(async |world| {
        let alice = BoundBrowser::bound(world).await;
        world.advance(280);
        let soft = world.authenticate(alice.browser.jar.get()).await;
        assert!(soft.identity().is_some());
        world.advance(26);
        let _ = world.authenticate(alice.browser.jar.without_access().get()).await;
    });
    assert_eq!(
        events(&heard),
        ["device bound", "refused BoundMeanwhile"],
        "nothing was refused in the soft case"
    );
    let expected = ["device_total{outcome=bound} 1", "refusals_total{reason=device_proof_missing} 1"];
    assert_eq!(counters(&heard), expected);
}

#[test]
fn what_is_no_matter_of_devices() {
    let heard = told(async |world| {
        let alice = BoundBrowser::offered(world).await;
        world.switches.fail(Call::Bind);
        alice.binds(&world.auth).await;
        world.switches.mend(Call::Bind);
        alice.binds(&world.auth).await;
        let mut head = renewal(&alice.browser.jar, &alice.browser.session, None);
        head.headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
        let _ = world.auth.renew_device(&head).await;
        let proof = alice.proof(&world.auth).await;
        world.switches.fail(Call::Find);
        let _ = alice.sends(&world.auth, Some(&proof)).await;
    });
    let expected = ["store failed bind", "device bound", "csrf CrossSite", "store failed find"];
    assert_eq!(events(&heard), expected);
    let expected = [
        "device_total{outcome=bound} 1",
        "device_total{outcome=challenged} 1",
        "refusals_total{reason=csrf} 1",
        "store_failures_total{operation=bind} 1",
        "store_failures_total{operation=find} 1",
    ];
    assert_eq!(counters(&heard), expected);
}

#[test]
fn no_proof_and_no_challenge_is_told() {
    let mut secrets = Vec::new();
    let heard = told(async |world| {
        let mut alice = stale(world).await;
        let proof = alice.proof(&world.auth).await;
        let _ = alice.sends(&world.auth, Some(&format!("{proof}x"))).await;
        alice.renews(&world.auth).await;
        for text in [&alice.registration, &proof] {
            secrets.extend(text.split('.').map(str::to_owned));
        }
        secrets
            .extend(alice.browser.jar.refresh.iter().flat_map(|token| token.split('.')).map(str::to_owned));
    });
    for told in [heard.events.join("\n"), format!("{:?}", heard.counters), heard.log, heard.debug] {
        let leak = secrets.iter().find(|secret| told.contains(secret.as_str()));
        assert!(leak.is_none(), "{leak:?} is told: {told}");
    }
}
