//! Runs one scenario against one framework.

use std::{collections::BTreeSet, future::Future, net::SocketAddr, pin::Pin, time::Duration};

use cookiejwt_store::{Secret, testing};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    ACCESS, Answer, Browser, DEVICE, Documented, Expected, REFRESH, Request, Scenario, Step, World,
    answer::{exchange, read, read_rest, read_until},
    request::Names,
    world::second,
};

/// How long a stream may take to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server of one framework on its own port.
pub struct Running {
    pub address: SocketAddr,
    pub stop: Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>>>,
}

/// Starts a server with every handler of the scenarios.
pub type Start = fn(World) -> Pin<Box<dyn Future<Output = Running>>>;

#[derive(Clone, Copy)]
pub struct Framework {
    pub name: &'static str,
    pub start: Start,
}

/// The responses, and descriptions of the faults.
#[derive(Debug, Default)]
pub struct Played {
    pub answers: Vec<Answer>,
    pub faults: Vec<String>,
    /// What the OpenAPI document of this application promises, and which of it occurred.
    pub promises: BTreeSet<String>,
    pub kept: BTreeSet<String>,
}

/// Runs all steps; a fault does not end the scenario.
pub async fn run(scenario: &Scenario, framework: Framework) -> Played {
    let world = World::with(scenario.config);
    let running = (framework.start)(world.clone()).await;
    let documented = Documented::of(&world.auth);
    let mut player = Player {
        names: tokens_of_others(&world),
        is_rocket: framework.name == "rocket",
        address: running.address,
        world,
        played: Played { promises: documented.promises(), ..Played::default() },
        documented,
        waiting: None,
        following: None,
    };
    for (number, step) in scenario.steps.iter().enumerate() {
        player.play(number + 1, step).await;
    }
    (running.stop)().await;
    player.played
}

/// Tokens that were not minted by a login: with another key, another node's clock, another issuer.
fn tokens_of_others(world: &World) -> Names {
    let core = &world.auth.core();
    let secret = Secret::from_base64("q6NNIpG9d1Ic6DqDGHdBaMNUJdzEwXmwi+CpGW9KEpM=").expect("a secret");
    let other = testing::config().secret(secret).build().expect("valid settings");
    let other = cookiejwt_store::Core::new(other);
    let (access, refresh) = (|| testing::access("1"), || testing::refresh("1"));
    let mut names = Names::default();
    names.set_pairs("unknown", &access().by(&other).cookie(), &refresh().by(&other).cookie());
    let early = second(3600);
    let (early_access, early_refresh) =
        (access().by(core).issued_at(early), refresh().by(core).issued_at(early));
    names.set_pairs("early", &early_access.cookie(), &early_refresh.cookie());
    names.set_pairs("foreign", &access().by(core).foreign().cookie(), &refresh().by(core).foreign().cookie());
    names.set_pairs("rowless", &access().by(core).cookie(), &refresh().by(core).cookie());
    let marked = || refresh().by(core).device_bound();
    names.set_pairs("marked", &access().by(core).device_bound().cookie(), &marked().cookie());
    names
}

/// What happens to the server between two requests.
async fn change_world(world: &World, step: &Step) {
    match step {
        Step::Pass(seconds) => world.pass(*seconds),
        Step::WriteReceipts => {
            world.auth.write_receipts().await.expect("the store is available");
        }
        Step::Sessions(availability) => world.store.set(*availability),
        Step::Users(availability) => world.users.set(*availability),
        Step::Disable(user) => world.users.change(user, |user| user.is_active = false),
        Step::Enrol(user) => world.users.change(user, |user| user.has_code = true),
        Step::Delete(user) => world.users.delete(user),
        Step::Claims(user, claims) => {
            world.users.set_claims(user, serde_json::from_str(claims).expect("claims in JSON"));
        }
        Step::Renew(user) => {
            world.auth.renew_claims(&world.users.by_name(user).id.into()).await.expect("an answer");
        }
        Step::TooManyClaims(user) => {
            world.users.set_claims(user, serde_json::json!({ "roles": ["r".repeat(4000)] }));
        }
        Step::RevokedElsewhere(user) => {
            world.revoke_elsewhere(user).await;
        }
        Step::BoundElsewhere(user) => world.bind_elsewhere(user).await,
        Step::VerifierAsks => assert!(world.verifier.poll_revocations().await, "the issuer answers"),
        Step::ReadFeed => world.auth.poll_revocations().await.expect("the store is available"),
        _ => unreachable!("the player knows it: {step:?}"),
    }
}

