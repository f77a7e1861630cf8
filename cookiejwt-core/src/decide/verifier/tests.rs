//! What another service makes of its access tokens: the same as we do, without the power to change
//! anything.

use std::time::Duration;

use http::{Method, Request, request::Parts};
use time::OffsetDateTime;

use super::Verifier;
use crate::{
    config::{ConfigBuilder, ConfigErrorKind, Expect, RevocationLevel},
    decide::{authenticate::Assessment, decision::Decision, facade::Core, identity::CredentialSource},
    internal::test_keys::{ED25519, ED25519_OTHER, P256, private},
    keys::{AccessKeys, Algorithm, Jwks, KeyError},
    request::CredentialName,
    session::Timestamp,
    testing::{self, AUDIENCE, ISSUER, NOW, TestToken},
    token::TokenFault,
};

const COOKIE: &str = "__Host-access_token";

fn config() -> ConfigBuilder {
    let old = private(Algorithm::Es256, P256).public_key();
    testing::config()
        .revocation(RevocationLevel::AtRefresh)
        .signing_key(private(Algorithm::EdDsa, ED25519))
        .verifying_key(old)
}

/// Who issues.
fn issuer() -> Core {
    Core::new(config().build().unwrap())
}

fn keys(core: &Core) -> Jwks {
    Jwks::from_json(core.jwks().unwrap()).unwrap()
}

fn expect() -> Expect {
    Expect::issuer(ISSUER).audience(AUDIENCE)
}

fn verifier() -> Verifier {
    Verifier::new(keys(&issuer()), expect().access_cookie(COOKIE)).unwrap()
}

fn token() -> TestToken {
    testing::access("42").by(&issuer())
}

fn head(method: &Method, fields: &[(&str, String)]) -> Parts {
    let mut request = Request::builder().method(method).uri("/");
    for (name, value) in fields {
        request = request.header(*name, value);
    }
    request.body(()).unwrap().into_parts().0
}

/// Who it is, by what, or the code of the refusal.
fn outcome(decision: &Decision) -> String {
    assert!(decision.cookies.iter().next().is_none(), "nothing is set or cleared: {decision:?}");
    match decision.required() {
        Ok(identity) => format!("{} by {}", identity.subject(), identity.source().as_str()),
        Err(problem) => problem.code().to_owned(),
    }
}

/// The credentials of a request, and what the core says of them when nobody can refresh.
fn requests() -> Vec<(&'static str, Parts)> {
    let bearer = |token: &TestToken| ("authorization", format!("Bearer {}", token.token()));
    let cookie = |token: &TestToken| ("cookie", format!("{COOKIE}={}", token.token()));
    let (cross_site, own) =
        (("sec-fetch-site", "cross-site".to_owned()), ("sec-fetch-site", "same-origin".to_owned()));
    let (get, post) = (&Method::GET, &Method::POST);
    let (valid, expired, foreign) = (token(), token().expired(), token().foreign());
    let unknown = testing::access("42");
    let early = token().issued_at(NOW + time::Duration::HOUR);
    vec![
        ("nothing", head(get, &[])),
        ("a foreign cookie", head(get, &[("cookie", "a=b".into())])),
        ("cookie", head(get, &[cookie(&valid)])),
        ("header", head(get, &[bearer(&valid)])),
        ("cookie before header", head(get, &[cookie(&valid), bearer(&token().claim("a", 1))])),
        ("a dead cookie beside a header", head(get, &[cookie(&expired), bearer(&valid)])),
        ("a dead header beside a cookie", head(get, &[cookie(&valid), bearer(&expired)])),
        ("expired, cookie", head(get, &[cookie(&expired)])),
        ("expired, header", head(get, &[bearer(&expired)])),
        ("another issuer, cookie", head(get, &[cookie(&foreign)])),
        ("another issuer, header", head(get, &[bearer(&foreign)])),
        ("an unknown key, cookie", head(get, &[cookie(&unknown)])),
        ("an unknown key, header", head(get, &[bearer(&unknown)])),
        ("early", head(get, &[cookie(&early)])),
        ("twice", head(get, &[cookie(&valid), cookie(&valid)])),
        ("garbage", head(get, &[("cookie", format!("{COOKIE}=x")), ("authorization", "Bearer x y".into())])),
        ("another scheme", head(get, &[("authorization", "Basic eDp5".into())])),
        ("POST from elsewhere, cookie", head(post, &[cookie(&valid), cross_site.clone()])),
        ("POST from elsewhere, dead cookie", head(post, &[cookie(&expired), cross_site.clone()])),
        ("POST from elsewhere, header", head(post, &[bearer(&valid), cross_site.clone()])),
        ("POST from elsewhere, both", head(post, &[cookie(&valid), bearer(&valid), cross_site])),
        ("POST from here", head(post, &[cookie(&valid), own])),
    ]
}

