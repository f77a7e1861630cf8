//! Arbitrary bytes: no panic, and only our own tokens authenticate, byte for byte.

use cookiejwt_core::{
    Core, CredentialOrder, RevocationLevel,
    driver::Assessment,
    testing::{self, NOW},
};
use http::{HeaderValue, Request, request::Parts};
use proptest::prelude::*;

const ORDERS: [CredentialOrder; 4] = [
    CredentialOrder::CookieThenHeader,
    CredentialOrder::HeaderThenCookie,
    CredentialOrder::CookieOnly,
    CredentialOrder::HeaderOnly,
];
const LEVELS: [RevocationLevel; 3] =
    [RevocationLevel::AtRefresh, RevocationLevel::Feed, RevocationLevel::EveryRequest];
const METHODS: [&str; 6] = ["GET", "HEAD", "OPTIONS", "POST", "DELETE", "get"];
const FIELDS: [&str; 6] =
    ["cookie", "authorization", "origin", "sec-fetch-site", "sec-fetch-mode", "sec-purpose"];

fn core(order: CredentialOrder, level: RevocationLevel) -> Core {
    let config = testing::config().credentials(order).revocation(level).trusted_origin("https://app.example");
    Core::new(config.build().unwrap())
}

/// Whether a token was accepted: only its session remains to be checked.
fn is_accepted(assessment: &Assessment) -> bool {
    match assessment {
        Assessment::Settled(decision) => decision.identity().is_some(),
        Assessment::NeedsSessionCheck(_) | Assessment::NeedsRefresh(_) => true,
    }
}

fn head(method: &str, fields: &[(&str, Vec<u8>)]) -> Option<Parts> {
    let empty = Request::builder().method(method).uri("/");
    let request = fields.iter().try_fold(empty, |request, (name, value)| {
        Some(request.header(*name, HeaderValue::from_bytes(value).ok()?))
    });
    Some(request?.body(()).ok()?.into_parts().0)
}

/// The bytes of a header value (RFC 9110 §5.5), including obsolete text.
fn value_bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![Just(b'\t'), 0x20..=0x7E_u8, 0x80..=0xFF_u8], 0..120)
}

/// Noise, and noise that gets further into the parsers.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let starts = prop_oneof![
        Just(""),
        Just("__Host-access_token="),
        Just("__Host-refresh_token="),
        Just("a=b; __Host-access_token=eyJhbGciOiJIUzI1NiJ9."),
        Just("__Host-refresh_token=..; __Host-refresh_token="),
        Just("Bearer "),
        Just("bearer eyJ9.e30."),
        Just("https://"),
        Just("https://app.example"),
        Just("cross-site"),
    ];
    (starts, value_bytes()).prop_map(|(start, bytes)| [start.as_bytes(), &bytes].concat())
}

fn fields() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
    proptest::collection::vec((proptest::sample::select(&FIELDS[..]), value()), 0..6)
}

/// One small change of a token.
#[derive(Clone, Debug)]
enum Change {
    Replace(u8),
    FlipBit(u32),
    Truncate,
    CutFront,
    Duplicate,
    Delete,
    Insert(u8),
    SwapWithNext,
    SwapCase,
    Append(u8),
    RepeatAll,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<u8>().prop_map(Change::Replace),
        (0..8_u32).prop_map(Change::FlipBit),
        Just(Change::Truncate),
        Just(Change::CutFront),
        Just(Change::Duplicate),
        Just(Change::Delete),
        any::<u8>().prop_map(Change::Insert),
        Just(Change::SwapWithNext),
        Just(Change::SwapCase),
        proptest::sample::select(&b"A=.;, \t-_"[..]).prop_map(Change::Append),
        Just(Change::RepeatAll),
    ]
}

fn apply(change: &Change, at: usize, token: &str) -> Vec<u8> {
    let mut bytes = token.as_bytes().to_vec();
    match change {
        Change::Replace(byte) => bytes[at] = *byte,
        Change::FlipBit(bit) => bytes[at] ^= 1 << bit,
        Change::Truncate => bytes.truncate(at),
        Change::CutFront => drop(bytes.drain(..=at)),
        Change::Duplicate => bytes.insert(at, bytes[at]),
        Change::Delete => drop(bytes.remove(at)),
        Change::Insert(byte) => bytes.insert(at, *byte),
        Change::SwapWithNext => bytes.swap(at, (at + 1) % token.len()),
        Change::SwapCase if bytes[at].is_ascii_alphabetic() => bytes[at] ^= 0x20,
        Change::SwapCase => bytes[at] = b'A',
        Change::Append(byte) => bytes.push(*byte),
        Change::RepeatAll => bytes.extend(token.bytes()),
    }
    bytes
}

