//! Request heads from arbitrary bytes.

use cookiejwt_core::driver::{Headers, RequestHead};
use http::HeaderName;

/// A request's head with arbitrary bytes in its values, as frameworks without `http` may pass them.
pub struct Head {
    method: String,
    path: String,
    fields: Vec<(HeaderName, Vec<u8>)>,
}

impl Head {
    #[expect(clippy::new_without_default, reason = "a builder")]
    pub fn new() -> Self {
        Self { method: "GET".into(), path: "/".into(), fields: Vec::new() }
    }

    pub fn field(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        if let Ok(name) = name.parse() {
            self.fields.push((name, value.into()));
        }
        self
    }

    /// Reads `METHOD path`, and on each further line `name: value`; lines without a name are
    /// ignored.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut lines = bytes.split(|byte| *byte == b'\n');
        let start = String::from_utf8_lossy(lines.next().unwrap_or_default());
        let (method, path) = start.split_once(' ').unwrap_or((&start, "/"));
        let head = Self { method: method.into(), path: path.into(), fields: Vec::new() };
        lines.fold(head, |head, line| {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { return head };
            let name = String::from_utf8_lossy(&line[..colon]);
            let value = line[colon + 1..].strip_prefix(b" ").unwrap_or(&line[colon + 1..]);
            head.field(&name, value)
        })
    }

    /// One `Cookie` field for each line.
    pub fn of_cookies(bytes: &[u8]) -> Self {
        bytes.split(|byte| *byte == b'\n').fold(Self::new(), |head, line| head.field("cookie", line))
    }

    pub fn as_head(&self) -> RequestHead<'_> {
        RequestHead::new(&self.method, &self.path, None, self)
    }

    pub fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.fields.iter().filter(move |field| field.0 == name).map(|field| &*field.1)
    }
}

impl Headers for Head {
    fn visit<'a>(&'a self, name: &HeaderName, visit: &mut dyn FnMut(&'a [u8])) {
        self.fields.iter().filter(|field| field.0 == name).for_each(|field| visit(&field.1));
    }
}
