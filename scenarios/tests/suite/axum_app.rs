use std::net::SocketAddr;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{
        Request, State,
        ws::{CloseFrame, Message, WebSocketUpgrade, close_code},
    },
    http::{StatusCode, Uri, header},
    middleware::{Next, from_fn},
    response::{AppendHeaders, Html, IntoResponse, Redirect, Response},
    routing::any,
};
use cookiejwt_axum::{Ended, GuardLayer, LoginError, Problem, Verifier, prelude::*};
use futures_util::{StreamExt as _, stream};
use scenarios::{
    CODE, FRESH, Roles, User, WRITE, World, background, listed, problem_page, run::Running, said, said_of,
    steps, writes,
};
use tower_http::catch_panic::CatchPanicLayer;

pub(crate) async fn start(world: World) -> Running {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let app = application(world).into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    Running { address, stop: Box::new(move || Box::pin(async move { server.abort() })) }
}

#[allow(clippy::too_many_lines, reason = "one line for each route")]
fn application(world: World) -> Router {
    let auth = world.auth.clone();
    let private = Router::new().route("/private", any(async || "private")).route_layer(auth.require_login());
    let late = Router::new().route("/fails-late", any(me)).layer(from_fn(fail_late));
    Router::new()
        .route("/me", any(me))
        .route("/optional", any(optional))
        .route("/user", any(async |CurrentUser(user): CurrentUser<User>| user.name))
        .route("/wrong-user", any(async |_: CurrentUser<String>| "never"))
        .route("/claims", any(async |Claims(claims): Claims<Roles>| claims.roles.join(" ")))
        .route("/wrong-claims", any(async |_: Claims<u8>| "never"))
        .route("/open", any(async || "open"))
        .route("/missing", any(async |_: Identity| AuthError(Problem::NotFound)))
        .route("/fails", any(async |_: Identity| AuthError(Problem::ServerError)))
        .route("/panics", any(panics))
        .route("/redirects", any(async |_: Identity| Redirect::to("/elsewhere")))
        .route("/streams", any(streams))
        .route("/holds", any(holds))
        .route("/follows", any(follows))
        .route("/ws-follows", any(ws_follows))
        .route("/ws", any(async |_: Identity, ws: WebSocketUpgrade| ws.on_upgrade(async |_| ())))
        .route("/sets-cookies", any(sets_cookies))
        .route("/writes-access", any(writes_access))
        .route("/login-as-bob", any(log_in_as_bob))
        .route("/callback-as-bob", any(callback_as_bob))
        .route("/refreshed-login-as-bob", any(refreshed_log_in_as_bob))
        .route("/bare-login-as-bob", any(bare_log_in_as_bob))
        .route(
            "/refreshed-bare-login-as-bob",
            any(async |_: Identity, state, auth| bare_log_in_as_bob(state, auth).await),
        )
        .route("/login-here-as-bob", any(log_in_here_as_bob))
        .route("/drops-login", any(drops_login))
        .route("/logout-own", any(async |auth: AuthContext| auth.logout().await))
        .route("/logout-everywhere", any(log_out_everywhere))
        .route("/own-sessions", any(own_sessions))
        .route("/own-end", any(own_end))
        .route("/own-end-others", any(own_end_others))
        .route("/own-fresh", any(own_fresh))
        .route("/own-password", any(own_password))
        .route("/skipped/me", any(me))
        .route("/skipped/optional", any(optional))
        .route("/skippedmore/optional", any(optional))
        .route("/fresh", any(async |who: FreshLogin<300>| said(&who)))
        .route("/write", any(write))
        .route("/admin", any(admin))
        .route("/role", any(role))
        .route("/pay", any(pay))
        .route("/meets", any(meets))
        .route("/optional-writing", any(async |MaybeIdentity(who): MaybeIdentity| writes(who.as_deref())))
        .merge(private)
        .merge(guarded(&auth))
        .merge(late)
        .merge(beside(&world))
        .nest("/orders", orders(&world.verifier))
        .merge(of_several_steps())
        .merge(auth.routes())
        .layer(CatchPanicLayer::custom(|_| AuthError(Problem::ServerError).into_response()))
        .route("/panics-uncaught", any(panics))
        .layer(auth.layer().on_problem(|problem, head| Some(page_of(problem_page(problem, head)?))))
        .with_state(world)
}

fn of_several_steps() -> Router<World> {
    Router::new()
        .route("/second-step", any(second_step))
        .route("/second-step-tokens", any(second_step_tokens))
        .route("/begin", any(begin))
        .route("/callback", any(callback))
        .route("/step-up", any(step_up))
        .route("/begin-step-up", any(begin_step_up))
        .route("/switch", any(switch))
        .route("/act-for-alice", any(act))
        .route("/stop-acting", any(stop_acting))
        .route("/own-login", any(own_login))
        .route("/proofs", any(async |who: Identity| steps::proved(&who)))
}

/// Its own caching does not count.
fn page_of(page: String) -> Response {
    ([(header::CACHE_CONTROL, "public, max-age=60")], Html(page)).into_response()
}

