//! The hot path: a browser that has just asked before, and a session that is known to be alive.

use cookiejwt_core::{
    Decision, RevocationLevel,
    driver::{Assessment, Recalled, RequestHead},
    store::Timestamp,
};

use super::driver::Progress;
use crate::authenticator::Authenticator;

impl Authenticator {
    /// Who sends the request? Decides at once for almost every request: a valid access token of a
    /// session that is not in the revoked set.
    pub fn begin<'a>(&self, head: impl Into<RequestHead<'a>>) -> Progress {
        let (head, now) = (head.into(), self.timestamp());
        let (core, sessions) = (self.0.keys.core(), &self.0.sessions);
        if let Some(recalled) = core.recall(&head, now, &|id| sessions.version(id)) {
            return match self.decide_recalled(recalled, now) {
                Ok(decision) => Progress::Settled(decision),
                Err(assessment) => self.advance(assessment, head, now),
            };
        }
        let assessment = core.authenticate_with(head, now, &|id| sessions.version(id));
        self.0.events.advice().on_assessment(&assessment, self.config(), &head);
        self.advance(assessment, head, now)
    }

    /// The hot path ends here, unless the session has ended or a store has to be asked.
    fn decide_recalled(&self, recalled: Recalled<'_>, now: Timestamp) -> Result<Decision, Assessment> {
        if !self.is_known_alive(&recalled, now) {
            return Err(recalled.assess());
        }
        self.start_background();
        let decision = recalled.live();
        self.0.events.decision(&decision);
        Ok(decision)
    }

    /// Whether memory is enough to say that the session of a valid access token is alive.
    fn is_known_alive(&self, recalled: &Recalled<'_>, now: Timestamp) -> bool {
        let sessions = &self.0.sessions;
        let revoked = |id| sessions.revoked_here(id, now).is_some();
        match self.config().revocation() {
            RevocationLevel::AtRefresh => true,
            RevocationLevel::Feed => {
                sessions.is_current(now)
                    && !revoked(recalled.session_id())
                    && !recalled.actor_session_id().is_some_and(revoked)
            }
            // Every request asks the store, and so does a level that is not known here.
            _ => false,
        }
    }
}
