//! Start, signals and shutdown of the process.

use std::{error::Error, future::Future, io::IsTerminal as _, process::ExitCode, time::Duration};

use cookiejwt_store::Authenticator;
use tracing_subscriber::EnvFilter;

/// Runs an example: events go to standard output, the reason for not starting to standard error.
pub async fn report(run: impl Future<Output = Result<(), Box<dyn Error>>>) -> ExitCode {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sea_orm_migration=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(std::io::stdout().is_terminal()).init();
    match run.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Waits for Ctrl-C, or for SIGTERM on Unix.
pub async fn stopped() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            },
            Err(_) => drop(interrupted.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupted.await);
}

/// SIGHUP makes the server reload its directory of keys at once; without it, it does so every 30
/// seconds.
#[cfg(unix)]
pub(crate) fn reload_keys_on_hangup(auth: &Authenticator) {
    use tokio::signal::unix::{SignalKind, signal};
    if auth.config().keys_dir().is_none() {
        return;
    }
    let (auth, Ok(mut hangups)) = (auth.clone(), signal(SignalKind::hangup())) else { return };
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            // An error is already logged.
            let _ = auth.reload_keys().await;
        }
    });
}

#[cfg(not(unix))]
pub(crate) fn reload_keys_on_hangup(_: &Authenticator) {}

/// Completes five seconds after the first signal, or at the second: a client that sends half a
/// request must not delay the end of the process.
pub async fn overdue() {
    stopped().await;
    tracing::info!("shutting down");
    tokio::select! {
        () = tokio::time::sleep(Duration::from_secs(5)) => {}
        () = stopped() => {}
    }
    tracing::warn!("stopped while some requests were still open");
}
