//! Names that came more than once. Rows are those of [`rules`](crate::rules).

use http::{HeaderMap, Request, header, request::Parts};

use super::DuplicateCookie;
use crate::{
    config::{Config, ConfigBuilder, RevocationLevel, Secret},
    decide::{Assessment, Core, Decision},
    request::CredentialName,
    testing::{self, NOW, TestToken},
};

const END: &str = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
const SECURE_NAMES: [&str; 2] = ["__Secure-access_token", "__Secure-refresh_token"];

fn core(change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Core {
    Core::new(change(testing::config()).revocation(RevocationLevel::AtRefresh).build().unwrap())
}

/// Names that may have a `Domain` and a `Path`.
fn secure_names(config: ConfigBuilder) -> ConfigBuilder {
    config.access_name(SECURE_NAMES[0]).refresh_name(SECURE_NAMES[1])
}

fn request(host: &str, cookies: &str) -> Parts {
    Request::get("/").header("host", host).header("cookie", cookies).body(()).unwrap().into_parts().0
}

fn access(core: &Core) -> TestToken {
    testing::access("alice").by(core)
}

fn refresh(core: &Core) -> TestToken {
    testing::refresh("alice").by(core)
}

/// Production: the same names, another secret.
fn production() -> Core {
    let secret = Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=").unwrap();
    Core::new(testing::config().secret(secret).build().unwrap())
}

fn decide(core: &Core, cookies: &str) -> Decision {
    match core.authenticate(&request("staging.example.com", cookies), NOW) {
        Assessment::Settled(decision) => decision,
        other => panic!("{cookies}: {other:?}"),
    }
}

/// What leaves when a logout clears both cookies.
fn cleared(core: &Core, head: &Parts) -> Vec<String> {
    let mut headers = HeaderMap::new();
    core.write_cookies(&core.clear_cookies().with_twins(core.twins(head)), &mut headers);
    headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap().to_owned()).collect()
}

/// The identities that are deleted before the access cookie is cleared, each as it differs from
/// `Path=/; Secure; …`.
fn deleted(core: &Core, host: &str) -> Vec<String> {
    let twice = access(core).cookie();
    let lines = cleared(core, &request(host, &format!("{twice}; {twice}")));
    let (own, twins) = lines.split_last().and_then(|(_, lines)| lines.split_last()).unwrap();
    assert!(own.contains("access_token=;"), "the line itself is the last of its name: {lines:?}");
    twins.iter().map(|line| line.split_once("=; ").unwrap().1.replace(END, "")).collect()
}

