//! `public-api.txt` lists the core's public API, so that every change of it is noticed.
//!
//! cargo-public-api writes the listing. Without it the comparison is skipped, and fails if
//! `REQUIRE_ALL_TESTS` is 1.

#![allow(clippy::disallowed_methods, reason = "the core reads no variables, this test does")]

use std::{collections::BTreeSet, env, process::Command};

const LISTING: &str = include_str!("../public-api.txt");
const OPTIONS: [&str; 5] = ["--package", "cookiejwt-core", "--features", "testing,uuid", "-ss"];
const UPDATE: &str = "cargo install --locked --version 0.52.0 cargo-public-api; RUSTC_BOOTSTRAP=1 cargo public-api \
                      --package cookiejwt-core --features testing,uuid -ss > cookiejwt-core/public-api.txt";

/// The crates whose types and traits a user needs in the same version as the core; `uuid` only with
/// its feature.
const FOREIGN: [&str; 4] = ["http", "serde_core", "time", "uuid"];
const EVERYBODYS: [&str; 6] = ["Self", "alloc", "cookiejwt_core", "core", "i64", "std"];

fn public_api(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .arg("public-api")
        .args(arguments)
        // Documentation as JSON requires a nightly compiler; this enables it on stable.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/public-api"))
        .output()
        .map_err(|error| error.to_string())?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
}

/// The output of cargo-public-api, or why there is none. Other versions of it have another format.
fn listing() -> Result<String, String> {
    let version = public_api(&["--version"])?;
    if version.contains(" 0.52.") { public_api(&OPTIONS) } else { Err(format!("it is {version}")) }
}

#[test]
fn the_public_api_is_the_listed_one() {
    let now = match listing() {
        Ok(now) => now,
        Err(why) => {
            let required = env::var_os("REQUIRE_ALL_TESTS").is_some_and(|value| value == "1");
            assert!(!required, "cargo-public-api 0.52.0 is needed: {why}");
            println!("skipped: cargo-public-api 0.52.0 is not there or does not work: {why}");
            return;
        }
    };
    let (now, then): (BTreeSet<_>, BTreeSet<_>) = (now.lines().collect(), LISTING.lines().collect());
    let (gone, new): (Vec<_>, Vec<_>) = (then.difference(&now).collect(), now.difference(&then).collect());
    assert!(gone.is_empty() && new.is_empty(), "gone: {gone:#?}\nnew: {new:#?}\nif that is meant: {UPDATE}");
}

/// The first segments of the paths in a line: `http` of `&http::method::Method`.
fn crates(line: &str) -> impl Iterator<Item = &str> {
    let paths = line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
    paths.filter_map(|path| path.split_once("::")).map(|(first, _)| first).filter(|first| !first.is_empty())
}

#[test]
fn foreign_types_in_it_are_those_of_http_time_and_serde() {
    let seen = LISTING.lines().flat_map(crates).filter(|name| !EVERYBODYS.contains(name));
    assert_eq!(
        seen.collect::<BTreeSet<_>>(),
        FOREIGN.into(),
        "another crate's version becomes part of our API"
    );
}
