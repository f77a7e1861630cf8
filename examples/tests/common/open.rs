use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use super::{Jar, Server};

/// What asks for a WebSocket (RFC 6455 §4.1).
pub(crate) const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
/// A text frame with `open`, masked with zeros (RFC 6455 §5.2).
const OPEN: [u8; 10] = [0x81, 0x84, 0, 0, 0, 0, b'o', b'p', b'e', b'n'];
/// The beginning of a close frame with 1008; its reason follows.
const CLOSE: [u8; 4] = [0x88, 17, 0x03, 0xf0];

/// A connection that stays open after its response has begun.
pub(crate) struct Open {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Open {
    pub(crate) fn new(server: &Server, path: &str, jar: &Jar, head: &str) -> Self {
        let mut stream = TcpStream::connect(server.address()).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a timeout");
        let address = server.address();
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {}\r\n{head}\r\n", jar.header());
        stream.write_all(head.as_bytes()).expect("it reads");
        Self { stream, received: Vec::new() }
    }

    pub(crate) fn events(server: &Server, jar: &Jar) -> Self {
        Self::events_at(server, "/api/events", jar)
    }

    pub(crate) fn events_at(server: &Server, path: &str, jar: &Jar) -> Self {
        let mut open = Self::new(server, path, jar, "Connection: close\r\n");
        open.read_until(b"data:");
        open
    }

    /// Another event comes.
    pub(crate) fn continues(&mut self) {
        self.received.clear();
        self.read_until(b"data:");
    }

    pub(crate) fn socket(server: &Server, jar: &Jar) -> Self {
        let mut open = Self::new(server, "/api/live", jar, UPGRADE);
        open.read_until(b"\r\n\r\n");
        open.is_echoed();
        open
    }

    /// A socket answers.
    pub(crate) fn is_echoed(&mut self) {
        self.received.clear();
        self.stream.write_all(&OPEN).expect("it reads");
        self.read_until(b"open");
    }

    /// A socket is closed with 1008 and this reason of 15 bytes.
    pub(crate) fn read_until_closed(&mut self, reason: &str) {
        self.read_until(&[&CLOSE[..], reason.as_bytes()].concat());
    }

    pub(crate) fn read_until(&mut self, text: &[u8]) {
        while !self.received.windows(text.len()).any(|window| window == text) {
            assert!(self.read() > 0, "it ended: {}", self.text());
        }
    }

    pub(crate) fn received(&self) -> &[u8] {
        &self.received
    }

    fn read(&mut self) -> usize {
        let mut buffer = [0; 4096];
        let read = self.stream.read(&mut buffer).expect("it ends in time");
        self.received.extend_from_slice(&buffer[..read]);
        read
    }

    pub(crate) fn read_to_end(&mut self) {
        while self.read() > 0 {}
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }
}
