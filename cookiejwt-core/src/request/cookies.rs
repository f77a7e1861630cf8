//! The reading of raw `Cookie` bytes.

use http::header;

use crate::request::head::RequestHead;

const MAX_BYTES: usize = 16 * 1024;
const MAX_PAIRS: usize = 200;

/// One pair of a `Cookie` field as it was received, without white space before it. It is read only
/// if the name is ours.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a>(&'a [u8]);

impl<'a> Pair<'a> {
    /// The value, if the pair has this name. A name is a token, so it contains neither `=` nor a
    /// space. One pair of quotes around the value is removed (RFC 6265 §4.1.1): Java adds it to
    /// cookies that it takes for RFC 2965 cookies.
    pub(crate) fn value_of(self, name: &str) -> Option<&'a [u8]> {
        // Other names seldom have a `=` or white space at this place: one byte excludes almost all
        // of them.
        let (found, rest) = self.0.split_at_checked(name.len())?;
        if !matches!(rest.first()?, b'=' | b' ' | b'\t') || found != name.as_bytes() {
            return None;
        }
        Some(unquoted(trim(trim_start(rest).strip_prefix(b"=")?)))
    }

    /// What follows the prefix in the name, and the value, if the name begins like this.
    pub(crate) fn value_of_prefix(self, prefix: &str) -> Option<(&'a str, &'a [u8])> {
        let (name, value) = split_once(self.0.strip_prefix(prefix.as_bytes())?, b'=');
        Some((std::str::from_utf8(trim(name)).ok()?, unquoted(trim(value?))))
    }

    /// Name and value, if there is a `=`.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn split(self) -> Option<(&'a [u8], &'a [u8])> {
        let (name, value) = split_once(self.0, b'=');
        Some((trim(name), trim(value?)))
    }
}

/// Calls `visit` with each pair of the `Cookie` fields, in order (RFC 6265bis §4.2.1, RFC 9113
/// §8.2.3).
///
/// Names are compared byte for byte and nothing is decoded: the `cookie` crate percent-decodes and
/// Unicode-trims names, so that a sibling subdomain could plant `%5F%5FHost-access_token`. Anything
/// after 16 KiB or 200 pairs is ignored.
pub(crate) fn visit_pairs<'a>(head: &RequestHead<'a>, mut visit: impl FnMut(Pair<'a>)) {
    let (mut bytes, mut pairs) = (MAX_BYTES, MAX_PAIRS);
    head.visit(&header::COOKIE, &mut |field| {
        let cut = field.len() > bytes;
        let seen = field.get(..bytes).unwrap_or(field);
        bytes = bytes.saturating_sub(field.len());
        let (mut from, mut ends) = (0, memchr::memchr_iter(b';', seen));
        loop {
            let end = ends.next();
            // A pair that the limit cuts is ignored.
            if pairs == 0 || (cut && end.is_none()) {
                break;
            }
            pairs = pairs.saturating_sub(1);
            let pair = seen.get(from..end.unwrap_or(seen.len())).unwrap_or_default();
            visit(Pair(trim_start(pair)));
            let Some(end) = end else { break };
            from = end.saturating_add(1);
        }
    });
}

/// A browser's field is long and read at every request: byte by byte it would cost more than
/// everything else.
pub(crate) fn split_once(bytes: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    let Some((before, rest)) = memchr::memchr(at, bytes).and_then(|place| bytes.split_at_checked(place))
    else {
        return (bytes, None);
    };
    (before, rest.get(1..))
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        value => value,
    }
}

/// Only space and tab: Unicode white space is part of the name.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let mut bytes = trim_start(bytes);
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests;
