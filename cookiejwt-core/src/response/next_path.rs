//! The path to return to after a login, when it is safe to redirect there.

use std::iter;

/// Longer paths are not remembered, and proxies cut long headers.
const MAX_LENGTH: usize = 1024;

/// The path to return to from a login page: `next` if it is a path on this site, otherwise `None`.
///
/// A login page that redirects to any `next` sends users wherever the author of the link wants
/// (CWE-601, OWASP Unvalidated Redirects; ASVS 3.7.2). `next` is the value as the framework has
/// decoded it from the query. Accepted is an absolute path in visible ASCII, with or without a
/// query: it is a valid header value, and browsers read it as a path of the same origin, even if it
/// is decoded or normalised once more. Therefore these are refused: a second slash or a backslash
/// at the beginning (`//evil.example`, `/\evil.example`), control characters and backslashes
/// anywhere, raw or encoded, and segments `.` and `..`.
///
/// ```
/// use cookiejwt_core::next_path;
///
/// assert_eq!(next_path("/notes?page=2"), Some("/notes?page=2"));
/// assert_eq!(next_path("//evil.example"), None);
/// let next = next_path("https://evil.example").unwrap_or("/");
/// assert_eq!(next, "/");
/// ```
pub fn next_path(next: &str) -> Option<&str> {
    let is_visible = next.bytes().all(|byte| byte.is_ascii_graphic());
    let is_local = is_local(&decoded(next.as_bytes())) && !has_dot_segment(next);
    (next.len() <= MAX_LENGTH && is_visible && is_local).then_some(next)
}

/// Whether the bytes remain a path on the same host for every reader: browsers strip tabs and line
/// breaks, and treat a backslash as a slash (WHATWG URL §4.4).
fn is_local(target: &[u8]) -> bool {
    let is_path = matches!(target, [b'/', rest @ ..] if !rest.starts_with(b"/"));
    is_path && !target.iter().any(|byte| byte.is_ascii_control() || *byte == b'\\')
}

/// Whether the path contains a segment `.` or `..`. Browsers send none, and one that is resolved
/// late can uncover a second slash: `/.//evil.example`.
///
/// An encoded `?` ends the path for a reader that decodes first, and is part of it for a browser,
/// so the part after it is checked as well.
fn has_dot_segment(target: &str) -> bool {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let mut segments = decoded(path.as_bytes());
    segments.iter_mut().filter(|byte| matches!(byte, b'?' | b'#')).for_each(|byte| *byte = b'/');
    segments.split(|byte| *byte == b'/').any(|segment| matches!(segment, b"." | b".."))
}

