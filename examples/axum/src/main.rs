//! A small real application: cookiejwt on axum. Run it with `cargo run -p example-axum`.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use axum::{
    Json, Router,
    extract::{
        State,
        rejection::JsonRejection,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code},
    },
    http::{HeaderName, StatusCode, header},
    response::{
        AppendHeaders, IntoResponse, Response,
        sse::{Event, Sse},
    },
    routing::{any, get, post},
};
use cookiejwt_axum::{
    Ended,
    Problem::{InvalidRequest, NotFound, ServerError},
    openapi::{ProblemSchema, PublicRefusals, Refusals},
    prelude::*,
};
use example_shared::{
    ASSETS, Demo, DemoClaims, Me, NewNote, Note, Notes, Settings, Visitor, document, expired_access, overdue,
    stopped, times, unavailable,
};
use futures_util::{Stream, StreamExt as _};
use utoipa::OpenApi;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    example_shared::report(run()).await
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_env()?;
    let demo = Demo::start(&settings).await?;
    let address = (settings.host.as_str(), settings.port);
    let listener =
        tokio::net::TcpListener::bind(address).await.map_err(|error| settings.not_listening(error))?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    let app = application(demo).into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        biased;
        () = overdue() => {}
        served = axum::serve(listener, app).with_graceful_shutdown(stopped()) => served?,
    }
    Ok(())
}

fn application(demo: Demo) -> Router {
    let api = Router::new()
        .route("/api/me", get(me))
        .route("/api/open", get(open))
        .route("/api/optional", get(optional))
        .route("/api/fresh", get(fresh))
        .route("/api/notes", get(notes).post(add_note))
        .route("/api/slow-error", get(slow_error))
        .route("/api/events", get(events))
        .route("/api/live", any(live))
        .route("/api/demo/expire", post(expire));
    let document = document(Document::openapi(), &demo.auth);
    page()
        .merge(api)
        .route("/api/openapi.json", get(async move || Json(document)))
        .merge(demo.auth.routes())
        .route("/health", get(async || "ok"))
        .fallback(async || AuthError(NotFound))
        .layer(demo.auth.layer())
        .with_state(demo.notes)
}

/// The operations of this application; [`document`] adds those of cookiejwt.
#[derive(OpenApi)]
#[openapi(paths(me, open, optional, fresh, notes, add_note, slow_error, events, expire))]
struct Document;

/// Who is signed in, from the token alone: no database query.
#[utoipa::path(get, path = "/api/me", responses((status = 200, body = Me), Refusals))]
async fn me(who: Identity, Claims(claims): Claims<DemoClaims>) -> Json<Me> {
    Json(Me::from_token(&who, claims))
}

/// The same, but requires a login within the last five minutes.
#[utoipa::path(get, path = "/api/fresh", responses((status = 200, body = Me), Refusals))]
async fn fresh(who: FreshLogin<300>, Claims(claims): Claims<DemoClaims>) -> Json<Me> {
    Json(Me::from_token(&who, claims))
}

/// The same shape without authentication.
#[utoipa::path(get, path = "/api/open", security(()), responses((status = 200, body = Me)))]
async fn open() -> Json<Me> {
    Json(Me::sample())
}

/// Who is signed in, if anyone.
#[utoipa::path(
    get,
    path = "/api/optional",
    security((), ("cookiejwt_access" = []), ("cookiejwt_refresh" = []), ("cookiejwt_bearer" = [])),
    responses((status = 200, body = Visitor), PublicRefusals)
)]
async fn optional(MaybeIdentity(who): MaybeIdentity) -> Result<Json<Visitor>, AuthError> {
    let user = match who {
        Some(who) => Some(Me::from_token(&who, who.claims().map_err(|_| ServerError)?)),
        None => None,
    };
    Ok(Json(Visitor { user }))
}

/// My latest notes, newest first.
#[utoipa::path(get, path = "/api/notes", operation_id = "notes", responses((status = 200, body = [Note]), Refusals))]
async fn notes(who: Identity, State(notes): State<Notes>) -> Result<Json<Vec<Note>>, AuthError> {
    Ok(Json(notes.list(who.subject()).await.map_err(unavailable)?))
}

/// A new note.
#[utoipa::path(
    post,
    path = "/api/notes",
    request_body = NewNote,
    responses(
        (status = 201, body = Note),
        (status = 400, body = ProblemSchema, content_type = "application/problem+json"),
        Refusals
    )
)]
async fn add_note(
    who: Identity,
    State(notes): State<Notes>,
    note: Result<Json<NewNote>, JsonRejection>,
) -> Result<impl IntoResponse, AuthError> {
    let Json(note) = note.map_err(|_| InvalidRequest)?;
    let added = notes.add(who.subject(), &note.text).await.map_err(unavailable)?;
    Ok((StatusCode::CREATED, Json(added.ok_or(InvalidRequest)?)))
}

/// Fails after authentication: the cookies of a refresh are sent nevertheless.
#[utoipa::path(get, path = "/api/slow-error", responses(Refusals, (status = 500)))]
async fn slow_error(_: Identity) -> StatusCode {
    tokio::time::sleep(Duration::from_millis(300)).await;
    StatusCode::INTERNAL_SERVER_ERROR
}

/// The time, every second, until the session ends: logged out anywhere, revoked, or expired.
#[utoipa::path(
    get,
    path = "/api/events",
    responses((status = 200, body = String, content_type = "text/event-stream"), Refusals)
)]
async fn events(who: Identity, auth: AuthContext) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = times().map(|time| Ok(Event::default().data(time)));
    Sse::new(events.until_ended(auth.ended(&who)))
}

/// A WebSocket that sends back what it receives, until the session ends.
async fn live(who: Identity, auth: AuthContext, upgrade: WebSocketUpgrade) -> Response {
    let ended = auth.ended(&who);
    upgrade.on_upgrade(move |socket| echo(ended, socket))
}

async fn echo(mut ended: Ended, mut socket: WebSocket) {
    loop {
        let message = tokio::select! {
            reason = &mut ended => {
                let reason = Problem::from(reason).code().into();
                Message::Close(Some(CloseFrame { code: close_code::POLICY, reason }))
            }
            message = socket.recv() => match message {
                Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => message,
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return,
            },
        };
        let is_last = matches!(message, Message::Close(_));
        if socket.send(message).await.is_err() || is_last {
            return;
        }
    }
}

/// Clears the access cookie, so that the next request shows a refresh.
#[utoipa::path(post, path = "/api/demo/expire", responses((status = 204), Refusals))]
async fn expire(_: Identity, auth: AuthContext) -> impl IntoResponse {
    let line = expired_access(auth.authenticator());
    (AppendHeaders([(header::SET_COOKIE, line)]), StatusCode::NO_CONTENT)
}

fn page<S: Clone + Send + Sync + 'static>() -> Router<S> {
    ASSETS.iter().fold(Router::new(), |router, asset| {
        let headers: [(HeaderName, &str); 4] = [
            (header::CONTENT_TYPE, asset.content_type),
            (header::CONTENT_SECURITY_POLICY, asset.policy),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        router.route(asset.path, get(move || async move { (headers, asset.content) }))
    })
}
