//! Challenges: what a device has to sign. They are kept nowhere: a challenge proves itself, and
//! counts once, because the session must not have rotated since it was issued.

use crate::{
    config::Ages,
    keys::HmacKey,
    session::{SessionId, Timestamp},
    syntax::base64url,
};

/// How long a browser may take to register a key, in milliseconds. A TPM is slow.
const REGISTRATION_LIFE: i64 = 300_000;
const MAC: usize = 16;
/// Kind and time.
const HEAD: usize = 9;

/// A registration is good for another thing than a renewal.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Registration = 1,
    Renewal = 2,
}

/// Issues and reads challenges.
pub(crate) struct Challenges {
    /// The first key signs. An earlier one is good as well: nodes that change the secret one after
    /// the other would refuse each other's challenges until the browser gives up.
    keys: Vec<HmacKey>,
    renewal_life: i64,
    leeway: i64,
}

impl Challenges {
    pub(crate) fn new(keys: Vec<HmacKey>, ages: &Ages) -> Self {
        let renewal_life = ages.access.saturating_mul(2000);
        Self { keys, renewal_life, leeway: ages.leeway.saturating_mul(1000) }
    }

    /// The challenge that a login offers; it contains the session.
    pub(crate) fn registration(&self, session: &SessionId, now: Timestamp) -> String {
        format!("{}.{}", session.as_str(), self.code(Kind::Registration, session, now))
    }

    /// The challenge of a renewal.
    pub(crate) fn renewal(&self, session: &SessionId, now: Timestamp) -> String {
        self.code(Kind::Renewal, session, now)
    }

    /// The session of a registration challenge that is good now.
    pub(crate) fn read_registration(&self, challenge: &str, now: Timestamp) -> Option<SessionId> {
        let (session, code) = challenge.split_once('.')?;
        let session = SessionId::from(session);
        let issued_at = self.read(Kind::Registration, code, &session)?;
        self.is_good(issued_at, now, REGISTRATION_LIFE).then_some(session)
    }

    /// When a renewal challenge of this session was issued, if it is good now.
    pub(crate) fn read_renewal(
        &self,
        challenge: &str,
        session: &SessionId,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let issued_at = self.read(Kind::Renewal, challenge, session)?;
        self.is_good(issued_at, now, self.renewal_life).then_some(issued_at)
    }

    fn code(&self, kind: Kind, session: &SessionId, now: Timestamp) -> String {
        let mut code = head(kind, now);
        if let Some(key) = self.keys.first() {
            let mac = key.sign(&message(&code, session));
            code.extend_from_slice(mac.get(..MAC).unwrap_or_default());
        }
        base64url::encode(code)
    }

    /// When it was issued, if one of the keys has done so for this.
    fn read(&self, kind: Kind, code: &str, session: &SessionId) -> Option<Timestamp> {
        let code = base64url::decode(code).filter(|code| code.len() == HEAD + MAC)?;
        let (head, mac) = code.split_at_checked(HEAD)?;
        let (&of, time) = head.split_first()?;
        let issued_at = Timestamp::from_millis(i64::from_be_bytes(time.try_into().ok()?));
        let message = message(head, session);
        let is_ours = self.keys.iter().any(|key| key.verify_left(&message, mac));
        (is_ours && of == kind as u8).then_some(issued_at)
    }

    /// One of the future is not ours, beyond what clocks of nodes may differ by.
    fn is_good(&self, issued_at: Timestamp, now: Timestamp, life: i64) -> bool {
        issued_at <= now.plus_millis(self.leeway) && now < issued_at.plus_millis(life)
    }
}

fn head(kind: Kind, now: Timestamp) -> Vec<u8> {
    let mut head = vec![kind as u8];
    head.extend_from_slice(&now.as_millis().to_be_bytes());
    head
}

/// The session comes last, and what stands before it has always the same length.
fn message(head: &[u8], session: &SessionId) -> Vec<u8> {
    [head, session.as_str().as_bytes()].concat()
}
