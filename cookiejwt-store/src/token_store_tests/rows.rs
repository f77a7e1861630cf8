//! What is written is read, byte for byte.

use cookiejwt_core::store::{Receipt, RevocationReason, SessionRecord};

use super::{
    samples::{
        NOW, REASONS, answer_late, at, find, late_answer, orphaned, receipt, receive, replace, replacement,
        revocation, rotate, rotation, session, settle, slow_answer,
    },
    shared::Shared,
};
use crate::stores::TokenStore as _;

/// Texts that one or the other comparison takes for the same: without case, accents, width or
/// trailing blanks, as a number, as a pattern, in another normalisation form, or with all of the
/// upper planes as one.
pub(super) const LOOKALIKES: [&str; 31] = [
    "session",
    "Session",
    "SESSION",
    "session ",
    "session  ",
    "session\t",
    " session",
    "sessi\u{f6}n",
    "sessio\u{308}n",
    "sess\u{131}on",
    "ses\u{df}ion",
    "sesssion",
    "\u{ff53}ession",
    "sessi\u{200b}on",
    "sess%",
    "sess_on",
    "%",
    "1",
    "01",
    "1.0",
    "1e0",
    "+1",
    "1 ",
    "\u{1f980}",
    "\u{1f99e}",
    "\u{1f980}\u{1f980}",
    "' OR '1'='1",
    "back\\",
    "back\\\\",
    "quote\"",
    "quote'",
];

/// Near to [`LOOKALIKES`], and none of them.
pub(super) const STRANGERS: [&str; 9] =
    ["sEssion", "session   ", "Session ", "sess", "sessi\u{d6}n", "\u{1f981}", "2", "", "back"];

fn full() -> SessionRecord {
    SessionRecord {
        id: "AbCdEfGhIjKlMnOpQrSt-_".into(),
        realm: "staff".into(),
        subject: "auth0|5f7c8ec7c33c6c004bbafe82".into(),
        current_jti: "c".repeat(22).into(),
        previous_jti: Some("p".repeat(22).into()),
        issued_at: at(NOW - 2000),
        expires_at: at(NOW + 1),
        rotated_at: Some(at(NOW - 1999)),
        settles_at: at(NOW + 8),
        received_at: Some(at(NOW - 6)),
        created_at: at(NOW - 5),
        auth_time: at(NOW - 4),
        last_seen_at: at(NOW - 3),
        ends_at: at(NOW + 6),
        revoked: Some((at(NOW + 7), RevocationReason::Reuse)),
        remember: false,
        user_agent: Some("🦀 Ümläut 日本語 ' \" \\ ; -- \u{202e} %00".into()),
        ip: Some("192.0.2.1".into()),
    }
}

async fn come_back(store: &Shared, rows: &[SessionRecord]) {
    store.insert(rows).await;
    for row in rows {
        assert_eq!(store.find(&row.id).await.unwrap().as_ref(), Some(row));
    }
}

pub(super) async fn every_field_comes_back(store: Shared) {
    let empty =
        SessionRecord { user_agent: Some(String::new()), ip: Some(String::new()), ..session("empty") };
    let mut rows = vec![session("none"), full(), empty];
    for reason in REASONS {
        let revoked = Some((at(NOW), reason));
        rows.push(SessionRecord { revoked, ..session(reason.as_str()) });
    }
    come_back(&store, &rows).await;
    let own = SessionRecord { subject: "another".into(), revoked: None, id: "listed".into(), ..full() };
    store.create(&own).await.unwrap();
    let listed = store.sessions_of(&own.realm, &own.subject, at(NOW)).await.unwrap();
    assert_eq!(listed, [own], "in the list too");
}

