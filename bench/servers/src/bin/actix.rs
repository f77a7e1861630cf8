//! `actix plain|cookiejwt|by-hand|actix-identity PORT`

use actix_identity::{Identity as PeerIdentity, IdentityMiddleware};
use actix_session::{SessionMiddleware, storage::CookieSessionStore};
use actix_web::{
    App, Error, HttpMessage as _, HttpRequest, HttpResponse, HttpServer,
    cookie::{Cookie, Key},
    error::{ErrorInternalServerError, ErrorUnauthorized},
    web::{self, ServiceConfig},
};
use cookiejwt_actix::{ActixAuth as _, Identity};
use servers::{ByHand, Failure, USER, allocations, arguments, authenticator, like_an_application};

#[actix_web::main]
async fn main() -> Result<(), Failure> {
    let (variant, port) = arguments()?;
    like_an_application().await;
    let address = ("127.0.0.1", port);
    match variant.as_str() {
        "plain" => {
            let app = || App::new().route("/me", web::get().to(plain)).configure(counts);
            HttpServer::new(app).workers(1).bind(address)?.run().await?;
        }
        "cookiejwt" => {
            let auth = authenticator().await?;
            let app = move || {
                let app = App::new().route("/me", web::get().to(cookiejwt)).configure(counts);
                app.configure(auth.routes()).wrap(auth.middleware())
            };
            HttpServer::new(app).workers(1).bind(address)?.run().await?;
        }
        "by-hand" => {
            let checks = web::Data::new(ByHand::new());
            let app = move || {
                let app = App::new().app_data(checks.clone()).configure(counts);
                app.route("/me", web::get().to(by_hand)).route("/login", web::post().to(by_hand_login))
            };
            HttpServer::new(app).workers(1).bind(address)?.run().await?;
        }
        "actix-identity" => {
            let app = || {
                let sessions = SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[7; 64]));
                let app =
                    App::new().route("/me", web::get().to(peer)).route("/login", web::post().to(peer_login));
                app.configure(counts)
                    .wrap(IdentityMiddleware::default())
                    .wrap(sessions.cookie_secure(false).build())
            };
            HttpServer::new(app).workers(1).bind(address)?.run().await?;
        }
        other => return Err(format!("{other} is no variant").into()),
    }
    Ok(())
}

fn counts(config: &mut ServiceConfig) {
    config.route("/allocations", web::get().to(async || allocations()));
}

async fn plain() -> String {
    USER.to_owned()
}

async fn cookiejwt(who: Identity) -> String {
    who.subject().as_str().to_owned()
}

async fn by_hand(request: HttpRequest, checks: web::Data<ByHand>) -> Result<String, Error> {
    let token = request.cookie(ByHand::COOKIE).ok_or_else(|| ErrorUnauthorized(""))?;
    checks.check(token.value()).ok_or_else(|| ErrorUnauthorized(""))
}

async fn by_hand_login(checks: web::Data<ByHand>) -> Result<HttpResponse, Error> {
    let token = checks.token().map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().cookie(Cookie::new(ByHand::COOKIE, token)).finish())
}

async fn peer(who: PeerIdentity) -> Result<String, Error> {
    Ok(who.id()?)
}

async fn peer_login(request: HttpRequest) -> Result<HttpResponse, Error> {
    PeerIdentity::login(&request.extensions(), USER.to_owned())?;
    Ok(HttpResponse::Ok().finish())
}
