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

    /// Adds a field that is absent, with a value that is known when the program is compiled.
    fn add_static(&mut self, name: &'static HeaderName, value: &'static HeaderValue) {
        self.append_static(name, value);
    }

    /// Whether the name of any field passes this test, which ignores case. Every response is asked.
    fn any_name(&self, test: &dyn Fn(&str) -> bool) -> bool;
}

impl ResponseHeaders for HeaderMap {
    fn append(&mut self, name: &HeaderName, value: &HeaderValue) {
        HeaderMap::append(self, name, value.clone());
    }

    fn remove(&mut self, name: &HeaderName) {
        HeaderMap::remove(self, name);
    }

    fn any_name(&self, test: &dyn Fn(&str) -> bool) -> bool {
        self.keys().any(|name| test(name.as_str()))
    }
}

pub(super) static VARY: HeaderName = header::VARY;
pub(super) static CACHE_CONTROL: HeaderName = header::CACHE_CONTROL;
/// What caches are told to do with it.
static PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
static BOTH: HeaderValue = HeaderValue::from_static("Cookie, Authorization");
pub(super) static COOKIE: HeaderValue = HeaderValue::from_static("Cookie");
static AUTHORIZATION: HeaderValue = HeaderValue::from_static("Authorization");

/// Marks a response that depends on the user; see
/// [`Core::write_decision`](crate::Core::write_decision).
pub(crate) fn keep_private(headers: &mut dyn ResponseHeaders, credentials: CredentialOrder) {
    if keep_common_private(headers, credentials) {
        return;
    }
    if credentials.reads_cookies() {
        ensure_member(headers, &VARY, &COOKIE);
    }
    if credentials.reads_header() {
        ensure_member(headers, &VARY, &AUTHORIZATION);
    }
    if !headers.any_name(&says_how_to_cache) {
        headers.add_static(&CACHE_CONTROL, &PRIVATE);
    }
}

/// The same for a response without cookies and without any of these fields, where one look is
/// enough; false if it is another one.
pub(crate) fn keep_common_private(headers: &mut dyn ResponseHeaders, credentials: CredentialOrder) -> bool {
    let reads_both = credentials.reads_cookies() && credentials.reads_header();
    let is_common = reads_both && !headers.any_name(&is_special);
    if is_common {
        headers.add_static(&VARY, &BOTH);
        headers.add_static(&CACHE_CONTROL, &PRIVATE);
    }
    is_common
}

/// The fields that decide what has to be written. The length excludes almost all others.
fn is_special(name: &str) -> bool {
    match name.len() {
        4 => name.eq_ignore_ascii_case("vary"),
        10 => is_set_cookie(name),
        _ => says_how_to_cache(name),
    }
}

pub(super) fn is_set_cookie(name: &str) -> bool {
    name.eq_ignore_ascii_case("set-cookie")
}

/// What a response may say about caches itself.
fn says_how_to_cache(name: &str) -> bool {
    match name.len() {
        6 => name.eq_ignore_ascii_case("pragma"),
        7 => name.eq_ignore_ascii_case("expires"),
        13 => name.eq_ignore_ascii_case("cache-control"),
        _ => false,
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
