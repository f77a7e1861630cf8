//! Rows g, s, u and v: what a marked refresh token does on a request of the application.

use super::*;
use crate::{
    decide::{Outcome, Reason, Refusal},
    device::Skipped,
    response::Problem,
};

const NAVIGATION: [(&str, &str); 3] =
    [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("sec-fetch-site", "cross-site")];

fn refusal(decision: &Decision) -> Option<Refusal> {
    match decision.outcome {
        Outcome::Refused(refusal) => Some(refusal),
        _ => None,
    }
}

const PROOF: Option<Refusal> = Some(Refusal::DeviceProofRequired { reload: false });
const RELOAD: Option<Refusal> = Some(Refusal::DeviceProofRequired { reload: true });

#[test]
fn row_s_when_a_page_that_reloads_itself_helps() {
    let mut bound = Bound::renewed();
    let refresh = bound.refresh.clone();
    let with = |name: &'static str, value: &'static str| {
        let fields = NAVIGATION.into_iter().filter(|(other, _)| *other != name);
        fields.chain([(name, value)]).collect::<Vec<_>>()
    };
    for (rule, method, fields, expected) in [
        ("a link on another site", "GET", NAVIGATION.to_vec(), RELOAD),
        ("its head", "HEAD", NAVIGATION.to_vec(), RELOAD),
        ("a link on the same site", "GET", with("sec-fetch-site", "same-site"), RELOAD),
        ("the address bar", "GET", with("sec-fetch-site", "none"), PROOF),
        ("the same origin", "GET", with("sec-fetch-site", "same-origin"), PROOF),
        ("a prerendered page", "GET", with("sec-purpose", "prefetch;prerender"), PROOF),
        ("a frame", "GET", with("sec-fetch-dest", "iframe"), PROOF),
        ("a script", "GET", with("sec-fetch-mode", "cors"), PROOF),
        ("no Fetch Metadata", "GET", vec![], PROOF),
        ("OPTIONS", "OPTIONS", NAVIGATION.to_vec(), PROOF),
    ] {
        let fields: Vec<_> = fields.into_iter().chain([("cookie", &*refresh)]).collect();
        let assessment = bound.core.authenticate(&head(method, &fields), after(600));
        let decision = bound.complete(assessment, after(600));
        assert_eq!(refusal(&decision), expected, "{rule}");
        assert!(decision.cookies.is_empty(), "{rule}: the browser will prove itself");
        let expected = expected.filter(|refusal| *refusal == RELOAD.unwrap()).map(Problem::from);
        assert_eq!(decision.optional().err(), expected, "{rule}: optional");
    }
}

#[test]
fn row_s_asks_no_store_and_clears_a_dead_access_cookie() {
    let bound = Bound::renewed();
    let (refresh, access) = (&bound.refresh, &bound.access);
    let foreign = testing::access("alice").by(&bound.core).session(SESSION).foreign().cookie();
    let early = testing::access("alice").by(&bound.core).session(SESSION).issued_at(after(700)).cookie();
    for (rule, cookie, clears) in [
        ("no access cookie", refresh.clone(), false),
        ("an expired one", format!("{access}; {refresh}"), true),
        ("one of another issuer", format!("{foreign}; {refresh}"), true),
        ("one of a node that is ahead", format!("{early}; {refresh}"), false),
    ] {
        let assessment = bound.core.authenticate(&head("GET", &[("cookie", &cookie)]), after(600));
        let Assessment::NeedsSessionCheck(check) = assessment else { panic!("{rule}: {assessment:?}") };
        assert!(!check.has_valid_access(), "{rule}: a look at the revoked set is enough");
        let Resolution::Settled(decision) = check.resolve(SessionStatus::Live) else { panic!("{rule}") };
        assert_eq!(refusal(&decision), PROOF, "{rule}");
        let lines = lines(&decision.cookies);
        assert_eq!(lines.len(), usize::from(clears), "{rule}");
        assert!(lines.iter().all(|line| line.starts_with("__Host-access_token=; ")), "{rule}");
    }
}

#[test]
fn row_c_comes_before_row_s() {
    let bound = Bound::renewed();
    let assessment = bound.core.authenticate(&head("GET", &[("cookie", &bound.refresh)]), after(600));
    let Assessment::NeedsSessionCheck(check) = assessment else { panic!("{assessment:?}") };
    let Resolution::Settled(decision) = check.resolve(SessionStatus::Revoked(RevocationReason::Logout))
    else {
        panic!()
    };
    assert_eq!(refusal(&decision), Some(Refusal::SessionRevoked));
    assert!(clears_both(&decision.cookies));
}

