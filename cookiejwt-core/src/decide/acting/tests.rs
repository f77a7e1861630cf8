//! When a session in which another user acts may begin and continue, and what it says.

use http::Request;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::{
    config::RevocationLevel,
    decide::{
        authenticate::{Assessment, Resolution, SessionCheck, SessionStatus},
        decision::{Decision, Reason, Settlement},
        login::{ClientInfo, Login, LoginRequest, SessionTerms},
        refresh::{ActiveUser, ActorStep, RefreshAttempt, RefreshStep},
    },
    session::{LoginIds, RefreshIds},
    testing::{self, NOW},
    token::{CustomClaims, Facts, Method, Requirement},
};

const ADMIN: &str = "admin's";

fn after(seconds: i64) -> OffsetDateTime {
    NOW + Duration::seconds(seconds)
}

fn log_in(core: &Core, subject: &str, session: &str, terms: SessionTerms) -> Login {
    let request = LoginRequest {
        subject: subject.into(),
        claims: CustomClaims::default(),
        terms,
        client: ClientInfo::default(),
        mode: Mode::Cookie,
        ids: LoginIds {
            session: session.into(),
            refresh: format!("{session} refresh").into(),
            access: format!("{session} access").into(),
        },
        replaces: None,
    };
    core.login(request, NOW).unwrap()
}

/// The row of an administrator: a password, a minute ago a code; at acme.
fn admin(core: &Core) -> SessionRecord {
    let facts = Facts::new().proved(Method::PWD, NOW).proved(Method::OTP, after(-60)).with_acr("gold");
    let facts = facts.with("tenant", &"acme").unwrap();
    let terms = SessionTerms { facts, stamp: Some("1".into()), ..SessionTerms::remembering(false) };
    log_in(core, "admin", ADMIN, terms).record
}

fn actor() -> Actor {
    Actor::new("admin".into(), ADMIN.into())
}

fn active(stamp: Option<&str>) -> UserState {
    let user = ActiveUser::new(Ok(CustomClaims::default()));
    UserState::Active(user.stamp(stamp.map(Into::into)))
}

fn acting(core: &Core, row: &SessionRecord, terms: SessionTerms) -> Login {
    log_in(core, "alice", "acting", terms.acted_by(actor(), row))
}

/// What a browser with these cookies sends.
fn head(cookies: &[&str]) -> http::request::Parts {
    Request::post("/").header("cookie", cookies.join("; ")).body(()).unwrap().into_parts().0
}

fn pairs(login: &Login) -> Vec<String> {
    let pair = |line: &str| line.split(';').next().unwrap_or_default().to_owned();
    login.cookies.iter().map(|cookie| pair(cookie.line().to_str().unwrap())).collect()
}

fn attempt(core: &Core, login: &Login, now: OffsetDateTime) -> RefreshAttempt {
    match core.authenticate(&head(&[&pairs(login)[1]]), now) {
        Assessment::NeedsRefresh(attempt) => *attempt,
        other => panic!("{other:?}"),
    }
}

/// What the tables say of the session of the administrator.
#[test]
fn who_may_act() {
    let core = testing::core();
    let row = || admin(&core);
    let ended = Err(ActorFault::Ended);
    let changed = |change: fn(&mut SessionRecord)| {
        let mut row = row();
        change(&mut row);
        Some(row)
    };
    let revoked = |reason, seconds| {
        let row = row();
        Some(SessionRecord { revoked: Some((after(seconds).into(), reason)), ..row })
    };
    let same = || active(Some("1"));
    let nested = acting(&core, &row(), SessionTerms::default()).record;
    let nested = SessionRecord { id: ADMIN.into(), subject: "admin".into(), ..nested };
    for (rule, row, user, expected) in [
        ("alive", Some(row()), same(), Ok(())),
        ("no such session", None, same(), ended),
        ("another user's", changed(|row| row.subject = "alice".into()), same(), ended),
        ("another realm's", changed(|row| row.realm = "staff".into()), same(), ended),
        ("past its idle end", changed(|row| row.expires_at = NOW.into()), same(), ended),
        ("past its absolute end", changed(|row| row.ends_at = NOW.into()), same(), ended),
        (
            "revoked",
            revoked(RevocationReason::Logout, -1),
            same(),
            Err(ActorFault::Revoked(RevocationReason::Logout)),
        ),
        ("superseded, not yet", revoked(RevocationReason::Superseded, 60), same(), Ok(())),
        (
            "superseded",
            revoked(RevocationReason::Superseded, 0),
            same(),
            Err(ActorFault::Revoked(RevocationReason::Superseded)),
        ),
        ("one in which another user acts", Some(nested), same(), ended),
        ("row k: gone", Some(row()), UserState::Gone, ended),
        ("row k: inactive", Some(row()), UserState::Inactive, ended),
        ("row k: a second factor", Some(row()), UserState::SecondFactorRequired, ended),
        ("row k: another stamp", Some(row()), active(Some("2")), ended),
        ("row k: a user without a stamp", Some(row()), active(None), Ok(())),
        ("row k: a row without one", changed(|row| row.facts = None), same(), Ok(())),
        ("row q", Some(row()), UserState::Unavailable, Err(ActorFault::Unavailable)),
    ] {
        let state = ActorState { row, user };
        assert_eq!(core.check_actor(&actor(), &state, NOW).map(drop), expected, "{rule}");
    }
}

