//! The pairs that the library sees are those of the rules, and ours counts exactly when it is there once and valid.
#![no_main]

use cookiejwt_core::testing::{self, NOW};
use fuzz::{ACCESS, Head, KNOWN, REFRESH, expand, is_accepted, pairs};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let head = Head::of_cookies(&expand(bytes));
    let expected = pairs(head.values("cookie"));
    let seen = testing::cookie_pairs(head.as_head());
    assert!(
        seen.iter().map(|(name, value)| (&**name, &**value)).eq(expected.iter().map(|(n, v)| (&**n, &**v)))
    );

    let only = |name: &str| {
        let mut values = expected.iter().filter(|pair| pair.0 == name.as_bytes()).map(|pair| &pair.1);
        values.next().filter(|_| values.next().is_none())
    };
    let access = only("__Host-access_token").is_some_and(|value| value == ACCESS.as_bytes());
    let refresh = only("__Host-refresh_token").is_some_and(|value| value == REFRESH.as_bytes());
    assert_eq!(is_accepted(&KNOWN.authenticate(head.as_head(), NOW)), access || refresh);
});
