//! The pairs that the library sees are those of `cookiejwt_core::rules`, and our cookie is accepted
//! exactly if a valid one is among the first four of its name, with or without quotes.
#![no_main]

use cookiejwt_core::testing::{self, NOW};
use fuzz::{ACCESS, Head, KNOWN, REFRESH, expand, is_accepted, pairs, unquoted};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let head = Head::of_cookies(&expand(bytes));
    let expected = pairs(head.values("cookie"));
    let seen = testing::cookie_pairs(head.as_head());
    assert!(
        seen.iter().map(|(name, value)| (&**name, &**value)).eq(expected.iter().map(|(n, v)| (&**n, &**v)))
    );

    let counts = |name: &str, token: &str| {
        let values = expected.iter().filter(|pair| pair.0 == name.as_bytes()).take(4);
        values.map(|pair| unquoted(&pair.1)).any(|value| value == token.as_bytes())
    };
    let access = counts("__Host-access_token", &ACCESS);
    let refresh = counts("__Host-refresh_token", &REFRESH);
    assert_eq!(is_accepted(&KNOWN.authenticate(head.as_head(), NOW)), access || refresh);
});
