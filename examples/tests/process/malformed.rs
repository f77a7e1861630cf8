use std::thread;

use crate::common::{ACCESS, After, Answer, Home, LOGIN, LOGOUT, REFRESH, Server, raw};

const TARGETS: [(&str, &str); 7] = [
    ("GET", "/api/me"),
    ("GET", "/api/optional"),
    ("POST", "/api/notes"),
    ("POST", "/api/demo/expire"),
    ("POST", LOGIN),
    ("POST", LOGOUT),
    ("POST", "/api/auth/token/refresh/"),
];

/// The same bytes in every run (xorshift).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[3]).collect()
    }
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// Bytes that are not HTTP, or barely.
fn garbage() -> Vec<Vec<u8>> {
    let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
    let mut all: Vec<_> = (1..40).map(|length| noise.bytes(length * 17)).collect();
    let lines: [&[u8]; 10] = [
        b"",
        b"\r\n\r\n\r\n",
        b"GET",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /%00%ff%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\xff\x04\x00\x00\x00\x00\x00junkjunkjunk",
        b"CONNECT evil:443 HTTP/1.1\r\nHost: evil\r\n\r\n",
    ];
    all.extend(lines.map(<[u8]>::to_vec));
    all
}

/// Header fields that our own parsers have to read.
fn fields() -> Vec<Vec<u8>> {
    let mut noise = Noise(0xD1B5_4A32_D192_ED03);
    let big = "x".repeat(300_000);
    let many = "other=v; ".repeat(5_000);
    let fields: Vec<Vec<u8>> = vec![
        join(&[b"Cookie: ", ACCESS.as_bytes(), b"=\xff\xfe\x80; ", REFRESH.as_bytes(), b"=\xc3\x28"]),
        join(&[b"Cookie: \xff\xff=\xff; ", ACCESS.as_bytes(), b"=..; ", REFRESH.as_bytes(), b"=a.b.c"]),
        join(&[b"Cookie: ", ACCESS.as_bytes(), b"=", big.as_bytes()]),
        join(&[b"Cookie: ", many.as_bytes(), ACCESS.as_bytes(), b"=x"]),
        join(&[b"Cookie: ", b";".repeat(9_000).as_slice()]),
        join(&[b"Cookie: =", b"\r\nCookie: ", ACCESS.as_bytes(), b"\r\nCookie: ", ACCESS.as_bytes(), b"="]),
        b"Authorization: Bearer \xf0\x9f\x8d\xaa".to_vec(),
        b"Authorization: Bearer eyJhbGciOiJub25lIn0.e30.".to_vec(),
        join(&[b"Authorization: Bearer ", big.as_bytes()]),
        b"Origin: \xff\r\nSec-Fetch-Site: \xfe".to_vec(),
        b"X-Forwarded-For: \xff,,,,\r\nUser-Agent: \xff\xfe".to_vec(),
        b"Content-Type: \xff/\xff".to_vec(),
    ];
    let random = (0..40).map(|_| {
        // Without bytes that HTTP itself rejects.
        let safe = noise.bytes(60).into_iter().filter(|byte| *byte >= b' ' && *byte != 0x7f);
        join(&[b"Cookie: ", REFRESH.as_bytes(), b"=", &safe.collect::<Vec<_>>()])
    });
    fields.into_iter().chain(random).collect()
}

fn requests_with_fields() -> Vec<Vec<u8>> {
    let with = |field: &[u8], (method, path): (&str, &str)| {
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n");
        join(&[head.as_bytes(), field, b"\r\n\r\n"])
    };
    fields().iter().flat_map(|field| TARGETS.map(|target| with(field, target))).collect()
}

fn login_with(head: &str, body: &[u8]) -> Vec<u8> {
    let line = format!("POST {LOGIN} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}\r\n\r\n");
    join(&[line.as_bytes(), body])
}

