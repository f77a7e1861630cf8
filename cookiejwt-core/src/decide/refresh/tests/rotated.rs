//! Row m of [`rules`](crate::rules): the question for the store, and every byte that leaves.

use super::*;
use crate::response::SetCookie;

const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// The whole lines of these two payloads; HS256 is deterministic.
fn signed(core: &Core, access: &str, refresh: &str, max_ages: [&str; 2]) -> [String; 2] {
    let access = core.parts().access.jws().sign(access).unwrap();
    let refresh = core.parts().refresh.jws().sign(refresh).unwrap();
    [
        format!("__Host-access_token={access}; {ATTRIBUTES}{}", max_ages[0]),
        format!("__Host-refresh_token={refresh}; {ATTRIBUTES}{}", max_ages[1]),
    ]
}

fn after(seconds: i64) -> OffsetDateTime {
    NOW + Duration::seconds(seconds)
}

#[test]
fn the_question_for_the_store() {
    let core = testing::core();
    let (_, refresh) = login(&core, true);
    let now = after(100) + Duration::milliseconds(250);
    let rotation = rotation(attempt(&core, &refresh, now), 2);
    let at = |millis: i64| Timestamp::from_millis(NOW_SECONDS * 1000 + millis);
    let expected = RotationRequest {
        session_id: SESSION.into(),
        realm: crate::session::Realm::default(),
        presented: "refresh-1".into(),
        next: "refresh-2".into(),
        issued_at: at(100_000),
        expires_at: at(86_500_000),
        now: at(100_250),
        settles_at: at(110_250),
        orphaned_before: at(90_250),
        device: None,
    };
    assert_eq!(*rotation.request(), expected);
}

#[test]
fn row_m_every_byte_of_a_rotation() {
    let core = testing::core();
    let (_, refresh) = login(&core, true);
    let claims = CustomClaims::new(&serde_json::json!({ "role": "admin" })).unwrap();
    let step = attempt(&core, &refresh, after(100)).with_user(
        UserState::Active(ActiveUser::new(Ok(claims))),
        ids(2),
        NOW,
    );
    let RefreshStep::Rotate(rotation) = step else { panic!("{step:?}") };
    let settlement = settled(rotation.complete(RotationOutcome::Rotated));
    assert_eq!(told(&core, &settlement), "alice by access-2, sent");
    let access = r#"{"iss":"https://testing.example","sub":"alice","aud":["testing"],"exp":1767269200,"iat":1767268900,"jti":"access-2","sid":"session-1","auth_time":1767268800,"refresh_jti":"refresh-2","role":"admin"}"#;
    let refresh = r#"{"iss":"https://testing.example","sub":"alice","aud":["testing"],"exp":1767355300,"iat":1767268900,"jti":"refresh-2","sid":"session-1","auth_time":1767268800,"session_exp":1769860800,"remember":true}"#;
    let expected = signed(
        &core,
        access,
        refresh,
        [
            "; Max-Age=300; Expires=Thu, 01 Jan 2026 12:06:40 GMT",
            "; Max-Age=86400; Expires=Fri, 02 Jan 2026 12:01:40 GMT",
        ],
    );
    assert_eq!(lines(&settlement.decision.cookies), expected);
    assert_eq!(settlement.decision.reason, Reason::Rotated);
}

/// Within the second of the login, the mint of the testing module makes the same tokens.
#[test]
fn row_m_the_same_tokens_as_the_testing_module() {
    let core = testing::core();
    let (mut row, refresh) = login(&core, true);
    let decision = present(&core, &mut row, &refresh, NOW, 2);
    let access = testing::access("alice").session(SESSION).id("access-2").given_with("refresh-2");
    let refresh = testing::refresh("alice").session(SESSION).id("refresh-2");
    let expected = [
        format!("{}; {ATTRIBUTES}; Max-Age=300; Expires=Thu, 01 Jan 2026 12:05:00 GMT", access.cookie()),
        format!("{}; {ATTRIBUTES}; Max-Age=86400; Expires=Fri, 02 Jan 2026 12:00:00 GMT", refresh.cookie()),
    ];
    assert_eq!(lines(&decision.cookies), expected);
    let names: Vec<_> = decision.cookies.iter().map(SetCookie::name).collect();
    assert_eq!(names, ["__Host-access_token", "__Host-refresh_token"]);
}

#[test]
fn row_m_the_new_identity_in_the_same_request() {
    let core = testing::core();
    let (mut row, refresh) = login(&core, true);
    let decision = present(&core, &mut row, &refresh, after(1000), 2);
    let identity = decision.required().unwrap();
    assert_eq!(identity.subject().as_str(), "alice");
    assert_eq!(identity.session_id().as_str(), SESSION);
    assert_eq!(identity.token_id().as_str(), "access-2");
    assert_eq!(identity.source(), crate::decide::CredentialSource::Cookie);
    assert_eq!(identity.issued_at(), after(1000));
    assert_eq!(identity.expires_at(), after(1300));
    assert_eq!(identity.auth_time(), Some(NOW), "a refresh proves nobody anew");
    assert_eq!(decision.refresh_expires_at, Some(after(1000 + 86_400)));
}

