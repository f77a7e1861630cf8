//! Every proof that cookiejwt knows, on actix-web. Run it with `cargo run -p example-proofs-actix`.

mod account;
mod admin;
mod links;
mod login;
mod passkeys;
mod view;

use actix_web::{
    HttpResponse, HttpServer,
    web::{self, Data, get, post},
};
use cookiejwt_actix::prelude::*;
use example_proofs::{ASSETS, App, RECENT_LOGIN, RECENT_PROOF, Settings, View, Visitor, overdue, stopped};

use crate::view::Page;

#[actix_web::main]
async fn main() -> std::process::ExitCode {
    example_proofs::report(run()).await
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_env()?;
    // Once, for all workers.
    let app = App::start(&settings).await?;
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(Data::new(app.clone()))
            .route("/", get().to(home))
            .configure(logins)
            .configure(mailed_links)
            .configure(|config| account(config, &app.auth))
            .configure(app.auth.routes())
            .configure(assets)
            .wrap(app.auth.middleware())
    });
    let address = (settings.shared.host.as_str(), settings.shared.port);
    let server = server.bind(address).map_err(|error| settings.shared.not_listening(error))?;
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

fn logins(config: &mut web::ServiceConfig) {
    config
        .route("/login", get().to(login::form))
        .route("/login", post().to(login::log_in))
        .route("/login/code", get().to(login::code))
        .route("/login/code", post().to(login::second_step))
        .route("/logout", post().to(login::log_out))
        .route("/provider", get().to(login::provider))
        .route("/provider/callback", get().to(login::callback))
        .route("/passkeys/{purpose}/answer", post().to(passkeys::answer));
}

fn mailed_links(config: &mut web::ServiceConfig) {
    config
        .route("/mail-me", get().to(links::mail_me))
        .route("/mail-me", post().to(links::send_login))
        .route("/login/link", get().to(links::open_login))
        .route("/login/link", post().to(links::log_in))
        .route("/forgot", get().to(links::forgot))
        .route("/forgot", post().to(links::send_reset))
        .route("/reset", get().to(links::open_reset))
        .route("/reset", post().to(links::set_password));
}

fn account(config: &mut web::ServiceConfig, auth: &Authenticator) {
    let logged_in = |path| web::resource(path).wrap(auth.require_login().redirect_to("/login"));
    // To add a proof, a user has to prove again who they are: an unlocked screen is not enough.
    let proved = |path, requirement| {
        web::resource(path)
            .wrap(auth.require_proofs(requirement).redirect_to("/confirm"))
            .wrap(auth.require_login().redirect_to("/login"))
    };
    let administrators = |path| {
        web::resource(path).wrap(auth.require_role("admin")).wrap(auth.require_login().redirect_to("/login"))
    };
    config
        .service(administrators("/admin").route(get().to(admin::users)))
        .service(administrators("/admin/act").route(post().to(admin::act)))
        .route("/stop-acting", post().to(admin::stop))
        .service(logged_in("/account").route(get().to(account::show)))
        .service(logged_in("/account/others").route(post().to(account::end_others)))
        .service(
            logged_in("/account/password")
                .route(get().to(account::new_password))
                .route(post().to(account::change_password)),
        )
        .service(logged_in("/confirm").route(get().to(account::confirm)))
        .service(logged_in("/confirm/code").route(post().to(account::confirm_code)))
        .service(logged_in("/confirm/password").route(post().to(account::confirm_password)))
        .service(
            proved("/account/code", RECENT_LOGIN)
                .route(get().to(account::new_code))
                .route(post().to(account::set_code)),
        )
        .service(proved("/passkeys/new-passkey", RECENT_LOGIN).route(post().to(passkeys::registration)))
        .service(proved("/new-passkey", RECENT_LOGIN).route(post().to(passkeys::keep)))
        .service(
            proved("/transfer", RECENT_PROOF)
                .route(get().to(account::transfer))
                .route(post().to(account::transferred)),
        )
        .route("/passkeys/{purpose}", post().to(passkeys::challenge));
}

async fn home(MaybeIdentity(who): MaybeIdentity) -> Page {
    View::home(who.map(|who| Visitor::of(&who)).as_ref()).into()
}

fn assets(config: &mut web::ServiceConfig) {
    for (path, kind, content) in ASSETS {
        config.route(
            path,
            get().to(move || async move { HttpResponse::Ok().content_type(kind).body(content) }),
        );
    }
}
