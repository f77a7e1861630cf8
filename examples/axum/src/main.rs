//! A small real application: cookiejwt on axum. Run it with `cargo run -p example-axum`.

use std::{io::IsTerminal as _, net::SocketAddr, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use cookiejwt_axum::{
    cookiejwt_core::Problem::{InvalidRequest, ServerError, Unavailable},
    prelude::*,
};
use example_shared::{
    ASSETS, CONTENT_SECURITY_POLICY, Demo, DemoClaims, DemoError, Me, Note, Notes, Settings,
};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sea_orm_migration=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(std::io::stdout().is_terminal()).init();
    match run().await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot start: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_env()?;
    let demo = Demo::start(&settings).await?;
    let (host, port) = (settings.host.as_str(), settings.port);
    let listener = tokio::net::TcpListener::bind((host, port))
        .await
        .map_err(|error| format!("HOST={host} PORT={port} cannot be listened on: {error}"))?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    let app = application(demo).into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        biased;
        () = overdue() => tracing::warn!("some requests were still open"),
        served = axum::serve(listener, app).with_graceful_shutdown(stopped()) => served?,
    }
    Ok(())
}

fn application(demo: Demo) -> Router {
    let api = Router::new()
        .route("/api/me", get(me))
        .route("/api/open", get(open))
        .route("/api/optional", get(optional))
        .route("/api/notes", get(notes).post(add_note))
        .route("/api/slow-error", get(slow_error))
        .route("/api/demo/expire", post(expire));
    page()
        .merge(api)
        .merge(demo.auth.routes())
        .route("/health", get(|| async { "ok" }))
        .layer(demo.auth.layer())
        .with_state(demo.notes)
}

/// From the token alone: no database query.
async fn me(who: Identity, Claims(claims): Claims<DemoClaims>) -> Json<Me> {
    Json(Me::from_token(&who, claims))
}

/// The same shape without asking who it is.
async fn open() -> Json<Me> {
    Json(Me::nobody_in_particular())
}

async fn optional(who: Option<Identity>) -> Result<Json<serde_json::Value>, Problem> {
    let user = match who {
        Some(who) => Some(Me::from_token(&who, who.claims().map_err(|_| ServerError)?)),
        None => None,
    };
    Ok(Json(serde_json::json!({ "user": user })))
}

async fn notes(who: Identity, State(notes): State<Notes>) -> Result<Json<Vec<Note>>, Failed> {
    Ok(Json(notes.list(who.subject()).await?))
}

#[derive(serde::Deserialize)]
struct NewNote {
    text: String,
}

async fn add_note(
    who: Identity,
    auth: AuthContext,
    State(notes): State<Notes>,
    note: Result<Json<NewNote>, axum::extract::rejection::JsonRejection>,
) -> Result<impl IntoResponse, Failed> {
    let Ok(Json(note)) = note else { return Err(Problem(InvalidRequest).into()) };
    let added = notes.add(who.subject(), &note.text, auth.authenticator().now()).await?;
    added.map(|note| (StatusCode::CREATED, Json(note))).ok_or(Problem(InvalidRequest).into())
}

/// Fails after authenticating: the cookies of a refresh leave all the same.
async fn slow_error(_: Identity) -> StatusCode {
    tokio::time::sleep(Duration::from_millis(300)).await;
    StatusCode::INTERNAL_SERVER_ERROR
}

/// Clears the access cookie, so that the next request shows a refresh.
async fn expire(_: Identity, auth: AuthContext) -> impl IntoResponse {
    let core = auth.authenticator().core();
    let line =
        core.clear_cookies().iter().find(|cookie| cookie.name() == core.config().access_name()).cloned();
    let headers: Vec<_> =
        line.map(|cookie| (header::SET_COOKIE, cookie.line().clone())).into_iter().collect();
    (axum::response::AppendHeaders(headers), StatusCode::NO_CONTENT)
}

fn page<S: Clone + Send + Sync + 'static>() -> Router<S> {
    ASSETS.iter().fold(Router::new(), |router, asset| {
        let headers: [(HeaderName, &str); 4] = [
            (header::CONTENT_TYPE, asset.content_type),
            (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        router.route(asset.path, get(move || async move { (headers, asset.content) }))
    })
}

/// What a handler cannot answer itself.
enum Failed {
    Problem(Problem),
    Database(DemoError),
}

impl From<DemoError> for Failed {
    fn from(error: DemoError) -> Self {
        Self::Database(error)
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> axum::response::Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::Database(error) => {
                tracing::error!(%error, "a query failed");
                Problem(Unavailable).into_response()
            }
        }
    }
}

/// Ctrl-C, or SIGTERM where there is one.
async fn stopped() {
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

/// A while after the first signal, or at the second: a client that sends half a request must not hold the process up.
async fn overdue() {
    stopped().await;
    tracing::info!("shutting down");
    tokio::select! {
        () = tokio::time::sleep(Duration::from_secs(5)) => {}
        () = stopped() => {}
    }
}
