//! The networks that an address belongs to.

use std::net::{IpAddr, Ipv6Addr};

/// A client network, and how many of the narrowest ones it stands for.
pub(super) struct Network {
    pub(super) name: String,
    pub(super) times: u32,
}

/// Of IPv6, whoever has an address has the /64 around it, most customers a /56, and some a /48: with the /64 alone one
/// machine would be 65 536 clients. The wider ones are shared more often, so they take more failures.
const IPV6: [(u32, u32); 3] = [(64, 1), (56, 4), (48, 16)];

/// The networks of an address, the narrowest first: an IPv4 address by itself, or the prefixes of an IPv6 address.
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
