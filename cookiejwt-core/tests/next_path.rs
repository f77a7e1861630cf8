//! Every path that `next_path` accepts stays on the site where it was read, as the WHATWG URL
//! Standard resolves it.

use cookiejwt_core::next_path;
use http::HeaderValue;
use proptest::prelude::*;
use url::Url;

/// Pieces of paths that leave the site, and noise between them.
fn next() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "/", "//", "\\", "/\\", ".", "..", "%2e", "%2f", "%5c", "%09", "%0a", "%0d%0a", "%00", "\t", "\n", "\r",
            " ", "@", ":", "?", "#", "https:", "HTTP://", "javascript:", "evil.example", "app.example", "[::1]",
            "\u{ff0f}", "\u{3002}", "\u{ad}", "%25", "%", ";", "a", "=", "&",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,4}",
        1 => any::<char>().prop_map(String::from),
    ];
    (prop::bool::weighted(0.8), prop::collection::vec(piece, 0..8))
        .prop_map(|(rooted, pieces)| format!("{}{}", if rooted { "/" } else { "" }, pieces.concat()))
}

fn is_at_home(next: &str, base: &str) -> bool {
    let base = Url::parse(base).expect("a base");
    base.join(next).is_ok_and(|url| url.origin() == base.origin() && url.username().is_empty())
}

/// As code would read it that decodes once more.
fn decoded(next: &str) -> String {
    let bytes = next.as_bytes();
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let hex = hex.filter(|_| bytes[at] == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn every_accepted_path_stays_on_the_site(next in next()) {
        if let Some(path) = next_path(&next) {
            prop_assert_eq!(path, &*next, "nothing is rewritten");
            prop_assert!(HeaderValue::from_str(path).is_ok());
            for base in ["https://app.example", "https://app.example/login?next=x", "http://localhost:3000/a/b/"] {
                prop_assert!(is_at_home(path, base), "{} from {}", path, base);
                prop_assert!(is_at_home(&decoded(path), base), "{} decoded, from {}", path, base);
            }
        }
    }
}

/// The property means something only if some paths pass.
#[test]
fn some_generated_paths_pass() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let passed = (0..2000).filter(|_| {
        let next = next().new_tree(&mut runner).expect("a value").current();
        next_path(&next).is_some_and(|path| path.len() > 1)
    });
    assert!(passed.count() > 100);
}
