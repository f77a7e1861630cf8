//! Which requests may refresh: row h of [`rules`](crate::rules) has the others.

use super::*;

const TRUSTED: &str = "https://app.example";

type Fields = &'static [(&'static str, &'static str)];

const NAVIGATION: Fields = &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
const IMAGE: Fields = &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")];
const PREFETCH: Fields = &[("sec-purpose", "prefetch")];
const PRERENDER: Fields = &[("sec-purpose", "prefetch;prerender")];
const CORS: Fields = &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")];

/// A rule, the method, `Sec-Fetch-Site`, more fields, and whether the request may refresh.
type Case = (&'static str, &'static str, &'static [&'static str], Fields, bool);

const SITES: &[Case] = &[
    ("no Sec-Fetch-Site", "GET", &[], &[], true),
    ("no Sec-Fetch-Site, whatever Origin says", "GET", &[], &[("origin", "https://evil.example")], true),
    ("no Sec-Fetch-Site, whatever the mode", "GET", &[], IMAGE, true),
    ("same-origin", "GET", &["same-origin"], CORS, true),
    ("same-origin image", "GET", &["same-origin"], IMAGE, true),
    ("same-origin POST", "POST", &["same-origin"], CORS, true),
    ("none: typed into the address bar", "GET", &["none"], NAVIGATION, true),
    ("HEAD", "HEAD", &["same-origin"], &[], true),
    ("cross-site top-level navigation", "GET", &["cross-site"], NAVIGATION, true),
    ("same-site top-level navigation", "GET", &["same-site"], NAVIGATION, true),
    ("cross-site image", "GET", &["cross-site"], IMAGE, false),
    ("same-site image", "GET", &["same-site"], IMAGE, false),
    ("cross-site fetch", "GET", &["cross-site"], CORS, false),
    ("same-site fetch", "GET", &["same-site"], CORS, false),
    ("cross-site and nothing else", "GET", &["cross-site"], &[], false),
    ("unknown value", "GET", &["sideways"], CORS, false),
    ("another case is unknown", "GET", &["Same-Origin"], CORS, false),
    ("empty is unknown", "GET", &[""], CORS, false),
    ("two Sec-Fetch-Site", "GET", &["same-origin", "same-origin"], &[], false),
    ("two Sec-Fetch-Site of a navigation", "GET", &["none", "cross-site"], NAVIGATION, false),
];

const FRAME: Fields = &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
const FRAMESET: Fields = &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "frame")];
/// A service worker hands a navigation on.
const HANDED_ON: Fields = &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "empty")];

