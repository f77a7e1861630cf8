//! Every proof that cookiejwt knows, on Rocket. Run it with `cargo run -p example-proofs-rocket`.

#![allow(clippy::needless_pass_by_value, reason = "Rocket passes values to its handlers")]

mod account;
mod admin;
mod links;
mod login;
mod passkeys;
mod view;

use std::{net::SocketAddr, path::PathBuf};

use cookiejwt_rocket::prelude::*;
use example_proofs::{ASSETS, App, RECENT_LOGIN, RECENT_PROOF, Settings, View, Visitor, overdue, stopped};
use rocket::{
    fairing::AdHoc,
    get,
    http::{ContentType, MediaType},
    routes, tokio,
};

use crate::view::Page;

#[rocket::main]
async fn main() -> std::process::ExitCode {
    example_proofs::report(Box::pin(run())).await
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_env()?;
    let figment = rocket::Config::figment()
        .merge(("address", settings.shared.address()?.ip()))
        .merge(("port", settings.shared.port))
        .merge(("log_level", "off")) // the example has its own log
        .merge(("shutdown.ctrlc", false))
        .merge(("shutdown.signals", [""; 0]));
    let app = App::start(&settings).await?;
    let rocket = application(rocket::custom(figment), app).ignite().await?;
    let shutdown = rocket.shutdown();
    tokio::spawn(async move {
        stopped().await;
        shutdown.notify();
    });
    tokio::select! {
        biased;
        () = overdue() => {}
        launched = rocket.launch() => drop(launched.map_err(|error| settings.shared.not_listening(error.kind()))?),
    }
    Ok(())
}

fn application(rocket: rocket::Rocket<rocket::Build>, app: App) -> rocket::Rocket<rocket::Build> {
    let auth = app.auth.clone();
    // To add a proof, a user has to prove again who they are: an unlocked screen is not enough.
    let changes = routes![account::new_code, account::set_code, passkeys::registration, passkeys::keep];
    let changes = auth.require_proofs(RECENT_LOGIN, changes).redirect_to("/confirm");
    let transfers = routes![account::transfer, account::transferred];
    let transfers = auth.require_proofs(RECENT_PROOF, transfers).redirect_to("/confirm");
    let administration = auth.require_role("admin", routes![admin::users, admin::act]);
    rocket
        .manage(app)
        .attach(auth.fairing())
        .attach(AdHoc::on_liftoff("address", |rocket| {
            let config = rocket.config();
            tracing::info!("listening on http://{}", SocketAddr::new(config.address, config.port));
            Box::pin(async {})
        }))
        .mount("/", routes![home, asset, admin::stop])
        .mount("/", login::routes())
        .mount("/", links::routes())
        .mount("/", passkeys::routes())
        .mount("/", auth.require_login(account::routes()).redirect_to("/login"))
        .mount("/", auth.require_login(changes).redirect_to("/login"))
        .mount("/", auth.require_login(transfers).redirect_to("/login"))
        .mount("/", auth.require_login(administration).redirect_to("/login"))
        .mount("/", auth.routes())
        .register("/", auth.catchers())
}

#[get("/")]
fn home(who: MaybeIdentity) -> Page {
    View::home(who.0.map(|who| Visitor::of(&who)).as_ref()).into()
}

#[get("/<path..>", rank = 20)]
fn asset(path: PathBuf) -> Option<(ContentType, &'static str)> {
    let (_, kind, content) =
        ASSETS.iter().find(|(known, ..)| known.trim_start_matches('/') == path.as_os_str())?;
    Some((ContentType(kind.parse::<MediaType>().ok()?), content))
}
