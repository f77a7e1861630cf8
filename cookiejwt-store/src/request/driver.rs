//! Two steps per request: what its head alone can decide, and the rest with the stores. Rows are
//! those of [`cookiejwt_core::rules`].

use cookiejwt_core::{
    Actor, Decision, Identity, Reason, RevocationLevel, SessionId,
    driver::{
        ActorStep, Assessment, LateAnswer, LateRequest, RefreshAttempt, RefreshIds, RefreshStep, RequestHead,
        Resolution, Rotation, RotationStep, SessionCheck, SessionStatus, SetCookies, Settlement,
    },
    store::{RevocationReason, SessionEnds, SessionRecord, SettleRequest, Timestamp},
};

use crate::{
    authenticator::Authenticator,
    events::{Event, printable},
};

/// How far a request came without any store.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "a request is settled or it waits")]
pub enum Progress {
    /// Decided.
    Settled(Decision),
    /// A store must be asked.
    Pending(Pending),
}

/// A request that waits for a store; see [`Authenticator::finish`].
#[derive(Debug)]
#[must_use]
pub struct Pending(Box<Question>);

#[derive(Debug)]
enum Question {
    /// And what follows without each access token in turn, should its claims have been renewed.
    Session(SessionCheck, Vec<Assessment>),
    Refresh(Box<RefreshAttempt>),
}

impl Pending {
    fn session(check: SessionCheck, otherwise: Vec<Assessment>) -> Progress {
        Progress::Pending(Self(Box::new(Question::Session(check, otherwise))))
    }

    fn refresh(attempt: Box<RefreshAttempt>) -> Progress {
        Progress::Pending(Self(Box::new(Question::Refresh(attempt))))
    }
}

impl Authenticator {
    /// Asks the stores for what [`begin`](Self::begin) could not decide.
    pub async fn finish(&self, pending: Pending) -> Decision {
        let attempt = match *pending.0 {
            Question::Refresh(attempt) => *attempt,
            Question::Session(check, otherwise) => match self.ask(check, otherwise).await {
                Ok(attempt) => attempt,
                Err(decision) => return self.record(decision),
            },
        };
        let settlement = self.rotate(attempt).await;
        let decision = self.apply(settlement).await;
        self.record(decision)
    }

    /// Runs [`begin`](Self::begin) and [`finish`](Self::finish) in one call, and returns who sent
    /// the request.
    pub async fn authenticate(&self, head: impl Into<RequestHead<'_>>) -> Decision {
        let progress = self.begin(head);
        self.complete(progress).await
    }

    /// The refresh route: rotates the refresh cookie, also while the access token is valid.
    pub async fn refresh(&self, head: impl Into<RequestHead<'_>>) -> Decision {
        let (head, now) = (head.into(), self.now());
        let assessment = self.0.keys.core().refresh(head, now);
        self.0.events.advice().on_assessment(&assessment, self.config(), &head);
        let progress = self.advance(assessment, head, now.into());
        self.complete(progress).await
    }

    /// The refresh route in token mode: rotates the refresh token of a body, and ignores cookies.
    /// The new tokens are in the decision.
    pub async fn refresh_tokens(&self, head: impl Into<RequestHead<'_>>, refresh: &str) -> Decision {
        let (head, now) = (head.into(), self.now());
        let assessment = self.0.keys.core().refresh_tokens(head, refresh, now);
        let progress = self.advance(assessment, head, now.into());
        self.complete(progress).await
    }

    /// Whether the session of this identity is still alive, for what outlives its request: a
    /// WebSocket, a stream.
    ///
    /// While the access token is valid this asks what a request would ask, which at the default
    /// level is memory. After that it reads the row of the session. When the store is unavailable
    /// the answer is yes, and an event contains the reason.
    ///
    /// It does not read the user. A user who was disabled in your table stays alive here until the
    /// session is refreshed or revoked, so load the user as well where that matters.
    pub async fn is_alive(&self, identity: &Identity) -> bool {
        let (id, now) = (identity.session_id(), self.now());
        let remembered = self.remembers(identity).await;
        let ids = || std::iter::once(id).chain(identity.actor().map(Actor::session_id));
        if ids().any(|id| self.0.sessions.revoked_here(id, now.into()).is_some()) {
            return false;
        }
        if remembered {
            return true;
        }
        for id in ids() {
            let Ok(row) = self.0.tokens.bounded().find(id).await else { continue };
            let has_ended = |row: &SessionRecord| SessionEnds::from(row).reason(now.into()).is_some();
            if row.is_none_or(|row| has_ended(&row)) {
                return false;
            }
        }
        true
    }

