//! Realms: customers and staff, each with ids from 1, and one secret.

use super::*;
use crate::{
    internal::test_keys,
    keys::{AccessKeys, Algorithm, PrivateKey},
};

const AT_REFRESH: RevocationLevel = RevocationLevel::AtRefresh;

fn of_realm(realm: &str) -> Core {
    let config = if realm.is_empty() { testing::config() } else { testing::config().realm(realm) };
    Core::new(config.revocation(AT_REFRESH).build().unwrap())
}

#[test]
fn the_default_names_carry_the_realm() {
    for (realm, secure, names) in [
        ("", true, ("__Host-access_token", "__Host-refresh_token")),
        ("staff", true, ("__Host-staff_access_token", "__Host-staff_refresh_token")),
        ("staff", false, ("staff_access_token", "staff_refresh_token")),
    ] {
        let config = testing::config().secure(secure);
        let config = if realm.is_empty() { config } else { config.realm(realm) };
        let config = config.build().unwrap();
        assert_eq!((config.access_name(), config.refresh_name()), names, "{realm:?} {secure}");
    }
    let config = testing::config().realm("staff").access_name("__Host-a").build().unwrap();
    assert_eq!(config.access_name(), "__Host-a", "a name that was set stays");
}

/// Whoever made it: the cookie under the other's name, the bearer, the refresh token.
#[test]
fn no_token_of_one_realm_is_one_of_another() {
    let realms = ["", "staff", "customers"].map(of_realm);
    for (one, made_by) in realms.iter().enumerate() {
        for (other, asked) in realms.iter().enumerate() {
            let (access, refresh) = (testing::access("1").by(made_by), testing::refresh("1").by(made_by));
            let config = asked.config();
            let under_its_name =
                |name: &str, token: String| Request::get("/").header(COOKIE, format!("{name}={token}"));
            let expected = |own: &'static str, foreign| if one == other { own } else { foreign };
            for (rule, request, own, foreign) in [
                (
                    "access cookie",
                    under_its_name(config.access_name(), access.token()),
                    "1 by cookie",
                    "401 invalid_token",
                ),
                (
                    "bearer",
                    Request::get("/").header(AUTHORIZATION, access.bearer()),
                    "1 by header",
                    "401 invalid_token",
                ),
                (
                    "refresh cookie",
                    under_its_name(config.refresh_name(), refresh.token()),
                    "refresh of 1",
                    "401 invalid_token",
                ),
            ] {
                let answer = match asked.authenticate(&parts(request), NOW) {
                    Assessment::NeedsRefresh(attempt) => format!("refresh of {}", attempt.subject()),
                    assessment => answer(asked, assessment, SessionStatus::Live),
                };
                assert_eq!(answer, expected(own, foreign), "{rule} of {one}, asked by {other}");
            }
        }
    }
}

/// With asymmetric keys the access key is shared, and the claim decides.
#[test]
fn the_claim_decides_where_the_access_key_is_shared() {
    let of = |realm: &str| {
        let key = PrivateKey::from_pem(Algorithm::EdDsa, test_keys::ED25519).unwrap();
        let config = testing::config().access_keys(AccessKeys::new(key)).revocation(AT_REFRESH);
        let config = if realm.is_empty() { config } else { config.realm(realm) };
        Core::new(config.build().unwrap())
    };
    let cores = ["", "staff", "customers"].map(of);
    for (one, made_by) in cores.iter().enumerate() {
        for (other, asked) in cores.iter().enumerate() {
            let bearer = testing::access("1").by(made_by).bearer();
            let found = ask(asked, &parts(Request::get("/").header(AUTHORIZATION, bearer)));
            let expected = if one == other { "1 by header" } else { "401 invalid_token" };
            assert_eq!(found, expected, "of {one}, asked by {other}");
        }
    }
}

#[test]
fn a_logout_ends_sessions_of_its_own_realm_alone() {
    let [customers, staff] = ["customers", "staff"].map(of_realm);
    let token = testing::refresh("1").by(&customers);
    for (core, named) in [(&customers, 1), (&staff, 0)] {
        let cookie = format!("{}={}", core.config().refresh_name(), token.token());
        let head = parts(Request::post("/").header(COOKIE, cookie));
        assert_eq!(core.presented_sessions(&head).len(), named);
        assert_eq!(core.logout(&head, Some(&token.token())).unwrap().sessions.len(), named);
    }
}
