//! Which lists of revocations a service takes, and that nothing else is one.

use http::Request;
use time::Duration;

use crate::{
    config::{ConfigBuilder, Expect, RevocationLevel},
    decide::{authenticate::SessionStatus, facade::Core, verifier::KnownSessions, verifier::Verifier},
    internal::test_keys::{ED25519, ED25519_OTHER, private},
    keys::{Algorithm, Jwks},
    session::{RevocationReason, SessionId, Timestamp},
    testing::{self, AUDIENCE, ISSUER, NOW},
    token::{ClaimFault, MintError, Revocations, TokenFault},
};

fn config() -> ConfigBuilder {
    testing::config().revocation(RevocationLevel::AtRefresh).signing_key(private(Algorithm::EdDsa, ED25519))
}

fn issuer(config: ConfigBuilder) -> Core {
    Core::new(config.build().unwrap())
}

fn verifier(expect: Expect) -> Verifier {
    Verifier::new(Jwks::from_json(issuer(config()).jwks().unwrap()).unwrap(), expect).unwrap()
}

fn expect() -> Expect {
    Expect::issuer(ISSUER).audience(AUDIENCE)
}

fn list() -> Revocations {
    Revocations {
        since: Some("1".into()),
        next: "2".into(),
        before: Some(Timestamp::from_seconds(7)),
        revoked: vec![("a".into(), RevocationReason::Logout), ("b".into(), RevocationReason::Reuse)],
        renewed: vec![("c".into(), 3)],
    }
}

fn minted() -> String {
    issuer(config()).mint_revocations(list(), NOW).unwrap()
}

#[test]
fn a_list_comes_back_as_it_was() {
    assert_eq!(verifier(expect()).read_revocations(&minted(), Some("1"), NOW), Ok(list()));
    let all = Revocations { next: "x".into(), ..Revocations::default() };
    let text = issuer(config()).mint_revocations(all.clone(), NOW).unwrap();
    assert_eq!(verifier(expect()).read_revocations(&text, None, NOW), Ok(all), "the first question");
}

#[test]
fn which_lists_are_taken() {
    let claim = |fault| Err(TokenFault::Claim(fault));
    let other = private(Algorithm::EdDsa, ED25519_OTHER);
    let (staff, named) = (config().realm("staff"), expect().realm("staff"));
    for (rule, issuer_config, expect, since, age, expected) in [
        ("a minute old", config(), expect(), Some("1"), 60, Ok(())),
        ("older", config(), expect(), Some("1"), 61, Err(TokenFault::Expired)),
        ("as early as clocks differ", config(), expect(), Some("1"), -5, Ok(())),
        ("earlier", config(), expect(), Some("1"), -6, Err(TokenFault::NotYetValid)),
        ("the answer to another question", config(), expect(), Some("0"), 0, claim(ClaimFault::Since)),
        ("the answer to a later question", config(), expect(), None, 0, claim(ClaimFault::Since)),
        (
            "another issuer",
            config().issuer("https://x.example"),
            expect(),
            Some("1"),
            0,
            claim(ClaimFault::Issuer),
        ),
        ("another audience of tokens", config().audience("other"), expect(), Some("1"), 0, Ok(())),
        ("another key", config().signing_key(other), expect(), Some("1"), 0, Err(TokenFault::UnknownKey)),
        ("another user table", staff.clone(), expect(), Some("1"), 0, claim(ClaimFault::Realm)),
        ("the user table that is expected", staff, named.clone(), Some("1"), 0, Ok(())),
        ("no user table while one is expected", config(), named, Some("1"), 0, claim(ClaimFault::Realm)),
    ] {
        let text = issuer(issuer_config).mint_revocations(list(), NOW).unwrap();
        let read = verifier(expect).read_revocations(&text, since, NOW + Duration::seconds(age));
        assert_eq!(read.map(drop), expected, "{rule}");
    }
}

