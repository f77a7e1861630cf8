//! The same events, counted. Every label has a few fixed values, so that no visitor can make a new series.

use cookiejwt_core::{CredentialName, Reason, TokenFault};
use metrics::{counter, gauge};

use super::{Event, LoginRefusal};

#[allow(clippy::too_many_lines, reason = "one line for each event")]
pub(super) fn count(event: &Event<'_>) {
    match *event {
        Event::LoggedIn { .. } => login("success"),
        Event::LoginRefused { reason, .. } => login(match reason {
            LoginRefusal::UnknownUser => "unknown_user",
            LoginRefusal::WrongPassword => "wrong_password",
            LoginRefusal::UnreadableHash => "unreadable_hash",
            LoginRefusal::Inactive => "inactive",
            LoginRefusal::ChangedMeanwhile => "changed",
            LoginRefusal::SessionEnded => "session_ended",
            LoginRefusal::WrongMode => "wrong_mode",
        }),
        Event::PasswordChanged { .. } => counter!("cookiejwt_password_changes_total").increment(1),
        Event::Throttled { scope, .. } => {
            counter!("cookiejwt_throttled_total", "scope" => scope.as_str()).increment(1);
        }
        Event::LoginFailed { .. } => login("failed"),
        Event::UnreadableHash { .. } | Event::HashCut { .. } => hash(event),
        Event::Refreshed { reason, .. } => {
            let outcome = match reason {
                Reason::ParentInLeeway => "parent",
                Reason::CurrentInLeeway => "current",
                Reason::Superseded => "superseded",
                _ => "rotated",
            };
            refreshed(outcome);
        }
        Event::LostAnswer { replaced, .. } => refreshed(if replaced { "replaced" } else { "late" }),
        Event::Refused { reason } => refusal(refused(reason)),
        Event::GuardRefused { problem, .. } => refusal(problem.code()),
        Event::Reuse { .. } => refusal("reuse"),
        Event::CsrfRefused { .. } => refusal("csrf"),
        Event::MintFailed { .. } => refusal("mint_failed"),
        Event::StoreUnavailable { .. } => refusal("store_failed"),
        Event::CredentialRejected { credential, fault } => {
            let (credential, fault) = (credential_label(credential), fault_label(fault));
            counter!("cookiejwt_rejected_credentials_total", "credential" => credential, "fault" => fault)
                .increment(1);
        }
        Event::DuplicateCookie { other_deployment, .. } => {
            let beside = if other_deployment { "other_deployment" } else { "ours" };
            counter!("cookiejwt_duplicate_cookies_total", "beside" => beside).increment(1);
        }
        Event::StoreFailed { operation, .. } => {
            counter!("cookiejwt_store_failures_total", "operation" => operation).increment(1);
        }
        Event::Revoked { reason, .. } => {
            counter!("cookiejwt_revocations_total", "reason" => reason.as_str()).increment(1);
        }
        Event::FeedStale { .. } => gauge!("cookiejwt_feed_stale").set(1),
        Event::FeedRecovered {} => gauge!("cookiejwt_feed_stale").set(0),
        Event::ClockSkew { .. } => counter!("cookiejwt_clock_skew_total").increment(1),
        Event::KeysReplaced { .. } => key_reload("replaced"),
        Event::KeysNotReloaded { .. } => key_reload("failed"),
        Event::Purged { sessions } => counter!("cookiejwt_purged_sessions_total").increment(sessions),
    }
}

/// Measured, whether or not it is worth an event.
#[allow(clippy::cast_precision_loss, reason = "a difference of 285 000 years is out of step in any case")]
pub(crate) fn clock_difference(millis: i64) {
    gauge!("cookiejwt_clock_difference_millis").set(millis as f64);
}

fn refreshed(outcome: &'static str) {
    counter!("cookiejwt_refreshes_total", "outcome" => outcome).increment(1);
}

/// The formats are the few that are known by name.
fn hash(event: &Event<'_>) {
    match *event {
        Event::UnreadableHash { format } => {
            counter!("cookiejwt_unreadable_hashes_total", "format" => format.to_owned()).increment(1);
        }
        Event::HashCut { .. } => counter!("cookiejwt_cut_hashes_total").increment(1),
        _ => {}
    }
}

fn login(outcome: &'static str) {
    counter!("cookiejwt_logins_total", "outcome" => outcome).increment(1);
}

fn key_reload(outcome: &'static str) {
    counter!("cookiejwt_key_reloads_total", "outcome" => outcome).increment(1);
}

fn refusal(reason: &'static str) {
    counter!("cookiejwt_refusals_total", "reason" => reason).increment(1);
}

fn refused(reason: &Reason) -> &'static str {
    match reason {
        Reason::SessionRevoked(_) | Reason::RowRevoked(_) => "session_revoked",
        Reason::SessionMissing | Reason::RowMissing => "session_missing",
        Reason::RowExpired => "session_expired",
        Reason::UserInactive => "user_inactive",
        Reason::RefreshNotPermitted | Reason::SpeculationNotPermitted => "refresh_not_permitted",
        _ => "invalid_token",
    }
}

fn credential_label(name: CredentialName) -> &'static str {
    match name {
        CredentialName::AccessCookie => "access_cookie",
        CredentialName::RefreshCookie => "refresh_cookie",
        CredentialName::RefreshBody => "refresh_body",
        CredentialName::Bearer => "bearer",
    }
}

fn fault_label(fault: TokenFault) -> &'static str {
    match fault {
        TokenFault::ForbiddenMember | TokenFault::Algorithm | TokenFault::Type => "forbidden",
        TokenFault::UnknownKey => "unknown_key",
        TokenFault::Signature => "signature",
        TokenFault::Claim(_) => "claim",
        TokenFault::NotYetValid => "clock_skew",
        TokenFault::Duplicate => "duplicate",
        _ => "malformed",
    }
}
