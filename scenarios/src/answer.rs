//! Sends bytes and reads one response.

use std::{io, net::SocketAddr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cookiejwt_store::testing;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{DEVICE, PENDING, ids};

/// A response as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// Sends a request on its own connection.
pub async fn exchange(address: SocketAddr, request: &[u8], is_head: bool) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    // The server may have responded and closed before all bytes are written.
    let _ = stream.write_all(request).await;
    read(&mut stream, is_head).await.expect("an answer")
}

/// The one answer of a connection.
pub(crate) async fn read(stream: &mut TcpStream, is_head: bool) -> io::Result<Answer> {
    read_on(stream, Vec::new(), is_head).await
}

/// Reads an answer that has begun until this text has arrived.
pub(crate) async fn read_until(stream: &mut TcpStream, text: &str) -> io::Result<Vec<u8>> {
    let mut received = Vec::new();
    while !received.windows(text.len()).any(|window| window == text.as_bytes()) {
        more(stream, &mut received).await?;
    }
    Ok(received)
}

/// What is left of an answer that has begun. A socket is over when the server closes the
/// connection.
pub(crate) async fn read_rest(stream: &mut TcpStream, mut received: Vec<u8>) -> io::Result<Answer> {
    if received.starts_with(b"HTTP/1.1 101") {
        // A client that is closed replies, and does not wait either.
        while more(stream, &mut received).await.is_ok() {}
    }
    read_on(stream, received, false).await
}

async fn read_on(stream: &mut TcpStream, mut received: Vec<u8>, is_head: bool) -> io::Result<Answer> {
    let end = loop {
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        more(stream, &mut received).await?;
    };
    let body = received.split_off(end + 4);
    let mut answer = Answer::head(&received[..end]);
    answer.body = if is_head || matches!(answer.status, 101 | 204 | 304) {
        String::from_utf8_lossy(&body).into_owned()
    } else {
        answer.read_body(stream, body).await?
    };
    Ok(answer)
}

async fn more(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 4096];
    match stream.read(&mut buffer).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        read => {
            received.extend_from_slice(&buffer[..read]);
            Ok(())
        }
    }
}

/// The fields whose values are compared, in this order; then come `Cache-Control` and `Vary`.
pub(crate) const SHOWN: [&str; 17] = [
    "content-type",
    "www-authenticate",
    "allow",
    "location",
    "hx-redirect",
    "retry-after",
    "clear-site-data",
    "x-auth-user",
    "x-auth-session",
    "x-auth-scopes",
    "x-auth-realm",
    "x-auth-actor",
    "secure-session-registration",
    "secure-session-challenge",
    "cross-origin-resource-policy",
    "refresh",
    "content-security-policy",
];

impl Answer {
    fn head(bytes: &[u8]) -> Self {
        let head = std::str::from_utf8(bytes).expect("a head in ASCII");
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Self { status: status.expect("a status"), headers, body: String::new() }
    }

    async fn read_body(&self, stream: &mut TcpStream, mut received: Vec<u8>) -> io::Result<String> {
        if self.field("transfer-encoding") == "chunked" {
            while !received.ends_with(b"0\r\n\r\n") {
                more(stream, &mut received).await?;
            }
            return Ok(unchunked(&received));
        }
        let length: usize = self.field("content-length").parse().unwrap_or(0);
        while received.len() < length {
            more(stream, &mut received).await?;
        }
        Ok(String::from_utf8_lossy(&received).into_owned())
    }

    /// Every value of a field, joined as RFC 9110 §5.3 allows.
    pub fn field(&self, name: &str) -> String {
        let values = self.headers.iter().filter(|(known, _)| known == name);
        values.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ")
    }

    pub fn cookie_lines(&self) -> Vec<String> {
        let lines = self.headers.iter().filter(|(name, _)| name == "set-cookie");
        lines.map(|(_, value)| value.clone()).collect()
    }

    /// The pair that a browser would send back.
    pub fn pair(&self, name: &str) -> Option<String> {
        let prefix = format!("{name}=");
        let line = self.cookie_lines().into_iter().find(|line| line.starts_with(&prefix))?;
        line.split(';').next().map(str::to_owned)
    }

    /// The pending login that a client continues with: the newest cookie, or in token mode the text
    /// of the body, as the value of a cookie without an id.
    pub fn pending(&self) -> Option<String> {
        let lines = self.cookie_lines();
        let set = |line: &&String| line.starts_with(PENDING) && !line.contains("Max-Age=0");
        let pair = lines.iter().rfind(set).and_then(|line| line.split(';').next()).map(str::to_owned);
        pair.or_else(|| Some(format!("{PENDING}={}", self.member("pending")?)))
    }

