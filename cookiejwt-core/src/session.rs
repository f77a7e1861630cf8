//! A session: its row in the token store, its ids, and what changes it.

mod binding;
mod changes;
mod claims_renewal;
mod device_key;
mod ends;
mod framework_session;
mod ids;
mod realm_revocation;
mod record;
mod sighting;
mod timestamp;

pub use self::{
    binding::BindRequest,
    changes::{
        AnswerLateRequest, ChangeOutcome, ProvedDevice, Receipt, ReplaceRequest, RotationOutcome,
        RotationRequest, SettleRequest,
    },
    claims_renewal::ClaimsRenewal,
    device_key::DeviceKey,
    ends::{EndReason, SessionEnds},
    framework_session::SessionChange,
    ids::{LoginIds, Realm, RefreshIds, SessionId, Subject, TokenId},
    realm_revocation::RealmRevocation,
    record::{Revocation, RevocationReason, SessionRecord},
    sighting::Sighting,
    timestamp::Timestamp,
};
