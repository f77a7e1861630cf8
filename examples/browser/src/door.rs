//! The way to a server, with TLS or without, that writes down every request and response: what
//! `DevTools` tell of Chromium, for every browser. It can also disturb them.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Uri, header, uri::Scheme};
use http_body_util::{Either, Empty};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::service_fn,
    upgrade::{OnUpgrade, on},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, copy_bidirectional},
    net::TcpListener,
    task::{AbortHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    Exchange,
    certificate::acceptor,
    fate::{Fate, Fates},
    page::until,
};

type Body = Either<Incoming, Empty<Bytes>>;

/// Closed when dropped.
#[derive(Debug)]
pub struct Door {
    scheme: Scheme,
    host: String,
    port: u16,
    seen: Seen,
    fates: Fates,
    open: AbortHandle,
}

#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<Vec<Exchange>>>);

impl Door {
    /// Opens a door to this server on a free port of the loopback interface, as `localhost`. With
    /// https its certificate is signed by nobody that a browser knows.
    pub async fn open(server: SocketAddr, scheme: Scheme) -> Self {
        Self::with_host("localhost".to_owned(), server, scheme).await
    }

    /// Opens a door with https that is a site of its own, `https://<name>.test`, for a browser of
    /// [`Chromium::at_sites`](crate::Chromium::at_sites). A browser keeps cookies, device-bound
    /// sessions and their quota for each site.
    pub async fn site(name: &str, server: SocketAddr) -> Self {
        Self::with_host(format!("{name}.test"), server, Scheme::HTTPS).await
    }

    async fn with_host(host: String, server: SocketAddr, scheme: Scheme) -> Self {
        let acceptor = (scheme == Scheme::HTTPS).then(acceptor);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (seen, fates) = <(Seen, Fates)>::default();
        let way = Way::to(server, &seen, &fates);
        let open = tokio::spawn(serve(listener, acceptor, way)).abort_handle();
        Self { scheme, host, port, seen, fates, open }
    }

    /// The address of a page behind the door, as a user would enter it.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// The origin of these pages.
    pub fn origin(&self) -> String {
        format!("{}://{}:{}", self.scheme, self.host, self.port)
    }

    /// How many requests have come through so far.
    pub fn seen(&self) -> usize {
        self.seen.with(|exchanges| exchanges.len())
    }

    /// Every request that came after `seen` and was answered, in the order of their arrival.
    pub fn answers(&self, seen: usize) -> Vec<Exchange> {
        let answered = |exchange: &Exchange| exchange.status != 0;
        self.requests(seen).into_iter().filter(answered).collect()
    }

    /// Every request that came after `seen`, including those without an answer so far, in the order
    /// of their arrival.
    pub fn requests(&self, seen: usize) -> Vec<Exchange> {
        self.seen.with(|exchanges| exchanges.iter().skip(seen).cloned().collect())
    }

    /// Waits for the answer to a request that came after `seen`.
    pub async fn answer(&self, seen: usize, method: &str, path: &str) -> Exchange {
        let is_it = |exchange: &Exchange| exchange.method == method && exchange.path == path;
        until(&format!("an answer to {method} {path}"), async || self.answers(seen).into_iter().find(is_it))
            .await
    }

    /// From now on this function decides what happens to each request.
    pub fn disturb(&self, judge: impl Fn(&Exchange) -> Fate + Send + Sync + 'static) {
        self.fates.become_those(judge);
    }

    /// From now on every request passes.
    pub fn calm(&self) {
        self.disturb(|_| Fate::Passes);
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

    /// Writes down a request, and returns its place.
    fn request(&self, exchange: Exchange) -> usize {
        self.with(|exchanges| {
            exchanges.push(exchange);
            exchanges.len() - 1
        })
    }

    fn response(&self, place: usize, response: &Response<Body>) {
        let lines = response.headers().get_all(header::SET_COOKIE).iter();
        let lines = lines.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).collect();
        self.with(|exchanges| {
            if let Some(exchange) = exchanges.get_mut(place) {
                exchange.status = response.status().as_u16();
                (exchange.received, exchange.set_cookies) = (fields(response.headers()), lines);
            }
        });
    }
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
    fates: Fates,
}

impl Way {
    fn to(server: SocketAddr, seen: &Seen, fates: &Fates) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { server, client, seen: seen.clone(), fates: fates.clone() }
    }

    async fn pass(&self, connection: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        let forward = service_fn(|request| self.forward(request));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(connection), forward);
        // Whoever hangs up is not interested in the error.
        drop(connection.with_upgrades().await);
    }

    async fn forward(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let exchange =
            Exchange::of(request.method().as_str(), request.uri().path(), fields(request.headers()));
        let fate = self.fates.of(&exchange);
        let place = self.seen.request(exchange);
        let response = match fate {
            Fate::Cut => return Err(io::ErrorKind::ConnectionAborted.into()),
            Fate::Refused(status) => refused(status),
            Fate::Changed(change) => {
                let (mut head, body) = self.ask(request).await?.into_parts();
                change(&mut head);
                Response::from_parts(head, body)
            }
            Fate::Lost => {
                self.seen.response(place, &self.ask(request).await?);
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            Fate::Passes => self.ask(request).await?,
        };
        self.seen.response(place, &response);
        Ok(response)
    }

    async fn ask(&self, mut request: Request<Incoming>) -> io::Result<Response<Body>> {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let uri: Result<Uri, _> = format!("http://{}{target}", self.server).parse();
        *request.uri_mut() = uri.expect("the target that came in");
        let browser = on(&mut request);
        let mut response = self.client.request(request).await.map_err(io::Error::other)?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            tokio::spawn(copy(browser, on(&mut response)));
        }
        Ok(response.map(Either::Left))
    }
}

/// The rest of a connection that is no longer HTTP, such as that of a WebSocket.
async fn copy(browser: OnUpgrade, server: OnUpgrade) {
    if let (Ok(browser), Ok(server)) = (browser.await, server.await) {
        drop(copy_bidirectional(&mut TokioIo::new(browser), &mut TokioIo::new(server)).await);
    }
}

fn refused(status: u16) -> Response<Body> {
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}

fn fields(headers: &HeaderMap) -> std::collections::BTreeMap<String, String> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::*;

    /// Accepts one connection, switches protocols and sends back what it receives.
    async fn echo(listener: TcpListener) {
        let (mut connection, _) = listener.accept().await.expect("a connection");
        read_head(&mut connection).await;
        let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
        connection.write_all(head.as_bytes()).await.expect("it is open");
        let (mut from, mut to) = connection.split();
        tokio::io::copy(&mut from, &mut to).await.expect("it is open");
    }

    async fn read_head(connection: &mut TcpStream) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(connection.read_u8().await.expect("the rest of the head"));
        }
        String::from_utf8(head).expect("text")
    }

    #[test]
    fn other_protocols_pass() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let door = Door::open(listener.local_addr().expect("it is bound"), Scheme::HTTP).await;
            tokio::spawn(echo(listener));
            let mut connection = TcpStream::connect(("127.0.0.1", door.port)).await.expect("it is open");
            let request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
            connection.write_all(request.as_bytes()).await.expect("it is open");
            assert!(read_head(&mut connection).await.starts_with("HTTP/1.1 101 "));
            connection.write_all(b"hello").await.expect("it is open");
            let mut back = [0; 5];
            connection.read_exact(&mut back).await.expect("an echo");
            assert_eq!((&back, door.answers(0)[0].status), (b"hello", 101));
        });
    }
}
