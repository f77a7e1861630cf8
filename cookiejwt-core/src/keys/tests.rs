//! Keys: which are taken, what they sign and verify, how they rotate, what of them is published.
//!
//! The files under `tests/keys` were made with OpenSSL; the `.jws` files were signed there with pyca/cryptography.

mod documents;
mod files;
mod rotation;
mod signatures;

use std::borrow::Cow;

use super::{Key, KeyRing, PrivateKey, PublicKey};
use crate::{
    Algorithm, ConfigBuilder, TokenFault,
    jws::{Jws, MAX_HEADER_TOKEN, TokenKind},
    testing,
};

macro_rules! key_file {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/", $name))
    };
}
use key_file;

const ED25519: &str = key_file!("ed25519.pem");
const ED25519_PUBLIC: &str = key_file!("ed25519.pub.pem");
const ED25519_OTHER: &str = key_file!("ed25519_other.pem");
const P256: &str = key_file!("p256.pem");
const P256_PUBLIC: &str = key_file!("p256.pub.pem");
const RSA: &str = key_file!("rsa2048.pem");
const RSA_PUBLIC: &str = key_file!("rsa2048.pub.pem");

/// The thumbprints (RFC 7638), computed elsewhere.
const ED25519_KID: &str = "Ce9dcCQdmfe3d2unk30bqJkdbUUxztnwCatUEvzBF4g";
const P256_KID: &str = "_NrFblQYUlq--AQC7iIv3NQmj61B_RM76di7Bt5TBRg";
const RSA_KID: &str = "Vj-rOszRUGuTBF-ycGiVUcFYraX3VOU4-J-ZjEiiUQs";

const PAYLOAD: &str = r#"{"sub":"42"}"#;

/// Whether this build signs with RSA.
const SIGNS_RSA: bool = cfg!(feature = "aws-lc-rs");

fn private(algorithm: Algorithm, pem: &str) -> PrivateKey {
    PrivateKey::from_pem(algorithm, pem).unwrap()
}

fn public(algorithm: Algorithm, pem: &str) -> PublicKey {
    PublicKey::from_pem(algorithm, pem).unwrap()
}

fn ring(builder: ConfigBuilder) -> KeyRing {
    KeyRing::new(&builder.build().unwrap().keys)
}

fn access(builder: ConfigBuilder) -> Jws {
    Jws::new(TokenKind::Access, ring(builder).access)
}

fn refresh(builder: ConfigBuilder) -> Jws {
    Jws::new(TokenKind::Refresh, ring(builder).refresh)
}

fn verdict(jws: &Jws, token: &str) -> Verdict {
    jws.verify(token.as_bytes(), MAX_HEADER_TOKEN).map(|verified| verified.payload().to_owned().into())
}

/// The payload, or why the token is refused.
type Verdict = Result<Cow<'static, str>, TokenFault>;

const ACCEPTED: Verdict = Ok(Cow::Borrowed(PAYLOAD));

/// The bytes of a PEM file.
fn der(pem: &str) -> Vec<u8> {
    use base64::Engine as _;
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    base64::engine::general_purpose::STANDARD.decode(body).unwrap()
}
