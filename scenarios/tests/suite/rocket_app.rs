use std::io::Cursor;

use cookiejwt_rocket::{Ended, LoginError, Problem, Verifier, prelude::*};
use rocket::{
    Request, Responder, Response, State,
    fairing::AdHoc,
    futures::{SinkExt as _, Stream, StreamExt as _, stream},
    get,
    http::{ContentType, Header, Status},
    options, post,
    request::{FromRequest, Outcome},
    response::{Redirect, status::Unauthorized, stream::TextStream},
    routes,
};
use rocket_ws::frame::{CloseCode, CloseFrame};
use scenarios::{
    CODE, FRESH, Roles, User, WRITE, World, background, listed, problem_page, run::Running, said, said_of,
    steps, writes,
};
use tokio::sync::oneshot;

pub(crate) async fn start(world: World) -> Running {
    let (sender, bound) = oneshot::channel();
    let sender = std::sync::Mutex::new(Some(sender));
    let liftoff = AdHoc::on_liftoff("port", move |rocket| {
        Box::pin(async move {
            let sender = sender.lock().expect("no panic while held").take();
            sender.map(|sender| sender.send(rocket.config().port));
        })
    });
    let rocket = application(world).attach(liftoff).ignite().await.expect("a valid application");
    let shutdown = rocket.shutdown();
    let server = tokio::spawn(rocket.launch());
    let address = ([127, 0, 0, 1], bound.await.expect("a port")).into();
    let stop = async move {
        shutdown.notify();
        server.abort();
    };
    Running { address, stop: Box::new(move || Box::pin(stop)) }
}

fn figment() -> rocket::figment::Figment {
    rocket::Config::figment()
        .merge(("address", "127.0.0.1"))
        .merge(("port", 0))
        .merge(("log_level", "off"))
        .merge(("shutdown.ctrlc", false))
        .merge(("shutdown.grace", 0))
        .merge(("shutdown.mercy", 0))
}

fn application(world: World) -> rocket::Rocket<rocket::Build> {
    let World { auth, staff, forgotten, verifier, .. } = world.clone();
    let rocket = orders(rocket::custom(figment()), &verifier);
    rocket
        .manage(world)
        .attach(verifier.fairing())
        .attach(staff.fairing())
        .attach(auth.fairing().on_problem(|problem, head| Some(page_of(problem_page(problem, head)?))))
        .mount("/", auth.routes())
        .mount("/", staff.require_login(staff.routes()))
        .mount("/staff", staff.require_login(routes![page]))
        .mount("/staff", staff.require_fresh_login(FRESH, routes![fresh_page]))
        .mount("/staff", staff.require_scope(WRITE, routes![writing]))
        .mount("/both", auth.require_login(routes![customers]))
        .mount("/both", staff.require_login(routes![staff_page]))
        .mount("/reversed", auth.require_login(routes![customers]))
        .mount("/reversed", staff.require_login(routes![staff_page]))
        .mount("/reversed", routes![who])
        .mount("/forgotten", forgotten.require_login(routes![page]))
        .mount("/forgotten", forgotten.require_fresh_login(FRESH, routes![fresh_page]))
        .mount("/forgotten", forgotten.require_scope(WRITE, routes![writing]))
        .mount("/", auth.require_login(routes![private]))
        .mount("/", routes![me, post_me, options_me, optional, post_optional, user, wrong_user, claims])
        .mount("/", routes![wrong_claims, open, missing, fails, fails_late, panics, redirects, streams])
        .mount("/", routes![panics_uncaught])
        .mount("/", routes![follows, ws_follows, holds, upgrades, sets_cookies, writes_access, log_in_as_bob])
        .mount("/", routes![refreshed_log_in_as_bob, log_out, log_out_everywhere])
        .mount("/", routes![own_sessions, own_end, own_end_others, own_fresh, own_password])
        .mount("/", routes![bare_log_in_as_bob, refreshed_bare_log_in_as_bob])
        .mount("/", routes![log_in_here_as_bob, drops_login])
        .mount("/", routes![get_log_in_as_bob, callback_as_bob, post_callback_as_bob])
        .mount("/", routes![get_own_fresh, get_own_password])
        .mount("/", routes![fresh, write, admin, optional_writing, ranked, ranked_for_others])
        .mount("/", routes![role, pay, meets])
        .mount("/", routes![second_step, second_step_tokens, begin, callback, post_callback])
        .mount("/", routes![step_up, begin_step_up, switch, own_login, proofs, act, stop_acting])
        .mount("/", auth.require_proofs(CODE, routes![code, post_code]))
        .mount("/", auth.require_role("admin", routes![admins]))
        .mount("/", auth.require_fresh_login(FRESH, routes![fresh_guarded]))
        .mount("/", auth.require_scope("notes:write", routes![writing, post_writing]))
        .mount("/", auth.require_fresh_login(FRESH, auth.require_scope(WRITE, routes![both])))
        .mount("/", auth.require_login(routes![unstored]).no_store())
        .mount("/", routes![own_unstored])
        .mount("/pages", auth.require_login(routes![notes, post_notes]).redirect_to("/login"))
        .mount("/pages", auth.require_fresh_login(FRESH, routes![keys]).redirect_to("/login"))
        .mount("/pages", auth.require_proofs(CODE, routes![code_page]).redirect_to("/login"))
        .mount("/pages", auth.require_scope(WRITE, routes![writing]).redirect_to("/login"))
        .mount("/skipped", routes![me, optional])
        .mount("/skippedmore", routes![optional])
        .register("/", auth.catchers())
}

