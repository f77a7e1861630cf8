//! The decision about one request, and the reason for it.

use time::OffsetDateTime;

use crate::{
    decide::{
        csrf::CsrfDenial,
        departure::Departure,
        identity::{CredentialSource, Identity},
    },
    device::Skipped,
    request::{CredentialFault, DuplicateCookie},
    response::{CookieWriter, Problem, SetCookies, Tokens},
    session::{Revocation, RevocationReason, Sighting},
    token::MintError,
};

/// The result of a request: the outcome, the cookies that must be sent, and the reason.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Who is asking, or why no user is.
    pub outcome: Outcome,
    /// The `Set-Cookie` lines that must be sent with any response.
    pub cookies: SetCookies,
    /// The tokens for the body of the response: only for a refresh in token mode.
    pub tokens: Option<Tokens>,
    /// The row of the table that decided; for the event.
    pub reason: Reason,
    /// When the refresh token that is sent with this decision ends.
    pub refresh_expires_at: Option<OffsetDateTime>,
    pub(super) notes: Notes,
}

/// What hardly any request has. Boxed: every decision has the field, and is moved several times.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes(Option<Box<Noted>>);

#[derive(Clone, Debug, Default)]
pub(super) struct Noted {
    pub(super) faults: Vec<CredentialFault>,
    pub(super) duplicate: Option<DuplicateCookie>,
    pub(super) sighting: Option<Sighting>,
    pub(super) departure: Option<Departure>,
}

impl Notes {
    fn read(&self) -> Option<&Noted> {
        self.0.as_deref()
    }

    pub(super) fn write(&mut self) -> &mut Noted {
        self.0.get_or_insert_default()
    }
}

/// The five possible outcomes of a request.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a new outcome must break its callers")]
pub enum Outcome {
    /// A token identifies the user.
    Authenticated(Identity),
    /// No credential was sent.
    Anonymous,
    /// A credential was sent and refused.
    Refused(Refusal),
    /// A store that is needed is unavailable: 503. Nothing is cleared.
    Unavailable,
    /// New tokens cannot be minted: 500.
    Failed,
}

/// Why a credential is refused, in the detail that the client may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a new refusal must break its callers")]
pub enum Refusal {
    /// The refresh route was called without a refresh token.
    NotAuthenticated,
    /// Expired, forged, malformed or early.
    InvalidToken,
    /// A refresh would help, but this request may not trigger one.
    RefreshRequired,
    /// Revoked; a reused refresh token looks the same, so that a thief learns nothing.
    SessionRevoked,
    /// The session was idle too long, or is at its absolute end.
    SessionExpired,
    /// The CSRF table denies.
    CsrfFailed,
    /// The session is bound to a device, which has to prove itself.
    DeviceProofRequired {
        /// Whether a page that reloads itself helps.
        reload: bool,
    },
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotAuthenticated => Self::NotAuthenticated,
            Refusal::InvalidToken => Self::InvalidToken,
            Refusal::RefreshRequired => Self::RefreshRequired,
            Refusal::SessionRevoked => Self::SessionRevoked,
            Refusal::SessionExpired => Self::SessionExpired,
            Refusal::CsrfFailed => Self::CsrfFailed,
            Refusal::DeviceProofRequired { reload } => Self::DeviceProofRequired { reload },
        }
    }
}

/// Which row of the table decided. The letters are those of [`rules`](crate::rules#authenticate).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new row must break its callers")]
pub enum Reason {
    /// a: the CSRF table denies, and there is no valid bearer token.
    Csrf(CsrfDenial),
    /// b, e: a valid access token.
    AccessValid,
    /// c: the session is in the revoked set, or revoked in the store.
    SessionRevoked(RevocationReason),
    /// c: the store has no such session.
    SessionMissing,
    /// d: the store had to be asked and is unavailable; in a service that only verifies, the
    /// issuer.
    SessionUnknown,
    /// A service that only verifies has no keys of the issuer yet.
    KeysUnknown,
    /// f: no credential of this library.
    NoCredential,
    /// The path is in the list of skipped ones.
    Skipped,
    /// h: refreshable, but not by this request.
    RefreshNotPermitted,
    /// h: refreshable, but not by a page that a browser prepares (`Sec-Purpose`) and may show
    /// later.
    SpeculationNotPermitted,
    /// i: nothing usable, something early.
    OnlyEarly,
    /// j, j': nothing usable.
    NothingUsable,
    /// k: the user was deleted or disabled.
    UserInactive,
    /// k: the stamp of the user is another one than when the session began.
    UserChanged,
    /// k: the user needs more proofs than the session has.
    SecondFactorRequired,
    /// k: the session of the user who acts in this one has ended.
    ActorEnded,
    /// l: new tokens cannot be minted.
    MintFailed(MintError),
    /// m: rotated.
    Rotated,
    /// n: the store has no such session any more.
    RowMissing,
    /// n: the row is revoked.
    RowRevoked(RevocationReason),
    /// n: the row is past its idle or absolute end.
    RowExpired,
    /// o: the parent of the current refresh token, within the leeway: the same successor again.
    ParentInLeeway,
    /// o' 1: the parent, later than that; its successor was never presented and is sent once more.
    ParentLate,
    /// o' 2: the parent, much later; its successor was never presented and is replaced by another
    /// one.
    SuccessorReplaced,
    /// A fresh login or a new password has taken the session's place, and the new session was not
    /// presented yet.
    Superseded,
    /// p: the current refresh token, younger than the leeway: no rotation.
    CurrentInLeeway,
    /// q: the user store is unavailable.
    UserStoreFailed,
    /// q: the token store is unavailable, or its answer was lost.
    TokenStoreFailed,
    /// q: the row changed twice during the request.
    LostTwice,
    /// r: a refresh token that was used up long ago, so there is a copy of it.
    Reuse,
    /// s: the session is bound to a device, and its browser has not renewed it.
    DeviceProofMissing {
        /// Why not, if the browser says so.
        skipped: Option<Skipped>,
    },
    /// x: the session was bound to a device after this refresh token was issued.
    BoundMeanwhile,
    /// P11: the row is not bound, or to another key.
    DeviceUnbound,
    /// P13: another renewal has used the challenge up.
    ChallengeUsed,
    /// P16: the device has proved itself a moment after another renewal: no rotation.
    DeviceProvedInLeeway,
    /// P17: the device has proved itself, and the session is renewed.
    DeviceProved,
}

