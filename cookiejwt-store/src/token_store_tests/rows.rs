//! What is written is read, byte for byte.

use cookiejwt_core::store::{DeviceKey, Receipt, RevocationReason, SessionRecord};

use super::{
    samples::{
        DEVICE, NOW, REASONS, answer_late, at, bind, binding, find, late_answer, orphaned, receipt, receive,
        replace, replacement, revocation, rotate, rotation, session, settle, slow_answer, with,
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

/// The key, if the store keeps devices.
fn kept<'a>(store: &Shared, key: &'a str) -> Option<&'a str> {
    store.keeps_devices().then_some(key)
}

fn full(device: Option<&str>) -> SessionRecord {
    let (id, subject) = ("AbCdEfGhIjKlMnOpQrSt-_".into(), "auth0|5f7c8ec7c33c6c004bbafe82".into());
    let row = SessionRecord::new(id, "staff".into(), subject, "c".repeat(22).into(), at(NOW - 5));
    with(row, |row| {
        row.previous_jti = Some("p".repeat(22).into());
        row.issued_at = at(NOW - 2000);
        row.expires_at = at(NOW + 1);
        row.rotated_at = Some(at(NOW - 1999));
        row.settles_at = at(NOW + 8);
        row.received_at = Some(at(NOW - 6));
        row.auth_time = at(NOW - 4);
        row.last_seen_at = at(NOW - 3);
        row.ends_at = at(NOW + 6);
        row.revoked = Some((at(NOW + 7), RevocationReason::Reuse));
        row.user_agent = Some("🦀 Ümläut 日本語 ' \" \\ ; -- \u{202e} %00".into());
        row.ip = Some("192.0.2.1".into());
        row.facts = Some(r#"{"facts":{"tenant":"日本 \"A\" \\"},"proofs":{"pwd":1,"otp":2}}"#.into());
        row.version = 5;
        row.renewed_at = Some(at(NOW - 7));
        row.device = device.map(Into::into);
    })
}

/// Together they have more than one value in each field, and one that differs from the default of
/// [`SessionRecord::new`], so that a store can neither forget nor invent a column.
fn varied(device: Option<&str>) -> Vec<SessionRecord> {
    let empty = with(session("empty"), |row| {
        row.user_agent = Some(String::new());
        row.ip = Some(String::new());
        row.facts = Some(String::new());
        row.device = device.map(|_| "".into());
    });
    vec![session("none"), full(device), empty]
}

async fn come_back(store: &Shared, rows: &[SessionRecord]) {
    store.insert(rows).await;
    for row in rows {
        assert_eq!(store.find(&row.id).await.unwrap().as_ref(), Some(row));
    }
}

pub(super) async fn every_field_comes_back(store: Shared) {
    let device = kept(&store, DEVICE);
    let mut rows = varied(device);
    for reason in REASONS {
        let revoked = Some((at(NOW), reason));
        rows.push(with(session(reason.as_str()), |row| row.revoked = revoked));
    }
    come_back(&store, &rows).await;
    let own = with(full(device), |row| {
        row.subject = "another".into();
        row.revoked = None;
        row.id = "listed".into();
    });
    store.create(&own).await.unwrap();
    let listed = store.sessions_of(&own.realm, &own.subject, at(NOW)).await.unwrap();
    assert_eq!(listed, [own], "in the list too");
}

pub(super) async fn the_longest_values_come_back(store: Shared) {
    let ip = "2001:0db8:85a3:0000:0000:8a2e:192.168.100.200";
    let key = "k".repeat(DeviceKey::MAX_LENGTH);
    let first = with(full(kept(&store, &key)), |row| {
        row.realm = "r".repeat(32).into();
        row.subject = format!("{}1", "s".repeat(190)).into();
        row.user_agent = Some("a".repeat(255));
        row.ip = Some(ip.into());
        row.facts = Some("🦀".repeat(1024));
    });
    let second = with(first.clone(), |row| {
        row.id = "bbbbbbbbbbbbbbbbbbbbbb".into();
        row.subject = format!("{}2", "s".repeat(190)).into();
        row.revoked = None;
    });
    let wide = with(session("four bytes each"), |row| {
        row.subject = format!("{}abc", "🦀".repeat(47)).into();
        row.user_agent = Some("🦀".repeat(255));
    });
    come_back(&store, &[first, second.clone(), wide]).await;
    let named = store.revoke_subject(&second.realm, &second.subject, REASONS[0], at(NOW)).await.unwrap();
    assert_eq!(named, [second.id], "and the last byte counts");
}

pub(super) async fn times_far_away_come_back(store: Shared) {
    let last = at(253_402_300_799_999);
    let zero = with(session("1970"), |row| {
        row.rotated_at = Some(at(0));
        row.settles_at = at(0);
        row.received_at = Some(at(0));
        row.revoked = Some((at(0), REASONS[0]));
        row.renewed_at = Some(at(0));
    });
    let far = with(session("9999"), |row| {
        row.issued_at = last;
        row.expires_at = last;
        row.rotated_at = Some(last);
        row.settles_at = last;
        row.received_at = Some(last);
        row.created_at = last;
        row.auth_time = last;
        row.last_seen_at = last;
        row.ends_at = last;
        row.revoked = Some((last, REASONS[0]));
        row.version = i64::from(u32::MAX);
        row.renewed_at = Some(last);
    });
    // Where summer time skips and repeats an hour, and where 32 bits end.
    let times = [1_774_746_000_001, 1_792_890_000_999, 2_147_483_648_500, 4_294_967_296_001];
    let seen = times.map(|time| with(session(&time.to_string()), |row| row.last_seen_at = at(time)));
    come_back(&store, &[zero, far]).await;
    come_back(&store, &seen).await;
}

pub(super) async fn a_duplicate_is_an_error_and_changes_nothing(store: Shared) {
    let ended = with(session("ended"), |row| {
        row.ends_at = at(NOW - 1);
        row.expires_at = at(NOW - 1);
    });
    let revoked = with(full(kept(&store, DEVICE)), |row| row.id = "revoked".into());
    let rows = [session("living"), revoked, ended];
    store.insert(&rows).await;
    for row in &rows {
        let other = with(session(row.id.as_str()), |row| row.subject = "2".into());
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
        store.create(&with(session(id), |row| row.user_agent = Some(id.into()))).await.unwrap();
    }
    for (index, id) in LOOKALIKES.into_iter().enumerate() {
        assert_eq!(find(&store, id).await.unwrap().user_agent.as_deref(), Some(id));
        let ends = store.ends_of(&[id.into()]).await.unwrap();
        assert_eq!(ends.into_iter().map(|ends| ends.id).collect::<Vec<_>>(), [id.into()], "{id:?}");
        assert_eq!(rotate(&store, &rotation(id)).await, Ok(()), "{id:?}");
        if store.keeps_devices() {
            assert_eq!(bind(&store, &binding(id)).await, Ok(()), "{id:?}");
        }
        assert!(store.revoke(&revocation(id, RevocationReason::Logout, NOW)).await.unwrap(), "{id:?}");
        let revoked = store.revoked_since(at(0)).await.unwrap();
        assert_eq!(revoked.len(), index + 1, "{id:?}: no other one");
    }
    for id in STRANGERS {
        assert_eq!(find(&store, id).await, None, "{id:?}");
        assert_eq!(store.ends_of(&[id.into()]).await.unwrap(), [], "{id:?}");
        assert_eq!(rotate(&store, &rotation(id)).await, Err(None), "{id:?}");
        if store.keeps_devices() {
            assert_eq!(bind(&store, &binding(id)).await, Err(None), "{id:?}");
        }
        assert!(!store.revoke(&revocation(id, RevocationReason::Logout, NOW)).await.unwrap(), "{id:?}");
    }
}

pub(super) async fn subjects_compare_byte_for_byte(store: Shared) {
    let row = |index: usize, subject: &str| {
        with(session(&format!("session {index}")), |row| row.subject = subject.into())
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
        let row = with(orphaned(&id), |row| row.current_jti = pair[0].into());
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
        let own = Receipt::new(row.id, row.current_jti);
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
    let receipt = Receipt::new(row.id.clone(), other.into());
    assert_eq!(receive(store, &[receipt]).await, 0, "{other:?}");
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The value of each field, as `Debug` shows it: a new field of the row is in it at once.
    fn fields(row: &SessionRecord) -> Vec<(String, String)> {
        let text = format!("{row:#?}");
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in text.lines().filter_map(|line| line.strip_prefix("    ")) {
            match (line.split_once(": "), fields.last_mut()) {
                (Some((name, value)), _) if !line.starts_with([' ', ')', '}']) => {
                    fields.push((name.to_owned(), value.to_owned()));
                }
                (_, Some((_, value))) => value.push_str(line),
                (_, None) => panic!("not a field: {line}"),
            }
        }
        fields
    }

    /// The row as a store returns it that sets no field after [`SessionRecord::new`].
    fn unset(row: &SessionRecord) -> SessionRecord {
        let SessionRecord { id, realm, subject, current_jti, created_at, .. } = row.clone();
        SessionRecord::new(id, realm, subject, current_jti, created_at)
    }

    #[test]
    fn no_field_of_a_row_can_be_forgotten_or_invented() {
        let rows: Vec<_> =
            varied(Some(DEVICE)).iter().map(|row| (fields(row), fields(&unset(row)))).collect();
        for (index, (name, first)) in rows[0].0.iter().enumerate() {
            let is_argument =
                ["id", "realm", "subject", "current_jti", "created_at"].contains(&name.as_str());
            let is_set = rows.iter().any(|(row, unset)| row[index] != unset[index]);
            assert!(is_argument || is_set, "{name}: a store may forget it");
            assert!(rows.iter().any(|(row, _)| row[index].1 != *first), "{name}: a store may invent it");
        }
    }

    #[test]
    fn no_two_times_of_a_row_can_be_confused() {
        let times = fields(&full(Some(DEVICE)))
            .into_iter()
            .filter(|(name, _)| name.ends_with("_at") || name == "auth_time");
        let times: Vec<_> = times.map(|(_, value)| value.replace("Some(", "")).collect();
        assert_eq!(times.len(), 10, "{times:?}");
        assert_eq!(times.iter().collect::<HashSet<_>>().len(), times.len(), "{times:?}");
    }
}