/// Another service, which only verifies.
fn orders(rocket: rocket::Rocket<rocket::Build>, verifier: &Verifier) -> rocket::Rocket<rocket::Build> {
    rocket
        .mount("/orders", verifier.require_login(routes![me, post_me, claims, user, context]))
        .mount("/orders", verifier.require_login(routes![follows_order, ws_follows_order]))
        .mount("/orders", verifier.require_scope(WRITE, routes![writing]))
        .mount("/orders", verifier.require_fresh_login(FRESH, routes![fresh_order]))
        .mount("/orders", verifier.require_proofs(CODE, routes![code]))
        .mount("/orders", verifier.require_login(routes![page]).redirect_to("/login"))
}

/// Its own caching does not count.
fn page_of(page: String) -> Response<'static> {
    let mut response = Response::build();
    response.header(ContentType::HTML).raw_header("cache-control", "public, max-age=60");
    response.sized_body(page.len(), Cursor::new(page)).finalize()
}

#[derive(Responder)]
struct Unstored(&'static str, Header<'static>);

#[get("/unstored")]
fn unstored() -> Unstored {
    Unstored("not stored", Header::new("cache-control", "private, max-age=60"))
}

#[get("/own-unstored")]
fn own_unstored(auth: AuthContext) -> Unstored {
    auth.no_store();
    unstored()
}

#[get("/me")]
fn me(who: Identity) -> String {
    said(&who)
}

#[post("/me")]
fn post_me(who: Identity) -> String {
    said(&who)
}

#[get("/context")]
fn context(_auth: AuthContext) -> &'static str {
    "never"
}

#[get("/fresh")]
fn fresh_order() -> &'static str {
    "fresh"
}

#[options("/me")]
fn options_me(who: Identity) -> String {
    said(&who)
}

#[get("/optional")]
fn optional(who: MaybeIdentity) -> String {
    said_of(who.0.as_deref())
}

#[post("/optional")]
fn post_optional(who: MaybeIdentity) -> String {
    said_of(who.0.as_deref())
}

#[get("/user")]
fn user(user: CurrentUser<User>) -> &'static str {
    user.0.name
}

#[get("/wrong-user")]
fn wrong_user(_user: CurrentUser<String>) -> &'static str {
    "never"
}

#[get("/claims")]
fn claims(claims: Claims<Roles>) -> String {
    claims.0.roles.join(" ")
}

#[get("/wrong-claims")]
fn wrong_claims(_claims: Claims<u8>) -> &'static str {
    "never"
}

#[get("/open")]
fn open() -> &'static str {
    "open"
}

#[get("/private")]
fn private() -> &'static str {
    "private"
}

#[get("/missing")]
fn missing(_who: Identity) -> AuthError {
    AuthError(Problem::NotFound)
}

#[get("/fails")]
fn fails(_who: Identity) -> AuthError {
    AuthError(Problem::ServerError)
}

/// A guard that fails after the identity was extracted.
struct Failing;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Failing {
    type Error = ();

    async fn from_request(_: &'r Request<'_>) -> Outcome<Self, ()> {
        Outcome::Error((Status::InternalServerError, ()))
    }
}

#[get("/fails-late")]
fn fails_late(_who: Identity, _failing: Failing) -> &'static str {
    "never"
}

#[get("/panics")]
fn panics(_who: Identity) -> &'static str {
    panic!("as the scenario asks")
}

#[get("/panics-uncaught")]
fn panics_uncaught(_who: Identity) -> &'static str {
    panic!("as the scenario asks")
}

