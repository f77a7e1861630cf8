//! Which requests are recalled, and that nothing else is: the table decides the others.

use super::*;
use crate::config::CredentialOrder;

fn both() -> Builder {
    cookies([valid(), refresh()])
}

fn is_recalled(core: &Core, head: &Parts, seconds: i64) -> bool {
    core.recall(&RequestHead::from(head), NOW + Duration::seconds(seconds), &|_| 0).is_some()
}

#[test]
fn a_request_is_recalled_when_only_its_session_is_left_to_ask_about() {
    let plain: Change = |config| config;
    let ahead: Change = |config| config.refresh_ahead(std::time::Duration::from_mins(1));
    let modes: Change = |config| config.token_mode(true);
    let skips: Change = |config| config.skip("/me");
    let header_first: Change = |config| config.credentials(CredentialOrder::HeaderThenCookie);
    let rows: [(&str, Change, Builder, i64, bool); 13] = [
        ("the same field", plain, both(), 0, true),
        (
            "a POST of the own page",
            plain,
            both().method("POST").header("sec-fetch-site", "same-origin"),
            0,
            true,
        ),
        ("a header that comes second", plain, bearer(both(), &bob().bearer()), 0, true),
        ("a header that comes first", header_first, bearer(both(), &bob().bearer()), 0, false),
        ("no header that comes first", header_first, both(), 0, true),
        ("another field", plain, cookies([refresh(), valid()]), 0, false),
        ("two fields", plain, both().header(COOKIE, "a=1"), 0, false),
        ("a request that the CSRF table denies", plain, forged_post([valid(), refresh()]), 0, false),
        ("a skipped path", skips, both(), 0, false),
        ("token mode", modes, both().header("cookiejwt-mode", "token"), 0, false),
        ("cookie mode, where there are two", modes, both(), 0, true),
        ("a moment before it is refreshed ahead", ahead, both(), 239, true),
        ("when it is refreshed ahead", ahead, both(), 240, false),
    ];
    for (rule, change, request, seconds, expected) in rows {
        let head = parts(request);
        for level in LEVELS {
            let core = remembering(level, change);
            let first = if rule == "a skipped path" { both().uri("/") } else { both() };
            let _ = core.authenticate(&parts(first), NOW);
            assert_eq!(is_recalled(&core, &head, seconds), expected, "{rule} ({level:?})");
        }
    }
}
