//! Where a page leads to: its address with more in the query.

use http::HeaderValue;

/// What one failure has left in the address of a page, and the next one replaces.
const OF_A_FAILURE: [&str; 3] = ["error", "reason", "retry_after"];

/// The page with these members in its query; what it had under their names, or from an earlier
/// failure, is taken away.
pub(crate) fn page_with(page: &str, members: &[(&str, String)]) -> Option<HeaderValue> {
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    let is_replaced = |member: &&str| {
        let name = member.split('=').next().unwrap_or_default();
        OF_A_FAILURE.contains(&name) || members.iter().any(|(known, _)| *known == name)
    };
    let kept = query.split('&').filter(|member| !member.is_empty() && !is_replaced(member));
    let mut query = kept.collect::<Vec<_>>().join("&");
    if !members.is_empty() {
        let added = form_urlencoded::Serializer::new(String::new()).extend_pairs(members).finish();
        query = if query.is_empty() { added } else { format!("{query}&{added}") };
    }
    let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    HeaderValue::try_from(target).ok()
}

/// The path of a page without the slash at its end.
pub(crate) fn path_of(page: &str) -> &str {
    page.split('?').next().unwrap_or_default().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_page() {
        let error = || [("error", "throttled".to_owned()), ("retry_after", "7".to_owned())];
        let next = |path: &str| [("next", path.to_owned())];
        for (rule, page, members, expected) in [
            ("nothing to add", "/login", &[][..], "/login"),
            ("a path", "/login", &next("/a b&c"), "/login?next=%2Fa+b%26c"),
            ("a query of its own", "/login?lang=de", &next("/a"), "/login?lang=de&next=%2Fa"),
            ("an empty query", "/login?", &next("/a"), "/login?next=%2Fa"),
            (
                "an earlier failure",
                "/a?error=x&b=1&reason=y&retry_after=3",
                &error(),
                "/a?b=1&error=throttled&retry_after=7",
            ),
            ("an earlier failure alone", "/a?error=x", &[], "/a"),
            ("the same member", "/a?next=/b&c", &next("/d"), "/a?c&next=%2Fd"),
            ("a name that only begins alike", "/a?errors=1", &error()[..1], "/a?errors=1&error=throttled"),
        ] {
            assert_eq!(page_with(page, members).unwrap(), expected, "{rule}");
        }
    }
}