async fn own_unstored(auth: AuthContext) -> impl IntoResponse {
    auth.no_store();
    ([(header::CACHE_CONTROL, "private, max-age=60")], "not stored")
}

fn guarded(auth: &Authenticator) -> Router<World> {
    let unstored = async || ([(header::CACHE_CONTROL, "private, max-age=60")], "not stored");
    let unstored =
        Router::new().route("/unstored", any(unstored)).route_layer(auth.require_login().no_store());
    let page = |path, guard: GuardLayer| {
        Router::new().route(path, any(async || "page")).route_layer(guard.redirect_to("/login"))
    };
    let pages = page("/notes", auth.require_login())
        .merge(page("/keys", auth.require_fresh_login(FRESH)))
        .merge(page("/code", auth.require_proofs(CODE)))
        .merge(page("/writing", auth.require_scope(WRITE)));
    let code = Router::new().route("/code", any(async || "code"));
    let admins = Router::new().route("/admins", any(async || "admins"));
    let fresh = Router::new().route("/fresh-guarded", any(async || "fresh"));
    let writing = Router::new().route("/writing", any(async || "written"));
    let both = Router::new().route("/both", any(async || "both")).route_layer(auth.require_scope(WRITE));
    Router::new()
        .merge(unstored)
        .route("/own-unstored", any(own_unstored))
        .merge(both.route_layer(auth.require_fresh_login(FRESH)))
        .nest("/pages", pages)
        .merge(fresh.route_layer(auth.require_fresh_login(FRESH)))
        .merge(code.route_layer(auth.require_proofs(CODE)))
        .merge(admins.route_layer(auth.require_role("admin")))
        .merge(writing.route_layer(auth.require_scope("notes:write")))
}

/// Two user tables around one router, and the guards of a third one without its layer.
fn beside(World { auth, staff, forgotten, .. }: &World) -> Router<World> {
    let one = |path, guard: GuardLayer| Router::new().route(path, any(async || "page")).layer(guard);
    let staff_only = one("/staff/page", staff.require_login())
        .merge(one("/staff/fresh", staff.require_fresh_login(FRESH)))
        .merge(one("/staff/writing", staff.require_scope(WRITE)))
        .merge(staff.routes())
        .layer(staff.require_login())
        .layer(staff.layer());
    let inside = one("/both/customers", auth.require_login())
        .merge(one("/both/staff", staff.require_login()))
        .merge(Router::new().route("/both/who", any(optional)))
        .layer(staff.layer());
    let outside = one("/reversed/customers", auth.require_login())
        .merge(one("/reversed/staff", staff.require_login()))
        .merge(Router::new().route("/reversed/who", any(optional)))
        .layer(auth.layer())
        .layer(staff.layer());
    let missing = one("/forgotten/page", forgotten.require_login())
        .merge(one("/forgotten/fresh", forgotten.require_fresh_login(FRESH)))
        .merge(one("/forgotten/writing", forgotten.require_scope(WRITE)));
    staff_only.merge(inside).merge(outside).merge(missing)
}

/// Another service, which only verifies.
fn orders(verifier: &Verifier) -> Router<World> {
    let one = |path, body: &'static str, guard: GuardLayer| {
        Router::new().route(path, any(async move || body)).route_layer(guard)
    };
    let elsewhere = Router::new()
        .route("/user", any(async |CurrentUser(user): CurrentUser<User>| user.name))
        .route("/context", any(async |_: AuthContext| "never"));
    Router::new()
        .route("/me", any(me))
        .route("/optional", any(optional))
        .route("/claims", any(async |Claims(claims): Claims<Roles>| claims.roles.join(" ")))
        .route("/follows", any(follows_order))
        .route("/ws-follows", any(ws_follows_order))
        .merge(elsewhere.route_layer(verifier.require_login()))
        .merge(one("/writing", "written", verifier.require_scope(WRITE)))
        .merge(one("/fresh", "fresh", verifier.require_fresh_login(FRESH)))
        .merge(one("/code", "code", verifier.require_proofs(CODE)))
        .merge(one("/page", "page", verifier.require_login().redirect_to("/login")))
        .layer(verifier.layer())
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

async fn pay(State(world): State<World>, who: Identity) -> Result<&'static str, AuthError> {
    world.auth.check_proofs(&who, &CODE)?;
    Ok("paid")
}

async fn meets(State(world): State<World>, who: Identity) -> String {
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

async fn streams(_: Identity) -> impl IntoResponse {
    let parts = ["one ", "two ", "three"].map(|part| Ok::<_, std::convert::Infallible>(Bytes::from(part)));
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], Body::from_stream(stream::iter(parts)))
}

async fn follows(State(world): State<World>, who: Identity) -> impl IntoResponse {
    open_until(world.auth.ended(&who))
}

async fn follows_order(State(world): State<World>, who: Identity) -> impl IntoResponse {
    open_until(world.verifier.ended(&who))
}

fn open_until(ended: Ended) -> impl IntoResponse {
    let open = stream::once(async { Ok::<_, std::convert::Infallible>(Bytes::from("open")) });
    let body = Body::from_stream(open.chain(stream::pending()).until_ended(ended));
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body)
}

