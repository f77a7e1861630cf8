//! Decisions: who is asking, and what a login, a refresh and a logout do.

mod access_rows;
mod acting;
mod authenticate;
mod carrier;
mod cookies;
mod csrf;
mod decision;
mod departure;
mod device;
mod double_submit;
mod facade;
mod faults;
mod forwarded;
mod fresh;
mod identity;
mod issue;
mod links;
mod login;
mod logout;
mod own_page;
mod passwords;
mod pending;
mod proofs;
mod refresh;
mod revocations;
mod twins;
mod verifier;

pub use self::{
    acting::{ActorFault, ActorState},
    authenticate::{Assessment, Recalled, Resolution, SessionCheck, SessionStatus},
    csrf::{CsrfCleared, CsrfDenial},
    decision::{Decision, Outcome, Reason, Refusal, Settlement},
    departure::Departure,
    device::{
        BindAssessment, Binding, DeviceAttempt, DeviceDecision, DeviceReason, DeviceReply, DeviceStep,
        RenewAssessment, Renewal,
    },
    facade::Core,
    identity::{ClaimsError, CredentialSource, Identity},
    links::{LinkRequest, VerifiedLink},
    login::{ClientInfo, Login, LoginRequest, SessionTerms},
    logout::Logout,
    pending::{PendingClient, PendingLogin, SealedPending},
    refresh::{
        ActiveUser, ActorStep, LateAnswer, LateRequest, RefreshAttempt, RefreshStep, Rotation, RotationStep,
        UserState,
    },
    verifier::{KnownSessions, Verifier},
};
