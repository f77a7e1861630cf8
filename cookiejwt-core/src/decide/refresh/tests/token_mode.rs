//! Rows k to r of [`rules`](crate::rules) in token mode. Tokens leave for the body, and no cookie
//! in any row.

use super::*;
use crate::{decide::identity::CredentialSource, token::MintError};

const PARENT_LEEWAY: Duration = Duration::seconds(10);

/// When `refresh-2` replaced `refresh-1`.
const ROTATED: OffsetDateTime = NOW.saturating_add(Duration::seconds(100));

/// A command line with its session, which has rotated once.
struct Client {
    core: Core,
    row: SessionRecord,
    parent: String,
    current: String,
}

impl Client {
    fn new() -> Self {
        let core = core(|config| config.token_mode(true));
        let login = core
            .login(
                LoginRequest {
                    subject: "alice".into(),
                    claims: CustomClaims::default(),
                    terms: SessionTerms::default(),
                    client: ClientInfo::default(),
                    mode: core.mode(&head()),
                    replaces: None,
                    ids: LoginIds {
                        session: SESSION.into(),
                        refresh: "refresh-1".into(),
                        access: "access-1".into(),
                    },
                },
                NOW,
            )
            .unwrap();
        let (mut row, parent) = (login.record, login.tokens.unwrap().refresh().to_owned());
        let first = rotation(by_body(&core, &parent, ROTATED), 2);
        let outcome = update(&mut row, first.request());
        let decision = settled(first.complete(outcome)).decision;
        let current = decision.tokens.unwrap().refresh().to_owned();
        Self { core, row, parent, current }
    }

    fn present(&self, refresh: &str, after: i64, row: Option<&SessionRecord>) -> Settlement {
        let rotation = rotation(by_body(&self.core, refresh, ROTATED + Duration::seconds(after)), 3);
        settled_late(rotation.complete(RotationOutcome::Unmatched(row.cloned().map(Box::new))))
    }

    fn refresh_token(&self, id: &str, issued_at: OffsetDateTime) -> String {
        let claims = testing::refresh("alice").session(SESSION).id(id).issued_at(issued_at).by(&self.core);
        claims.token()
    }
}

fn head() -> http::request::Parts {
    // The cookies of somebody else ride along.
    let cookies =
        format!("{}; {}", testing::access("mallory").cookie(), testing::refresh("mallory").cookie());
    let request = Request::post("/").header("cookiejwt-mode", "token").header(COOKIE, cookies);
    request.body(()).unwrap().into_parts().0
}

fn by_body(core: &Core, refresh: &str, now: OffsetDateTime) -> RefreshAttempt {
    match core.refresh_tokens(&head(), refresh, now) {
        Assessment::NeedsRefresh(attempt) => *attempt,
        other => panic!("{other:?}"),
    }
}

/// As `told`, with `tokens` for those in the body.
fn said(settlement: &Settlement) -> String {
    let Settlement { decision, revoke } = settlement;
    assert!(decision.cookies.is_empty(), "{:?}", decision.reason);
    assert_eq!(decision.tokens.is_some(), decision.refresh_expires_at.is_some());
    let revoked = revoke.as_ref().map(|revocation| format!(", revoke {}", revocation.reason.as_str()));
    let revoked = revoked.unwrap_or_default();
    match (decision.required(), &decision.tokens) {
        (Ok(identity), Some(_)) => {
            assert_eq!(identity.source(), CredentialSource::Header);
            format!("{} by {}, tokens{revoked}", identity.subject(), identity.token_id())
        }
        (Err(problem), None) => format!("{} {}{revoked}", problem.status().as_u16(), problem.code()),
        (found, tokens) => panic!("{found:?} {tokens:?}"),
    }
}

