//! Different questions at the same time.

use cookiejwt_core::{
    SessionId,
    store::{Realm, RevocationReason, SessionRecord},
};

use super::{
    samples::{
        NOW, SETTLED, at, binding, find, late_answer, orphaned, receipt, replacement, revocation, rotate,
        rotated, rotation, session, slow_answer, with,
    },
    shared::{Shared, at_once},
};
use crate::{errors::StoreError, stores::TokenStore as _};

pub(super) async fn a_write_is_seen_at_once_by_everybody(store: Shared) {
    for round in 0..5 {
        let id = format!("session {round}");
        let mut row = session(&id);
        store.create(&row).await.unwrap();
        everybody_sees(&store, &row).await;
        let request = rotation(&id);
        assert_eq!(rotate(&store, &request).await, Ok(()));
        request.apply(&mut row);
        everybody_sees(&store, &row).await;
        assert!(store.revoke(&revocation(&id, RevocationReason::Logout, NOW)).await.unwrap());
        row.revoked = Some((at(NOW), RevocationReason::Logout));
        everybody_sees(&store, &row).await;
    }
}

async fn everybody_sees(store: &Shared, row: &SessionRecord) {
    let found = at_once(8, |_| {
        let (store, id) = (store.clone(), row.id.clone());
        async move { store.find(&id).await.unwrap() }
    });
    assert_eq!(found.await, vec![Some(row.clone()); 8]);
}

pub(super) async fn a_rotation_never_resurrects_a_revoked_session(store: Shared) {
    for round in 0..24_usize {
        let id = format!("session {round}");
        store.create(&session(&id)).await.unwrap();
        let revocation = revocation(&id, RevocationReason::Logout, NOW);
        // In either order.
        let both = at_once(2, |index| {
            let (store, id, revocation) = (store.clone(), id.clone(), revocation.clone());
            async move {
                if index == round % 2 {
                    return (rotate(&store, &rotation(&id)).await.is_ok(), false);
                }
                (false, store.revoke(&revocation).await.unwrap())
            }
        });
        let both = both.await;
        let (has_rotated, has_revoked) = (both[0].0 || both[1].0, both[0].1 || both[1].1);
        assert!(has_revoked, "a rotation does not hide the session from its revocation");
        let row = find(&store, &id).await.unwrap();
        assert_eq!(row.revoked, Some((at(NOW), RevocationReason::Logout)));
        assert_eq!(row.previous_jti.is_some(), has_rotated);
        let mut next = rotation(&id);
        next.presented = row.current_jti.clone();
        (next.now, next.orphaned_before) = (at(NOW + 500), at(NOW + 500));
        next.settles_at = at(SETTLED);
        assert_eq!(rotate(&store, &next).await, Err(Some(row)), "revoked for good");
    }
}

pub(super) async fn revoke_subject_misses_no_rotating_session(store: Shared) {
    let id = |round: usize, index: usize| format!("{round} {index}");
    for round in 0..5 {
        let subject = format!("user {round}");
        for index in 0..11 {
            let row = with(session(&id(round, index)), |row| row.subject = subject.as_str().into());
            store.create(&row).await.unwrap();
        }
        // The sixth task ends all sessions, the others rotate one each.
        let outcomes = at_once(11, |index| {
            let (store, subject, request) = (store.clone(), subject.clone(), rotation(&id(round, index)));
            async move {
                if index != 5 {
                    return (rotate(&store, &request).await.is_ok(), Vec::new());
                }
                let reason = RevocationReason::LogoutEverywhere;
                (false, store.end_all(&subject.into(), reason, at(NOW)).await)
            }
        });
        let outcomes = outcomes.await;
        for index in 0..11 {
            let row = find(&store, &id(round, index)).await.unwrap();
            assert!(row.revoked.is_some(), "{} lives on", row.id);
            assert!(outcomes[5].1.contains(&row.id), "{} is not named", row.id);
            assert_eq!(
                row.previous_jti.is_some(),
                outcomes[index].0,
                "{} is as its rotation left it",
                row.id
            );
        }
    }
}

/// What one of many did: whom they ended.
async fn do_something(store: Shared, index: usize) -> Result<Vec<SessionId>, StoreError> {
    let (number, id) = (index / 10, format!("living {}", index / 10));
    let time = NOW + i64::try_from(index).unwrap();
    match index % 10 {
        0 => store.create(&session(&format!("new {number}"))).await?,
        1 => drop(store.rotate(&rotation(&id)).await?),
        2 if store.revoke(&revocation(&id, RevocationReason::Logout, time)).await? => {
            return Ok(vec![id.as_str().into()]);
        }
        3 if number % 2 == 0 => {
            let reason = RevocationReason::LogoutEverywhere;
            return store.revoke_subject(&Realm::default(), &"1".into(), reason, at(time)).await;
        }
        3 if store.keeps_devices() => drop(store.bind(&binding(&id)).await?),
        4 => drop(store.purge(at(NOW), 3).await?),
        5 => drop(store.answer_late(&late_answer(&id)).await?),
        6 => drop(store.replace(&replacement(&id)).await?),
        7 => drop(store.settle(&slow_answer(&id)).await?),
        8 => {
            let receipts: Vec<_> = (0..12).map(|number| receipt(&format!("living {number}"))).collect();
            store.received(&receipts, at(NOW), at(SETTLED)).await?;
        }
        _ => drop(store.sessions_of(&Realm::default(), &"1".into(), at(NOW)).await?),
    }
    Ok(Vec::new())
}

pub(super) async fn everything_at_once_fails_nobody(store: Shared) {
    for index in 0..12 {
        let ended = with(session(&format!("ended {index}")), |row| row.expires_at = at(NOW));
        let id = format!("living {index}");
        store.insert([&if index % 2 == 0 { orphaned(&id) } else { rotated(&id) }, &ended]).await;
    }
    let ended = at_once(120, |index| do_something(store.clone(), index));
    let ended: Vec<_> = ended.await.into_iter().flat_map(|ended| ended.expect("nobody fails")).collect();
    for index in 0..12 {
        for id in [format!("living {index}"), format!("new {index}")] {
            let row = find(&store, &id).await.expect("no row is lost");
            let count = ended.iter().filter(|ended| **ended == row.id).count();
            assert_eq!(count, usize::from(row.revoked.is_some()), "{id} is ended by one, who hears of it");
        }
    }
}
