//! A request as bytes, with placeholders for values that are known only while the scenario runs.

use std::collections::BTreeMap;

use cookiejwt_store::testing;

use crate::PENDING;

/// A request that is being built.
#[derive(Clone, Debug)]
pub struct Request {
    pub start: String,
    pub lines: Vec<Vec<u8>>,
    pub body: Vec<u8>,
    pub closes: bool,
}

pub fn get(path: &str) -> Request {
    request("GET", path)
}

pub fn post(path: &str) -> Request {
    request("POST", path)
}

pub fn delete(path: &str) -> Request {
    request("DELETE", path)
}

pub fn request(method: &str, path: &str) -> Request {
    let start = format!("{method} {path} HTTP/1.1");
    Request { start, lines: Vec::new(), body: Vec::new(), closes: true }
}

impl Request {
    /// A line of the head, byte for byte, as the request line is; `{alice}`, `{alice.access}` and
    /// the like are replaced.
    #[must_use]
    pub fn line(mut self, line: impl AsRef<[u8]>) -> Self {
        self.lines.push(line.as_ref().to_vec());
        self
    }

    #[must_use]
    pub fn cookie(self, pairs: impl AsRef<[u8]>) -> Self {
        self.line([b"Cookie: ", pairs.as_ref()].concat())
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.line(format!("Authorization: Bearer {token}"))
    }

    /// The field with which a browser describes where a request comes from.
    #[must_use]
    pub fn site(self, site: &str) -> Self {
        self.line(format!("Sec-Fetch-Site: {site}"))
    }

    #[must_use]
    pub fn origin(self, origin: &str) -> Self {
        self.line(format!("Origin: {origin}"))
    }

    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self.line(format!("Content-Type: {content_type}"))
    }

    #[must_use]
    pub fn json(self, body: &str) -> Self {
        self.body("application/json", body)
    }

    /// Requests an upgrade to WebSocket (RFC 6455 §4.1).
    #[must_use]
    pub fn upgrade(mut self) -> Self {
        self.closes = false;
        self.line("Connection: Upgrade")
            .line("Upgrade: websocket")
            .line("Sec-WebSocket-Version: 13")
            .line("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    }

    pub fn content_type(&self) -> Option<String> {
        let lines = self.lines.iter().filter_map(|line| std::str::from_utf8(line).ok());
        let fields = lines.filter_map(|line| line.split_once(':'));
        fields
            .filter(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .map(|(_, value)| value.trim().into())
            .next()
    }

    /// Without the query.
    pub fn path(&self) -> &str {
        let target = self.start.split(' ').nth(1).unwrap_or_default();
        target.split('?').next().unwrap_or_default()
    }

    pub fn is_head(&self) -> bool {
        self.start.starts_with("HEAD ")
    }

    /// The bytes to send.
    pub fn bytes(&self, names: &Names) -> Vec<u8> {
        let mut bytes = names.replace(self.start.as_bytes());
        let mut lines = vec![];
        if !self.lines.iter().any(|line| line.to_ascii_lowercase().starts_with(b"host:")) {
            lines.push(b"Host: app.example".to_vec());
        }
        if self.closes {
            lines.push(b"Connection: close".to_vec());
        }
        let body = names.replace(&self.body);
        lines.extend(self.lines.iter().map(|line| names.replace(line)));
        if !body.is_empty() || self.start.starts_with("POST") {
            lines.push(format!("Content-Length: {}", body.len()).into_bytes());
        }
        for line in lines {
            bytes.extend_from_slice(b"\r\n");
            bytes.extend_from_slice(&line);
        }
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes.extend_from_slice(&body);
        bytes
    }
}

/// The values of the placeholders.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    pub fn set(&mut self, name: &str, text: impl Into<String>) {
        self.0.insert(format!("{{{name}}}"), text.into());
    }

    /// The placeholders of two cookies: `{x}`, `{x.access}`, `{x.refresh}`, `{x.token}`,
    /// `{x.refresh_token}`.
    pub fn set_pairs(&mut self, name: &str, access: &str, refresh: &str) {
        let value = |pair: &str| pair.split_once('=').map(|(_, value)| value.to_owned()).unwrap_or_default();
        self.set(name, format!("{access}; {refresh}"));
        self.set(&format!("{name}.access"), access);
        self.set(&format!("{name}.refresh"), refresh);
        self.set(&format!("{name}.token"), value(access));
        self.set(&format!("{name}.refresh_token"), value(refresh));
        self.set(&format!("{name}.forged_access"), forged(access));
        self.set(&format!("{name}.forged_refresh"), forged(refresh));
        self.set(&format!("{name}.forged_token"), forged(&value(access)));
    }

    /// The placeholders of a pending login: the cookie `{x.pending}`, its text `{x.pending_text}`,
    /// its id `{x.state}`, and the cookie with another text, `{x.forged_pending}`.
    pub(crate) fn set_pending(&mut self, name: &str, pair: &str) {
        let (cookie, text) = pair.split_once('=').unwrap_or_default();
        self.set(&format!("{name}.pending"), pair);
        self.set(&format!("{name}.pending_text"), text);
        self.set(&format!("{name}.state"), cookie.trim_start_matches(PENDING));
        self.set(&format!("{name}.forged_pending"), format!("{cookie}={}", forged(text)));
    }

    /// What the device and another one reply to an offer and to a challenge: `{x.registers}`,
    /// `{x.other_registers}`, `{x.proves}`, `{x.other_proves}`, and `{x.forged_proves}`.
    pub(crate) fn set_device(&mut self, name: &str, offer: &str, challenge: &str) {
        if offer.is_empty() && challenge.is_empty() {
            return;
        }
        for (prefix, device) in [("", testing::device()), ("other_", testing::other_device())] {
            if !offer.is_empty() {
                self.set(&format!("{name}.{prefix}registers"), device.registers(offer));
                self.set(&format!("{name}.forged_registers"), forged(&device.registers(offer)));
            }
            if !challenge.is_empty() {
                self.set(&format!("{name}.{prefix}proves"), device.proves(challenge));
            }
        }
        if !challenge.is_empty() {
            self.set(&format!("{name}.forged_proves"), forged(&testing::device().proves(challenge)));
        }
    }

    pub(crate) fn replace(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for (name, text) in &self.0 {
            while let Some(at) = bytes.windows(name.len()).position(|window| window == name.as_bytes()) {
                bytes.splice(at..at + name.len(), text.bytes());
            }
        }
        let is_unknown = [&b"Cookie: {"[..], b"Secure-Session-Response: {", b"Sec-Secure-Session-Id: {"]
            .iter()
            .any(|start| bytes.starts_with(start));
        assert!(!is_unknown, "unknown name: {}", String::from_utf8_lossy(&bytes));
        bytes
    }
}

/// Another first character of the signature.
fn forged(token: &str) -> String {
    let at = token.rfind('.').map_or(0, |dot| dot + 1);
    let mut forged = token.as_bytes().to_vec();
    forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(forged).expect("ASCII")
}
