use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use http::{Request, Response, StatusCode, header::SET_COOKIE, response::Builder};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::proof::Proof;

pub(crate) const ACCESS: &str = "__Host-access_token";
pub(crate) const REFRESH: &str = "__Host-refresh_token";
pub(crate) const DEVICE: &str = "/api/auth/device/";
pub(crate) const RENEWAL: &str = "/api/auth/device/refresh/";
pub(crate) const SESSION: &str = "s1";
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// A server with one user and one session, which a login restarts.
#[derive(Clone, Default)]
pub(crate) struct Script(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The number in the current access cookie.
    access: u32,
    /// The number in the current challenge.
    challenge: u32,
    /// The public key of the device.
    key: Value,
    ends: bool,
    initiators: Vec<&'static str>,
}

impl Script {
    /// Starts it on a free port, until the runtime ends.
    pub(crate) async fn start(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let script = self.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let script = script.clone();
                let respond = service_fn(move |request| {
                    let response = script.responds(&request);
                    async { Ok::<_, Infallible>(response) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(connection), respond));
            }
        });
        address
    }

    /// From now on it ends the session instead of renewing it.
    pub(crate) fn ends(&self) {
        self.state().ends = true;
    }

    /// Hosts whose pages may start a renewal, for sessions that are registered from now on.
    pub(crate) fn allows(&self, hosts: &[&'static str]) {
        self.state().initiators = hosts.to_vec();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panic while held")
    }

    fn responds(&self, request: &Request<Incoming>) -> Response<String> {
        let mut state = self.state();
        let response = Response::builder().header("Cache-Control", "no-store");
        let response = match (request.method().as_str(), request.uri().path()) {
            ("POST", "/login") => state.logs_in(response).body(String::new()),
            ("GET", "/callback") => page(state.logs_in(response)),
            ("POST", DEVICE) => state.binds(response, &text(request, "secure-session-response")),
            ("POST", RENEWAL) => state.renews(response, request),
            ("GET", "/me") => page(response.status(state.knows(request))),
            ("GET", "/") => page(response),
            _ => response.status(StatusCode::NOT_FOUND).body(String::new()),
        };
        response.expect("a response")
    }
}

impl State {
    fn logs_in(&mut self, response: Builder) -> Builder {
        self.challenge = 1;
        let offer = format!(r#"(ES256);path="{DEVICE}";challenge="c1""#);
        self.gives_cookies(response).header("Secure-Session-Registration", offer)
    }

    /// The access cookie has an age, the refresh cookie ends with the browser.
    fn gives_cookies(&mut self, response: Builder) -> Builder {
        self.access += 1;
        let access = format!("{ACCESS}={}; {ATTRIBUTES}; Max-Age=300", self.access);
        response.header(SET_COOKIE, access).header(SET_COOKIE, format!("{REFRESH}=r; {ATTRIBUTES}"))
    }

    fn binds(&mut self, response: Builder, proof: &str) -> http::Result<Response<String>> {
        let proof = Proof::of(proof).filter(|proof| {
            proof.challenge() == self.challenge() && proof.is_signed_by(&proof.header["jwk"])
        });
        let Some(proof) = proof else {
            return response.status(StatusCode::UNAUTHORIZED).body(String::new());
        };
        self.key = proof.header["jwk"].clone();
        response.body(self.instructions())
    }

    fn renews(&mut self, response: Builder, request: &Request<Incoming>) -> http::Result<Response<String>> {
        if self.ends || text(request, "sec-secure-session-id") != SESSION {
            let end = json!({ "session_identifier": SESSION, "continue": false });
            return response.body(end.to_string());
        }
        let proof = Proof::of(&text(request, "secure-session-response"))
            .filter(|proof| proof.challenge() == self.challenge() && proof.is_signed_by(&self.key));
        self.challenge += 1;
        let challenge = format!(r#""{}";id="{SESSION}""#, self.challenge());
        let response = response.header("Secure-Session-Challenge", challenge);
        if proof.is_none() {
            return response.status(StatusCode::FORBIDDEN).body(String::new());
        }
        self.gives_cookies(response).body(self.instructions())
    }

    fn challenge(&self) -> String {
        format!("c{}", self.challenge)
    }

    fn instructions(&self) -> String {
        let cookie = json!({ "type": "cookie", "name": ACCESS, "attributes": ATTRIBUTES });
        let mut instructions = json!({
            "session_identifier": SESSION,
            "refresh_url": RENEWAL,
            "scope": { "include_site": false, "scope_specification": [{ "type": "exclude", "path": "/excluded" }] },
            "credentials": [cookie],
        });
        if !self.initiators.is_empty() {
            instructions["allowed_refresh_initiators"] = json!(self.initiators);
        }
        instructions.to_string()
    }

    /// Whether the request has the current access cookie.
    fn knows(&self, request: &Request<Incoming>) -> StatusCode {
        let current = format!("{ACCESS}={}", self.access);
        let is_known = text(request, "cookie").split("; ").any(|pair| pair == current);
        if is_known { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
    }
}

/// A page that asks for no icon.
fn page(response: Builder) -> http::Result<Response<String>> {
    response.header("Content-Type", "text/html").body(r#"<link rel="icon" href="data:,">"#.to_owned())
}

fn text(request: &Request<Incoming>, name: &str) -> String {
    let value = request.headers().get(name);
    value.map_or_else(String::new, |value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}
