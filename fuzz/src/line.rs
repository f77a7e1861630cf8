//! Checks `Set-Cookie` lines.

/// Panics unless the line follows the grammar of RFC 6265bis §4.1.1, the order of the wire
/// contract, and the rules of its name's prefix (§4.1.3).
pub fn assert_line(line: &str) {
    const ORDER: [&str; 8] =
        ["Path", "Domain", "Secure", "HttpOnly", "SameSite", "Partitioned", "Max-Age", "Expires"];
    assert!(line.is_ascii() && !line.bytes().any(|byte| byte.is_ascii_control()), "{line:?}");
    let mut parts = line.split("; ");
    let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a pair");
    let is_token = |b: u8| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&b);
    assert!(!name.is_empty() && name.bytes().all(is_token), "{line:?}");
    assert!(value.bytes().all(|b| b.is_ascii_graphic() && !b"\",;\\".contains(&b)), "{line:?}");
    assert!(name.len() + value.len() <= 4096, "{line:?}");

    let attributes: Vec<_> = parts.map(|part| part.split_once('=').unwrap_or((part, ""))).collect();
    let places: Vec<_> =
        attributes.iter().map(|(key, _)| ORDER.iter().position(|known| known == key)).collect();
    assert!(places.iter().all(Option::is_some), "an unknown attribute: {line:?}");
    assert!(places.windows(2).all(|two| two[0] < two[1]), "order, each once: {line:?}");
    let value_of = |name: &str| attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    assert!(matches!(value_of("SameSite"), Some("Lax" | "Strict" | "None")), "{line:?}");
    let path = value_of("Path").expect("a path");
    assert!(path.starts_with('/') && !path.contains(';') && path.len() <= 1024, "{line:?}");
    assert!(value_of("SameSite") != Some("None") || value_of("Secure").is_some(), "{line:?}");
    assert!(value_of("Partitioned").is_none() || value_of("Secure").is_some(), "{line:?}");

    let has_prefix = |prefix: &str| name.to_ascii_lowercase().starts_with(prefix);
    if has_prefix("__secure-") || has_prefix("__host-") || has_prefix("__http-") {
        assert!(value_of("Secure").is_some(), "{line:?}");
    }
    if has_prefix("__host-") {
        assert!(value_of("Domain").is_none() && path == "/", "{line:?}");
    }
    if has_prefix("__http-") || has_prefix("__host-http-") {
        assert!(value_of("HttpOnly").is_some(), "{line:?}");
    }
}
