//! Compares with the `cookie` crate. This is the complete list of the differences:
//!
//! 1. It reads text, so it ignores a field that is not UTF-8. (The frameworks drop such a field or
//!    the request.)
//! 2. It trims Unicode white space, RFC 6265bis only space and tab: it reads
//!    `\u{a0}__Host-access_token` as our cookie.
//! 3. A pair without a name is an error there; here it is a pair with an empty name, which is not
//!    ours.
//! 4. It has no limit of 16 KiB and 200 pairs.
//!
//! `Cookie::split_parse_encoded`, which axum-extra, actix-web and Rocket call, also decodes
//! percent-encoding in names: a fifth difference. Nothing else may differ.
#![no_main]

use cookie::Cookie;
use cookiejwt_core::testing;
use fuzz::Head;
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 16 * 1024;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return }; // 1
    if text.len() > LIMIT || text.matches(';').count() >= 200 {
        return; // 4
    }
    let head = Head::new().field("cookie", bytes);
    let ours = testing::cookie_pairs(head.as_head());
    let trimmed = ours.iter().map(|(name, value)| {
        let text = |bytes| std::str::from_utf8(bytes).expect("a part of text between ASCII marks").trim();
        (text(name), text(value)) // 2
    });
    let named = trimmed.filter(|(name, _)| !name.is_empty()); // 3
    let theirs: Vec<_> = Cookie::split_parse(text).filter_map(Result::ok).collect();
    let theirs = theirs.iter().map(Cookie::name_value);
    assert!(named.eq(theirs), "{text:?}");
});
