//! A parent that comes back late: its successor is given once more, or replaced.

use cookiejwt_core::store::{RevocationReason, SessionRecord};

use super::{
    samples::{
        ACCESS_LIFE_AGO, LEEWAY_AGO, NOW, SETTLED, answer_late, at, find, late_answer, orphaned, receipt,
        receive, replace, replacement, rotate, rotated, rotation, settle, slow_answer, with,
    },
    shared::{Combination, Shared, at_once},
};
use crate::stores::TokenStore as _;

pub(super) async fn a_late_answer_changes_exactly_what_it_says(store: Shared) {
    store.insert([&rotated("a"), &rotated("neighbour")]).await;
    let request = late_answer("a");
    assert_eq!(answer_late(&store, &request).await, Ok(()));
    let after = with(rotated("a"), |row| row.settles_at = at(SETTLED));
    assert_eq!(find(&store, "a").await.as_ref(), Some(&after));
    assert_eq!(find(&store, "neighbour").await, Some(rotated("neighbour")));
    assert_eq!(answer_late(&store, &request).await, Ok(()), "as often as it is asked for");
    assert_eq!(find(&store, "a").await, Some(after), "and the same");
}

type Row = fn(&mut SessionRecord);

/// What is wrong with a row of [`rotated`], for both statements.
const NOT_LATE: [(&str, Row); 12] = [
    ("received", |row| row.received_at = Some(at(NOW - 1))),
    ("received in 1970", |row| row.received_at = Some(at(0))),
    ("rotated meanwhile", |row| {
        (row.current_jti, row.previous_jti) = ("next".into(), Some("current".into()));
    }),
    ("another successor", |row| row.current_jti = "Current".into()),
    ("another parent", |row| row.previous_jti = Some("Parent".into())),
    ("never rotated", |row| row.previous_jti = None),
    ("of another realm", |row| row.realm = "staff".into()),
    ("revoked", |row| row.revoked = Some((at(NOW - 1), RevocationReason::Logout))),
    ("superseded a moment later", |row| row.revoked = Some((at(NOW + 1), RevocationReason::Superseded))),
    ("idle: expires now", |row| row.expires_at = at(NOW)),
    ("absolute: ends now", |row| row.ends_at = at(NOW)),
    ("long over", |row| (row.expires_at, row.ends_at) = (at(NOW - 9000), at(NOW - 9000))),
];

pub(super) async fn every_part_of_a_late_answer_counts(store: Shared) {
    let cases: [(&str, Row); 4] = [
        ("all of it holds", |_| ()),
        ("settled lately", |row| row.settles_at = at(NOW + 1)),
        ("expires a millisecond later", |row| row.expires_at = at(NOW + 1)),
        ("ends a millisecond later", |row| row.ends_at = at(NOW + 1)),
    ];
    let cases = cases.map(|(rule, change)| (rule, change, true));
    let cases = cases.into_iter().chain(NOT_LATE.map(|(rule, change)| (rule, change, false)));
    for (index, (rule, change, answers)) in cases.enumerate() {
        let mut row = rotated(&format!("session {index}"));
        change(&mut row);
        store.create(&row).await.unwrap();
        let request = late_answer(row.id.as_str());
        let expected = if answers { Ok(()) } else { Err(Some(row.clone())) };
        assert_eq!(answer_late(&store, &request).await, expected, "{rule}");
        if answers {
            request.apply(&mut row);
        }
        assert_eq!(store.find(&row.id).await.unwrap(), Some(row), "{rule}");
    }
}

