//! An application without a line of script, and one page with htmx, on axum. Run it with
//! `cargo run -p example-plain`.

mod codes;
mod notes;
mod pages;

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::Query,
    http::header,
    response::{Html, IntoResponse as _, Response},
    routing::get,
};
use cookiejwt_axum::{RequestHead, prelude::*};
use example_shared::{Demo, DemoClaims, Settings, overdue, stopped};

use crate::pages::{Failure, LoginQuery};

/// The page loads nothing from other origins and runs no inline script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// How long ago a login may be that sets up a second factor.
const FRESH: Duration = Duration::from_mins(5);

#[tokio::main]
async fn main() -> std::process::ExitCode {
    example_shared::report(run()).await
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::with_database("sqlite://cookiejwt-plain.db?mode=rwc")?;
    // A browser's form is led from page to page; see the guide, "HTML forms".
    let demo = Demo::start_with(&settings, |auth| {
        auth.login_page("/login").second_factor_page("/login/code").after_login("/notes")
    })
    .await?;
    let htmx = std::env::var_os("HTMX").map(std::fs::read).transpose()?;
    let address = (settings.host.as_str(), settings.port);
    let listener =
        tokio::net::TcpListener::bind(address).await.map_err(|error| settings.not_listening(error))?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    let app = application(demo, htmx).into_make_service_with_connect_info::<SocketAddr>();
    tokio::select! {
        biased;
        () = overdue() => {}
        served = axum::serve(listener, app).with_graceful_shutdown(stopped()) => served?,
    }
    Ok(())
}

fn application(demo: Demo, htmx: Option<Vec<u8>>) -> Router {
    let auth = demo.auth.clone();
    let private = Router::new()
        .route("/notes", get(notes::show).post(notes::add))
        .route("/account", get(account))
        .route("/live", get(notes::live))
        .route("/live/notes", get(notes::fragment).post(notes::add_fragment))
        // After a logout, the back button leads to the login page.
        .route_layer(auth.require_login().redirect_to("/login").no_store());
    // Whoever finds an unlocked screen must not lock its user out.
    let careful = Router::new()
        .route("/account/code", get(codes::show).post(codes::enrol))
        .route_layer(auth.require_fresh_login(FRESH).redirect_to("/login").no_store());
    let admin = Router::new()
        .route("/admin", get(async || "only for administrators"))
        .route_layer(auth.require_role("admin"))
        .route_layer(auth.require_login().redirect_to("/login"));
    let routes = Router::new()
        .route("/", get(home))
        .route("/login", get(login))
        .route("/login/code", get(codes::ask).post(codes::check))
        .route("/style.css", get(async || ([(header::CONTENT_TYPE, "text/css")], pages::STYLE)))
        .merge(private)
        .merge(careful)
        .merge(admin)
        .merge(auth.routes());
    let routes = match htmx {
        Some(script) => {
            let script = async move || ([(header::CONTENT_TYPE, "text/javascript")], script.clone());
            routes.route("/htmx.js", get(script))
        }
        None => routes,
    };
    routes.layer(auth.layer().on_problem(on_problem)).with_state(demo)
}

/// A person sees a page; a program gets the problem document.
fn on_problem(problem: Problem, head: RequestHead<'_>) -> Option<Response> {
    head.is_page_navigation().then(|| page(pages::problem(problem)))
}

/// A response with a page.
fn page(markup: maud::Markup) -> Response {
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(markup.into_string())).into_response()
}

/// The name of who is logged in, from the token alone.
fn name(who: &Identity) -> String {
    who.claims::<DemoClaims>().map(|claims| claims.username).unwrap_or_default()
}

async fn home(MaybeIdentity(who): MaybeIdentity) -> Response {
    page(pages::home(who.as_ref().map(name).as_deref()))
}

async fn login(Query(query): Query<LoginQuery>) -> Response {
    page(pages::login(&query))
}

async fn account(who: Identity, Query(failure): Query<Failure>) -> Response {
    page(pages::account(&name(&who), &failure))
}
