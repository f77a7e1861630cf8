//! CSRF tokens that are bound to a session: the signed double-submit cookie of OWASP.

use crate::{
    decide::{facade::Core, identity::Identity},
    keys::{HmacKey, with_lengths},
    session::SessionId,
    syntax::base64url,
};

/// Signs and verifies CSRF tokens.
pub(super) struct DoubleSubmit(HmacKey);

impl DoubleSubmit {
    pub(super) fn new(key: HmacKey) -> Self {
        Self(key)
    }

    fn token(&self, session: &SessionId, random: [u8; 16]) -> String {
        let mac = self.0.sign(&message(session, &random));
        format!("{}.{}", base64url::encode(mac), base64url::encode(random))
    }

    fn verify(&self, session: &SessionId, token: &str) -> bool {
        let Some((mac, random)) = token.split_once('.') else { return false };
        let mut bytes = [0; 16];
        let whole = base64url::decode_into(random, &mut bytes).is_some_and(|random| random.len() == 16);
        let mac = base64url::decode(mac).unwrap_or_default();
        whole && self.0.verify(&message(session, &bytes), &mac)
    }
}

/// With lengths, so that no other session and random number give the same bytes.
fn message(session: &SessionId, random: &[u8; 16]) -> Vec<u8> {
    with_lengths([session.as_str().as_bytes(), random])
}

impl Core {
    /// A CSRF token bound to the session: signed double submit, for applications that need one in
    /// addition to the table.
    ///
    /// `random` is 128 new random bits. The token is valid as long as the session (OWASP CSRF
    /// prevention, signed double-submit cookie).
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use cookiejwt_core::testing;
    ///
    /// let core = testing::core();
    /// let alice = testing::identity("alice");
    /// let token = core.csrf_token(&alice, [7; 16]);
    /// assert!(core.verify_csrf_token(&alice, &token));
    /// # }
    /// ```
    pub fn csrf_token(&self, identity: &Identity, random: [u8; 16]) -> String {
        self.parts().double_submit.token(identity.session_id(), random)
    }

    /// Whether [`csrf_token`](Self::csrf_token) made this token for this session.
    pub fn verify_csrf_token(&self, identity: &Identity, token: &str) -> bool {
        self.parts().double_submit.verify(identity.session_id(), token)
    }
}
