//! What a driver and an adapter need: the steps between a request and its decision, the head that
//! they read, and the cookies and bodies that they send.
//!
//! An application rarely names any of this; `cookiejwt-store` and the framework adapters do.

pub use crate::{
    decide::{
        ActiveUser, ActorFault, ActorState, ActorStep, Assessment, BindAssessment, Binding, ClientInfo,
        CsrfCleared, Departure, DeviceAttempt, DeviceDecision, DeviceReply, DeviceStep, KnownSessions,
        LateAnswer, LateRequest, LinkRequest, Login, LoginRequest, Logout, PendingClient, PendingLogin,
        Recalled, RefreshAttempt, RefreshStep, RenewAssessment, Renewal, Resolution, Rotation, RotationStep,
        SealedPending, SessionCheck, SessionStatus, SessionTerms, Settlement, UserState, VerifiedLink,
    },
    device::DeviceOffer,
    request::{Headers, Mode, RequestHead, TokenMode},
    response::{ResponseHeaders, SetCookie, SetCookies, Tokens, Twins},
    session::{LoginIds, RefreshIds, SessionChange, Sighting},
    throttle::PresentedDevices,
    token::{CustomClaims, Revocations, VerifiedAccess, VerifiedField, VerifiedMemo},
};
