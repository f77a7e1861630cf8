//! What one request keeps: its decision, and the cookies of its response.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cookiejwt_core::{
    Decision, Identity, Problem,
    driver::{Mode, RequestHead, ResponseHeaders, SessionChange, SetCookies},
    store::{SettleRequest, Timestamp},
};
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, SetOnce};

use super::{
    any_slot::AnySlot,
    driver::{Pending, Progress},
    faults,
    guard::{Guard, GuardRefusal},
    outbox::{Outbox, Sent},
    reply::set_no_store,
};
use crate::{authenticator::Authenticator, sessions::Unsent};

/// One request's place for its decision: settled by the first handler or guard that asks, and
/// reused by the others.
///
/// An adapter puts one into each request and writes its cookies to the response, whichever it is.
/// Nothing is verified until a handler asks, so a static file costs nothing.
#[derive(Debug)]
pub struct Slot {
    auth: Authenticator,
    path: Option<Box<str>>,
    /// Not a `OnceLock`, which calls a closure through a pointer and moves the value three times.
    decision: SetOnce<Decision>,
    /// Made when needed: each request makes a slot, and hardly any needs them.
    rare: OnceLock<Box<Rare>>,
    /// Whether the store has decided that the cookies must no longer be written.
    is_withheld: AtomicBool,
    /// Whether the cookies were written.
    has_left: AtomicBool,
    /// Whether a guard says that the response is not stored.
    is_never_stored: AtomicBool,
}

/// What a request has that asks a store, or changes who is logged in.
#[derive(Debug, Default)]
struct Rare {
    /// Held while the stores are asked, so that several askers at once ask them once.
    asking: Mutex<()>,
    /// What a route that loaded the user decided afterwards.
    overruled: OnceLock<Decision>,
    /// When cookies were decided on.
    decided_at: OnceLock<Timestamp>,
    /// The cookies of a login or logout in this request.
    outbox: OnceLock<Arc<Outbox>>,
}

/// What is waited for before a response is sent; see [`Slot::depart`].
#[derive(Debug)]
#[must_use]
pub struct Departure {
    login: Option<Unsent>,
    settle: Option<SettleRequest>,
}

impl Slot {
    /// A slot for a request to this path, exactly as the client sent it.
    pub fn new(auth: &Authenticator, path: &str) -> Self {
        Self::at(auth, || path)
    }

