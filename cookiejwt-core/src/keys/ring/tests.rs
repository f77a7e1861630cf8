//! Keys: which are taken, what they sign and verify, how they rotate, what of them is published.

mod documents;
mod files;
mod rotation;
mod signatures;

use super::{Key, PrivateKey, PublicKey};
use crate::{
    internal::test_keys::{
        ACCEPTED, ED25519, ED25519_OTHER, ED25519_PUBLIC, P256, P256_PUBLIC, PAYLOAD, RSA, RSA_PUBLIC,
        access, key_file, link, private, public, refresh, ring, verdict,
    },
    testing,
};

/// The thumbprints (RFC 7638), computed elsewhere.
const ED25519_KID: &str = "Ce9dcCQdmfe3d2unk30bqJkdbUUxztnwCatUEvzBF4g";
const P256_KID: &str = "_NrFblQYUlq--AQC7iIv3NQmj61B_RM76di7Bt5TBRg";
const RSA_KID: &str = "Vj-rOszRUGuTBF-ycGiVUcFYraX3VOU4-J-ZjEiiUQs";

/// Whether this build signs with RSA.
const SIGNS_RSA: bool = cfg!(feature = "aws-lc-rs");

/// The bytes of a PEM file.
fn der(pem: &str) -> Vec<u8> {
    use base64::Engine as _;
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    base64::engine::general_purpose::STANDARD.decode(body).unwrap()
}
