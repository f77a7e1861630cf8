use std::panic::AssertUnwindSafe;

use actix_web::{
    App, Either, HttpRequest, HttpResponse, HttpServer, Responder,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{StatusCode, header},
    middleware::{Next, from_fn},
    web,
};
use actix_ws::{CloseCode, CloseReason};
use bytes::Bytes;
use cookiejwt_actix::{Ended, GuardMiddleware, LoginError, Problem, Verifier, prelude::*};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use scenarios::{
    CODE, FRESH, Roles, User, WRITE, World, background, listed, problem_page, run::Running, said, said_of,
    steps, writes,
};

pub(crate) fn start(world: World) -> Running {
    let server = HttpServer::new(move || {
        let auth = world.auth.clone();
        App::new()
            .app_data(web::Data::new(world.clone()))
            .configure(handlers)
            .configure(|config| guarded(config, &auth))
            .configure(|config| beside(config, &world))
            .service(orders(&world.verifier))
            .configure(of_several_steps)
            .configure(auth.routes())
            .configure(world.staff.routes())
            .service(web::resource("/private").wrap(auth.require_login()).to(async || "private"))
            .service(web::resource("/fails-late").wrap(from_fn(fail_late)).to(me))
            .wrap(from_fn(catch_panic))
            .wrap(auth.middleware().on_problem(|problem, head| Some(page_of(problem_page(problem, head)?))))
            .wrap(world.staff.middleware())
    });
    let server = server.workers(1).disable_signals().bind_auto_h2c("127.0.0.1:0").expect("a free port");
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    tokio::spawn(server);
    Running { address, stop: Box::new(move || Box::pin(async move { handle.stop(false).await })) }
}

/// Its own caching does not count.
fn page_of(page: String) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "public, max-age=60"));
    response.content_type("text/html; charset=utf-8").body(page)
}

async fn own_unstored(auth: AuthContext) -> HttpResponse {
    auth.no_store();
    unstored().await
}

async fn unstored() -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "private, max-age=60"));
    response.content_type("text/plain; charset=utf-8").body("not stored")
}

fn handlers(config: &mut web::ServiceConfig) {
    config
        .route("/me", web::to(me))
        .route("/optional", web::to(optional))
        .route("/user", web::to(async |CurrentUser(user): CurrentUser<User>| user.name))
        .route("/wrong-user", web::to(async |_: CurrentUser<String>| "never"))
        .route("/claims", web::to(async |Claims(claims): Claims<Roles>| claims.roles.join(" ")))
        .route("/wrong-claims", web::to(async |_: Claims<u8>| "never"))
        .route("/open", web::to(async || "open"))
        .route("/missing", web::to(async |_: Identity| Err::<String, _>(AuthError(Problem::NotFound))))
        .route("/fails", web::to(async |_: Identity| Err::<String, _>(AuthError(Problem::ServerError))))
        .route("/panics", web::to(panics))
        .route("/panics-uncaught", web::to(panics))
        .route("/redirects", web::to(async |_: Identity| web::Redirect::to("/elsewhere").see_other()))
        .route("/streams", web::to(streams))
        .route("/holds", web::to(holds))
        .route("/follows", web::to(follows))
        .route("/ws-follows", web::to(ws_follows))
        .route("/ws", web::to(upgrades))
        .route("/sets-cookies", web::to(sets_cookies))
        .route("/writes-access", web::to(writes_access))
        .route("/login-as-bob", web::to(log_in_as_bob))
        .route("/callback-as-bob", web::to(callback_as_bob))
        .route("/refreshed-login-as-bob", web::to(refreshed_log_in_as_bob))
        .route("/bare-login-as-bob", web::to(bare_log_in_as_bob))
        .route(
            "/refreshed-bare-login-as-bob",
            web::to(async |_: Identity, world, auth| bare_log_in_as_bob(world, auth).await),
        )
        .route("/login-here-as-bob", web::to(log_in_here_as_bob))
        .route("/drops-login", web::to(drops_login))
        .route("/logout-own", web::to(async |auth: AuthContext| auth.logout().await))
        .route("/logout-everywhere", web::to(log_out_everywhere))
        .route("/own-sessions", web::to(own_sessions))
        .route("/own-end", web::to(own_end))
        .route("/own-end-others", web::to(own_end_others))
        .route("/own-fresh", web::to(own_fresh))
        .route("/own-password", web::to(own_password))
        .route("/fresh", web::to(async |who: FreshLogin<300>| said(&who)))
        .route("/write", web::to(write))
        .route("/admin", web::to(admin))
        .route("/role", web::to(role))
        .route("/pay", web::to(pay))
        .route("/meets", web::to(meets))
        .route("/optional-writing", web::to(async |MaybeIdentity(who): MaybeIdentity| writes(who.as_deref())))
        .route("/skipped/me", web::to(me))
        .route("/skipped/optional", web::to(optional))
        .route("/skippedmore/optional", web::to(optional));
}