    /// The same with a path that has to be looked for.
    pub(super) fn at<'p>(auth: &Authenticator, path: impl FnOnce() -> &'p str) -> Self {
        // Only needed for comparing with skipped paths; the common application has none.
        let path = auth.config().has_skips().then(|| path().into());
        Self {
            auth: auth.clone(),
            path,
            decision: SetOnce::new(),
            rare: OnceLock::new(),
            is_withheld: AtomicBool::new(false),
            has_left: AtomicBool::new(false),
            is_never_stored: AtomicBool::new(false),
        }
    }

    /// The authenticator that decides here.
    pub fn authenticator(&self) -> &Authenticator {
        &self.auth
    }

    /// The decision, if it needs no store. Otherwise the value to pass to [`finish`](Self::finish).
    pub fn begin(&self, head: RequestHead<'_>) -> Result<&Decision, Pending> {
        if let Some(decision) = self.decided() {
            return Ok(decision);
        }
        // A router that has cut a prefix off must not change which paths are skipped.
        let head = self.path.as_deref().map_or(head, |path| head.with_path(path));
        match self.auth.begin(head) {
            Progress::Pending(pending) => Err(pending),
            Progress::Settled(decision) => Ok(self.keep(decision)),
        }
    }

    /// The decision, with the help of the stores. Only one of several askers at once asks them.
    pub async fn finish(&self, pending: Pending) -> &Decision {
        let _alone = self.rare().asking.lock().await;
        if let Some(decision) = self.decided() {
            return decision;
        }
        let decision = self.auth.finish(pending).await;
        self.keep(decision)
    }

    /// The decision, made now unless it was made before.
    pub async fn settle(&self, head: RequestHead<'_>) -> &Decision {
        match self.begin(head) {
            Ok(decision) => decision,
            // Boxed: otherwise the future of every handler would be as large as that of a refresh.
            Err(pending) => Box::pin(self.finish(pending)).await,
        }
    }

    /// Who sends the request, for a route that requires a login.
    pub async fn identity(&self, head: RequestHead<'_>) -> Result<Identity, Problem> {
        self.settle(head).await.required().cloned()
    }

    /// Who sends the request, for a public route.
    pub async fn maybe_identity(&self, head: RequestHead<'_>) -> Result<Option<Identity>, Problem> {
        Ok(self.settle(head).await.optional()?.cloned())
    }

    /// Who sends the request, for a route that requires a login at most this long ago.
    pub async fn fresh_identity(
        &self,
        head: RequestHead<'_>,
        max_age: Duration,
    ) -> Result<Identity, Problem> {
        self.fresh(self.settle(head).await, max_age).cloned()
    }

    /// The same of a decision that this slot gave.
    pub fn fresh<'d>(&self, decision: &'d Decision, max_age: Duration) -> Result<&'d Identity, Problem> {
        let identity = decision.required()?;
        let checked = self.auth.core().check_fresh(identity, max_age, self.auth.now());
        checked.inspect_err(|problem| self.auth.guard_refused(identity, *problem)).map(|()| identity)
    }

    /// Whether a guard lets this request pass, and the response otherwise. The decision is one that
    /// this slot gave, the path of the head the one on the wire. A guard of another authenticator
    /// never passes.
    pub fn admit(
        &self,
        guard: &Guard,
        decision: &Decision,
        head: RequestHead<'_>,
    ) -> Result<(), GuardRefusal> {
        AnySlot::Full(self).admit(guard, decision, head)
    }

    /// The response is not stored, whatever its handler says about caching.
    pub(super) fn never_store(&self) {
        self.is_never_stored.store(true, Ordering::Relaxed);
    }

    /// The user, read from the store. A user who is gone or disabled is refused, and their session
    /// is revoked.
    pub async fn user<U: Send + Sync + 'static>(&self, head: RequestHead<'_>) -> Result<U, Problem> {
        let identity = self.identity(head).await?;
        self.load_user(&identity).await
    }

    /// The access token's custom claims as a type of the application.
    pub async fn claims<T: DeserializeOwned>(&self, head: RequestHead<'_>) -> Result<T, Problem> {
        faults::claims_of(&self.identity(head).await?)
    }

    /// The user of an identity that this slot returned.
    pub async fn load_user<U: Send + Sync + 'static>(&self, identity: &Identity) -> Result<U, Problem> {
        let users = &self.auth.0.users;
        let found = users.find_by_id(identity.subject()).await?;
        let Some(found) = found.filter(|user| user.is_active) else {
            return Err(self.user_inactive(identity).await);
        };
        users.of_type(found.user).and_then(Arc::into_inner).ok_or(Problem::ServerError)
    }

    /// What has to be waited for before this request's response is sent: a refresh that was a while
    /// ago, or a login. [`depart`](Self::depart) waits.
    pub fn departure(&self) -> Option<Departure> {
        let login = self.sent().and_then(|outbox| outbox.unsent());
        let settle = self
            .decided()
            .and_then(Decision::departure)
            .and_then(|departure| self.auth.0.keys.core().late_departure(departure, self.auth.timestamp()));
        (login.is_some() || settle.is_some()).then_some(Departure { login, settle })
    }

    /// Ends the sessions that a login replaces, and asks the store whether the client has newer
    /// cookies than those of a refresh, which are withheld then. Call it before
    /// [`write_cookies`](Self::write_cookies), right before the head of the response leaves.
    pub async fn depart(&self, departure: Departure) {
        let Departure { login, settle } = departure;
        if let Some(login) = login {
            login.commit().await;
        }
        if let Some(request) = settle
            && !self.auth.may_leave(&request).await
        {
            self.is_withheld.store(true, Ordering::Release);
            let decision = self.decided().filter(|decision| !self.late_cookies(decision).is_empty());
            if decision.is_some() && self.auth.has_ended(&request.session_id).await {
                self.withhold();
            }
        }
    }

    /// Keeps the lines of a login or logout that has taken effect already for the response, also
    /// when that becomes another one on its way out: an error of a middleware, a catcher's page.
    pub fn send(&self, lines: SetCookies) {
        self.outbox().put(Sent { lines, unsent: None });
    }

    /// Whether a login or logout has anything to send, if only that there is nothing to send.
    pub fn sends(&self) -> bool {
        self.sent().is_some_and(|outbox| !outbox.is_empty())
    }

    /// Whether a login is to be sent that the framework's own session was to follow.
    pub fn sends_login(&self) -> bool {
        let change = self.sent().and_then(|outbox| outbox.session_change());
        matches!(change, Some(SessionChange::Begins { .. }))
    }

    /// Takes back what was to be sent: the framework's own session could not follow the login. The
    /// caller [drops](Authenticator::drop_login) it.
    pub fn take_back(&self) -> Option<SessionChange> {
        let sent = self.sent()?.take()?;
        sent.unsent.inspect(Unsent::take_back);
        sent.lines.session_change().cloned()
    }

    /// Where the handlers of this request put what is to be sent.
    pub(super) fn outbox(&self) -> &Arc<Outbox> {
        self.rare().outbox.get_or_init(|| {
            let has_left = self.has_left.load(Ordering::Acquire);
            Arc::new(if has_left { Outbox::closed() } else { Outbox::default() })
        })
    }

    /// Writes the cookies of this request into its response: a line that is there already wins,
    /// then a login or logout, then the decision. A response without cookies states that it depends
    /// on the user, if a handler has asked for them.
    pub fn write_cookies(&self, headers: &mut dyn ResponseHeaders) {
        let core = self.auth.0.keys.core();
        self.has_left.store(true, Ordering::Release);
        if let Some(lines) = self.sent().and_then(|outbox| outbox.leave()) {
            core.write_cookies(&lines, headers);
        }
        match self.decided() {
            None => core.write_cookies(&SetCookies::default(), headers),
            Some(decision) if self.may_write(decision) => core.write_decision(decision, headers),
            Some(decision) => {
                let mut without = decision.clone().without_cookies();
                without.cookies = self.late_cookies(decision);
                core.write_decision(&without, headers);
            }
        }
        if self.is_never_stored.load(Ordering::Relaxed)
            || self.sent().is_some_and(|outbox| outbox.is_never_stored())
        {
            set_no_store(headers);
        }
    }

    /// What has been decided already, when it rotated the refresh cookie: a second rotation in the
    /// same request would present a token that is used up.
    pub(crate) fn rotated(&self, head: RequestHead<'_>) -> Option<&Decision> {
        let in_cookie_mode = self.auth.0.keys.core().mode(head) == Mode::Cookie;
        self.decided().filter(|decision| in_cookie_mode && decision.refresh_expires_at.is_some())
    }

    /// The cookies of the decision are not sent: what the request did has made them worthless.
    pub(crate) fn withhold(&self) {
        if let Some(decision) = self.decided() {
            let decision = decision.clone().without_cookies();
            let _ = self.rare().overruled.set(decision);
        }
    }

    /// The cookies of a session that has ended since, or lines that clear cookies which may have
    /// been replaced since, would undo what another response has done.
    fn may_write(&self, decision: &Decision) -> bool {
        if decision.cookies.is_empty() {
            return true;
        }
        if decision.departure().is_none() {
            return !self.is_late(self.auth.timestamp());
        }
        !self.has_ended(decision) && !self.is_withheld.load(Ordering::Acquire)
    }

    /// What is left of cookies that must not be written.
    fn late_cookies(&self, decision: &Decision) -> SetCookies {
        if self.has_ended(decision) || self.is_late(self.auth.timestamp()) {
            return SetCookies::default();
        }
        self.auth.0.keys.core().late_cookies(decision)
    }

    /// Whether the decision was too long ago for lines that could undo a newer response.
    fn is_late(&self, now: Timestamp) -> bool {
        let decided_at = self.rare.get().and_then(|rare| rare.decided_at.get()).copied().unwrap_or(now);
        self.auth.0.keys.core().is_late_to_clear(decided_at, now)
    }

    /// Whether the session of new cookies has ended since.
    fn has_ended(&self, decision: &Decision) -> bool {
        let ended = |session| self.auth.0.sessions.revoked_here(session, self.auth.timestamp()).is_some();
        decision.departure().is_some_and(|departure| ended(&departure.session_id))
    }

    /// The decision of this slot, and when it was made where that matters.
    fn keep(&self, decision: Decision) -> &Decision {
        if !decision.cookies.is_empty() {
            let _ = self.rare().decided_at.set(self.auth.timestamp());
        }
        // An error means that another asker was first.
        let _ = self.decision.set(decision);
        self.decision.get().expect("it was set before or just now")
    }

    fn decided(&self) -> Option<&Decision> {
        let overruled = self.rare.get().and_then(|rare| rare.overruled.get());
        overruled.or_else(|| self.decision.get())
    }

    fn rare(&self) -> &Rare {
        self.rare.get_or_init(Box::default)
    }

    /// Where the handlers of this request have put what is to be sent, if any of them has.
    fn sent(&self) -> Option<&Arc<Outbox>> {
        self.rare.get()?.outbox.get()
    }

    async fn user_inactive(&self, identity: &Identity) -> Problem {
        let settlement = self.auth.core().user_inactive(identity, self.auth.timestamp());
        let mut decision = self.auth.record(self.auth.apply(settlement).await);
        if let Some(before) = self.decision.get() {
            decision.cookies = decision.cookies.with_twins(before.cookies.twins().clone());
        }
        let problem = decision.required().err().unwrap_or(Problem::SessionRevoked);
        let _ = self.rare().overruled.set(decision);
        problem
    }
}
