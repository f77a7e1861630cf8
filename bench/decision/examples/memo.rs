//! Prints how much memory a full memo of verified tokens takes, and shows that it does not grow
//! further.

use std::fs;

use cookiejwt_core::{Core, testing};
use cookiejwt_store::{Authenticator, MemoryStore};
use http::Request;
use time::OffsetDateTime;

#[path = "../benches/no_users.rs"]
mod no_users;

fn main() {
    println!("| memo of 10,000 entries | tokens presented | MiB more |\n|---|---|---|");
    for text in [0, 2000] {
        let config = testing::config().build().unwrap();
        let auth = Authenticator::builder(config)
            .users(no_users::NoUsers)
            .tokens(MemoryStore::new())
            .build()
            .unwrap();
        let (core, before) = (auth.core(), resident());
        let size = testing::access("1").by(&core).claim("text", "x".repeat(text)).token().len();
        let mut presented = 0;
        for until in [10_000, 50_000] {
            (presented..until).for_each(|number| present(&core, number, text));
            presented = until;
            println!("| tokens of {size} bytes | {presented} | {:.1} |", resident() - before);
        }
    }
}

fn present(core: &Core, number: u32, text: usize) {
    let now = OffsetDateTime::now_utc();
    let token = testing::access(number.to_string()).by(core).issued_at(now).claim("text", "x".repeat(text));
    let (head, ()) = Request::get("/").header("authorization", token.bearer()).body(()).unwrap().into_parts();
    assert!(!core.authenticate(&head, now).is_refused());
}

/// Resident memory in MiB.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim_end_matches("kB").trim().parse::<f64>().unwrap() / 1024.0
}
