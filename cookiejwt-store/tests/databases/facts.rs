//! What a session knows of its login stays with it: through rotations, in the leeway, and with
//! another secret, on every database.

use std::time::Duration;

use cookiejwt_store::{
    Authenticator, Decision, LoginContext, LoginOptions, ManualClock, MemoryStore, Method, SeaOrmTokenStore,
    Secret, TokenStore, testing,
};
use libtest_mimic::{Failed, Trial};

use crate::{
    common::{Jar, Switches, TestHasher, TestUsers, lines, outcome},
    matrix::{Kind, ROWS, Row},
    place::Places,
    server::runtime,
};

/// Random ones.
const SECRETS: [&str; 2] =
    ["NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=", "2q3lrZyWb0cP1xJvYkH6m8TnSgUe4aXh7Bd9Q5iCoFs="];
/// Longer than an access token lives, with its leeway.
const SECONDS: i64 = 331;
const SAID: &str = "otp 60, pwd 0, gold, acme, alice at acme";

pub(crate) fn trials(places: &Places) -> Vec<Trial> {
    let trial = |row: Row| {
        let here = places.clone();
        Trial::test(format!("{}: a session keeps its facts", row.name()), move || play(&row, &here))
    };
    ROWS.into_iter().map(trial).collect()
}

fn play(row: &Row, places: &Places) -> Result<(), Failed> {
    if matches!(row.kind, Kind::Memory) {
        return runtime()?.block_on(keeps(MemoryStore::new()));
    }
    let Some(place) = places.lend(row)? else { return Ok(()) };
    runtime()?.block_on(async {
        let db = place.connect().await?;
        keeps(SeaOrmTokenStore::migrate(db.clone()).await?).await?;
        Ok::<_, Failed>(db.close().await?)
    })?;
    places.take_back(row, place);
    Ok(())
}

/// One table of users and one of sessions, and nodes with the secrets of their time.
struct Nodes<T> {
    users: TestUsers,
    store: T,
    clock: ManualClock,
}

impl<T: TokenStore + Clone> Nodes<T> {
    fn with(&self, secret: &str, previous: Option<&str>) -> Authenticator {
        let read = |text| Secret::from_base64(text).expect("a secret");
        let config = testing::config().secret(read(secret));
        let config = previous.into_iter().fold(config, |config, old| config.previous_secret(read(old)));
        let auth = Authenticator::builder(config.build().expect("a config"));
        let auth = auth.users(self.users.clone()).tokens(self.store.clone()).clock(self.clock.clone());
        auth.password_hasher(TestHasher::default()).build().expect("a node")
    }

    /// The next refresh; the jar has its cookies afterwards.
    async fn refresh(&self, auth: &Authenticator, jar: &mut Jar) -> Decision {
        self.clock.advance(time::Duration::seconds(SECONDS));
        let decision = auth.authenticate(&jar.get()).await;
        jar.apply(&lines(&decision.cookies));
        decision
    }
}

fn said(decision: &Decision) -> String {
    let who = decision.required().expect("logged in");
    let proofs = who.methods().map(|method| {
        let at = who.proofs().time_of(method).expect("each has a time");
        format!("{method} {}", (testing::NOW - at).whole_seconds())
    });
    let proofs = proofs.collect::<Vec<_>>().join(", ");
    let tenant: String = who.fact("tenant").expect("a fact");
    let roles: Vec<String> = who.fact("roles").expect("a claim");
    format!("{proofs}, {}, {tenant}, {}", who.acr().unwrap_or_default(), roles.join(" "))
}

async fn keeps(store: impl TokenStore + Clone) -> Result<(), Failed> {
    let users = TestUsers::new(Switches::default());
    let nodes = Nodes { users, store, clock: ManualClock::at(testing::NOW) };
    nodes.users.change(1, |alice| alice.stamp = Some("1".into()));
    let auth = nodes.with(SECRETS[0], None);
    let earlier = testing::NOW - Duration::from_mins(1);
    let options = LoginOptions::new().by(Method::PWD).by_at(Method::OTP, earlier).acr("gold");
    let options = options.fact("tenant", &"acme");
    let login = auth.login(&nodes.users.row(1), options, LoginContext::default()).await?;
    let mut jar = Jar::of(&login.cookies);
    for rotation in 1..=10 {
        let mut late = jar.clone();
        let decision = nodes.refresh(&auth, &mut jar).await;
        assert_eq!((said(&decision).as_str(), outcome(&decision).1), (SAID, "set"), "rotation {rotation}");
        let again = auth.authenticate(&late.without_access().get()).await;
        assert_eq!(said(&again), SAID, "in the leeway of rotation {rotation}");
        late.apply(&lines(&again.cookies));
        assert_eq!(late.refresh, jar.refresh, "the same successor, rotation {rotation}");
    }
    for (secret, previous) in [(SECRETS[1], Some(SECRETS[0])), (SECRETS[1], None)] {
        let decision = nodes.refresh(&nodes.with(secret, previous), &mut jar).await;
        assert_eq!(said(&decision), SAID, "with another secret");
    }
    nodes.users.change(1, |alice| alice.stamp = Some("2".into()));
    let ended = nodes.refresh(&nodes.with(SECRETS[1], None), &mut jar).await;
    assert_eq!(outcome(&ended), ("session_revoked", "cleared"), "the stamp came along");
    Ok(())
}
