//! A second service beside `example-axum`: it knows who is asking, by the issuer's cookie or by a
//! bearer token, and when their session has ended, without a database and without a secret that
//! signs tokens. [README](../README.md) shows how to run it.

mod settings;

use std::{convert::Infallible, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    response::sse::{Event, Sse},
    routing::get,
};
use cookiejwt_axum::{Expect, Problem, Verifier, VerifierError, prelude::*};
use futures_util::{Stream, stream};
use serde_json::{Value, json};

use crate::settings::Settings;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    tracing_subscriber::fmt().with_ansi(false).init();
    match run().await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot start: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_env()?;
    let verifier = verifier(&settings)?;
    // Otherwise the first request would wait for the keys.
    verifier.start();
    let listener = tokio::net::TcpListener::bind((settings.host.as_str(), settings.port)).await?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, application(&verifier)).await?;
    Ok(())
}

/// Whose tokens count, where the keys come from, and where revocations are told.
fn verifier(settings: &Settings) -> Result<Verifier, VerifierError> {
    let expect = Expect::issuer(&settings.issuer).audience("demo").access_cookie("__Host-access_token");
    let below = |path: &str| format!("{}/api/auth/{path}", settings.issuer_url);
    let verifier = Verifier::builder(expect).jwks_url(&below("jwks.json")).follow_url(
        &below("revoked"),
        "x-revoked-key",
        &settings.revoked_secret,
    );
    match settings.stale_after {
        Some(age) => verifier.stale_after(age).build(),
        None => verifier.build(),
    }
}

fn application(verifier: &Verifier) -> Router {
    let writing = Router::new()
        .route("/orders/refunds", get(async || "only with the scope orders:refund"))
        .route_layer(verifier.require_scope("orders:refund"));
    Router::new()
        .route("/orders", get(orders).post(order))
        .route("/orders/events", get(events))
        .merge(writing)
        .layer(verifier.layer())
        .route("/health", get(async || "ok"))
        .fallback(async || AuthError(Problem::NotFound))
        .with_state(verifier.clone())
}

async fn orders(who: Identity) -> Json<Value> {
    let source = who.source().as_str();
    Json(json!({ "user_id": who.subject().as_str(), "source": source, "orders": [] }))
}

/// How many orders there are, every second, until the session or the access token ends. The page
/// refreshes at the issuer then, and connects again.
async fn events(
    who: Identity,
    State(verifier): State<Verifier>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = stream::unfold(tokio::time::interval(Duration::from_secs(1)), async |mut ticks| {
        ticks.tick().await;
        Some((Ok(Event::default().data("0 orders")), ticks))
    });
    Sse::new(events.until_ended(verifier.ended(&who)))
}

/// From a page of another site this is 403, as on the issuer.
async fn order(who: Identity) -> String {
    format!("ordered for {}", who.subject())
}
