//! `axum plain|cookiejwt|cookiejwt-around|by-hand|axum-login|hashes PORT`

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{FromRef, FromRequestParts, State},
    http::{StatusCode, request::Parts},
    routing::{get, post},
};
use axum_extra::extract::{CookieJar, cookie::Cookie};
use axum_login::{AuthManagerLayerBuilder, AuthUser, AuthnBackend};
use cookiejwt_axum::{AxumAuth as _, Identity};
use servers::{
    ByHand, Failure, USER, allocations, arguments, authenticator, hashes_per_second, like_an_application,
};
use tokio::net::TcpListener;
use tower_sessions::{MemoryStore, SessionManagerLayer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (variant, port) = arguments()?;
    like_an_application().await;
    let app = match variant.as_str() {
        "hashes" => {
            println!("{}", hashes_per_second()?);
            return Ok(());
        }
        "plain" => Router::new().route("/me", get(plain)),
        "cookiejwt" => {
            let auth = authenticator().await?;
            Router::new().route("/me", get(cookiejwt)).merge(auth.routes()).layer(auth.layer())
        }
        "cookiejwt-around" => {
            let auth = authenticator().await?;
            let routes = Router::new().route("/me", get(cookiejwt)).merge(auth.routes());
            return Ok(axum::serve(listener(port).await?, auth.serve(with_allocations(routes))).await?);
        }
        "by-hand" => {
            let routes = Router::new().route("/me", get(by_hand)).route("/login", post(by_hand_login));
            routes.with_state(Checks(Arc::new(ByHand::new())))
        }
        "axum-login" => {
            let sessions = SessionManagerLayer::new(MemoryStore::default()).with_secure(false);
            let routes = Router::new().route("/me", get(peer)).route("/login", post(peer_login));
            routes.layer(AuthManagerLayerBuilder::new(Users, sessions).build())
        }
        other => return Err(format!("{other} is no variant").into()),
    };
    let service = with_allocations(app).into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener(port).await?, service).await?)
}

/// Created last: `measure.py` takes an open port as the sign that the server is ready.
async fn listener(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).await
}

fn with_allocations(routes: Router) -> Router {
    routes.route("/allocations", get(async || allocations()))
}

async fn plain() -> String {
    USER.to_owned()
}

async fn cookiejwt(who: Identity) -> String {
    who.subject().as_str().to_owned()
}

#[derive(Clone)]
struct Checks(Arc<ByHand>);

struct Subject(String);

impl<S: Send + Sync> FromRequestParts<S> for Subject
where
    Checks: FromRef<S>,
{
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, StatusCode> {
        let jar = CookieJar::from_headers(&parts.headers);
        let token = jar.get(ByHand::COOKIE).ok_or(StatusCode::UNAUTHORIZED)?;
        Checks::from_ref(state).0.check(token.value()).map(Self).ok_or(StatusCode::UNAUTHORIZED)
    }
}

async fn by_hand(Subject(subject): Subject) -> String {
    subject
}

async fn by_hand_login(State(checks): State<Checks>, jar: CookieJar) -> Result<CookieJar, StatusCode> {
    let token = checks.0.token().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(jar.add(Cookie::new(ByHand::COOKIE, token)))
}

type AuthSession = axum_login::AuthSession<Users>;

async fn peer(auth: AuthSession) -> Result<String, StatusCode> {
    auth.user.map(|user| user.0).ok_or(StatusCode::UNAUTHORIZED)
}

async fn peer_login(mut auth: AuthSession) -> Result<(), StatusCode> {
    auth.login(&User(USER.to_owned())).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

#[derive(Clone, Debug)]
struct User(String);

impl AuthUser for User {
    type Id = String;

    fn id(&self) -> String {
        self.0.clone()
    }

    fn session_auth_hash(&self) -> &[u8] {
        b"hash"
    }
}

/// Users in memory, which flatters it: an application reads its table here, for each request.
#[derive(Clone, Debug)]
struct Users;

impl AuthnBackend for Users {
    type User = User;
    type Credentials = ();
    type Error = Infallible;

    async fn authenticate(&self, (): ()) -> Result<Option<User>, Infallible> {
        Ok(None)
    }

    async fn get_user(&self, id: &String) -> Result<Option<User>, Infallible> {
        Ok(Some(User(id.clone())))
    }
}
