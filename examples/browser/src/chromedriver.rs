//! Starts and stops chromedriver.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

use crate::certificate;

/// The paths of the browser and its driver, and how the browser is started.
#[derive(Clone, Debug)]
pub struct Chromium {
    pub(crate) browser: PathBuf,
    pub(crate) driver: PathBuf,
    arguments: Vec<String>,
}

/// Chromium on Linux has device-bound sessions only on request, and no TPM to keep their keys in.
const BOUND: [&str; 2] = ["DeviceBoundSessions", "EnableBoundSessionCredentialsSoftwareKeysForManualTesting"];

impl Chromium {
    /// The programs of Debian's packages chromium and chromium-driver, or those in `CHROMIUM` and
    /// `CHROMEDRIVER`; `None` unless both exist.
    pub fn installed() -> Option<Self> {
        let program = |variable, usual: &str| {
            let path = env::var_os(variable).map_or_else(|| usual.into(), PathBuf::from);
            path.is_file().then_some(path)
        };
        Some(Self {
            browser: program("CHROMIUM", "/usr/bin/chromium")?,
            driver: program("CHROMEDRIVER", "/usr/bin/chromedriver")?,
            arguments: Vec::new(),
        })
    }

    /// One that reaches every site through a [`Door`](crate::Door), and trusts its certificate. It
    /// reports no certificate error: with one, a browser ignores device-bound sessions.
    #[must_use]
    pub fn at_sites(mut self) -> Self {
        self.arguments.push(format!("--ignore-certificate-errors-spki-list={}", certificate::pin()));
        self.arguments.push("--host-resolver-rules=MAP * 127.0.0.1".to_owned());
        self
    }

    /// One with device-bound sessions, whose keys are in software, at the sites of doors. It signs
    /// as often as it is asked to, so that a test can renew at will.
    #[must_use]
    pub fn bound(self) -> Self {
        let [sessions, keys] = BOUND;
        self.with_features(&format!("{sessions}:RefreshQuota/false,{keys}"))
    }

    /// The same, with the quota of signatures that users have: about six in nine minutes.
    #[must_use]
    pub fn bound_with_quota(self) -> Self {
        self.with_features(&BOUND.join(","))
    }

    fn with_features(self, features: &str) -> Self {
        let mut chromium = self.at_sites();
        chromium.arguments.push(format!("--enable-features={features}"));
        chromium
    }

    /// With a log of all network events.
    pub(crate) fn capabilities(&self, profile: &Path) -> serde_json::Map<String, Value> {
        let logs = json!({ "performance": "ALL", "browser": "ALL" });
        let mut options = chrome_options(&self.browser, profile);
        let arguments = options["args"].as_array_mut().expect("a list");
        arguments.extend(self.arguments.iter().cloned().map(Value::from));
        [("goog:chromeOptions", options), ("goog:loggingPrefs", logs)]
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    }
}

/// Headless, and without background traffic.
pub(crate) fn chrome_options(browser: &Path, profile: &Path) -> Value {
    let mut arguments: Vec<String> = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--lang=en-US",
    ]
    .map(String::from)
    .into();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    json!({ "binary": browser, "args": arguments })
}

/// A running chromedriver; dropping it ends it and its browser.
#[derive(Debug)]
pub(crate) struct Chromedriver {
    child: Child,
    /// The process id of its browser, which keeps running when the driver ends.
    pub(crate) browser: Option<u64>,
    pub(crate) address: String,
    /// Kept open: a driver that cannot write its log exits.
    _output: BufReader<ChildStdout>,
}

impl Chromedriver {
    /// Port 0 selects a free port on 127.0.0.1. The driver requires the same port on `::1` and
    /// exits if it is in use there.
    pub(crate) fn start(chromium: &Chromium) -> Self {
        (0..5)
            .find_map(|_| Self::try_start(chromium))
            .expect("chromedriver exited before it listened, five times")
    }

    fn try_start(chromium: &Chromium) -> Option<Self> {
        let mut child = Command::new(&chromium.driver)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let Some(port) = port_in(&mut output) else {
            drop(child.wait());
            return None;
        };
        Some(Self { child, browser: None, address: format!("http://127.0.0.1:{port}/"), _output: output })
    }
}

fn port_in(output: &mut BufReader<ChildStdout>) -> Option<u16> {
    let mut line = String::new();
    while output.read_line(&mut line).expect("a pipe") > 0 {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            return Some(port.trim().trim_end_matches('.').parse().expect("a port"));
        }
        line.clear();
    }
    None
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        if let Some(browser) = self.browser {
            kill(&family(browser));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Kills all of these processes at once, stopped before the first one dies: the one that has the
/// cookies would write them down when it notices that the others are gone.
pub(crate) fn kill(pids: &[u64]) {
    let pids = pids.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
    let kill = format!("kill -STOP {pids}; kill -KILL {pids}");
    drop(Command::new("/bin/sh").args(["-c", &kill]).stderr(Stdio::null()).status());
}

/// This process and everything that it has started.
pub(crate) fn family(first: u64) -> Vec<u64> {
    let parents = parents();
    let mut family = vec![first];
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        family.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        next += 1;
    }
    family
}

/// Every process with its parent, as `/proc/<pid>/stat` has them: `pid (name) state parent …`.
fn parents() -> Vec<(u64, u64)> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let of = |pid: u64| -> Option<(u64, u64)> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, rest) = stat.rsplit_once(')')?;
        Some((pid, rest.split_whitespace().nth(1)?.parse().ok()?))
    };
    let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(of).collect()
}