/// Half an hour, an earlier end, and both ends of the administrator's session.
#[test]
fn when_it_ends() {
    let core = testing::core();
    let minutes = |minutes: i64| after(minutes * 60);
    let row = |expires_at: i64, ends_at: i64| {
        let row = admin(&core);
        SessionRecord { expires_at: minutes(expires_at).into(), ends_at: minutes(ends_at).into(), ..row }
    };
    for (rule, row, ends_at, expected) in [
        ("half an hour", row(90, 90), None, 30),
        ("no later", row(90, 90), Some(31), 30),
        ("earlier", row(90, 90), Some(10), 10),
        ("the idle end of the actor", row(20, 90), None, 20),
        ("the absolute end of the actor", row(90, 15), Some(25), 15),
        ("an earlier one than that", row(20, 15), Some(5), 5),
    ] {
        let terms = SessionTerms { ends_at: ends_at.map(minutes), ..SessionTerms::default() };
        let login = acting(&core, &row, terms);
        assert_eq!(login.record.ends_at, minutes(expected).into(), "{rule}");
        assert_eq!(login.record.expires_at, minutes(expected).into(), "{rule}: no idle life beyond it");
        assert_eq!(login.identity.expires_at(), minutes(5.min(expected)), "{rule}: the access token");
    }
}

/// Whatever the application, or a driver, says of it.
#[test]
fn it_has_no_proofs_and_makes_no_device_known() {
    let core = testing::core();
    let said = || {
        let facts = Facts::new().proved(Method::PWD, NOW).with_acr("gold").with("tenant", &"umbrella");
        SessionTerms { facts: facts.unwrap(), ..SessionTerms::default() }
    };
    let proofs = said().facts.proofs;
    let forced = Facts { actor: Some(actor()), ..said().facts };
    for (rule, login) in [
        ("of the options", acting(&core, &admin(&core), said())),
        (
            "of a proof that follows",
            log_in(
                &core,
                "alice",
                "acting",
                SessionTerms::default().acted_by(actor(), &admin(&core)).with_proofs(&proofs),
            ),
        ),
        ("of a driver", log_in(&core, "alice", "acting", SessionTerms { facts: forced, ..said() })),
    ] {
        let who = &login.identity;
        assert_eq!((who.proofs().len(), who.acr(), who.auth_time()), (0, None, None), "{rule}");
        assert_eq!(who.actor(), Some(&actor()), "{rule}");
        let max_age = std::time::Duration::from_hours(1);
        assert!(core.check_fresh(who, max_age, NOW).is_err(), "{rule}");
        for requirement in [
            Requirement::any_method().within(max_age),
            Requirement::method(Method::PWD),
            Requirement::acr("gold"),
        ] {
            assert!(!who.meets(&requirement, NOW), "{rule}: {requirement:?}");
        }
        let lines = login.cookies.iter().count();
        let login = core.remember_device(login, Some("hash"));
        assert_eq!(login.cookies.iter().count(), lines, "{rule}: no known device");
    }
}

