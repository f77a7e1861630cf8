//! The core only decides: no dependency may bring in a runtime, framework, database or clock.

use std::{collections::BTreeSet, process::Command};

/// Every direct dependency, with its reason.
const DIRECT: [&str; 14] = [
    "base64",
    // Seals pending logins.
    "chacha20poly1305",
    "hkdf",
    "hmac",
    "http",
    "jsonwebtoken",
    "memchr",
    "serde",
    "serde_json",
    // Reads the structured field that a browser sends about a device-bound session.
    "sfv",
    "sha2",
    "thiserror",
    "time",
    "zeroize",
];

/// Not allowed anywhere in the tree.
const NOWHERE: [&str; 24] = [
    "actix-web",
    "async-std",
    "axum",
    "axum-core",
    "chrono",
    "cookie",
    "diesel",
    "futures-executor",
    "hyper",
    "log",
    "mio",
    "openssl",
    "redis",
    "reqwest",
    "ring",
    "rocket",
    "sea-orm",
    "smol",
    "socket2",
    "sqlx",
    "tokio",
    "tower",
    "tracing",
    "ureq",
];

/// The signature crates bring in random numbers; the core itself must not use them.
const NOT_DIRECT: [&str; 5] = ["fastrand", "getrandom", "rand", "rand_core", "uuid"];

/// The names that `cargo tree` prints for the default features, without the crate itself.
fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "tree",
            "--package",
            env!("CARGO_PKG_NAME"),
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--frozen",
        ])
        .args(arguments)
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("cargo prints UTF-8");
    let names = lines.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned);
    names.filter(|name| name != env!("CARGO_PKG_NAME")).collect()
}

#[test]
fn the_direct_dependencies_are_those_of_the_list() {
    let direct = tree(&["--depth", "1"]);
    assert_eq!(direct, DIRECT.map(str::to_owned).into(), "a new dependency needs a reason");
    for name in NOT_DIRECT {
        assert!(!direct.contains(name), "{name}");
    }
}

#[test]
fn no_runtime_framework_database_or_clock_anywhere() {
    let all = tree(&[]);
    assert!(all.is_superset(&tree(&["--depth", "1"])), "cargo printed the whole tree");
    for name in NOWHERE {
        assert!(!all.contains(name), "{name}");
    }
}
