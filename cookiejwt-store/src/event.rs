//! One structured event per outcome. Nothing here is a secret: no token, no password, no key.

use cookiejwt_core::{CredentialName, CsrfDenial, Decision, Reason, Revocation, Subject, TokenFault};
use tracing::{debug, error, info, trace, warn};

use crate::StoreError;

/// Tells the log what was decided and why, and hands the decision on.
pub(crate) fn decided(decision: Decision) -> Decision {
    for fault in &decision.faults {
        let credential = credential(fault.credential);
        if fault.fault == TokenFault::Expired {
            trace!(credential, "expired");
        } else {
            info!(credential, fault = %fault.fault, "credential not accepted");
        }
    }
    let session = decision.identity().map(|identity| identity.session_id().as_str());
    match &decision.reason {
        Reason::AccessValid | Reason::NoCredential | Reason::Skipped => {
            trace!(reason = ?decision.reason, session, "authenticated");
        }
        Reason::Rotated | Reason::ParentInLeeway | Reason::CurrentInLeeway => {
            debug!(reason = ?decision.reason, session, "refreshed");
        }
        Reason::Reuse => warn!("a used-up refresh token was presented: the session is revoked"),
        Reason::Csrf(denial) => csrf_refused(*denial),
        Reason::MintFailed(failure) => error!(%failure, "tokens cannot be minted"),
        Reason::SessionUnknown | Reason::UserStoreFailed | Reason::TokenStoreFailed | Reason::LostTwice => {
            warn!(reason = ?decision.reason, "a store could not be asked");
        }
        reason => info!(?reason, "refused"),
    }
    decision
}

pub(crate) fn logged_in(subject: &Subject, session: &str) {
    info!(subject = %Escaped(subject.as_str()), session, "logged in");
}

pub(crate) fn csrf_refused(denial: CsrfDenial) {
    info!(%denial, "csrf refused");
}

pub(crate) fn login_refused(reason: &'static str) {
    info!(reason, "login refused");
}

pub(crate) fn store_failed(operation: &'static str, error: &StoreError) {
    error!(operation, %error, "store failed");
}

pub(crate) fn revoked(revocation: &Revocation) {
    info!(session = revocation.session_id.as_str(), reason = revocation.reason.as_str(), "session revoked");
}

pub(crate) fn feed_stale(error: &StoreError) {
    warn!(%error, "the feed of revocations is stale: what other nodes revoke is not known here");
}

pub(crate) fn feed_recovered() {
    info!("the feed of revocations has caught up");
}

pub(crate) fn purged(sessions: u64) {
    info!(sessions, "purged");
}

fn credential(name: CredentialName) -> &'static str {
    match name {
        CredentialName::AccessCookie => "access cookie",
        CredentialName::RefreshCookie => "refresh cookie",
        CredentialName::Bearer => "bearer",
    }
}

/// Text from outside, without the line breaks that could forge a log line.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.escape_debug())
    }
}
