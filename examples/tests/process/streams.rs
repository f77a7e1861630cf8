//! A stream and a socket end with the session, on another node too.

use crate::common::{Home, Jar, LOGOUT, Open, UPGRADE};

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
        assert!(open.received().ends_with(b"0\r\n\r\n"), "the body is complete: {}", open.text());
    }
    for open in &mut sockets {
        open.read_until_closed("session_revoked");
    }
    other.is_echoed();
}

#[test]
fn without_a_session_they_do_not_open() {
    let home = Home::new();
    let server = home.start(&[]);
    for (path, head) in [("/api/events", "Connection: close\r\n"), ("/api/live", UPGRADE)] {
        let mut open = Open::new(&server, path, &Jar::default(), head);
        open.read_until(b"not_authenticated");
        assert!(open.received().starts_with(b"HTTP/1.1 401"), "{path}: {}", open.text());
    }
}