/// A row that may be late, and whether it is.
fn late_row(combination: &mut Combination) -> (SessionRecord, bool) {
    let (current, realm) = combination.of([("current", ""), ("replacement", ""), ("current", "staff")]);
    let previous = combination.of([None, Some("parent"), Some("grandparent")]);
    let is_received = combination.of([false, true]);
    let is_revoked = combination.of([false, true]);
    let (expires_at, ends_at) = combination.of([(NOW + 1, NOW + 1), (NOW, NOW + 1), (NOW + 1, NOW)]);
    let row = with(orphaned(&combination.id()), |row| {
        row.realm = realm.into();
        row.current_jti = current.into();
        row.previous_jti = previous.map(Into::into);
        row.received_at = is_received.then(|| at(NOW - 1));
        row.revoked = is_revoked.then_some((at(NOW), RevocationReason::Logout));
        row.expires_at = at(expires_at);
        row.ends_at = at(ends_at);
    });
    let is_living = !is_revoked && expires_at > NOW && ends_at > NOW;
    let is_lost = (current, previous, realm) == ("current", Some("parent"), "") && !is_received;
    (row, is_living && is_lost)
}

pub(super) async fn a_late_answer_is_exactly_the_documented_one(store: Shared) {
    let mut combination = Combination::default();
    while combination.begin() {
        let (row, matches) = late_row(&mut combination);
        store.create(&row).await.unwrap();
        let request = late_answer(row.id.as_str());
        assert_eq!(request.matches(&row), matches, "{row:?}");
        let expected = if matches { Ok(()) } else { Err(Some(row.clone())) };
        assert_eq!(answer_late(&store, &request).await, expected, "{row:?}");
    }
}

/// Each of them writes the greater of two times, and a row that stays as it was has met the
/// condition all the same.
pub(super) async fn the_parent_is_never_answered_for_a_shorter_time(store: Shared) {
    let settles_at = [SETTLED - 1, SETTLED, SETTLED + 1, SETTLED + 60_000];
    for (index, settles_at) in settles_at.into_iter().enumerate() {
        let row = |of: &str| with(rotated(&format!("{of} {index}")), |row| row.settles_at = at(settles_at));
        let (late, slow, received) = (row("late"), row("slow"), row("received"));
        store.insert([&late, &slow, &received]).await;
        assert_eq!(answer_late(&store, &late_answer(late.id.as_str())).await, Ok(()), "{settles_at}");
        assert!(settle(&store, &slow_answer(slow.id.as_str())).await, "{settles_at}");
        assert_eq!(receive(&store, &[receipt(received.id.as_str())]).await, 1, "{settles_at}");
        for before in [late, slow, received] {
            let after = store.find(&before.id).await.unwrap().unwrap().settles_at;
            assert_eq!(after, before.settles_at.max(at(SETTLED)), "{}", before.id);
        }
    }
}

pub(super) async fn replacing_changes_exactly_what_it_says(store: Shared) {
    store.insert([&orphaned("a"), &orphaned("neighbour")]).await;
    let request = replacement("a");
    assert_eq!(replace(&store, &request).await, Ok(()));
    let after = with(orphaned("a"), |row| {
        row.current_jti = "replacement".into();
        row.rotated_at = Some(at(NOW));
        row.settles_at = at(SETTLED);
    });
    assert_eq!(find(&store, "a").await.as_ref(), Some(&after), "its ends and the parent stay");
    assert_eq!(find(&store, "neighbour").await, Some(orphaned("neighbour")));
    assert_eq!(replace(&store, &request).await, Err(Some(after)), "not twice");
}

