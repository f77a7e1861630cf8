//! How each event is written into the log.

use cookiejwt_core::fault::DeviceFault;
use tracing::{debug, error, info, warn};

use super::event::Event;

/// The target of every event but one; a filter of the log relies on it.
pub(super) const TARGET: &str = "cookiejwt_store::event";

#[allow(clippy::too_many_lines, reason = "one line for each event")]
pub(super) fn log(event: &Event<'_>) {
    match *event {
        Event::LoggedIn { subject, session, .. } => info!(target: TARGET, %subject, session, "logged in"),
        Event::ActingBegan { actor, subject, session, .. } => {
            info!(target: TARGET, %actor, %subject, session, "acting for a user");
        }
        Event::ActingEnded { actor, subject, session, .. } => {
            info!(target: TARGET, %actor, %subject, session, "no longer acting for a user");
        }
        Event::LoginRefused { reason, .. } => {
            info!(target: TARGET, reason = reason.as_str(), "login refused");
        }
        Event::UnreadableHash { .. } | Event::HashCut { .. } => log_hash(event),
        Event::PasswordChanged { subject, .. } => info!(target: TARGET, %subject, "password changed"),
        Event::Throttled { scope, retry_after_seconds, .. } => {
            info!(target: TARGET, scope = scope.as_str(), retry_after_seconds, "login throttled");
        }
        Event::SecondFactorRequired { subject, .. } => {
            info!(target: TARGET, %subject, "a second factor is required");
        }
        Event::Proved { subject, method, .. } => info!(target: TARGET, %subject, method, "proved"),
        Event::PendingReplayed { purpose } => {
            warn!(target: TARGET, purpose, "a pending login was presented that had been used up");
        }
        Event::LinkOpened { .. } | Event::LinkSpent { .. } | Event::LinkRefused { .. } => log_link(event),
        Event::LoginFailed { error } => error!(target: "cookiejwt_store::error", %error, "login failed"),
        Event::Refreshed { session, reason, .. } => debug!(target: TARGET, ?reason, session, "refreshed"),
        Event::DeviceBound { .. }
        | Event::DeviceRefused { .. }
        | Event::DeviceProofRejected { .. }
        | Event::DeviceEnded { .. } => log_device(event),
        Event::Refused { reason } => info!(target: TARGET, ?reason, "refused"),
        Event::GuardRefused { session, problem, .. } => {
            info!(target: TARGET, session, reason = problem.code(), "refused by a guard");
        }
        Event::Reuse { subject, session } => {
            warn!(target: TARGET, %subject, session, "a used-up refresh token was presented: the session is revoked");
        }
        Event::LostAnswer { session, replaced, .. } => {
            info!(target: TARGET, session, replaced, "a response with new cookies was lost: the session continues");
        }
        Event::CsrfRefused { denial } => info!(target: TARGET, %denial, "csrf refused"),
        Event::CredentialRejected { credential, fault } => {
            info!(target: TARGET, credential = credential.as_str(), %fault, "credential not accepted");
        }
        Event::DuplicateCookie { credential, other_deployment } => {
            info!(target: TARGET, credential = credential.as_str(), other_deployment, "duplicate_cookie");
        }
        Event::MintFailed { error } => error!(target: TARGET, failure = %error, "tokens cannot be minted"),
        Event::StoreUnavailable { reason } => warn!(target: TARGET, ?reason, "a store could not be asked"),
        Event::StoreFailed { operation, error } => error!(target: TARGET, operation, %error, "store failed"),
        Event::Revoked { session, reason } => {
            info!(target: TARGET, session, reason = reason.as_str(), "session revoked");
        }
        Event::EverySessionRevoked { sessions, reason } => {
            warn!(target: TARGET, sessions, reason = reason.as_str(), "every session revoked");
        }
        Event::ClaimsRenewed { subject, sessions } => {
            info!(target: TARGET, %subject, sessions, "claims renewed");
        }
        Event::FeedStale { error } => {
            warn!(target: TARGET, %error, "the feed of revocations is stale: what is revoked elsewhere is not known here");
        }
        Event::FeedRecovered {} => info!(target: TARGET, "the feed of revocations has caught up"),
        Event::ClockSkew { difference_millis } => warn!(
            target: TARGET, difference_millis,
            "the clocks of this node and of the database differ; let both follow the same time source (NTP)"
        ),
        Event::KeysReplaced { signing, was_known: true, verifying } => {
            info!(target: TARGET, signing, verifying, "the keys of access tokens are replaced");
        }
        Event::KeysReplaced { signing, was_known: false, verifying } => {
            warn!(
                target: TARGET, signing,
                verifying,
                "the new signing key was not published before; add a key first, wait, then switch"
            );
        }
        Event::KeysNotReloaded { error } => {
            error!(target: TARGET, %error, "the keys of access tokens are not reloaded, those so far stay");
        }
        Event::Purged { sessions } => info!(target: TARGET, sessions, "purged"),
    }
}

fn log_device(event: &Event<'_>) {
    match *event {
        Event::DeviceBound { session } => info!(target: TARGET, session, "bound to a device"),
        Event::DeviceRefused { session, reason: DeviceFault::Conflict } => {
            warn!(target: TARGET, session, "a second key was registered for a session: it stays bound to the first");
        }
        Event::DeviceRefused { session, reason } => {
            info!(target: TARGET, session, reason = reason.as_str(), "not bound to a device");
        }
        Event::DeviceProofRejected { session, reason } => {
            warn!(target: TARGET, session, reason = reason.as_str(), "the proof of a device is not accepted");
        }
        Event::DeviceEnded { session, reason } => {
            debug!(target: TARGET, session, reason = reason.as_str(), "a browser forgets its device-bound session");
        }
        _ => {}
    }
}

fn log_link(event: &Event<'_>) {
    match *event {
        Event::LinkOpened { purpose, subject } => info!(target: TARGET, purpose, %subject, "link opened"),
        Event::LinkSpent { purpose, subject } => info!(target: TARGET, purpose, %subject, "link used"),
        Event::LinkRefused { purpose, reason } => {
            info!(target: TARGET, purpose, reason = reason.as_str(), "link refused");
        }
        _ => {}
    }
}

/// What is wrong with the hashes in the table, and the cure.
fn log_hash(event: &Event<'_>) {
    match *event {
        Event::UnreadableHash { format } => error!(
            target: TARGET, format,
            "stored password hashes of this format cannot be read, and their users cannot log in: give `.password_hasher(…)` one \
             that reads them"
        ),
        Event::HashCut { stored, made } => error!(
            target: TARGET, stored,
            made,
            "the column of the password hashes does not hold a whole hash: make it VARCHAR(255) or TEXT; the old hash was put \
             back, and no other is stored"
        ),
        _ => {}
    }
}
