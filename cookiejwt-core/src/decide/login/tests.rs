//! What a login mints, and what it writes into the row.

use http::{Request, header::USER_AGENT};
use time::{Duration, OffsetDateTime};

use super::{ClientInfo, Login, LoginRequest, MintError, SessionTerms};
use crate::{
    config::{Config, ConfigBuilder},
    decide::{facade::Core, identity::CredentialSource},
    request::Mode,
    session::{LoginIds, SessionRecord, Subject, Timestamp},
    testing::{self, NOW},
    token::{CustomClaims, Facts, Method},
};

const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";
const IN_FIVE_MINUTES: &str = "Max-Age=300; Expires=Thu, 01 Jan 2026 12:05:00 GMT";

fn core(change: fn(ConfigBuilder) -> ConfigBuilder) -> Core {
    Core::new(change(testing::config()).build().unwrap())
}

fn ids() -> LoginIds {
    LoginIds { session: "session-1".into(), refresh: "refresh-1".into(), access: "access-1".into() }
}

fn request() -> LoginRequest {
    let client = ClientInfo { user_agent: Some("Firefox".into()), ip: Some("192.0.2.1".into()) };
    LoginRequest {
        subject: "alice".into(),
        claims: CustomClaims::default(),
        terms: SessionTerms::default(),
        client,
        mode: Mode::Cookie,
        ids: ids(),
        replaces: None,
    }
}

fn of_subject(subject: String) -> LoginRequest {
    LoginRequest { subject: subject.into(), ..request() }
}

fn lines(login: &Login) -> Vec<String> {
    login.cookies.iter().map(|cookie| cookie.line().to_str().unwrap().to_owned()).collect()
}

fn after(seconds: i64) -> OffsetDateTime {
    NOW + Duration::seconds(seconds)
}

#[test]
fn every_field_of_the_record() {
    let now = NOW + Duration::milliseconds(250);
    let login = testing::core().login(request(), now).unwrap();
    let expected = SessionRecord {
        id: "session-1".into(),
        realm: crate::session::Realm::default(),
        subject: "alice".into(),
        current_jti: "refresh-1".into(),
        previous_jti: None,
        issued_at: NOW.into(),
        expires_at: after(86_400).into(),
        rotated_at: None,
        settles_at: Timestamp::from(now).plus_millis(-1),
        received_at: None,
        created_at: now.into(),
        auth_time: NOW.into(),
        last_seen_at: now.into(),
        ends_at: after(30 * 86_400).into(),
        revoked: None,
        remember: true,
        user_agent: Some("Firefox".into()),
        ip: Some("192.0.2.1".into()),
        facts: None,
        version: 0,
        renewed_at: None,
        device: None,
    };
    assert_eq!(login.record, expected);
    assert_eq!(login.refresh_expires_at, after(86_400));
}

#[test]
fn the_identity() {
    let claims = CustomClaims::new(&serde_json::json!({ "role": "admin" })).unwrap();
    let login = testing::core().login(LoginRequest { claims, ..request() }, NOW).unwrap();
    let identity = &login.identity;
    assert_eq!(identity.subject().as_str(), "alice");
    assert_eq!(identity.session_id().as_str(), "session-1");
    assert_eq!(identity.token_id().as_str(), "access-1");
    assert_eq!(identity.source(), CredentialSource::Cookie);
    assert_eq!((identity.issued_at(), identity.expires_at()), (NOW, after(300)));
    assert_eq!(identity.auth_time(), Some(NOW));
    assert_eq!(identity.claims::<serde_json::Value>().unwrap()["role"], "admin");
}

#[test]
fn every_byte_of_the_cookies() {
    let core = testing::core();
    let login = core.login(request(), NOW).unwrap();
    let access = r#"{"iss":"https://testing.example","sub":"alice","aud":["testing"],"exp":1767269100,"iat":1767268800,"jti":"access-1","sid":"session-1","auth_time":1767268800}"#;
    let refresh = r#"{"iss":"https://testing.example","sub":"alice","aud":["testing"],"exp":1767355200,"iat":1767268800,"jti":"refresh-1","sid":"session-1","auth_time":1767268800,"session_exp":1769860800,"remember":true}"#;
    let access = core.parts().access.jws().sign(access).unwrap();
    let refresh = core.parts().refresh.jws().sign(refresh).unwrap();
    let expected = [
        format!("__Host-access_token={access}; {ATTRIBUTES}; {IN_FIVE_MINUTES}"),
        format!(
            "__Host-refresh_token={refresh}; {ATTRIBUTES}; Max-Age=86400; Expires=Fri, 02 Jan 2026 12:00:00 GMT"
        ),
    ];
    assert_eq!(lines(&login), expected);
}