pub(super) async fn every_part_of_a_replacement_counts(store: Shared) {
    let cases: [(&str, Row, bool); 8] = [
        ("all of it holds", |_| (), true),
        ("settled a millisecond more than a leeway ago", |row| row.settles_at = at(LEEWAY_AGO - 1), true),
        ("expires a millisecond later", |row| row.expires_at = at(NOW + 1), true),
        ("ends a millisecond later", |row| row.ends_at = at(NOW + 1), true),
        ("settled exactly a leeway ago", |row| row.settles_at = at(LEEWAY_AGO), false),
        ("settles later, by another clock", |row| row.settles_at = at(NOW + 5000), false),
        ("rotated exactly an access life ago", |row| row.rotated_at = Some(at(ACCESS_LIFE_AGO)), false),
        ("nobody knows when it rotated", |row| row.rotated_at = None, false),
    ];
    let not_late = NOT_LATE.map(|(rule, change)| (rule, change, false));
    for (index, (rule, change, replaces)) in cases.into_iter().chain(not_late).enumerate() {
        let mut row = orphaned(&format!("session {index}"));
        change(&mut row);
        store.create(&row).await.unwrap();
        let request = replacement(row.id.as_str());
        let expected = if replaces { Ok(()) } else { Err(Some(row.clone())) };
        assert_eq!(replace(&store, &request).await, expected, "{rule}");
        if replaces {
            request.apply(&mut row);
        }
        assert_eq!(store.find(&row.id).await.unwrap(), Some(row), "{rule}");
    }
}

pub(super) async fn a_replacement_is_exactly_the_documented_one(store: Shared) {
    let mut combination = Combination::default();
    while combination.begin() {
        let settles_at = combination.of([LEEWAY_AGO - 1, LEEWAY_AGO]);
        let rotated_at = combination.of([None, Some(ACCESS_LIFE_AGO - 1), Some(ACCESS_LIFE_AGO)]);
        let (row, is_late) = late_row(&mut combination);
        let row = with(row, |row| {
            row.settles_at = at(settles_at);
            row.rotated_at = rotated_at.map(at);
        });
        store.create(&row).await.unwrap();
        let request = replacement(row.id.as_str());
        let is_old = settles_at < LEEWAY_AGO && rotated_at.is_some_and(|at| at < ACCESS_LIFE_AGO);
        assert_eq!(request.matches(&row), is_late && is_old, "{row:?}");
        let expected = if is_late && is_old { Ok(()) } else { Err(Some(row.clone())) };
        assert_eq!(replace(&store, &request).await, expected, "{row:?}");
    }
}

pub(super) async fn fifty_replacements_at_once_are_one(store: Shared) {
    for round in 0..3 {
        let id = format!("session {round}");
        store.create(&orphaned(&id)).await.unwrap();
        let outcomes = at_once(50, |index| {
            let (store, mut request) = (store.clone(), replacement(&id));
            request.next = format!("next {index}").into();
            async move { (request.next.clone(), replace(&store, &request).await) }
        });
        let outcomes = outcomes.await;
        let won = outcomes.iter().filter(|(_, outcome)| outcome.is_ok());
        let winners: Vec<_> = won.map(|(next, _)| next).collect();
        assert_eq!(winners.len(), 1, "replaced by {winners:?}");
        let row = find(&store, &id).await.unwrap();
        assert_eq!((&row.current_jti, row.previous_jti.clone()), (winners[0], Some("parent".into())));
        for found in outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().err()) {
            assert_eq!(found.as_ref(), Some(&row), "who lost sees what the winner wrote");
        }
    }
}

/// A client that presents the lost successor shows that there are two.
pub(super) async fn a_replaced_token_is_worth_nothing(store: Shared) {
    store.create(&orphaned("a")).await.unwrap();
    assert_eq!(replace(&store, &replacement("a")).await, Ok(()));
    let row = find(&store, "a").await;
    let mut later = rotation("a");
    (later.now, later.orphaned_before) = (at(NOW + 500), at(NOW + 60_000));
    assert_eq!(rotate(&store, &later).await, Err(row.clone()), "it does not rotate");
    assert_eq!(answer_late(&store, &late_answer("a")).await, Err(row.clone()), "is not given again");
    assert_eq!(receive(&store, &[receipt("a")]).await, 0, "is not received");
    assert!(!settle(&store, &slow_answer("a")).await, "and may not leave");
    assert_eq!(find(&store, "a").await, row);
    let mut request = late_answer("a");
    request.current = "replacement".into();
    assert_eq!(answer_late(&store, &request).await, Ok(()), "the parent still comes back late");
}