struct Player {
    world: World,
    names: Names,
    address: SocketAddr,
    is_rocket: bool,
    documented: Documented,
    played: Played,
    /// A request whose handler waits.
    waiting: Option<(Request, TcpStream)>,
    /// A stream or a socket that is open, and what it has sent.
    following: Option<(Request, TcpStream, Vec<u8>)>,
}

impl Player {
    async fn play(&mut self, number: usize, step: &Step) {
        let world = self.world.clone();
        match step {
            Step::LogIn { user, name } => {
                let browser = world.log_in(user).await;
                self.log_in(name, &browser);
            }
            Step::LogInBy { user, methods } => {
                let browser = world.log_in_by(user, methods).await;
                self.names.set_pairs(user, &browser.access, &browser.refresh);
            }
            Step::LogInBriefly { user, seconds } => {
                let browser = world.log_in_briefly(user, *seconds).await;
                self.log_in(user, &browser);
            }
            Step::LogInStaff(user) => {
                let browser = world.log_in_at(&world.staff, user).await;
                self.names.set_pairs("staff", &browser.access, &browser.refresh);
            }
            Step::Keep(name) => self.keep(name),
            Step::AtOnce { requests, status } => self.at_once(number, requests, *status).await,
            Step::Send { request, expected, on_rocket } => {
                let expected = on_rocket.as_ref().filter(|_| self.is_rocket).unwrap_or(expected);
                self.send(number, request, expected).await;
            }
            Step::Uncaught { request, rows } => self.uncaught(number, request, rows).await,
            Step::Begin(request) => self.begin(request).await,
            Step::Finish(expected) => self.finish(number, expected).await,
            Step::Follow(request) => self.follow(request).await,
            Step::Over(expected) => self.over(number, expected).await,
            Step::HangUp { request, rows } => self.hang_up(number, request, rows).await,
            change => change_world(&world, change).await,
        }
    }

    fn log_in(&mut self, name: &str, browser: &Browser) {
        self.names.set_pairs(name, &browser.access, &browser.refresh);
        self.names.set(&format!("{name}.session"), browser.session.as_str());
        self.names.set_device(name, &browser.offer, "");
    }

    fn keep(&mut self, name: &str) {
        let last = self.played.answers.last().expect("an answer before");
        let in_body = |member, name| Some(format!("{name}={}", last.member(member)?));
        let pair = |member, name| last.pair(name).or(in_body(member, name)).unwrap_or_default();
        let (access, refresh) = (pair("access", ACCESS), pair("refresh", REFRESH));
        if !access.is_empty() {
            self.names.set_pairs(name, &access, &refresh);
        }
        self.names.set(&format!("{name}.device"), last.pair(DEVICE).unwrap_or_default());
        if let Some(session) = last.member("session_id") {
            self.names.set(&format!("{name}.session"), session);
        }
        let [offer, challenge] =
            ["secure-session-registration", "secure-session-challenge"].map(|field| last.field(field));
        self.names.set_device(name, &offer, &challenge);
        if let Some(pending) = last.pending() {
            self.names.set_pending(name, &pending);
        }
    }

    async fn send(&mut self, number: usize, request: &Request, expected: &Expected) {
        let before = self.world.rows().await;
        let answer = exchange(self.address, &request.bytes(&self.names), request.is_head()).await;
        self.check(number, (request, answer), (expected, before)).await;
    }

    async fn begin(&mut self, request: &Request) {
        self.world.gate.close();
        let mut stream = TcpStream::connect(self.address).await.expect("the server listens");
        stream.write_all(&request.bytes(&self.names)).await.expect("the server reads");
        self.world.gate.arrived().await;
        self.waiting = Some((request.clone(), stream));
    }