#[test]
fn the_cookies_are_accepted_at_once() {
    let core = testing::core();
    let login = core.login(request(), NOW).unwrap();
    let cookie =
        lines(&login).iter().map(|line| line.split(';').next().unwrap().to_owned()).collect::<Vec<_>>();
    let (head, ()) = Request::get("/").header("cookie", cookie.join("; ")).body(()).unwrap().into_parts();
    assert!(core.authenticate(&head, NOW).is_authenticated());
}

#[test]
fn not_remembered_means_no_max_age_on_either_cookie() {
    let login = testing::core()
        .login(LoginRequest { terms: SessionTerms::remembering(false), ..request() }, NOW)
        .unwrap();
    for line in lines(&login) {
        assert!(line.ends_with(&format!("; {ATTRIBUTES}")), "{line}");
    }
    assert!(!login.record.remember);
    assert_eq!(login.record.expires_at, Timestamp::from(after(86_400)), "the token ends all the same");
}

#[test]
fn the_settings_reach_the_cookies() {
    let dev =
        Config::dev_http().secret(crate::config::Secret::of_the_testing_module()).issuer("i").audience("a");
    let same_site =
        |config: ConfigBuilder| config.same_site(crate::config::SameSite::Strict).partitioned(true);
    for (rule, core, expected) in [
        ("default", testing::core(), ["__Host-access_token", "; Path=/; Secure; HttpOnly; SameSite=Lax"]),
        ("dev_http", Core::new(dev.build().unwrap()), ["access_token", "; Path=/; HttpOnly; SameSite=Lax"]),
        (
            "SameSite and Partitioned",
            core(same_site),
            ["__Host-access_token", "; Path=/; Secure; HttpOnly; SameSite=Strict; Partitioned"],
        ),
    ] {
        let login = core.login(request(), NOW).unwrap();
        let [line, _] = lines(&login).try_into().unwrap();
        let (name, rest) = line.split_once('=').unwrap();
        let attributes = format!("{}; {IN_FIVE_MINUTES}", expected[1]);
        assert_eq!([name, &rest[rest.find(';').unwrap()..]], [expected[0], &attributes], "{rule}");
    }
}

#[test]
fn every_age_is_capped_by_the_absolute_end() {
    let seconds = std::time::Duration::from_secs;
    for (rule, session, refresh, access, expected) in [
        ("the defaults shrink", 60, None, None, [60, 60, 60]),
        ("all three the same", 60, Some(60), Some(60), [60, 60, 60]),
        ("each shorter than the next", 60, Some(40), Some(20), [20, 40, 60]),
    ] {
        let config = testing::config().session_max_age(seconds(session));
        let config = refresh.map_or(config.clone(), |age| config.refresh_max_age(seconds(age)));
        let config = access.map_or(config.clone(), |age| config.access_max_age(seconds(age)));
        let login = Core::new(config.build().unwrap()).login(request(), NOW).unwrap();
        let ends = [
            login.identity.expires_at(),
            login.record.expires_at.to_datetime(),
            login.record.ends_at.to_datetime(),
        ];
        assert_eq!(ends, expected.map(after), "{rule}");
        let max_ages = expected.map(|age| {
            format!("; Max-Age={age}; Expires=Thu, 01 Jan 2026 12:0{}:{:02} GMT", age / 60, age % 60)
        });
        for (line, max_age) in lines(&login).iter().zip(max_ages) {
            assert!(line.ends_with(&max_age), "{rule}: {line}");
        }
    }
}

#[test]
fn the_length_of_a_subject() {
    for (rule, subject, accepted) in [
        ("empty", String::new(), false),
        ("one byte", "a".into(), true),
        ("191 bytes", "a".repeat(191), true),
        ("192 bytes", "a".repeat(192), false),
        ("bytes, not characters", "ä".repeat(96), false),
        ("191 bytes in characters of two", "ä".repeat(95), true),
    ] {
        let result = testing::core().login(of_subject(subject), NOW);
        assert_eq!(result.is_ok(), accepted, "{rule}");
        if let Err(error) = result {
            assert_eq!(error, MintError::Subject, "{rule}");
        }
    }
}

