use std::{
    net::{SocketAddr, TcpListener},
    sync::atomic::{AtomicU16, Ordering},
};

use crate::common::{Answer, Home, Jar, PASSWORD, Request, Server, USER, wait_for};
pub(crate) use crate::common::{code, has, has_oathtool};

/// Where the provider sends its users back to.
const CALLBACK: &str = "/provider/callback";

/// A running example that knows its address from the start, as passkeys, links and the provider
/// require.
pub(crate) struct Stage {
    server: Server,
    port: u16,
    _home: Home,
}

/// A port below those that the system gives to others.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 500).expect("below 500") * 20;
    loop {
        let port = 20_000 + start + NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::at(free_port(), &[])
    }

    /// With an identity provider.
    pub(crate) fn with_provider(port: u16, issuer: &str) -> Self {
        let secret = ("PROVIDER_CLIENT_SECRET", "a secret of the tests");
        Self::at(port, &[("PROVIDER_ISSUER", issuer), secret])
    }

    /// With device-bound sessions, for a browser that comes through a door.
    pub(crate) fn bound() -> Self {
        Self::at(free_port(), &[("COOKIEJWT_DEVICE_BOUND", "offer")])
    }

    fn at(port: u16, variables: &[(&str, &str)]) -> Self {
        let home = Home::new();
        let (text, url) = (port.to_string(), url(port, ""));
        let mut all = vec![("PORT", text.as_str()), ("PUBLIC_URL", &url)];
        all.extend(variables);
        Self { server: home.start(&all), port, _home: home }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        url(self.port, path)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub(crate) fn get(&self, jar: &mut Jar, path: &str) -> Answer {
        Self::sent(self.server.get(path), jar)
    }

    pub(crate) fn post(&self, jar: &mut Jar, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self::sent(self.server.post(path).body("application/x-www-form-urlencoded", body), jar)
    }

    /// As a navigation of a browser.
    fn sent(request: Request, jar: &mut Jar) -> Answer {
        let request = request.header("Accept", "text/html").header("Sec-Fetch-Mode", "navigate");
        let request = request.header("Sec-Fetch-Dest", "document").header("Sec-Fetch-Site", "same-origin");
        let answer = request.cookies(jar).send();
        jar.keep(&answer);
        answer
    }

    /// Sends the name and the password of the administrator.
    pub(crate) fn log_in(&self, jar: &mut Jar, password: &str) -> Answer {
        self.post(jar, "/login", &[("name", USER), ("password", password), ("next", "/account")])
    }

    /// Logs the administrator in and sets up an app; returns its secret and the recovery codes.
    pub(crate) fn with_app(&self, jar: &mut Jar) -> (String, Vec<String>) {
        assert_goes(&self.log_in(jar, PASSWORD), "/account");
        let secret = between(&self.get(jar, "/account/code").text(), "id=\"secret\">", "<");
        let page = self.post(jar, "/account/code", &[("code", &code(&secret, 0))]);
        assert_eq!(page.status, 200, "{page:?}");
        let codes = page.text().split("<code>").skip(1).map(|rest| before(rest, "<")).collect();
        (secret, codes)
    }

    /// How the session of these cookies was proved, as the first page shows it.
    pub(crate) fn methods(&self, jar: &mut Jar) -> String {
        let page = self.get(jar, "/").text();
        if page.contains("id=\"methods\"") { between(&page, "id=\"methods\">", "<") } else { "nobody".into() }
    }

    /// The token of the newest link in the log that was mailed for this page.
    pub(crate) fn mailed(&self, page: &str, seen: usize) -> Option<String> {
        let start = self.url(&format!("{page}?token="));
        wait_for(10, || {
            let log = self.server.log();
            let mut links = log.split(&start).skip(1 + seen);
            links.next().map(|rest| before(rest, " "))
        })
    }

    /// Everything that the example has logged.
    pub(crate) fn log(&self) -> String {
        self.server.log()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let log = self.server.log();
        assert!(std::thread::panicking() || !(log.contains("panicked") || log.contains("ERROR")), "{log}");
    }
}

fn url(port: u16, path: &str) -> String {
    format!("http://localhost:{port}{path}")
}

/// Where the provider sends users back to, if the example listens here.
pub(crate) fn callback(port: u16) -> String {
    url(port, CALLBACK)
}

pub(crate) fn assert_goes(answer: &Answer, place: &str) {
    assert_eq!((answer.status, answer.header("location")), (303, Some(place)), "{}", answer.text());
}

pub(crate) fn between(text: &str, start: &str, end: &str) -> String {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start} in {text}"));
    before(rest, end)
}

fn before(text: &str, end: &str) -> String {
    text.split(end).next().unwrap_or_default().to_owned()
}
