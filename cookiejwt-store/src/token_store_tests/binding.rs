//! Binding a session to a device, once. A store that keeps no devices is not asked to.

use cookiejwt_core::store::{BindRequest, ClaimsRenewal, DeviceKey, RevocationReason, SessionRecord};

use super::{
    rows::{LOOKALIKES, STRANGERS},
    samples::{
        DEVICE, NOW, OTHER_DEVICE, at, bind, binding, bound_rotation, find, proved, receipt, receive,
        renewal, revocation, rotate, rotated, rotation, session, settle, slow_answer, with,
    },
    shared::{Combination, Shared, at_once},
};
use crate::stores::TokenStore as _;

fn to(id: &str, key: &str) -> BindRequest {
    let mut request = binding(id);
    request.key = key.into();
    request
}

pub(super) async fn binding_changes_exactly_what_it_says(store: Shared) {
    if !store.keeps_devices() {
        return;
    }
    for before in [session("never rotated"), rotated("rotated")] {
        let id = before.id.as_str();
        let neighbour = with(session(&format!("beside {id}")), |row| row.subject = "2".into());
        store.insert([&before, &neighbour]).await;
        assert_eq!(bind(&store, &binding(id)).await, Ok(()));
        let after = with(before.clone(), |row| row.device = Some(DEVICE.into()));
        assert_eq!(find(&store, id).await.as_ref(), Some(&after));
        assert_eq!(store.find(&neighbour.id).await.unwrap().as_ref(), Some(&neighbour));
        for (rule, key) in [("the same key again", DEVICE), ("another key", OTHER_DEVICE)] {
            assert_eq!(bind(&store, &to(id, key)).await, Err(Some(after.clone())), "{rule}");
            assert_eq!(find(&store, id).await.as_ref(), Some(&after), "{rule}");
        }
    }
    assert_eq!(bind(&store, &binding("unknown")).await, Err(None));
    assert_eq!(find(&store, "unknown").await, None, "nor is there a row now");
}

/// Every combination of the parts, at and around each boundary.
pub(super) async fn a_binding_is_exactly_the_documented_one(store: Shared) {
    if !store.keeps_devices() {
        return;
    }
    let mut combination = Combination::default();
    while combination.begin() {
        let device = combination.of([None, Some(DEVICE), Some(OTHER_DEVICE)]);
        let (own, realm) = combination.of([("", ""), ("staff", "staff"), ("staff", ""), ("", "staff")]);
        let revoked = combination.of([
            None,
            Some((NOW - 1, RevocationReason::Logout)),
            Some((NOW + 1, RevocationReason::Superseded)),
        ]);
        let (expires_at, ends_at) = combination.of([(NOW + 1, NOW + 1), (NOW, NOW + 1), (NOW + 1, NOW)]);
        let row = with(session(&combination.id()), |row| {
            row.device = device.map(Into::into);
            row.realm = own.into();
            row.revoked = revoked.map(|(millis, reason)| (at(millis), reason));
            (row.expires_at, row.ends_at) = (at(expires_at), at(ends_at));
        });
        store.create(&row).await.unwrap();
        let mut request = binding(row.id.as_str());
        request.realm = realm.into();
        let is_living = revoked.is_none() && expires_at > NOW && ends_at > NOW;
        let matches = device.is_none() && own == realm && is_living;
        assert_eq!(request.matches(&row), matches, "{row:?}");
        let expected = if matches { Ok(()) } else { Err(Some(row.clone())) };
        assert_eq!(bind(&store, &request).await, expected, "{row:?}");
        let after =
            with(row, |row| row.device = if matches { Some(DEVICE.into()) } else { row.device.take() });
        assert_eq!(store.find(&after.id).await.unwrap().as_ref(), Some(&after));
    }
}

/// Keys that look alike are different devices, and realms are compared as in every other statement.
pub(super) async fn device_keys_compare_byte_for_byte(store: Shared) {
    if !store.keeps_devices() {
        return;
    }
    for (index, text) in LOOKALIKES.into_iter().enumerate() {
        let id = format!("session {index}");
        let row = with(session(&id), |row| row.realm = text.into());
        store.create(&row).await.unwrap();
        let [next, stranger] =
            [LOOKALIKES[(index + 1) % LOOKALIKES.len()], STRANGERS[index % STRANGERS.len()]];
        let mut request = to(&id, text);
        for realm in [next, stranger] {
            request.realm = realm.into();
            assert_eq!(bind(&store, &request).await, Err(Some(row.clone())), "{realm:?} is not {text:?}");
        }
        request.realm = text.into();
        assert_eq!(bind(&store, &request).await, Ok(()), "{text:?}");
        let row = find(&store, &id).await.unwrap();
        assert_eq!(row.device, Some(DeviceKey::from(text)));
        let mut rotation = rotation(&id);
        rotation.realm = text.into();
        for key in [next.to_owned(), stranger.to_owned(), format!("{text} "), format!("{text}\u{301}")] {
            rotation.device = Some(proved(&key, NOW));
            assert_eq!(rotate(&store, &rotation).await, Err(Some(row.clone())), "{key:?} is not {text:?}");
        }
        rotation.device = Some(proved(text, NOW));
        assert_eq!(rotate(&store, &rotation).await, Ok(()), "{text:?}");
    }
}

