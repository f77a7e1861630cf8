//! The same events, counted. Every label has a few fixed values, so that no visitor can make a new
//! series.

use cookiejwt_core::{
    Reason,
    fault::{DeviceEnd, DeviceFault, DeviceReason, TokenFault},
    store::Realm,
};
use metrics::{Label, counter, gauge};

use super::event::Event;

/// The counters of one realm, which is a label of each of them unless it is the empty one.
pub(crate) struct Counters<'a>(pub(crate) &'a Realm);

impl Counters<'_> {
    #[allow(clippy::too_many_lines, reason = "one line for each event")]
    pub(super) fn count(&self, event: &Event<'_>) {
        match *event {
            Event::LoggedIn { .. } => self.login("success"),
            Event::ActingBegan { .. } => self.acting("began"),
            Event::ActingEnded { .. } => self.acting("ended"),
            Event::SecondFactorRequired { .. } => self.login("second_factor_required"),
            Event::Proved { .. } => self.proof("proved"),
            Event::PendingReplayed { .. } => self.proof("pending_replayed"),
            Event::LinkOpened { .. } => self.link("opened"),
            Event::LinkSpent { .. } => self.link("spent"),
            Event::LinkRefused { reason, .. } => self.link(reason.as_str()),
            Event::LoginRefused { reason, .. } => self.login(reason.as_str()),
            Event::PasswordChanged { .. } => self.up("cookiejwt_password_changes_total", &[]),
            Event::Throttled { scope, .. } => {
                self.up("cookiejwt_throttled_total", &[("scope", scope.as_str())]);
            }
            Event::LoginFailed { .. } => self.login("failed"),
            // The formats are the few that are known by name.
            Event::UnreadableHash { format } => {
                self.up("cookiejwt_unreadable_hashes_total", &[("format", format)]);
            }
            Event::HashCut { .. } => self.up("cookiejwt_cut_hashes_total", &[]),
            Event::Refreshed { reason, .. } => self.refresh(match reason {
                Reason::ParentInLeeway => "parent",
                Reason::CurrentInLeeway => "current",
                Reason::Superseded => "superseded",
                Reason::DeviceProved => "device_proved",
                Reason::DeviceProvedInLeeway => "device_repeated",
                _ => "rotated",
            }),
            Event::LostAnswer { replaced, .. } => self.refresh(if replaced { "replaced" } else { "late" }),
            Event::Refused { reason } => {
                if let Reason::DeviceProofMissing { skipped: Some(skipped) } = reason {
                    self.up("cookiejwt_device_skipped_total", &[("reason", skipped.as_str())]);
                }
                self.refusal(refused(reason));
            }
            // Counted with what has no event.
            Event::DeviceBound { .. }
            | Event::DeviceRefused { .. }
            | Event::DeviceProofRejected { .. }
            | Event::DeviceEnded { .. } => {}
            Event::GuardRefused { problem, .. } => self.refusal(problem.code()),
            Event::Reuse { .. } => self.refusal("reuse"),
            Event::CsrfRefused { .. } => self.refusal("csrf"),
            Event::MintFailed { .. } => self.refusal("mint_failed"),
            Event::StoreUnavailable { .. } => self.refusal("store_failed"),
            Event::CredentialRejected { credential, fault } => {
                let labels = [("credential", credential.as_str()), ("fault", fault_label(fault))];
                self.up("cookiejwt_rejected_credentials_total", &labels);
            }
            Event::DuplicateCookie { other_deployment, .. } => {
                let beside = if other_deployment { "other_deployment" } else { "ours" };
                self.up("cookiejwt_duplicate_cookies_total", &[("beside", beside)]);
            }
            Event::StoreFailed { operation, .. } => {
                self.up("cookiejwt_store_failures_total", &[("operation", operation)]);
            }
            Event::Revoked { reason, .. } => {
                self.up("cookiejwt_revocations_total", &[("reason", reason.as_str())]);
            }
            Event::EverySessionRevoked { sessions, reason } => {
                let labels = self.labels(&[("reason", reason.as_str())]);
                counter!("cookiejwt_revocations_total", labels).increment(sessions);
            }
            Event::ClaimsRenewed { .. } => self.up("cookiejwt_claims_renewed_total", &[]),
            Event::FeedStale { .. } => gauge!("cookiejwt_feed_stale", self.labels(&[])).set(1),
            Event::FeedRecovered {} => gauge!("cookiejwt_feed_stale", self.labels(&[])).set(0),
            Event::ClockSkew { .. } => self.up("cookiejwt_clock_skew_total", &[]),
            Event::KeysReplaced { .. } => self.key_reload("replaced"),
            Event::KeysNotReloaded { .. } => self.key_reload("failed"),
            Event::Purged { sessions } => {
                counter!("cookiejwt_purged_sessions_total", self.labels(&[])).increment(sessions);
            }
        }
    }

    /// Measured, whether or not it is worth an event.
    #[allow(clippy::cast_precision_loss, reason = "a difference of 285 000 years is out of step in any case")]
    pub(crate) fn clock_difference(&self, millis: i64) {
        gauge!("cookiejwt_clock_difference_millis", self.labels(&[])).set(millis as f64);
    }

    /// A request that a browser sends by itself for a device-bound session.
    pub(crate) fn device(&self, reason: DeviceReason) {
        let outcome = match reason {
            DeviceReason::Bound => "bound",
            DeviceReason::Refused(DeviceFault::Conflict) => "conflict",
            DeviceReason::Refused(_) => "refused",
            DeviceReason::Challenged => "challenged",
            DeviceReason::Renewed => "renewed",
            DeviceReason::Ended(DeviceEnd::Rejected(_)) => "rejected",
            DeviceReason::Ended(_) => "ended",
            _ => return,
        };
        self.up("cookiejwt_device_total", &[("outcome", outcome)]);
    }

    fn login(&self, outcome: &'static str) {
        self.up("cookiejwt_logins_total", &[("outcome", outcome)]);
    }

    fn acting(&self, outcome: &'static str) {
        self.up("cookiejwt_acting_total", &[("outcome", outcome)]);
    }

    fn proof(&self, outcome: &'static str) {
        self.up("cookiejwt_proofs_total", &[("outcome", outcome)]);
    }

    fn link(&self, outcome: &'static str) {
        self.up("cookiejwt_links_total", &[("outcome", outcome)]);
    }

    fn refresh(&self, outcome: &'static str) {
        self.up("cookiejwt_refreshes_total", &[("outcome", outcome)]);
    }

    fn refusal(&self, reason: &'static str) {
        self.up("cookiejwt_refusals_total", &[("reason", reason)]);
    }

    fn key_reload(&self, outcome: &'static str) {
        self.up("cookiejwt_key_reloads_total", &[("outcome", outcome)]);
    }

    fn up(&self, name: &'static str, labels: &[(&'static str, &str)]) {
        counter!(name, self.labels(labels)).increment(1);
    }

    fn labels(&self, labels: &[(&'static str, &str)]) -> Vec<Label> {
        let realm = Some(("realm", self.0.as_str())).filter(|(_, realm)| !realm.is_empty());
        let labels = labels.iter().copied().chain(realm);
        labels.map(|(name, value)| Label::new(name, value.to_owned())).collect()
    }
}

fn refused(reason: &Reason) -> &'static str {
    match reason {
        Reason::SessionRevoked(_) | Reason::RowRevoked(_) => "session_revoked",
        Reason::SessionMissing | Reason::RowMissing => "session_missing",
        Reason::RowExpired => "session_expired",
        Reason::UserInactive => "user_inactive",
        Reason::UserChanged => "user_changed",
        Reason::SecondFactorRequired => "second_factor_required",
        Reason::ActorEnded => "actor_ended",
        Reason::DeviceProofMissing { .. } | Reason::BoundMeanwhile => "device_proof_missing",
        Reason::RefreshNotPermitted | Reason::SpeculationNotPermitted => "refresh_not_permitted",
        _ => "invalid_token",
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
