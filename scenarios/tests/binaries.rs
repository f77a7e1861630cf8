//! The three examples as processes: the same raw requests get the same status, body and cookie
//! lines, apart from tokens and dates.
#![cfg(unix)]

#[path = "../../examples/tests/common/mod.rs"]
mod common;

use std::{env, io::Write as _, path::PathBuf};

use common::{ACCESS, Answer, Home, Jar, LOGIN, LOGOUT, PASSWORD, REFRESH, Request, Server, USER};
use scenarios::examples::{EXAMPLES, binaries};
use serde_json::{Value, json};

const SKIPPED: &str = "skipped: the examples are not built; cargo test --workspace builds them";
const REFRESH_ROUTE: &str = "/api/auth/token/refresh/";
const VERIFY: &str = "/api/auth/token/verify/";
const SESSIONS: &str = "/api/auth/sessions/";

type Ask = fn(&Server, &Jar) -> Request;

/// The requests, in this order; the cookies of each response are kept for the next.
fn questions() -> Vec<(&'static str, Ask)> {
    let mut questions = nobody();
    questions.extend(somebody());
    questions.extend(foreign());
    questions.extend(the_end());
    questions
}

fn nobody() -> Vec<(&'static str, Ask)> {
    vec![
        ("health", |server, _| server.get("/health")),
        ("open", |server, _| server.get("/api/open")),
        ("me, nobody", |server, _| server.get("/api/me")),
        ("optional, nobody", |server, _| server.get("/api/optional")),
        ("notes, nobody", |server, _| server.get("/api/notes")),
        ("a note, nobody", |server, _| server.post("/api/notes").json(&json!({ "text": "x" }))),
        ("no such path", |server, _| server.get("/nothing/here")),
        ("page", |server, _| server.get("/")),
        ("script", |server, _| server.get("/app.js")),
        ("OpenAPI", |server, _| server.get("/api/openapi.json")),
        ("Swagger UI", |server, _| server.get("/docs")),
        ("a wrong password", |server, _| {
            server.post(LOGIN).json(&json!({ "username": USER, "password": "guess" }))
        }),
        ("a blank login", |server, _| server.post(LOGIN).json(&json!({ "username": "", "password": "" }))),
        ("a login in plain text", |server, _| server.post(LOGIN).body("text/plain", "hello")),
        ("GET login", |server, _| server.get(LOGIN)),
        ("refresh, nobody", |server, _| server.post(REFRESH_ROUTE)),
        ("verify, nobody", |server, _| server.post(VERIFY)),
        ("logout, nobody", |server, _| server.post(LOGOUT)),
        ("sessions, nobody", |server, _| server.get(SESSIONS)),
        ("a password, nobody", |server, _| server.post("/api/auth/password/")),
        ("no keys", |server, _| server.get("/api/auth/jwks.json")),
        ("garbage cookies", |server, _| {
            server.get("/api/me").header("Cookie", &format!("{ACCESS}=x; {REFRESH}=y"))
        }),
        ("a garbage bearer", |server, _| server.get("/api/me").bearer("rubbish")),
    ]
}