#[test]
fn a_cookie_that_is_too_long_is_an_error() {
    let claims = CustomClaims::new(&serde_json::json!({ "padding": "x".repeat(4096) })).unwrap();
    let error = testing::core().login(LoginRequest { claims, ..request() }, NOW).unwrap_err();
    assert!(matches!(error, MintError::CookieTooLong { name, .. } if name == "__Host-access_token"));
    let core = core(|config| config.refresh_name("r".repeat(4000)));
    let error = core.login(request(), NOW).unwrap_err();
    assert!(matches!(error, MintError::CookieTooLong { name, .. } if name.starts_with("rr")));
}

#[test]
fn a_fresh_sid_each_time() {
    let core = testing::core();
    let login = |random: u8| {
        let ids = LoginIds::from_random([random; 16], [random; 32]);
        core.login(LoginRequest { ids, ..request() }, NOW).unwrap()
    };
    let (first, second) = (login(1), login(2));
    assert_ne!(first.record.id, second.record.id);
    assert_ne!(first.record.current_jti, second.record.current_jti);
    assert_ne!(first.identity.token_id(), second.identity.token_id());
    assert_ne!(lines(&first), lines(&second));
    for login in [first, second] {
        assert_eq!(login.identity.session_id(), &login.record.id);
    }
}

/// The head is no argument of a login: whatever session comes in cannot be adopted. It can only be
/// revoked.
#[test]
fn the_sessions_that_a_login_replaces_are_those_whose_cookies_came_in() {
    let core = testing::core();
    let cookies = [
        testing::access("alice").session("of access").cookie(),
        testing::refresh("alice").session("of refresh").expired().cookie(),
        testing::refresh("mallory").session("planted").cookie(),
        testing::access("alice").session("foreign").foreign().cookie(),
        "__Host-refresh_token=garbage".into(),
    ];
    let (head, ()) = Request::post("/")
        .header("cookie", cookies.join("; "))
        .header("authorization", testing::access("bob").session("of bearer").bearer())
        .body(())
        .unwrap()
        .into_parts();
    let sessions = core.presented_sessions(&head);
    let names: Vec<_> = sessions.iter().map(crate::session::SessionId::as_str).collect();
    assert_eq!(
        names,
        ["of access", "of refresh", "planted"],
        "not the bearer's, nothing unsigned, nothing foreign"
    );
}

#[test]
fn the_csrf_table_is_asked_before_a_login() {
    let core = testing::core();
    for (rule, site, allowed) in
        [("same origin", "same-origin", true), ("another site logs me in", "cross-site", false)]
    {
        let (head, ()) = Request::post("/").header("sec-fetch-site", site).body(()).unwrap().into_parts();
        assert_eq!(core.check_csrf(&head).is_ok(), allowed, "{rule}");
    }
}

#[test]
fn the_user_agent_is_cut_and_printable() {
    let long = "x".repeat(300);
    for (rule, values, expected) in [
        ("absent", vec![], None),
        ("plain", vec!["Mozilla/5.0"], Some("Mozilla/5.0")),
        ("a tab becomes a space", vec!["a\tb"], Some("a b")),
        ("cut to 255", vec![long.as_str()], Some(&long[..255])),
        ("two are none", vec!["a", "b"], None),
        ("not ASCII is none", vec!["ä"], None),
    ] {
        let request = values.iter().fold(Request::get("/"), |request, value| {
            request.header(USER_AGENT, http::HeaderValue::from_bytes(value.as_bytes()).unwrap())
        });
        let (head, ()) = request.body(()).unwrap().into_parts();
        let client = ClientInfo::from_head(&head, Some("192.0.2.1".into()));
        assert_eq!(client.user_agent.as_deref(), expected, "{rule}");
        assert_eq!(client.ip.as_deref(), Some("192.0.2.1"), "{rule}");
    }
    assert_eq!(Subject::MAX_LENGTH, 191, "every database can index it");
}

