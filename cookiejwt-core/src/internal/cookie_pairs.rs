//! The reading of `Cookie` fields, for fuzzers that compare it with other readers.

use crate::request::{RequestHead, visit_pairs};

/// Each pair of the `Cookie` fields, name and value, as this library reads them: for tests that
/// compare this library with others.
///
/// ```
/// use cookiejwt_core::testing;
///
/// let request = http::Request::get("/").header("cookie", "a=1; %61=2;a");
/// let (parts, ()) = request.body(()).unwrap().into_parts();
/// assert_eq!(testing::cookie_pairs(&parts), [(&b"a"[..], &b"1"[..]), (b"%61", b"2")]);
/// ```
pub fn cookie_pairs<'a>(head: impl Into<RequestHead<'a>>) -> Vec<(&'a [u8], &'a [u8])> {
    let mut pairs = Vec::new();
    visit_pairs(&head.into(), |pair| pairs.extend(pair.split()));
    pairs
}