#[get("/redirects")]
fn redirects(_who: Identity) -> Redirect {
    Redirect::to("/elsewhere")
}

#[get("/streams")]
fn streams(_who: Identity) -> TextStream![&'static str] {
    TextStream! {
        yield "one ";
        yield "two ";
        yield "three";
    }
}

#[get("/follows")]
fn follows(world: &State<World>, who: Identity) -> TextStream<impl Stream<Item = &'static str> + use<>> {
    open_until(world.auth.ended(&who))
}

#[get("/follows")]
fn follows_order(
    world: &State<World>,
    who: Identity,
) -> TextStream<impl Stream<Item = &'static str> + use<>> {
    open_until(world.verifier.ended(&who))
}

fn open_until(ended: Ended) -> TextStream<impl Stream<Item = &'static str> + use<>> {
    let open = stream::once(async { "open" }).chain(stream::pending());
    TextStream::from(open.until_ended(ended))
}

#[get("/ws-follows")]
fn ws_follows(world: &State<World>, who: Identity, ws: rocket_ws::WebSocket) -> rocket_ws::Channel<'static> {
    ws_until(world.auth.ended(&who), ws)
}

#[get("/ws-follows")]
fn ws_follows_order(
    world: &State<World>,
    who: Identity,
    ws: rocket_ws::WebSocket,
) -> rocket_ws::Channel<'static> {
    ws_until(world.verifier.ended(&who), ws)
}

fn ws_until(ended: Ended, ws: rocket_ws::WebSocket) -> rocket_ws::Channel<'static> {
    ws.channel(move |mut socket| {
        Box::pin(async move {
            socket.send(rocket_ws::Message::text("open")).await?;
            let reason = Problem::from(ended.await).code().into();
            socket.close(Some(CloseFrame { code: CloseCode::Policy, reason })).await
        })
    })
}

#[get("/holds")]
async fn holds(world: &State<World>, who: Identity) -> String {
    world.gate.pass().await;
    said(&who)
}

#[get("/ws")]
fn upgrades(_who: Identity, ws: rocket_ws::WebSocket) -> rocket_ws::Channel<'static> {
    ws.channel(|_| Box::pin(async { Ok(()) }))
}

#[get("/sets-cookies")]
fn sets_cookies(_who: Identity) -> SetsCookies {
    SetsCookies
}

struct SetsCookies;

impl<'r> rocket::response::Responder<'r, 'static> for SetsCookies {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'static> {
        let mut response = "done".respond_to(request)?;
        for (name, value) in [
            ("Set-Cookie", "theme=dark"),
            ("Set-Cookie", "size=big"),
            ("Cache-Control", "private"),
            ("Vary", "Accept"),
        ] {
            response.adjoin_raw_header(name, value);
        }
        Ok(response)
    }
}

#[get("/writes-access")]
fn writes_access(_who: Identity) -> WritesAccess {
    WritesAccess("done", Header::new("Set-Cookie", "__Host-access_token=mine; Path=/; Secure"))
}

#[derive(Responder)]
struct WritesAccess(&'static str, Header<'static>);

#[post("/login-as-bob")]
async fn log_in_as_bob(
    world: &State<World>,
    auth: AuthContext,
) -> Result<WithCookies<&'static str>, AuthError> {
    Ok(auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?.with("bob"))
}

#[get("/login-as-bob")]
async fn get_log_in_as_bob(
    world: &State<World>,
    auth: AuthContext,
) -> Result<WithCookies<&'static str>, AuthError> {
    log_in_as_bob(world, auth).await
}

#[get("/callback-as-bob")]
async fn callback_as_bob(
    world: &State<World>,
    auth: AuthContext,
) -> Result<WithCookies<&'static str>, AuthError> {
    let options = LoginOptions::new().state_checked();
    Ok(auth.login(&world.users.by_name("bob"), options).await?.with("bob"))
}

#[post("/callback-as-bob")]
async fn post_callback_as_bob(
    world: &State<World>,
    auth: AuthContext,
) -> Result<WithCookies<&'static str>, AuthError> {
    callback_as_bob(world, auth).await
}

#[post("/refreshed-login-as-bob")]
async fn refreshed_log_in_as_bob(
    world: &State<World>,
    _who: Identity,
    auth: AuthContext,
) -> Result<WithCookies<&'static str>, AuthError> {
    Ok(auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?.with("bob"))
}

#[post("/bare-login-as-bob")]
async fn bare_log_in_as_bob(world: &State<World>, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    Ok(auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?)
}