/// The text, percent-decoded once; anything that only looks encoded stays.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut rest = text;
    let next = || match rest {
        [b'%', high, low, behind @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            rest = behind;
            Some(hex(*high) << 4 | hex(*low))
        }
        [first, behind @ ..] => {
            rest = behind;
            Some(*first)
        }
        [] => None,
    };
    iter::from_fn(next).collect()
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit & 0x0F,
        _ => (digit & 0x0F).saturating_add(9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_site() {
        for path in [
            "/",
            "/notes",
            "/notes/7/",
            "/notes?page=2&sort=-created",
            "/search?q=a%20b%26c",
            "/caf%C3%A9?n=%E2%82%AC",
            "/notes#last",
            "/a//b",
            "/@evil.example",
            "/evil.example",
            "/:80/x",
            "/..a/b...",
            "/.well-known/change-password",
            "/search?q=../..",
            "/100%",
            "/100%zz",
            "/login?next=%2Fnotes",
            "/redirect?to=https://app.example/",
        ] {
            assert_eq!(next_path(path), Some(path));
        }
    }

    /// From the OWASP cheat sheet and testing guide, the WHATWG URL Standard and the reports of
    /// real sites.
    const WAYS_OUT: &[(&str, &str)] = &[
        ("nothing", ""),
        ("a relative path", "notes"),
        ("a query alone", "?next=/"),
        ("a fragment alone", "#"),
        ("another site", "https://evil.example"),
        ("another site, one slash", "https:/evil.example"),
        ("another site, no slash", "https:evil.example"),
        ("another site, in capitals", "HTTPS://EVIL.EXAMPLE"),
        ("a script", "javascript:alert(1)"),
        ("a document", "data:text/html,x"),
        ("a scheme behind a space", " https://evil.example"),
        ("a user before the host", "app.example@evil.example"),
        ("no scheme", "//evil.example"),
        ("no scheme, three slashes", "///evil.example"),
        ("no scheme, four slashes", "////evil.example"),
        ("no scheme and our name as the user", "//app.example@evil.example/"),
        ("a backslash", "\\evil.example"),
        ("two backslashes", "\\\\evil.example"),
        ("a slash and a backslash", "/\\evil.example"),
        ("a backslash and a slash", "\\/evil.example"),
        ("a slash and two backslashes", "/\\\\evil.example"),
        ("a backslash later", "/notes\\..\\evil"),
        ("a tab between the slashes", "/\t/evil.example"),
        ("a line feed between the slashes", "/\n/evil.example"),
        ("a carriage return between the slashes", "/\r/evil.example"),
        ("a tab before", "\t//evil.example"),
        ("a tab behind", "/notes\t"),
        ("a space before", " /notes"),
        ("a space inside", "/a b"),
        ("a NUL", "/\0/evil.example"),
        ("DEL", "/\x7f"),
        ("a header of one's own", "/\r\nSet-Cookie: a=b"),
        ("a header of one's own, encoded", "/%0d%0aSet-Cookie:%20a=b"),
        ("a header of one's own, in capitals", "/notes?x=%0D%0ALocation:%20//evil.example"),
        ("an encoded tab", "/%09/evil.example"),
        ("an encoded line feed", "/%0a/evil.example"),
        ("an encoded NUL", "/%00"),
        ("an encoded DEL", "/%7f"),
        ("an encoded backslash", "/%5cevil.example"),
        ("an encoded backslash, in capitals", "/%5C%5Cevil.example"),
        ("an encoded second slash", "/%2fevil.example"),
        ("two encoded slashes", "%2f%2fevil.example"),
        ("an encoded second slash before a third", "/%2F/evil.example"),
        ("a dot segment before a second slash", "/.//evil.example"),
        ("dots before a second slash", "/..//evil.example"),
        ("encoded dots before a second slash", "/%2e%2e//evil.example"),
        ("dots later", "/a/../..//evil.example"),
        ("dots at the end", "/a/.."),
        ("a dot that is encoded", "/%2e"),
        ("dots behind an encoded question mark", "/a%3Fb/..//evil.example"),
        ("dots behind an encoded question mark and number sign", "/a%3f%23;/%2e%2e//evil.example"),
        ("dots before an encoded question mark", "/a/..%3f/evil.example"),
        ("an encoded slash around dots", "/a%2f..%2f/evil.example"),
        ("not ASCII", "/caf\u{e9}"),
        ("a slash of another alphabet", "/\u{ff0f}evil.example"),
        ("an ideographic full stop", "//evil\u{3002}example"),
        ("a soft hyphen", "/\u{ad}/evil.example"),
        ("a byte order mark", "\u{feff}//evil.example"),
        ("right to left", "/\u{202e}elpmaxe.live//"),
    ];

    #[test]
    fn ways_out_are_refused() {
        for (rule, next) in WAYS_OUT {
            assert_eq!(next_path(next), None, "{rule}");
        }
    }

    #[test]
    fn the_longest() {
        let longest = format!("/{}", "a".repeat(MAX_LENGTH - 1));
        assert_eq!(next_path(&longest), Some(&*longest));
        assert_eq!(next_path(&(longest + "a")), None);
    }
}
