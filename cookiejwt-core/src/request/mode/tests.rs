//! Which requests are in token mode.

use http::{HeaderName, HeaderValue, Request};

use super::Mode;
use crate::{decide::Core, testing};

fn is_token(on: bool, fields: &[(&str, &[u8])]) -> bool {
    let core = Core::new(testing::config().token_mode(on).build().unwrap());
    let request = fields.iter().fold(Request::get("/"), |request, (name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.header(name, HeaderValue::from_bytes(value).unwrap())
    });
    let (head, ()) = request.body(()).unwrap().into_parts();
    matches!(core.mode(&head), Mode::Token(_))
}

#[test]
fn exactly_one_field_with_exactly_this_value() {
    const NAME: &str = "cookiejwt-mode";
    for (rule, fields, expected) in [
        ("asked", &[(NAME, &b"token"[..])][..], true),
        ("names of fields have no case (RFC 9110 §5.1)", &[("Cookiejwt-Mode", b"token")], true),
        ("absent", &[], false),
        ("empty", &[(NAME, b"")], false),
        ("the other mode", &[(NAME, b"cookie")], false),
        ("unheard of", &[(NAME, b"tokens")], false),
        ("values have case", &[(NAME, b"Token")], false),
        ("in capitals", &[(NAME, b"TOKEN")], false),
        ("a list", &[(NAME, b"token, token")], false),
        ("with a parameter", &[(NAME, b"token;v=1")], false),
        ("quoted", &[(NAME, b"\"token\"")], false),
        ("a space that no server has trimmed", &[(NAME, b" token")], false),
        ("not ASCII", &[(NAME, b"token\xff")], false),
        ("two fields", &[(NAME, b"token"), (NAME, b"token")], false),
        ("two fields that differ", &[(NAME, b"cookie"), (NAME, b"token")], false),
        ("another name", &[("x-cookiejwt-mode", b"token")], false),
        ("in the place of a cookie", &[("cookie", b"cookiejwt-mode=token")], false),
    ] {
        assert_eq!(is_token(true, fields), expected, "{rule}");
        assert!(!is_token(false, fields), "{rule}, switched off");
    }
}