    /// A member of the body, if that is a JSON object.
    pub fn member(&self, name: &str) -> Option<String> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        body[name].as_str().map(str::to_owned)
    }

    /// Status, the relevant fields, `Set-Cookie` lines and body, with ids and tokens in words.
    pub fn in_words(&self) -> Vec<String> {
        let mut words = vec![self.status.to_string()];
        let mut show = |name: &str, value: String| {
            if !value.is_empty() {
                words.push(format!("{name}: {value}"));
            }
        };
        for name in SHOWN {
            show(name, ids::named(&challenge_in_words(&self.field(name))));
        }
        for name in ["cache-control", "vary"] {
            show(name, members(&self.field(name)));
        }
        for line in self.cookie_lines() {
            show("set-cookie", cookie_in_words(&line));
        }
        words.push(body_in_words(&self.body));
        words
    }
}

impl Answer {
    /// Whether it is one of the library's, and lets a browser guess its type.
    pub(crate) fn has_type_to_guess(&self) -> bool {
        let is_ours = self.field("content-type") == "application/problem+json"
            || ["cross-origin-resource-policy", "refresh"].iter().any(|name| !self.field(name).is_empty());
        is_ours && self.field("x-content-type-options") != "nosniff"
    }
}

/// The members of a list, sorted: their order depends on the framework.
fn members(field: &str) -> String {
    let mut members: Vec<_> = field.split(',').map(|member| member.trim().to_ascii_lowercase()).collect();
    members.sort();
    members.join(", ")
}

fn unchunked(mut bytes: &[u8]) -> String {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|window| window == b"\r\n") {
        let length = std::str::from_utf8(&bytes[..end]).ok();
        let length = length.and_then(|text| usize::from_str_radix(text.trim(), 16).ok()).unwrap_or(0);
        if length == 0 {
            break;
        }
        body.extend_from_slice(&bytes[end + 2..end + 2 + length]);
        bytes = &bytes[end + 4 + length..];
    }
    String::from_utf8_lossy(&body).into_owned()
}

/// `name=<at+jwt 5 of 1 for "1", 306..606>; Path=/…`: the token's kind, id, session, subject, and
/// seconds since the start.
fn cookie_in_words(line: &str) -> String {
    let (pair, attributes) = line.split_at(line.find(';').unwrap_or(line.len()));
    let Some((name, value)) = pair.split_once('=') else { return line.into() };
    if name == DEVICE {
        let id = value.split('.').next().unwrap_or_default();
        return ids::named(&format!("{name}=<known device {id}>{attributes}"));
    }
    if name.starts_with(PENDING) && !value.is_empty() {
        return ids::named(&format!("{name}=<pending>{attributes}"));
    }
    match token_in_words(value) {
        Some(words) => ids::named(&format!("{name}=<{words}>{attributes}")),
        None => ids::named(line),
    }
}

/// Replaces each token in quotation marks by words.
fn body_in_words(body: &str) -> String {
    let words =
        |text: &str| token_in_words(text).map_or_else(|| text.to_owned(), |words| format!("<{words}>"));
    let mut parts: Vec<_> = body.split('"').map(words).collect();
    if let Some(at) = parts.iter().position(|part| part == "pending") {
        parts[at + 2] = "<pending>".into();
    }
    ids::named(&parts.join("\""))
}

/// Replaces the challenge of a field by its kind and the second at which it was issued: `<renewal,
/// 306>`.
fn challenge_in_words(field: &str) -> String {
    let parts = field.split('"').map(|part| {
        let (session, code) = part.rsplit_once('.').unwrap_or(("", part));
        let Some(bytes) = URL_SAFE_NO_PAD.decode(code).ok().filter(|bytes| bytes.len() == 25) else {
            return part.to_owned();
        };
        let kind = match bytes[0] {
            1 => "registration",
            2 => "renewal",
            _ => "unknown",
        };
        let millis = i64::from_be_bytes(bytes[1..9].try_into().expect("eight bytes"));
        let second = millis / 1000 - testing::NOW.unix_timestamp();
        let dot = if session.is_empty() { "" } else { "." };
        format!("{session}{dot}<{kind}, {second}>")
    });
    parts.collect::<Vec<_>>().join("\"")
}

fn token_in_words(token: &str) -> Option<String> {
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok()
    });
    let (header, claims) = (parts.next()??, parts.next()??);
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let second = |value: &Value| value.as_i64().map_or(-1, |time| time - testing::NOW.unix_timestamp());
    let bound = if claims["device_bound"] == true { ", bound" } else { "" };
    Some(format!(
        "{} {} of {} for {}, {}..{}{bound}",
        text(&header["typ"]),
        text(&claims["jti"]),
        text(&claims["sid"]),
        text(&claims["sub"]),
        second(&claims["iat"]),
        second(&claims["exp"]),
    ))
}