const REST: &str = "Secure; HttpOnly; SameSite=Lax";

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn the_other_identities_of_a_name_are_deleted_first() {
    let partitioned = format!("Path=/; {REST}; Partitioned");
    let plain = |domain: &str| format!("Path=/; Domain={domain}; {REST}");
    let apart = |domain: &str| format!("Path=/; Domain={domain}; {REST}; Partitioned");
    let host_only = format!("Path=/; {REST}");
    for (rule, core, host, expected) in [
        (
            "__Host-: only Partitioned may differ",
            core(|config| config),
            "shop.example.com",
            vec![partitioned.clone()],
        ),
        (
            "__Host- and partitioned",
            core(|config| config.partitioned(true)),
            "shop.example.com",
            vec![host_only.clone()],
        ),
        (
            "a changed Domain: host-only, each parent",
            core(secure_names),
            "shop.example.com:8443",
            vec![
                plain("shop.example.com"),
                plain("example.com"),
                partitioned.clone(),
                apart("shop.example.com"),
                apart("example.com"),
            ],
        ),
        (
            "the own Domain is not among them",
            core(|config| secure_names(config).domain("example.com")),
            "shop.example.com",
            vec![
                host_only.clone(),
                plain("shop.example.com"),
                partitioned.clone(),
                apart("shop.example.com"),
                apart("example.com"),
            ],
        ),
        (
            "a changed Path",
            core(|config| secure_names(config).path("/app")),
            "localhost:3000",
            vec![host_only.clone(), partitioned.clone(), format!("Path=/app; {REST}; Partitioned")],
        ),
        ("an address has no parents", core(secure_names), "127.0.0.1:3000", vec![partitioned.clone()]),
        ("nor has one of IPv6", core(secure_names), "[::1]:3000", vec![partitioned.clone()]),
        ("a host that is none", core(secure_names), "a_b.example.com; Path=/x", vec![partitioned.clone()]),
        ("an empty label", core(secure_names), "a..example.com", vec![partitioned.clone()]),
        (
            "the dot of the root",
            core(secure_names),
            "example.com.",
            vec![plain("example.com"), partitioned.clone(), apart("example.com")],
        ),
        (
            "the public origin's host behind a proxy",
            core(|config| secure_names(config).public_origin("https://example.com")),
            "127.0.0.1:3000",
            vec![plain("example.com"), partitioned.clone(), apart("example.com")],
        ),
        (
            "unless it was asked as a trusted one",
            core(|config| {
                secure_names(config).public_origin("https://a.com").trusted_origin("https://b.com")
            }),
            "b.com",
            vec![plain("b.com"), partitioned.clone(), apart("b.com")],
        ),
    ] {
        assert_eq!(deleted(&core, host), expected, "{rule}");
    }
    let many = deleted(&core(|config| secure_names(config).path("/app")), "a.b.c.d.example.com");
    assert_eq!(many.len(), 8, "at most");
    let dev = Config::dev_http().secret(Secret::of_the_testing_module()).issuer(testing::ISSUER);
    let dev = Core::new(dev.audience(testing::AUDIENCE).build().unwrap());
    let plain = "Path=/; Domain=a.example; HttpOnly; SameSite=Lax";
    assert_eq!(deleted(&dev, "a.example"), [plain], "browsers refuse Partitioned without Secure");
}

#[test]
fn only_what_came_twice_and_is_ours_is_deleted() {
    let core = core(|config| config);
    let (a, r) = (access(&core).cookie(), refresh(&core).cookie());
    let theirs = testing::access("1").by(&production()).cookie();
    let expired = access(&core).expired().cookie();
    let second = access(&core).session("another").cookie();
    for (rule, cookies, access_twins, refresh_twins) in [
        ("nothing", String::new(), 0, 0),
        ("each once", format!("{a}; {r}"), 0, 0),
        ("access twice", format!("{a}; {a}; {r}"), 1, 0),
        ("refresh twice", format!("{a}; {r}; {r}"), 0, 1),
        ("both twice", format!("{a}; {r}; {r}; {a}"), 1, 1),
        ("in two sessions", format!("{a}; {second}"), 1, 0),
        ("an expired one among them", format!("{expired}; {a}"), 1, 0),
        ("expired both", format!("{expired}; {expired}"), 1, 0),
        ("another deployment's beside ours", format!("{theirs}; {a}"), 0, 0),
        ("two of another deployment", format!("{theirs}; {theirs}"), 0, 0),
        ("junk beside ours", format!("{a}; __Host-access_token=x"), 0, 0),
        ("another deployment's among three", format!("{a}; {a}; {theirs}"), 0, 0),
        (
            "another issuer's, with the configured key",
            format!("{a}; {}", access(&core).foreign().cookie()),
            0,
            0,
        ),
    ] {
        let lines = cleared(&core, &request("staging.example.com", &cookies));
        let of = |name: &str| lines.iter().filter(|line| line.starts_with(name)).count();
        let found = (of("__Host-access_token=") - 1, of("__Host-refresh_token=") - 1);
        assert_eq!(found, (access_twins, refresh_twins), "{rule}: {lines:?}");
    }
}

