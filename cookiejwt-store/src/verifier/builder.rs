//! Collects the parts of a verifier and checks that they fit together.

use std::{
    fmt,
    future::Future,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use cookiejwt_core::{ConfigError, Expect, Jwks, Verifier as CoreVerifier};

use super::{
    Inner, Verifier,
    follower::{Follower, Pace},
    keys::IssuerKeys,
    source::{Failure, JwksDocument, KeySource, ListSource, RevokedQuery, key_source, list_source},
};
use crate::{
    events::{Event, Events, Hooks},
    runtime::{Clock, Random, Runtime, SystemClock},
};

const INTERVAL: Duration = Duration::from_secs(1);
/// As long as an issuer waits at most.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

/// A [`Verifier`] that cannot be built.
///
/// `Debug` prints what `Display` prints, so that a `main` that returns this error shows the
/// sentence.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum VerifierError {
    /// What is expected of a token is incomplete or malformed.
    #[error(transparent)]
    Expect(#[from] ConfigError),
    /// There is no way to the issuer's keys.
    #[error(
        "no keys; call `.keys(…)` with the issuer's `jwks.json`, or `.jwks(…)` or `.jwks_url(…)`, which fetch it"
    )]
    NoKeys,
    /// Nobody can be refused for the staleness of what is not followed.
    #[error("`.stale_after(…)` needs revocations; call `.follow(…)` or `.follow_url(…)`, or leave it out")]
    NothingFollowed,
    /// An address is not one from which keys and revocations may be taken.
    #[error("{0:?} is not the address of the issuer; write https://…, or http:// for this machine only")]
    Url(String),
    /// The HTTP client cannot be made, or the header field cannot be sent.
    #[error("no HTTP client: {0}")]
    Client(String),
}

impl fmt::Debug for VerifierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Verifier {
    /// Starts a builder with what is expected of a token.
    pub fn builder(expect: Expect) -> VerifierBuilder {
        VerifierBuilder {
            expect,
            keys: None,
            key_source: None,
            list_source: None,
            pace: Pace { interval: INTERVAL, wait: Duration::ZERO, stale_after: None },
            clock: Box::new(SystemClock),
            hooks: Hooks::default(),
            fault: None,
        }
    }
}

/// Collects the parts of a [`Verifier`].
#[must_use = "a builder does nothing until `build`"]
pub struct VerifierBuilder {
    expect: Expect,
    keys: Option<Jwks>,
    key_source: Option<KeySource>,
    list_source: Option<ListSource>,
    pace: Pace,
    clock: Box<dyn Clock>,
    hooks: Hooks,
    /// The first mistake in an address, which `build` returns.
    fault: Option<VerifierError>,
}

impl VerifierBuilder {
    /// The issuer's keys. With [`jwks`](Self::jwks) they count until the first document is fetched.
    pub fn keys(self, keys: Jwks) -> Self {
        Self { keys: Some(keys), ..self }
    }

