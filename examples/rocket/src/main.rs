//! A small real application: cookiejwt on Rocket. Run it with `cargo run -p example-rocket`.

#![allow(clippy::needless_pass_by_value, reason = "Rocket passes values to its handlers")]

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use cookiejwt_rocket::{
    Ended,
    Problem::{InvalidRequest, NotFound, ServerError},
    openapi::{ProblemSchema, PublicRefusals, Refusals},
    prelude::*,
};
use example_shared::{
    ASSETS, Asset, Demo, DemoClaims, Me, NewNote, Note, Notes, Settings, Visitor, document, expired_access,
    overdue, stopped, times, unavailable,
};
use rocket::{
    Request, Response, State, catch, catchers,
    fairing::AdHoc,
    futures::{SinkExt as _, Stream, StreamExt as _},
    get,
    http::{ContentType, Status},
    post,
    response::{
        self, Responder,
        stream::{Event, EventStream},
    },
    routes,
    serde::json::{self, Json},
    tokio,
};
use rocket_ws::{
    Channel, Message, WebSocket,
    frame::{CloseCode, CloseFrame},
    stream::DuplexStream,
};
use utoipa::{OpenApi, openapi};

#[rocket::main]
async fn main() -> std::process::ExitCode {
    example_shared::report(Box::pin(run())).await
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_env()?;
    let figment = rocket::Config::figment()
        .merge(("address", settings.address()?.ip()))
        .merge(("port", settings.port))
        .merge(("log_level", "off")) // the example has its own log
        .merge(("shutdown.ctrlc", false))
        .merge(("shutdown.signals", [""; 0]));
    let demo = Demo::start(&settings).await?;
    let rocket = application(rocket::custom(figment), demo).ignite().await?;
    let shutdown = rocket.shutdown();
    tokio::spawn(async move {
        stopped().await;
        shutdown.notify();
    });
    tokio::select! {
        biased;
        () = overdue() => {}
        launched = rocket.launch() => drop(launched.map_err(|error| settings.not_listening(error.kind()))?),
    }
    Ok(())
}

fn application(rocket: rocket::Rocket<rocket::Build>, demo: Demo) -> rocket::Rocket<rocket::Build> {
    rocket
        .manage(document(Document::openapi(), &demo.auth))
        .manage(demo.notes)
        .attach(demo.auth.fairing())
        .attach(AdHoc::on_liftoff("address", |rocket| {
            let config = rocket.config();
            tracing::info!("listening on http://{}", SocketAddr::new(config.address, config.port));
            Box::pin(async {})
        }))
        .mount(
            "/",
            routes![
                me, open, optional, fresh, list_notes, add_note, slow_error, events, live, expire, page,
                health, api
            ],
        )
        .mount("/", demo.auth.routes())
        .register("/", demo.auth.catchers())
        .register("/", catchers![not_found])
}

/// The operations of this application; [`document`] adds those of cookiejwt.
#[derive(OpenApi)]
#[openapi(paths(me, open, optional, fresh, list_notes, add_note, slow_error, events, expire))]
struct Document;

#[get("/api/openapi.json")]
fn api(document: &State<openapi::OpenApi>) -> Json<&openapi::OpenApi> {
    Json(document)
}

/// Who is signed in, from the token alone: no database query.
#[utoipa::path(get, path = "/api/me", responses((status = 200, body = Me), Refusals))]
#[get("/api/me")]
fn me(who: Identity, claims: Claims<DemoClaims>) -> Json<Me> {
    Json(Me::from_token(&who, claims.0))
}

/// The same, but requires a login within the last five minutes.
#[utoipa::path(get, path = "/api/fresh", responses((status = 200, body = Me), Refusals))]
#[get("/api/fresh")]
fn fresh(who: FreshLogin<300>, claims: Claims<DemoClaims>) -> Json<Me> {
    Json(Me::from_token(&who, claims.0))
}

/// The same shape without authentication.
#[utoipa::path(get, path = "/api/open", security(()), responses((status = 200, body = Me)))]
#[get("/api/open")]
fn open() -> Json<Me> {
    Json(Me::sample())
}

