//! The three engines, each through its own driver: what every browser can do.

use std::{
    env,
    io::{BufRead as _, BufReader, Read, Write as _},
    net::{TcpListener, TcpStream},
    ops::Deref,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use fantoccini::ClientBuilder;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};

use crate::{
    Page,
    chromedriver::{Chromium, chrome_options, family, kill},
};

/// An engine that tests run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Debian's packages chromium and chromium-driver.
    Chromium,
    /// Debian's package firefox-esr, and geckodriver from crates.io.
    Firefox,
    /// `WebKitGTK`: Debian's package webkit2gtk-driver, and Xvfb, because it has no headless mode.
    /// It shares the engine with Safari, but not the store of the cookies.
    WebKit,
}

/// Whether pages may run scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    /// As usual.
    Run,
    /// As if the user had switched JavaScript off for every site.
    Off,
}

/// How a browser is opened.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Whether pages may run scripts.
    pub scripts: Scripts,
    /// Where it keeps its cookies; a new place if there is none. `WebKit` forgets them when it is
    /// closed.
    pub profile: Option<&'a Path>,
}

impl Default for Terms<'_> {
    fn default() -> Self {
        Self { scripts: Scripts::Run, profile: None }
    }
}

/// A browser of one of the engines, with its own cookie jar; closed when dropped.
#[derive(Debug)]
pub struct Session {
    page: Page,
    // Dropped in this order: the browser ends before its screen and its profile.
    _driver: Driver,
    _screen: Option<Screen>,
    _profile: Option<tempfile::TempDir>,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// What its programs are called and whether they are there: the browser, and its driver.
    fn programs(self) -> Option<(PathBuf, PathBuf)> {
        match self {
            Self::Chromium => Chromium::installed().map(|Chromium { browser, driver, .. }| (browser, driver)),
            Self::Firefox => Some((
                program("FIREFOX", &["/usr/bin/firefox-esr"])?,
                program("GECKODRIVER", &["/usr/bin/geckodriver", &in_cargo_home("geckodriver")?])?,
            )),
            Self::WebKit => {
                let browser = program("MINIBROWSER", &MINIBROWSERS)?;
                let driver = program("WEBKITWEBDRIVER", &["/usr/bin/WebKitWebDriver"])?;
                Path::new(XVFB).is_file().then_some((browser, driver))
            }
        }
    }

    /// Whether everything that it needs is installed. A test that is skipped because of it says so,
    /// and fails where the engine is required.
    pub fn is_there(self) -> bool {
        let is_installed = self.programs().is_some();
        if !is_installed {
            let skipped = format!("skipped: {self:?} or its driver is not installed");
            assert!(!self.is_required(), "{skipped}");
            // Bypasses the capture of the test harness.
            writeln!(std::io::stderr(), "{skipped}").expect("standard error is open");
        }
        is_installed
    }

    /// Chromium wherever `REQUIRE_ALL_TESTS` is 1, the others where `.ci/run` says in
    /// `REQUIRE_ENGINES` that it could install them.
    fn is_required(self) -> bool {
        let is = |variable, name: &str| {
            env::var(variable).is_ok_and(|names| names.split(' ').any(|one| one == name))
        };
        match self {
            Self::Chromium => is("REQUIRE_ALL_TESTS", "1"),
            Self::Firefox => is("REQUIRE_ENGINES", "firefox"),
            Self::WebKit => is("REQUIRE_ENGINES", "webkit"),
        }
    }

    /// Opens a browser.
    pub async fn open(self, terms: Terms<'_>) -> Session {
        let (browser, driver) = self.programs().expect("it is installed");
        let own = terms.profile.is_none().then(|| tempfile::tempdir().expect("a temporary directory"));
        let profile =
            terms.profile.or_else(|| own.as_ref().map(tempfile::TempDir::path)).expect("one of both");
        let screen = (self == Self::WebKit).then(Screen::start);
        let mut driver = Driver::start(self, &driver, screen.as_ref());
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(self.capabilities(&browser, profile, terms.scripts == Scripts::Run));
        let client = builder.connect(&driver.address).await.expect("the browser starts");
        let known = client.capabilities().cloned().unwrap_or_default();
        driver.browser =
            ["goog:processID", "moz:processID"].into_iter().find_map(|name| known.get(name)?.as_u64());
        Session { page: Page { client }, _driver: driver, _screen: screen, _profile: own }
    }

