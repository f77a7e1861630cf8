//! Decisions: who is asking, and what a login, a refresh and a logout do.

mod authenticate;
pub(crate) mod csrf;
mod decision;
mod departure;
mod facade;
mod identity;
mod login;
mod logout;
mod refresh;
mod verifier;

pub(crate) use self::facade::{AccessToken, MintedAccess, Presentation, RefreshToken};
pub use self::{
    authenticate::{Assessment, Resolution, SessionCheck, SessionStatus},
    csrf::{CsrfCleared, CsrfDenial},
    decision::{CredentialFault, CredentialName, Decision, Outcome, Reason, Refusal, Settlement},
    departure::Departure,
    facade::Core,
    identity::{ClaimsError, CredentialSource, Identity},
    login::{ClientInfo, Login, LoginRequest},
    logout::Logout,
    refresh::{LateAnswer, LateRequest, RefreshAttempt, RefreshStep, Rotation, RotationStep, UserState},
    verifier::Verifier,
};