#[post("/refreshed-bare-login-as-bob")]
async fn refreshed_bare_log_in_as_bob(
    world: &State<World>,
    _who: Identity,
    auth: AuthContext,
) -> Result<LoggedIn, AuthError> {
    Ok(auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?)
}

#[post("/login-here-as-bob")]
async fn log_in_here_as_bob(world: &State<World>, auth: AuthContext) -> Result<String, AuthError> {
    let who = auth.login_here(&world.users.by_name("bob"), LoginOptions::new()).await?;
    Ok(who.subject().to_string())
}

#[post("/drops-login")]
async fn drops_login(world: &State<World>, auth: AuthContext) -> Result<String, AuthError> {
    drop(auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?);
    background().await;
    Err(AuthError(Problem::NotFound))
}

#[post("/logout-own")]
async fn log_out(auth: AuthContext) -> Result<Cookies, AuthError> {
    auth.logout().await
}

#[post("/logout-everywhere")]
async fn log_out_everywhere(who: Identity, auth: AuthContext) -> Result<Cookies, AuthError> {
    auth.logout_everywhere(&who).await
}

#[get("/own-sessions")]
async fn own_sessions(who: Identity, auth: AuthContext) -> Result<String, AuthError> {
    Ok(listed(&auth.sessions(&who).await?))
}

#[post("/own-end")]
async fn own_end(who: Identity, auth: AuthContext) -> Result<Cookies, AuthError> {
    auth.end_session(&who, who.session_id()).await
}

#[post("/own-end-others")]
async fn own_end_others(who: Identity, auth: AuthContext) -> Result<String, AuthError> {
    Ok(auth.end_other_sessions(&who).await?.to_string())
}

#[post("/own-fresh")]
async fn own_fresh(who: Identity, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    Ok(auth.fresh_login(&who, "alice-pw").await?)
}

#[post("/own-password")]
async fn own_password(who: Identity, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    Ok(auth.change_password(&who, "alice-pw", "another password").await?)
}

#[post("/second-step", data = "<form>")]
async fn second_step(
    world: &State<World>,
    auth: AuthContext,
    form: String,
) -> Result<WithCookies<Redirect>, AuthError> {
    let pending = auth.pending("second-factor").ok_or(LoginError::PendingEnded)?;
    let proven = auth.prove(&pending, Method::OTP, async { steps::check_code(world, &form) }).await?;
    let next = steps::next_of(&proven);
    Ok(auth.login_proven(proven, LoginOptions::new()).await?.with(Redirect::to(next)))
}

#[post("/second-step-tokens", data = "<form>")]
async fn second_step_tokens(
    world: &State<World>,
    auth: AuthContext,
    form: String,
) -> Result<LoggedIn, AuthError> {
    let text = steps::field(&form, "pending");
    let pending = auth.open_pending("second-factor", &text).ok_or(LoginError::PendingEnded)?;
    let proven = auth.prove(&pending, Method::OTP, async { steps::check_code(world, &form) }).await?;
    Ok(auth.login_proven(proven, LoginOptions::new()).await?)
}

#[post("/begin", data = "<form>")]
fn begin(auth: AuthContext, form: String) -> Result<Redirect, AuthError> {
    let (pending, _) = auth.begin(steps::journey(&form))?;
    Ok(Redirect::to(format!("/authorize?state={}", pending.id)))
}

#[get("/callback?<state>")]
async fn callback(
    world: &State<World>,
    auth: AuthContext,
    state: &str,
) -> Result<WithCookies<Redirect>, AuthError> {
    let pending = auth.pending_with_id("oauth:test", state).ok_or(LoginError::PendingEnded)?;
    let proven = auth.prove(&pending, Method::FED, async { steps::check_state(world) }).await?;
    let next = steps::next_of(&proven);
    Ok(auth.login_proven(proven, LoginOptions::new()).await?.with(Redirect::to(next)))
}

/// In one request, or in the second one of two.
#[post("/step-up", data = "<form>")]
async fn step_up(
    world: &State<World>,
    who: Identity,
    auth: AuthContext,
    form: String,
) -> Result<LoggedIn, AuthError> {
    let begin = || Ok::<_, LoginError>(auth.begin(steps::stepping_up(world, &who, &form))?.0);
    let pending = auth.pending("step-up").map_or_else(begin, Ok)?;
    let proven = auth.prove(&pending, Method::OTP, async { steps::check_code(world, &form) }).await?;
    Ok(auth.step_up(&who, proven).await?)
}

#[post("/begin-step-up", data = "<form>")]
fn begin_step_up(
    world: &State<World>,
    who: Identity,
    auth: AuthContext,
    form: String,
) -> Result<&'static str, AuthError> {
    auth.begin(steps::stepping_up(world, &who, &form))?;
    Ok("a code, please")
}