pub(super) async fn the_longest_values_come_back(store: Shared) {
    let ip = "2001:0db8:85a3:0000:0000:8a2e:192.168.100.200";
    let first = SessionRecord {
        realm: "r".repeat(32).into(),
        subject: format!("{}1", "s".repeat(190)).into(),
        user_agent: Some("a".repeat(255)),
        ip: Some(ip.into()),
        ..full()
    };
    let second = SessionRecord {
        id: "bbbbbbbbbbbbbbbbbbbbbb".into(),
        subject: format!("{}2", "s".repeat(190)).into(),
        revoked: None,
        ..first.clone()
    };
    let wide = SessionRecord {
        subject: format!("{}abc", "🦀".repeat(47)).into(),
        user_agent: Some("🦀".repeat(255)),
        ..session("four bytes each")
    };
    come_back(&store, &[first, second.clone(), wide]).await;
    let named = store.revoke_subject(&second.realm, &second.subject, REASONS[0], at(NOW)).await.unwrap();
    assert_eq!(named, [second.id], "and the last byte counts");
}

pub(super) async fn times_far_away_come_back(store: Shared) {
    let last = at(253_402_300_799_999);
    let zero = SessionRecord {
        rotated_at: Some(at(0)),
        settles_at: at(0),
        received_at: Some(at(0)),
        revoked: Some((at(0), REASONS[0])),
        ..session("1970")
    };
    let far = SessionRecord {
        issued_at: last,
        expires_at: last,
        rotated_at: Some(last),
        settles_at: last,
        received_at: Some(last),
        created_at: last,
        auth_time: last,
        last_seen_at: last,
        ends_at: last,
        revoked: Some((last, REASONS[0])),
        ..session("9999")
    };
    // Where summer time skips and repeats an hour, and where 32 bits end.
    let times = [1_774_746_000_001, 1_792_890_000_999, 2_147_483_648_500, 4_294_967_296_001];
    let seen = times.map(|time| SessionRecord { last_seen_at: at(time), ..session(&time.to_string()) });
    come_back(&store, &[zero, far]).await;
    come_back(&store, &seen).await;
}

pub(super) async fn a_duplicate_is_an_error_and_changes_nothing(store: Shared) {
    let ended = SessionRecord { ends_at: at(NOW - 1), expires_at: at(NOW - 1), ..session("ended") };
    let rows = [session("living"), SessionRecord { id: "revoked".into(), ..full() }, ended];
    store.insert(&rows).await;
    for row in &rows {
        let other = SessionRecord { subject: "2".into(), ..session(row.id.as_str()) };
        for (rule, duplicate) in [("another user's", &other), ("the same again", row)] {
            assert!(store.create(duplicate).await.is_err(), "{rule}: {}", row.id);
            assert_eq!(store.find(&row.id).await.unwrap().as_ref(), Some(row), "{rule}");
        }
    }
    assert_eq!(store.list(&"2".into()).await, []);
    store.create(&session("next")).await.expect("an error leaves the store usable");
}

pub(super) async fn an_unknown_session_is_no_error_and_makes_no_row(store: Shared) {
    store.create(&session("known")).await.unwrap();
    for id in ["unknown", "AbCdEfGhIjKlMnOpQrSt-_"] {
        assert_eq!(find(&store, id).await, None);
        assert_eq!(rotate(&store, &rotation(id)).await, Err(None));
        assert_eq!(answer_late(&store, &late_answer(id)).await, Err(None));
        assert_eq!(replace(&store, &replacement(id)).await, Err(None));
        assert!(!settle(&store, &slow_answer(id)).await, "nothing to wait for");
        assert_eq!(receive(&store, &[receipt(id)]).await, 0);
        assert!(!store.revoke(&revocation(id, RevocationReason::Logout, NOW)).await.unwrap(), "not alive");
        assert_eq!(find(&store, id).await, None);
    }
    let nobody = "nobody".into();
    assert_eq!(store.end_all(&nobody, RevocationReason::Logout, at(NOW)).await, []);
    assert_eq!(store.list(&nobody).await, []);
    assert_eq!(store.revoked_since(at(0)).await.unwrap(), []);
    assert_eq!(find(&store, "known").await, Some(session("known")));
}

