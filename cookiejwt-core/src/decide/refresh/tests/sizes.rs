//! How large the tokens are: the figures of the guide (`speed.md`).

use super::*;
use crate::{
    decide::{acting::ActorState, refresh::acting::ActorStep},
    request::Mode,
    token::{Actor, Facts, Method},
};

/// Ids as long as random ones, a subject like `42`, and no claims of the application.
fn sizes(terms: SessionTerms, version: i64) -> [usize; 2] {
    let core = testing::core();
    let request = LoginRequest {
        subject: "42".into(),
        claims: CustomClaims::default(),
        terms,
        client: ClientInfo::default(),
        mode: Mode::Cookie,
        ids: LoginIds::from_random([1; 16], [1; 32]),
        replaces: None,
    };
    let login = core.login(request, NOW).unwrap();
    let mut row = login.record;
    let refresh = &pairs(&login.cookies)[1];
    let later = NOW + Duration::seconds(100);
    let actor = SessionRecord { subject: "1".into(), facts: None, ..row.clone() };
    let actor = ActorState { row: Some(actor), user: active() };
    let ActorStep::Alive(attempt) = attempt(&core, refresh, later).with_actor(&actor, later) else {
        panic!("the actor is alive")
    };
    let attempt = attempt.with_version(version);
    let step = attempt.with_user(active(), RefreshIds::from_random([2; 32]), later);
    let RefreshStep::Rotate(rotation) = step else { panic!("{step:?}") };
    let outcome = update(&mut row, rotation.request());
    let decision = settled(rotation.complete(outcome)).decision;
    let value = |pair: &String| pair.split_once('=').unwrap().1.len();
    let [access, refresh] = &pairs(&decision.cookies)[..] else { panic!("both") };
    [value(access), value(refresh)]
}

#[test]
fn the_sizes_of_both_tokens_after_a_refresh() {
    let with = |facts| SessionTerms { facts, ..SessionTerms::default() };
    let proved = || Facts::new().proved(Method::PWD, NOW).proved(Method::OTP, NOW + Duration::seconds(9));
    let full = "x".repeat(Facts::LONGEST - r#"{"tenant":""}"#.len());
    let cases = [
        ("an unnamed login", with(Facts::new()), 0),
        ("a password", with(Facts::new().proved(Method::PWD, NOW)), 0),
        ("a password and a code", with(proved()), 0),
        ("the same with a class of 4 bytes", with(proved().with_acr("aal2")), 0),
        ("the same, renewed once", with(proved().with_acr("aal2")), 1),
        (
            "the same with a stamp",
            SessionTerms { stamp: Some("1".into()), ..with(proved().with_acr("aal2")) },
            0,
        ),
        ("facts of 512 bytes", with(Facts::new().with("tenant", &full).unwrap()), 0),
        (
            "an actor",
            with(
                Facts::new()
                    .acted_by(Actor::new("1".into(), crate::session::SessionId::from_random([3; 16]))),
            ),
            0,
        ),
    ];
    let found = cases.map(|(rule, terms, version)| (rule, sizes(terms, version)));
    let expected = [
        ("an unnamed login", [407, 409]),
        ("a password", [463, 447]),
        ("a password and a code", [493, 469]),
        ("the same with a class of 4 bytes", [511, 487]),
        ("the same, renewed once", [527, 487]),
        ("the same with a stamp", [511, 531]),
        ("facts of 512 bytes", [1088, 1104]),
        ("an actor", [441, 475]),
    ];
    assert_eq!(found, expected, "the figures of the guide have to change too");
}
