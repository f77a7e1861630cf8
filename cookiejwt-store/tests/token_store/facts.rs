use cookiejwt_store::{RevocationReason, RevokedSession, SessionRecord, TokenStore};

use crate::samples::{NOW, at, find, revocation, rotate, rotation, session};

const REASONS: [RevocationReason; 5] = [
    RevocationReason::Logout,
    RevocationReason::LogoutEverywhere,
    RevocationReason::Replaced,
    RevocationReason::Reuse,
    RevocationReason::UserInactive,
];

fn full() -> SessionRecord {
    SessionRecord {
        id: "AbCdEfGhIjKlMnOpQrSt-_".into(),
        subject: "s".repeat(191).into(),
        current_jti: "c".repeat(22).into(),
        previous_jti: Some("p".repeat(22).into()),
        issued_at: at(NOW - 2000),
        expires_at: at(NOW + 1),
        rotated_at: Some(at(NOW - 1999)),
        created_at: at(NOW - 5),
        auth_time: at(NOW - 4),
        last_seen_at: at(NOW - 3),
        ends_at: at(NOW + 6),
        revoked: Some((at(NOW + 7), RevocationReason::Reuse)),
        remember: false,
        user_agent: Some("🦀 Ümläut 日本語 ' \" \\ ; -- \u{202e} %00".into()),
        ip: Some("2001:0db8:85a3:0000:0000:8a2e:192.168.100.200".into()),
    }
}

pub(crate) async fn every_field_comes_back(store: impl TokenStore) {
    let longest_agent = SessionRecord { user_agent: Some("🦀".repeat(255)), ..session("longest agent") };
    let empty =
        SessionRecord { user_agent: Some(String::new()), ip: Some(String::new()), ..session("empty") };
    let zero =
        SessionRecord { rotated_at: Some(at(0)), revoked: Some((at(0), REASONS[0])), ..session("zero") };
    let last_second = SessionRecord { ends_at: at(253_402_300_799_000), ..session("year 9999") };
    let mut rows = vec![session("none"), full(), longest_agent, empty, zero, last_second];
    for reason in REASONS {
        let revoked = Some((at(NOW), reason));
        rows.push(SessionRecord { revoked, ..session(reason.as_str()) });
    }
    for row in &rows {
        store.create(row).await.unwrap();
    }
    for row in &rows {
        assert_eq!(store.find(&row.id).await.unwrap().as_ref(), Some(row));
    }
    assert_eq!(find(&store, "nobody").await, None);
    assert_eq!(find(&store, "").await, None);
}

pub(crate) async fn a_duplicate_is_an_error_and_changes_nothing(store: impl TokenStore) {
    let first = session("a");
    store.create(&first).await.unwrap();
    let second = SessionRecord { subject: "2".into(), ..session("a") };
    assert!(store.create(&second).await.is_err());
    assert_eq!(find(&store, "a").await, Some(first));
    store.create(&session("b")).await.unwrap();
}

pub(crate) async fn ids_compare_byte_for_byte(store: impl TokenStore) {
    let ids = [
        "Session",
        "session",
        "SESSION",
        "session ",
        " session",
        "sessi\u{f6}n",
        "sessio\u{308}n",
        "sess%",
        "sess_on",
    ];
    for id in ids {
        store.create(&SessionRecord { user_agent: Some(id.into()), ..session(id) }).await.unwrap();
    }
    for (index, id) in ids.into_iter().enumerate() {
        assert_eq!(find(&store, id).await.unwrap().user_agent.as_deref(), Some(id));
        assert_eq!(rotate(&store, &rotation(id)).await, Ok(()), "{id:?}");
        assert!(store.revoke(&revocation(id, RevocationReason::Logout, NOW)).await.unwrap(), "{id:?}");
        let revoked = store.revoked_since(at(0)).await.unwrap();
        assert_eq!(revoked.len(), index + 1, "{id:?}: no other one");
    }
    for id in ["sEssion", "session\t", "session  ", "Session ", "sess"] {
        assert_eq!(find(&store, id).await, None, "{id:?}");
        assert_eq!(rotate(&store, &rotation(id)).await, Err(None), "{id:?}");
        assert!(!store.revoke(&revocation(id, RevocationReason::Logout, NOW)).await.unwrap(), "{id:?}");
    }
}