impl Reason {
    /// Whether a refusal with this reason clears the cookies that carried the credential.
    const fn clears_cookies(&self) -> bool {
        match self {
            Self::SessionRevoked(reason) | Self::RowRevoked(reason) => reason.clears_cookies(),
            Self::SessionMissing
            | Self::NothingUsable
            | Self::UserInactive
            | Self::UserChanged
            | Self::SecondFactorRequired
            | Self::ActorEnded
            | Self::RowMissing
            | Self::RowExpired
            | Self::DeviceUnbound
            | Self::Reuse => true,
            _ => false,
        }
    }
}

/// A decision, and the revocation that must be carried out with it.
#[derive(Clone, Debug)]
#[must_use = "the revocation must be carried out"]
#[expect(clippy::exhaustive_structs, reason = "a new duty must break whoever takes it apart")]
pub struct Settlement {
    /// The decision about the request.
    pub decision: Decision,
    /// The session to revoke, durably and in a separate task.
    pub revoke: Option<Revocation>,
}

impl Decision {
    pub(crate) fn new(outcome: Outcome, reason: Reason) -> Self {
        Self {
            outcome,
            cookies: SetCookies::default(),
            tokens: None,
            reason,
            refresh_expires_at: None,
            notes: Notes::default(),
        }
    }

    pub(super) fn refused(refusal: Refusal, reason: Reason) -> Self {
        Self::new(Outcome::Refused(refusal), reason)
    }

    pub(super) fn with_cookies(self, cookies: SetCookies) -> Self {
        Self { cookies: cookies.with_twins(self.cookies.twins().clone()), ..self }
    }

    /// Clears both cookies if the reason says so and a cookie carried the credential.
    pub(super) fn clearing(self, cookies: &CookieWriter, source: CredentialSource) -> Self {
        if source == CredentialSource::Cookie && self.reason.clears_cookies() {
            self.with_cookies(cookies.clear_both())
        } else {
            self
        }
    }

    pub(super) fn with_sighting(mut self, sighting: Option<Box<Sighting>>) -> Self {
        if let Some(sighting) = sighting {
            self.notes.write().sighting = Some(*sighting);
        }
        self
    }

    pub(super) fn settle(self) -> Settlement {
        Settlement { decision: self, revoke: None }
    }

    /// The same decision with no cookie to send: another response of the browser has newer ones.
    #[must_use]
    pub fn without_cookies(self) -> Self {
        Self { cookies: SetCookies::default(), ..self }
    }

    /// Credentials that were sent and not accepted; for the event.
    pub fn faults(&self) -> &[CredentialFault] {
        self.notes.read().map_or(&[], |noted| &noted.faults)
    }

    /// One of the library's cookies that was sent more than once; for the event.
    pub fn duplicate(&self) -> Option<DuplicateCookie> {
        self.notes.read()?.duplicate
    }

    /// What a token proves if it was presented for the first time.
    pub fn sighting(&self) -> Option<&Sighting> {
        self.notes.read()?.sighting.as_ref()
    }

    /// What has to be asked if the response is sent late; only if it carries a refresh token.
    pub fn departure(&self) -> Option<&Departure> {
        self.notes.read()?.departure.as_ref()
    }

    /// The authenticated user, if any.
    pub fn identity(&self) -> Option<&Identity> {
        match &self.outcome {
            Outcome::Authenticated(identity) => Some(identity),
            _ => None,
        }
    }

    /// The authenticated user, for a route that requires one.
    pub fn required(&self) -> Result<&Identity, Problem> {
        match &self.outcome {
            Outcome::Authenticated(identity) => Ok(identity),
            Outcome::Anonymous => Err(Problem::NotAuthenticated),
            Outcome::Refused(refusal) => Err((*refusal).into()),
            Outcome::Unavailable => Err(Problem::Unavailable),
            Outcome::Failed => Err(Problem::ServerError),
        }
    }

    /// The authenticated user, for a public route: refused credentials count as anonymous, but a
    /// CSRF refusal, an unavailable store and a failure are returned as errors.
    ///
    /// So is the refusal of a page that a browser prepares and that may not refresh: the browser
    /// would show the anonymous page to the user later. It discards a prepared error and asks
    /// again. So is the page that reloads itself for a device-bound session, whose user is logged
    /// in a moment later.
    pub fn optional(&self) -> Result<Option<&Identity>, Problem> {
        match self.required() {
            Ok(identity) => Ok(Some(identity)),
            Err(problem) if self.reason == Reason::SpeculationNotPermitted => Err(problem),
            Err(problem @ Problem::DeviceProofRequired { reload: true }) => Err(problem),
            Err(problem) if problem.status() == http::StatusCode::UNAUTHORIZED => Ok(None),
            Err(problem) => Err(problem),
        }
    }
}
