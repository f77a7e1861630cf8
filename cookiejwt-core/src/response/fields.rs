//! The header fields of a response, and what is added to those that depend on a user.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::{config::CredentialOrder, request::Headers};

/// The header fields of a response, whatever type the framework keeps them in.
pub trait ResponseHeaders: Headers {
    /// Adds a value.
    fn append(&mut self, name: &HeaderName, value: &HeaderValue);

    /// Removes every value.
    fn remove(&mut self, name: &HeaderName);

    /// Adds a value that is known when the program is compiled.
    fn append_static(&mut self, name: &'static HeaderName, value: &'static HeaderValue) {
        self.append(name, value);
    }

    /// Whether any of these fields is there.
    ///
    /// Every response is asked this. A type whose search costs more than a look at its few fields
    /// implements it that way.
    fn has_any(&self, names: &[HeaderName]) -> bool {
        names.iter().any(|name| !is_absent(self, name))
    }
}

/// More fields than this are searched for, fewer are looked at.
const FEW: usize = 8;

impl ResponseHeaders for HeaderMap {
    fn append(&mut self, name: &HeaderName, value: &HeaderValue) {
        HeaderMap::append(self, name, value.clone());
    }

    fn remove(&mut self, name: &HeaderName) {
        HeaderMap::remove(self, name);
    }

    fn has_any(&self, names: &[HeaderName]) -> bool {
        if self.keys_len() <= FEW {
            return self.keys().any(|name| names.contains(name));
        }
        names.iter().any(|name| self.contains_key(name))
    }
}

pub(super) static VARY: HeaderName = header::VARY;
pub(super) static CACHE_CONTROL: HeaderName = header::CACHE_CONTROL;
/// What a response may say about caches itself.
static CACHING: [HeaderName; 3] = [header::CACHE_CONTROL, header::EXPIRES, header::PRAGMA];
/// The same with what names the fields it depends on.
static MARKED: [HeaderName; 4] = [header::VARY, header::CACHE_CONTROL, header::EXPIRES, header::PRAGMA];

/// What caches are told to do with it.
static PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
static BOTH: HeaderValue = HeaderValue::from_static("Cookie, Authorization");
pub(super) static COOKIE: HeaderValue = HeaderValue::from_static("Cookie");
static AUTHORIZATION: HeaderValue = HeaderValue::from_static("Authorization");

/// Marks a response that depends on the user; see
/// [`Core::write_decision`](crate::Core::write_decision).
pub(crate) fn keep_private(headers: &mut dyn ResponseHeaders, credentials: CredentialOrder) {
    let (cookies, header) = (credentials.reads_cookies(), credentials.reads_header());
    // The common response has neither, and then one look is enough.
    if cookies && header && !headers.has_any(&MARKED) {
        headers.append_static(&VARY, &BOTH);
        return headers.append_static(&CACHE_CONTROL, &PRIVATE);
    }
    if cookies {
        ensure_member(headers, &VARY, &COOKIE);
    }
    if header {
        ensure_member(headers, &VARY, &AUTHORIZATION);
    }
    if !headers.has_any(&CACHING) {
        headers.append_static(&CACHE_CONTROL, &PRIVATE);
    }
}

/// Adds a member to a list-valued field, unless it, or `Vary: *`, is already present.
pub(super) fn ensure_member(
    headers: &mut dyn ResponseHeaders,
    name: &'static HeaderName,
    member: &'static HeaderValue,
) {
    let present = values(headers, name).iter().any(|value| {
        value.split(|byte| *byte == b',').any(|item| {
            let item = item.trim_ascii();
            (item == b"*" && name == header::VARY) || item.eq_ignore_ascii_case(member.as_bytes())
        })
    });
    if !present {
        headers.append_static(name, member);
    }
}

/// Each value of a field.
pub(super) fn values<'a>(headers: &'a dyn ResponseHeaders, name: &HeaderName) -> Vec<&'a [u8]> {
    let mut values = Vec::new();
    headers.visit(name, &mut |value| values.push(value));
    values
}

fn is_absent<H: Headers + ?Sized>(headers: &H, name: &HeaderName) -> bool {
    let mut absent = true;
    headers.visit(name, &mut |_| absent = false);
    absent
}