/// Whatever else happens to the session.
pub(super) async fn the_key_of_a_device_stays(store: Shared) {
    if !store.keeps_devices() {
        return;
    }
    let key = Some(DeviceKey::from(DEVICE));
    let ids = ["rotated", "renewed", "received", "settled", "revoked"];
    store.insert(&ids.map(|id| with(rotated(id), |row| row.subject = id.into()))).await;
    for id in ids {
        assert_eq!(bind(&store, &binding(id)).await, Ok(()), "{id}");
        let listed = store.list(&id.into()).await;
        assert_eq!(listed.len(), 1, "{id}");
        assert_eq!(listed[0].device, key, "{id}: in the list");
    }
    assert_eq!(rotate(&store, &bound_rotation("rotated")).await, Ok(()));
    let renewal = ClaimsRenewal { subject: "renewed".into(), ..renewal(NOW) };
    assert_eq!(store.renew_claims(&renewal).await.unwrap().len(), 1);
    assert_eq!(receive(&store, &[receipt("received")]).await, 1);
    assert!(settle(&store, &slow_answer("settled")).await);
    assert!(store.revoke(&revocation("revoked", RevocationReason::Logout, NOW)).await.unwrap());
    for id in ids {
        let row = find(&store, id).await.unwrap();
        let before = with(rotated(id), |row| row.subject = id.into());
        assert_ne!(with(row.clone(), |row| row.device = None), before, "{id}: the row has changed");
        assert_eq!(row.device, key, "{id}");
        assert_eq!(bind(&store, &to(id, OTHER_DEVICE)).await, Err(Some(row)), "{id}");
    }
}

/// Two browsers, or an owner and a thief, with one challenge.
pub(super) async fn fifty_bindings_at_once_are_one(store: Shared) {
    if !store.keeps_devices() {
        return;
    }
    for round in 0..3 {
        let id = format!("session {round}");
        store.create(&session(&id)).await.unwrap();
        let outcomes = at_once(50, |index| {
            let (store, request) = (store.clone(), to(&id, &format!("ES256.x.{index}")));
            async move { (request.key.clone(), bind(&store, &request).await) }
        });
        let outcomes = outcomes.await;
        let won = outcomes.iter().filter(|(_, outcome)| outcome.is_ok());
        let winners: Vec<_> = won.map(|(key, _)| key).collect();
        assert_eq!(winners.len(), 1, "bound to {winners:?}");
        let row = find(&store, &id).await.unwrap();
        assert_eq!(row, with(session(&id), |row| row.device = Some(winners[0].clone())));
        for found in outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().err()) {
            assert_eq!(found.as_ref(), Some(&row), "who lost sees what the winner wrote");
        }
    }
}

/// The page that has just logged in may refresh while its browser registers the device.
pub(super) async fn a_binding_and_a_rotation_undo_nothing_of_each_other(store: Shared) {
    if !store.keeps_devices() {
        return;
    }
    for round in 0..10 {
        let id = format!("session {round}");
        store.create(&session(&id)).await.unwrap();
        let outcomes = at_once(2, |index| {
            let (store, id) = (store.clone(), id.clone());
            async move {
                // Each begins every other time.
                if index == round % 2 {
                    return (rotate(&store, &rotation(&id)).await, Ok(()));
                }
                (Ok(()), bind(&store, &binding(&id)).await)
            }
        });
        let outcomes = outcomes.await;
        let (rotated, was_bound) = (&outcomes[round % 2].0, &outcomes[1 - round % 2].1);
        assert_eq!(*was_bound, Ok(()), "round {round}: a rotation binds nothing");
        let expected = with(session(&id), |row| row.device = Some(DEVICE.into()));
        if let Err(found) = rotated {
            assert_eq!(found.as_ref(), Some(&expected), "round {round}: it was bound before");
        }
        let has_rotated = |row: &mut SessionRecord| {
            if rotated.is_ok() {
                rotation(&id).apply(row);
            }
        };
        assert_eq!(find(&store, &id).await, Some(with(expected, has_rotated)), "round {round}");
    }
}
