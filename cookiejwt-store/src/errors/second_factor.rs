//! What a login gives a user who has to prove more.

use cookiejwt_core::{
    Method,
    driver::{PendingLogin, SealedPending},
};

/// The password is right, and a second factor has to follow.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SecondFactor {
    /// What the user can prove next; see
    /// [`AuthUser::second_factors`](crate::AuthUser::second_factors).
    pub methods: Vec<Method>,
    /// What was proved so far, for [`prove`](crate::Authenticator::prove).
    pub pending: PendingLogin,
    /// The pending login for the client: a cookie, or in token mode a text for the body.
    pub sealed: SealedPending,
}
