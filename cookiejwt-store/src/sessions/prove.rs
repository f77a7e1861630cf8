//! The further steps of a login: each is checked by the application, limited and counted here.

use std::{future::Future, marker::PhantomData, sync::Arc};

use cookiejwt_core::{
    Facts, Identity, Method, Proofs, Subject,
    driver::{PendingLogin, SessionTerms},
    store::SpentId,
};
use time::OffsetDateTime;

use super::{begun::Begun, login_context::LoginContext, login_options::LoginOptions, part::Sessions};
use crate::{
    errors::{LoginError, StoreError},
    events::{Event, LoginRefusal, printable},
    passwords::{Proof, ProvenUser, UserOf},
    stores::{AuthUser, DynUser, FoundUser},
};

/// Longer than any clock accepts the same step: one of TOTP is 30 seconds, and servers accept one
/// or two beside the present one.
const STEP_MILLIS: i64 = 600_000;

/// A user and at least one proof of theirs. Only the checks of this library make one.
#[must_use = "a proof begins no session until it is used"]
pub struct Proven<U> {
    subject: Subject,
    user: U,
    proof: Proof,
    proofs: Proofs,
    pending: Option<PendingLogin>,
}

impl<U> Proven<U> {
    /// The user.
    pub fn user(&self) -> &U {
        &self.user
    }

    /// Of the user of a link, which was bound to this hash of theirs.
    pub(super) fn by_link(subject: Subject, user: U, hash: Option<String>, at: OffsetDateTime) -> Self {
        let proofs = Proofs::new().with(Method::LINK, at);
        Self { subject, user, proof: Proof::Password(hash), proofs, pending: None }
    }

    /// What they have proved so far in this login.
    pub fn proofs(&self) -> &Proofs {
        &self.proofs
    }

    /// Where they wanted to go, if their login began with that; a path of this application.
    pub fn next(&self) -> Option<&str> {
        self.pending.as_ref()?.next.as_deref()
    }

    /// The pending login that this step has used up. Its cookie can be cleared.
    pub fn pending(&self) -> Option<&PendingLogin> {
        self.pending.as_ref()
    }
}

impl<U> std::fmt::Debug for Proven<U> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proven")
            .field("subject", &self.subject)
            .field("proofs", &self.proofs)
            .finish_non_exhaustive()
    }
}

/// What the check of an application has found: the proof is right.
#[derive(Debug)]
pub struct Checked<U> {
    user: Option<Subject>,
    once: Option<String>,
    of: PhantomData<fn() -> U>,
}

impl<U> Checked<U> {
    /// It is the proof of the user whom the pending login is about.
    pub fn right() -> Self {
        Self { user: None, once: None, of: PhantomData }
    }

    /// It is the proof of this user, for methods that name their user: a discoverable passkey, a
    /// login at an identity provider. It has to be the user of the pending login if that has one.
    pub fn user(user: &U) -> Self
    where
        U: AuthUser,
    {
        Self { user: Some(user.subject()), ..Self::right() }
    }

    /// The proof counts once for this user, whichever pending login it comes with: the time step of
    /// a TOTP code (RFC 6238 §5.2). It is remembered for ten minutes, so a proof that stays valid
    /// for longer, such as a recovery code, must be deleted by the application when it is used.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a step is a number or a short text")]
    pub fn once(self, step: impl ToString) -> Self {
        Self { once: Some(step.to_string()), ..self }
    }
}

impl Sessions {
    /// Checks a password as a login does, without beginning a session.
    pub(crate) async fn check_password<U: AuthUser>(
        &self,
        login: &str,
        password: &str,
        context: &LoginContext,
    ) -> Result<Proven<U>, LoginError> {
        let checked = async {
            self.may_begin(context, &LoginOptions::new())?;
            let found = self.password_of(login, password, context).await?;
            let proofs = Proofs::new().with(Method::PWD, self.0.runtime.now());
            self.typed(found, proofs, None)
        };
        checked.await.inspect_err(|error| self.0.events.login_failed(error))
    }

