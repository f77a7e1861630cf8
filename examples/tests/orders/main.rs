//! The service that only verifies, as a process, beside the issuer.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

use std::{
    env,
    path::{Path, PathBuf},
};

use cookiejwt_keygen::{Kind, make};

use common::{ACCESS, Answer, Home, Jar, LOGOUT, Open, Request, Server, wait_for};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const SKIPPED: &str = "skipped: example-axum is not built; cargo test --workspace builds it";

/// The issuer and the service, each in its own directory.
struct Stage {
    issuer: Server,
    orders: Server,
    _homes: [Home; 2],
}

/// It is next to the folder of the running test binary, if the whole workspace was built.
fn issuer_binary() -> Option<PathBuf> {
    let own = env::current_exe().ok()?;
    let binary = own.parent().and_then(Path::parent)?.join("example-axum");
    binary.is_file().then_some(binary)
}

impl Stage {
    /// None if the issuer is not built.
    fn start(variables: &[(&str, &str)]) -> Option<Self> {
        let Some(binary) = issuer_binary() else {
            assert!(env::var_os("REQUIRE_ALL_TESTS").is_none_or(|all| all != "1"), "{SKIPPED}");
            eprintln!("{SKIPPED}");
            return None;
        };
        let homes = [Home::of(binary), Home::of(env!("CARGO_BIN_EXE_example-orders"))];
        make(Kind::EdDsa, &homes[0].file("keys"), "first").expect("a key");
        let issuer = homes[0].start(&[("COOKIEJWT_KEYS_DIR", "keys"), ("REVOKED_SECRET", SECRET)]);
        let url = format!("http://{}", issuer.address());
        let mut all = vec![("ISSUER_URL", url.as_str()), ("REVOKED_SECRET", SECRET)];
        all.extend(variables);
        let orders = homes[1].start_bare(&all);
        Some(Self { issuer, orders, _homes: homes })
    }

    fn orders(&self) -> Request {
        self.orders.get("/orders")
    }

    fn by_cookie(&self, jar: &Jar) -> Answer {
        self.orders().cookies(jar).send()
    }

    fn by_bearer(&self, jar: &Jar) -> Answer {
        self.orders().bearer(jar.get(ACCESS)).send()
    }
}

fn code(answer: &Answer) -> String {
    if answer.status == 200 { "ok".into() } else { answer.code() }
}

#[test]
fn a_logout_at_the_issuer_ends_the_session_here() {
    let Some(stage) = Stage::start(&[]) else { return };
    assert_eq!(code(&stage.orders().send()), "not_authenticated");
    let (jar, other) = (stage.issuer.login(), stage.issuer.login());
    let answer = stage.by_cookie(&jar);
    assert_eq!((answer.status, answer.json()["source"].as_str()), (200, Some("cookie")), "{answer:?}");
    assert_eq!(
        answer.header("vary"),
        Some("Cookie, Authorization"),
        "a cache must not show it to another user"
    );
    assert_eq!(stage.by_bearer(&jar).json()["source"], "header");
    assert!(answer.set_cookies().is_empty());
    let foreign = stage.orders.post("/orders").cookies(&jar).header("Sec-Fetch-Site", "cross-site").send();
    assert_eq!(code(&foreign), "csrf_failed");
    assert_eq!(stage.orders.get("/orders/refunds").cookies(&jar).send().code(), "insufficient_scope");

    assert_eq!(stage.issuer.post(LOGOUT).cookies(&jar).send().status, 200);
    let ended = wait_for(20, || (code(&stage.by_cookie(&jar)) == "session_revoked").then_some(()));
    assert!(ended.is_some(), "it goes on\n{}", stage.orders.log());
    assert_eq!(code(&stage.by_bearer(&jar)), "session_revoked");
    assert!(stage.by_cookie(&jar).set_cookies().is_empty(), "no cookie is cleared");
    assert_eq!(code(&stage.by_cookie(&other)), "ok", "the other session of the user");
}

/// What is open when the session ends is told by the list, and not by a request.
#[test]
fn a_logout_at_the_issuer_ends_a_stream_here() {
    let Some(stage) = Stage::start(&[]) else { return };
    let (jar, other) = (stage.issuer.login(), stage.issuer.login());
    let open = |jar: &Jar| Open::events_at(&stage.orders, "/orders/events", jar);
    let (mut events, mut others) = (open(&jar), open(&other));
    assert_eq!(stage.issuer.post(LOGOUT).cookies(&jar).send().status, 200);
    events.read_to_end();
    assert!(events.received().ends_with(b"0\r\n\r\n"), "the body is complete: {}", events.text());
    assert_eq!(code(&stage.by_cookie(&jar)), "session_revoked");
    others.continues();
    let mut nobody = Open::new(&stage.orders, "/orders/events", &Jar::default(), "Connection: close\r\n");
    nobody.read_until(b"not_authenticated");
}

#[test]
fn when_the_issuer_is_gone() {
    for (variables, expected) in [(&[][..], "ok"), (&[("STALE_AFTER", "1")], "unavailable")] {
        let Some(stage) = Stage::start(variables) else { return };
        let jar = stage.issuer.login();
        assert_eq!(code(&stage.by_cookie(&jar)), "ok");
        let Stage { issuer, orders, _homes } = stage;
        issuer.kill();
        let log = || orders.log();
        let is_told = wait_for(20, || log().contains("the feed of revocations is stale").then_some(()));
        assert!(is_told.is_some(), "{}", log());
        let answer = || code(&orders.get("/orders").cookies(&jar).send());
        assert!(wait_for(20, || (answer() == expected).then_some(())).is_some(), "{expected}: {}", answer());
        assert_eq!(orders.get("/health").send().status, 200);
    }
}

#[test]
fn the_list_is_not_public() {
    let Some(stage) = Stage::start(&[]) else { return };
    let ask = |secret: &str| stage.issuer.get("/api/auth/revoked").header("x-revoked-key", secret).send();
    assert_eq!(stage.issuer.get("/api/auth/revoked").send().status, 401);
    assert_eq!(ask("wrong").status, 401);
    let answer = ask(SECRET);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/jwt")));
}