#[post("/switch")]
async fn switch(who: Identity, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    Ok(auth.switch(&who, &steps::umbrella()).await?)
}

#[post("/act-for-alice")]
async fn act(world: &State<World>, who: Identity, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    Ok(auth.login(&world.users.by_name("alice"), LoginOptions::new().acted_by(&who)).await?)
}

/// In token mode with the refresh token of the body.
#[post("/stop-acting", data = "<form>")]
async fn stop_acting(who: Identity, auth: AuthContext, form: String) -> Result<LoggedIn, AuthError> {
    Ok(match steps::field(&form, "refresh").as_str() {
        "" => auth.stop_acting(&who).await?,
        refresh => auth.stop_acting_with(&who, refresh).await?,
    })
}

/// An HTML form whose error is a page of the application.
#[post("/own-login", data = "<form>")]
async fn own_login(
    auth: AuthContext,
    form: String,
) -> Result<WithCookies<&'static str>, Unauthorized<String>> {
    let (name, password) = (steps::field(&form, "username"), steps::field(&form, "password"));
    let login = auth.login_with_password(&name, &password, LoginOptions::new()).await;
    login.map(|login| login.with("welcome")).map_err(|error| Unauthorized(error.to_string()))
}

/// The provider answers by a form.
#[post("/callback?<state>")]
async fn post_callback(
    world: &State<World>,
    auth: AuthContext,
    state: &str,
) -> Result<WithCookies<Redirect>, AuthError> {
    callback(world, auth, state).await
}

#[get("/proofs")]
fn proofs(who: Identity) -> String {
    steps::proved(&who)
}

#[get("/own-fresh")]
async fn get_own_fresh(who: Identity, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    own_fresh(who, auth).await
}

#[get("/own-password")]
async fn get_own_password(who: Identity, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    own_password(who, auth).await
}

#[get("/fresh")]
fn fresh(who: FreshLogin<300>) -> String {
    said(&who)
}

#[get("/fresh-guarded")]
fn fresh_guarded() -> &'static str {
    "fresh"
}

#[get("/both")]
fn both() -> &'static str {
    "both"
}

#[get("/notes")]
fn notes() -> &'static str {
    "page"
}

#[post("/notes")]
fn post_notes() -> &'static str {
    "page"
}

#[get("/keys")]
fn keys() -> &'static str {
    "page"
}

#[get("/writing")]
fn writing() -> &'static str {
    "written"
}

#[post("/writing")]
fn post_writing() -> &'static str {
    "written"
}

#[get("/write")]
fn write(who: Identity) -> Result<&'static str, AuthError> {
    who.require_scope(WRITE)?;
    Ok("written")
}

#[get("/admin")]
fn admin(who: Identity) -> Result<&'static str, AuthError> {
    if who.has_role("admin") { Ok("admin") } else { Err(AuthError(Problem::NotFound)) }
}

#[get("/role")]
fn role(who: Identity) -> Result<&'static str, AuthError> {
    who.require_role("admin")?;
    Ok("admin")
}

#[get("/pay")]
fn pay(world: &State<World>, who: Identity) -> Result<&'static str, AuthError> {
    world.auth.check_proofs(&who, &CODE)?;
    Ok("paid")
}

#[get("/meets")]
fn meets(world: &State<World>, who: Identity) -> String {
    who.meets(&CODE, world.auth.now()).to_string()
}

#[get("/code")]
fn code() -> &'static str {
    "code"
}

#[post("/code")]
fn post_code() -> &'static str {
    "code"
}

#[get("/code")]
fn code_page() -> &'static str {
    "page"
}

#[get("/admins")]
fn admins() -> &'static str {
    "admins"
}

#[get("/optional-writing")]
fn optional_writing(who: MaybeIdentity) -> &'static str {
    writes(who.0.as_deref())
}

#[get("/page")]
fn page() -> &'static str {
    "page"
}

#[get("/fresh")]
fn fresh_page() -> &'static str {
    "page"
}

#[get("/customers")]
fn customers() -> &'static str {
    "page"
}

#[get("/staff")]
fn staff_page() -> &'static str {
    "page"
}

#[get("/who")]
fn who(who: MaybeIdentity) -> String {
    said_of(who.0.as_deref())
}

#[get("/ranked")]
fn ranked(who: Identity) -> String {
    said(&who)
}

#[get("/ranked", rank = 2)]
fn ranked_for_others() -> &'static str {
    "nobody"
}