/// The value that a cookie parser sees: up to the next pair, without surrounding blanks.
fn cookie_value(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

#[derive(Clone, Copy, Debug)]
enum Place {
    AccessCookie,
    RefreshCookie,
    Bearer,
}

impl Place {
    fn token(self) -> String {
        match self {
            Self::AccessCookie | Self::Bearer => testing::access("alice").token(),
            Self::RefreshCookie => testing::refresh("alice").token(),
        }
    }

    fn field(self, token: &[u8]) -> (&'static str, Vec<u8>) {
        match self {
            Self::AccessCookie => ("cookie", [b"__Host-access_token=", token].concat()),
            Self::RefreshCookie => ("cookie", [b"__Host-refresh_token=", token].concat()),
            Self::Bearer => ("authorization", [b"Bearer ", token].concat()),
        }
    }

    fn value(self, bytes: &[u8]) -> &[u8] {
        match self {
            Self::AccessCookie | Self::RefreshCookie => cookie_value(bytes),
            Self::Bearer => bytes.trim_ascii(),
        }
    }
}

fn accepts(core: &Core, place: Place, bytes: &[u8]) -> Option<bool> {
    let head = head("GET", &[place.field(bytes)])?;
    Some(is_accepted(&core.authenticate(&head, NOW)))
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![Just(Place::AccessCookie), Just(Place::RefreshCookie), Just(Place::Bearer)]
}

fn settings() -> ProptestConfig {
    ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn noise_never_panics_and_never_authenticates(
        fields in fields(),
        method in proptest::sample::select(&METHODS[..]),
        order in proptest::sample::select(&ORDERS[..]),
        level in proptest::sample::select(&LEVELS[..]),
        body in proptest::option::of(".{0,60}"),
    ) {
        let core = core(order, level);
        let head = head(method, &fields).unwrap();
        prop_assert!(!is_accepted(&core.authenticate(&head, NOW)));
        prop_assert!(!is_accepted(&core.refresh(&head, NOW)));
        if let Ok(logout) = core.logout(&head, body.as_deref()) {
            prop_assert!(logout.sessions.is_empty());
        }
    }

    #[test]
    fn a_changed_token_is_accepted_only_when_it_is_the_same(
        place in place(),
        changes in proptest::collection::vec((change(), any::<proptest::sample::Index>()), 1..4),
    ) {
        let core = testing::core();
        let token = place.token();
        let (first, index) = &changes[0];
        let mut bytes = apply(first, index.index(token.len()), &token);
        for (change, index) in &changes[1..] {
            if let Ok(text) = std::str::from_utf8(&bytes) && !text.is_empty() {
                bytes = apply(change, index.index(text.len()), text);
            }
        }
        if let Some(accepted) = accepts(&core, place, &bytes) {
            prop_assert_eq!(accepted, place.value(&bytes) == token.as_bytes(), "{:?}", bytes);
        }
    }
}

#[test]
fn every_bit_of_a_token_counts() {
    let core = testing::core();
    for place in [Place::AccessCookie, Place::RefreshCookie, Place::Bearer] {
        let token = place.token();
        assert_eq!(accepts(&core, place, token.as_bytes()), Some(true), "{place:?}");
        for at in 0..token.len() {
            for bit in 0..8 {
                let bytes = apply(&Change::FlipBit(bit), at, &token);
                assert_ne!(accepts(&core, place, &bytes), Some(true), "{place:?}, bit {bit} of byte {at}");
            }
            assert_ne!(accepts(&core, place, &token.as_bytes()[..at]), Some(true), "{place:?}, cut at {at}");
        }
    }
}

#[test]
fn another_clock_never_panics() {
    let core = testing::core();
    let cookies = [testing::access("alice").cookie(), testing::refresh("alice").cookie()].join("; ");
    let head = head("GET", &[("cookie", cookies.into())]).unwrap();
    for (now, accepted) in [
        (time::PrimitiveDateTime::MIN.assume_utc(), false),
        (time::OffsetDateTime::UNIX_EPOCH, false),
        (NOW, true),
        (time::PrimitiveDateTime::MAX.assume_utc(), false),
    ] {
        assert_eq!(is_accepted(&core.authenticate(&head, now)), accepted, "{now}");
        assert_eq!(is_accepted(&core.refresh(&head, now)), accepted, "{now}");
    }
}