#[test]
fn a_decision_that_sets_or_clears_brings_the_lines_along() {
    let core = core(|config| config);
    let write = |decision: &Decision, before: &[&str]| {
        let mut headers = HeaderMap::new();
        for line in before {
            headers.append(header::SET_COOKIE, line.parse().unwrap());
        }
        core.write_decision(decision, &mut headers);
        headers
            .get_all(header::SET_COOKIE)
            .iter()
            .map(|line| line.to_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let two = format!("{}; {}", access(&core).cookie(), access(&core).session("another").cookie());
    let dead = decide(&core, &two);
    let twin = format!("__Host-access_token=; Path=/; {REST}; Partitioned{END}");
    let own = |name: &str| format!("__Host-{name}_token=; Path=/; {REST}{END}");
    assert_eq!(write(&dead, &[]), [twin.clone(), own("access"), own("refresh")], "row j");

    let twice = format!("{0}; {0}", access(&core).cookie());
    let valid = decide(&core, &twice);
    assert_eq!(write(&valid, &[]), Vec::<String>::new(), "row e sets nothing");
    let mine = "__Host-access_token=mine; Path=/; Secure";
    assert_eq!(write(&valid, &[mine]), [twin.as_str(), mine], "a line of the handler");
    assert_eq!(write(&valid, &[mine, "a=b", &twin]), ["a=b", twin.as_str(), mine], "once each");
    let alone = decide(&core, &access(&core).cookie());
    assert_eq!(write(&alone, &[&twin, mine]), [twin.as_str(), mine], "those of a login of one's own stay");
    assert_eq!(write(&alone, &[&own("access"), mine]), [mine], "a line with our own attributes is no twin");
    let other = "__Host-access_token=; Path=/; Partitioned; Max-Age=0";
    assert_eq!(write(&alone, &[other, mine]), [mine], "nor is one that we have not written");
}

#[test]
fn another_deployments_cookies_of_the_same_names_are_passed_over() {
    use CredentialName::{AccessCookie, RefreshCookie};
    let core = core(|config| config);
    let theirs = || {
        (testing::access("1").by(&production()).cookie(), testing::refresh("1").by(&production()).cookie())
    };
    let (a, r) = theirs();
    let of = |credential, other_deployment| Some(DuplicateCookie { credential, other_deployment });
    let ours = access(&core).cookie();
    let other_issuer = access(&core).foreign().cookie();
    for (rule, cookies, who, duplicate) in [
        ("theirs first", format!("{a}; {r}; {ours}"), Some("alice"), of(AccessCookie, true)),
        ("theirs last", format!("{ours}; {a}; {r}"), Some("alice"), of(AccessCookie, true)),
        (
            "by another issuer with the configured key",
            format!("{ours}; {other_issuer}"),
            Some("alice"),
            of(AccessCookie, true),
        ),
        (
            "junk is no deployment",
            format!("__Host-access_token=x; {ours}"),
            Some("alice"),
            of(AccessCookie, false),
        ),
        ("ours twice", format!("{ours}; {ours}"), Some("alice"), of(AccessCookie, false)),
        (
            "told of the name that has it",
            format!("{ours}; {ours}; {r}; {}", refresh(&core).cookie()),
            Some("alice"),
            of(RefreshCookie, true),
        ),
        ("theirs alone", format!("{a}; {r}"), None, None),
        ("theirs twice", format!("{a}; {a}"), None, of(AccessCookie, false)),
        ("ours alone", ours.clone(), Some("alice"), None),
    ] {
        let decision = decide(&core, &cookies);
        let subject = decision.identity().map(|identity| identity.subject().as_str().to_owned());
        assert_eq!((subject.as_deref(), decision.duplicate()), (who, duplicate), "{rule}");
        assert!(decision.faults().is_empty() || who.is_none(), "{rule}: what is passed over is no fault");
    }
}

/// The newest of one session counts: the other one is from before its last refresh.
#[test]
fn the_newest_of_one_session_counts() {
    let core = core(|config| config);
    let at = |seconds| NOW - time::Duration::seconds(seconds);
    let of = |id: &str, seconds| access(&core).id(id).issued_at(at(seconds)).cookie();
    for (rule, cookies, id) in [
        ("the newest last", [of("1", 100), of("2", 50), of("3", 10)], "3"),
        ("the newest first", [of("3", 10), of("1", 100), of("2", 50)], "3"),
        (
            "a newer one that is dead",
            [of("1", 100), of("2", 50), of("3", 10).replace("token=", "token=x")],
            "2",
        ),
        ("the first of the same age", [of("1", 50), of("2", 50), of("3", 100)], "1"),
    ] {
        let decision = decide(&core, &cookies.join("; "));
        assert_eq!(decision.required().unwrap().token_id().as_str(), id, "{rule}");
    }
}