/// Another service, which only verifies.
fn orders(verifier: &Verifier) -> impl actix_web::dev::HttpServiceFactory + use<> {
    let one = |path: &str, body: &'static str, guard: GuardMiddleware| {
        web::resource(path).wrap(guard).to(move || std::future::ready(body))
    };
    let elsewhere = |path: &str| web::resource(path).wrap(verifier.require_login());
    web::scope("/orders")
        .route("/me", web::to(me))
        .route("/optional", web::to(optional))
        .route("/claims", web::to(async |Claims(claims): Claims<Roles>| claims.roles.join(" ")))
        .route("/follows", web::to(follows_order))
        .route("/ws-follows", web::to(ws_follows_order))
        .service(elsewhere("/user").to(async |CurrentUser(user): CurrentUser<User>| user.name))
        .service(elsewhere("/context").to(async |_: AuthContext| "never"))
        .service(one("/writing", "written", verifier.require_scope(WRITE)))
        .service(one("/fresh", "fresh", verifier.require_fresh_login(FRESH)))
        .service(one("/code", "code", verifier.require_proofs(CODE)))
        .service(one("/page", "page", verifier.require_login().redirect_to("/login")))
        .wrap(verifier.middleware())
}

fn of_several_steps(config: &mut web::ServiceConfig) {
    config
        .route("/second-step", web::to(second_step))
        .route("/second-step-tokens", web::to(second_step_tokens))
        .route("/begin", web::to(begin))
        .route("/callback", web::to(callback))
        .route("/step-up", web::to(step_up))
        .route("/begin-step-up", web::to(begin_step_up))
        .route("/switch", web::to(switch))
        .route("/act-for-alice", web::to(act))
        .route("/stop-acting", web::to(stop_acting))
        .route("/own-login", web::to(own_login))
        .route("/proofs", web::to(async |who: Identity| steps::proved(&who)));
}

fn guarded(config: &mut web::ServiceConfig, auth: &Authenticator) {
    let page = |path, guard: GuardMiddleware| {
        web::resource(path).wrap(guard.redirect_to("/login")).to(async || "page")
    };
    let pages = web::scope("/pages")
        .service(page("/notes", auth.require_login()))
        .service(page("/keys", auth.require_fresh_login(FRESH)))
        .service(page("/code", auth.require_proofs(CODE)))
        .service(page("/writing", auth.require_scope(WRITE)));
    let code = web::resource("/code").wrap(auth.require_proofs(CODE));
    let admins = web::resource("/admins").wrap(auth.require_role("admin"));
    let fresh = web::resource("/fresh-guarded").wrap(auth.require_fresh_login(FRESH));
    let writing = web::resource("/writing").wrap(auth.require_scope("notes:write"));
    let both = web::resource("/both").wrap(auth.require_scope(WRITE)).wrap(auth.require_fresh_login(FRESH));
    config
        .service(pages)
        .service(web::resource("/unstored").wrap(auth.require_login().no_store()).to(unstored))
        .route("/own-unstored", web::to(own_unstored))
        .service(both.to(async || "both"))
        .service(fresh.to(async || "fresh"))
        .service(code.to(async || "code"))
        .service(admins.to(async || "admins"))
        .service(writing.to(async || "written"));
}

/// Two user tables around one application, and the guards of a third one without its middleware.
/// The scope of the staff is before their built-in routes.
fn beside(config: &mut web::ServiceConfig, World { auth, staff, forgotten, .. }: &World) {
    let page = |path: &str, guard: GuardMiddleware| web::resource(path).wrap(guard).to(async || "page");
    let staff_only = web::scope("/staff")
        .service(page("/page", staff.require_login()))
        .service(page("/fresh", staff.require_fresh_login(FRESH)))
        .service(page("/writing", staff.require_scope(WRITE)))
        .wrap(staff.require_login());
    let inside = web::scope("/both")
        .service(page("/customers", auth.require_login()))
        .service(page("/staff", staff.require_login()))
        .route("/who", web::to(optional))
        .wrap(staff.middleware());
    let outside = web::scope("/reversed")
        .service(page("/customers", auth.require_login()))
        .service(page("/staff", staff.require_login()))
        .route("/who", web::to(optional));
    let missing = web::scope("/forgotten")
        .service(page("/page", forgotten.require_login()))
        .service(page("/fresh", forgotten.require_fresh_login(FRESH)))
        .service(page("/writing", forgotten.require_scope(WRITE)));
    config.service(staff_only).service(inside).service(outside).service(missing);
}

async fn write(who: Identity) -> Result<&'static str, AuthError> {
    who.require_scope(WRITE)?;
    Ok("written")
}

