use browser::{Door, Engine, Exchange, Session, Terms};
use http::uri::Scheme;

use crate::common::{Home, Server};

/// A running example with a door in front of it.
pub(crate) struct House {
    pub(crate) door: Door,
    server: Server,
    _home: Home,
}

impl House {
    pub(crate) async fn open(scheme: Scheme, variables: &[(&str, &str)]) -> Self {
        let home = Home::new();
        let server = home.start(variables);
        Self { door: Door::open(server.address(), scheme).await, server, _home: home }
    }

    /// Stops the server, and checks that it logged no error until then.
    pub(crate) fn closes(self) {
        let log = self.server.kill();
        assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
    }

    /// Waits for the answer to a request that came after `seen`.
    pub(crate) async fn answer(&self, seen: usize, method: &str, path: &str) -> Exchange {
        self.door.answer(seen, method, path).await
    }

    /// The answer to a request that came after `seen`, if there is one already.
    pub(crate) fn answered(&self, seen: usize, method: &str, path: &str) -> Option<Exchange> {
        let is_it = |exchange: &Exchange| exchange.method == method && exchange.path == path;
        self.door.answers(seen).into_iter().find(is_it)
    }

    /// Presses a button and waits for the answer to the request that it sends.
    pub(crate) async fn press(&self, page: &Session, button: &str, method: &str, path: &str) -> Exchange {
        let seen = self.door.seen();
        page.click(button).await;
        self.answer(seen, method, path).await
    }
}

/// Opens a browser with the page open.
pub(crate) async fn visitor(engine: Engine, house: &House) -> Session {
    let page = engine.open(Terms::default()).await;
    page.goto(&house.door.url("/")).await;
    page
}

/// Runs a test in an engine, or says that it cannot.
pub(crate) fn in_engine(engine: Engine, story: impl AsyncFnOnce(Engine)) {
    if !engine.is_there() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(story(engine));
}
