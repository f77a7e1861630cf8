//! The page in a real browser: starts the binary and lets `browser/demo.mjs` press its buttons.
#![cfg(unix)]

mod common;

use std::{
    env,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use common::{Home, PASSWORD, USER};

const SKIPPED: &str = "skipped: no chromium/node/playwright-core";

/// The folder of the script, the browser and Node, when all are there.
fn tools() -> Option<(PathBuf, PathBuf)> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../browser");
    let chromium: PathBuf = env::var_os("CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".into()).into();
    let node = Command::new("node").arg("--version").stdout(Stdio::null()).status();
    let complete = chromium.is_file()
        && node.is_ok_and(|status| status.success())
        && scripts.join("node_modules/playwright-core").is_dir();
    complete.then_some((scripts, chromium))
}

#[test]
fn the_page_works_in_chromium() {
    let Some((scripts, chromium)) = tools() else {
        assert!(env::var_os("REQUIRE_ALL_TESTS").is_none_or(|all| all != "1"), "{SKIPPED}");
        // Past the capture of the test harness: a skipped test has to say so.
        writeln!(std::io::stderr(), "{SKIPPED}").expect("standard error is open");
        return;
    };
    let home = Home::new();
    let server = home.start(&[]);
    let demo = Command::new("node")
        .arg("demo.mjs")
        .current_dir(scripts)
        .env("BASE_URL", format!("http://localhost:{}", server.address().port()))
        .env("DEMO_USER", USER)
        .env("DEMO_PASSWORD", PASSWORD)
        .env("CHROMIUM", chromium)
        .stdin(Stdio::null())
        .output()
        .expect("node starts");
    let said = String::from_utf8_lossy(&demo.stdout).into_owned() + &String::from_utf8_lossy(&demo.stderr);
    println!("{said}");
    assert!(demo.status.success(), "{said}\n{}", server.log());
    assert!(said.trim_end().lines().last().is_some_and(|line| line.ends_with(" passed, 0 failed")), "{said}");
    let log = server.kill();
    assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
}
