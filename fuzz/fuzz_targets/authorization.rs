//! Only one field with `Bearer` and one valid token is a credential.
#![no_main]

use cookiejwt_core::testing::NOW;
use fuzz::{ACCESS, Head, KNOWN, expand, is_accepted};
use libfuzzer_sys::fuzz_target;

/// RFC 6750 §2.1 and RFC 9110 §11.4, with tabs as well as spaces: a scheme in any case, spaces, the
/// token, spaces.
fn is_credential(field: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(field) else { return false };
    let blanks = [' ', '\t', '\n', '\r', '\x0c'];
    let mut words = text.split(blanks).filter(|word| !word.is_empty());
    let begins = text.len() >= 7 && text.is_char_boundary(6) && text[..6].eq_ignore_ascii_case("bearer");
    let separated = matches!(field.get(6), Some(b' ' | b'\t'));
    words.next();
    begins && separated && words.next() == Some(&ACCESS) && words.next().is_none()
}

fuzz_target!(|bytes: &[u8]| {
    let bytes = expand(bytes);
    let fields: Vec<&[u8]> = bytes.split(|byte| *byte == 0).collect();
    let head = fields.iter().fold(Head::new(), |head, field| head.field("authorization", *field));
    let expected = matches!(fields.as_slice(), [field] if is_credential(field));
    let assessment = KNOWN.authenticate(head.as_head(), NOW);
    assert_eq!(is_accepted(&assessment), expected, "{:?}", String::from_utf8_lossy(&bytes));
});
