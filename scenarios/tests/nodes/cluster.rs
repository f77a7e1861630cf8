//! Three nodes of three frameworks, each with its own proxy to the same database.

use std::{path::PathBuf, thread};

use scenarios::examples::EXAMPLES;

use crate::{
    common::{Home, Jar, Server},
    database::Database,
    proxy::Proxy,
};

pub(crate) const SECRET: &str = "pWjBnrQGh0sCwY1h0TqsL7Vq5Rz4P0cN9yXlq8KZr1E=";
/// What the driver logs for a reused refresh token.
const THIEF: &str = "used-up refresh token";

pub(crate) struct Node {
    pub(crate) name: &'static str,
    pub(crate) proxy: Proxy,
    home: Home,
    server: Option<Server>,
    url: String,
}

pub(crate) struct Cluster {
    pub(crate) database: Database,
    pub(crate) nodes: Vec<Node>,
    logs: Vec<String>,
}

impl Node {
    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().expect("it runs")
    }

    pub(crate) fn is_running(&self) -> bool {
        self.server.is_some()
    }

    pub(crate) fn start(&mut self) {
        self.start_with(&[("COOKIEJWT_SECRET", SECRET)]);
    }

    /// With these secrets.
    pub(crate) fn start_with(&mut self, secrets: &[(&str, &str)]) {
        let mut variables = vec![
            ("DATABASE_URL", self.url.as_str()),
            // Each client of a storm has its own address, as in production.
            ("COOKIEJWT_TRUSTED_PROXIES", "1"),
            // A client without a device is as without it.
            ("COOKIEJWT_DEVICE_BOUND", "offer"),
        ];
        variables.extend(secrets);
        self.server = Some(self.home.start(&variables));
    }

    /// `kill -9`; returns what the node wrote.
    pub(crate) fn kill(&mut self) -> String {
        self.server.take().expect("it runs").kill()
    }
}

impl Cluster {
    /// Starts all nodes at once on an empty database: each of them migrates it and creates the
    /// first user.
    pub(crate) fn start(database: Database, binaries: Vec<PathBuf>) -> Self {
        let mut nodes: Vec<_> = binaries
            .into_iter()
            .zip(EXAMPLES)
            .map(|(binary, name)| {
                let proxy = Proxy::start(database.kind, database.port);
                let url = database.url(proxy.port());
                Node { name, home: Home::of(binary), server: None, url, proxy }
            })
            .collect();
        thread::scope(|scope| nodes.iter_mut().for_each(|node| drop(scope.spawn(|| node.start()))));
        Self { database, nodes, logs: Vec::new() }
    }

    pub(crate) fn kill(&mut self, index: usize) {
        let log = self.nodes[index].kill();
        self.logs.push(log);
    }

    pub(crate) fn servers(&self) -> impl Iterator<Item = (&'static str, &Server)> {
        self.nodes.iter().map(|node| (node.name, node.server()))
    }

    /// This session gets 200 on every node.
    pub(crate) fn is_good_everywhere(&self, jar: &Jar, rule: &str) {
        for (name, server) in self.servers() {
            let answer = server.me(jar);
            assert_eq!(answer.status, 200, "{rule}, {name}: {answer:?}\n{}", server.log());
        }
    }

    /// No session was revoked for reuse, and nothing has panicked.
    pub(crate) fn has_seen_no_reuse(mut self) {
        let reused = "SELECT COUNT(*) FROM cookiejwt_sessions WHERE revoked_reason = 'reuse'";
        assert_eq!(self.database.number(reused), 0);
        for index in 0..self.nodes.len() {
            self.kill(index);
        }
        for log in &self.logs {
            assert!(!log.contains(THIEF) && !log.contains("panicked"), "{log}");
        }
    }
}