    /// Headless, with certificates that nobody has signed.
    fn capabilities(self, browser: &Path, profile: &Path, scripts: bool) -> Map<String, Value> {
        let (name, options) = match self {
            Self::Chromium => {
                let mut options = chrome_options(browser, profile);
                if !scripts {
                    options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
                }
                ("goog:chromeOptions", options)
            }
            Self::Firefox => {
                let arguments = ["-headless", "-profile", &profile.display().to_string()];
                let preferences = json!({ "javascript.enabled": scripts });
                let options = json!({ "binary": browser, "args": arguments, "prefs": preferences });
                ("moz:firefoxOptions", options)
            }
            Self::WebKit => {
                let scripts = format!("--enable-javascript={scripts}");
                let options = json!({ "binary": browser, "args": ["--automation", scripts] });
                ("webkitgtk:browserOptions", options)
            }
        };
        Map::from_iter([(name.to_owned(), options), ("acceptInsecureCerts".to_owned(), true.into())])
    }
}

impl Session {
    /// Kills the browser as a power failure would.
    pub fn crash(self) {
        drop(self);
    }
}

impl Deref for Session {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

const XVFB: &str = "/usr/bin/Xvfb";
const MINIBROWSERS: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.0/MiniBrowser",
    "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
];

/// The program that the variable names, or the first of these that exists.
fn program(variable: &str, usual: &[&str]) -> Option<PathBuf> {
    let named = env::var_os(variable).map(PathBuf::from);
    let mut all = named.into_iter().chain(usual.iter().map(PathBuf::from));
    all.find(|path| path.is_file())
}

fn in_cargo_home(name: &str) -> Option<String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))?;
    home.join("bin").join(name).to_str().map(str::to_owned)
}

/// A running driver; dropping it ends it and its browser.
#[derive(Debug)]
struct Driver {
    child: Child,
    browser: Option<u64>,
    address: String,
}

impl Driver {
    fn start(engine: Engine, program: &Path, screen: Option<&Screen>) -> Self {
        (0..5).find_map(|_| Self::try_start(engine, program, screen)).expect("the driver does not listen")
    }

    /// A free port is chosen first: `WebKit`'s driver cannot choose one.
    fn try_start(engine: Engine, program: &Path, screen: Option<&Screen>) -> Option<Self> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        let mut command = Command::new(program);
        command.arg(format!("--port={}", free.port())).stdin(Stdio::null());
        if engine == Engine::Firefox {
            command.args(["--log", "fatal"]);
        }
        if let Some(Screen { number, .. }) = screen {
            command.env("DISPLAY", format!(":{number}"));
        }
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("the driver starts");
        let mut driver = Self { child, browser: None, address: format!("http://{free}/") };
        loop {
            if TcpStream::connect(free).is_ok() {
                return Some(driver);
            }
            if driver.child.try_wait().expect("its status").is_some() {
                return None;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let firsts = std::iter::once(self.child.id().into()).chain(self.browser);
        kill(&firsts.flat_map(family).collect::<Vec<_>>());
        drop(self.child.wait());
    }
}

/// A screen for a browser without a headless mode.
#[derive(Debug)]
struct Screen {
    child: Child,
    number: u32,
}

impl Screen {
    /// Xvfb chooses a number that is free, and writes it down when it listens.
    fn start() -> Self {
        let mut child = Command::new(XVFB)
            .args(["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts");
        let output: Box<dyn Read> = Box::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("a pipe");
        let number = line.trim().parse().expect("the number of the screen");
        Self { child, number }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
