//! Whatever a client writes into `X-Forwarded-For`, the address that the trusted proxies saw is
//! used.
#![no_main]

use std::{net::IpAddr, sync::LazyLock};

use cookiejwt_core::Core;
use fuzz::{Head, config};
use libfuzzer_sys::fuzz_target;

const NAME: &str = "x-forwarded-for";

static CORES: LazyLock<[Core; 3]> =
    LazyLock::new(|| [1, 2, 3].map(|hops| Core::new(config().trusted_proxies(hops).build().expect("valid"))));

fuzz_target!(|bytes: &[u8]| {
    let fields = || bytes.split(|byte| *byte == b'\n').fold(Head::new(), |head, line| head.field(NAME, line));
    let seen = |hops: usize, head: &Head| CORES[hops - 1].client_address(head.as_head(), None);
    let (client, proxy): (IpAddr, IpAddr) = ([192, 0, 2, 7].into(), [10, 0, 0, 1].into());

    let one = fields().field(NAME, client.to_string());
    assert_eq!(seen(1, &one), Some(client));
    let joined = [bytes, b", 192.0.2.7 , 10.0.0.1"].concat();
    let two = Head::new().field(NAME, joined);
    assert_eq!((seen(1, &two), seen(2, &two)), (Some(proxy), Some(client)));
    assert_eq!(seen(2, &one), seen(1, &fields()), "one hop further the client's own entries are used");
    assert!(seen(3, &two).is_none_or(|address| address == address.to_canonical()));
});
