use std::{cell::RefCell, env, io::Write as _, ops::Deref};

use browser::{Browser, Chromium, Cookie, Exchange, Look};

use crate::common::{ACCESS, DEVICE, Home, LOGIN, LOGOUT, PASSWORD, REFRESH, Server, USER};

const SKIPPED: &str = "skipped: no chromium and chromedriver";

/// A running example, and as many browsers as the test needs.
pub(crate) struct Stage {
    chromium: Chromium,
    home: Home,
    port: u16,
    server: RefCell<Option<Server>>,
}

/// Runs a test, and checks afterwards that the server logged no error.
pub(crate) fn on_stage(variables: &[(&str, &str)], story: impl AsyncFnOnce(&Stage)) {
    let Some(chromium) = Chromium::installed() else {
        assert!(env::var_os("REQUIRE_ALL_TESTS").is_none_or(|all| all != "1"), "{SKIPPED}");
        // Bypasses the capture of the test harness: a skipped test has to report it.
        writeln!(std::io::stderr(), "{SKIPPED}").expect("standard error is open");
        return;
    };
    let home = Home::new();
    let server = home.start(variables);
    let stage = Stage { chromium, home, port: server.address().port(), server: RefCell::new(Some(server)) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(story(&stage));
    stage.server_stops();
}

impl Stage {
    /// A new browser with the page open and no user signed in.
    pub(crate) async fn visitor(&self, look: Look) -> Visitor {
        let browser = Browser::open(&self.chromium, look).await;
        browser.goto(&self.url("/")).await;
        browser.reads("#login-heading", "Sign in").await;
        Visitor { browser }
    }

    /// A browser with this profile, which it leaves on disk, with nothing open.
    pub(crate) async fn browser_at(&self, profile: &std::path::Path) -> Visitor {
        Visitor { browser: Browser::open_at(&self.chromium, Look::DESKTOP, profile).await }
    }

    /// A new browser with the user of the tests signed in.
    pub(crate) async fn signed_in(&self, look: Look) -> Visitor {
        let visitor = self.visitor(look).await;
        let answer = visitor.sign_in(PASSWORD).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        visitor.is_signed_in().await;
        visitor
    }

    /// Stops the server, and checks that it logged no error until then.
    pub(crate) fn server_stops(&self) {
        let log = self.server.take().expect("it runs").kill();
        assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
    }

    /// Starts the server again, at the same address.
    pub(crate) fn server_returns(&self) {
        let port = self.port.to_string();
        self.server.replace(Some(self.home.start(&[("PORT", &port)])));
    }

    /// A request that is sent without a browser.
    pub(crate) fn request<T>(&self, make: impl FnOnce(&Server) -> T) -> T {
        make(self.server.borrow().as_ref().expect("it runs"))
    }

    /// The port of the server.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// A URL of the example, with `localhost` as a user would enter it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }
}

/// A browser with the page of the example open.
pub(crate) struct Visitor {
    browser: Browser,
}

impl Visitor {
    /// The browser itself, to close it.
    pub(crate) fn into_browser(self) -> Browser {
        self.browser
    }
}

impl Deref for Visitor {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl Visitor {
    pub(crate) async fn sign_in(&self, password: &str) -> Exchange {
        self.fill("Username", USER).await;
        self.fill("Password", password).await;
        self.press("Sign in", "POST", LOGIN).await
    }

    pub(crate) async fn is_signed_in(&self) {
        self.reads("#me-heading", &format!("Signed in as {USER}")).await;
        assert!(!self.shows("#login-form").await);
    }

    pub(crate) async fn is_signed_out(&self) {
        self.reads("#login-heading", "Sign in").await;
        assert!(self.shows("#login-form").await && !self.shows("#me-card").await);
    }

    /// Waits for this text in the status line.
    pub(crate) async fn is_told(&self, text: &str) {
        self.reads("#status", text).await;
    }

    pub(crate) async fn who_am_i(&self) -> Exchange {
        self.press("Who am I?", "GET", "/api/me").await
    }

    pub(crate) async fn expire(&self) {
        let answer = self.press("Expire my access token", "POST", "/api/demo/expire").await;
        assert_eq!((answer.status, answer.cookie_names()), (204, vec![ACCESS]));
        self.is_told("The access cookie is deleted.").await;
    }

    /// Our tokens in the jar: access, then refresh.
    pub(crate) async fn tokens(&self) -> Vec<Cookie> {
        let ours =
            |cookie: &Cookie| cookie.name.contains("access_token") || cookie.name.contains("refresh_token");
        self.jar().await.into_iter().filter(ours).collect()
    }

    /// The cookies in the jar, except that of the known device, which stays.
    pub(crate) async fn left(&self) -> Vec<Cookie> {
        self.jar().await.into_iter().filter(|cookie| cookie.name != DEVICE).collect()
    }

    pub(crate) async fn signs_out(&self) {
        let answer = self.press("Log out", "POST", LOGOUT).await;
        assert_eq!(answer.status, 200);
        self.is_signed_out().await;
        self.is_told("You are signed out.").await;
        assert_eq!(self.left().await, [], "an empty jar");
    }

    /// The end of a test: the browser has no complaints.
    pub(crate) async fn leaves(self) {
        assert_eq!(self.complaints().await, Vec::<String>::new());
    }
}

/// Checks that both cookies were set, each with all its attributes; a remembered login also sets
/// that of the known device.
pub(crate) fn renews_both(answer: &Exchange, max_age: bool) {
    let mut names = answer.cookie_names();
    names.sort_unstable();
    names.retain(|name| *name != DEVICE || !max_age);
    assert_eq!(names, [ACCESS, REFRESH], "{answer:?}");
    for line in &answer.set_cookies {
        let (_, attributes) = line.split_once("; ").expect("attributes");
        let (always, rest) = attributes.split_at("Path=/; Secure; HttpOnly; SameSite=Lax".len());
        assert_eq!(always, "Path=/; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(rest.starts_with("; Max-Age="), max_age, "{line}");
    }
}
