//! A real server and raw bytes: what no well-behaved client would send, and what many send at once.

#[path = "../common/mod.rs"]
mod common;
mod wire;

use std::collections::HashSet;

use axum::{Router, routing::any};
use cookiejwt_axum::{AuthContext, AuthError, AxumAuth as _, Identity, LoginOptions};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    common::{ACCESS, Leaving, REFRESH, Users, World, me, who},
    wire::{Server, head, post},
};

const LOGIN: &str = "/api/auth/token/";

fn cookie(value: &str) -> Vec<u8> {
    format!("Cookie: {value}").into_bytes()
}

async fn start(world: &World) -> Server {
    let optional =
        any(|who: Option<Identity>| async { who.map_or("nobody".into(), |who| who.subject().to_string()) });
    let public = Router::new().route("/optional", optional).layer(world.auth.layer());
    Server::start(me(world).merge(public)).await
}

#[tokio::test]
async fn bodies_that_lie_about_their_length() {
    let world = World::default();
    let server = start(&world).await;
    let chunked: &[&[u8]] = &[b"Transfer-Encoding: chunked", b"Content-Type: application/json"];
    let chunk = format!("1100\r\n{}\r\n", "x".repeat(0x1100));
    let large = [head("POST /api/auth/token/", chunked), chunk.repeat(4).into_bytes(), b"0\r\n\r\n".to_vec()];
    assert_eq!(server.one(large.concat()).await.status, 413, "17 KiB in chunks");
    let broken = [head("POST /api/auth/token/", chunked), b"zz\r\n{}".to_vec()].concat();
    assert_eq!(server.one(broken).await.code(), "invalid_request", "no chunk at all");
    let mut stream = server.connect().await;
    let short: &[&[u8]] = &[b"Content-Length: 1000", b"Content-Type: application/json"];
    stream.write_all(&head("POST /api/auth/token/", short)).await.unwrap();
    stream.write_all(b"{\"username\":").await.unwrap();
    drop(stream);
    assert_eq!(server.one(head("GET /optional", &[])).await.text(), "nobody", "the server still works");
    server.assert_no_panics();
}

#[tokio::test]
async fn the_wrong_method_is_405_with_allow() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let server = start(&world).await;
    for path in ["token", "token/", "token/refresh/", "token/blacklist/", "logout", "token/fresh/"] {
        for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
            let start = format!("{method} /api/auth/{path}");
            let answer = server.one(head(&start, &[&cookie(&alice.cookies())])).await;
            assert_eq!((answer.status.as_u16(), answer.field("allow").as_str()), (405, "POST"), "{start}");
            assert_eq!(
                (answer.code().as_str(), answer.leaving()),
                ("method_not_allowed", Leaving::Nothing),
                "{start}"
            );
        }
    }
    assert_eq!(world.store.counts().rotate, 0);
    server.assert_no_panics();
}

#[tokio::test]
async fn the_origin_is_compared_with_one_host() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let server = start(&world).await;
    let mine = cookie(&alice.access);
    for (rule, lines, status) in [
        ("its own origin", vec!["Origin: https://app.example"], 200),
        ("its own origin over TLS at a proxy", vec!["Origin: https://app.example"], 200),
        ("a foreign origin", vec!["Origin: http://evil.example"], 403),
        ("two Host fields", vec!["Host: evil.example", "Origin: http://evil.example"], 403),
        ("two Host fields, its own origin", vec!["Host: evil.example", "Origin: https://app.example"], 403),
        ("the same Host twice", vec!["Host: app.example", "Origin: https://app.example"], 403),
        ("two Origin fields", vec!["Origin: https://app.example", "Origin: https://app.example"], 403),
        ("another site", vec!["Sec-Fetch-Site: cross-site", "Origin: https://app.example"], 403),
        ("two Sec-Fetch-Site fields", vec!["Sec-Fetch-Site: none", "Sec-Fetch-Site: same-origin"], 403),
        ("Sec-Fetch-Site that is not ASCII", vec!["Sec-Fetch-Site: \u{e9}"], 403),
        ("no browser, two Host fields", vec!["Host: evil.example"], 200),
    ] {
        let lines: Vec<_> = lines.into_iter().map(str::as_bytes).chain([mine.as_slice()]).collect();
        let answer = server.one(head("POST /me", &lines)).await;
        assert_eq!(answer.status, status, "{rule}");
        assert_eq!(answer.code(), if status == 403 { "csrf_failed" } else { "" }, "{rule}");
        assert_eq!(answer.leaving(), Leaving::Nothing, "{rule}");
    }
    server.assert_no_panics();
}

#[tokio::test]
async fn http_1_0() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let server = start(&world).await;
    let answer = server.one(format!("GET /me HTTP/1.0\r\nCookie: {}\r\n\r\n", alice.cookies())).await;
    assert_eq!((answer.status.as_u16(), answer.leaving()), (200, Leaving::Both));
    assert!(answer.text().starts_with("1 "));
    assert_eq!(server.one("GET /me HTTP/1.0\r\n\r\n").await.code(), "not_authenticated");
    let body = r#"{"username":"bob","password":"bob-pw"}"#;
    let login = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let answer = server.one(format!("POST {LOGIN} HTTP/1.0\r\n{login}")).await;
    assert_eq!((answer.status.as_u16(), answer.leaving()), (200, Leaving::Both), "without any Host");
    server.assert_no_panics();
}