#[test]
fn row_s_why_the_browser_has_not_renewed() {
    let mut bound = Bound::renewed();
    let refresh = bound.refresh.clone();
    for (field, expected) in [
        (r#"quota_exceeded;session_identifier="session-1""#, Some(Skipped::QuotaExceeded)),
        (r#"unreachable;session_identifier="session-1""#, Some(Skipped::Unreachable)),
        (r#"server_error; session_identifier="session-1""#, Some(Skipped::ServerError)),
        (r#"surprise;session_identifier="session-1""#, Some(Skipped::Other)),
        (
            r#"unreachable;session_identifier="session-0", quota_exceeded;session_identifier="session-1""#,
            Some(Skipped::QuotaExceeded),
        ),
        (r#"quota_exceeded;session_identifier="session-0""#, None),
        ("quota_exceeded", None),
        (r#"quota_exceeded;session_identifier="session-1"#, None),
    ] {
        let decision = bound.ask(&[("cookie", &refresh), ("secure-session-skipped", field)], after(600));
        assert_eq!(decision.reason, Reason::DeviceProofMissing { skipped: expected }, "{field}");
    }
}

#[test]
fn row_g_a_marked_token_is_not_refreshed_ahead() {
    let mut bound = Bound::renewed();
    let cookies = format!("{}; {}", bound.access, bound.refresh);
    let decision = bound.ask(&[("cookie", &cookies)], after(490));
    assert!(decision.identity().is_some() && decision.cookies.is_empty());
}

#[test]
fn row_u_the_access_token_of_a_closed_browser() {
    let core = core(|config| config);
    let forgets = pairs(&login(&core, false).cookies);
    let remembers = pairs(&login(&core, true).cookies);
    let other = testing::refresh("alice").by(&core).session("session-0").cookie();
    let bearer = forgets[0].split_once('=').unwrap().1;
    for (rule, cookies, bearer, is_authenticated) in [
        ("both cookies", format!("{}; {}", forgets[0], forgets[1]), None, true),
        ("the access cookie alone", forgets[0].clone(), None, false),
        ("beside that of another session", format!("{}; {other}", forgets[0]), None, false),
        ("beside a forged one", format!("{}; __Host-refresh_token=x", forgets[0]), None, false),
        ("of a session that is remembered", remembers[0].clone(), None, true),
        ("as a bearer token", String::new(), Some(format!("Bearer {bearer}")), true),
    ] {
        let mut fields = vec![("cookie", &*cookies)];
        fields.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        let decision = Bound::with(core.clone()).ask(&fields, after(1));
        assert_eq!(decision.identity().is_some(), is_authenticated, "{rule}");
        if !is_authenticated && !cookies.contains("refresh") {
            assert!(clears_both(&decision.cookies), "{rule}: row j");
        }
    }
}

#[test]
fn row_u_its_refresh_cookie_is_verified_also_when_the_field_is_the_same() {
    let core = core(|config| config);
    for (remember, expected) in [(true, true), (false, false)] {
        let cookies = pairs(&login(&core, remember).cookies).join("; ");
        let head = head("GET", &[("cookie", &cookies)]);
        let first = Bound::with(core.clone()).ask(&[("cookie", &cookies)], after(1));
        assert!(first.identity().is_some());
        assert_eq!(
            core.recall(&RequestHead::from(&head), after(1), &|_| 0).is_some(),
            expected,
            "remember: {remember}"
        );
    }
}

#[test]
fn while_it_is_off_no_token_ends_with_the_browser() {
    let core = core(|config| config.device_bound(DeviceBinding::Off));
    let access = pairs(&login(&core, false).cookies)[0].clone();
    assert!(Bound::with(core).ask(&[("cookie", &access)], after(1)).identity().is_some());
}

#[test]
fn row_v_the_refresh_route_with_a_marked_token() {
    let mut bound = Bound::renewed();
    let (access, refresh) = (bound.access.clone(), bound.refresh.clone());
    let other = testing::access("alice").by(&bound.core).session("session-0").issued_at(after(200)).cookie();
    for (rule, cookies, now, expected) in [
        ("with its access token", format!("{access}; {refresh}"), 300, None),
        ("alone", refresh.clone(), 300, PROOF),
        ("with an expired one", format!("{access}; {refresh}"), 600, PROOF),
        ("with that of another session", format!("{other}; {refresh}"), 300, PROOF),
    ] {
        let assessment = bound.core.refresh(&head("POST", &[("cookie", &cookies)]), after(now));
        let decision = bound.complete(assessment, after(now));
        assert_eq!(refusal(&decision), expected, "{rule}");
        if expected.is_none() {
            assert!(decision.cookies.is_empty() && decision.refresh_expires_at.is_some(), "{rule}");
        }
    }
}

#[test]
fn a_marked_token_in_a_body_renews_nothing() {
    let bound = Bound::with(core(|config| config.token_mode(true)));
    let mut bound = Bound { refresh: Bound::renewed().refresh, ..bound };
    let token = bound.refresh.split_once('=').unwrap().1.to_owned();
    let head = head("POST", &[("cookiejwt-mode", "token")]);
    let assessment = bound.core.refresh_tokens(&head, &token, after(600));
    let decision = bound.complete(assessment, after(600));
    assert_eq!(refusal(&decision), PROOF);
    assert!(decision.tokens.is_none() && decision.cookies.is_empty());
}

#[test]
fn require_takes_every_refresh_token_for_a_marked_one() {
    let core = core(|config| config.device_bound(DeviceBinding::Require));
    let cookies = pairs(&login(&core, true).cookies);
    let mut bound = Bound::with(core);
    bound.row.device = None;
    let (access, refresh) = (&cookies[0], &cookies[1]);
    let decision = bound.ask(&[("cookie", &format!("{access}; {refresh}"))], after(290));
    assert!(decision.identity().is_some() && decision.cookies.is_empty(), "the first access token");
    assert_eq!(refusal(&bound.ask(&[("cookie", refresh)], after(310))), PROOF, "and none after it");
}

#[test]
fn rows_hold_whatever_the_setting() {
    for binding in [DeviceBinding::Off, DeviceBinding::Keep] {
        let marked = Bound::renewed().refresh;
        let mut bound = Bound::with(core(|config| config.device_bound(binding)));
        assert_eq!(refusal(&bound.ask(&[("cookie", &marked)], after(600))), PROOF, "{binding:?}: s");
        let unmarked = bound.refresh.clone();
        assert_eq!(refusal(&bound.ask(&[("cookie", &unmarked)], after(600))), PROOF, "{binding:?}: x");
    }
}
