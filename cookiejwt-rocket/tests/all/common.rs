//! The world of the scenarios, around Rocket applications.

#![allow(dead_code, unused_imports, reason = "each file of tests uses its own part of this")]

use cookiejwt_rocket::RocketAuth as _;
use rocket::{
    Build, Config, Rocket, Route,
    http::{Header, Method},
    local::asynchronous::{Client, LocalRequest, LocalResponse},
};
pub(crate) use scenarios::{ACCESS, Answer, Browser, Counts, REFRESH, User, World};

/// An application without cookiejwt.
pub(crate) fn bare() -> Rocket<Build> {
    rocket::custom(Config::figment().merge(("log_level", "off")))
}

/// An application with cookiejwt and these routes.
pub(crate) fn application(world: &World, routes: impl Into<Vec<Route>>) -> Rocket<Build> {
    bare()
        .attach(world.auth.fairing())
        .mount("/", world.auth.routes())
        .mount("/", routes.into())
        .register("/", world.auth.catchers())
}

pub(crate) async fn start(rocket: Rocket<Build>) -> Client {
    Client::untracked(rocket).await.expect("a valid application")
}

/// A request with these header fields, in this order.
pub(crate) fn request<'c>(
    client: &'c Client,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> LocalRequest<'c> {
    let method: Method = method.parse().unwrap();
    let request = client.req(method, path.to_owned());
    fields.iter().fold(request, |request, (name, value)| {
        request.header(Header::new((*name).to_owned(), (*value).to_owned()))
    })
}

pub(crate) async fn send(request: LocalRequest<'_>) -> Answer {
    answer(request.dispatch().await).await
}

/// A GET with these cookies.
pub(crate) async fn get(client: &Client, path: &str, cookies: &str) -> Answer {
    let fields = [("Cookie", cookies)];
    send(request(client, "GET", path, if cookies.is_empty() { &[] } else { &fields })).await
}

async fn answer(response: LocalResponse<'_>) -> Answer {
    let headers = response.headers().iter();
    let headers = headers.map(|field| (field.name().as_str().to_ascii_lowercase(), field.value().to_owned()));
    let (status, headers) = (response.status().code, headers.collect());
    Answer { status, headers, body: response.into_string().await.unwrap_or_default() }
}

/// The `code` of a problem; empty if the body is not a problem.
pub(crate) fn code(answer: &Answer) -> String {
    if answer.field("content-type") != "application/problem+json" {
        return String::new();
    }
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["status"], answer.status);
    assert_eq!(answer.field("cache-control"), "no-store");
    body["code"].as_str().unwrap_or("none").to_owned()
}

/// What a response does to our two cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// None of our lines.
    Nothing,
    /// Exactly one line for each, with a value; and the response is not stored.
    Both,
    /// Exactly one line that clears each; and the response is not stored.
    Cleared,
    /// Anything else, which no rule allows.
    Odd(Vec<String>),
}

pub(crate) fn leaving(answer: &Answer) -> Leaving {
    let mut lines = answer.cookie_lines();
    lines.retain(|line| line.starts_with(ACCESS) || line.starts_with(REFRESH));
    let [access, refresh] = lines.as_slice() else {
        return if lines.is_empty() { Leaving::Nothing } else { Leaving::Odd(lines) };
    };
    let stored = !answer.field("cache-control").contains("no-store");
    match (is_cleared(access, ACCESS), is_cleared(refresh, REFRESH)) {
        _ if stored || !answer.field("vary").contains("Cookie") => Leaving::Odd(lines),
        (Some(false), Some(false)) => Leaving::Both,
        (Some(true), Some(true)) => Leaving::Cleared,
        _ => Leaving::Odd(lines),
    }
}

fn is_cleared(line: &str, name: &str) -> Option<bool> {
    let value = line.strip_prefix(name)?.strip_prefix('=')?;
    let (value, attributes) = value.split_at(value.find(';')?);
    let safe = attributes.starts_with("; Path=/; Secure; HttpOnly; SameSite=Lax");
    safe.then_some(value.is_empty() && attributes.contains("Max-Age=0"))
}

/// The effect of a response that logs this user in.
pub(crate) async fn subject(world: &World, answer: &Answer) -> Option<String> {
    let cookies = format!("{}; {}", answer.pair(ACCESS)?, answer.pair(REFRESH)?);
    let head = http::Request::get("/").header("cookie", cookies).body(()).unwrap().into_parts().0;
    let decision = world.auth.authenticate(&head).await;
    decision.identity().map(|identity| identity.subject().to_string())
}