/// The table has one meaning: where no refresh is possible, both say the same; only the verifier
/// changes no cookie.
#[test]
fn a_verifier_says_what_the_core_says() {
    let (core, verifier) = (issuer(), verifier());
    let mut outcomes = Vec::new();
    for (rule, head) in requests() {
        let Assessment::Settled(expected) = core.authenticate(&head, NOW) else { panic!("{rule}: settled") };
        let found = verifier.authenticate(&head, NOW);
        assert_eq!((&found.reason, found.faults()), (&expected.reason, expected.faults()), "{rule}");
        let found = outcome(&found);
        assert_eq!(
            found,
            outcome(&Decision { cookies: crate::response::SetCookies::default(), ..expected }),
            "{rule}"
        );
        outcomes.push(found);
    }
    for seen in ["42 by cookie", "42 by header", "not_authenticated", "invalid_token", "csrf_failed"] {
        assert!(outcomes.iter().any(|outcome| outcome == seen), "{seen} is among them");
    }
}

/// Refresh tokens are none of its business, nor are cookies unless it was told to read one.
#[test]
fn what_a_verifier_does_not_read() {
    let refresh = testing::refresh("42").by(&issuer());
    let alone = head(&Method::GET, &[("cookie", refresh.cookie())]);
    assert_eq!(outcome(&verifier().authenticate(&alone, NOW)), "not_authenticated");
    let as_access = [("cookie", format!("{COOKIE}={}", refresh.token()))];
    assert_eq!(outcome(&verifier().authenticate(&head(&Method::GET, &as_access), NOW)), "invalid_token");
    let by_header = Verifier::new(keys(&issuer()), expect()).unwrap();
    let cross_site = ("sec-fetch-site", "cross-site".to_owned());
    let cookie = head(&Method::POST, &[("cookie", token().cookie()), cross_site]);
    assert_eq!(outcome(&by_header.authenticate(&cookie, NOW)), "not_authenticated", "no cookie, no CSRF");
    let bearer = head(&Method::GET, &[("authorization", format!("Bearer {}", token().token()))]);
    let decision = by_header.authenticate(&bearer, NOW);
    assert_eq!(decision.identity().unwrap().source(), CredentialSource::Header);
}

#[test]
fn what_is_expected() {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let generous = Core::new(config().access_max_age(minutes(10)).build().unwrap());
    let long = testing::access("42").by(&generous);
    for (rule, expect, token, expected) in [
        ("all fits", expect(), token(), Ok(())),
        ("another issuer", Expect::issuer("https://other.example").audience(AUDIENCE), token(), Err("iss")),
        ("another audience", Expect::issuer(ISSUER).audience("other"), token(), Err("aud")),
        ("one of two", Expect::issuer(ISSUER).audience("other").audience(AUDIENCE), token(), Ok(())),
        ("a longer life than expected", expect(), long.clone(), Ok(())),
        ("and over", expect(), long.clone().issued_at(NOW - minutes(6)), Err("expired")),
        ("which is allowed", expect().access_max_age(minutes(10)), long.issued_at(NOW - minutes(6)), Ok(())),
    ] {
        let head = head(&Method::GET, &[("authorization", format!("Bearer {}", token.token()))]);
        let decision = Verifier::new(keys(&issuer()), expect).unwrap().authenticate(&head, NOW);
        assert_eq!(decision.identity().is_some(), expected.is_ok(), "{rule}");
        if let Err(claim) = expected {
            let [fault] = decision.faults() else { panic!("{rule}") };
            assert!(fault.fault.to_string().contains(claim), "{rule}: {}", fault.fault);
        }
    }
}

#[test]
fn whose_user_table() {
    let realms = |realm: Option<&str>| realm.map_or_else(config, |realm| config().realm(realm));
    for (of, expected, is_accepted) in [
        (None, None, true),
        (Some("staff"), None, true),
        (Some("staff"), Some("staff"), true),
        (Some("staff"), Some(""), false),
        (Some("staff"), Some("customers"), false),
        (None, Some("staff"), false),
        (None, Some(""), true),
    ] {
        let issuer = Core::new(realms(of).build().unwrap());
        let token = testing::access("42").by(&issuer).token();
        let head = head(&Method::GET, &[("authorization", format!("Bearer {token}"))]);
        let verifier = |expect| Verifier::new(keys(&issuer), expect).unwrap();
        let expect = || expected.into_iter().fold(expect(), Expect::realm);
        let asked = verifier(expect()).authenticate(&head, NOW);
        assert_eq!(asked.identity().is_some(), is_accepted, "{of:?} where {expected:?} is expected");
        let strict = verifier(expect().of_one_realm()).authenticate(&head, NOW);
        let is_one = expected.unwrap_or_default() == of.unwrap_or_default();
        assert_eq!(strict.identity().is_some(), is_one, "{of:?} where one of {expected:?} is expected");
    }
    assert!(Verifier::new(keys(&issuer()), expect().realm("No Realm")).is_err());
}