pub(crate) async fn revoking_is_idempotent_and_the_first_reason_stays(store: impl TokenStore) {
    store.create(&session("a")).await.unwrap();
    store.create(&session("b")).await.unwrap();
    assert!(store.revoke(&revocation("a", RevocationReason::Replaced, NOW)).await.unwrap(), "it was alive");
    for reason in REASONS {
        assert!(!store.revoke(&revocation("a", reason, NOW + 1)).await.unwrap(), "{reason:?}");
    }
    assert!(store.revoke_subject(&"1".into(), REASONS[1], at(NOW + 2)).await.unwrap() == ["b".into()]);
    let expected = SessionRecord { revoked: Some((at(NOW), RevocationReason::Replaced)), ..session("a") };
    assert_eq!(find(&store, "a").await, Some(expected), "and nothing else has changed");
    assert!(!store.revoke(&revocation("unknown", RevocationReason::Logout, NOW)).await.unwrap());
    assert_eq!(find(&store, "unknown").await, None);
}

pub(crate) async fn revoke_subject_names_exactly_the_living(store: impl TokenStore) {
    let before = SessionRecord { revoked: Some((at(NOW - 1), REASONS[0])), ..session("revoked before") };
    let idle =
        SessionRecord { expires_at: at(NOW - 1), ..session("idle too long, its access token may live") };
    let other = SessionRecord { subject: "2".into(), ..session("of another user") };
    for row in [&session("a"), &session("b"), &idle, &before, &other] {
        store.create(row).await.unwrap();
    }
    let mut named =
        store.revoke_subject(&"1".into(), RevocationReason::LogoutEverywhere, at(NOW)).await.unwrap();
    named.sort();
    assert_eq!(named, ["a".into(), "b".into(), idle.id.clone()]);
    for row in [session("a"), session("b"), idle] {
        let expected =
            SessionRecord { revoked: Some((at(NOW), RevocationReason::LogoutEverywhere)), ..row.clone() };
        assert_eq!(store.find(&row.id).await.unwrap(), Some(expected));
    }
    assert_eq!(store.find(&before.id).await.unwrap().as_ref(), Some(&before), "the first reason stays");
    assert_eq!(store.find(&other.id).await.unwrap().as_ref(), Some(&other));
    assert_eq!(store.revoke_subject(&"1".into(), REASONS[1], at(NOW + 1)).await.unwrap(), []);
    assert_eq!(store.revoke_subject(&"nobody".into(), REASONS[1], at(NOW + 1)).await.unwrap(), []);
}

pub(crate) async fn subjects_compare_byte_for_byte(store: impl TokenStore) {
    let subjects = ["bob", "Bob", "bob ", " bob", "b\u{f6}b", "bo\u{308}b", "%", "b_b", "1", "01", "1.0"];
    for subject in subjects {
        store.create(&SessionRecord { subject: subject.into(), ..session(subject) }).await.unwrap();
    }
    for subject in subjects {
        let named = store.revoke_subject(&subject.into(), REASONS[0], at(NOW)).await.unwrap();
        assert_eq!(named, [subject.into()], "{subject:?}");
    }
}

pub(crate) async fn revoked_since_has_an_inclusive_boundary(store: impl TokenStore) {
    store.create(&session("living")).await.unwrap();
    for (millis, reason) in [NOW - 1, NOW, NOW + 1].into_iter().zip(REASONS) {
        let id = reason.as_str();
        store.create(&session(id)).await.unwrap();
        store.revoke(&revocation(id, reason, millis)).await.unwrap();
    }
    let entry = |millis, reason: RevocationReason| RevokedSession {
        id: reason.as_str().into(),
        reason,
        at: at(millis),
    };
    let all = [entry(NOW - 1, REASONS[0]), entry(NOW, REASONS[1]), entry(NOW + 1, REASONS[2])];
    for (since, from) in [(0, 0), (NOW - 1, 0), (NOW, 1), (NOW + 1, 2), (NOW + 2, 3)] {
        let mut revoked = store.revoked_since(at(since)).await.unwrap();
        revoked.sort_by_key(|entry| entry.at);
        assert_eq!(revoked, all[from..], "since {since}");
    }
}
