//! Keys and revocations over HTTPS, with reqwest.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use reqwest::{Client, Response, Url, redirect::Policy};

use super::{
    builder::VerifierError,
    source::{Failure, JwksDocument, KeySource, ListSource, RevokedQuery, key_source, list_source},
};
use crate::runtime::PATIENCE;

/// A document of keys has at most 64 KiB, which the core checks again.
const LONGEST_DOCUMENT: usize = 64 * 1024;
const LONGEST_LIST: usize = 1024 * 1024;

/// The document at this address. Its entity tag is sent with the next request.
pub(super) fn keys(url: &str) -> Result<KeySource, VerifierError> {
    let url = address(url)?;
    let client = client(&url)?;
    let tag = Arc::new(Mutex::new(None));
    Ok(key_source(move || fetch_keys(client.clone(), url.clone(), Arc::clone(&tag))))
}

type Tag = Arc<Mutex<Option<HeaderValue>>>;

async fn fetch_keys(client: Client, url: Url, tag: Tag) -> Result<JwksDocument, Failure> {
    let known = tag.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let request = client
        .get(url)
        .timeout(PATIENCE)
        .header(header::ACCEPT, "application/jwk-set+json, application/json");
    let request = known.iter().fold(request, |request, tag| request.header(header::IF_NONE_MATCH, tag));
    let response = request.send().await?;
    let age = max_age(response.headers());
    let document = if response.status() == StatusCode::NOT_MODIFIED && known.is_some() {
        JwksDocument::unchanged()
    } else {
        let new = response.headers().get(header::ETAG).cloned();
        let text = body(response, LONGEST_DOCUMENT).await?;
        // A document that is refused must not be the one that has not changed.
        cookiejwt_core::Jwks::from_json(&text)?;
        *tag.lock().unwrap_or_else(PoisonError::into_inner) = new;
        JwksDocument::new(text)
    };
    Ok(age.into_iter().fold(document, JwksDocument::max_age))
}

/// The list at this address, for those who send this header field.
pub(super) fn revocations(url: &str, name: &str, secret: &str) -> Result<ListSource, VerifierError> {
    let url = address(url)?;
    let client = client(&url)?;
    let unsent = |error: &dyn std::fmt::Display| VerifierError::Client(error.to_string());
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| unsent(&error))?;
    let mut secret = HeaderValue::from_str(secret).map_err(|error| unsent(&error))?;
    secret.set_sensitive(true);
    Ok(list_source(move |query| ask(client.clone(), url.clone(), (name.clone(), secret.clone()), query)))
}

async fn ask(
    client: Client,
    mut url: Url,
    (name, secret): (HeaderName, HeaderValue),
    query: RevokedQuery,
) -> Result<String, Failure> {
    url.set_query(Some(&query.encoded()).filter(|query| !query.is_empty()).map(String::as_str));
    let request = client.get(url).timeout(PATIENCE + query.wait).header(name, secret);
    body(request.send().await?, LONGEST_LIST).await
}

/// No redirect: it would let another host say which keys are the issuer's, and see the secret. So
/// would the proxy of `HTTP_PROXY`, except that HTTPS passes through it unread.
fn client(url: &Url) -> Result<Client, VerifierError> {
    let client = Client::builder().redirect(Policy::none()).connect_timeout(Duration::from_secs(5));
    let client = if url.scheme() == "http" { client.no_proxy() } else { client };
    client.build().map_err(|error| VerifierError::Client(error.to_string()))
}

/// HTTPS: whoever can change the document decides who is logged in. On this machine there is nobody
/// in between.
fn address(text: &str) -> Result<Url, VerifierError> {
    let url = Url::parse(text).ok().filter(|url| {
        let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        (url.scheme() == "https" || (url.scheme() == "http" && is_here)) && url.username().is_empty()
    });
    url.ok_or_else(|| VerifierError::Url(text.into()))
}

/// The body of a 200, up to this length.
async fn body(mut response: Response, longest: usize) -> Result<String, Failure> {
    if response.status() != StatusCode::OK {
        return Err(format!("the issuer answered {}", response.status()).into());
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len().saturating_add(chunk.len()) > longest {
            return Err(format!("the issuer's answer is longer than {longest} bytes").into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8(bytes)?)
}

/// `max-age` of `Cache-Control` (RFC 9111 §5.2.2.1).
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives = values.flat_map(|value| value.split(','));
    let mut ages = directives.filter_map(|directive| {
        let (name, value) = directive.trim().split_once('=')?;
        name.eq_ignore_ascii_case("max-age").then(|| value.trim_matches('"').parse().ok())?
    });
    ages.next().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (url, is_right) in [
            ("https://id.example/api/auth/jwks.json", true),
            ("http://localhost:3000/jwks.json", true),
            ("http://127.0.0.1/jwks.json", true),
            ("http://[::1]:3000/jwks.json", true),
            ("http://id.example/jwks.json", false),
            ("http://localhost.evil.example/jwks.json", false),
            ("http://127.0.0.1.evil.example/", false),
            ("https://user@id.example/", false),
            ("ftp://localhost/", false),
            ("file:///etc/passwd", false),
            ("/api/auth/jwks.json", false),
            ("", false),
        ] {
            assert_eq!(address(url).is_ok(), is_right, "{url}");
        }
    }

    /// In a process of its own, whose environment names a proxy: here, one that is not there.
    #[tokio::test]
    async fn no_proxy_comes_between_on_this_machine() {
        const CHILD: &str = "COOKIEJWT_TEST_ASKS_THIS_MACHINE";
        if std::env::var_os(CHILD).is_some() {
            let (server, answering) = serve_one();
            let fetched = keys(&format!("http://{server}/jwks.json")).unwrap()().await;
            assert!(fetched.is_err_and(|failure| failure.to_string().contains("418")));
            return answering.join().unwrap();
        }
        let test = "verifier::urls::tests::no_proxy_comes_between_on_this_machine";
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test])
            .env(CHILD, "1")
            .env("http_proxy", "http://127.0.0.1:1")
            .env_remove("no_proxy")
            .env_remove("NO_PROXY")
            .output();
        let child = child.unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    }

    /// A server for one request, which it answers with 418.
    fn serve_one() -> (std::net::SocketAddr, std::thread::JoinHandle<()>) {
        use std::io::{Read as _, Write as _};

        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let answering = std::thread::spawn(move || {
            let (mut client, _) = server.accept().unwrap();
            assert!(client.read(&mut [0; 4096]).unwrap() > 0);
            client.write_all(b"HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n").unwrap();
        });
        (address, answering)
    }

    #[test]
    fn how_long_a_document_is_kept() {
        for (values, seconds) in [
            (&["public, max-age=300"][..], Some(300)),
            (&["Max-Age=\"60\""], Some(60)),
            (&["no-store"], None),
            (&["s-maxage=5", "max-age=7"], Some(7)),
            (&["max-age=x"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CACHE_CONTROL, HeaderValue::from_static(value));
            }
            assert_eq!(max_age(&headers), seconds.map(Duration::from_secs), "{values:?}");
        }
    }
}
