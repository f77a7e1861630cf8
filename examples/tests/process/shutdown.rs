use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
};

use crate::{
    common::{ACCESS, Home, Jar, LOGIN},
    database,
};

/// A request that is in progress when the signal arrives gets its response, including cookies, and
/// the process exits cleanly.
fn ends_gracefully(signal: &str) {
    let home = Home::new();
    let server = home.start(&[]);
    let before = server.login();
    let slow = server.get("/api/slow-error").cookies(&before.without(ACCESS));
    let waiting = thread::spawn(|| slow.send());
    database::wait_for_rotation(&home); // and 300 ms until the response
    server.signal(signal);
    let answer = waiting.join().expect("an answer");
    assert_eq!(answer.status, 500, "{answer:?}");
    let (status, log) = server.ended();
    assert_eq!(status.code(), Some(0), "{status}\n{log}");
    assert!(log.contains("shutting down"), "{log}");

    let again = home.start(&[]);
    assert_eq!(again.me(&Jar::of(&answer)).status, 200, "the cookies of the last response are valid");
}

#[test]
fn sigterm() {
    ends_gracefully("TERM");
}

#[test]
fn sigint() {
    ends_gracefully("INT");
}

#[test]
fn idle_connections_do_not_delay_the_shutdown() {
    let home = Home::new();
    let server = home.start(&[]);
    // As browsers do: connections opened in advance.
    let mut waiting: Vec<_> =
        (0..3).map(|_| TcpStream::connect(server.address()).expect("connected")).collect();
    assert_eq!(server.get("/health").send().status, 200);
    server.signal("TERM");
    let (status, log) = server.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    for connection in &mut waiting {
        assert_eq!(connection.read(&mut [0; 1]).unwrap_or(0), 0, "closed");
    }
}

#[test]
fn a_half_sent_request_does_not_delay_the_shutdown_forever() {
    let head = "GET /api/me HTTP/1.1\r\nHost: x\r\n".to_owned();
    let body = format!(
        "POST {LOGIN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{{"
    );
    for half in [head, body] {
        let home = Home::new();
        let server = home.start(&[]);
        let mut client = TcpStream::connect(server.address()).expect("connected");
        client.write_all(half.as_bytes()).expect("sent");
        assert_eq!(server.get("/health").send().status, 200);
        server.signal("TERM");
        let (status, log) = server.ended();
        assert_eq!(status.code(), Some(0), "{half:?}\n{log}");
    }
}

#[test]
fn the_port_is_free_immediately() {
    let home = Home::new();
    let first = home.start(&[]);
    let port = first.address().port().to_string();
    first.login();
    first.signal("TERM");
    assert!(first.ended().0.success());
    let second = home.start(&[("PORT", port.as_str())]);
    assert_eq!(second.address().port().to_string(), port);
}