#[test]
fn row_m_the_new_claims_in_the_same_request() {
    let core = testing::core();
    let (_, refresh) = login(&core, true);
    let claims = CustomClaims::new(&serde_json::json!({ "role": "admin" })).unwrap();
    let step =
        attempt(&core, &refresh, NOW).with_user(UserState::Active(ActiveUser::new(Ok(claims))), ids(2), NOW);
    let RefreshStep::Rotate(rotation) = step else { panic!("{step:?}") };
    let settlement = settled(rotation.complete(RotationOutcome::Rotated));
    let claims: serde_json::Value = settlement.decision.required().unwrap().claims().unwrap();
    assert_eq!(claims["role"], "admin");
}

/// Lives of 300 s and 600 s in a session of 1000 s.
fn short_session() -> Core {
    let seconds = std::time::Duration::from_secs;
    let config = testing::config().session_max_age(seconds(1000)).refresh_max_age(seconds(600));
    Core::new(config.revocation(RevocationLevel::AtRefresh).build().unwrap())
}

#[test]
fn every_exp_and_max_age_is_capped_by_the_absolute_end() {
    let core = short_session();
    let (mut row, first) = login(&core, true);
    let decision = present(&core, &mut row, &first, after(590), 2);
    assert_eq!(row.expires_at, Timestamp::from(after(1000)), "the refresh token is capped");
    let second = pairs(&decision.cookies)[1].clone();
    let decision = present(&core, &mut row, &second, after(900), 3);
    let access = r#"{"iss":"https://testing.example","sub":"alice","aud":["testing"],"exp":1767269800,"iat":1767269700,"jti":"access-3","sid":"session-1","auth_time":1767268800,"refresh_jti":"refresh-3"}"#;
    let refresh = r#"{"iss":"https://testing.example","sub":"alice","aud":["testing"],"exp":1767269800,"iat":1767269700,"jti":"refresh-3","sid":"session-1","auth_time":1767268800,"session_exp":1767269800,"remember":true}"#;
    let expected =
        signed(&core, access, refresh, ["; Max-Age=100; Expires=Thu, 01 Jan 2026 12:16:40 GMT"; 2]);
    assert_eq!(lines(&decision.cookies), expected);
    assert_eq!(decision.refresh_expires_at, Some(after(1000)));
    assert_eq!(row.expires_at, Timestamp::from(after(1000)));
    assert_eq!(row.ends_at, Timestamp::from(after(1000)), "never extended");
}

#[test]
fn one_second_before_the_absolute_end_and_at_it() {
    let core = short_session();
    let (mut row, first) = login(&core, true);
    let decision = present(&core, &mut row, &first, after(590), 2);
    let second = pairs(&decision.cookies)[1].clone();
    let decision = present(&core, &mut row, &second, after(999), 3);
    let last = lines(&decision.cookies);
    assert!(
        last.iter().all(|line| line.ends_with("; Max-Age=1; Expires=Thu, 01 Jan 2026 12:16:40 GMT")),
        "{last:?}"
    );
    let third = pairs(&decision.cookies)[1].clone();
    let (head, ()) = Request::get("/").header(COOKIE, third).body(()).unwrap().into_parts();
    assert!(core.authenticate(&head, after(1000)).is_refused(), "j");
}

#[test]
fn not_remembered_means_no_max_age_on_either_cookie() {
    let core = testing::core();
    let (mut row, refresh) = login(&core, false);
    let decision = present(&core, &mut row, &refresh, after(100), 2);
    let access = r#"{"iss":"https://testing.example","sub":"alice","aud":["testing"],"exp":1767269200,"iat":1767268900,"jti":"access-2","sid":"session-1","auth_time":1767268800,"refresh_jti":"refresh-2"}"#;
    let refresh = r#"{"iss":"https://testing.example","sub":"alice","aud":["testing"],"exp":1767355300,"iat":1767268900,"jti":"refresh-2","sid":"session-1","auth_time":1767268800,"session_exp":1769860800,"remember":false}"#;
    assert_eq!(lines(&decision.cookies), signed(&core, access, refresh, ["", ""]));
    let parent = pairs(&decision.cookies)[1].clone();
    let decision = present(&core, &mut row, &parent, after(105), 3);
    assert_eq!(decision.reason, Reason::CurrentInLeeway);
    assert!(lines(&decision.cookies).iter().all(|line| line.ends_with(ATTRIBUTES)), "neither in row p");
}

#[test]
fn what_the_row_says_after_a_rotation() {
    let core = testing::core();
    let (mut row, refresh) = login(&core, true);
    let before = row.clone();
    let now = after(100) + Duration::milliseconds(250);
    let _ = present(&core, &mut row, &refresh, now, 2);
    let expected = SessionRecord {
        current_jti: "refresh-2".into(),
        previous_jti: Some("refresh-1".into()),
        issued_at: after(100).into(),
        expires_at: after(100 + 86_400).into(),
        rotated_at: Some(now.into()),
        last_seen_at: now.into(),
        settles_at: (now + Duration::seconds(10)).into(),
        received_at: None,
        ..before
    };
    assert_eq!(row, expected);
}
