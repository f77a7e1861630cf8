//! What a browser is told about a session that it has bound or renewed.

use serde::Serialize;

use crate::{
    config::Config,
    decide::Core,
    request::{RequestHead, public_host},
    session::SessionId,
    syntax::{host_of, is_same_site},
};

/// Under the prefix of the application.
const RENEW: &str = "/device/refresh/";
/// A logout needs no renewal before it.
const LOGOUT: [&str; 2] = ["/logout", "/token/blacklist"];

/// The instructions, in the order of the draft's example.
#[derive(Serialize)]
struct Instructions<'a> {
    session_identifier: &'a str,
    refresh_url: String,
    scope: Scope,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed_refresh_initiators: Vec<&'a str>,
    credentials: [Credential<'a>; 1],
}

#[derive(Serialize)]
struct Scope {
    include_site: bool,
    scope_specification: Vec<Rule>,
}

#[derive(Serialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: &'static str,
    path: String,
}

#[derive(Serialize)]
struct Credential<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    attributes: &'a str,
}

#[derive(Serialize)]
struct End<'a> {
    session_identifier: &'a str,
    #[serde(rename = "continue")]
    continues: bool,
}

/// The instructions for this session, as JSON.
pub(super) fn of_session(core: &Core, session: &SessionId, head: &RequestHead<'_>, prefix: &str) -> String {
    let config = core.config();
    let logout = LOGOUT.iter().map(|path| format!("{prefix}{path}"));
    let paths = logout.chain(config.skip.iter().cloned());
    let instructions = Instructions {
        session_identifier: session.as_str(),
        refresh_url: format!("{prefix}{RENEW}"),
        scope: Scope {
            include_site: false,
            scope_specification: paths.map(|path| Rule { kind: "exclude", path }).collect(),
        },
        allowed_refresh_initiators: initiators(config, head),
        credentials: [Credential {
            kind: "cookie",
            name: config.access_name(),
            attributes: core.parts().cookies.access_attributes(),
        }],
    };
    json(&instructions)
}

/// The end of the session that the browser calls so, as JSON.
pub(super) fn end_of(identifier: &str) -> String {
    json(&End { session_identifier: identifier, continues: false })
}

/// The hosts of trusted origins on the same site: a browser holds the requests of their pages back
/// too. One of another site must not be here: its renewals would come without the cookies, and end
/// the session.
fn initiators<'a>(config: &'a Config, head: &RequestHead<'_>) -> Vec<&'a str> {
    let Some(ours) = public_host(head, &config.csrf) else { return Vec::new() };
    let mut hosts: Vec<&str> = Vec::new();
    for origin in config.trusted_origins() {
        let host = origin.split_once("://").and_then(|(_, authority)| host_of(authority));
        let host = host.filter(|host| is_same_site(host, ours) && !hosts.contains(host));
        hosts.extend(host);
    }
    hosts
}

fn json(value: &impl Serialize) -> String {
    // Strings and a flag cannot fail to serialise.
    serde_json::to_string(value).unwrap_or_default()
}
