//! Web origins (RFC 6454), and the host of an authority.

use std::net::IpAddr;

/// A web origin, `scheme://host[:port]` (RFC 6454 §4), borrowed from the text that contains it.
///
/// Scheme and host compare without case; the default port of the scheme may be absent on either
/// side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Origin<'a> {
    /// `None` for `null`, and for anything with a path, a user or an empty host.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let known = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        let (host, port) = split_authority(authority)?;
        (known && !scheme.is_empty()).then_some(Self { scheme, host, port })
    }

    pub(crate) fn same_as(&self, other: &Origin<'_>) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && self.host.eq_ignore_ascii_case(other.host)
            && self.effective_port() == other.effective_port()
    }

    /// Whether host and port are those of the request (a `Host` field or `:authority`).
    pub(crate) fn is_at(&self, authority: &str) -> bool {
        let Some((host, port)) = split_authority(authority) else { return false };
        self.same_as(&Origin { scheme: self.scheme, host, port })
    }

    /// Whether the page came over plain HTTP from another machine, so that anyone on the network
    /// may have written it.
    pub(crate) fn is_exposed(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("http") && !is_loopback(self.host)
    }

    pub(crate) fn is_https(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("https")
    }

    pub(crate) fn is_web(&self) -> bool {
        self.is_https() || self.scheme.eq_ignore_ascii_case("http")
    }

    fn effective_port(&self) -> Option<u16> {
        let default = match self.scheme {
            s if s.eq_ignore_ascii_case("https") => Some(443),
            s if s.eq_ignore_ascii_case("http") => Some(80),
            _ => None,
        };
        self.port.or(default)
    }
}

/// Whether a browser treats the host as its own machine, and its pages as secure (W3C Secure
/// Contexts §3.1).
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = address.parse::<IpAddr>() {
        return address.to_canonical().is_loopback();
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// The host of a `Host` field or an `:authority`, without the port.
pub(crate) fn host_of(authority: &str) -> Option<&str> {
    split_authority(authority).map(|(host, _)| host)
}

/// Whether two hosts are one, or share their last two labels. It takes two hosts under a public
/// suffix of two labels, such as `shop.co.uk` and `partner.co.uk`, for one site.
pub(crate) fn is_same_site(one: &str, other: &str) -> bool {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let site = |host: &str| {
        let labels: Vec<&str> = host.rsplitn(3, '.').collect();
        let is_name = !host.starts_with('[') && host.parse::<IpAddr>().is_err() && labels.len() >= 2;
        is_name.then(|| labels.into_iter().take(2).map(str::to_owned).collect::<Vec<_>>())
    };
    one == other || site(&one).is_some_and(|site_of_one| site(&other) == Some(site_of_one))
}

fn split_authority(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an IPv6 address are inside its brackets.
        Some((_, tail)) if tail.ends_with(']') => (authority, None),
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let bracketed = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|address| address.bytes().all(|b| b.is_ascii_hexdigit() || b":.".contains(&b)));
    let plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    let port = match port {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Some(digits.parse().ok()?),
        Some(_) => return None,
        None => None,
    };
    (!host.is_empty() && (bracketed || plain)).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_that_are_the_same() {
        for (left, right, same) in [
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "HTTPS://A.Example:443", true),
            ("http://a.example:80", "http://a.example", true),
            ("http://[::1]:3000", "http://[::1]:3000", true),
            ("https://a.example", "http://a.example", false),
            ("https://a.example", "https://a.example:8443", false),
            ("https://a.example", "https://a.example.evil", false),
        ] {
            let (left, right) = (Origin::parse(left).unwrap(), Origin::parse(right).unwrap());
            assert_eq!(left.same_as(&right), same, "{left:?} {right:?}");
        }
    }

    #[test]
    fn a_page_over_plain_http_from_another_machine() {
        for (rule, origin, exposed) in [
            ("http", "http://a.example", true),
            ("http in other case, with a port", "HTTP://a.example:8080", true),
            ("https", "https://a.example", false),
            ("localhost", "http://localhost:3000", false),
            ("localhost in other case", "http://LocalHost", false),
            ("localhost with the dot of the root", "http://localhost.", false),
            ("a name under localhost", "http://shop.localhost", false),
            ("a name that only ends alike", "http://notlocalhost", true),
            ("a name that only begins alike", "http://localhost.example", true),
            ("IPv4", "http://127.0.0.1:3000", false),
            ("all of 127", "http://127.8.9.10", false),
            ("a name that begins like an address", "http://127.0.0.1.example", true),
            ("another address", "http://192.168.0.2", true),
            ("IPv6", "http://[::1]:3000", false),
            ("IPv4 in IPv6", "http://[::ffff:127.0.0.1]", false),
            ("another IPv6", "http://[fe80::1]", true),
            ("any address", "http://0.0.0.0", true),
        ] {
            assert_eq!(Origin::parse(origin).unwrap().is_exposed(), exposed, "{rule}");
        }
    }

    #[test]
    fn not_an_origin() {
        for text in ["null", "", "https://", "https://a/", "https://u@a", "a.example", "https://a:b", "*"] {
            assert!(Origin::parse(text).is_none(), "{text}");
        }
    }
}