    /// Whether the claims of this identity are still those of its session, for what outlives its
    /// request and depends on them: a stream of an administrator. False once
    /// [`renew_claims`](Self::renew_claims) was called for its user; the session is still alive.
    ///
    /// It asks what [`is_alive`](Self::is_alive) asks. When the store is unavailable the answer is
    /// yes.
    pub async fn has_current_claims(&self, identity: &Identity) -> bool {
        let id = identity.session_id();
        if identity.version() < self.0.sessions.version(id) {
            return false;
        }
        if self.remembers(identity).await {
            return identity.version() >= self.0.sessions.version(id);
        }
        let row = self.0.tokens.bounded().find(id).await;
        row.ok().flatten().is_none_or(|row| !self.0.sessions.is_outdated(identity, &row))
    }

    /// Whether memory is enough to know what happened to the session of this identity.
    async fn remembers(&self, identity: &Identity) -> bool {
        let is_valid = self.now() < identity.expires_at();
        match self.config().revocation() {
            RevocationLevel::AtRefresh => is_valid,
            RevocationLevel::Feed => is_valid && self.0.sessions.has_caught_up().await,
            // Every request asks the store, and so does a level that is not known here.
            _ => false,
        }
    }

    async fn complete(&self, progress: Progress) -> Decision {
        match progress {
            Progress::Settled(decision) => decision,
            Progress::Pending(pending) => self.finish(pending).await,
        }
    }

    pub(super) fn advance(&self, assessment: Assessment, head: RequestHead<'_>, now: Timestamp) -> Progress {
        self.start_background();
        match assessment {
            Assessment::Settled(decision) => Progress::Settled(self.record(decision)),
            Assessment::NeedsRefresh(attempt) => Pending::refresh(attempt),
            Assessment::NeedsSessionCheck(check) => match self.known_status(&check, now) {
                None => {
                    let otherwise = self.without(&check, head, now);
                    Pending::session(check, otherwise)
                }
                Some(status) => match check.resolve(status) {
                    Resolution::Settled(decision) => Progress::Settled(self.record(decision)),
                    Resolution::NeedsRefresh(attempt) => Pending::refresh(attempt),
                },
            },
        }
    }

    /// The request as the table decides it without this access token, without the next one that is
    /// valid, and so on. The head is gone when the store has answered.
    fn without(&self, check: &SessionCheck, head: RequestHead<'_>, now: Timestamp) -> Vec<Assessment> {
        let (mut otherwise, mut dead) = (Vec::new(), vec![check.session_id().clone()]);
        loop {
            let version = |id: &SessionId| {
                if dead.contains(id) { i64::MAX } else { self.0.sessions.version(id) }
            };
            let assessment = self.0.keys.core().authenticate_with(head, now, &version);
            let next = match &assessment {
                Assessment::NeedsSessionCheck(check) if check.has_valid_access() => {
                    Some(check.session_id().clone())
                }
                _ => None,
            };
            otherwise.push(assessment);
            match next {
                Some(id) => dead.push(id),
                None => return otherwise,
            }
        }
    }