    /// The next step of a pending login.
    pub(crate) async fn prove<U: AuthUser, E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        &self,
        pending: &PendingLogin,
        method: Method,
        check: impl Future<Output = Result<Option<Checked<U>>, E>>,
        context: &LoginContext,
    ) -> Result<Proven<U>, LoginError> {
        let proven = self.checked_step(pending, method, check, context).await;
        proven.inspect_err(|error| self.0.events.login_failed(error))
    }

    async fn checked_step<U: AuthUser, E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        &self,
        pending: &PendingLogin,
        method: Method,
        check: impl Future<Output = Result<Option<Checked<U>>, E>>,
        context: &LoginContext,
    ) -> Result<Proven<U>, LoginError> {
        self.require_not_ended(pending)?;
        if let Some(subject) = &pending.subject {
            self.user_of_pending(pending, subject).await?;
        }
        let admitted = self.0.passwords.admit_step(pending, context.ip()).await?;
        let checked = check.await.map_err(StoreError::new)?;
        let right = checked.and_then(|checked| Some((named(pending, &checked)?, checked.once)));
        let Some((subject, once)) = right else {
            self.0.passwords.charge_step(admitted).await;
            return Err(self.wrong(pending.subject.as_ref(), LoginRefusal::WrongProof, context));
        };
        drop(admitted);
        let found = self.user_of_pending(pending, &subject).await?;
        if let Some(step) = once {
            self.spend_step(&subject, method, &step, context).await?;
        }
        self.spend(pending).await?;
        let proofs = pending.proofs.clone().with(method, self.0.runtime.now());
        let named = printable(subject.as_str());
        self.0.events.emit(Event::Proved { subject: &named, method: &method.to_string(), ip: context.ip() });
        self.typed(found, proofs, Some(pending.clone()))
    }

    /// The user as they are now: a pending login ends with a new password, a new stamp and with its
    /// user.
    async fn user_of_pending(
        &self,
        pending: &PendingLogin,
        subject: &Subject,
    ) -> Result<ProvenUser<'static>, LoginError> {
        let found = self.0.users.find_by_id(subject).await?;
        let is_bound = |user: &FoundUser| {
            pending.binding.as_deref().is_none_or(|binding| {
                let (hash, stamp) = (user.password_hash.as_deref(), user.user.stamp());
                self.0.keys.core().is_bound(binding, subject, hash, stamp.as_deref())
            })
        };
        let user = found.filter(|user| user.is_active && is_bound(user)).ok_or(LoginError::PendingEnded)?;
        let proof = match &pending.binding {
            Some(_) => Proof::Password(user.password_hash.clone()),
            None => Proof::Elsewhere(user.password_hash.clone()),
        };
        Ok(ProvenUser { subject: subject.clone(), user: UserOf::Found(user.user), proof })
    }

    fn wrong(&self, subject: Option<&Subject>, why: LoginRefusal, context: &LoginContext) -> LoginError {
        self.0.events.login_refused(why, subject.map(Subject::as_str), context.ip());
        LoginError::InvalidCredentials
    }

    /// A code counts once for its user: who looked over their shoulder cannot use it as well.
    async fn spend_step(
        &self,
        subject: &Subject,
        method: Method,
        step: &str,
        context: &LoginContext,
    ) -> Result<(), LoginError> {
        let realm = self.0.keys.config().realm();
        let id = SpentId::new(realm, "proof", &[subject.as_str(), method.as_str(), step]);
        let until = self.0.runtime.timestamp().plus_millis(STEP_MILLIS);
        if self.0.tokens.spend(&id, until).await? {
            return Ok(());
        }
        Err(self.wrong(Some(subject), LoginRefusal::ReplayedProof, context))
    }

    fn require_not_ended(&self, pending: &PendingLogin) -> Result<(), LoginError> {
        if self.0.runtime.timestamp() < pending.expires_at {
            return Ok(());
        }
        Err(LoginError::PendingEnded)
    }

    /// One step is the last one of a pending login, whoever else has a copy of it. A check that
    /// took so long that its id may have been purged again is none.
    async fn spend(&self, pending: &PendingLogin) -> Result<(), LoginError> {
        self.require_not_ended(pending)?;
        let id = SpentId::new(self.0.keys.config().realm(), "pending", &[&pending.id]);
        if self.0.tokens.spend(&id, pending.expires_at).await? {
            return Ok(());
        }
        self.0.events.emit(Event::PendingReplayed { purpose: &printable(&pending.purpose) });
        Err(LoginError::PendingEnded)
    }

    fn typed<U: AuthUser>(
        &self,
        found: ProvenUser<'_>,
        proofs: Proofs,
        pending: Option<PendingLogin>,
    ) -> Result<Proven<U>, LoginError> {
        let ProvenUser { subject, user, proof } = found;
        let UserOf::Found(user) = user else { return Err(LoginError::UnknownSubject) };
        let user = Arc::into_inner(self.of_type(user)?).ok_or(LoginError::UnknownSubject)?;
        Ok(Proven { subject, user, proof, proofs, pending })
    }

    /// The user as the application knows them.
    pub(super) fn of_type<U: AuthUser>(&self, user: Arc<dyn DynUser>) -> Result<Arc<U>, LoginError> {
        self.0.users.of_type(user).ok_or(LoginError::UnknownSubject)
    }

    /// Begins a session with every proof of this login.
    pub(crate) async fn login_proven<U: AuthUser>(
        &self,
        proven: Proven<U>,
        options: LoginOptions,
        context: LoginContext,
    ) -> Result<Begun, LoginError> {
        let login = async {
            self.may_continue(&proven, &options, &context)?;
            let remember = proven.pending.as_ref().and_then(|pending| pending.remember);
            let next = proven.next().map(Into::into);
            let mut context = LoginContext { next, ..context };
            let terms = self.terms(options.or_remember(remember), &mut context).await?;
            let terms = terms.with_proofs(&proven.proofs);
            let (proven, pending) = parts(&proven);
            let (login, unsent) = self.create_session(&proven, terms, &context, None).await?;
            let begun = self.begun(login, unsent, context, Vec::new()).await?;
            Ok(self.without_pending(begun, pending))
        };
        login.await.inspect_err(|error| self.0.events.login_failed(error))
    }

    /// Begins a session with one more proof, in the place of the present one of the same user.
    pub(crate) async fn step_up<U: AuthUser>(
        &self,
        who: &Identity,
        proven: Proven<U>,
        context: LoginContext,
    ) -> Result<Begun, LoginError> {
        let login = async {
            self.may_continue(&proven, &LoginOptions::new(), &context)?;
            self.require_no_actor(who)?;
            if proven.subject != *who.subject() {
                return Err(LoginError::OtherUser);
            }
            let present = self.present_session(who.subject(), who.session_id(), context.ip()).await?;
            let terms = SessionTerms::succeeding(who, &present).with_proofs(&proven.proofs);
            let (proven, pending) = parts(&proven);
            let begun = self.replace_with(who, &proven, terms, context).await?;
            Ok(self.without_pending(begun, pending))
        };
        login.await.inspect_err(|error| self.0.events.login_failed(error))
    }

    /// Begins a session of the same user with these facts: another tenant. It is no proof, so the
    /// proofs and their times stay.
    pub(crate) async fn switch(
        &self,
        who: &Identity,
        facts: &Facts,
        context: LoginContext,
    ) -> Result<Begun, LoginError> {
        let login = async {
            self.may_begin(&context, &LoginOptions::new())?;
            self.require_no_actor(who)?;
            let present = self.present_session(who.subject(), who.session_id(), context.ip()).await?;
            self.require_recent_proof(&present, who.auth_time())?;
            let found = self.0.users.find_by_id(who.subject()).await?;
            let found = found.filter(|user| user.is_active).ok_or(LoginError::InvalidCredentials)?;
            let proof = Proof::Elsewhere(found.password_hash);
            let user = UserOf::Found(found.user);
            let proven = ProvenUser { subject: who.subject().clone(), user, proof };
            let terms = SessionTerms::succeeding(who, &present);
            let terms = terms.switched(facts, who.auth_time());
            self.replace_with(who, &proven, terms, context).await
        };
        login.await.inspect_err(|error| self.0.events.login_failed(error))
    }

    /// What the CSRF table has decided, unless the pending login came as the cookie of this very
    /// browser: then its own page has begun this login.
    fn may_continue<U>(
        &self,
        proven: &Proven<U>,
        options: &LoginOptions,
        context: &LoginContext,
    ) -> Result<(), LoginError> {
        let came = |pending: &PendingLogin| context.pendings.iter().any(|came| came.id == pending.id);
        if proven.pending.as_ref().is_some_and(came) {
            return Ok(());
        }
        self.may_begin(context, options)
    }

    /// With the line that clears the cookie of the pending login.
    fn without_pending(&self, mut begun: Begun, pending: Option<&PendingLogin>) -> Begun {
        let login = &mut begun.login;
        if let Some(pending) = pending.filter(|_| login.tokens.is_none()) {
            let cookies = std::mem::take(&mut login.cookies);
            login.cookies = cookies.and(self.0.keys.core().clear_pending(pending));
        }
        begun
    }
}

/// Whose proof it is; `None` if it is that of another user than the pending login's.
fn named<U>(pending: &PendingLogin, checked: &Checked<U>) -> Option<Subject> {
    match (&pending.subject, &checked.user) {
        (Some(subject), None) => Some(subject.clone()),
        (None, Some(user)) => Some(user.clone()),
        (Some(subject), Some(user)) => (subject == user).then(|| subject.clone()),
        (None, None) => None,
    }
}

fn parts<U: AuthUser>(proven: &Proven<U>) -> (ProvenUser<'_>, Option<&PendingLogin>) {
    let Proven { subject, user, proof, pending, .. } = proven;
    let user = UserOf::Passed(user);
    (ProvenUser { subject: subject.clone(), user, proof: proof.clone() }, pending.as_ref())
}