const NAVIGATIONS: &[Case] = &[
    ("a frame of the same site", "GET", &["same-site"], FRAME, true),
    ("a frame of a frameset of the same site", "GET", &["same-site"], FRAMESET, true),
    ("a frame of the own origin", "GET", &["same-origin"], FRAME, true),
    ("a frame of another site", "GET", &["cross-site"], FRAME, false),
    ("a frameset of another site", "GET", &["cross-site"], FRAMESET, false),
    ("a frame of an unknown site", "GET", &["sideways"], FRAME, false),
    ("a link of another site, through a service worker", "GET", &["cross-site"], HANDED_ON, true),
    ("a link of the same site, through a service worker", "GET", &["same-site"], HANDED_ON, true),
    ("two Sec-Fetch-Site", "GET", &["cross-site", "cross-site"], HANDED_ON, false),
    (
        "an embed of the same site",
        "GET",
        &["same-site"],
        &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "embed")],
        false,
    ),
    (
        "object",
        "GET",
        &["cross-site"],
        &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "object")],
        false,
    ),
    ("mode alone", "GET", &["cross-site"], &[("sec-fetch-mode", "navigate")], false),
    ("destination alone", "GET", &["cross-site"], &[("sec-fetch-dest", "document")], false),
    (
        "other mode",
        "GET",
        &["cross-site"],
        &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "document")],
        false,
    ),
    (
        "two modes",
        "GET",
        &["cross-site"],
        &[("sec-fetch-mode", "navigate"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
        false,
    ),
];

const ORIGINS: &[Case] = &[
    ("trusted origin, cross-site", "GET", &["cross-site"], &[("origin", TRUSTED)], true),
    ("trusted origin, same-site", "GET", &["same-site"], &[("origin", TRUSTED)], true),
    ("trusted origin, POST", "POST", &["cross-site"], &[("origin", TRUSTED)], true),
    (
        "trusted origin with its default port",
        "GET",
        &["cross-site"],
        &[("origin", "https://APP.example:443")],
        true,
    ),
    ("trusted origin, two Sec-Fetch-Site", "GET", &["same-site", "same-site"], &[("origin", TRUSTED)], false),
    ("another origin", "GET", &["cross-site"], &[("origin", "https://evil.example")], false),
    ("another scheme", "GET", &["cross-site"], &[("origin", "http://app.example")], false),
    ("another port", "GET", &["cross-site"], &[("origin", "https://app.example:8443")], false),
    ("a longer host", "GET", &["cross-site"], &[("origin", "https://app.example.evil.example")], false),
    ("Origin null", "GET", &["cross-site"], &[("origin", "null")], false),
    ("two Origins", "GET", &["cross-site"], &[("origin", TRUSTED), ("origin", TRUSTED)], false),
];

const PURPOSES: &[Case] = &[
    ("OPTIONS", "OPTIONS", &[], &[], false),
    ("OPTIONS, same origin", "OPTIONS", &["same-origin"], &[], false),
    ("OPTIONS, trusted origin", "OPTIONS", &["cross-site"], &[("origin", TRUSTED)], false),
    ("prefetch, no Sec-Fetch-Site", "GET", &[], PREFETCH, false),
    ("prefetch, same origin", "GET", &["same-origin"], PREFETCH, true),
    ("prefetch, none", "GET", &["none"], PREFETCH, true),
    ("prerender, none", "GET", &["none"], PRERENDER, true),
    ("prerender, same origin: a script of the prerendered page", "GET", &["same-origin"], PRERENDER, true),
    ("two purposes", "GET", &["none"], &[PREFETCH[0], ("sec-purpose", "x")], true),
    ("prefetched navigation", "GET", &["none"], &[PREFETCH[0], NAVIGATION[0], NAVIGATION[1]], true),
    ("prefetch, same site", "GET", &["same-site"], PREFETCH, false),
    ("prefetch, cross-site", "GET", &["cross-site"], PREFETCH, false),
    ("prefetch, an unknown site", "GET", &["sideways"], PREFETCH, false),
    ("prefetch, two Sec-Fetch-Site", "GET", &["none", "none"], PREFETCH, false),
    ("prefetch, trusted origin", "GET", &["cross-site"], &[PREFETCH[0], ("origin", TRUSTED)], false),
    (
        "prefetched navigation of a sibling",
        "GET",
        &["same-site"],
        &[PREFETCH[0], NAVIGATION[0], NAVIGATION[1]],
        false,
    ),
    ("prefetch, OPTIONS", "OPTIONS", &["same-origin"], PREFETCH, false),
];

fn request((_, method, sites, fields, _): Case, pairs: [String; 2]) -> Builder {
    let site = |request: Builder, value: &&str| request.header("sec-fetch-site", *value);
    let field = |request: Builder, (name, value): &(&str, &str)| request.header(*name, *value);
    let request = sites.iter().fold(cookies(pairs).method(method), site);
    fields.iter().fold(request, field)
}

#[test]
fn what_may_refresh() {
    for case in [SITES, NAVIGATIONS, ORIGINS, PURPOSES].concat() {
        let (rule, .., permitted) = case;
        let (near_end, dead) = if permitted {
            ("refresh of alice, soft as alice", "refresh of alice")
        } else {
            ("alice by cookie", "401 refresh_required")
        };
        assert_rows(
            |config| config.trusted_origin(TRUSTED),
            [
                (rule, request(case, [near(), refresh()]), near_end),
                (rule, request(case, [expired(), refresh()]), dead),
                (rule, request(case, [valid(), refresh()]), "alice by cookie"),
            ],
        );
    }
}

#[test]
fn nobody_is_trusted_by_default() {
    let request = cookies([refresh()]).header("sec-fetch-site", "same-site").header("origin", TRUSTED);
    assert_rows(|config| config, [("h: same-site", request, "401 refresh_required")]);
}

/// Else a prepared page says "stranger" to the person who looks at it later.
#[test]
fn row_h_of_a_prepared_page_is_no_nobody() {
    let core = testing::core();
    let settled = |request: Builder| match core.authenticate(&parts(request), NOW) {
        Assessment::Settled(decision) => decision,
        Assessment::NeedsSessionCheck(check) => match check.resolve(SessionStatus::Live) {
            Resolution::Settled(decision) => decision,
            Resolution::NeedsRefresh(_) => panic!("a refresh"),
        },
        Assessment::NeedsRefresh(_) => panic!("a refresh"),
    };
    let at = |site| cookies([expired(), refresh()]).header("sec-fetch-site", site);
    let prepared = |request: Builder| request.header("sec-purpose", "prefetch;prerender");
    for (rule, request, answer) in [
        ("row h, prepared", prepared(at("same-site")), Some("refresh_required")),
        ("row h, prepared by another site", prepared(at("cross-site")), Some("refresh_required")),
        ("row h", at("same-site"), None),
        ("row f, prepared", prepared(get()), None),
        ("row j, prepared", prepared(cookies([forged()])), None),
        ("row a, prepared", prepared(at("cross-site").method("POST")), Some("csrf_failed")),
    ] {
        let decision = settled(request);
        assert_eq!(decision.optional().err().map(crate::response::Problem::code), answer, "{rule}");
    }
}
