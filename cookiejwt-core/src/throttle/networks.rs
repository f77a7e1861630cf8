//! The networks that an address belongs to.

use std::net::{IpAddr, Ipv6Addr};

/// A client network, and how many of the narrowest ones it stands for.
pub(super) struct Network {
    pub(super) name: String,
    pub(super) times: u32,
}

/// With IPv6, a client has at least the /64 around its address, most customers have a /56, and some
/// a /48: counted only by /64, one machine could be 65 536 clients. The wider networks are shared
/// more often, so they allow more failures.
const IPV6: [(u32, u32); 3] = [(64, 1), (56, 4), (48, 16)];

/// The networks of an address, the narrowest first: an IPv4 address alone, or the prefixes of an
/// IPv6 address.
pub(super) fn networks(ip: IpAddr) -> Vec<Network> {
    match ip.to_canonical() {
        IpAddr::V4(ip) => vec![Network { name: ip.to_string(), times: 1 }],
        IpAddr::V6(ip) => IPV6.map(|(bits, times)| Network { name: prefix(ip, bits), times }).into(),
    }
}

fn prefix(ip: Ipv6Addr, bits: u32) -> String {
    let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits)).unwrap_or(0);
    format!("{}/{bits}", Ipv6Addr::from_bits(ip.to_bits() & mask))
}
