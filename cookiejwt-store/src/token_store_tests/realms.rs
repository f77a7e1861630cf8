//! Two user tables in one store.

use cookiejwt_core::{
    Subject,
    store::{Realm, RevocationReason, SessionRecord},
};

use super::{
    rows::{LOOKALIKES, STRANGERS},
    samples::{
        NOW, REASONS, SETTLED, answer_late, at, find, late_answer, orphaned, receipt, receive, replace,
        replacement, revocation, rotate, rotation, with,
    },
    shared::Shared,
};
use crate::stores::TokenStore as _;

/// Of the user `1`, whose id both tables know.
fn of(realm: &str, id: &str) -> SessionRecord {
    with(orphaned(id), |row| row.realm = realm.into())
}

async fn listed(store: &Shared, realm: &str) -> Vec<SessionRecord> {
    store.sessions_of(&realm.into(), &"1".into(), at(NOW)).await.unwrap()
}

pub(super) async fn one_subject_in_two_realms_is_two_people(store: Shared) {
    let rows = [of("", "customer"), of("staff", "first"), of("staff", "second"), of("admin", "admin")];
    store.insert(&rows).await;
    let (nobody, staff, one) = (Realm::from("staf"), Realm::from("staff"), Subject::from("1"));
    assert_eq!(listed(&store, "").await, rows[..1]);
    assert_eq!(listed(&store, "staff").await, [rows[2].clone(), rows[1].clone()]);
    assert_eq!(listed(&store, "admin").await, rows[3..]);
    let reason = RevocationReason::LogoutEverywhere;
    assert_eq!(store.revoke_subject(&nobody, &one, reason, at(NOW)).await.unwrap(), []);
    let mut named = store.revoke_subject(&staff, &one, reason, at(NOW)).await.unwrap();
    named.sort();
    assert_eq!(named, [rows[1].id.clone(), rows[2].id.clone()]);
    assert_eq!(listed(&store, "staff").await, []);
    for row in [&rows[0], &rows[3]] {
        assert_eq!(store.find(&row.id).await.unwrap().as_ref(), Some(row), "the others are somebody else");
    }
    assert_eq!(listed(&store, "").await, rows[..1]);
    assert!(store.revoke(&revocation("customer", reason, NOW)).await.unwrap());
    assert_eq!(listed(&store, "admin").await, rows[3..]);
}

/// The three statements that move a token to another one.
pub(super) async fn a_token_of_another_realm_changes_nothing(store: Shared) {
    for (index, (own, other)) in [("", "staff"), ("staff", ""), ("staff", "admin")].into_iter().enumerate() {
        let row = of(own, &format!("session {index}"));
        store.create(&row).await.unwrap();
        let id = row.id.as_str();
        let (mut next, mut late, mut replaced) = (rotation(id), late_answer(id), replacement(id));
        (next.realm, late.realm, replaced.late.realm) = (other.into(), other.into(), other.into());
        let refused = Err(Some(row.clone()));
        assert_eq!(rotate(&store, &next).await, refused, "{own:?} is not {other:?}");
        assert_eq!(answer_late(&store, &late).await, refused, "{own:?} is not {other:?}");
        assert_eq!(replace(&store, &replaced).await, refused, "{own:?} is not {other:?}");
        assert_eq!(find(&store, id).await.as_ref(), Some(&row));
        replaced.late.realm = own.into();
        assert_eq!(replace(&store, &replaced).await, Ok(()), "{own:?} is itself");
        let after = find(&store, id).await.unwrap();
        assert_eq!((after.realm, after.settles_at), (row.realm, at(SETTLED)), "and stays what it is");
    }
    // A receipt and a logout go by the id of the session, which no two realms share.
    assert_eq!(receive(&store, &[receipt("session 0"), receipt("session 1")]).await, 0, "replaced above");
    store.create(&of("staff", "received")).await.unwrap();
    assert_eq!(receive(&store, &[receipt("received")]).await, 1);
}

pub(super) async fn realms_compare_byte_for_byte(store: Shared) {
    let row = |index: usize, realm: &str| of(realm, &format!("session {index}"));
    for (index, realm) in LOOKALIKES.into_iter().enumerate() {
        store.create(&row(index, realm)).await.unwrap();
    }
    let one = "1".into();
    for realm in STRANGERS {
        let realm = Realm::from(realm);
        assert_eq!(store.sessions_of(&realm, &one, at(NOW)).await.unwrap(), [], "{realm:?}");
        assert_eq!(store.revoke_subject(&realm, &one, REASONS[0], at(NOW)).await.unwrap(), [], "{realm:?}");
    }
    for (index, realm) in LOOKALIKES.into_iter().enumerate() {
        let own = row(index, realm);
        let listed = store.sessions_of(&own.realm, &one, at(NOW)).await.unwrap();
        assert_eq!(listed, std::slice::from_ref(&own), "{realm:?}");
        let id = own.id.as_str();
        for other in [LOOKALIKES[(index + 1) % LOOKALIKES.len()], STRANGERS[index % STRANGERS.len()]] {
            let (mut next, mut late, mut replaced) = (rotation(id), late_answer(id), replacement(id));
            (next.realm, late.realm, replaced.late.realm) = (other.into(), other.into(), other.into());
            let refused = Err(Some(own.clone()));
            assert_eq!(rotate(&store, &next).await, refused, "{realm:?} is not {other:?}");
            assert_eq!(answer_late(&store, &late).await, refused, "{realm:?} is not {other:?}");
            assert_eq!(replace(&store, &replaced).await, refused, "{realm:?} is not {other:?}");
        }
        let mut next = rotation(id);
        next.realm = realm.into();
        assert_eq!(rotate(&store, &next).await, Ok(()), "{realm:?}");
        let named = store.revoke_subject(&own.realm, &one, REASONS[0], at(NOW)).await.unwrap();
        assert_eq!(named, [own.id], "{realm:?}");
    }
}
