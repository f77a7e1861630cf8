//! Sealing: authenticated encryption of what the server gives a client to keep.

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};

use crate::syntax::base64url;

/// The length of a nonce; it is random, so it has to be this long.
pub(crate) const NONCE: usize = 24;

/// Seals with the first key and opens with each (XChaCha20-Poly1305).
#[derive(Clone)]
pub(crate) struct Sealer(Vec<XChaCha20Poly1305>);

impl Sealer {
    pub(crate) fn new(keys: impl Iterator<Item = zeroize::Zeroizing<[u8; 32]>>) -> Self {
        Self(keys.map(|key| XChaCha20Poly1305::new((&*key).into())).collect())
    }

    /// The text in base64url. `purpose` has to be the same when it is opened.
    pub(crate) fn seal(&self, purpose: &str, text: &str, nonce: [u8; NONCE]) -> Option<String> {
        let payload = Payload { msg: text.as_bytes(), aad: purpose.as_bytes() };
        let sealed = self.0.first()?.encrypt(&XNonce::from(nonce), payload).ok()?;
        let mut all = nonce.to_vec();
        all.extend_from_slice(&sealed);
        Some(base64url::encode(all))
    }

    /// The text, if one of the keys has sealed it for this purpose.
    pub(crate) fn open(&self, purpose: &str, sealed: &[u8]) -> Option<String> {
        let all = base64url::decode(sealed)?;
        let (nonce, sealed) = all.split_first_chunk::<NONCE>()?;
        let payload = || Payload { msg: sealed, aad: purpose.as_bytes() };
        let opened = self.0.iter().find_map(|key| key.decrypt(&XNonce::from(*nonce), payload()).ok())?;
        String::from_utf8(opened).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(keys: &[u8]) -> Sealer {
        Sealer::new(keys.iter().map(|byte| zeroize::Zeroizing::new([*byte; 32])))
    }

    #[test]
    fn what_opens_it() {
        let sealed = sealer(&[1]).seal("login", "text", [7; NONCE]).unwrap();
        for (rule, sealer, purpose, opens) in [
            ("its key", sealer(&[1]), "login", true),
            ("its key among others", sealer(&[2, 1]), "login", true),
            ("another key", sealer(&[2]), "login", false),
            ("another purpose", sealer(&[1]), "link", false),
        ] {
            assert_eq!(sealer.open(purpose, sealed.as_bytes()).as_deref() == Some("text"), opens, "{rule}");
        }
    }

    #[test]
    fn every_changed_character_and_every_cut_is_refused() {
        let keys = sealer(&[1]);
        let sealed = keys.seal("login", "text", [7; NONCE]).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(keys.open("login", &changed), None, "{at}");
            assert_eq!(keys.open("login", &sealed.as_bytes()[..at]), None, "{at}");
        }
        for text in ["", "A", "%%%", &format!("{sealed}A"), &format!("{sealed}=")] {
            assert_eq!(keys.open("login", text.as_bytes()), None, "{text}");
        }
    }
}