    async fn finish(&mut self, number: usize, expected: &Expected) {
        let (request, mut stream) = self.waiting.take().expect("a handler that waits");
        let before = self.world.rows().await;
        self.world.gate.let_pass(1);
        let answer = read(&mut stream, request.is_head()).await.expect("an answer");
        let expected = expected.clone().to(&request);
        self.check(number, (&request, answer), (&expected, before)).await;
    }

    async fn follow(&mut self, request: &Request) {
        let mut stream = TcpStream::connect(self.address).await.expect("the server listens");
        stream.write_all(&request.bytes(&self.names)).await.expect("the server reads");
        let received = read_until(&mut stream, "open").await.expect("it stays open");
        self.following = Some((request.clone(), stream, received));
    }

    /// How long it takes is no matter, but it has to happen.
    async fn over(&mut self, number: usize, expected: &Expected) {
        let (request, mut stream, received) = self.following.take().expect("a stream that is open");
        let before = self.world.rows().await;
        let rest = tokio::time::timeout(PATIENCE, read_rest(&mut stream, received)).await;
        let answer = rest.expect("it is over").expect("an answer");
        let expected = expected.clone().to(&request);
        self.check(number, (&request, answer), (&expected, before)).await;
    }

    async fn check(
        &mut self,
        number: usize,
        (request, answer): (&Request, Answer),
        (expected, before): (&Expected, Vec<String>),
    ) {
        let after = self.world.rows().await;
        let (is, should) = (answer.in_words(), expected.in_words(self.world.second()));
        if is != should {
            self.fault(number, &should, &is);
        }
        let rows = expected.rows.clone().unwrap_or(before);
        if after != rows {
            self.fault(number, &rows, &after);
        }
        let body = self.names.replace(&request.body);
        if answer.has_type_to_guess() {
            self.played.faults.push(format!("step {number}: a browser may guess the type of this"));
        }
        for fault in self.documented.faults(request, &body, &answer) {
            self.played.faults.push(format!("step {number}, OpenAPI: {fault}"));
        }
        self.played.kept.extend(self.documented.kept(request, &answer));
        self.played.answers.push(answer);
    }

    async fn at_once(&mut self, number: usize, requests: &[Request], status: u16) {
        let address = self.address;
        let asks = requests.iter().map(|request| {
            let bytes = request.bytes(&self.names);
            tokio::spawn(async move { exchange(address, &bytes, false).await })
        });
        for answer in asks.collect::<Vec<_>>() {
            let answer = answer.await.expect("an answer");
            if answer.status != status {
                self.fault(number, &[status.to_string()], &answer.in_words());
            }
        }
    }

    async fn uncaught(&mut self, number: usize, request: &Request, rows: &[String]) {
        let mut stream = TcpStream::connect(self.address).await.expect("the server listens");
        stream.write_all(&request.bytes(&self.names)).await.expect("the server reads");
        let mut received = [0; 12];
        let said = match stream.read_exact(&mut received).await {
            Ok(_) => String::from_utf8_lossy(&received).into_owned(),
            Err(_) => "a dropped connection".to_owned(),
        };
        let should = if self.is_rocket { "HTTP/1.1 500" } else { "a dropped connection" };
        if said != should {
            self.fault(number, &[should.to_owned()], &[said]);
        }
        let after = self.world.rows().await;
        if after != rows {
            self.fault(number, rows, &after);
        }
    }

    async fn hang_up(&mut self, number: usize, request: &Request, rows: &[String]) {
        self.world.gate.close();
        let mut stream = TcpStream::connect(self.address).await.expect("the server listens");
        stream.write_all(&request.bytes(&self.names)).await.expect("the server reads");
        self.world.gate.arrived().await;
        drop(stream);
        self.world.gate.let_pass(1);
        let after = self.world.rows().await;
        if after != rows {
            self.fault(number, rows, &after);
        }
    }

    fn fault(&mut self, number: usize, should: &[String], is: &[String]) {
        let lines = |lines: &[String]| lines.join("\n      ");
        self.played.faults.push(format!(
            "step {number}\n    expected\n      {}\n    was\n      {}",
            lines(should),
            lines(is)
        ));
    }
}
