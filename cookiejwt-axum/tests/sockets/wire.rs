//! A real server, and a client that sends any bytes.

use std::{
    net::SocketAddr,
    sync::{
        Once,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::common::Answer;

static PANICS: AtomicUsize = AtomicUsize::new(0);
static HOOK: Once = Once::new();

/// An application on a real socket that gets its clients' addresses.
pub(crate) struct Server {
    address: SocketAddr,
}

impl Server {
    pub(crate) async fn start(app: Router) -> Self {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                PANICS.fetch_add(1, Ordering::SeqCst);
                before(info);
            }));
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends these bytes and reads until the server closes; every response in them.
    pub(crate) async fn exchange(&self, bytes: impl AsRef<[u8]>) -> Vec<Answer> {
        let mut stream = self.connect().await;
        // The server may have responded and closed before all bytes are written.
        let _ = stream.write_all(bytes.as_ref()).await;
        let mut received = Vec::new();
        let _ = stream.read_to_end(&mut received).await;
        answers(&received)
    }

    /// [`exchange`](Self::exchange) of exactly one request.
    pub(crate) async fn one(&self, bytes: impl AsRef<[u8]>) -> Answer {
        let mut answers = self.exchange(bytes).await;
        assert_eq!(answers.len(), 1);
        answers.remove(0)
    }

    /// Checks that no task of this process has panicked.
    pub(crate) fn assert_no_panics(&self) {
        assert_eq!(PANICS.load(Ordering::SeqCst), 0, "something panicked while {} was served", self.address);
    }
}

/// A request with `Connection: close` and these lines in its head.
pub(crate) fn head(start: &str, lines: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("{start} HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n").into_bytes();
    for line in lines {
        bytes.extend_from_slice(line);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// A POST of this body.
pub(crate) fn post(path: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let length = format!("Content-Length: {}", body.len());
    let media_type = format!("Content-Type: {content_type}");
    [head(&format!("POST {path}"), &[length.as_bytes(), media_type.as_bytes()]), body.to_vec()].concat()
}

fn answers(mut received: &[u8]) -> Vec<Answer> {
    let mut answers = Vec::new();
    while let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
        let (status, headers) = parse(std::str::from_utf8(&received[..end]).unwrap());
        let rest = &received[end + 4..];
        let length =
            headers.get("content-length").map_or(0, |length| length.to_str().unwrap().parse().unwrap());
        answers.push(Answer { status, headers, body: Bytes::copy_from_slice(&rest[..length]) });
        received = &rest[length..];
    }
    assert!(received.is_empty(), "a broken response: {received:?}");
    answers
}

fn parse(head: &str) -> (StatusCode, HeaderMap) {
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap());
    }
    (status, headers)
}
