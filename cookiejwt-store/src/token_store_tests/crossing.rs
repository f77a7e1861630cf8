//! The conditional changes of one row at the same time as each other.

use cookiejwt_core::store::RevocationReason;

use super::{
    samples::{
        NOW, SETTLED, answer_late, at, bind, binding, find, late_answer, orphaned, receipt, receive, replace,
        replacement, revocation, rotate, rotated, rotation, settle, slow_answer, with,
    },
    shared::{Shared, at_once},
};
use crate::stores::TokenStore as _;

/// How many of each kind have changed the row; each of three kinds comes ten times, and another one
/// first in each round.
async fn race(store: &Shared, id: &str, round: usize, kinds: [Kind; 3]) -> [u64; 3] {
    let outcomes = at_once(30, |index| {
        let (store, id, place) = (store.clone(), id.to_owned(), (index + round) % 3);
        async move { (place, kinds[place].play(&store, &id).await) }
    });
    let mut counts = [0; 3];
    for (place, count) in outcomes.await {
        counts[place] += count;
    }
    counts
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Rotate,
    AnswerLate,
    Replace,
    Settle,
    Receive,
    Bind,
}

impl Kind {
    /// How many rows it has changed.
    async fn play(self, store: &Shared, id: &str) -> u64 {
        match self {
            Self::Rotate => rotate(store, &rotation(id)).await.is_ok().into(),
            Self::AnswerLate => answer_late(store, &late_answer(id)).await.is_ok().into(),
            Self::Replace => replace(store, &replacement(id)).await.is_ok().into(),
            Self::Settle => settle(store, &slow_answer(id)).await.into(),
            Self::Receive => receive(store, &[receipt(id)]).await,
            Self::Bind => bind(store, &binding(id)).await.is_ok().into(),
        }
    }
}

pub(super) async fn rotations_late_answers_and_replacements_exclude_each_other(store: Shared) {
    for round in 0..12 {
        let id = format!("session {round}");
        store.create(&orphaned(&id)).await.unwrap();
        let counts = race(&store, &id, round, [Kind::Rotate, Kind::AnswerLate, Kind::Replace]).await;
        let mut expected = orphaned(&id);
        match counts {
            [1, 0, 0] => rotation(&id).apply(&mut expected),
            [0, 10, 0] => late_answer(&id).apply(&mut expected),
            [0, 0, 1] => replacement(&id).apply(&mut expected),
            _ => panic!("rotated, answered late, replaced: {counts:?} times"),
        }
        assert_eq!(find(&store, &id).await, Some(expected), "one refresh token for all: {counts:?}");
    }
}

pub(super) async fn a_receipt_and_a_replacement_exclude_each_other(store: Shared) {
    for round in 0..12 {
        let id = format!("session {round}");
        store.create(&orphaned(&id)).await.unwrap();
        let kinds = [Kind::Receive, Kind::Replace, Kind::Receive];
        let [first, replaced, second] = race(&store, &id, round, kinds).await;
        assert_eq!(first + second + replaced, 1, "received or replaced: {first} + {second}, {replaced}");
        let row = find(&store, &id).await.unwrap();
        let expected = if replaced == 1 {
            ("replacement".into(), None, at(SETTLED))
        } else {
            ("current".into(), Some(at(NOW)), at(SETTLED))
        };
        assert_eq!((row.current_jti, row.received_at, row.settles_at), expected);
    }
}

/// A receipt is reported once, and slow and late answers do not lose it.
pub(super) async fn a_receipt_is_not_lost_among_answers(store: Shared) {
    for round in 0..6 {
        let id = format!("session {round}");
        store.create(&rotated(&id)).await.unwrap();
        let counts = race(&store, &id, round, [Kind::Receive, Kind::Settle, Kind::AnswerLate]).await;
        assert_eq!(counts[0], 1, "one of many who tell it has changed the row");
        let expected = with(rotated(&id), |row| {
            row.received_at = Some(at(NOW));
            row.settles_at = at(SETTLED);
        });
        assert_eq!(find(&store, &id).await, Some(expected));
    }
}

pub(super) async fn nothing_undoes_a_revocation_at_the_same_time(store: Shared) {
    let mut kinds = vec![Kind::Rotate, Kind::AnswerLate, Kind::Replace, Kind::Settle, Kind::Receive];
    kinds.extend(store.keeps_devices().then_some(Kind::Bind));
    for (round, kind) in kinds.iter().copied().cycle().take(4 * kinds.len()).enumerate() {
        let id = format!("session {round}");
        let before = if matches!(kind, Kind::Settle) { rotated(&id) } else { orphaned(&id) };
        store.create(&before).await.unwrap();
        // In either order.
        let both = at_once(2, |index| {
            let (store, id, first) = (store.clone(), id.clone(), round / kinds.len() % 2);
            async move {
                if index == first {
                    return (kind.play(&store, &id).await, false);
                }
                (0, store.revoke(&revocation(&id, RevocationReason::Logout, NOW)).await.unwrap())
            }
        });
        let both = both.await;
        assert!(both[0].1 || both[1].1, "{kind:?} hides no session from its revocation");
        let row = find(&store, &id).await.unwrap();
        assert_eq!(row.revoked, Some((at(NOW), RevocationReason::Logout)), "{kind:?}");
        let has_changed = with(row, |row| row.revoked = None) != before;
        assert_eq!(u64::from(has_changed), both[0].0 + both[1].0, "{kind:?} is told as it went");
        assert_eq!(kind.play(&store, &id).await, 0, "{kind:?} of a revoked session");
    }
}
