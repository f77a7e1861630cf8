//! A login that needs more proofs than it has.

use cookiejwt_core::{
    Method, SessionId,
    driver::{PendingClient, PendingLogin, SealedPending, SessionTerms},
};

use super::{login_context::LoginContext, part::Sessions};
use crate::{
    errors::LoginError,
    events::{Event, printable},
    passwords::ProvenUser,
};

/// The purpose of the pending login that every door gives to a user who needs a second factor.
pub(crate) const SECOND_FACTOR: &str = "second-factor";

/// The password is right, and a second factor has to follow.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SecondFactor {
    /// What the user can prove next; see
    /// [`AuthUser::second_factors`](crate::AuthUser::second_factors).
    pub methods: Vec<Method>,
    /// What was proved so far, for [`prove`](crate::Authenticator::prove).
    pub pending: PendingLogin,
    /// The pending login for the client: a cookie, or in token mode a text for the body.
    pub sealed: SealedPending,
}

impl Sessions {
    /// Refuses a session whose user needs more proofs than it would have. Asked at every door.
    pub(super) fn require_second_factor(
        &self,
        proven: &ProvenUser<'_>,
        terms: &SessionTerms,
        beside: Option<&SessionId>,
        context: &LoginContext,
    ) -> Result<(), LoginError> {
        let facts = &terms.facts;
        // Who acts for a user has no proofs of that user.
        if facts.actor().is_some() || !proven.user.second_factor(facts.proofs()) {
            return Ok(());
        }
        let (now, core) = (self.0.runtime.timestamp(), self.0.keys.core());
        let random = self.0.runtime.random_bytes().map_err(LoginError::Random)?;
        let mut pending = PendingLogin::new(SECOND_FACTOR, random, now);
        pending.subject = Some(proven.subject.clone());
        pending.proofs = facts.proofs().clone();
        pending.remember = Some(terms.remember);
        pending.session = beside.cloned();
        let stamp = proven.user.stamp();
        pending.binding = core.binding(&proven.subject, proven.proof.password_hash(), stamp.as_deref());
        let (subject, ip) = (printable(proven.subject.as_str()), context.ip());
        self.0.events.emit(Event::SecondFactorRequired { subject: &subject, ip });
        let (methods, sealed) = (proven.user.second_factors(), self.seal(&pending, context)?);
        Err(LoginError::SecondFactorRequired(Box::new(SecondFactor { methods, pending, sealed })))
    }

    /// A pending login for the client of this request.
    pub(crate) fn seal(
        &self,
        pending: &PendingLogin,
        context: &LoginContext,
    ) -> Result<SealedPending, LoginError> {
        let nonce = self.0.runtime.random_bytes().map_err(LoginError::Random)?;
        let (core, now) = (self.0.keys.core(), self.0.runtime.timestamp());
        let client = PendingClient { mode: context.mode, presented: &context.pendings };
        Ok(core.seal_pending(pending, client, nonce, now)?)
    }
}
