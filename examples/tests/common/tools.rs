//! Programs that a test needs.

use std::{env, io::Write as _, process::Command};

/// Whether the test runs; a test that cannot run says so.
pub(crate) fn has(tool: Option<()>, name: &str) -> bool {
    if tool.is_none() {
        assert!(env::var_os("REQUIRE_ALL_TESTS").is_none_or(|all| all != "1"), "skipped: no {name}");
        // Bypasses the capture of the test harness: a skipped test has to report it.
        writeln!(std::io::stderr(), "skipped: no {name}").expect("standard error is open");
    }
    tool.is_some()
}

/// An independent implementation of TOTP.
pub(crate) fn has_oathtool() -> bool {
    let found = Command::new("oathtool").arg("--version").output().ok();
    has(found.map(drop), "oathtool")
}

/// The code of the app with this secret, this many time steps from now.
pub(crate) fn code(secret: &str, steps: u32) -> String {
    let when = format!("{} seconds hence", steps * 30);
    let output = Command::new("oathtool").args(["--totp", "-b", "-N", &when, secret]).output();
    String::from_utf8(output.expect("oathtool runs").stdout).expect("digits").trim().to_owned()
}
