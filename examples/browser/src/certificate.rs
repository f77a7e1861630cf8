//! The certificate of every door, which no browser trusts unless it knows the pin.

use std::sync::{Arc, LazyLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{CertifiedKey, KeyPair, PublicKeyData as _, generate_simple_self_signed};
use sha2::{Digest as _, Sha256};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// One for the whole process, so that a browser can visit several doors. Its key is a P-256 key.
static CERTIFICATE: LazyLock<CertifiedKey<KeyPair>> = LazyLock::new(|| {
    let names = ["localhost", "127.0.0.1", "*.test"].map(String::from);
    generate_simple_self_signed(names).expect("a certificate")
});

/// The SHA-256 hash of its public key, as Chromium takes it in
/// `--ignore-certificate-errors-spki-list`.
pub(crate) fn pin() -> String {
    STANDARD.encode(Sha256::digest(CERTIFICATE.signing_key.subject_public_key_info()))
}

pub(crate) fn acceptor() -> TlsAcceptor {
    let CertifiedKey { cert, signing_key } = &*CERTIFICATE;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key);
    TlsAcceptor::from(Arc::new(config.expect("a key of this certificate")))
}
