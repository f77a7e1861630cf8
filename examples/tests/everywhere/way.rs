//! The way of one node to the database, on which its statements are counted.

use std::{
    collections::HashMap,
    io::{self, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Instant,
};

/// A statement that a node has sent.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) sent_at: Instant,
    pub(crate) sql: String,
}

/// Passes on what a node and the database say to each other.
#[derive(Clone)]
pub(crate) struct Way {
    address: SocketAddr,
    sent: Arc<Mutex<Vec<Statement>>>,
}

impl Way {
    /// Listens on a free port until the test process ends.
    pub(crate) fn to(server: (&str, u16)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let way = Self { address, sent: Arc::default() };
        let (own, server) = (way.clone(), (server.0.to_owned(), server.1));
        thread::spawn(move || {
            for node in listener.incoming().flatten() {
                let (way, server) = (own.clone(), server.clone());
                // A connection ends with an error when its node is killed.
                thread::spawn(move || way.connect(node, &server));
            }
        });
        way
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was sent after this moment.
    pub(crate) fn since(&self, moment: Instant) -> Vec<Statement> {
        let sent = self.sent.lock().expect("no panic while held");
        sent.iter().filter(|statement| statement.sent_at > moment).cloned().collect()
    }

    fn connect(&self, node: TcpStream, server: &(String, u16)) -> io::Result<()> {
        let database = TcpStream::connect((server.0.as_str(), server.1))?;
        for stream in [&node, &database] {
            stream.set_nodelay(true)?;
        }
        let (mut answers, mut to_node) = (database.try_clone()?, node.try_clone()?);
        thread::spawn(move || {
            let copied = io::copy(&mut answers, &mut to_node);
            to_node.shutdown(Shutdown::Both).and(copied.map(drop))
        });
        let passed = self.pass(BufReader::new(node), &database);
        database.shutdown(Shutdown::Both)?;
        passed
    }

    /// Reads the messages of a client: PostgreSQL's "Message Formats".
    fn pass(&self, mut node: impl Read, mut database: impl Write) -> io::Result<()> {
        let (mut prepared, mut bound) = (HashMap::new(), HashMap::new());
        // The first one has no type.
        database.write_all(&body(&mut node)?)?;
        loop {
            let mut kind = [0];
            node.read_exact(&mut kind)?;
            let body = body(&mut node)?;
            let mut texts =
                body[4..].split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
            let (first, second) = (texts.next().unwrap_or_default(), texts.next().unwrap_or_default());
            match kind[0] {
                b'P' => drop(prepared.insert(first, second)),
                b'B' => {
                    let sql = prepared.get(&second).cloned().unwrap_or_default();
                    bound.insert(first, sql);
                }
                b'E' => self.write_down(bound.get(&first).cloned().unwrap_or_default()),
                b'Q' => self.write_down(first),
                _ => {}
            }
            database.write_all(&[&kind, &*body].concat())?;
        }
    }

    fn write_down(&self, sql: String) {
        let statement = Statement { sent_at: Instant::now(), sql };
        self.sent.lock().expect("no panic while held").push(statement);
    }
}

/// The length, which counts itself, and what follows it.
fn body(node: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut body = vec![0; 4];
    node.read_exact(&mut body)?;
    let length = u32::from_be_bytes([body[0], body[1], body[2], body[3]]);
    let rest = u64::from(length.saturating_sub(4));
    let read = node.take(rest).read_to_end(&mut body)?;
    if u64::try_from(read) == Ok(rest) { Ok(body) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
