//! Raw bytes over a real socket: what Rocket's local client cannot send.

#![allow(clippy::needless_pass_by_value, reason = "guards come as values")]

use std::net::SocketAddr;

use cookiejwt_rocket::{MaybeIdentity, RocketAuth as _};
use rocket::{
    Build, Rocket, Shutdown,
    fairing::AdHoc,
    get, routes,
    tokio::{
        self,
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
        sync::oneshot,
    },
};

use crate::common::{ACCESS, World};

#[get("/")]
fn home(who: MaybeIdentity) -> String {
    who.0.map_or("nobody".into(), |who| who.subject().to_string())
}

struct Server {
    address: SocketAddr,
    shutdown: Shutdown,
}

impl Server {
    async fn start(world: &World) -> Self {
        let (sender, bound) = oneshot::channel();
        let sender = std::sync::Mutex::new(Some(sender));
        let liftoff = AdHoc::on_liftoff("port", move |rocket| {
            let sent = sender.lock().unwrap().take().map(|sender| sender.send(rocket.config().port));
            Box::pin(async move { assert_eq!(sent, Some(Ok(()))) })
        });
        let rocket = application(world).attach(liftoff).ignite().await.unwrap();
        let shutdown = rocket.shutdown();
        tokio::spawn(rocket.launch());
        Self { address: ([127, 0, 0, 1], bound.await.unwrap()).into(), shutdown }
    }

    /// Sends a request of these lines and returns the complete response.
    async fn send(&self, start: &str, lines: &[&[u8]], body: &[u8]) -> String {
        let mut bytes =
            format!("{start} HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n").into_bytes();
        for line in lines {
            bytes.extend_from_slice(line);
            bytes.extend_from_slice(b"\r\n");
        }
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(&[&bytes, b"\r\n".as_slice(), body].concat()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.clone().notify();
    }
}

fn application(world: &World) -> Rocket<Build> {
    let figment = rocket::Config::figment().merge(("port", 0)).merge(("log_level", "off"));
    rocket::custom(figment)
        .attach(world.auth.fairing())
        .mount("/", world.auth.routes())
        .mount("/", routes![home])
}

/// The documented limit: such a field never reaches cookiejwt.
#[rocket::async_test]
async fn fields_that_are_not_utf_8() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let server = Server::start(&world).await;
    let mine = format!("Cookie: {}", alice.access).into_bytes();
    let hidden = [&mine, b"; theme=\xff".as_slice()].concat();
    for (rule, lines, said) in [
        ("alone", vec![mine.as_slice()], "1"),
        ("a neighbour that is not UTF-8 hides ours", vec![&hidden], "nobody"),
        ("another field that is not UTF-8", vec![b"Cookie: a=\xff".as_slice(), &mine], "1"),
        ("a neighbour that is not ASCII", vec!["Cookie: a=é".as_bytes(), &mine], "1"),
    ] {
        let answer = server.send("GET /", &lines, b"").await;
        assert!(
            answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(&format!("\r\n\r\n{said}")),
            "{rule}"
        );
        assert!(!answer.to_ascii_lowercase().contains("set-cookie"), "{rule}");
    }
    let logout = "POST /api/auth/logout/";
    for (rule, origin, status) in [
        ("an Origin that is not UTF-8 counts as absent", b"Origin: https://\xff".as_slice(), 200),
        ("an Origin that is not ASCII", "Origin: https://é".as_bytes(), 403),
        ("another Origin", b"Origin: https://evil.example", 403),
        ("our Origin", b"Origin: https://app.example", 200),
    ] {
        let answer = server.send(logout, &[origin, b"Content-Length: 0"], b"").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{rule}: {answer}");
    }
}

#[rocket::async_test]
async fn bodies_that_break_off() {
    let world = World::default();
    let server = Server::start(&world).await;
    let json: &[u8] = b"Content-Type: application/json";
    let good = br#"{"username":"alice","password":"alice-pw"}"#;
    let length = format!("Content-Length: {}", good.len());
    let chunked: &[u8] = b"Transfer-Encoding: chunked";
    let in_chunks = [b"2a\r\n".as_slice(), good, b"\r\n0\r\n\r\n"].concat();
    let broken = [b"2a\r\n".as_slice(), good, b"\r\nno chunk\r\n"].concat();
    for (rule, framing, body, status) in [
        ("whole", length.as_bytes(), good.as_slice(), 200),
        ("in chunks", chunked, &in_chunks, 200),
        ("then no chunk", chunked, &broken, 400),
    ] {
        let answer = server.send("POST /api/auth/token", &[json, framing], body).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{rule}: {answer}");
        assert_eq!(answer.contains(ACCESS), status == 200, "{rule}");
    }
}

#[rocket::async_test]
async fn the_address_of_the_connection_is_kept() {
    let world = World::default();
    let server = Server::start(&world).await;
    let good = br#"{"username":"alice","password":"alice-pw"}"#;
    let length = format!("Content-Length: {}", good.len());
    let lines = [b"Content-Type: application/json".as_slice(), length.as_bytes(), b"X-Real-IP: 6.6.6.6"];
    let answer = server.send("POST /api/auth/token", &lines, good).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let session = world.store.created().pop().expect("a session");
    assert_eq!(world.row(&session).await.ip.as_deref(), Some("127.0.0.1"));
}

/// Rocket responds to these before any of our fairings runs.
#[rocket::async_test]
async fn requests_that_rocket_cannot_read() {
    let world = World::default();
    let alice = world.stale("alice").await;
    let server = Server::start(&world).await;
    let cookies = format!("Cookie: {}", alice.cookies()).into_bytes();
    let answer = server.send("BREW /", &[&cookies], b"").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(!answer.to_ascii_lowercase().contains("set-cookie"), "{answer}");
    assert_eq!(world.store.counts().rotate, 0);
}
