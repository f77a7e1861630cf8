//! Binding sessions to devices, with one fault.

use cookiejwt_core::{
    SessionId,
    store::{BindRequest, DeviceKey, RotationRequest, SessionRecord, Timestamp},
};

use super::{Fault, changes::Change, store::Broken};

impl Broken {
    /// A row as it is read by its id.
    pub(super) fn read(&self, mut row: SessionRecord) -> SessionRecord {
        if self.is(Fault::ReadsNoKey) {
            row.device = None;
        }
        row
    }

    /// A row as it is read for the list.
    pub(super) fn listed(&self, mut row: SessionRecord) -> SessionRecord {
        if self.is(Fault::ListsNoKey) {
            row.device = None;
        }
        row
    }

    /// The row as a rotation of this store takes it: bound to whatever the request wants, where it
    /// does not look.
    pub(super) fn judge_device(&self, request: &mut RotationRequest, row: &mut SessionRecord) {
        let proved = request.device.as_mut();
        match (self.fault, proved, row.device.as_ref()) {
            (Fault::RotatesTheBound, None, _) => row.device = None,
            (Fault::RotatesTheUnbound, Some(proved), None)
            | (Fault::IgnoresTheKey, Some(proved), Some(_)) => {
                row.device = Some(proved.key.clone());
            }
            (Fault::KeysFoldCase, Some(proved), Some(key)) if same_letters(&proved.key, key) => {
                row.device = Some(proved.key.clone());
            }
            (Fault::ForgetsTheChallenge, Some(proved), _) => proved.challenged_at = Timestamp::MAX,
            (Fault::ChallengeCountsAtOnce, Some(proved), _) => {
                proved.challenged_at = proved.challenged_at.plus_millis(1);
            }
            (Fault::ChallengeNeedsARotation, Some(_), _) if row.rotated_at.is_none() => {
                row.rotated_at = Some(Timestamp::MAX);
            }
            (Fault::DevicesWaitForReceipts, Some(proved), _)
                if row.received_at.is_none() && row.settles_at >= request.orphaned_before =>
            {
                proved.challenged_at = Timestamp::from_millis(0);
            }
            _ => {}
        }
    }
}

fn same_letters(one: &DeviceKey, other: &DeviceKey) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

impl Change for BindRequest {
    fn id(&self) -> &SessionId {
        &self.session_id
    }

    fn is_met(&self, broken: &Broken, mut row: SessionRecord) -> bool {
        let mut request = self.clone();
        if broken.is_same(&row, &self.session_id, &mut request.realm) {
            request.session_id = row.id.clone();
        }
        match broken.fault {
            Fault::BindsAgain => row.device = None,
            Fault::BindsTheSameAgain if row.device.as_ref() == Some(&self.key) => row.device = None,
            Fault::BindsTheRevoked => row.revoked = None,
            Fault::BindsTheIdle => row.expires_at = Timestamp::MAX,
            Fault::BindsPastTheEnd => row.ends_at = Timestamp::MAX,
            Fault::BindsAcrossRealms => request.realm = row.realm.clone(),
            _ => {}
        }
        request.matches(&row)
    }

    fn write(&self, fault: Fault, row: &mut SessionRecord) {
        self.apply(row);
        if fault == Fault::BindingIsSeen {
            row.last_seen_at = self.now;
        }
    }

    fn two_steps(&self, fault: Fault) -> Option<bool> {
        match fault {
            Fault::BindsInTwoSteps | Fault::ChangesInTwoSteps => Some(false),
            Fault::BindingWritesTheWholeRow | Fault::ChangesWriteTheWholeRow => Some(true),
            _ => None,
        }
    }
}
