use std::{
    ffi::OsString,
    io::{BufRead as _, BufReader, Read},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{Answer, BINARY, Jar, LOGIN, PASSWORD, Request, USER};

const PATIENCE: Duration = Duration::from_mins(1);
const TICK: Duration = Duration::from_millis(5);
const LISTENING: &str = "listening on http://";

/// A variable of the environment.
pub(crate) type Variable = (OsString, OsString);

pub(crate) fn owned(variables: &[(&str, &str)]) -> Vec<Variable> {
    variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

/// An empty directory in which the binary runs; kept across restarts.
pub(crate) struct Home {
    directory: tempfile::TempDir,
    binary: PathBuf,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self::of(BINARY.expect("the binary of this package"))
    }

    pub(crate) fn of(binary: impl Into<PathBuf>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        Self { directory, binary: binary.into() }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Starts it with the user and password of the tests.
    pub(crate) fn start(&self, variables: &[(&str, &str)]) -> Server {
        let mut all = vec![("DEMO_USER", USER), ("DEMO_PASSWORD", PASSWORD)];
        all.extend(variables);
        self.start_bare(&all)
    }

    /// Starts it with these variables only, on a port that the system chooses.
    pub(crate) fn start_bare(&self, variables: &[(&str, &str)]) -> Server {
        let mut all = vec![("PORT", "0")];
        all.extend(variables);
        self.start_exactly(&owned(&all))
    }

    /// Starts it with exactly these variables.
    pub(crate) fn start_exactly(&self, variables: &[Variable]) -> Server {
        Server::new(Process::spawn(self, variables))
    }

    /// Starts it and waits until it exits.
    pub(crate) fn refused(&self, variables: &[Variable]) -> Refused {
        let mut process = Process::spawn(self, variables);
        let status = process.wait();
        Refused { code: status.code(), stdout: process.stdout.text(), stderr: process.stderr.text() }
    }
}

/// The result of a start that should not succeed.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The running binary; killed when dropped.
pub(crate) struct Server {
    process: Process,
    address: SocketAddr,
}

impl Server {
    fn new(mut process: Process) -> Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(address) = address_in(&process.stdout.text()) {
                return Self { process, address };
            }
            let ended = process.child.try_wait().expect("the child's status");
            let waiting = ended.is_none() && Instant::now() < deadline;
            assert!(
                waiting,
                "it does not listen ({ended:?}):
{}",
                process.log()
            );
            thread::sleep(TICK);
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn get(&self, path: &str) -> Request {
        Request::new(self.address, "GET", path)
    }

    pub(crate) fn post(&self, path: &str) -> Request {
        Request::new(self.address, "POST", path)
    }

    /// Signs the user of the tests in.
    pub(crate) fn login(&self) -> Jar {
        let answer = self.login_request().send();
        assert_eq!(answer.status, 200, "{answer:?}\n{}", self.log());
        Jar::of(&answer)
    }

    pub(crate) fn login_request(&self) -> Request {
        self.post(LOGIN).json(&serde_json::json!({ "username": USER, "password": PASSWORD }))
    }

    /// One of many parallel logins, each from its own network: of those from one network, only five
    /// at a time get to the password check. Requires a server that was started with
    /// [`BEHIND_A_PROXY`](super::BEHIND_A_PROXY).
    pub(crate) fn login_request_of(&self, client: usize) -> Request {
        let address = format!("10.0.{}.{}", client / 256, client % 256);
        self.login_request().header("X-Forwarded-For", &address)
    }

    /// `GET /api/me` with these cookies.
    pub(crate) fn me(&self, jar: &Jar) -> Answer {
        self.get("/api/me").cookies(jar).send()
    }

    /// Everything it has written so far.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// Its peak memory, where the system reports it.
    pub(crate) fn peak_memory_mib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kib.div_ceil(1024))
    }

    /// Sends a signal by its name, for instance TERM.
    pub(crate) fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Waits until it has exited on its own.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let status = self.process.wait();
        (status, self.process.log())
    }

    /// Kills it, and returns what it wrote.
    pub(crate) fn kill(mut self) -> String {
        self.process.signal("KILL");
        self.process.wait();
        self.process.log()
    }
}

fn address_in(log: &str) -> Option<SocketAddr> {
    let (_, rest) = log.split_once(LISTENING)?;
    rest.lines().next()?.trim().parse().ok()
}

struct Process {
    child: Child,
    stdout: Output,
    stderr: Output,
}

impl Process {
    /// The child inherits no environment variables.
    fn spawn(home: &Home, variables: &[Variable]) -> Self {
        let mut child = Command::new(&home.binary)
            .current_dir(&home.directory)
            .env_clear()
            .env("NO_COLOR", "1")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stdout = Output::of(child.stdout.take().expect("piped"));
        let stderr = Output::of(child.stderr.take().expect("piped"));
        Self { child, stdout, stderr }
    }

    fn log(&self) -> String {
        self.stdout.text() + &self.stderr.text()
    }

    fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.id());
        let status = Command::new("/bin/sh").args(["-c", &line]).status().expect("a shell");
        assert!(status.success(), "{line}");
    }

    fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the child's status") {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not exit:\n{}", self.log());
            thread::sleep(TICK);
        };
        self.stdout.finish();
        self.stderr.finish();
        status
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if it has exited already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a pipe has delivered so far.
struct Output {
    text: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Output {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let target = Arc::clone(&text);
        let reader = thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                target.lock().expect("no panic while held").push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        Self { text, reader: Some(reader) }
    }

    fn text(&self) -> String {
        self.text.lock().expect("no panic while held").clone()
    }

    /// Reads to the end of the pipe, after the process has exited.
    fn finish(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader does not panic");
        }
    }
}

/// Waits until `done` returns a value, at most `seconds`.
pub(crate) fn wait_for<T>(seconds: u64, mut done: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < deadline {
        if let Some(found) = done() {
            return Some(found);
        }
        thread::sleep(TICK);
    }
    None
}