async fn admin(who: Identity) -> Result<&'static str, AuthError> {
    if who.has_role("admin") { Ok("admin") } else { Err(AuthError(Problem::NotFound)) }
}

async fn role(who: Identity) -> Result<&'static str, AuthError> {
    who.require_role("admin")?;
    Ok("admin")
}

async fn pay(world: web::Data<World>, who: Identity) -> Result<&'static str, AuthError> {
    world.auth.check_proofs(&who, &CODE)?;
    Ok("paid")
}

async fn meets(world: web::Data<World>, who: Identity) -> String {
    who.meets(&CODE, world.auth.now()).to_string()
}

async fn me(who: Identity) -> String {
    said(&who)
}

async fn optional(MaybeIdentity(who): MaybeIdentity) -> String {
    said_of(who.as_deref())
}

async fn panics(_: Identity) -> String {
    panic!("as the scenario asks")
}

async fn streams(_: Identity) -> impl Responder {
    let parts = ["one ", "two ", "three"].map(|part| Ok::<_, std::convert::Infallible>(Bytes::from(part)));
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").streaming(stream::iter(parts))
}

async fn follows(world: web::Data<World>, who: Identity) -> impl Responder {
    open_until(world.auth.ended(&who))
}

async fn follows_order(world: web::Data<World>, who: Identity) -> impl Responder {
    open_until(world.verifier.ended(&who))
}

fn open_until(ended: Ended) -> HttpResponse {
    let open = stream::once(async { Ok::<_, std::convert::Infallible>(Bytes::from("open")) });
    let body = open.chain(stream::pending()).until_ended(ended);
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").streaming(Box::pin(body))
}

async fn ws_follows(
    world: web::Data<World>,
    who: Identity,
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    ws_until(world.auth.ended(&who), &request, body)
}

async fn ws_follows_order(
    world: web::Data<World>,
    who: Identity,
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    ws_until(world.verifier.ended(&who), &request, body)
}

fn ws_until(ended: Ended, request: &HttpRequest, body: web::Payload) -> actix_web::Result<HttpResponse> {
    let (response, mut session, _messages) = actix_ws::handle(request, body)?;
    actix_web::rt::spawn(async move {
        let _ = session.text("open").await;
        let description = Some(Problem::from(ended.await).code().to_owned());
        let _ = session.close(Some(CloseReason { code: CloseCode::Policy, description })).await;
    });
    Ok(response)
}

async fn holds(world: web::Data<World>, who: Identity) -> String {
    world.gate.pass().await;
    said(&who)
}

async fn upgrades(_: Identity, request: HttpRequest, body: web::Payload) -> actix_web::Result<HttpResponse> {
    let (response, _session, _messages) = actix_ws::handle(&request, body)?;
    Ok(response)
}

async fn sets_cookies(_: Identity) -> impl Responder {
    HttpResponse::Ok()
        .append_header((header::SET_COOKIE, "theme=dark"))
        .append_header((header::SET_COOKIE, "size=big"))
        .append_header((header::CACHE_CONTROL, "private"))
        .append_header((header::VARY, "Accept"))
        .content_type("text/plain; charset=utf-8")
        .body("done")
}

async fn writes_access(_: Identity) -> impl Responder {
    "done".customize().append_header((header::SET_COOKIE, "__Host-access_token=mine; Path=/; Secure"))
}

async fn log_in_as_bob(world: web::Data<World>, auth: AuthContext) -> Result<impl Responder, AuthError> {
    Ok(auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?.with("bob"))
}

async fn callback_as_bob(world: web::Data<World>, auth: AuthContext) -> Result<impl Responder, AuthError> {
    let options = LoginOptions::new().state_checked();
    Ok(auth.login(&world.users.by_name("bob"), options).await?.with("bob"))
}

async fn refreshed_log_in_as_bob(
    world: web::Data<World>,
    _: Identity,
    auth: AuthContext,
) -> Result<impl Responder, AuthError> {
    log_in_as_bob(world, auth).await
}

async fn bare_log_in_as_bob(world: web::Data<World>, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    Ok(auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?)
}

async fn log_in_here_as_bob(world: web::Data<World>, auth: AuthContext) -> Result<String, AuthError> {
    let who = auth.login_here(&world.users.by_name("bob"), LoginOptions::new()).await?;
    Ok(who.subject().to_string())
}

async fn drops_login(world: web::Data<World>, auth: AuthContext) -> Result<String, AuthError> {
    drop(auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?);
    background().await;
    Err(AuthError(Problem::NotFound))
}

async fn log_out_everywhere(who: Identity, auth: AuthContext) -> Result<Cookies, AuthError> {
    auth.logout_everywhere(&who).await
}