pub(super) async fn ids_compare_byte_for_byte(store: Shared) {
    for id in LOOKALIKES {
        store.create(&SessionRecord { user_agent: Some(id.into()), ..session(id) }).await.unwrap();
    }
    for (index, id) in LOOKALIKES.into_iter().enumerate() {
        assert_eq!(find(&store, id).await.unwrap().user_agent.as_deref(), Some(id));
        assert_eq!(rotate(&store, &rotation(id)).await, Ok(()), "{id:?}");
        assert!(store.revoke(&revocation(id, RevocationReason::Logout, NOW)).await.unwrap(), "{id:?}");
        let revoked = store.revoked_since(at(0)).await.unwrap();
        assert_eq!(revoked.len(), index + 1, "{id:?}: no other one");
    }
    for id in STRANGERS {
        assert_eq!(find(&store, id).await, None, "{id:?}");
        assert_eq!(rotate(&store, &rotation(id)).await, Err(None), "{id:?}");
        assert!(!store.revoke(&revocation(id, RevocationReason::Logout, NOW)).await.unwrap(), "{id:?}");
    }
}

pub(super) async fn subjects_compare_byte_for_byte(store: Shared) {
    let row = |index: usize, subject: &str| SessionRecord {
        subject: subject.into(),
        ..session(&format!("session {index}"))
    };
    for (index, subject) in LOOKALIKES.into_iter().enumerate() {
        store.create(&row(index, subject)).await.unwrap();
    }
    for subject in STRANGERS {
        assert_eq!(store.list(&subject.into()).await, [], "{subject:?}");
        let named = store.end_all(&subject.into(), REASONS[0], at(NOW)).await;
        assert_eq!(named, [], "{subject:?}");
    }
    for (index, subject) in LOOKALIKES.into_iter().enumerate() {
        let own = row(index, subject);
        let listed = store.list(&own.subject).await;
        assert_eq!(listed, std::slice::from_ref(&own), "{subject:?}");
        let named = store.end_all(&own.subject, REASONS[0], at(NOW)).await;
        assert_eq!(named, [own.id], "{subject:?}");
    }
}

pub(super) async fn token_ids_compare_byte_for_byte(store: Shared) {
    for (index, pair) in LOOKALIKES.windows(2).enumerate() {
        let id = format!("session {index}");
        let row = SessionRecord { current_jti: pair[0].into(), ..orphaned(&id) };
        store.create(&row).await.unwrap();
        let upper = pair[0].to_uppercase();
        let others = [pair[1].to_owned(), format!("{} ", pair[0]), format!("{}\u{301}", pair[0]), upper];
        let others: Vec<_> = others.into_iter().filter(|other| other != pair[0]).collect();
        for other in &others {
            is_not_current(&store, &row, other).await;
        }
        let mut request = rotation(&id);
        (request.presented, request.next) = (pair[0].into(), format!("next {index}").into());
        assert_eq!(rotate(&store, &request).await, Ok(()), "{request:?}");
        let row = find(&store, &id).await.unwrap();
        assert_eq!(row.previous_jti, Some(pair[0].into()));
        for other in &others {
            let mut late = late_answer(&id);
            (late.current, late.presented) = (row.current_jti.clone(), other.as_str().into());
            assert_eq!(answer_late(&store, &late).await, Err(Some(row.clone())), "{late:?}");
        }
        let own = Receipt { session_id: row.id, refresh_jti: row.current_jti };
        assert_eq!(receive(&store, &[own]).await, 1, "{id}");
    }
}

/// Any token other than the current one changes nothing, whatever it looks like.
async fn is_not_current(store: &Shared, row: &SessionRecord, other: &str) {
    let id = row.id.as_str();
    let (mut next, mut late, mut replaced) = (rotation(id), late_answer(id), replacement(id));
    (next.presented, late.current, replaced.late.current) = (other.into(), other.into(), other.into());
    let refused = Err(Some(row.clone()));
    assert_eq!(rotate(store, &next).await, refused, "{other:?}");
    assert_eq!(answer_late(store, &late).await, refused, "{other:?}");
    assert_eq!(replace(store, &replaced).await, refused, "{other:?}");
    let mut slow = slow_answer(id);
    (slow.current, slow.rotated_after) = (other.into(), at(0));
    assert!(!settle(store, &slow).await, "{other:?}");
    let receipt = Receipt { session_id: row.id.clone(), refresh_jti: other.into() };
    assert_eq!(receive(store, &[receipt]).await, 0, "{other:?}");
}