/// The row is the same, so that sessions are listed, revoked and refreshed in one way.
#[test]
fn token_mode_the_same_row_and_no_cookie() {
    let core = core(|config| config.token_mode(true));
    let mode = |value| {
        core.mode(&Request::post("/").header("cookiejwt-mode", value).body(()).unwrap().into_parts().0)
    };
    let [tokens, cookies] = ["token", "cookie"]
        .map(|value| core.login(LoginRequest { mode: mode(value), ..request() }, NOW).unwrap());
    assert_eq!(tokens.record, cookies.record);
    assert_eq!(tokens.refresh_expires_at, cookies.refresh_expires_at);
    assert!(tokens.cookies.is_empty() && cookies.tokens.is_none());
    assert_eq!(tokens.identity.source(), CredentialSource::Header);
    let body = tokens.tokens.unwrap();
    let [access, refresh] = [body.access(), body.refresh()].map(str::to_owned);
    let in_cookies = lines(&cookies);
    assert!(in_cookies[0].starts_with(&format!("__Host-access_token={access}; ")));
    assert!(in_cookies[1].starts_with(&format!("__Host-refresh_token={refresh}; ")));
    assert_eq!(body.expires_in(), 300);
}

#[test]
fn token_mode_a_token_that_is_too_long_is_an_error() {
    let core = core(|config| config.token_mode(true));
    let (head, ()) = Request::post("/").header("cookiejwt-mode", "token").body(()).unwrap().into_parts();
    let login = |length: usize| {
        let claims = CustomClaims::new(&serde_json::json!({ "padding": "x".repeat(length) })).unwrap();
        core.login(LoginRequest { claims, mode: core.mode(&head), ..request() }, NOW)
    };
    let fits = (5000..8192).rev().find(|length| login(*length).is_ok()).unwrap();
    let longest = login(fits).unwrap().tokens.unwrap().access().len();
    assert!((8189..=8192).contains(&longest), "{longest}");
    let error = login(fits + 1).unwrap_err();
    assert!(matches!(error, MintError::TokenTooLong { length: 8193..=8196 }), "{error}");
}

#[test]
fn token_mode_replaces_no_session_and_asks_no_csrf_table() {
    let core = core(|config| config.token_mode(true));
    let cookies = format!("{}; {}", testing::access("alice").cookie(), testing::refresh("alice").cookie());
    let head = |field: &str| {
        let request = Request::post("/").header("cookie", &cookies).header("sec-fetch-site", "cross-site");
        request.header(field, "token").body(()).unwrap().into_parts().0
    };
    for (field, sessions, allowed) in [("cookiejwt-mode", 0, true), ("x-mode", 1, false)] {
        let head = head(field);
        assert_eq!(core.presented_sessions(&head).len(), sessions, "{field}");
        assert_eq!(core.check_csrf(&head).is_ok(), allowed, "{field}");
    }
}

/// Every life counts from the login.
#[test]
fn the_times_of_a_session_whose_user_proved_themselves_before() {
    let core = testing::core();
    let login = |terms: SessionTerms| core.login(LoginRequest { terms, ..request() }, NOW).unwrap();
    let proved = |second: i64| {
        let facts = Facts::new().proved(Method::FED, after(second));
        SessionTerms { facts, ..SessionTerms::default() }
    };
    let end = |second: i64| SessionTerms { ends_at: Some(after(second)), ..SessionTerms::default() };
    let idle = |seconds: u64| SessionTerms {
        remember_for: Some(std::time::Duration::from_secs(seconds)),
        ..SessionTerms::default()
    };
    let (day, month) = (86_400, 30 * 86_400);
    for (rule, terms, auth_time, expires_at, ends_at) in [
        ("unnamed", SessionTerms::default(), 0, day, month),
        ("proved long ago", proved(-40 * day), -40 * day, day, month),
        ("proved in the future, by another clock", proved(60), 0, day, month),
        ("an earlier end", end(60), 0, 60, 60),
        ("an end that has passed", end(-60), 0, 1, 1),
        ("a later end than the configured one", end(2 * month), 0, day, month),
        ("a longer idle life", idle(600_000), 0, 600_000, month),
        ("an idle life beyond the absolute end", idle(u64::MAX), 0, month, month),
        ("no idle life", idle(0), 0, 1, month),
    ] {
        let login = login(terms);
        let seconds = |at: Timestamp| at.as_seconds() - NOW.unix_timestamp();
        let row = &login.record;
        let found = (seconds(row.auth_time), seconds(row.expires_at), seconds(row.ends_at));
        assert_eq!(found, (auth_time, expires_at, ends_at), "{rule}");
        let cookies = testing::cookie_header(&login);
        let later = NOW + Duration::seconds((expires_at - 1).min(299));
        let (head, ()) = http::Request::get("/").header("cookie", cookies).body(()).unwrap().into_parts();
        assert!(!core.authenticate(&head, later).is_refused(), "{rule}: both tokens are read back");
    }
}
