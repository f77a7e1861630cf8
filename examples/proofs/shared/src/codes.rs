//! One-time codes of an app (TOTP, RFC 6238), by `totp-rs`.

use std::time::{SystemTime, UNIX_EPOCH};

use cookiejwt_store::{Checked, PendingLogin};
use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Secret, Totp};

use crate::{ProofsError, User};

/// A secret that the user's app gets, and that counts once they have typed a code of it.
///
/// A pending login keeps it between the two requests.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enrolment {
    /// In base32.
    pub secret: String,
}

impl Enrolment {
    /// A new random secret.
    pub fn random() -> Self {
        Self { secret: Secret::generate().to_base32() }
    }

    /// A picture for the camera of the user's phone, as a PNG file in base64.
    pub(crate) fn picture(&self, user: &User) -> Result<String, ProofsError> {
        Ok(totp(&self.secret, &user.name)?.to_qr_base64()?)
    }

    /// The check of the first code.
    pub fn check_code(pending: &PendingLogin, code: &str) -> Option<Checked<User>> {
        let enrolment: Self = pending.read_data()?;
        step(&enrolment.secret, code.trim()).map(|step| Checked::right().once(step))
    }
}

/// The time step that a code belongs to: the present one, or one beside it.
pub(crate) fn step(secret: &str, code: &str) -> Option<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    totp(secret, "").ok()?.check(code, now)
}

fn totp(secret: &str, name: &str) -> Result<Totp, ProofsError> {
    let secret = Secret::try_from_base32(secret)?;
    let totp = Builder::new().with_secret(secret).with_account_name(name);
    Ok(totp.with_issuer(Some("cookiejwt proofs")).build()?)
}
