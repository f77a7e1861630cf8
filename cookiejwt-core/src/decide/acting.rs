//! Acting for a user: when such a session may begin and continue, and what it may not do.

use crate::{
    decide::{facade::Core, identity::Identity, refresh::UserState},
    request::{Mode, Presented, RequestHead},
    response::Problem,
    session::{RevocationReason, SessionId, SessionRecord, Timestamp},
    token::{Actor, MAX_HEADER_TOKEN, RowFacts},
};

/// The longest session in which another user acts, in seconds: half an hour.
pub(super) const LONGEST_ACTING: i64 = 1800;

/// What is known about the session from which another user acts.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "drivers construct it")]
pub struct ActorState {
    /// Its row, as the store has it now.
    pub row: Option<SessionRecord>,
    /// The user of it, judged by the [facts](crate::driver::SessionTerms::returning) of this row.
    pub user: UserState,
}

/// Why another user may not act, or act any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new reason must break every driver")]
pub enum ActorFault {
    /// The session of the actor was revoked.
    Revoked(RevocationReason),
    /// It does not exist or is past one of its ends, or row k would end it.
    Ended,
    /// The user store could not be asked.
    Unavailable,
}

impl Core {
    /// The session from which another user acts, if it is alive by its row and by what row k of
    /// [`rules`](crate::rules#authenticate) says of its user.
    pub fn check_actor<'s>(
        &self,
        actor: &Actor,
        state: &'s ActorState,
        now: impl Into<Timestamp>,
    ) -> Result<&'s SessionRecord, ActorFault> {
        let now = now.into();
        let is_theirs =
            |row: &&SessionRecord| row.subject == *actor.subject() && row.realm == *self.config().realm();
        let row = state.row.as_ref().filter(is_theirs).ok_or(ActorFault::Ended)?;
        if let Some(reason) = row.revoked_by(now) {
            return Err(ActorFault::Revoked(reason));
        }
        let RowFacts { acted_by, stamp, .. } = RowFacts::read(row.facts.as_deref());
        if !row.is_before_its_ends(now) || acted_by.is_some() {
            return Err(ActorFault::Ended);
        }
        let present = match &state.user {
            UserState::Active(user) => user.present_stamp(),
            UserState::Unavailable => return Err(ActorFault::Unavailable),
            UserState::SecondFactorRequired | UserState::Inactive | UserState::Gone => {
                return Err(ActorFault::Ended);
            }
        };
        let is_same = match (&stamp, present) {
            (Some(found), Some(present)) => self.parts().stamps.is_of(found, actor.subject(), present),
            _ => true,
        };
        if is_same { Ok(row) } else { Err(ActorFault::Ended) }
    }

    /// Whether the client has a refresh token of this session: in its cookie, or in token mode in
    /// this body. An access token alone does not lead back to the session of the actor, because
    /// other services see access tokens.
    pub fn holds_refresh<'a>(
        &self,
        head: impl Into<RequestHead<'a>>,
        body: Option<&str>,
        session: &SessionId,
    ) -> bool {
        let head = head.into();
        let is_held = |held: SessionId| held == *session;
        match self.mode(head) {
            Mode::Cookie => {
                self.refresh_cookies(&Presented::read(&head, self.config())).into_iter().any(is_held)
            }
            Mode::Token(_) => body
                .and_then(|token| self.refresh_session(token.as_bytes(), MAX_HEADER_TOKEN))
                .is_some_and(is_held),
        }
    }
}

impl Identity {
    /// Requires that the user themselves are logged in, otherwise 403 `acting`: another user acts
    /// for them in this session. For what a helper must not do: enrol a passkey, make a link,
    /// delete the account.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use cookiejwt_core::{Actor, Problem, testing};
    ///
    /// let helper = Actor::new("admin".into(), "their-session".into());
    /// let token = testing::access("42").acted_by(helper);
    /// assert_eq!(token.identity().require_no_actor(), Err(Problem::Acting));
    /// # }
    /// ```
    pub fn require_no_actor(&self) -> Result<(), Problem> {
        if self.actor().is_none() { Ok(()) } else { Err(Problem::Acting) }
    }
}

#[cfg(test)]
mod tests;
