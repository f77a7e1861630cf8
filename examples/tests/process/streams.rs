//! A stream and a socket end with the session, on another node too.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use crate::common::{Home, Jar, LOGOUT, Server};

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
/// A text frame with `open`, masked with zeros (RFC 6455 §5.2).
const OPEN: [u8; 10] = [0x81, 0x84, 0, 0, 0, 0, b'o', b'p', b'e', b'n'];
/// The beginning of a close frame with 1008; its reason follows.
const CLOSE: [u8; 4] = [0x88, 17, 0x03, 0xf0];

/// A connection that stays open after its response has begun.
struct Open {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Open {
    fn new(server: &Server, path: &str, jar: &Jar, head: &str) -> Self {
        let mut stream = TcpStream::connect(server.address()).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a timeout");
        let address = server.address();
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {}\r\n{head}\r\n", jar.header());
        stream.write_all(head.as_bytes()).expect("it reads");
        Self { stream, received: Vec::new() }
    }

    fn events(server: &Server, jar: &Jar) -> Self {
        let mut open = Self::new(server, "/api/events", jar, "Connection: close\r\n");
        open.read_until(b"data:");
        open
    }

    fn socket(server: &Server, jar: &Jar) -> Self {
        let mut open = Self::new(server, "/api/live", jar, UPGRADE);
        open.read_until(b"\r\n\r\n");
        open.stream.write_all(&OPEN).expect("it reads");
        open.read_until(b"open");
        open
    }

    fn read_until(&mut self, text: &[u8]) {
        while !self.received.windows(text.len()).any(|window| window == text) {
            assert!(self.read() > 0, "it ended: {}", self.text());
        }
    }

    fn read(&mut self) -> usize {
        let mut buffer = [0; 4096];
        let read = self.stream.read(&mut buffer).expect("it ends in time");
        self.received.extend_from_slice(&buffer[..read]);
        read
    }

    fn read_to_end(&mut self) {
        while self.read() > 0 {}
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }
}

/// Two processes on one database.
#[test]
fn a_logout_ends_them_on_every_node() {
    let home = Home::new();
    let here = home.start(&[]);
    let elsewhere = home.start(&[]);
    let (jar, phone) = (here.login(), here.login());
    let mut events = [Open::events(&here, &jar), Open::events(&elsewhere, &jar)];
    let mut sockets = [Open::socket(&here, &jar), Open::socket(&elsewhere, &jar)];
    let mut other = Open::socket(&elsewhere, &phone);
    assert_eq!(here.post(LOGOUT).cookies(&jar).send().status, 200);
    for open in &mut events {
        open.read_to_end();
        assert!(open.received.ends_with(b"0\r\n\r\n"), "the body is complete: {}", open.text());
    }
    for open in &mut sockets {
        open.read_until(&[&CLOSE[..], b"session_revoked"].concat());
    }
    other.stream.write_all(&OPEN).expect("it reads");
    other.received.clear();
    other.read_until(b"open");
}

#[test]
fn without_a_session_they_do_not_open() {
    let home = Home::new();
    let server = home.start(&[]);
    for (path, head) in [("/api/events", "Connection: close\r\n"), ("/api/live", UPGRADE)] {
        let mut open = Open::new(&server, path, &Jar::default(), head);
        open.read_until(b"not_authenticated");
        assert!(open.received.starts_with(b"HTTP/1.1 401"), "{path}: {}", open.text());
    }
}
