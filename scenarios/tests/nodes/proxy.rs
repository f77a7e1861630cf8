//! A proxy between a node and its database that counts statements, refuses connections, and cuts a
//! connection between a statement's effect and its response.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU16, AtomicU64, Ordering},
    },
    thread,
};

use crate::database::Kind;

#[derive(Clone)]
pub(crate) struct Proxy(Arc<State>);

struct State {
    kind: Kind,
    port: AtomicU16,
    upstream: u16,
    is_open: AtomicBool,
    statements: AtomicU64,
    /// How many executions pass before one loses its response; negative: none does.
    cut_in: AtomicI64,
    connections: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    pub(crate) fn start(kind: Kind, upstream: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let proxy = Self(Arc::new(State {
            kind,
            port: AtomicU16::new(listener.local_addr().expect("an address").port()),
            upstream,
            is_open: AtomicBool::new(true),
            statements: AtomicU64::new(0),
            cut_in: AtomicI64::new(-1),
            connections: Mutex::default(),
        }));
        let accepting = proxy.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                accepting.connect(&client);
            }
        });
        proxy
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.port.load(Ordering::SeqCst)
    }

    /// How often the node has executed a statement.
    pub(crate) fn statements(&self) -> u64 {
        self.0.statements.load(Ordering::SeqCst)
    }

    /// After `others` more statements, the next one takes effect, and its response is lost with the
    /// connection.
    pub(crate) fn lose_answer_after(&self, others: i64) {
        self.0.cut_in.store(others, Ordering::SeqCst);
    }

    pub(crate) fn has_cut(&self) -> bool {
        self.0.cut_in.load(Ordering::SeqCst) < 0
    }

    /// Cuts every connection and refuses new ones.
    pub(crate) fn close(&self) {
        self.0.is_open.store(false, Ordering::SeqCst);
        for connection in self.0.connections.lock().expect("no panic while held").drain(..) {
            drop(connection.shutdown(Shutdown::Both));
        }
    }

    pub(crate) fn open(&self) {
        self.0.is_open.store(true, Ordering::SeqCst);
    }

    fn connect(&self, client: &TcpStream) {
        let server = TcpStream::connect(("127.0.0.1", self.0.upstream));
        let (true, Ok(server)) = (self.0.is_open.load(Ordering::SeqCst), server) else {
            drop(client.shutdown(Shutdown::Both));
            return;
        };
        let copy = |stream: &TcpStream| stream.try_clone().expect("a second handle");
        self.0.connections.lock().expect("no panic while held").extend([copy(client), copy(&server)]);
        let is_cut = Arc::new(AtomicBool::new(false));
        let (questions, answers) = (self.clone(), Arc::clone(&is_cut));
        let (from, to) = (copy(client), copy(&server));
        thread::spawn(move || questions.ask(from, to, &is_cut));
        let (from, to) = (server, copy(client));
        thread::spawn(move || answer(from, to, &answers));
    }

    fn ask(&self, mut client: TcpStream, mut server: TcpStream, is_cut: &AtomicBool) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(read @ 1..) = client.read(&mut buffer) {
            if self.executes(&buffer[..read]) {
                self.0.statements.fetch_add(1, Ordering::SeqCst);
                // Set before the server receives the statement, so that no response gets through.
                let left = self
                    .0
                    .cut_in
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| (left >= 0).then(|| left - 1));
                is_cut.store(left == Ok(0), Ordering::SeqCst);
            }
            if server.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        drop(server.shutdown(Shutdown::Both));
    }

    /// PostgreSQL's Bind and Execute are one write; MySQL's is `COM_STMT_EXECUTE`.
    fn executes(&self, bytes: &[u8]) -> bool {
        match self.0.kind {
            Kind::PostgreSql => bytes.first() == Some(&b'B'),
            Kind::MariaDb => bytes.get(4) == Some(&0x17),
        }
    }
}

fn answer(mut server: TcpStream, mut client: TcpStream, is_cut: &AtomicBool) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = server.read(&mut buffer) {
        if is_cut.load(Ordering::SeqCst) || client.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    drop(server.shutdown(Shutdown::Both));
    drop(client.shutdown(Shutdown::Both));
}
