//! The header fields of the draft.

use http::HeaderName;

use super::{fault::Skipped, skipped::reason};
use crate::{
    request::{Field, RequestHead, SEC_FETCH_DEST, SEC_FETCH_MODE, SEC_FETCH_SITE},
    session::SessionId,
};

const RESPONSE: HeaderName = HeaderName::from_static("secure-session-response");
const IDENTIFIER: HeaderName = HeaderName::from_static("sec-secure-session-id");
const SKIPPED: HeaderName = HeaderName::from_static("secure-session-skipped");
const LONGEST_IDENTIFIER: usize = 64;

/// The proof that came along, bare or in one pair of quotes.
pub(crate) fn response<'a>(head: &RequestHead<'a>) -> Field<'a> {
    match head.field(&RESPONSE) {
        Field::One(value) => Field::One(unquoted(value)),
        other => other,
    }
}

/// The session that a browser wants to renew: 1 to 64 characters of base64url.
pub(crate) fn identifier<'a>(head: &RequestHead<'a>) -> Option<&'a str> {
    let Field::One(value) = head.field(&IDENTIFIER) else { return None };
    let text = std::str::from_utf8(unquoted(value)).ok()?;
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    ((1..=LONGEST_IDENTIFIER).contains(&text.len()) && text.bytes().all(is_known)).then_some(text)
}

/// Why the browser has not renewed this session before it sent the request, if it says so.
pub(crate) fn skipped(head: &RequestHead<'_>, session: &SessionId) -> Option<Skipped> {
    let mut found = None;
    head.visit(&SKIPPED, &mut |value| {
        found = found.or_else(|| reason(value, session.as_str()));
    });
    found
}

/// Whether a script may have sent this. The browser's own requests have the mode `no-cors`, and in
/// that mode a script cannot set a field of this name.
pub(crate) fn may_be_of_script(head: &RequestHead<'_>) -> bool {
    matches!(head.field(&SEC_FETCH_MODE), Field::Many | Field::One(b"cors" | b"same-origin" | b"navigate"))
}

/// Whether a page that reloads itself helps: a browser does not hold back the navigation that
/// another site has started, but it does hold back the reload, and renews the session first.
pub(crate) fn needs_reload(head: &RequestHead<'_>) -> bool {
    let from_elsewhere = matches!(head.field(&SEC_FETCH_SITE), Field::One(b"cross-site" | b"same-site"));
    head.is_read()
        && from_elsewhere
        && head.is_exactly(&SEC_FETCH_MODE, b"navigate")
        && head.is_exactly(&SEC_FETCH_DEST, b"document")
        && !head.is_speculative()
}

fn unquoted(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii();
    value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value)
}
