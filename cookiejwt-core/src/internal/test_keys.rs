//! Key files, and rings made of them, for the tests of `jws` and `keys`.
//!
//! The files under `tests/keys` were made with OpenSSL; the `.jws` files were signed there with
//! pyca/cryptography.

use std::borrow::Cow;

use crate::{
    config::ConfigBuilder,
    keys::{Algorithm, KeyRing, PrivateKey, PublicKey},
    token::{Jws, MAX_HEADER_TOKEN, TokenFault, TokenKind},
};

macro_rules! key_file {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/", $name))
    };
}
pub(crate) use key_file;

pub(crate) const ED25519: &str = key_file!("ed25519.pem");
pub(crate) const ED25519_PUBLIC: &str = key_file!("ed25519.pub.pem");
pub(crate) const ED25519_OTHER: &str = key_file!("ed25519_other.pem");
pub(crate) const P256: &str = key_file!("p256.pem");
pub(crate) const P256_PUBLIC: &str = key_file!("p256.pub.pem");
pub(crate) const RSA: &str = key_file!("rsa2048.pem");
pub(crate) const RSA_PUBLIC: &str = key_file!("rsa2048.pub.pem");

pub(crate) const PAYLOAD: &str = r#"{"sub":"42"}"#;

pub(crate) fn private(algorithm: Algorithm, pem: &str) -> PrivateKey {
    PrivateKey::from_pem(algorithm, pem).unwrap()
}

pub(crate) fn public(algorithm: Algorithm, pem: &str) -> PublicKey {
    PublicKey::from_pem(algorithm, pem).unwrap()
}

pub(crate) fn ring(builder: ConfigBuilder) -> KeyRing {
    let config = builder.build().unwrap();
    config.key_ring()
}

pub(crate) fn access(builder: ConfigBuilder) -> Jws {
    Jws::new(TokenKind::Access, ring(builder).access)
}

pub(crate) fn revocations(builder: ConfigBuilder) -> Jws {
    Jws::new(TokenKind::Revocations, ring(builder).access)
}

pub(crate) fn refresh(builder: ConfigBuilder) -> Jws {
    Jws::new(TokenKind::Refresh, ring(builder).refresh)
}

pub(crate) fn link(builder: ConfigBuilder) -> Jws {
    Jws::new(TokenKind::Link, ring(builder).links)
}

/// The payload, or why the token is refused.
pub(crate) type Verdict = Result<Cow<'static, str>, TokenFault>;

pub(crate) const ACCEPTED: Verdict = Ok(Cow::Borrowed(PAYLOAD));

pub(crate) fn verdict(jws: &Jws, token: impl AsRef<[u8]>) -> Verdict {
    jws.verify(token.as_ref(), MAX_HEADER_TOKEN).map(|verified| {
        let payload = verified.payload().to_owned();
        assert_eq!(verified.into_payload(), payload);
        payload.into()
    })
}
