//! The session of tower-sessions follows the login.

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use cookiejwt_axum::{SESSION_USER_KEY, prelude::*};
use scenarios::{
    World,
    run::Running,
    session_cookie::{Sessions, check, check_missing},
};
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

const SESSIONS: Sessions = Sessions { cookie: "id", are_stored: true };

#[tokio::test]
async fn it_follows() {
    let sessions = SessionManagerLayer::new(MemoryStore::default()).with_secure(false);
    check(start(|app, auth| app.layer(auth.layer()).layer(sessions)).await, SESSIONS).await;
}

#[tokio::test]
async fn it_follows_inside_our_layer_too() {
    let sessions = SessionManagerLayer::new(MemoryStore::default()).with_secure(false);
    check(start(|app, auth| app.layer(sessions).layer(auth.layer())).await, SESSIONS).await;
}

#[tokio::test]
async fn nobody_logs_in_without_it() {
    check_missing(start(|app, auth| app.layer(auth.layer())).await).await;
}

async fn start(layered: impl FnOnce(Router<World>, &Authenticator) -> Router<World>) -> Running {
    let world = World::with(|config| config.set_session_cookie(true).token_mode(true));
    let auth = world.auth.clone();
    let app = Router::new()
        .route("/seen", get(seen))
        .route("/put", post(async |session: Session| session.insert("cart", "apples").await.unwrap()))
        .route("/login-as-bob", post(log_in_as_bob))
        .route("/logout-own", post(async |auth: AuthContext| auth.logout().await))
        .route("/logout-everywhere", post(log_out_everywhere))
        .merge(auth.routes());
    let app = layered(app, &auth).with_state(world);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    Running { address, stop: Box::new(move || Box::pin(async move { server.abort() })) }
}

async fn seen(session: Session) -> String {
    let text = async |key| session.get::<String>(key).await.unwrap();
    let user = text(SESSION_USER_KEY).await.unwrap_or_else(|| "nobody".into());
    format!("{user} {}", text("cart").await.unwrap_or_else(|| "nothing".into()))
}

async fn log_in_as_bob(State(world): State<World>, auth: AuthContext) -> Result<LoggedIn, AuthError> {
    Ok(auth.login(&world.users.by_name("bob"), LoginOptions::new()).await?)
}

async fn log_out_everywhere(who: Identity, auth: AuthContext) -> Result<Cookies, AuthError> {
    auth.logout_everywhere(&who).await
}
