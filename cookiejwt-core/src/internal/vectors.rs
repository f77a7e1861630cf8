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

/// Verifies any compact JWS with any JWK or JWKS document and returns its payload: for the test
/// vectors of third parties, whose payloads are not claims. Applications should not use it:
/// [`Core::authenticate`](crate::Core::authenticate) and [`Verifier`](crate::Verifier) check the
/// claims too.
///
/// It takes the same steps as for every token: length, structure, base64url, the JOSE header, the
/// key by its `kid`, `alg` byte by byte, and the signature. Public keys are read as
/// [`Jwks::from_json`](crate::Jwks::from_json) reads them. It leaves out what only tokens of this
/// library have:
///
/// * `typ` is not checked;
/// * a token needs no `kid` if there is a single key, and a single key needs none; if both are
///   present they must agree, and any characters are allowed;
/// * the payload may be empty or not UTF-8;
/// * HS256 takes its key from a JWK of at least 32 bytes instead of deriving it; symmetric and
///   public keys are never in one set.
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
