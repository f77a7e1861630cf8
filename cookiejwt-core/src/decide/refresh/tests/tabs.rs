//! A browser with many tabs against a store with one row: an honest browser is never taken for a
//! thief.

use proptest::prelude::*;

use super::*;

const LEEWAY_MILLIS: i64 = 10_000;

fn after(millis: i64) -> OffsetDateTime {
    NOW + Duration::milliseconds(millis)
}

#[test]
fn all_tabs_that_present_the_parent_get_the_same_successor() {
    let core = testing::core();
    let (mut row, parent) = login(&core, true);
    let first = present(&core, &mut row, &parent, after(0), 2);
    assert_eq!(first.reason, Reason::Rotated);
    for tab in 3..13 {
        let decision = present(&core, &mut row, &parent, after(i64::from(tab) * 700), tab);
        assert_eq!(decision.reason, Reason::ParentInLeeway, "tab {tab}");
        assert_eq!(pairs(&decision.cookies)[1], pairs(&first.cookies)[1], "nothing forks");
        let identity = decision.required().unwrap();
        assert_eq!(identity.token_id().as_str(), format!("access-{tab}"), "an access token of its own");
    }
    assert_eq!(row.current_jti, "refresh-2".into());
}

#[test]
fn a_session_rotates_at_most_once_per_leeway() {
    let core = testing::core();
    let (mut row, first) = login(&core, true);
    let decision = present(&core, &mut row, &first, after(0), 2);
    let second = pairs(&decision.cookies)[1].clone();
    let decision = present(&core, &mut row, &second, after(9_999), 3);
    assert_eq!(decision.reason, Reason::CurrentInLeeway);
    let decision = present(&core, &mut row, &first, after(10_000), 4);
    assert_eq!(decision.reason, Reason::ParentInLeeway, "the honest grandparent-to-be is still the parent");
    let decision = present(&core, &mut row, &second, after(10_000), 5);
    assert_eq!(decision.reason, Reason::CurrentInLeeway, "settles_at < now, strictly");
    let decision = present(&core, &mut row, &second, after(20_000), 6);
    assert_eq!(
        decision.reason,
        Reason::CurrentInLeeway,
        "one leeway more as long as nobody has come with it"
    );
    let decision = present(&core, &mut row, &second, after(20_001), 7);
    assert_eq!(decision.reason, Reason::Rotated);
}

#[test]
fn a_thief_ends_the_session_for_both() {
    let core = testing::core();
    let (mut row, stolen) = login(&core, true);
    let decision = present(&core, &mut row, &stolen, after(0), 2);
    let honest = pairs(&decision.cookies)[1].clone();
    let _ = present(&core, &mut row, &honest, after(20_001), 3);
    let thief = rotation(attempt(&core, &stolen, after(20_002)), 4);
    let outcome = update(&mut row, thief.request());
    let settlement = settled(thief.complete(outcome));
    assert_eq!(told(&core, &settlement), "401 session_revoked, cleared, revoke reuse");
    row.revoked = settlement.revoke.map(|revocation| (revocation.at, revocation.reason));
    let decision = present(&core, &mut row, &honest, after(20_003), 5);
    assert_eq!(decision.reason, Reason::RowRevoked(RevocationReason::Reuse), "a refresh cannot resurrect it");
}

/// A request: how long after the one before it leaves, and how long it is on its way.
fn requests() -> impl Strategy<Value = Vec<(i64, i64)>> {
    proptest::collection::vec((0..LEEWAY_MILLIS * 2, 0..LEEWAY_MILLIS), 1..40)
}

/// Every request carries the jar's refresh cookie of the moment it left; the answers come back at
/// once.
fn arrivals(requests: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut clock = 0;
    let mut arrivals: Vec<_> = requests
        .iter()
        .map(|(gap, way)| {
            clock += gap;
            (clock + way, clock)
        })
        .collect();
    arrivals.sort_unstable();
    arrivals
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_an_honest_browser_has_in_flight_is_at_most_the_parent(requests in requests()) {
        let core = testing::core();
        let (mut row, first) = login(&core, true);
        let mut jar = vec![(i64::MIN, first)];
        let mut number = 1;
        for (arrival, left) in arrivals(&requests) {
            let (_, carried) = jar.iter().rfind(|(since, _)| *since <= left).unwrap().clone();
            number += 1;
            let decision = present(&core, &mut row, &carried, after(arrival), number);
            prop_assert!(decision.identity().is_some(), "{:?} at {arrival}", decision.reason);
            jar.push((arrival, pairs(&decision.cookies)[1].clone()));
        }
    }
}