    /// Asks about the session of each access token until one is not outdated.
    async fn ask(
        &self,
        mut check: SessionCheck,
        otherwise: Vec<Assessment>,
    ) -> Result<RefreshAttempt, Decision> {
        let mut otherwise = otherwise.into_iter();
        loop {
            let status = match self.known_status(&check, self.timestamp()) {
                Some(status) => status,
                None => self.ask_session(&check).await,
            };
            let version = self.0.sessions.version(check.session_id());
            let is_outdated = status == SessionStatus::Live && check.is_outdated(version);
            check = match otherwise.next().filter(|_| is_outdated) {
                None => match check.resolve(status) {
                    Resolution::Settled(decision) => return Err(decision),
                    Resolution::NeedsRefresh(attempt) => return Ok(*attempt),
                },
                Some(Assessment::Settled(decision)) => return Err(decision),
                Some(Assessment::NeedsRefresh(attempt)) => return Ok(*attempt),
                Some(Assessment::NeedsSessionCheck(check)) => check,
            };
        }
    }

    /// What this node knows without asking. Before the set is loaded, and when the feed shows no
    /// sign of life, `Feed` has to ask; without a valid access token the set is enough, because the
    /// rotation asks the store anyway. The rotation also asks about the user who acts in the
    /// session, and ends it with theirs.
    fn known_status(&self, check: &SessionCheck, now: Timestamp) -> Option<SessionStatus> {
        let revoked = if check.has_valid_access() {
            self.revoked_here(check, now)
        } else {
            self.0.sessions.revoked_here(check.session_id(), now)
        };
        if let Some(reason) = revoked {
            return Some(SessionStatus::Revoked(reason));
        }
        let by_set = self.config().revocation() == RevocationLevel::Feed && self.0.sessions.is_current(now);
        (by_set || !check.has_valid_access()).then_some(SessionStatus::Live)
    }

    async fn ask_session(&self, check: &SessionCheck) -> SessionStatus {
        let by_set =
            self.config().revocation() == RevocationLevel::Feed && self.0.sessions.has_caught_up().await;
        if let Some(reason) = self.revoked_here(check, self.timestamp()) {
            return SessionStatus::Revoked(reason);
        }
        if by_set {
            return SessionStatus::Live;
        }
        for id in sessions_of(check) {
            let status = match self.0.tokens.bounded().find(id).await {
                Ok(None) => SessionStatus::Missing,
                Ok(Some(row)) => {
                    let now = self.timestamp();
                    self.0.sessions.see(&row, now);
                    row.revoked_by(now).map_or(SessionStatus::Live, SessionStatus::Revoked)
                }
                Err(_) => SessionStatus::Unknown,
            };
            if status != SessionStatus::Live {
                return status;
            }
        }
        SessionStatus::Live
    }

    /// Why the session has ended, or that of the user who acts in it, if this node knows.
    fn revoked_here(&self, check: &SessionCheck, now: Timestamp) -> Option<RevocationReason> {
        let revoked = |id| self.0.sessions.revoked_here(id, now);
        revoked(check.session_id()).or_else(|| check.actor_session_id().and_then(revoked))
    }

    pub(super) async fn rotate(&self, attempt: RefreshAttempt) -> Settlement {
        // Asked again: since `begin` this request may have waited, and another one may have ended
        // the session.
        if let Some(reason) = self.0.sessions.revoked_here(attempt.session_id(), self.timestamp()) {
            return attempt.revoked(reason);
        }
        let attempt = match self.with_actor(attempt).await {
            ActorStep::Alive(attempt) => attempt,
            ActorStep::Settled(settlement) => return settlement,
        };
        // Before the user is read: the new access token must not have a version that its claims
        // do not.
        let version = self.0.sessions.version(attempt.session_id());
        let attempt = attempt.with_version(version);
        let user = self.0.sessions.user_state(attempt.subject(), attempt.facts()).await;
        let ids = match self.0.runtime.random_bytes() {
            Ok(bytes) => RefreshIds::from_random(bytes),
            Err(error) => return attempt.no_random(error.to_string()),
        };
        let (subject, session) = (attempt.subject().clone(), attempt.session_id().clone());
        let settlement = match attempt.with_user(user, ids, self.now()) {
            RefreshStep::Settled(settlement) => return settlement,
            RefreshStep::Rotate(rotation) => self.ask_to_rotate(rotation).await,
        };
        if settlement.decision.reason == Reason::Reuse {
            let (subject, session) = (printable(subject.as_str()), printable(session.as_str()));
            self.0.events.emit(Event::Reuse { subject: &subject, session: &session });
        }
        settlement
    }