/// A token of another issuer of the same keys: the guards do not trust what it says.
#[test]
fn no_guard_believes_proofs_beside_an_actor() {
    let who = testing::access("alice").proof(Method::PWD, NOW).acr("gold").acted_by(actor()).identity();
    let (core, hour) = (testing::core(), std::time::Duration::from_hours(1));
    assert!(core.check_fresh(&who, hour, NOW).is_err());
    for requirement in [
        Requirement::any_method().within(hour),
        Requirement::method(Method::PWD),
        Requirement::acr("gold"),
        Requirement::acr("silver").or(Requirement::method(Method::PWD)),
    ] {
        assert!(core.check_proofs(&who, &requirement, NOW).is_err(), "{requirement:?}");
    }
}

#[test]
fn who_comes_back_has_what_they_had() {
    let core = testing::core();
    let row = admin(&core);
    let terms = SessionTerms { stamp: Some("1".into()), ..SessionTerms::returning(&row) };
    let back = log_in(&core, "admin", "back", terms);
    let expected = SessionRecord { id: "back".into(), current_jti: "back refresh".into(), ..row };
    assert_eq!(back.record, expected, "its row too");
    let who = &back.identity;
    assert_eq!(serde_json::to_string(who.proofs()).unwrap(), r#"{"otp":1767268740,"pwd":1767268800}"#);
    assert_eq!((who.acr(), who.auth_time(), who.actor()), (Some("gold"), Some(NOW), None));
    assert_eq!(who.fact::<String>("tenant").unwrap(), "acme");
    let unnamed = log_in(&core, "admin", ADMIN, SessionTerms::default()).record;
    let later = LoginRequest {
        subject: "admin".into(),
        claims: CustomClaims::default(),
        terms: SessionTerms::returning(&unnamed),
        client: ClientInfo::default(),
        mode: Mode::Cookie,
        ids: LoginIds { session: "back".into(), refresh: "r".into(), access: "a".into() },
        replaces: None,
    };
    let back = core.login(later, after(900)).unwrap();
    assert_eq!(back.identity.auth_time(), Some(NOW), "coming back is no proof");
    assert_eq!(back.record.ends_at, unnamed.ends_at, "and moves no end");
}

fn told(settlement: &Settlement) -> String {
    let Settlement { decision, revoke } = settlement;
    let code = decision.required().map_or_else(Problem::code, |_| "soft");
    let cookies = if decision.cookies.is_empty() { "kept" } else { "cleared" };
    format!("{code} {cookies} {:?}", revoke.as_ref().map(|revocation| revocation.reason.as_str()))
}

/// Rows c, k and q at the refresh of the acting session.
#[test]
fn its_refresh_asks_for_the_session_of_the_actor() {
    let core = testing::core();
    let row = admin(&core);
    let login = acting(&core, &row, SessionTerms::default());
    let revoked = |reason| Some(SessionRecord { revoked: Some((after(100).into(), reason)), ..row.clone() });
    let (gone, same) = (r#"session_revoked cleared Some("actor_ended")"#, || active(Some("1")));
    for (rule, row, user, expected) in [
        ("alive", Some(row.clone()), same(), "alive"),
        ("c: logged out", revoked(RevocationReason::Logout), same(), gone),
        (
            "c: the actor has come back: later cookies stay",
            revoked(RevocationReason::Superseded),
            same(),
            r#"session_revoked kept Some("actor_ended")"#,
        ),
        ("k: missing", None, same(), gone),
        ("k: the actor is disabled", Some(row.clone()), UserState::Inactive, gone),
        ("k: the stamp of the actor", Some(row.clone()), active(Some("2")), gone),
        ("q", Some(row.clone()), UserState::Unavailable, "unavailable kept None"),
    ] {
        let state = ActorState { row, user };
        let found = match attempt(&core, &login, after(306)).with_actor(&state, after(306)) {
            ActorStep::Alive(_) => "alive".into(),
            ActorStep::Settled(settlement) => told(&settlement),
        };
        assert_eq!(found, expected, "{rule}");
    }
    let unknown = attempt(&core, &login, after(306)).actor_unknown();
    assert_eq!(told(&unknown), "unavailable kept None", "q: the store of sessions");
}

/// A driver that forgets the actor gets no session out of it.
#[test]
fn without_asking_it_is_not_refreshed() {
    let core = testing::core();
    let row = admin(&core);
    let login = acting(&core, &row, SessionTerms::default());
    let ids = || RefreshIds { refresh: "refresh-2".into(), access: "access-2".into() };
    let step = attempt(&core, &login, after(306)).with_user(active(None), ids(), after(306));
    let RefreshStep::Settled(settlement) = step else { panic!("{step:?}") };
    assert_eq!(settlement.decision.reason, Reason::ActorEnded);
    let state = ActorState { row: Some(row), user: active(Some("1")) };
    let ActorStep::Alive(attempt) = attempt(&core, &login, after(306)).with_actor(&state, after(306)) else {
        panic!("the actor is alive")
    };
    let step = attempt.with_user(active(None), ids(), after(306));
    assert!(matches!(step, RefreshStep::Rotate(_)), "{step:?}");
}

/// Every kind of request is asked about both sessions.
#[test]
fn which_sessions_are_asked_about() {
    let core = Core::new(testing::config().revocation(RevocationLevel::EveryRequest).build().unwrap());
    let row = admin(&core);
    let (login, own) = (
        acting(&core, &row, SessionTerms::default()),
        log_in(&core, "bob", "bob's", SessionTerms::default()),
    );
    let asked = |core: &Core, head: http::request::Parts| -> SessionCheck {
        match core.authenticate(&head, NOW) {
            Assessment::NeedsSessionCheck(check) => check,
            other => panic!("{other:?}"),
        }
    };
    let [access, refresh] = &pairs(&login)[..] else { panic!("two cookies") };
    let image = Request::get("/").header("cookie", refresh).header("sec-fetch-site", "cross-site");
    for (rule, head, expected) in [
        ("an access token", head(&[access]), Some(ADMIN)),
        ("both", head(&[access, refresh]), Some(ADMIN)),
        ("a refresh token", head(&[refresh]), Some(ADMIN)),
        ("row h", image.body(()).unwrap().into_parts().0, Some(ADMIN)),
        ("another session", head(&[&pairs(&own)[0]]), None),
    ] {
        let check = asked(&core, head);
        assert_eq!(check.actor_session_id().map(SessionId::as_str), expected, "{rule}");
        let Resolution::Settled(Decision { outcome, .. }) =
            check.resolve(SessionStatus::Revoked(RevocationReason::Logout))
        else {
            panic!("{rule}: row c")
        };
        assert!(matches!(outcome, crate::decide::decision::Outcome::Refused(_)), "{rule}");
    }
}

#[test]
fn who_holds_a_refresh_token() {
    let core = Core::new(testing::config().token_mode(true).build().unwrap());
    let row = admin(&core);
    let login = acting(&core, &row, SessionTerms::default());
    let [access, refresh] = &pairs(&login)[..] else { panic!("two cookies") };
    let text = refresh.split_once('=').unwrap().1;
    let other = pairs(&log_in(&core, "bob", "bob's", SessionTerms::default()))[1].clone();
    let token_mode = |cookie: &str| {
        let request = Request::post("/").header("cookiejwt-mode", "token").header("cookie", cookie);
        request.body(()).unwrap().into_parts().0
    };
    for (rule, head, body, expected) in [
        ("its refresh cookie", head(&[access, refresh]), None, true),
        ("its access cookie alone", head(&[access]), None, false),
        ("the refresh cookie of another session", head(&[access, &other]), None, false),
        ("a body in cookie mode", head(&[access]), Some(text), false),
        ("a body in token mode", token_mode("a=b"), Some(text), true),
        ("a cookie in token mode", token_mode(refresh), None, false),
        ("an access token in the body", token_mode("a=b"), access.split_once('=').map(|it| it.1), false),
        ("nothing", token_mode("a=b"), None, false),
    ] {
        assert_eq!(core.holds_refresh(&head, body, login.identity.session_id()), expected, "{rule}");
    }
}

#[test]
fn the_user_themselves() {
    let who = testing::access("alice");
    assert_eq!(who.identity().require_no_actor(), Ok(()));
    assert_eq!(who.acted_by(actor()).identity().require_no_actor(), Err(Problem::Acting));
}
