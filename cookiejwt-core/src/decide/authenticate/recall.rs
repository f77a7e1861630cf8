//! The shortest way through the table: a browser that is logged in sends the same `Cookie` field
//! for minutes.

use http::header;

use super::{
    Assessment,
    session_check::{Checked, SessionCheck},
};
use crate::{
    config::{CredentialOrder, RevocationLevel},
    decide::{
        access_rows::{VersionOf, authenticated},
        csrf::{self, Credential},
        decision::Decision,
        facade::Core,
        faults::Faults,
        identity::Identity,
    },
    request::{Field, RequestHead, reads_cookies},
    session::{SessionId, Timestamp},
    token::Actor,
};

/// A request whose `Cookie` field came before, with an access token that is valid now.
///
/// Rows c, d and e of [`rules`](crate::rules#authenticate) are left: what counts is whether the
/// session is alive. Like a [`SessionCheck`], it is the only way past the access token.
#[derive(Debug)]
#[must_use = "a recalled request is not decided until it is known whether the session is alive"]
pub struct Recalled<'c> {
    core: &'c Core,
    identity: Identity,
}

impl Core {
    /// The request of a browser that has just asked before, without a search of its cookies.
    ///
    /// `None` for any other: [`authenticate_with`](Self::authenticate_with) decides those, and
    /// also those that would be decided in another row than c, d or e. Only a core with a
    /// [memo](crate::driver::VerifiedMemo) remembers fields.
    pub fn recall(
        &self,
        head: &RequestHead<'_>,
        now: impl Into<Timestamp>,
        version_of: VersionOf<'_>,
    ) -> Option<Recalled<'_>> {
        let (now, config) = (now.into().as_seconds(), self.config());
        if !reads_cookies(head, config) || config.skips(head.path()) || has_other_credential(head, self) {
            return None;
        }
        let Field::One(field) = head.field(&header::COOKIE) else { return None };
        let token = self.parts().access.recall_field(field, now)?;
        let claims = token.claims();
        let is_near_its_end = claims.expires_at.saturating_sub(now) <= config.ages.refresh_ahead;
        if is_near_its_end || claims.ends_with_browser || claims.version < version_of(&claims.session_id) {
            return None;
        }
        let cleared = csrf::check(head, &config.csrf, Credential::Ambient).ok()?;
        Some(Recalled { core: self, identity: Identity::from_cookie(token, &cleared) })
    }
}

/// Whether a field comes first that the table has to read.
fn has_other_credential(head: &RequestHead<'_>, core: &Core) -> bool {
    core.config().credentials == CredentialOrder::HeaderThenCookie
        && head.field(&header::AUTHORIZATION) != Field::Absent
}

impl Recalled<'_> {
    /// The session that is asked about.
    pub fn session_id(&self) -> &SessionId {
        self.identity.session_id()
    }

    /// The session of the user who acts in it, if another one does: it ends with that one too.
    pub fn actor_session_id(&self) -> Option<&SessionId> {
        self.identity.actor().map(Actor::session_id)
    }

    /// The decision when both are known to be alive.
    pub fn live(self) -> Decision {
        authenticated(self.identity)
    }

    /// What has to be asked otherwise.
    pub fn assess(self) -> Assessment {
        let Self { core, identity } = self;
        if core.config().revocation == RevocationLevel::AtRefresh {
            return Assessment::Settled(authenticated(identity));
        }
        let kind = Checked::Access { identity, ahead: None };
        let (core, faults) = (core.clone(), Faults::default());
        Assessment::NeedsSessionCheck(SessionCheck { core, kind, faults, sighting: None })
    }
}