async fn own_sessions(who: Identity, auth: AuthContext) -> Result<String, AuthError> {
    Ok(listed(&auth.sessions(&who).await?))
}

async fn own_end(who: Identity, auth: AuthContext) -> Result<Cookies, AuthError> {
    auth.end_session(&who, who.session_id()).await
}

async fn own_end_others(who: Identity, auth: AuthContext) -> Result<String, AuthError> {
    Ok(auth.end_other_sessions(&who).await?.to_string())
}

async fn own_fresh(who: Identity, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    Ok(auth.fresh_login(&who, "alice-pw").await?)
}

async fn own_password(who: Identity, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    Ok(auth.change_password(&who, "alice-pw", "another password").await?)
}

async fn second_step(
    world: web::Data<World>,
    auth: AuthContext,
    form: String,
) -> Result<impl Responder, AuthError> {
    let pending = auth.pending("second-factor").ok_or(LoginError::PendingEnded)?;
    let proven = auth.prove(&pending, Method::OTP, async { steps::check_code(&world, &form) }).await?;
    let next = steps::next_of(&proven);
    Ok(auth.login_proven(proven, LoginOptions::new()).await?.with(web::Redirect::to(next).see_other()))
}

async fn second_step_tokens(
    world: web::Data<World>,
    auth: AuthContext,
    form: String,
) -> Result<LoggedIn, AuthError> {
    let text = steps::field(&form, "pending");
    let pending = auth.open_pending("second-factor", &text).ok_or(LoginError::PendingEnded)?;
    let proven = auth.prove(&pending, Method::OTP, async { steps::check_code(&world, &form) }).await?;
    Ok(auth.login_proven(proven, LoginOptions::new()).await?)
}

async fn begin(auth: AuthContext, form: String) -> Result<web::Redirect, AuthError> {
    let (pending, _) = auth.begin(steps::journey(&form))?;
    Ok(web::Redirect::to(format!("/authorize?state={}", pending.id)).see_other())
}

async fn callback(
    world: web::Data<World>,
    auth: AuthContext,
    request: HttpRequest,
) -> Result<impl Responder, AuthError> {
    let state = steps::field(request.query_string(), "state");
    let pending = auth.pending_with_id("oauth:test", &state).ok_or(LoginError::PendingEnded)?;
    let proven = auth.prove(&pending, Method::FED, async { steps::check_state(&world) }).await?;
    let next = steps::next_of(&proven);
    Ok(auth.login_proven(proven, LoginOptions::new()).await?.with(web::Redirect::to(next).see_other()))
}

/// In one request, or in the second one of two.
async fn step_up(
    world: web::Data<World>,
    who: Identity,
    auth: AuthContext,
    form: String,
) -> Result<LoggedIn, AuthError> {
    let begin = || Ok::<_, LoginError>(auth.begin(steps::stepping_up(&world, &who, &form))?.0);
    let pending = auth.pending("step-up").map_or_else(begin, Ok)?;
    let proven = auth.prove(&pending, Method::OTP, async { steps::check_code(&world, &form) }).await?;
    Ok(auth.step_up(&who, proven).await?)
}

async fn begin_step_up(
    world: web::Data<World>,
    who: Identity,
    auth: AuthContext,
    form: String,
) -> Result<&'static str, AuthError> {
    auth.begin(steps::stepping_up(&world, &who, &form))?;
    Ok("a code, please")
}

async fn switch(who: Identity, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    Ok(auth.switch(&who, &steps::umbrella()).await?)
}

async fn act(world: web::Data<World>, who: Identity, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    Ok(auth.login(&world.users.by_name("alice"), LoginOptions::new().acted_by(&who)).await?)
}

/// In token mode with the refresh token of the body.
async fn stop_acting(who: Identity, auth: AuthContext, form: String) -> Result<LoggedIn, AuthError> {
    Ok(match steps::field(&form, "refresh").as_str() {
        "" => auth.stop_acting(&who).await?,
        refresh => auth.stop_acting_with(&who, refresh).await?,
    })
}

/// An HTML form whose error is a page of the application.
async fn own_login(auth: AuthContext, form: String) -> impl Responder {
    let (name, password) = (steps::field(&form, "username"), steps::field(&form, "password"));
    match auth.login_with_password(&name, &password, LoginOptions::new()).await {
        Ok(login) => Either::Left(login.with("welcome")),
        Err(error) => Either::Right(error.to_string().customize().with_status(StatusCode::UNAUTHORIZED)),
    }
}

/// An error that no handler has turned into a response.
async fn fail_late(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    drop(next.call(request).await?);
    Err(AuthError(Problem::ServerError).into())
}

async fn catch_panic(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if request.path() == "/panics-uncaught" {
        return next.call(request).await;
    }
    let caught = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    caught.unwrap_or_else(|_| Err(AuthError(Problem::ServerError).into()))
}