/// Who is signed in, if anyone.
#[utoipa::path(
    get,
    path = "/api/optional",
    security((), ("cookiejwt_access" = []), ("cookiejwt_refresh" = []), ("cookiejwt_bearer" = [])),
    responses((status = 200, body = Visitor), PublicRefusals)
)]
#[get("/api/optional")]
fn optional(who: MaybeIdentity) -> Result<Json<Visitor>, AuthError> {
    let user = match who.0 {
        Some(who) => Some(Me::from_token(&who, who.claims().map_err(|_| ServerError)?)),
        None => None,
    };
    Ok(Json(Visitor { user }))
}

/// My latest notes, newest first.
#[utoipa::path(get, path = "/api/notes", operation_id = "notes", responses((status = 200, body = [Note]), Refusals))]
#[get("/api/notes")]
async fn list_notes(who: Identity, notes: &State<Notes>) -> Result<Json<Vec<Note>>, AuthError> {
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
#[post("/api/notes", data = "<note>")]
async fn add_note(
    who: Identity,
    notes: &State<Notes>,
    content_type: Option<&ContentType>,
    note: Result<Json<NewNote>, json::Error<'_>>,
) -> Result<(Status, Json<Note>), AuthError> {
    // Rocket's Json accepts any content type.
    let note = note.ok().filter(|_| content_type.is_some_and(|kind| kind.is_json())).ok_or(InvalidRequest)?;
    let added = notes.add(who.subject(), &note.text).await.map_err(unavailable)?;
    Ok((Status::Created, Json(added.ok_or(InvalidRequest)?)))
}

/// Fails after authentication: the cookies of a refresh are sent nevertheless.
#[utoipa::path(get, path = "/api/slow-error", responses(Refusals, (status = 500)))]
#[get("/api/slow-error")]
async fn slow_error(_who: Identity) -> (Status, ()) {
    tokio::time::sleep(Duration::from_millis(300)).await;
    (Status::InternalServerError, ())
}

/// The time, every second, until the session ends: logged out anywhere, revoked, or expired.
#[utoipa::path(
    get,
    path = "/api/events",
    responses((status = 200, body = String, content_type = "text/event-stream"), Refusals)
)]
#[get("/api/events")]
fn events(who: Identity, auth: AuthContext) -> EventStream<impl Stream<Item = Event> + use<>> {
    EventStream::from(times().map(Event::data).until_ended(auth.ended(&who)))
}

/// A WebSocket that sends back what it receives, until the session ends.
#[get("/api/live")]
fn live(who: Identity, auth: AuthContext, socket: WebSocket) -> Channel<'static> {
    let ended = auth.ended(&who);
    socket.channel(move |socket| Box::pin(echo(ended, socket)))
}

async fn echo(mut ended: Ended, mut socket: DuplexStream) -> Result<(), rocket_ws::result::Error> {
    loop {
        tokio::select! {
            reason = &mut ended => {
                let reason = Problem::from(reason).code().into();
                return socket.close(Some(CloseFrame { code: CloseCode::Policy, reason })).await;
            }
            message = socket.next() => match message.transpose()? {
                Some(message @ (Message::Text(_) | Message::Binary(_))) => socket.send(message).await?,
                Some(_) => {}
                None => return Ok(()),
            },
        }
    }
}

/// Clears the access cookie, so that the next request shows a refresh.
#[utoipa::path(post, path = "/api/demo/expire", responses((status = 204), Refusals))]
#[post("/api/demo/expire")]
fn expire(_who: Identity, auth: AuthContext) -> Expired {
    Expired(expired_access(auth.authenticator()))
}

struct Expired(String);

impl<'r> Responder<'r, 'static> for Expired {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Response::build().status(Status::NoContent).raw_header("Set-Cookie", self.0).ok()
    }
}

#[get("/health")]
fn health() -> &'static str {
    "ok"
}

#[get("/<path..>", rank = 20)]
fn page(path: PathBuf) -> Option<Page> {
    let is_asked = |asset: &&Asset| asset.path.trim_start_matches('/') == path.as_os_str();
    ASSETS.iter().find(is_asked).map(Page)
}

struct Page(&'static Asset);

impl<'r> Responder<'r, 'static> for Page {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        Response::build_from(self.0.content.respond_to(request)?)
            .raw_header("Content-Type", self.0.content_type)
            .raw_header("Content-Security-Policy", self.0.policy)
            .raw_header("Cache-Control", "no-cache")
            .ok()
    }
}

#[catch(404)]
fn not_found() -> AuthError {
    AuthError(NotFound)
}