#[test]
fn row_m_every_byte_of_the_body() {
    let client = Client::new();
    let now = ROTATED + Duration::seconds(1000);
    let settlement =
        settled(rotation(by_body(&client.core, &client.current, now), 3).complete(RotationOutcome::Rotated));
    assert_eq!(said(&settlement), "alice by access-3, tokens");
    let tokens = settlement.decision.tokens.unwrap();
    let from = now.unix_timestamp();
    let until = from + 300;
    let access = format!(
        r#"{{"iss":"https://testing.example","sub":"alice","aud":["testing"],"exp":{until},"iat":{from},"jti":"access-3","sid":"session-1","auth_time":{NOW_SECONDS},"refresh_jti":"refresh-3"}}"#
    );
    let access = client.core.parts().access.jws().sign(&access).unwrap();
    let until = from + 86_400;
    let refresh = format!(
        r#"{{"iss":"https://testing.example","sub":"alice","aud":["testing"],"exp":{until},"iat":{from},"jti":"refresh-3","sid":"session-1","auth_time":{NOW_SECONDS},"session_exp":1769860800,"remember":true}}"#
    );
    let refresh = client.core.parts().refresh.jws().sign(&refresh).unwrap();
    assert_eq!(
        serde_json::to_string(&tokens).unwrap(),
        format!(r#"{{"access":"{access}","refresh":"{refresh}","token_type":"Bearer","expires_in":300}}"#)
    );
    assert_eq!((tokens.access(), tokens.refresh(), tokens.expires_in()), (&*access, &*refresh, 300));
    assert!(!format!("{tokens:?}").contains("eyJ"), "nothing for a log");
}

#[test]
fn expires_in_is_cut_by_the_absolute_end() {
    let client = Client::new();
    let end = client.row.ends_at.to_datetime();
    let late = client.refresh_token("refresh-2", end - Duration::seconds(86_400));
    let late = client.core.parts().refresh.signed(late.as_bytes(), 8192).unwrap();
    let late = crate::token::RefreshClaims { session_ends_at: end.unix_timestamp(), ..late };
    let late = client.core.parts().refresh.mint(late).unwrap().text;
    let rotation = rotation(by_body(&client.core, &late, end - Duration::seconds(40)), 3);
    let decision = settled(rotation.complete(RotationOutcome::Rotated)).decision;
    assert_eq!(decision.tokens.unwrap().expires_in(), 40);
    assert_eq!(decision.refresh_expires_at, Some(end));
}

#[test]
fn rows_n_to_r() {
    let client = Client::new();
    let with = |change: fn(&mut SessionRecord)| {
        let mut row = client.row.clone();
        change(&mut row);
        row
    };
    let revoked = with(|row| row.revoked = Some((ROTATED.into(), RevocationReason::Logout)));
    let replaced = with(|row| row.revoked = Some((ROTATED.into(), RevocationReason::Replaced)));
    let ended = with(|row| row.expires_at = ROTATED.into());
    let other = with(|row| (row.current_jti, row.previous_jti) = ("refresh-9".into(), None));
    let received = with(|row| row.received_at = Some(ROTATED.into()));
    let superseded = with(|row| row.revoked = Some((Timestamp::MAX, RevocationReason::Superseded)));
    let (parent, current) = (&client.parent, &client.current);
    let (leeway, row) = (PARENT_LEEWAY.whole_seconds(), Some(&client.row));
    for (rule, refresh, after, row, expected) in [
        ("n: no row", parent, 0, None, "401 session_revoked"),
        ("n: revoked", current, 0, Some(&revoked), "401 session_revoked"),
        ("n: replaced", current, 0, Some(&replaced), "401 session_revoked"),
        ("n: past its end", current, 0, Some(&ended), "401 session_expired"),
        ("o: the parent", parent, 0, row, "alice by access-3, tokens"),
        ("o: the parent at the last moment", parent, leeway, row, "alice by access-3, tokens"),
        ("p: the current one, young", current, leeway - 1, row, "alice by access-3, tokens"),
        ("o': the parent after the leeway", parent, leeway + 1, row, "alice by access-3, tokens"),
        ("r: the same, received", parent, leeway + 1, Some(&received), "401 session_revoked, revoke reuse"),
        ("o: the parent, received", parent, leeway, Some(&received), "alice by access-3, tokens"),
        ("superseded", current, 0, Some(&superseded), "alice by access-3, tokens"),
        ("r: anything else", parent, 0, Some(&other), "401 session_revoked, revoke reuse"),
    ] {
        assert_eq!(said(&client.present(refresh, after, row)), expected, "{rule}");
    }
    for refresh in [parent, current] {
        let tokens = client.present(refresh, 3, row).decision.tokens.unwrap();
        assert_eq!(tokens.refresh(), current, "o and p: the same refresh token, byte for byte");
    }
}

#[test]
fn row_p_prime_a_lost_race() {
    let client = Client::new();
    let late = ROTATED + Duration::seconds(21);
    let again = rotation(by_body(&client.core, &client.current, late), 3).complete(unmatched(&client.row));
    let RotationStep::Again(again) = again else { panic!("{again:?}") };
    assert_eq!(said(&settled(again.complete(unmatched(&client.row)))), "503 unavailable");
}

#[test]
fn rows_k_l_and_q_are_never_soft() {
    let client = Client::new();
    let attempt = || by_body(&client.core, &client.current, ROTATED);
    let huge = CustomClaims::new(&serde_json::json!({ "x": "x".repeat(9000) })).unwrap();
    let failed = MintError::Random("none".into());
    for (rule, user, expected) in [
        ("k: disabled", UserState::Inactive, "401 session_revoked, revoke user_inactive"),
        ("k: gone", UserState::Gone, "401 session_revoked, revoke user_inactive"),
        ("l: claims", UserState::Active(ActiveUser::new(Err(failed))), "500 server_error"),
        ("l: a token longer than a header", UserState::Active(ActiveUser::new(Ok(huge))), "500 server_error"),
        ("q: users away", UserState::Unavailable, "503 unavailable"),
    ] {
        let RefreshStep::Settled(settlement) = attempt().with_user(user, ids(3), ROTATED) else {
            panic!("{rule}")
        };
        assert_eq!(said(&settlement), expected, "{rule}");
    }
    assert_eq!(said(&attempt().no_random("none".into())), "500 server_error");
    assert_eq!(said(&attempt().revoked(RevocationReason::Logout)), "401 session_revoked");
    assert_eq!(said(&rotation(attempt(), 3).store_failed()), "503 unavailable");
}

/// A cookie holds 4096 bytes, a header of ours 8192: in token mode there is no cookie.
#[test]
fn claims_that_fit_a_header_and_no_cookie() {
    let client = Client::new();
    let big = || {
        UserState::Active(ActiveUser::new(Ok(CustomClaims::new(
            &serde_json::json!({ "x": "x".repeat(4096) }),
        )
        .unwrap())))
    };
    let RefreshStep::Rotate(rotation) =
        by_body(&client.core, &client.current, ROTATED).with_user(big(), ids(3), ROTATED)
    else {
        panic!("the tokens can be minted");
    };
    let tokens = settled(rotation.complete(RotationOutcome::Rotated)).decision.tokens.unwrap();
    let request = Request::get("/").header("authorization", format!("Bearer {}", tokens.access()));
    let (head, ()) = request.header("cookiejwt-mode", "token").body(()).unwrap().into_parts();
    assert!(client.core.authenticate(&head, ROTATED).is_authenticated());
    let cookie = format!("__Host-refresh_token={}", client.current);
    let step = attempt(&client.core, &cookie, ROTATED).with_user(big(), ids(3), ROTATED);
    assert!(matches!(step, RefreshStep::Settled(_)), "row l in cookie mode");
}