/// They have the same keys, so `typ`, `aud` and the claims keep them apart.
#[test]
fn no_access_token_is_a_list_and_no_list_an_access_token() {
    let (core, verifier) = (issuer(config()), verifier(expect()));
    let (access, list) = (testing::access("42").by(&core).token(), minted());
    assert_eq!(verifier.read_revocations(&access, None, NOW), Err(TokenFault::Type));
    let (parts, ()) =
        Request::get("/").header("authorization", format!("Bearer {list}")).body(()).unwrap().into_parts();
    let decision = verifier.authenticate(&parts, NOW);
    assert_eq!(decision.faults().iter().map(|fault| fault.fault).collect::<Vec<_>>(), [TokenFault::Type]);
    assert!(decision.identity().is_none());
    assert!(core.authenticate(&parts, NOW).is_refused(), "nor for the issuer itself");
}

#[test]
fn nobody_can_verify_what_the_secret_signs() {
    let core = issuer(testing::config());
    assert_eq!(core.mint_revocations(list(), NOW), Err(MintError::Symmetric));
}

/// What a service was told.
struct Told {
    ended: Option<(&'static str, SessionStatus)>,
    version: i64,
    dead_until: Option<Timestamp>,
}

impl KnownSessions for Told {
    fn status(&self, id: &SessionId) -> SessionStatus {
        let known = self.ended.filter(|(ended, _)| *ended == id.as_str());
        known.map_or(SessionStatus::Live, |(_, status)| status)
    }

    fn version(&self, _: &SessionId) -> i64 {
        self.version
    }

    fn dead_until(&self) -> Option<Timestamp> {
        self.dead_until
    }
}

#[test]
fn what_a_service_makes_of_what_it_was_told() {
    use SessionStatus::{Missing, Revoked, Unknown};
    let core = issuer(config());
    let token = testing::access("42").session("a").by(&core).token();
    let (parts, ()) =
        Request::get("/").header("authorization", format!("Bearer {token}")).body(()).unwrap().into_parts();
    let revoked = Revoked(RevocationReason::Logout);
    let second = |seconds: i64| Some(Timestamp::from(NOW + Duration::seconds(seconds)));
    for (rule, ended, version, dead_until, expected) in [
        ("nothing", None, 0, None, "42"),
        ("another session", Some(("b", revoked)), 0, None, "42"),
        ("revoked", Some(("a", revoked)), 0, None, "session_revoked"),
        ("missing", Some(("a", Missing)), 0, None, "session_revoked"),
        ("nobody answers", Some(("a", Unknown)), 0, None, "unavailable"),
        ("renewed", None, 1, None, "invalid_token"),
        ("too many to list, later", None, 0, second(-1), "42"),
        ("too many to list, in this second", None, 0, second(0), "invalid_token"),
        ("too many to list, earlier", None, 0, second(1), "invalid_token"),
    ] {
        let told = Told { ended, version, dead_until };
        let decision = verifier(expect()).authenticate_with(&parts, NOW, &told);
        let found = match decision.required() {
            Ok(identity) => identity.subject().as_str().to_owned(),
            Err(problem) => problem.code().to_owned(),
        };
        assert_eq!(found, expected, "{rule}");
        assert!(decision.cookies.iter().next().is_none(), "{rule}: no cookie");
    }
}

#[test]
fn without_keys_only_a_request_without_credentials_is_decided() {
    let verifier = Verifier::without_keys(expect().access_cookie("access")).unwrap();
    for (rule, field, expected) in [
        ("nothing", ("accept", "*/*"), "not_authenticated"),
        ("another cookie", ("cookie", "a=b"), "not_authenticated"),
        ("another scheme", ("authorization", "Basic eDp5"), "not_authenticated"),
        ("a cookie", ("cookie", "access=x"), "unavailable"),
        ("a header", ("authorization", "Bearer x"), "unavailable"),
        ("a malformed header", ("authorization", "Bearer x y"), "unavailable"),
    ] {
        let (parts, ()) = Request::get("/").header(field.0, field.1).body(()).unwrap().into_parts();
        let problem = verifier.authenticate(&parts, NOW).required().unwrap_err();
        assert_eq!(problem.code(), expected, "{rule}");
    }
    assert_eq!(verifier.read_revocations(&minted(), Some("1"), NOW), Err(TokenFault::UnknownKey));
}
