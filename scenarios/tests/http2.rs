//! HTTP/2, where the framework supports it without TLS: a browser splits its cookies over several
//! fields (RFC 9113 §8.2.3), and the authority is in `:authority`.

#[path = "suite/actix_app.rs"]
mod actix_app;
#[path = "suite/axum_app.rs"]
mod axum_app;

use bytes::Bytes;
use http::{Request, Response};
use scenarios::{
    ACCESS, REFRESH, World, ids,
    run::{Framework, Running},
};

const FRAMEWORKS: [Framework; 2] = [
    Framework { name: "axum", start: |world| Box::pin(axum_app::start(world)) },
    Framework { name: "actix-web", start: |world| Box::pin(async { actix_app::start(world) }) },
];

async fn exchange(running: &Running, request: Request<()>) -> (Response<()>, String) {
    let stream = tokio::net::TcpStream::connect(running.address).await.expect("the server listens");
    let (client, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
    tokio::spawn(connection);
    let mut client = client.ready().await.expect("ready");
    let (answer, _) = client.send_request(request, true).expect("sent");
    let (head, mut body) = answer.await.expect("an answer").into_parts();
    let mut text = Vec::new();
    while let Some(part) = body.data().await {
        let part: Bytes = part.expect("a whole body");
        let _ = body.flow_control().release_capacity(part.len());
        text.extend_from_slice(&part);
    }
    (Response::from_parts(head, ()), String::from_utf8(text).expect("text"))
}

/// The rule, the request, the seconds that pass before it, and what is expected: status, body,
/// number of cookies.
type Row = (&'static str, Request<()>, i64, (u16, &'static str, usize));

fn rows(access: &str, refresh: &str) -> Vec<Row> {
    let get = || Request::get("http://app.example/me");
    let post = || Request::post("http://app.example/me");
    let ok = |builder: http::request::Builder| builder.body(()).expect("a request");
    vec![
        (
            "one field",
            ok(get().header("cookie", format!("{access}; {refresh}"))),
            0,
            (200, "1 #1 #3 cookie", 0),
        ),
        (
            "split over several fields",
            ok(get().header("cookie", "a=b").header("cookie", access).header("cookie", refresh)),
            0,
            (200, "1 #1 #3 cookie", 0),
        ),
        (
            "the same name in two fields, of one session, counts",
            ok(get().header("cookie", access).header("cookie", access)),
            0,
            (200, "1 #1 #3 cookie", 0),
        ),
        (
            "refreshed from a field of its own",
            ok(get().header("cookie", "a=b").header("cookie", refresh)),
            306,
            (200, "1 #1 #5 cookie", 2),
        ),
        (
            "Origin equals :authority",
            ok(post().header("cookie", access).header("origin", "https://app.example")),
            0,
            (200, "1 #1 #3 cookie", 0),
        ),
        (
            "Origin is another",
            ok(post().header("cookie", access).header("origin", "http://evil.example")),
            0,
            (403, "csrf_failed", 0),
        ),
        (
            ":authority counts, not a Host field beside it",
            ok(post()
                .header("cookie", access)
                .header("host", "evil.example")
                .header("origin", "http://evil.example")),
            0,
            (403, "csrf_failed", 0),
        ),
    ]
}

#[tokio::test]
async fn cookies_and_authority_of_http_2() {
    for framework in FRAMEWORKS {
        let browser = World::default().log_in("alice").await;
        for (rule, request, seconds, (status, said, cookies)) in rows(&browser.access, &browser.refresh) {
            let world = World::default();
            // The ids count, so this is the same browser again.
            world.log_in("alice").await;
            world.pass(seconds);
            let running = (framework.start)(world).await;
            let (head, body) = exchange(&running, request).await;
            let name = framework.name;
            assert_eq!(head.status().as_u16(), status, "{name}, {rule}: {body}");
            assert!(ids::named(&body).contains(said), "{name}, {rule}: {body}");
            let lines: Vec<_> = head.headers().get_all("set-cookie").iter().collect();
            assert_eq!(lines.len(), cookies, "{name}, {rule}");
            for (line, own) in lines.iter().zip([ACCESS, REFRESH]) {
                assert!(line.to_str().expect("ASCII").starts_with(own), "{name}, {rule}: {line:?}");
            }
            (running.stop)().await;
        }
    }
}
