//! The verification of third-party JWS test vectors.

use super::{Compact, JoseHeader, MAX_HEADER_TOKEN};
use crate::{
    keys::{Key, Ring},
    token::jws::TokenFault,
};

/// The payload of a JWS from a test vector, verified by the same steps as tokens of the library;
/// `testing::verify_jws` documents what is left out.
pub(crate) fn verify_any(token: &[u8], ring: &Ring) -> Result<Vec<u8>, TokenFault> {
    if token.len() > MAX_HEADER_TOKEN {
        return Err(TokenFault::TooLong);
    }
    let parts = Compact::split(token)?;
    let json = parts.header_json()?;
    let header = JoseHeader::parse(&json)?;
    let key = select(ring, header.kid.as_deref())?;
    header.check_algorithm(key)?;
    parts.signed_by(key)
}

/// A single key does not require a `kid`, neither its own nor the token's; if both are present,
/// they must agree.
fn select<'a>(ring: &'a Ring, kid: Option<&str>) -> Result<&'a Key, TokenFault> {
    let single = (ring.kids().count() == 1).then(|| ring.signing());
    match kid {
        None => single.ok_or(TokenFault::Header),
        Some(kid) => {
            ring.find(kid).or(single.filter(|key| key.kid().is_empty())).ok_or(TokenFault::UnknownKey)
        }
    }
}
