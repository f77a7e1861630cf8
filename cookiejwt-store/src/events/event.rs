//! One event per outcome: to the application's hooks, to the log, and to counters. Nothing in it is
//! a secret: no token, no password, no key, and never the login name (people type passwords into
//! that field).

use std::net::IpAddr;

use super::refusal::{LinkRefusal, LoginRefusal};
use cookiejwt_core::{
    Problem, Reason,
    fault::{CredentialName, CsrfDenial, DeviceEnd, DeviceFault, TokenFault},
    store::{RevocationReason, ThrottleScope},
};

/// Something that happened, passed to [`on_event`](crate::AuthenticatorBuilder::on_event).
///
/// Every text in it is safe to write into a log: line breaks and other control characters are
/// escaped. None of it is a secret. A request with a valid access token is no event, because almost
/// every request is one.
///
/// With the feature `metrics` the same is counted through the facade `metrics`. Every label has a
/// few fixed values. An authenticator with a [realm](cookiejwt_core::ConfigBuilder::realm) adds the
/// label `realm` to each of its counters and gauges, and logs its events in a span `cookiejwt` with
/// the field `realm`.
///
#[doc = include_str!("../../docs/counters.md")]
///
/// The gauge `cookiejwt_feed_stale` is 1 while revocations and renewals of other nodes do not
/// arrive. The gauge `cookiejwt_clock_difference_millis` is how far the clock of the database is
/// ahead of this node's, measured once a second; a store without its own clock has none.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A session began.
    #[non_exhaustive]
    LoggedIn {
        /// The `sub` claim.
        subject: &'a str,
        /// The `sid` claim.
        session: &'a str,
        /// The client's network address, as far as it is known.
        ip: Option<IpAddr>,
    },
    /// A session began in which another user acts, such as a member of the support staff. It is not
    /// counted as a login of the user.
    #[non_exhaustive]
    ActingBegan {
        /// The user who acts: their `sub` claim.
        actor: &'a str,
        /// The session of the user who acts: its `sid` claim.
        actor_session: &'a str,
        /// The user of the new session: its `sub` claim.
        subject: &'a str,
        /// The new session: its `sid` claim.
        session: &'a str,
        /// The client's network address, as far as it is known.
        ip: Option<IpAddr>,
    },
    /// A session in which another user acted has ended: that user has come back from it, or a
    /// refresh found their own session ended. Every other end is [`Revoked`](Self::Revoked), as for
    /// other sessions.
    #[non_exhaustive]
    ActingEnded {
        /// The user who acted: their `sub` claim.
        actor: &'a str,
        /// The session of the user who acted: its `sid` claim.
        actor_session: &'a str,
        /// The user of the session that has ended: its `sub` claim.
        subject: &'a str,
        /// The session that has ended: its `sid` claim.
        session: &'a str,
    },
    /// A login was refused; the client receives the same response whatever the reason.
    #[non_exhaustive]
    LoginRefused {
        /// Why.
        reason: LoginRefusal,
        /// Whose login it would have been, when there is such a user.
        subject: Option<&'a str>,
        /// The client's network address, as far as it is known.
        ip: Option<IpAddr>,
    },
    /// A login has proved one thing, and a second factor has to follow.
    #[non_exhaustive]
    SecondFactorRequired {
        /// The `sub` claim.
        subject: &'a str,
        /// The client's network address, as far as it is known.
        ip: Option<IpAddr>,
    },
    /// A further step of a login was right.
    #[non_exhaustive]
    Proved {
        /// The `sub` claim.
        subject: &'a str,
        /// The method (RFC 8176).
        method: &'a str,
        /// The client's network address, as far as it is known.
        ip: Option<IpAddr>,
    },
    /// A pending login was presented that had been used up. Its owner may have pressed the button
    /// twice, or there is a copy of it.
    #[non_exhaustive]
    PendingReplayed {
        /// What it was for.
        purpose: &'a str,
    },
    /// A link was opened. Mail scanners open links too, so this is no login and no use of it.
    #[non_exhaustive]
    LinkOpened {
        /// What it was made for.
        purpose: &'a str,
        /// The `sub` claim.
        subject: &'a str,
    },
    /// A link was used: it has set a password, logged its user in, or verified an address.
    #[non_exhaustive]
    LinkSpent {
        /// What it was made for.
        purpose: &'a str,
        /// The `sub` claim.
        subject: &'a str,
    },
    /// A link did not open, or opened no more; the client receives the same response whatever the
    /// reason.
    #[non_exhaustive]
    LinkRefused {
        /// What it was opened for.
        purpose: &'a str,
        /// Why.
        reason: LinkRefusal,
    },
    /// A password was not checked because too many were tried.
    #[non_exhaustive]
    Throttled {
        /// The limit that was reached.
        scope: ThrottleScope,
        /// How long the client has to wait.
        retry_after_seconds: u32,
        /// Whose password it would have been, when there is such a user.
        subject: Option<&'a str>,
        /// The client's network address, as far as it is known.
        ip: Option<IpAddr>,
    },
    /// A login failed for a reason on the server: hashing, random numbers, tokens that cannot be
    /// minted.
    #[non_exhaustive]
    LoginFailed {
        /// What went wrong.
        error: &'a str,
    },
    /// The [`PasswordHasher`](crate::PasswordHasher) does not read a stored hash, so its user
    /// cannot log in; the client receives the response for a wrong password. Reported once per
    /// process and format.
    #[non_exhaustive]
    UnreadableHash {
        /// The beginning of such a hash, such as `$2y$` or `pbkdf2:sha256`, or `unknown` for any
        /// other format.
        format: &'a str,
    },
    /// The column of the password hashes is too short for a hash. The old hash was restored, and
    /// this process stores no further ones.
    #[non_exhaustive]
    HashCut {
        /// How many bytes of it the column gave back.
        stored: usize,
        /// How many the hash has.
        made: usize,
    },
    /// A user changed their password, or set one through a link.
    #[non_exhaustive]
    PasswordChanged {
        /// The `sub` claim.
        subject: &'a str,
        /// The client's network address, as far as it is known.
        ip: Option<IpAddr>,
    },
    /// A session was refreshed.
    #[non_exhaustive]
    Refreshed {
        /// The `sub` claim.
        subject: &'a str,
        /// The `sid` claim.
        session: &'a str,
        /// Rotated, or one of the two answers inside the leeway.
        reason: &'a Reason,
    },
    /// A browser has bound a session to its device.
    #[non_exhaustive]
    DeviceBound {
        /// The `sid` claim.
        session: &'a str,
    },
    /// A browser tried to bind a session, and it was not bound. With the reason
    /// [`Conflict`](DeviceFault::Conflict) the session is bound to another key: somebody else has
    /// the challenge of its login.
    #[non_exhaustive]
    DeviceRefused {
        /// The `sid` claim, if the challenge was ours.
        session: Option<&'a str>,
        /// Why.
        reason: DeviceFault,
    },
    /// The proof of a device-bound session is not one of its device. The session stays as it is.
    #[non_exhaustive]
    DeviceProofRejected {
        /// The `sid` claim.
        session: &'a str,
        /// Why.
        reason: DeviceFault,
    },
    /// A browser was told that its device-bound session is over.
    #[non_exhaustive]
    DeviceEnded {
        /// The `sid` claim.
        session: &'a str,
        /// Why.
        reason: DeviceEnd,
    },
    /// A request was refused.
    #[non_exhaustive]
    Refused {
        /// Why; the client receives less.
        reason: &'a Reason,
    },
    /// A guard refused a user who is logged in: too long ago, or without the proof, the scope or
    /// the role.
    #[non_exhaustive]
    GuardRefused {
        /// The `sub` claim.
        subject: &'a str,
        /// The `sid` claim.
        session: &'a str,
        /// What the client receives.
        problem: Problem,
    },
    /// A refresh token came back although its successor has been used: two parties hold copies. The
    /// session is revoked.
    #[non_exhaustive]
    Reuse {
        /// The `sub` claim.
        subject: &'a str,
        /// The `sid` claim.
        session: &'a str,
    },
    /// A refresh token was presented after the leeway, and its successor never was: the answer that
    /// carried it was lost or has not left yet. The user stays logged in.
    #[non_exhaustive]
    LostAnswer {
        /// The `sub` claim.
        subject: &'a str,
        /// The `sid` claim.
        session: &'a str,
        /// Whether another successor took the place of the lost one, because it was lost long ago.
        replaced: bool,
    },
    /// The CSRF table refused a request.
    #[non_exhaustive]
    CsrfRefused {
        /// The row that did.
        denial: CsrfDenial,
    },
    /// A credential came in and was not accepted. One that has merely expired is no event.
    #[non_exhaustive]
    CredentialRejected {
        /// Which.
        credential: CredentialName,
        /// Why.
        fault: TokenFault,
    },
    /// One of the library's cookies was sent more than once; reported at most once a minute. The
    /// one that is valid counts, and the next answer that sets or clears it deletes the others when
    /// they are ours.
    #[non_exhaustive]
    DuplicateCookie {
        /// Which.
        credential: CredentialName,
        /// Whether one of them was a token of another deployment.
        other_deployment: bool,
    },
    /// New tokens cannot be minted.
    #[non_exhaustive]
    MintFailed {
        /// Why.
        error: &'a str,
    },
    /// A request could not be decided because a store was unavailable.
    #[non_exhaustive]
    StoreUnavailable {
        /// Where it was needed.
        reason: &'a Reason,
    },
    /// A call to a store failed.
    #[non_exhaustive]
    StoreFailed {
        /// The method that was called.
        operation: &'static str,
        /// The error of the store.
        error: &'a str,
    },
    /// A session was revoked in the store.
    #[non_exhaustive]
    Revoked {
        /// The `sid` claim.
        session: &'a str,
        /// Why.
        reason: RevocationReason,
    },
    /// Every session of the realm was revoked in the store. Instead of one event for each of them.
    #[non_exhaustive]
    EverySessionRevoked {
        /// How many there were.
        sessions: u64,
        /// Why.
        reason: RevocationReason,
    },
    /// The claims of a user's sessions were renewed: their access tokens are dead, and the sessions
    /// continue.
    #[non_exhaustive]
    ClaimsRenewed {
        /// The `sub` claim.
        subject: &'a str,
        /// How many sessions may have an access token.
        sessions: u64,
    },
    /// This node no longer receives the revocations of other nodes; a service that only verifies,
    /// no longer those of the issuer.
    #[non_exhaustive]
    FeedStale {
        /// The error of the store, or of the question to the issuer.
        error: &'a str,
    },
    /// The feed has caught up.
    #[non_exhaustive]
    FeedRecovered {},
    /// The clock of this node and that of the database differ by more than 2 seconds. Reported once
    /// a minute while it lasts.
    ///
    /// Nodes judge each other's times by their own clocks, so a difference uses up part of
    /// `reuse_leeway` and of the leeway of access tokens.
    #[non_exhaustive]
    ClockSkew {
        /// How far the clock of the database is ahead of this node's; negative when it is behind
        /// this node's.
        difference_millis: i64,
    },
    /// Other keys sign and verify access tokens from now on.
    #[non_exhaustive]
    KeysReplaced {
        /// The `kid` of the one that signs; in a service that only verifies, the first one.
        signing: &'a str,
        /// Whether it was among the keys before. One that was not signs before other nodes and
        /// verifying services know it.
        was_known: bool,
        /// How many keys verify, that one included.
        verifying: usize,
    },
    /// The directory of keys cannot be read as a whole, or a key in it cannot sign; the present
    /// keys stay. In a service that only verifies: the issuer's keys cannot be fetched. Reported
    /// once for each reason.
    #[non_exhaustive]
    KeysNotReloaded {
        /// Which file, what is wrong with it, and the cure.
        error: &'a str,
    },
    /// Sessions whose absolute end had passed were deleted.
    #[non_exhaustive]
    Purged {
        /// How many.
        sessions: u64,
    },
}