async fn ws_follows(State(world): State<World>, who: Identity, ws: WebSocketUpgrade) -> Response {
    ws_until(world.auth.ended(&who), ws)
}

async fn ws_follows_order(State(world): State<World>, who: Identity, ws: WebSocketUpgrade) -> Response {
    ws_until(world.verifier.ended(&who), ws)
}

fn ws_until(ended: Ended, ws: WebSocketUpgrade) -> Response {
    ws.on_upgrade(move |mut socket| async move {
        let _ = socket.send(Message::text("open")).await;
        let reason = Problem::from(ended.await).code().into();
        let _ = socket.send(Message::Close(Some(CloseFrame { code: close_code::POLICY, reason }))).await;
    })
}

async fn holds(State(world): State<World>, who: Identity) -> String {
    world.gate.pass().await;
    said(&who)
}

async fn sets_cookies(_: Identity) -> impl IntoResponse {
    let cookies = [(header::SET_COOKIE, "theme=dark"), (header::SET_COOKIE, "size=big")];
    let caching = [(header::CACHE_CONTROL, "private"), (header::VARY, "Accept")];
    (AppendHeaders(cookies), AppendHeaders(caching), "done")
}

async fn writes_access(_: Identity) -> impl IntoResponse {
    (AppendHeaders([(header::SET_COOKIE, "__Host-access_token=mine; Path=/; Secure")]), "done")
}

async fn log_in_as_bob(
    State(world): State<World>,
    auth: AuthContext,
) -> Result<impl IntoResponse, AuthError> {
    Ok(auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?.with("bob"))
}

async fn callback_as_bob(
    State(world): State<World>,
    auth: AuthContext,
) -> Result<impl IntoResponse, AuthError> {
    let options = LoginOptions::new().state_checked();
    Ok(auth.login(&world.users.by_name("bob"), options).await?.with("bob"))
}

async fn refreshed_log_in_as_bob(
    state: State<World>,
    _: Identity,
    auth: AuthContext,
) -> Result<impl IntoResponse, AuthError> {
    log_in_as_bob(state, auth).await
}

async fn bare_log_in_as_bob(State(world): State<World>, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    Ok(auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?)
}

async fn log_in_here_as_bob(State(world): State<World>, auth: AuthContext) -> Result<String, AuthError> {
    let who = auth.login_here(&world.users.by_name("bob"), LoginOptions::new()).await?;
    Ok(who.subject().to_string())
}

async fn drops_login(State(world): State<World>, auth: AuthContext) -> Result<(), AuthError> {
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
    State(world): State<World>,
    auth: AuthContext,
    form: String,
) -> Result<impl IntoResponse, AuthError> {
    let pending = auth.pending("second-factor").ok_or(LoginError::PendingEnded)?;
    let proven = auth.prove(&pending, Method::OTP, async { steps::check_code(&world, &form) }).await?;
    let next = steps::next_of(&proven);
    Ok(auth.login_proven(proven, LoginOptions::new()).await?.with(Redirect::to(&next)))
}

async fn second_step_tokens(
    State(world): State<World>,
    auth: AuthContext,
    form: String,
) -> Result<LoggedIn, AuthError> {
    let text = steps::field(&form, "pending");
    let pending = auth.open_pending("second-factor", &text).ok_or(LoginError::PendingEnded)?;
    let proven = auth.prove(&pending, Method::OTP, async { steps::check_code(&world, &form) }).await?;
    Ok(auth.login_proven(proven, LoginOptions::new()).await?)
}

async fn begin(auth: AuthContext, form: String) -> Result<Redirect, AuthError> {
    let (pending, _) = auth.begin(steps::journey(&form))?;
    Ok(Redirect::to(&format!("/authorize?state={}", pending.id)))
}

async fn callback(
    State(world): State<World>,
    auth: AuthContext,
    uri: Uri,
) -> Result<impl IntoResponse, AuthError> {
    let state = steps::field(uri.query().unwrap_or_default(), "state");
    let pending = auth.pending_with_id("oauth:test", &state).ok_or(LoginError::PendingEnded)?;
    let proven = auth.prove(&pending, Method::FED, async { steps::check_state(&world) }).await?;
    let next = steps::next_of(&proven);
    Ok(auth.login_proven(proven, LoginOptions::new()).await?.with(Redirect::to(&next)))
}

/// In one request, or in the second one of two.
async fn step_up(
    State(world): State<World>,
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
    State(world): State<World>,
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

async fn act(State(world): State<World>, who: Identity, auth: AuthContext) -> Result<LoggedIn, AuthError> {
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
async fn own_login(auth: AuthContext, form: String) -> Response {
    let (name, password) = (steps::field(&form, "username"), steps::field(&form, "password"));
    match auth.login_with_password(&name, &password, LoginOptions::new()).await {
        Ok(login) => login.with("welcome").into_response(),
        Err(error) => (StatusCode::UNAUTHORIZED, error.to_string()).into_response(),
    }
}

async fn fail_late(request: Request, next: Next) -> Response {
    drop(next.run(request).await);
    AuthError(Problem::ServerError).into_response()
}
