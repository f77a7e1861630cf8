//! Every proof that cookiejwt knows, on axum. Run it with `cargo run -p example-proofs-axum`.

mod account;
mod admin;
mod links;
mod login;
mod passkeys;
mod view;

use std::net::SocketAddr;

use axum::{
    Router,
    http::header,
    routing::{get, post},
};
use cookiejwt_axum::prelude::*;
use example_proofs::{ASSETS, App, RECENT_LOGIN, RECENT_PROOF, Settings, View, Visitor, overdue, stopped};

use crate::view::Page;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    example_proofs::report(run()).await
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_env()?;
    let app = App::start(&settings).await?;
    let address = (settings.shared.host.as_str(), settings.shared.port);
    let listener =
        tokio::net::TcpListener::bind(address).await.map_err(|error| settings.shared.not_listening(error))?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    let app = application(app).into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        biased;
        () = overdue() => {}
        served = axum::serve(listener, app).with_graceful_shutdown(stopped()) => served?,
    }
    Ok(())
}

fn application(app: App) -> Router {
    let auth = app.auth.clone();
    let logged_in = Router::new()
        .route("/account", get(account::show))
        .route("/account/others", post(account::end_others))
        .route("/account/password", get(account::new_password).post(account::change_password))
        .route("/confirm", get(account::confirm))
        .route("/confirm/code", post(account::confirm_code))
        .route("/confirm/password", post(account::confirm_password))
        .route_layer(auth.require_login().redirect_to("/login"));
    // To add a proof, a user has to prove again who they are: an unlocked screen is not enough.
    let changes = Router::new()
        .route("/account/code", get(account::new_code).post(account::set_code))
        .route("/passkeys/new-passkey", post(passkeys::registration))
        .route("/new-passkey", post(passkeys::keep))
        .route_layer(auth.require_proofs(RECENT_LOGIN).redirect_to("/confirm"))
        .route_layer(auth.require_login().redirect_to("/login"));
    let transfers = Router::new()
        .route("/transfer", get(account::transfer).post(account::transferred))
        .route_layer(auth.require_proofs(RECENT_PROOF).redirect_to("/confirm"))
        .route_layer(auth.require_login().redirect_to("/login"));
    let administration = Router::new()
        .route("/admin", get(admin::users))
        .route("/admin/act", post(admin::act))
        .route_layer(auth.require_role("admin"))
        .route_layer(auth.require_login().redirect_to("/login"));
    Router::new()
        .route("/", get(home))
        .route("/stop-acting", post(admin::stop))
        .merge(login::routes())
        .merge(links::routes())
        .merge(passkeys::routes())
        .merge(logged_in)
        .merge(changes)
        .merge(transfers)
        .merge(administration)
        .merge(auth.routes())
        .merge(assets())
        .layer(auth.layer())
        .with_state(app)
}

async fn home(MaybeIdentity(who): MaybeIdentity) -> Page {
    View::home(who.map(|who| Visitor::of(&who)).as_ref()).into()
}

fn assets() -> Router<App> {
    ASSETS.iter().fold(Router::new(), |router, (path, kind, content)| {
        router.route(path, get(move || async move { ([(header::CONTENT_TYPE, *kind)], *content) }))
    })
}
