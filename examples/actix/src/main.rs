//! A small real application: cookiejwt on actix-web. Run it with `cargo run -p example-actix`.

use std::{convert::Infallible, time::Duration};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, Responder, guard,
    http::{StatusCode, header},
    web::{self, Json},
};
use actix_ws::{CloseCode, CloseReason, Message, MessageStream, Session};
use cookiejwt_actix::{
    Ended,
    Problem::{InvalidRequest, NotFound, ServerError},
    openapi::{ProblemSchema, PublicRefusals, Refusals},
    prelude::*,
};
use example_shared::{
    ASSETS, Demo, DemoClaims, Me, NewNote, Note, Notes, Settings, Visitor, document, expired_access, overdue,
    stopped, times, unavailable,
};
use futures_util::StreamExt as _;
use utoipa::{OpenApi, openapi};

#[actix_web::main]
async fn main() -> std::process::ExitCode {
    example_shared::report(run()).await
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_env()?;
    // Once, for all workers.
    let demo = Demo::start(&settings).await?;
    let document = web::Data::new(document(Document::openapi(), &demo.auth));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(document.clone())
            .app_data(web::Data::new(demo.notes.clone()))
            .configure(page)
            .configure(api)
            .configure(demo.auth.routes())
            .route("/health", web::get().to(async || "ok"))
            .default_service(web::to(async || HttpResponse::from_error(AuthError(NotFound))))
            .wrap(demo.auth.middleware())
    });
    let address = (settings.host.as_str(), settings.port);
    let server = server.bind(address).map_err(|error| settings.not_listening(error))?;
    tracing::info!("listening on http://{}", server.addrs()[0]);
    let server = server.disable_signals().run();
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        stopped().await;
        handle.stop(true).await;
    });
    tokio::select! {
        biased;
        () = overdue() => {}
        ended = server => ended?,
    }
    Ok(())
}

fn api(config: &mut web::ServiceConfig) {
    config
        .route(
            "/api/openapi.json",
            web::get().to(async |document: web::Data<openapi::OpenApi>| Json(document)),
        )
        .route("/api/me", web::get().to(me))
        .route("/api/open", web::get().to(open))
        .route("/api/optional", web::get().to(optional))
        .route("/api/fresh", web::get().to(fresh))
        .route("/api/notes", web::get().to(notes))
        .route("/api/notes", web::post().to(add_note))
        .route("/api/slow-error", web::get().to(slow_error))
        .route("/api/events", web::get().to(events))
        .route("/api/live", web::get().to(live))
        .route("/api/demo/expire", web::post().to(expire));
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
async fn notes(who: Identity, notes: web::Data<Notes>) -> Result<Json<Vec<Note>>, AuthError> {
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
    notes: web::Data<Notes>,
    note: Result<Json<NewNote>, actix_web::Error>,
) -> Result<impl Responder, AuthError> {
    let Json(note) = note.map_err(|_| InvalidRequest)?;
    let added = notes.add(who.subject(), &note.text).await.map_err(unavailable)?;
    Ok((Json(added.ok_or(InvalidRequest)?), StatusCode::CREATED))
}

/// Fails after authentication: the cookies of a refresh are sent nevertheless.
#[utoipa::path(get, path = "/api/slow-error", responses(Refusals, (status = 500)))]
async fn slow_error(_: Identity) -> impl Responder {
    tokio::time::sleep(Duration::from_millis(300)).await;
    HttpResponse::InternalServerError()
}

/// The time, every second, until the session ends: logged out anywhere, revoked, or expired.
#[utoipa::path(
    get,
    path = "/api/events",
    responses((status = 200, body = String, content_type = "text/event-stream"), Refusals)
)]
async fn events(who: Identity, auth: AuthContext) -> impl Responder {
    let events = times().map(|time| Ok::<_, Infallible>(web::Bytes::from(format!("data: {time}\n\n"))));
    let events = Box::pin(events.until_ended(auth.ended(&who)));
    HttpResponse::Ok().content_type("text/event-stream").streaming(events)
}

/// A WebSocket that sends back what it receives, until the session ends.
async fn live(
    who: Identity,
    auth: AuthContext,
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    let (response, session, messages) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(echo(auth.ended(&who), session, messages));
    Ok(response)
}

async fn echo(mut ended: Ended, mut session: Session, mut messages: MessageStream) {
    let reason = loop {
        let sent = tokio::select! {
            reason = &mut ended => {
                let description = Some(Problem::from(reason).code().to_owned());
                break Some(CloseReason { code: CloseCode::Policy, description });
            }
            message = messages.next() => match message {
                Some(Ok(Message::Text(text))) => session.text(text).await,
                Some(Ok(Message::Binary(bytes))) => session.binary(bytes).await,
                Some(Ok(Message::Ping(bytes))) => session.pong(&bytes).await,
                Some(Ok(Message::Close(reason))) => break reason,
                Some(Ok(_)) => Ok(()),
                Some(Err(_)) | None => break None,
            },
        };
        if sent.is_err() {
            return;
        }
    };
    // The client may have gone already.
    let _ = session.close(reason).await;
}

/// Clears the access cookie, so that the next request shows a refresh.
#[utoipa::path(post, path = "/api/demo/expire", responses((status = 204), Refusals))]
async fn expire(_: Identity, auth: AuthContext) -> impl Responder {
    HttpResponse::NoContent()
        .append_header((header::SET_COOKIE, expired_access(auth.authenticator())))
        .finish()
}

fn page(config: &mut web::ServiceConfig) {
    for asset in ASSETS.iter() {
        let file = move || async move {
            HttpResponse::Ok()
                .insert_header((header::CONTENT_TYPE, asset.content_type))
                .insert_header((header::CONTENT_SECURITY_POLICY, asset.policy))
                .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
                .insert_header((header::CACHE_CONTROL, "no-cache"))
                .body(asset.content)
        };
        let readable = guard::Any(guard::Get()).or(guard::Head());
        config.route(asset.path, web::route().guard(readable).to(file));
    }
}
