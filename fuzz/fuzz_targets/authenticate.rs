//! A head of arbitrary bytes: no panic, no authentication unless it contains a valid token byte for
//! byte, and the same decision by a core that has seen it before.
#![no_main]

use cookiejwt_core::{Core, CredentialOrder, RevocationLevel, driver::ClientInfo, testing::NOW};
use fuzz::{ACCESS, Head, KNOWN, Memo, REFRESH, REMEMBERING, UNKNOWN, config, expand, is_accepted};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// Every order of credentials and every level, with the token mode and other settings on; each core
/// with another one that remembers.
static OTHERS: LazyLock<Vec<[Core; 2]>> = LazyLock::new(|| {
    use CredentialOrder::{CookieOnly, CookieThenHeader, HeaderOnly, HeaderThenCookie};
    let orders = [CookieThenHeader, HeaderThenCookie, CookieOnly, HeaderOnly];
    let settings = orders.into_iter().enumerate().map(|(number, order)| {
        let level = [RevocationLevel::Feed, RevocationLevel::EveryRequest][number % 2];
        let builder = config().credentials(order).revocation(level).trusted_origin("https://app.example");
        builder.token_mode(order != CookieOnly).build().expect("valid settings")
    });
    settings.map(|config| [Core::new(config.clone()), Core::with_memo(config, Memo::default())]).collect()
});

fn assert_same(core: &Core, remembering: &Core, head: &Head) {
    let expected = format!("{:?}", core.authenticate(head.as_head(), NOW));
    for _ in 0..2 {
        let said = format!("{:?}", remembering.authenticate(head.as_head(), NOW));
        assert_eq!(said, expected, "what was remembered decides the same");
    }
}

fn holds(bytes: &[u8], token: &str) -> bool {
    bytes.windows(token.len()).any(|window| window == token.as_bytes())
}

fn assert_no_surprise(core: &Core, head: &Head, body: Option<&str>, holds_token: bool) {
    let accepted = is_accepted(&core.authenticate(head.as_head(), NOW));
    assert!(!accepted || holds_token, "authenticated without a token");
    let refreshed = is_accepted(&core.refresh(head.as_head(), NOW));
    assert!(!refreshed || holds_token, "refreshed without a token");
    if let Ok(logout) = core.logout(head.as_head(), body) {
        assert!(logout.sessions.is_empty() || holds_token, "ended a session without a token");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let bytes = expand(bytes);
    let head = Head::from_bytes(&bytes);
    let holds_token = holds(&bytes, &ACCESS) || holds(&bytes, &REFRESH);
    let body = std::str::from_utf8(&bytes).ok().and_then(|text| text.lines().last());
    assert_no_surprise(&UNKNOWN, &head, body, false);
    assert_no_surprise(&KNOWN, &head, body, holds_token);
    for [core, remembering] in &*OTHERS {
        assert_no_surprise(core, &head, body, holds_token);
        assert_same(core, remembering, &head);
    }
    assert_same(&KNOWN, &REMEMBERING, &head);
    let client = ClientInfo::from_head(head.as_head(), None);
    assert!(client.user_agent.is_none_or(|text| text.len() <= 255 && !text.contains(char::is_control)));
    let _ = KNOWN.check_csrf(head.as_head());
});