/// Bodies that are complete but not a login.
fn odd_bodies() -> Vec<Vec<u8>> {
    let whole = |kind: &str, body: &[u8]| {
        login_with(&format!("Content-Type: {kind}\r\nContent-Length: {}", body.len()), body)
    };
    let (json, form) = ("application/json", "application/x-www-form-urlencoded");
    let surrogate = br#"{"username":"\ud800","password":"\u0000"}"#;
    vec![
        whole(json, b""),
        whole(json, b"\xff\xfe\xfd"),
        whole(json, b"\xef\xbb\xbf{}"),
        whole(json, "[".repeat(15_000).as_bytes()),
        whole(json, br#"{"username":"demo","username":"x","password":1e999}"#),
        whole(json, surrogate),
        whole(form, b"username=%ff&password=%fe"),
        whole(form, b"username=%zz&password=%0"),
        whole(form, "&".repeat(15_000).as_bytes()),
        whole(form, "=".repeat(15_000).as_bytes()),
        whole("multipart/form-data; boundary=", b"--"),
        whole("\u{fffd}", b"{}"),
    ]
}

/// Bodies that end too early, never end, or lie about their length.
fn lying_bodies() -> Vec<Vec<u8>> {
    let json =
        |head: &str, body: &[u8]| login_with(&format!("Content-Type: application/json\r\n{head}"), body);
    let huge = vec![b'a'; 1 << 20];
    vec![
        json("Content-Length: 100", br#"{"username":"#),
        json(&format!("Content-Length: {}", huge.len()), &huge),
        json("Content-Length: 99999999999999999999999", b"{}"),
        json("Content-Length: -1", b"{}"),
        json("Content-Length: 2\r\nContent-Length: 3", b"{}x"),
        json("Transfer-Encoding: chunked", b"zz\r\n{}\r\n0\r\n\r\n"),
        json("Transfer-Encoding: chunked", b"ffffffffffffffff\r\n{}"),
        json("Transfer-Encoding: chunked", b"2\r\n{}\r\n"),
        json("Transfer-Encoding: chunked\r\nContent-Length: 5", b"0\r\n\r\n"),
        json("Transfer-Encoding: gzip, chunked", b"0\r\n\r\n"),
    ]
}

fn is_alive(server: &Server, after: &str) {
    let health = server.get("/health").send();
    assert_eq!((health.status, health.text().as_str()), (200, "ok"), "after {after}");
}

/// Sends them all, four at a time, and returns the statuses of the responses. None may be a 5xx.
fn hammer(server: &Server, what: &str, requests: &[Vec<u8>], after: After) -> Vec<u16> {
    let send = |bytes: &Vec<u8>| {
        let answer = raw(server.address(), bytes, after).unwrap_or_default();
        let status = Answer::parse(&answer, false).map(|answer| answer.status);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
        assert!(status.is_none_or(|status| status < 500), "{status:?} for {what}: {shown:?}");
        status
    };
    let answered = thread::scope(|scope| {
        let parts = requests.chunks(requests.len().div_ceil(4));
        let threads: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter().filter_map(send).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no 5xx")).collect()
    });
    is_alive(server, what);
    answered
}

#[test]
fn malformed_requests_do_no_harm() {
    let home = Home::new();
    let server = home.start(&[]);
    let jar = server.login();
    hammer(&server, "garbage", &garbage(), After::HangUp);
    hammer(&server, "lying bodies", &lying_bodies(), After::HangUp);
    for (what, requests) in [("fields", requests_with_fields()), ("odd bodies", odd_bodies())] {
        let answered = hammer(&server, what, &requests, After::Wait);
        assert_eq!(answered.len(), requests.len(), "each of the {what} is answered");
    }
    assert_eq!(server.me(&jar).status, 200, "the honest client is still signed in");
    server.login();
    // actix-web logs ERROR for a request head that is too large.
    let log: String = server.kill().lines().filter(|line| !line.contains("ERROR actix_http")).collect();
    assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
}

#[test]
fn aborted_connections_do_no_harm() {
    let home = Home::new();
    let server = home.start(&[]);
    let body = r#"{"username":"demo","password":"x"}"#;
    let length = body.len();
    let whole = format!(
        "POST {LOGIN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let cuts: Vec<_> = (0..whole.len()).map(|end| whole.as_bytes()[..end].to_vec()).collect();
    hammer(&server, "a cut request", &cuts, After::HangUp);
    assert!(!server.kill().contains("panicked"));
}
