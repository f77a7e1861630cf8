//! The verification of any JWS, for test vectors of third parties.

use crate::{
    keys::{JwksError, keys_of_vectors},
    token::{TokenFault, verify_any},
};

/// Why [`verify_jws`] does not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VectorFault {
    /// The keys are refused, whatever the token is.
    #[error(transparent)]
    Keys(JwksError),
    /// The token is refused.
    #[error(transparent)]
    Token(TokenFault),
}

/// Verifies any compact JWS with any JWK or JWKS document and gives its payload: for the test vectors of third parties,
/// whose payloads are no claims. An application has no use for it: [`Core::authenticate`](crate::Core::authenticate)
/// and [`Verifier`](crate::Verifier) look at the claims too.
///
/// It takes the steps of every token: length, structure, base64url, the JOSE header, the key by its `kid`, `alg` byte by
/// byte, the signature; and public keys are read as [`Jwks::from_json`](crate::Jwks::from_json) reads them. Left out is
/// what only tokens of this library have:
///
/// * `typ` is not looked at;
/// * a token needs no `kid` when there is a single key, and a single key needs none; two that are there have to agree,
///   and any characters will do;
/// * the payload may be empty or no UTF-8;
/// * HS256 takes its key from a JWK of at least 32 bytes instead of deriving it; symmetric and public keys never stand
///   in one set.
///
/// ```
/// use cookiejwt_core::testing;
///
/// // RFC 8037 appendix A.4
/// let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
/// let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6d\
///     WbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
/// assert_eq!(testing::verify_jws(token, key).unwrap(), b"Example of Ed25519 signing");
/// ```
pub fn verify_jws(token: &str, keys: &str) -> Result<Vec<u8>, VectorFault> {
    let ring = keys_of_vectors(keys).map_err(VectorFault::Keys)?;
    verify_any(token.as_bytes(), &ring).map_err(VectorFault::Token)
}
