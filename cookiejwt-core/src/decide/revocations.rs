//! The list of revocations that the issuer signs for services that only verify.

use crate::{
    decide::facade::Core,
    session::Timestamp,
    token::{MintError, RevocationClaims, Revocations},
};

impl Core {
    /// Signs a list of revocations: a compact JWS (RFC 7515) with the key of access tokens and a
    /// `typ` of its own, for `<issuer>/revoked` and about no user, so that it is never accepted as
    /// an access token, nor one of those as a list.
    ///
    /// Refused while access tokens are symmetric: only a service with the secret could check it,
    /// and that one could mint tokens.
    pub fn mint_revocations(
        &self,
        list: Revocations,
        now: impl Into<Timestamp>,
    ) -> Result<String, MintError> {
        let lists = self.parts().revocations.as_ref().ok_or(MintError::Symmetric)?;
        lists.mint(&RevocationClaims { issued_at: now.into().as_seconds(), list })
    }
}

#[cfg(test)]
mod tests;
