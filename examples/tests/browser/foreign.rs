//! Pages of other origins post forms to our routes.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use browser::Look;

use crate::{
    common::{ACCESS, LOGIN, LOGOUT, REFRESH},
    stage::{Stage, Visitor, on_stage},
};

/// Serves a page of another origin, on its own port, until the process ends.
fn elsewhere() -> u16 {
    const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 16\r\nConnection: close\r\n\r\n<p>elsewhere</p>";
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            // The head of a request without a body arrives in one piece.
            drop(stream.read(&mut [0; 8192]));
            drop(stream.write_all(PAGE.as_bytes()));
        }
    });
    port
}

#[test]
fn a_form_on_another_site_is_refused() {
    // To the browser, 127.0.0.1 and localhost are two sites: SameSite=Lax withholds the cookies.
    on_stage(&[], async |stage| {
        let person = stage.signed_in(Look::DESKTOP).await;
        let page = format!("http://127.0.0.1:{}/", elsewhere());
        for (path, status) in [(LOGIN, 403), (LOGOUT, 403), ("/api/demo/expire", 401), ("/api/notes", 401)] {
            let sent = Sent { site: "cross-site", with_cookies: false, status };
            is_refused(stage, &person, &page, path, sent).await;
        }
        is_still_signed_in(stage, &person).await;
    });
}

#[test]
fn a_form_on_another_port_is_refused_although_it_sends_the_cookies() {
    // Another port is another origin of the same site: SameSite does not help, the CSRF rules do.
    on_stage(&[], async |stage| {
        let person = stage.signed_in(Look::DESKTOP).await;
        let page = format!("http://localhost:{}/", elsewhere());
        for path in [LOGIN, LOGOUT, "/api/demo/expire", "/api/notes"] {
            let sent = Sent { site: "same-site", with_cookies: true, status: 403 };
            is_refused(stage, &person, &page, path, sent).await;
        }
        is_still_signed_in(stage, &person).await;
    });
}

struct Sent {
    site: &'static str,
    with_cookies: bool,
    /// Without cookies, a route that requires a login responds with 401.
    status: u16,
}

async fn is_refused(stage: &Stage, person: &Visitor, page: &str, path: &str, expected: Sent) {
    let before = person.tokens().await;
    person.goto(page).await;
    let seen = person.seen().await;
    let submit = "const form = Object.assign(document.createElement('form'), { method: 'post', action });
        document.body.append(form); setTimeout(() => form.submit())";
    person.run(&format!("const action = '{}'; {submit}", stage.url(path))).await;
    let answer = person.answer(seen, "POST", path).await;
    let what = format!("{path} from {page}: {answer:?}");
    assert_eq!(answer.sent["sec-fetch-site"], expected.site, "{what}");
    assert_eq!([ACCESS, REFRESH].map(|name| answer.sent_cookie(name)), [expected.with_cookies; 2], "{what}");
    assert_eq!(answer.status, expected.status, "{what}");
    assert!(answer.set_cookies.is_empty(), "{what}");
    assert_eq!(person.tokens().await, before, "{what}");
}

async fn is_still_signed_in(stage: &Stage, person: &Visitor) {
    person.goto(&stage.url("/")).await;
    person.is_signed_in().await;
    assert_eq!(person.who_am_i().await.status, 200);
}