fn somebody() -> Vec<(&'static str, Ask)> {
    vec![
        ("login", |server, _| server.login_request()),
        ("me", |server, jar| server.get("/api/me").cookies(jar)),
        ("me by header", |server, jar| server.get("/api/me").bearer(jar.get(ACCESS))),
        ("optional", |server, jar| server.get("/api/optional").cookies(jar)),
        ("a note", |server, jar| server.post("/api/notes").cookies(jar).json(&json!({ "text": "milk" }))),
        ("a bad note", |server, jar| server.post("/api/notes").cookies(jar).json(&json!({ "text": " " }))),
        ("a note in plain text", |server, jar| {
            server.post("/api/notes").cookies(jar).body("text/plain", r#"{"text":"x"}"#)
        }),
        ("notes", |server, jar| server.get("/api/notes").cookies(jar)),
        ("expire", |server, jar| server.post("/api/demo/expire").cookies(jar)),
        ("a refresh inside a request", |server, jar| server.get("/api/me").cookies(&jar.without(ACCESS))),
        ("a refresh that ends in a 500", |server, jar| {
            server.get("/api/slow-error").cookies(&jar.without(ACCESS))
        }),
        ("refresh", |server, jar| server.post(REFRESH_ROUTE).cookies(jar)),
        ("verify", |server, jar| server.post(VERIFY).cookies(jar)),
        ("sessions", |server, jar| server.get(SESSIONS).cookies(jar)),
        ("fresh login", |server, jar| {
            server.post("/api/auth/token/fresh/").cookies(jar).json(&json!({ "password": PASSWORD }))
        }),
        ("sessions after it", |server, jar| server.get(SESSIONS).cookies(jar)),
        ("a short password", |server, jar| {
            let passwords = json!({ "current_password": PASSWORD, "new_password": "short" });
            server.post("/api/auth/password/").cookies(jar).json(&passwords)
        }),
        ("a password", |server, jar| {
            let passwords = json!({ "current_password": PASSWORD, "new_password": PASSWORD });
            server.post("/api/auth/password/").cookies(jar).json(&passwords)
        }),
    ]
}

fn foreign() -> Vec<(&'static str, Ask)> {
    vec![
        ("a note from another site", |server, jar| {
            let note = server.post("/api/notes").cookies(jar).header("Sec-Fetch-Site", "cross-site");
            note.json(&json!({ "text": "planted" }))
        }),
        ("logout from another site", |server, jar| {
            server.post(LOGOUT).cookies(jar).header("Origin", "https://evil.example")
        }),
        ("an image on another site", |server, jar| {
            server.get("/api/me").cookies(&jar.without(ACCESS)).header("Sec-Fetch-Site", "cross-site")
        }),
    ]
}

fn the_end() -> Vec<(&'static str, Ask)> {
    vec![
        ("login by a form", |server, jar| {
            let form = format!("username={USER}&password={}", PASSWORD.replace(' ', "+"));
            server.post(LOGIN).cookies(jar).body("application/x-www-form-urlencoded", form)
        }),
        ("me, of the new session", |server, jar| server.get("/api/me").cookies(jar)),
        ("logout", |server, jar| server.post(LOGOUT).cookies(jar)),
        ("logout again", |server, jar| server.post(LOGOUT).cookies(jar)),
    ]
}

/// Status, the relevant fields (Rocket's Shield adds others to every response), cookie lines
/// without tokens, and the body without ids and dates.
fn in_words(answer: &Answer) -> String {
    const SHOWN: [&str; 7] = [
        "content-type",
        "www-authenticate",
        "allow",
        "cache-control",
        "vary",
        "content-security-policy",
        "location",
    ];
    let mut words = vec![answer.status.to_string()];
    words.extend(SHOWN.iter().filter_map(|name| Some(format!("{name}: {}", answer.header(name)?))));
    words.extend(answer.set_cookies().iter().map(|line| without_token(line)));
    let body = answer.text();
    words.push(serde_json::from_str(&body).map_or(body, |body| masked(body).to_string()));
    words.join("\n")
}

fn without_token(line: &str) -> String {
    let (pair, attributes) = line.split_at(line.find(';').unwrap_or(line.len()));
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    // A refresh token that is sent a second time is a second or two older.
    let (attributes, expires) = attributes.split_once("; Expires=").unwrap_or((attributes, ""));
    // The date of a clearing line is constant; that of a new one depends on the time of the
    // request.
    let expires = if expires.is_empty() || value.is_empty() { expires } else { "<date>" };
    let attributes = (86_390..86_400)
        .fold(attributes.to_owned(), |text, age| text.replace(&format!("Max-Age={age}"), "Max-Age=86400"));
    format!("{name}={}{attributes} {expires}", if value.is_empty() { "" } else { "<token>" })
}

fn masked(body: Value) -> Value {
    match body {
        Value::Array(items) => items.into_iter().map(masked).collect(),
        Value::Object(members) => {
            let mask = |(name, value): (String, Value)| {
                let varies = name == "session_id" || name == "id" || name.ends_with("_at");
                let value = if varies && value.is_string() { "<varies>".into() } else { masked(value) };
                (name, value)
            };
            members.into_iter().map(mask).collect()
        }
        other => other,
    }
}

/// Every response of one example, in words.
fn interview(binary: PathBuf) -> Vec<String> {
    let home = Home::of(binary);
    let server = home.start(&[]);
    let mut jar = Jar::default();
    let answers = questions().into_iter().map(|(name, ask)| {
        let answer = ask(&server, &jar).send();
        jar.keep(&answer);
        format!("{name}: {}", in_words(&answer))
    });
    let answers = answers.collect();
    let log = server.kill();
    assert!(!log.contains("panicked"), "{log}");
    answers
}

#[test]
fn the_three_examples_respond_alike() {
    let Some(binaries) = binaries() else {
        assert!(env::var_os("REQUIRE_ALL_TESTS").is_none_or(|all| all != "1"), "{SKIPPED}");
        writeln!(std::io::stderr(), "{SKIPPED}").expect("standard error is open");
        return;
    };
    let mut interviews = binaries.into_iter().map(interview);
    let first = interviews.next().expect("one example at least");
    for (other, name) in interviews.zip(&EXAMPLES[1..]) {
        for (here, there) in first.iter().zip(&other) {
            assert_eq!(here, there, "{} and {name}", EXAMPLES[0]);
        }
    }
    assert!(first.iter().any(|answer| answer.starts_with("me: 200\n")), "{first:#?}");
}
