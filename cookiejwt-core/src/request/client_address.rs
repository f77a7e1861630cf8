//! The network address of the client, with or without trusted proxies in front.

use std::net::{IpAddr, SocketAddr};

use http::HeaderName;

use crate::request::head::RequestHead;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's network address; see [`Core::client_address`](crate::Core::client_address).
pub(crate) fn client_address(hops: u32, head: &RequestHead<'_>, peer: Option<IpAddr>) -> Option<IpAddr> {
    let address = match hops {
        0 => peer,
        hops => forwarded(head, hops).unwrap_or(peer),
    };
    // An IPv4 client of an IPv6 socket is an IPv4 client.
    address.map(|address| address.to_canonical())
}

/// Whether fewer than `hops` proxies have appended to `X-Forwarded-For`.
pub(crate) fn went_around_proxies(hops: u32, head: &RequestHead<'_>) -> bool {
    hops > 0 && forwarded(head, hops).is_none()
}

/// The entry of the outermost of `hops` proxies; `None` when the list is too short.
#[allow(clippy::option_option, reason = "too short a list, and an entry that is no address, are two things")]
fn forwarded(head: &RequestHead<'_>, hops: u32) -> Option<Option<IpAddr>> {
    let mut entries = Vec::new();
    head.visit(&X_FORWARDED_FOR, &mut |value| entries.extend(value.split(|byte| *byte == b',')));
    let back = usize::try_from(hops).ok()?.checked_sub(1)?;
    let entry = std::str::from_utf8(entries.iter().rev().nth(back)?);
    Some(entry.ok().and_then(|entry| address(entry.trim_matches([' ', '\t']))))
}

/// With or without a port; an IPv6 address with brackets or without.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port).or_else(bracketed)
}

#[cfg(test)]
mod tests {
    use crate::{decide::Core, testing};

    const PEER: &str = "198.51.100.1";

    /// The address that is seen behind so many proxies.
    fn seen(hops: u32, fields: &[(&str, &[u8])], peer: Option<&str>) -> Option<String> {
        let core = Core::new(testing::config().trusted_proxies(hops).build().unwrap());
        let mut request = http::Request::get("/");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let peer = peer.map(|peer| peer.parse().unwrap());
        core.client_address(&head, peer).map(|address| address.to_string())
    }

    #[test]
    fn without_a_trusted_proxy_the_peer_is_the_client() {
        for (rule, peer, expected) in [
            ("IPv4", Some(PEER), Some(PEER)),
            ("IPv6", Some("2001:db8::1"), Some("2001:db8::1")),
            ("an IPv4 client of an IPv6 socket", Some("::ffff:198.51.100.1"), Some(PEER)),
            ("a socket without addresses", None, None),
        ] {
            let fields: [(&str, &[u8]); 2] =
                [("x-forwarded-for", b"192.0.2.7"), ("forwarded", b"for=192.0.2.8")];
            assert_eq!(seen(0, &fields, peer).as_deref(), expected, "{rule}");
        }
    }

    #[test]
    fn behind_proxies_the_outermost_trusted_one_says_who_it_is() {
        for (rule, hops, list, expected) in [
            ("one proxy", 1, "192.0.2.7", Some("192.0.2.7")),
            ("one proxy, and what the client wrote", 1, "203.0.113.9, 192.0.2.7", Some("192.0.2.7")),
            ("two proxies", 2, "192.0.2.7, 10.0.0.1", Some("192.0.2.7")),
            ("two proxies, and what the client wrote", 2, "a,b,192.0.2.7,10.0.0.1", Some("192.0.2.7")),
            ("garbage to the left harms nobody", 1, "\"<script>\", 192.0.2.7", Some("192.0.2.7")),
            ("too few entries: the peer", 2, "192.0.2.7", Some(PEER)),
            ("far too few: the peer", u32::MAX, "192.0.2.7", Some(PEER)),
            ("empty", 1, "", None),
            ("an empty entry is an entry", 1, "192.0.2.7,", None),
            ("an empty entry to the left", 1, ", ,192.0.2.7", Some("192.0.2.7")),
            ("no address", 1, "unknown", None),
            ("a name", 1, "localhost", None),
            ("a number is no address", 1, "3221225991", None),
            ("an octal octet", 1, "192.0.2.007", None),
            ("with a port", 1, "192.0.2.7:65535", Some("192.0.2.7")),
            ("with no real port", 1, "192.0.2.7:65536", None),
            ("IPv6", 1, "2001:db8::1", Some("2001:db8::1")),
            ("IPv6 in brackets", 1, "[2001:db8::1]", Some("2001:db8::1")),
            ("IPv6 with a port", 1, "[2001:db8::1]:443", Some("2001:db8::1")),
            ("IPv6 with half a bracket", 1, "[2001:db8::1", None),
            ("IPv4 in brackets", 1, "[192.0.2.7]", None),
            ("IPv4 in IPv6", 1, "::ffff:192.0.2.7", Some("192.0.2.7")),
            ("IPv4 in IPv6 with a port", 1, "[::ffff:192.0.2.7]:1", Some("192.0.2.7")),
            ("the address of one machine's interface", 1, "fe80::1%eth0", None),
            ("in quotes", 1, "\"192.0.2.7\"", None),
            ("as Forwarded writes it", 1, "for=192.0.2.7", None),
            ("blanks and tabs", 1, "x,\t 192.0.2.7 \t", Some("192.0.2.7")),
            ("another white space", 1, "\u{a0}192.0.2.7", None),
        ] {
            let fields: [(&str, &[u8]); 1] = [("x-forwarded-for", list.as_bytes())];
            assert_eq!(seen(hops, &fields, Some(PEER)).as_deref(), expected, "{rule}");
            let from_socket = expected.filter(|address| *address != PEER);
            assert_eq!(seen(hops, &fields, None).as_deref(), from_socket, "{rule}, from a Unix socket");
        }
    }

    #[test]
    fn several_fields_are_one_list() {
        for (rule, fields, expected) in [
            (
                "in the order of arrival",
                vec![
                    ("x-forwarded-for", b"203.0.113.9" as &[u8]),
                    ("x-forwarded-for", b"192.0.2.7, 10.0.0.1"),
                ],
                Some("192.0.2.7"),
            ),
            (
                "an entry of each",
                vec![("x-forwarded-for", b"192.0.2.7"), ("X-Forwarded-For", b"10.0.0.1")],
                Some("192.0.2.7"),
            ),
            (
                "bytes that are no text harm nobody to the left",
                vec![("x-forwarded-for", b"\xff\xfe, 192.0.2.7"), ("x-forwarded-for", b"10.0.0.1")],
                Some("192.0.2.7"),
            ),
            ("bytes that are no text", vec![("x-forwarded-for", b"\xff, 10.0.0.1")], None),
            ("another field does not count", vec![("forwarded", b"for=192.0.2.7, for=10.0.0.1")], Some(PEER)),
            ("nor does this one", vec![("x-real-ip", b"192.0.2.7")], Some(PEER)),
            ("none", vec![], Some(PEER)),
        ] {
            assert_eq!(seen(2, &fields, Some(PEER)).as_deref(), expected, "{rule}");
        }
    }
}
