//! The head of a request as the core reads it.

use std::borrow::Cow;

use cookiejwt_store::{Headers, RequestHead, ResponseHeaders};
use http::{HeaderName, HeaderValue, header};
use rocket::{
    Request, Response,
    http::{HeaderMap, uncased::UncasedStr},
};

/// A request's head as the core reads it.
pub(crate) struct View<'r> {
    method: &'static str,
    path: &'r str,
    query: Option<&'r str>,
    fields: Fields<'r>,
    authority: Option<String>,
    local_cookies: Option<String>,
}

impl<'r> View<'r> {
    pub(crate) fn of(request: &'r Request<'_>) -> Self {
        let fields = Fields::read(request.headers());
        // With a Host field the core reads that, and sees when there are two.
        let has_host = fields.host != Found::Absent;
        let authority = if has_host { None } else { request.host().map(ToString::to_string) };
        let has_cookie = fields.cookie != Found::Absent;
        Self {
            method: request.method().as_str(),
            path: request.uri().path().as_str(),
            query: request.uri().query().map(|query| query.as_str()),
            fields,
            authority,
            local_cookies: if has_cookie { None } else { local_cookies(request) },
        }
    }

    pub(crate) fn head(&self) -> RequestHead<'_> {
        let head = RequestHead::new(self.method, self.path, self.authority.as_deref(), self);
        head.with_query(self.query)
    }
}

/// The header fields, after one look at all of them.
///
/// Rocket hashes each name that is searched for, byte by byte. To look at every field once costs
/// less than to search for the four that are always asked for.
struct Fields<'r> {
    all: &'r HeaderMap<'r>,
    /// How long the names are, a bit for each length. Most others that are asked for are absent,
    /// and then often so is every other name of their length.
    lengths: u64,
    cookie: Found<'r>,
    host: Found<'r>,
    upgrade: Found<'r>,
    content_type: Found<'r>,
}

/// What is known of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found<'r> {
    Absent,
    One(&'r str),
    /// It occurs more than once, or was not looked for: the map has to be asked.
    InMap,
}

impl<'r> Fields<'r> {
    fn read(all: &'r HeaderMap<'r>) -> Self {
        let [cookie, host, upgrade, content_type] = [Found::Absent; 4];
        let mut fields = Self { all, lengths: 0, cookie, host, upgrade, content_type };
        for field in all.iter() {
            fields.lengths |= bit(field.name().len());
            let Some(place) = fields.place(field.name()) else { continue };
            *place = match (*place, field.value) {
                (Found::Absent, Cow::Borrowed(value)) => Found::One(value),
                _ => Found::InMap,
            };
        }
        fields
    }

    /// Where a field is kept that is always asked for.
    fn place(&mut self, name: &UncasedStr) -> Option<&mut Found<'r>> {
        let (place, expected) = match name.len() {
            4 => (&mut self.host, "host"),
            6 => (&mut self.cookie, "cookie"),
            7 => (&mut self.upgrade, "upgrade"),
            12 => (&mut self.content_type, "content-type"),
            _ => return None,
        };
        (name == expected).then_some(place)
    }

    fn find(&self, name: &HeaderName) -> Found<'r> {
        match *name {
            header::COOKIE => self.cookie,
            header::HOST => self.host,
            header::UPGRADE => self.upgrade,
            header::CONTENT_TYPE => self.content_type,
            _ if self.lengths & bit(name.as_str().len()) == 0 => Found::Absent,
            _ => Found::InMap,
        }
    }
}

fn bit(length: usize) -> u64 {
    1 << length.min(63)
}

/// Rocket's local client puts cookies into the jar and into no field. The jar of a request that
/// came over a network is made of its fields alone, so without one it is empty.
fn local_cookies(request: &Request<'_>) -> Option<String> {
    let pairs: Vec<_> = request.cookies().iter().map(|c| format!("{}={}", c.name(), c.value())).collect();
    (!pairs.is_empty()).then(|| pairs.join("; "))
}

impl Headers for View<'_> {
    fn visit<'a>(&'a self, name: &HeaderName, visit: &mut dyn FnMut(&'a [u8])) {
        match self.fields.find(name) {
            Found::Absent => {}
            Found::One(value) => visit(value.as_bytes()),
            Found::InMap => self.fields.all.get(name.as_str()).for_each(|value| visit(value.as_bytes())),
        }
        if let (Some(cookies), &header::COOKIE) = (&self.local_cookies, name) {
            visit(cookies.as_bytes());
        }
    }
}

/// A response's header fields as the core writes them.
pub(crate) struct ResponseView<'v, 'r>(pub(crate) &'v mut Response<'r>);

impl Headers for ResponseView<'_, '_> {
    fn visit<'a>(&'a self, name: &HeaderName, visit: &mut dyn FnMut(&'a [u8])) {
        for value in self.0.headers().get(name.as_str()) {
            visit(value.as_bytes());
        }
    }
}

impl ResponseHeaders for ResponseView<'_, '_> {
    fn append(&mut self, name: &HeaderName, value: &HeaderValue) {
        // Every value in Rocket is UTF-8, and ours are ASCII: nothing is lost.
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        self.0.adjoin_raw_header(name.as_str().to_owned(), value);
    }

    fn remove(&mut self, name: &HeaderName) {
        self.0.remove_header(name.as_str());
    }

    fn append_static(&mut self, name: &'static HeaderName, value: &'static HeaderValue) {
        let value = String::from_utf8_lossy(value.as_bytes());
        self.0.adjoin_raw_header(name.as_str(), value);
    }

    /// Not adjoined, which makes room for more values.
    fn add_static(&mut self, name: &'static HeaderName, value: &'static HeaderValue) {
        match std::str::from_utf8(value.as_bytes()) {
            Ok(value) => drop(self.0.set_raw_header(name.as_str(), value)),
            Err(_) => self.append_static(name, value),
        }
    }

    fn any_name(&self, test: &dyn Fn(&str) -> bool) -> bool {
        self.0.headers().iter().any(|field| test(field.name().as_str()))
    }
}
