//! Rows k, l and q of [`rules`](crate::rules), before the token store is asked.

use super::*;
use crate::{
    request::{CredentialFault, CredentialName},
    session::Revocation,
    token::{MintError, TokenFault},
};

const SOFT: &str = "alice by near";

fn settled_by(attempt: RefreshAttempt, user: UserState) -> Settlement {
    match attempt.with_user(user, ids(2), NOW) {
        RefreshStep::Settled(settlement) => settlement,
        RefreshStep::Rotate(rotation) => panic!("the store is asked: {rotation:?}"),
    }
}

#[test]
fn the_attempt_names_whom_to_ask_for() {
    let core = testing::core();
    let (_, refresh) = login(&core, true);
    let attempt = attempt(&core, &refresh, NOW);
    assert_eq!((attempt.subject().as_str(), attempt.session_id().as_str()), ("alice", SESSION));
}

#[test]
fn row_k_the_user_is_gone_or_disabled() {
    let core = testing::core();
    let (_, refresh) = login(&core, true);
    for user in [UserState::Gone, UserState::Inactive] {
        for attempt in hard_and_soft(&core, &refresh, NOW) {
            let settlement = settled_by(attempt, user.clone());
            let expected = "401 session_revoked, cleared, revoke user_inactive";
            assert_eq!(told(&core, &settlement), expected, "k: {user:?}, never soft");
            assert_eq!(settlement.decision.reason, Reason::UserInactive);
            let reason = RevocationReason::UserInactive;
            let revocation = Revocation { session_id: SESSION.into(), reason, at: NOW.into() };
            assert_eq!(settlement.revoke, Some(revocation), "k: {user:?}");
        }
    }
}

#[test]
fn row_l_new_tokens_cannot_be_minted_and_the_store_is_not_asked() {
    let core = testing::core();
    let (_, refresh) = login(&core, true);
    let custom = |claims: serde_json::Value| CustomClaims::new(&claims);
    let too_long = CustomClaims::new(&serde_json::json!({ "padding": "x".repeat(3000) })).unwrap();
    for (rule, user) in [
        (
            "l: a reserved claim",
            UserState::Active(ActiveUser::new(custom(serde_json::json!({ "sub": "root" })))),
        ),
        ("l: claims that are no object", UserState::Active(ActiveUser::new(custom(serde_json::json!([1]))))),
        ("l: an access cookie that is too big", UserState::Active(ActiveUser::new(Ok(too_long)))),
    ] {
        let [hard, soft] =
            hard_and_soft(&core, &refresh, NOW).map(|attempt| settled_by(attempt, user.clone()));
        assert_eq!(told(&core, &hard), "500 server_error", "{rule}");
        assert_eq!(told(&core, &soft), SOFT, "{rule}, soft");
        for settlement in [hard, soft] {
            assert!(matches!(settlement.decision.reason, Reason::MintFailed(_)), "{rule}");
        }
    }
}

#[test]
fn row_l_no_random_numbers() {
    let core = testing::core();
    let (_, refresh) = login(&core, true);
    let [hard, soft] = hard_and_soft(&core, &refresh, NOW).map(|attempt| attempt.no_random("none".into()));
    assert_eq!(told(&core, &hard), "500 server_error");
    assert_eq!(told(&core, &soft), SOFT);
    assert_eq!(soft.decision.reason, Reason::MintFailed(MintError::Random("none".into())));
}

#[test]
fn row_l_a_refresh_cookie_that_is_too_big() {
    let core = core(|config| config.refresh_name("r".repeat(3900)));
    let refresh = testing::refresh("alice").by(&core).session(SESSION).cookie();
    let settlement = settled_by(attempt(&core, &refresh, NOW), active());
    assert_eq!(told(&core, &settlement), "500 server_error");
    let Reason::MintFailed(MintError::CookieTooLong { name, .. }) = &settlement.decision.reason else {
        panic!("{:?}", settlement.decision.reason)
    };
    assert_eq!(name, core.config().refresh_name());
}

#[test]
fn the_size_of_a_cookie_at_its_limit() {
    let core = testing::core();
    let (_, refresh) = login(&core, true);
    let mint = |padding: usize| {
        let claims = CustomClaims::new(&serde_json::json!({ "p": "x".repeat(padding) })).unwrap();
        match attempt(&core, &refresh, NOW).with_user(
            UserState::Active(ActiveUser::new(Ok(claims))),
            ids(2),
            NOW,
        ) {
            RefreshStep::Rotate(rotation) => Ok(settled(rotation.complete(RotationOutcome::Rotated))),
            RefreshStep::Settled(settlement) => Err(settlement.decision.reason),
        }
    };
    let fits = (2000..4000).take_while(|padding| mint(*padding).is_ok()).last().unwrap();
    let longest = &pairs(&mint(fits).unwrap().decision.cookies)[0];
    // Name and value, without the equals sign.
    assert!((4094..=4096).contains(&(longest.len() - 1)), "{}", longest.len());
    let Err(Reason::MintFailed(MintError::CookieTooLong { length, .. })) = mint(fits + 1) else {
        panic!("fits")
    };
    assert!(length > 4096, "{length}");
}

#[test]
fn row_q_the_user_store_failed() {
    let core = testing::core();
    let (_, refresh) = login(&core, true);
    let [hard, soft] =
        hard_and_soft(&core, &refresh, NOW).map(|attempt| settled_by(attempt, UserState::Unavailable));
    assert_eq!(told(&core, &hard), "503 unavailable", "q: nothing is cleared");
    assert_eq!(told(&core, &soft), SOFT, "q: soft");
    assert_eq!(hard.decision.reason, Reason::UserStoreFailed);
    assert_eq!(soft.decision.reason, Reason::UserStoreFailed, "the event says why");
}

#[test]
fn row_q_the_token_store_failed() {
    let core = testing::core();
    let (_, refresh) = login(&core, true);
    let [hard, soft] = hard_and_soft(&core, &refresh, NOW).map(|attempt| rotation(attempt, 2).store_failed());
    assert_eq!(told(&core, &hard), "503 unavailable", "q: nothing is cleared");
    assert_eq!(told(&core, &soft), SOFT, "q: soft");
    assert_eq!(hard.decision.reason, Reason::TokenStoreFailed);
    assert_eq!(soft.decision.reason, Reason::TokenStoreFailed, "the event says why");
}

#[test]
fn whatever_comes_out_what_was_not_accepted_goes_to_the_event() {
    let core = testing::core();
    let (row, refresh) = login(&core, true);
    let dead = format!("{}; {refresh}", testing::access("alice").expired().cookie());
    let attempt = || attempt(&core, &dead, NOW);
    let expected = [CredentialFault { credential: CredentialName::AccessCookie, fault: TokenFault::Expired }];
    let reused = SessionRecord { current_jti: "refresh-9".into(), ..row.clone() };
    for (rule, settlement) in [
        ("c", attempt().revoked(RevocationReason::Logout)),
        ("k", settled_by(attempt(), UserState::Gone)),
        ("l", attempt().no_random("none".into())),
        ("m", settled(rotation(attempt(), 2).complete(RotationOutcome::Rotated))),
        ("n", settled(rotation(attempt(), 2).complete(RotationOutcome::Unmatched(None)))),
        ("q", rotation(attempt(), 2).store_failed()),
        ("r", settled(rotation(attempt(), 2).complete(unmatched(&reused)))),
    ] {
        assert_eq!(settlement.decision.faults(), expected, "{rule}");
    }
}
