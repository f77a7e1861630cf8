//! Three nodes of the example on one database, a service that only verifies, and a browser.

use std::{
    env,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use browser::{Browser, Chromium, Look};
use cookiejwt_keygen::{Kind, make};

use crate::{
    common::{ACCESS, Answer, Home, Jar, LOGIN, PASSWORD, REFRESH, Request, Server, USER},
    database::Scratch,
    way::Way,
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A process of the example, and its own way to the database.
pub(crate) struct Node {
    pub(crate) server: Server,
    pub(crate) way: Way,
}

pub(crate) struct Stage {
    pub(crate) nodes: [Node; 3],
    pub(crate) orders: Server,
    chromium: Chromium,
    _homes: [Home; 2],
    // Dropped last: the nodes are connected to it.
    _database: Scratch,
}

impl Stage {
    /// None if something is not installed, which is a failure where every test is required.
    pub(crate) fn start() -> Option<Self> {
        let is_there = Self::try_start();
        if let Err(why) = &is_there {
            assert!(env::var_os("REQUIRE_ALL_TESTS").is_none_or(|all| all != "1"), "skipped: {why}");
            // Bypasses the capture of the test harness.
            writeln!(std::io::stderr(), "skipped: {why}").expect("standard error is open");
        }
        is_there.ok()
    }

    fn try_start() -> Result<Self, String> {
        let chromium = Chromium::installed().ok_or("no chromium and chromedriver")?;
        let orders =
            orders_binary().ok_or("example-orders is not built; cargo test --workspace builds it")?;
        // Its error may contain the address with its password.
        let database = Scratch::create().map_err(|_| "no PostgreSQL at POSTGRES_URL")?;
        let homes = [Home::new(), Home::of(orders)];
        make(Kind::EdDsa, &homes[0].file("keys"), "first").expect("a key");
        let nodes = [(); 3].map(|()| {
            let way = Way::to(database.server());
            let url = database.url(way.address());
            let settings =
                [("DATABASE_URL", &*url), ("COOKIEJWT_KEYS_DIR", "keys"), ("REVOKED_SECRET", SECRET)];
            Node { server: homes[0].start(&settings), way }
        });
        let issuer = format!("http://{}", nodes[0].server.address());
        let orders = homes[1].start_bare(&[("ISSUER_URL", &issuer), ("REVOKED_SECRET", SECRET)]);
        Ok(Self { nodes, orders, chromium, _homes: homes, _database: database })
    }

    /// A browser with the page of the first node open and the user of the tests signed in.
    pub(crate) async fn signed_in(&self) -> Browser {
        let browser = Browser::open(&self.chromium, Look::DESKTOP).await;
        browser.goto(&format!("http://localhost:{}/", self.nodes[0].server.address().port())).await;
        browser.reads("#login-heading", "Sign in").await;
        browser.fill("Username", USER).await;
        browser.fill("Password", PASSWORD).await;
        let answer = browser.press("Sign in", "POST", LOGIN).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        browser.reads("#me-heading", &format!("Signed in as {USER}")).await;
        browser
    }

    /// Stops everything, and checks that no node has logged an error.
    pub(crate) fn end(self) {
        for node in self.nodes {
            let log = node.server.kill();
            assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
        }
    }
}

/// What the service says to this user.
pub(crate) fn ordered(orders: SocketAddr, jar: &Jar) -> Answer {
    Request::new(orders, "GET", "/orders").cookies(jar).send()
}

/// The tokens that a browser has.
pub(crate) async fn tokens(browser: &Browser) -> Jar {
    let ours = browser.jar().await.into_iter().filter(|cookie| [ACCESS, REFRESH].contains(&&*cookie.name));
    Jar::with(ours.map(|cookie| (cookie.name, cookie.value)))
}

/// It is next to the folder of the running test binary, if the whole workspace was built.
fn orders_binary() -> Option<PathBuf> {
    let own = env::current_exe().ok()?;
    let binary = own.parent().and_then(Path::parent)?.join("example-orders");
    binary.is_file().then_some(binary)
}
