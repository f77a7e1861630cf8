//! What a store of sessions speaks: its rows, the changes that it is asked for, its answers,
//! the counters of the throttle, and what counts once.

pub use crate::{
    session::{
        AnswerLateRequest, BindRequest, ChangeOutcome, ClaimsRenewal, DeviceKey, EndReason, ProvedDevice,
        Realm, RealmRevocation, Receipt, ReplaceRequest, Revocation, RevocationReason, RotationOutcome,
        RotationRequest, SessionEnds, SessionRecord, SettleRequest, Timestamp, TokenId,
    },
    throttle::{
        BucketId, DeviceId, PasswordTry, Standing, Throttle, ThrottleBucket, ThrottleCharge, ThrottleLimit,
        ThrottleScope,
    },
    token::{RowFacts, SpentId},
};
