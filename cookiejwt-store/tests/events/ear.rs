//! Records everything that one thread reports: hooks, log and counters.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io,
    sync::{Arc, Mutex},
};

use cookiejwt_store::Event;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tracing_subscriber::{fmt::MakeWriter, util::SubscriberInitExt as _};

use crate::common::World;

/// What was reported.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Told>>);

#[derive(Clone, Default)]
pub(crate) struct Told {
    /// The events in short, without ids that are different each time.
    pub(crate) events: Vec<String>,
    /// Every text of every event, unchanged.
    pub(crate) texts: Vec<String>,
    /// The events as `Debug` shows them.
    pub(crate) debug: String,
    pub(crate) log: String,
    pub(crate) counters: BTreeMap<String, u64>,
}

impl Heard {
    pub(crate) fn hook(&self) -> impl Fn(&Event<'_>) + Send + Sync + 'static {
        let heard = self.clone();
        move |event| {
            let mut told = heard.0.lock().unwrap();
            told.events.push(name(event));
            told.texts.extend(texts(event));
            writeln!(told.debug, "{event:?}").unwrap();
        }
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().events.clone()
    }
}

/// Everything that happens while this runs.
pub(crate) fn hear(run: impl AsyncFnOnce(&World)) -> Told {
    hear_in(World::new, run)
}

/// The same, in a custom world.
pub(crate) fn hear_in(world: impl FnOnce() -> World, run: impl AsyncFnOnce(&World)) -> Told {
    let (ear, heard) = (listening(), Heard::default());
    let hook = heard.hook();
    ear.run(async {
        let mut world = world();
        world.auth = world.builder().on_event(hook).build().unwrap();
        run(&world).await;
    });
    let told = heard.0.lock().unwrap().clone();
    Told { log: ear.log(), counters: ear.counters(), ..told }
}

/// A separate log and recorder.
pub(crate) struct Ear {
    log: Log,
    recorder: DebuggingRecorder,
}

pub(crate) fn listening() -> Ear {
    Ear { log: Log::default(), recorder: DebuggingRecorder::new() }
}

impl Ear {
    /// Only on this thread, so that other tests are not recorded.
    pub(crate) fn run<T>(&self, story: impl Future<Output = T>) -> T {
        let log = self.log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter("cookiejwt_store=trace")
            .without_time()
            .with_ansi(false)
            .with_writer(log)
            .finish();
        let _listening = subscriber.set_default();
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        metrics_local(&self.recorder, || runtime.block_on(story))
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap()
    }

    pub(crate) fn counters(&self) -> BTreeMap<String, u64> {
        let snapshot = self.recorder.snapshotter().snapshot().into_vec();
        let counted = snapshot.into_iter().map(|(key, _, _, value)| {
            let labels = key.key().labels().map(|label| format!("{}={}", label.key(), label.value()));
            let value = match value {
                DebugValue::Counter(count) => count,
                DebugValue::Gauge(level) => u64::from(level.into_inner() > 0.0),
                DebugValue::Histogram(_) => panic!("no histogram is documented"),
            };
            (format!("{}{{{}}}", key.key().name(), labels.collect::<Vec<_>>().join(",")), value)
        });
        counted.collect()
    }
}

fn metrics_local<T>(recorder: &DebuggingRecorder, run: impl FnOnce() -> T) -> T {
    metrics::with_local_recorder(recorder, run)
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn name(event: &Event<'_>) -> String {
    match event {
        Event::LoggedIn { subject, ip, .. } => format!("logged in {subject} {ip:?}"),
        Event::ActingBegan { actor, subject, ip, .. } => format!("acting began {actor} for {subject} {ip:?}"),
        Event::ActingEnded { actor, subject, .. } => format!("acting ended {actor} for {subject}"),
        Event::LoginRefused { reason, subject, ip, .. } => {
            format!("login refused {reason:?} {subject:?} {ip:?}")
        }
        Event::PasswordChanged { subject, ip, .. } => format!("password changed {subject} {ip:?}"),
        Event::Throttled { scope, retry_after_seconds, subject, ip, .. } => {
            format!("throttled {scope:?} {retry_after_seconds} {subject:?} {ip:?}")
        }
        Event::LoginFailed { .. } => "login failed".into(),
        Event::UnreadableHash { format, .. } => format!("unreadable hash {format}"),
        Event::HashCut { stored, made, .. } => format!("hash cut {stored} of {made}"),
        Event::Refreshed { subject, reason, .. } => format!("refreshed {subject} {reason:?}"),
        Event::Refused { reason, .. } => format!("refused {reason:?}"),
        Event::GuardRefused { subject, problem, .. } => format!("guard refused {subject} {}", problem.code()),
        Event::Reuse { subject, .. } => format!("reuse {subject}"),
        Event::LostAnswer { subject, .. } => format!("lost answer {subject}"),
        Event::CsrfRefused { denial, .. } => format!("csrf {denial:?}"),
        Event::CredentialRejected { credential, fault, .. } => format!("rejected {credential:?} {fault:?}"),
        Event::StoreFailed { operation, .. } => format!("store failed {operation}"),
        Event::Revoked { reason, .. } => format!("revoked {}", reason.as_str()),
        Event::FeedStale { .. } => "feed stale".into(),
        Event::FeedRecovered { .. } => "feed recovered".into(),
        Event::DeviceBound { .. } => "device bound".into(),
        Event::DeviceRefused { session, reason, .. } => {
            format!(
                "device refused {} {}",
                reason.as_str(),
                if session.is_some() { "known" } else { "unknown" }
            )
        }
        Event::DeviceProofRejected { reason, .. } => format!("device proof rejected {}", reason.as_str()),
        Event::DeviceEnded { reason, .. } => format!("device ended {}", reason.as_str()),
        other => format!("{other:?}"),
    }
}

fn texts(event: &Event<'_>) -> Vec<String> {
    match event {
        Event::LoggedIn { subject, session, .. }
        | Event::Refreshed { subject, session, .. }
        | Event::GuardRefused { subject, session, .. } => {
            vec![(*subject).to_owned(), (*session).to_owned()]
        }
        Event::PasswordChanged { subject, .. } => vec![(*subject).to_owned()],
        Event::LoginRefused { subject, .. } | Event::Throttled { subject, .. } => {
            subject.iter().map(|subject| (*subject).to_owned()).collect()
        }
        Event::LoginFailed { error, .. }
        | Event::MintFailed { error, .. }
        | Event::StoreFailed { error, .. }
        | Event::FeedStale { error, .. } => vec![(*error).to_owned()],
        Event::Revoked { session, .. } => vec![(*session).to_owned()],
        _ => Vec::new(),
    }
}

/// The messages of a log's warnings, without the rest of the line.
pub(crate) fn warnings(log: &str) -> Vec<String> {
    let warnings = log.lines().filter_map(|line| line.trim_start().strip_prefix("WARN "));
    warnings.map(|line| line.split_once(": ").map_or(line, |(_, message)| message).to_owned()).collect()
}