    /// Fetches the issuer's `jwks.json` with your own client, which must not follow redirects to
    /// another host: when the document becomes old, and at most once a minute when a token has an
    /// unknown `kid`. After a failure it is tried again after 1, 2, 4, … 60 seconds, and the
    /// present keys stay. One request at a time is under way.
    ///
    /// ```
    /// # async fn get(url: &str) -> Result<String, std::io::Error> { Ok(String::new()) }
    /// # fn with(builder: cookiejwt_store::VerifierBuilder) -> cookiejwt_store::VerifierBuilder {
    /// use cookiejwt_store::JwksDocument;
    ///
    /// builder.jwks(|| async {
    ///     let text = get("https://id.example/api/auth/jwks.json").await?;
    ///     Ok::<_, std::io::Error>(JwksDocument::new(text))
    /// })
    /// # }
    /// ```
    pub fn jwks<F, E>(self, fetch: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<JwksDocument, E>> + Send + 'static,
        E: Into<Failure>,
    {
        Self { key_source: Some(key_source(fetch)), ..self }
    }

    /// Follows the issuer's revocations: `ask` fetches `GET revoked` of the issuer with this query
    /// and returns its body, once a second. A session that has ended is refused then, with 401
    /// `session_revoked`, and so is one in which a user of such a session acts.
    ///
    /// The tokens of one [realm](Expect::realm) are accepted, because a list contains the sessions
    /// of one. While the issuer does not answer, what was known stays, and
    /// [`Event::FeedStale`] is reported; see [`stale_after`](Self::stale_after).
    pub fn follow<F, E>(self, ask: impl Fn(RevokedQuery) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<String, E>> + Send + 'static,
        E: Into<Failure>,
    {
        Self { list_source: Some(list_source(ask)), ..self }
    }

    /// Fetches `jwks.json` from this address, with `If-None-Match`, and again when its `max-age`
    /// has passed; see [`jwks`](Self::jwks). Redirects are not followed.
    #[cfg(feature = "reqwest")]
    pub fn jwks_url(self, url: &str) -> Self {
        match super::urls::keys(url) {
            Ok(source) => Self { key_source: Some(source), ..self },
            Err(fault) => self.refused(fault),
        }
    }

    /// Follows the revocations at this address, `https://…/api/auth/revoked`, and sends this header
    /// field with each question: that of
    /// [`RevokedReaders::header`](crate::RevokedReaders::header). Redirects are not followed.
    #[cfg(feature = "reqwest")]
    pub fn follow_url(self, url: &str, header: &str, secret: &str) -> Self {
        match super::urls::revocations(url, header, secret) {
            Ok(source) => Self { list_source: Some(source), ..self },
            Err(fault) => self.refused(fault),
        }
    }

    /// How often the issuer is asked what it has revoked. Default: one second.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.pace.interval = interval;
        self
    }

    /// Lets the issuer wait until something was revoked, for at most this long and at most 25
    /// seconds, instead of asking it every second: fewer requests, and revocations arrive at once.
    /// Each service that waits holds one connection.
    pub fn long_poll(mut self, wait: Duration) -> Self {
        self.pace.wait = wait.min(LONGEST_WAIT);
        self
    }

    /// Responds 503 to every request with a valid token when the issuer has not answered for so
    /// long. Default: never, so that an outage of the issuer ends no service; a session that ended
    /// meanwhile is accepted until its access token expires.
    ///
    /// With [`long_poll`](Self::long_poll) its time is added, in which the issuer may be silent.
    pub fn stale_after(mut self, age: Duration) -> Self {
        self.pace.stale_after = Some(age);
        self
    }

    /// Sets another clock, for tests.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// Adds a hook that receives every [`Event`]: refusals, new keys, and whether the revocations
    /// are known. See [`AuthenticatorBuilder::on_event`](crate::AuthenticatorBuilder::on_event).
    pub fn on_event(mut self, hook: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.hooks = self.hooks.with(hook);
        self
    }

    /// Builds the verifier, or returns what is missing. It fetches nothing yet: the first request
    /// does, or [`Verifier::start`].
    pub fn build(self) -> Result<Verifier, VerifierError> {
        let Self { expect, keys, key_source, list_source, pace, clock, hooks, fault } = self;
        if let Some(fault) = fault {
            return Err(fault);
        }
        if pace.stale_after.is_some() && list_source.is_none() {
            return Err(VerifierError::NothingFollowed);
        }
        let expect = if list_source.is_some() { expect.of_one_realm() } else { expect };
        let core = match keys {
            Some(keys) => CoreVerifier::new(keys, expect)?,
            None if key_source.is_some() => CoreVerifier::without_keys(expect)?,
            None => return Err(VerifierError::NoKeys),
        };
        let memory = core.memory();
        let follower = list_source.map(|source| Follower::new(source, pace, memory));
        // A set tells its own.
        let streams = follower.as_ref().map(|follower| follower.set.waiting().clone());
        Ok(Verifier(Arc::new(Inner {
            keys: IssuerKeys::new(core, key_source),
            follower,
            streams: streams.unwrap_or_default(),
            events: Events::new(cookiejwt_core::store::Realm::default(), hooks),
            runtime: Runtime::new(clock, Random::default()),
            is_running: AtomicBool::new(false),
        })))
    }

    #[cfg(feature = "reqwest")]
    fn refused(self, fault: VerifierError) -> Self {
        Self { fault: self.fault.or(Some(fault)), ..self }
    }
}