    /// A session in which another user acts ends with the session of that user.
    async fn with_actor(&self, attempt: RefreshAttempt) -> ActorStep {
        let Some(actor) = attempt.actor().cloned() else { return ActorStep::Alive(attempt) };
        let (subject, session) = (attempt.subject().clone(), attempt.session_id().clone());
        let step = match self.0.sessions.revoked_here(actor.session_id(), self.timestamp()) {
            Some(reason) => ActorStep::Settled(attempt.actor_revoked(reason)),
            None => match Box::pin(self.0.sessions.actor_state(&actor)).await {
                Ok(state) => attempt.with_actor(&state, self.timestamp()),
                Err(_) => ActorStep::Settled(attempt.actor_unknown()),
            },
        };
        if let ActorStep::Settled(Settlement { revoke: Some(_), .. }) = step {
            self.0.events.acting_ended(&subject, &session, Some(&actor));
        }
        step
    }

    async fn ask_to_rotate(&self, mut rotation: Rotation) -> Settlement {
        loop {
            let Ok(outcome) = self.0.tokens.rotate(rotation.request()).await else {
                return rotation.store_failed();
            };
            match rotation.complete(outcome) {
                RotationStep::Settled(settlement) => return settlement,
                RotationStep::Again(again) => rotation = again.at(self.now()),
                RotationStep::Late(late) => return self.answer_late(late).await,
            }
        }
    }

    /// Row o': the successor of this refresh token was never presented.
    async fn answer_late(&self, late: LateAnswer) -> Settlement {
        let outcome = match late.request() {
            LateRequest::Answer(request) => self.0.tokens.answer_late(request).await,
            LateRequest::Replace(request) => self.0.tokens.replace(request).await,
        };
        match outcome {
            Ok(outcome) => late.complete(outcome),
            Err(_) => late.store_failed(),
        }
    }

    /// Asks the store whether a response with a refresh token may still be sent late; false when
    /// its cookies must not be written.
    pub(crate) async fn may_leave(&self, request: &SettleRequest) -> bool {
        matches!(self.0.tokens.bounded().settle(request).await, Ok(true))
    }

    /// The cookies of a decision for a response that is sent now.
    pub(crate) async fn leaving(&self, decision: &Decision) -> SetCookies {
        let Some(departure) = decision.departure() else { return decision.cookies.clone() };
        let request = self.0.keys.core().late_departure(departure, self.timestamp());
        match request {
            Some(request) if !self.may_leave(&request).await => {
                let late = self.0.keys.core().late_cookies(decision);
                let has_ended = !late.is_empty() && self.has_ended(&request.session_id).await;
                if has_ended { SetCookies::default() } else { late }
            }
            _ => decision.cookies.clone(),
        }
    }

    /// Whether the session of cookies that are withheld has ended, on whichever node: then its
    /// access token is withheld, too. Not known if the store is unavailable.
    pub(crate) async fn has_ended(&self, session: &SessionId) -> bool {
        let asked = self.0.tokens.bounded().ends_of(std::slice::from_ref(session)).await;
        let now = self.timestamp();
        asked.is_ok_and(|ends| ends.first().is_none_or(|ends| ends.reason(now).is_some()))
    }

    /// Revokes the sessions of the settlement, and returns its decision in any case: a thief learns
    /// nothing from an unavailable store, and the revocation is tried again.
    pub(crate) async fn apply(&self, settlement: Settlement) -> Decision {
        if let Some(revocation) = settlement.revoke {
            let _ = self.0.sessions.revoke(vec![revocation]).await;
        }
        settlement.decision
    }
}

/// The sessions with any of which this one ends: itself, and that of the user who acts in it.
fn sessions_of(check: &SessionCheck) -> impl Iterator<Item = &SessionId> {
    std::iter::once(check.session_id()).chain(check.actor_session_id())
}