#[test]
fn expectations_that_are_refused() {
    for (rule, expect, setting, problem) in [
        ("no audience", Expect::issuer(ISSUER), "Expect::audience", ConfigErrorKind::Missing),
        ("an empty audience", expect().audience(""), "Expect::audience", ConfigErrorKind::Empty),
        ("an empty issuer", Expect::issuer("").audience("a"), "Expect::issuer", ConfigErrorKind::Empty),
        (
            "an empty cookie name",
            expect().access_cookie(""),
            "Expect::access_cookie",
            ConfigErrorKind::Malformed,
        ),
        (
            "a strange cookie name",
            expect().access_cookie("a b"),
            "Expect::access_cookie",
            ConfigErrorKind::Malformed,
        ),
        (
            "no life",
            expect().access_max_age(Duration::ZERO),
            "Expect::access_max_age",
            ConfigErrorKind::OutOfRange,
        ),
        (
            "much leeway",
            expect().leeway(Duration::from_secs(61)),
            "Expect::leeway",
            ConfigErrorKind::OutOfRange,
        ),
        (
            "no origin",
            expect().trusted_origin("x"),
            "Expect::trusted_origin or public_origin",
            ConfigErrorKind::Malformed,
        ),
    ] {
        let error = Verifier::new(keys(&issuer()), expect).expect_err(rule);
        assert_eq!((error.setting(), error.kind()), (setting, problem), "{rule}: {error}");
    }
}

#[test]
fn other_keys_while_it_runs() {
    let old = verifier();
    let bearer =
        |token: &TestToken| head(&Method::GET, &[("authorization", format!("Bearer {}", token.token()))]);
    let new_key = private(Algorithm::EdDsa, ED25519_OTHER);
    let new_issuer = issuer().with_access_keys(AccessKeys::new(new_key)).unwrap();
    let new_token = testing::access("42").by(&new_issuer);
    let refused = old.authenticate(&bearer(&new_token), NOW);
    let [fault] = refused.faults() else { panic!("{refused:?}") };
    assert_eq!((fault.credential, fault.fault), (CredentialName::Bearer, TokenFault::UnknownKey));
    let new = old.with_keys(keys(&new_issuer));
    assert_eq!(outcome(&new.authenticate(&bearer(&new_token), NOW)), "42 by header");
    assert_eq!(outcome(&new.authenticate(&bearer(&token()), NOW)), "invalid_token", "dropped");
    assert_eq!(
        outcome(&old.authenticate(&bearer(&token()), NOW)),
        "42 by header",
        "what is under way goes on"
    );
}

/// There is no method for it; nor could there be.
#[test]
fn a_verifier_has_nothing_to_sign_with() {
    let ring = keys(&issuer()).into_ring();
    assert_eq!(ring.signing().sign(b"x"), Err(KeyError::CannotSign(Algorithm::EdDsa)));
    let shown = format!("{:?}", verifier());
    assert!(shown.contains(ISSUER) && shown.len() < 400, "{shown}");
}

/// The times that count are its own.
#[test]
fn the_clock_is_an_argument() {
    let bearer = head(&Method::GET, &[("authorization", format!("Bearer {}", token().token()))]);
    for (rule, now, expected) in [
        ("now", NOW, "42 by header"),
        ("at the end of the leeway", NOW + time::Duration::seconds(304), "42 by header"),
        ("after it", NOW + time::Duration::seconds(305), "invalid_token"),
        ("long before", OffsetDateTime::UNIX_EPOCH, "invalid_token"),
    ] {
        assert_eq!(outcome(&verifier().authenticate(&bearer, now)), expected, "{rule}");
    }
}

/// What a stream waits for is the moment at which a request would be refused.
#[test]
fn a_token_is_accepted_until_the_moment_that_is_said() {
    let config = || config().access_max_age(Duration::from_mins(10));
    let long = testing::access("42").by(&Core::new(config().build().unwrap()));
    for (rule, expect, token) in [
        ("the default", expect(), token()),
        ("no leeway", expect().leeway(Duration::ZERO), token()),
        ("much leeway", expect().leeway(Duration::from_mins(1)), token()),
        ("a longer life than expected", expect(), long.clone()),
        ("a longer life", expect().access_max_age(Duration::from_mins(10)), long),
    ] {
        let verifier = Verifier::new(keys(&issuer()), expect).unwrap();
        let bearer = head(&Method::GET, &[("authorization", format!("Bearer {}", token.token()))]);
        let until = verifier.accepts_until(verifier.authenticate(&bearer, NOW).required().unwrap());
        let is_accepted = |now: Timestamp| verifier.authenticate(&bearer, now).identity().is_some();
        assert!(is_accepted(until.plus_millis(-1)) && !is_accepted(until), "{rule}");
    }
}