#[tokio::test]
async fn pipelined_requests_are_each_their_own() {
    let world = World::default();
    let (alice, bob) = (world.stale("alice").await, world.log_in("bob").await);
    let server = start(&world).await;
    let piped = |cookies: &str| format!("GET /optional HTTP/1.1\r\nHost: a\r\nCookie: {cookies}\r\n\r\n");
    let last = String::from_utf8(head("GET /optional", &[])).unwrap();
    let stale = piped(&alice.cookies());
    let bytes =
        [stale.as_str(), &piped(&bob.cookies()), &stale, &piped(&format!("{ACCESS}=x")), &last].concat();
    let answers = server.exchange(bytes).await;
    let said: Vec<_> = answers.iter().map(|answer| (answer.text(), answer.leaving())).collect();
    let (both, nothing, cleared) = (Leaving::Both, Leaving::Nothing, Leaving::Cleared);
    assert_eq!(
        said,
        [("1", both.clone()), ("2", nothing.clone()), ("1", both), ("nobody", cleared), ("nobody", nothing)]
    );
    assert_eq!(answers[0].pair(REFRESH), answers[2].pair(REFRESH), "the same successor");
    assert_eq!(world.store.counts().rotated, 1);
    server.assert_no_panics();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_requests_with_one_refresh_token_rotate_once() {
    for (rule, request) in
        [("expired access cookie", "GET /me"), ("the refresh route", "POST /api/auth/token/refresh/")]
    {
        let world = World::default();
        let alice = world.stale("alice").await;
        let server = start(&world).await;
        let bytes = head(request, &[&cookie(&alice.cookies())]);
        let answers = futures_util::future::join_all((0..50).map(|_| server.one(&bytes))).await;
        let mut successors = HashSet::new();
        for answer in &answers {
            assert_eq!((answer.status.as_u16(), answer.leaving()), (200, Leaving::Both), "{rule}");
            successors.insert(answer.pair(REFRESH).unwrap());
            let who = who(&world, &answer.pair(ACCESS).unwrap()).await.unwrap();
            assert_eq!((who.subject.as_str(), who.session.as_str()), ("1", alice.session.as_str()), "{rule}");
        }
        assert_eq!((answers.len(), successors.len()), (50, 1), "{rule}");
        assert_eq!(world.store.counts().rotated, 1, "{rule}");
        assert_eq!(world.revoked_because(&alice.session).await, None, "{rule}");
        assert!(!successors.contains(&alice.refresh), "{rule}");
        world.pass(306);
        let successor = successors.into_iter().next().unwrap();
        let answer = server.one(head("GET /me", &[&cookie(&successor)])).await;
        assert_eq!((answer.status.as_u16(), answer.leaving()), (200, Leaving::Both), "{rule}: it continues");
        server.assert_no_panics();
    }
}

#[tokio::test]
async fn the_peers_address_stands_in_the_sessions_row() {
    let world = World::default();
    let users = Users::default();
    let own = any(|auth: AuthContext| async move {
        Ok::<_, AuthError>(auth.login(&users.by_name("bob"), LoginOptions::new()).await?)
    });
    let app = Router::new().route("/own", own).merge(world.auth.routes()).layer(world.auth.layer());
    let server = Server::start(app).await;
    let body = json!({ "username": "bob", "password": "bob-pw" }).to_string();
    for (rule, bytes) in [
        ("the login route", post(LOGIN, "application/json", body.as_bytes())),
        ("AuthContext", head("POST /own", &[b"X-Forwarded-For: 203.0.113.9", b"Forwarded: for=203.0.113.9"])),
    ] {
        let answer = server.one(bytes).await;
        assert_eq!(answer.leaving(), Leaving::Both, "{rule}");
        let session = who(&world, &answer.cookies()).await.unwrap().session;
        assert_eq!(world.row(&session.as_str().into()).await.ip.as_deref(), Some("127.0.0.1"), "{rule}");
    }
    server.assert_no_panics();
}

#[tokio::test]
async fn a_client_that_hangs_up_cannot_cancel_its_logout() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let server = start(&world).await;
    world.store.revoking().close();
    let mut stream = server.connect().await;
    stream.write_all(&head("POST /api/auth/logout/", &[&cookie(&alice.cookies())])).await.unwrap();
    world.store.revoking().arrived().await;
    drop(stream);
    world.store.revoking().let_pass(1);
    // Asks until the session is revoked: the loop ends only if the logout continues.
    let mut answer = server.one(head("GET /me", &[&cookie(&alice.cookies())])).await;
    for _ in 0..1000 {
        if world.revoked_because(&alice.session).await.is_some() {
            break;
        }
        answer = server.one(head("GET /me", &[&cookie(&alice.cookies())])).await;
    }
    assert_eq!(world.revoked_because(&alice.session).await, Some("logout"));
    assert_eq!(answer.code(), "session_revoked");
    server.assert_no_panics();
}

#[tokio::test]
async fn bytes_that_are_not_a_request_do_no_harm() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let server = start(&world).await;
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01".as_slice(),
        b"GET\r\n\r\n",
        b"GET /me HTTP/1.1\r\nCookie\r\n\r\n",
        b"GET /me HTTP/1.1\r\nCookie: a=\x00b\r\n\r\n",
        b"GET /me HTTP/9.9\r\n\r\n",
        b"POST /api/auth/token/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ] {
        let mut stream = server.connect().await;
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut received = Vec::new();
        let _ = stream.read_to_end(&mut received).await;
        let text = String::from_utf8_lossy(&received);
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 400"), "{text}");
    }
    assert_eq!(server.one(head("GET /optional", &[&cookie(&alice.access)])).await.text(), "1");
    server.assert_no_panics();
}
