//! Which requests may rotate a refresh token.

use http::Method;

use crate::{
    config::CsrfSettings,
    decide::csrf,
    request::{Field, RequestHead, SEC_FETCH_SITE},
};

/// Whether this request may rotate a refresh token: an `<img>` on another site must not.
///
/// A page that a browser prepares may do so if it is on the same origin: its cookies are kept.
/// Other prepared pages may not, because sibling domains can have pages prepared too.
pub(super) fn refresh_permitted(head: &RequestHead<'_>, settings: &CsrfSettings) -> bool {
    if !head.may_refresh() || head.is_method(&Method::OPTIONS) {
        return false;
    }
    match head.field(&SEC_FETCH_SITE) {
        Field::One(b"same-origin" | b"none") => true,
        Field::Many => false,
        _ if head.is_speculative() => false,
        Field::Absent => true,
        Field::One(_) => head.is_navigation() || csrf::has_trusted_origin(head, settings),
    }
}
