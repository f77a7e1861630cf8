//! Rows x and r: what an unmarked refresh token does once the session is bound; and attacks with
//! copies of both cookies.

use super::*;
use crate::decide::{Outcome, Reason, Refusal};

fn reason(decision: &Decision) -> &Reason {
    &decision.reason
}

/// The row after the first renewal; `unmarked` is the token of the login.
fn renewed() -> (Bound, String) {
    let mut bound = Bound::new();
    let unmarked = bound.refresh.clone();
    let reply = bound.renew(after(200)).reply;
    let DeviceReply::Renewed { cookies, .. } = reply else { panic!("{reply:?}") };
    bound.take(&cookies);
    (bound, unmarked)
}

#[test]
fn row_x_renews_nothing_and_ends_nothing() {
    let received = |bound: &mut Bound| bound.row.received_at = Some(Timestamp::from(after(201)));
    for (rule, mut bound, token, seconds) in [
        ("the current token of a session that was bound meanwhile", Bound::new(), None, 400),
        ("the parent, before its successor has arrived", renewed().0, Some(renewed().1), 400),
        (
            "the parent, while the row settles",
            {
                let (mut bound, _) = renewed();
                received(&mut bound);
                bound
            },
            Some(renewed().1),
            210,
        ),
    ] {
        let token = token.unwrap_or_else(|| bound.refresh.clone());
        let before = bound.row.clone();
        let decision = bound.ask(&[("cookie", &token)], after(seconds));
        assert_eq!(reason(&decision), &Reason::BoundMeanwhile, "{rule}");
        let refused =
            matches!(decision.outcome, Outcome::Refused(Refusal::DeviceProofRequired { reload: false }));
        assert!(refused && decision.cookies.is_empty(), "{rule}");
        assert_eq!(bound.row, before, "{rule}");
    }
}

#[test]
fn row_x_is_soft_beside_a_valid_access_token() {
    for (rule, path, seconds, ends_at) in [
        ("a request near the end", "/me", 290, None),
        ("the refresh route, which says when the refresh token ends", "refresh", 100, Some(after(86_400))),
    ] {
        let mut bound = Bound::new();
        let cookies = format!("{}; {}", bound.access, bound.refresh);
        let head = head("POST", &[("cookie", &cookies)]);
        let assessment = match path {
            "refresh" => bound.core.refresh(&head, after(seconds)),
            _ => bound.core.authenticate(&head, after(seconds)),
        };
        let decision = bound.complete(assessment, after(seconds));
        assert_eq!(reason(&decision), &Reason::BoundMeanwhile, "{rule}");
        assert!(decision.identity().is_some() && decision.cookies.is_empty(), "{rule}");
        assert_eq!(decision.refresh_expires_at, ends_at, "{rule}");
    }
}

#[test]
fn row_x_comes_before_a_session_that_is_superseded() {
    let mut bound = Bound::new();
    bound.row.revoked = Some((Timestamp::from(after(460)), RevocationReason::Superseded));
    let token = bound.refresh.clone();
    let decision = bound.ask(&[("cookie", &token)], after(400));
    assert_eq!(reason(&decision), &Reason::BoundMeanwhile);
}

#[test]
fn row_r_a_copy_from_before_the_binding_ends_the_session() {
    let (mut bound, stolen) = renewed();
    bound.row.received_at = Some(Timestamp::from(after(201)));
    let decision = bound.ask(&[("cookie", &stolen)], after(600));
    assert_eq!(reason(&decision), &Reason::Reuse);
    assert!(clears_both(&decision.cookies));
    assert_eq!(bound.row.revoked.map(|(_, reason)| reason), Some(RevocationReason::Reuse));
}

#[test]
fn a_thief_who_rotates_before_the_browser_has_registered_is_out_afterwards() {
    let mut bound = Bound::new();
    bound.row.device = None;
    let owners = bound.refresh.clone();
    let decision = bound.ask(&[("cookie", &owners)], after(310));
    let thiefs = pairs(&decision.cookies)[1].clone();
    bound.row.device = Some(bound.device.key());
    let decision = bound.ask(&[("cookie", &thiefs)], after(620));
    assert_eq!(reason(&decision), &Reason::BoundMeanwhile, "the thief's token is current, and of no use");
    let response = bound.device.proves(&bound.challenge(after(630)));
    let decision = bound.present_with(&owners, &response, after(630));
    assert!(matches!(decision.reply, DeviceReply::Renewed { .. }), "the owner's older token heals");
}

#[test]
fn a_stolen_pair_dies_with_its_access_token() {
    let (mut owner, _) = renewed();
    let (access, refresh) = (owner.access.clone(), owner.refresh.clone());
    let both = format!("{access}; {refresh}");
    assert!(owner.ask(&[("cookie", &both)], after(499)).identity().is_some(), "for its minutes");
    let before = owner.row.clone();
    for (rule, fields) in [
        ("both", vec![("cookie", &*both)]),
        ("the refresh cookie", vec![("cookie", &*refresh)]),
        ("in token mode", vec![("cookie", &*refresh), ("cookiejwt-mode", "token")]),
    ] {
        assert!(owner.ask(&fields, after(506)).identity().is_none(), "{rule}");
        let assessment = owner.core.refresh(&head("POST", &fields), after(506));
        assert!(owner.complete(assessment, after(506)).identity().is_none(), "{rule}: the refresh route");
    }
    let bearer = format!("Bearer {}", refresh.split_once('=').unwrap().1);
    assert!(owner.ask(&[("authorization", &bearer)], after(506)).identity().is_none(), "as a bearer token");
    assert_eq!(owner.row, before, "and the owner goes on");
    assert!(matches!(owner.renew(after(510)).reply, DeviceReply::Renewed { .. }));
}
