//! The way to a server, with TLS or without, that writes down every request and response: what
//! `DevTools` tell of Chromium, for every browser.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use http::{HeaderMap, Request, Response, Uri, header, uri::Scheme};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, Error, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::{AbortHandle, JoinSet},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use crate::Exchange;

/// Closed when dropped.
#[derive(Debug)]
pub struct Door {
    scheme: Scheme,
    port: u16,
    seen: Seen,
    open: AbortHandle,
}

#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<Vec<Exchange>>>);

impl Door {
    /// Opens a door to this server on a free port of the loopback interface. With https its
    /// certificate is signed by nobody that a browser knows.
    pub async fn open(server: SocketAddr, scheme: Scheme) -> Self {
        let acceptor = (scheme == Scheme::HTTPS).then(acceptor);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let seen = Seen::default();
        let open = tokio::spawn(serve(listener, acceptor, Way::to(server, &seen))).abort_handle();
        Self { scheme, port, seen, open }
    }

    /// The address of a page behind the door, with `localhost` as a user would enter it.
    pub fn url(&self, path: &str) -> String {
        format!("{}://localhost:{}{path}", self.scheme, self.port)
    }

    /// How many requests have come through so far.
    pub fn seen(&self) -> usize {
        self.seen.with(|exchanges| exchanges.len())
    }

    /// Every request that came after `seen` and was answered, in the order of their arrival.
    pub fn answers(&self, seen: usize) -> Vec<Exchange> {
        let answered = |exchange: &&Exchange| exchange.status != 0;
        self.seen.with(|exchanges| exchanges.iter().skip(seen).filter(answered).cloned().collect())
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.open.abort();
    }
}

impl Seen {
    fn with<T>(&self, act: impl FnOnce(&mut Vec<Exchange>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn acceptor() -> TlsAcceptor {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.into()], key);
    TlsAcceptor::from(Arc::new(config.expect("a key of this certificate")))
}

async fn serve(listener: TcpListener, acceptor: Option<TlsAcceptor>, way: Way) {
    let mut connections = JoinSet::new();
    while let Ok((connection, _)) = listener.accept().await {
        let (acceptor, way) = (acceptor.clone(), way.clone());
        connections.spawn(async move {
            match acceptor {
                None => way.pass(connection).await,
                // A browser that does not trust the certificate hangs up here.
                Some(acceptor) => {
                    if let Ok(connection) = acceptor.accept(connection).await {
                        way.pass(connection).await;
                    }
                }
            }
        });
    }
}

/// Forwards requests and writes them down.
#[derive(Clone)]
struct Way {
    server: SocketAddr,
    client: Client<HttpConnector, Incoming>,
    seen: Seen,
}

impl Way {
    fn to(server: SocketAddr, seen: &Seen) -> Self {
        Self { server, client: Client::builder(TokioExecutor::new()).build_http(), seen: seen.clone() }
    }

    async fn pass(&self, connection: impl AsyncRead + AsyncWrite + Unpin) {
        let forward = service_fn(|request| self.forward(request));
        // Whoever hangs up is not interested in the error.
        drop(http1::Builder::new().serve_connection(TokioIo::new(connection), forward).await);
    }

    async fn forward(&self, mut request: Request<Incoming>) -> Result<Response<Incoming>, Error> {
        let exchange =
            Exchange::of(request.method().as_str(), request.uri().path(), fields(request.headers()));
        let place = self.seen.with(|exchanges| {
            exchanges.push(exchange);
            exchanges.len() - 1
        });
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let uri: Result<Uri, _> = format!("http://{}{target}", self.server).parse();
        *request.uri_mut() = uri.expect("the target that came in");
        let response = self.client.request(request).await?;
        let lines = response.headers().get_all(header::SET_COOKIE).iter();
        let lines = lines.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).collect();
        self.seen.with(|exchanges| {
            if let Some(exchange) = exchanges.get_mut(place) {
                (exchange.status, exchange.set_cookies) = (response.status().as_u16(), lines);
            }
        });
        Ok(response)
    }
}

fn fields(headers: &HeaderMap) -> std::collections::BTreeMap<String, String> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}
