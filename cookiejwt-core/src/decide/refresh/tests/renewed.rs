//! What a refresh of a session says about its claims, which an administrator has renewed.

use super::*;

fn roles(roles: &[&str]) -> UserState {
    let claims = CustomClaims::new(&serde_json::json!({ "roles": roles }));
    UserState::Active(ActiveUser::new(claims))
}

/// Presents a refresh cookie on a node that knows of this version, with the user as it reads them.
fn refreshed(
    core: &Core,
    row: &mut SessionRecord,
    refresh: &str,
    now: OffsetDateTime,
    known: (i64, UserState),
) -> Decision {
    let (version, user) = known;
    let number = u32::try_from(now.unix_timestamp() - NOW_SECONDS).unwrap();
    let step = attempt(core, refresh, now).with_version(version).with_user(user, ids(number), now);
    let RefreshStep::Rotate(rotation) = step else { panic!("{step:?}") };
    let outcome = update(row, rotation.request());
    settled_late(rotation.complete(outcome)).decision
}

fn said(decision: &Decision) -> (i64, bool) {
    let who = decision.required().unwrap();
    (who.version(), who.has_role("admin"))
}

/// The refresh token is the same, byte for byte; the access token is new, with the roles that were
/// read for it and a version that is not higher than what was known before.
#[test]
fn no_answer_repeats_old_roles_as_renewed_ones() {
    let core = testing::core();
    let after = |second: i64| NOW + Duration::seconds(second);
    let (mut row, first) = login(&core, true);
    let rotated = refreshed(&core, &mut row, &first, after(100), (0, roles(&["admin"])));
    assert_eq!((said(&rotated), &rotated.reason), ((0, true), &Reason::Rotated));
    let successor = pairs(&rotated.cookies)[1].clone();

    let taken = crate::session::ClaimsRenewal {
        realm: row.realm.clone(),
        subject: row.subject.clone(),
        at: after(101).into(),
        idle_before: NOW.into(),
    };
    assert!(taken.matches(&row));
    taken.apply(&mut row);
    for (rule, presented, second, known, expected) in [
        ("o: this node knows, and reads the new roles", &first, 102, (1, roles(&[])), (1, false)),
        ("o: it does not know yet, and reads the new roles", &first, 103, (0, roles(&[])), (0, false)),
        (
            "o: it read the user before, and the row after: the token dies with the next poll",
            &first,
            104,
            (0, roles(&["admin"])),
            (0, true),
        ),
        ("p: the successor", &successor, 105, (1, roles(&[])), (1, false)),
        ("o' 1: much later", &first, 150, (1, roles(&[])), (1, false)),
    ] {
        let decision = refreshed(&core, &mut row, presented, after(second), known);
        assert_eq!(said(&decision), expected, "{rule}");
        assert_eq!(pairs(&decision.cookies)[1], successor, "{rule}: byte for byte");
    }
    assert_eq!(row.version, 1, "no refresh moves it");
    let next = refreshed(&core, &mut row, &successor, after(200), (1, roles(&[])));
    assert_eq!((said(&next), &next.reason, row.version), ((1, false), &Reason::Rotated, 1));
}

#[test]
fn a_superseded_session_is_not_left_with_old_roles() {
    let core = testing::core();
    let (mut row, refresh) = login(&core, true);
    row.revoked = Some(((NOW + Duration::seconds(60)).into(), RevocationReason::Superseded));
    let decision = refreshed(&core, &mut row, &refresh, NOW + Duration::seconds(10), (1, roles(&["reader"])));
    assert_eq!((said(&decision), &decision.reason), ((1, false), &Reason::Superseded));
}

#[test]
fn which_rows_are_renewed() {
    let core = testing::core();
    let (row, _) = login(&core, true);
    let now = Timestamp::from(NOW).plus_millis(1_000_000);
    let before = |millis: i64| now.plus_millis(-millis);
    let renewal = crate::session::ClaimsRenewal {
        realm: row.realm.clone(),
        subject: row.subject.clone(),
        at: now,
        idle_before: before(1000),
    };
    let active = SessionRecord { last_seen_at: before(1000), ..row };
    let with = |change: fn(&mut SessionRecord, Timestamp)| {
        let mut row = active.clone();
        change(&mut row, now);
        row
    };
    for (rule, row, expected) in [
        ("refreshed a moment ago", active.clone(), true),
        ("idle", with(|row, now| row.last_seen_at = now.plus_millis(-1001)), false),
        (
            "answered a moment ago",
            with(|row, now| {
                row.last_seen_at = now.plus_millis(-5000);
                row.settles_at = now.plus_millis(-1000);
            }),
            true,
        ),
        ("of another user", with(|row, _| row.subject = "bob".into()), false),
        ("of another user table", with(|row, _| row.realm = "staff".into()), false),
        ("revoked", with(|row, now| row.revoked = Some((now, RevocationReason::Logout))), false),
        (
            "superseded, with a minute left",
            with(|row, now| row.revoked = Some((now.plus_millis(60_000), RevocationReason::Superseded))),
            true,
        ),
        ("superseded, over", with(|row, now| row.revoked = Some((now, RevocationReason::Superseded))), false),
    ] {
        assert_eq!(renewal.matches(&row), expected, "{rule}");
    }
    let mut row = active.clone();
    renewal.apply(&mut row);
    assert_eq!(row, SessionRecord { version: 1, renewed_at: Some(now), ..active });
}
