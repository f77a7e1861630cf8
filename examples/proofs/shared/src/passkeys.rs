//! Passkeys (`WebAuthn`), by `webauthn-rs`.

use cookiejwt_store::{Checked, PendingLogin, Subject, UserStore as _};
use quick_cache::sync::Cache;
use serde_json::Value;
use url::Url;
use uuid::Uuid;
use webauthn_rs::{
    Webauthn, WebauthnBuilder,
    prelude::{
        DiscoverableAuthentication, DiscoverableKey, PasskeyRegistration, PublicKeyCredential,
        RegisterPublicKeyCredential, WebauthnError,
    },
};
use webauthn_rs_proto::ResidentKeyRequirement;

use crate::{ProofsError, User, Users};

/// How many ceremonies may be open at once; a new one replaces the oldest.
const MOST: usize = 10_000;

/// The ceremonies of passkeys. What the server must remember between the two halves of one stays
/// here, by the id of its pending login.
#[derive(Debug)]
pub struct Passkeys {
    webauthn: Webauthn,
    users: Users,
    logins: Cache<String, DiscoverableAuthentication>,
    registrations: Cache<String, PasskeyRegistration>,
}

impl Passkeys {
    /// For the pages of this origin.
    pub(crate) fn new(origin: &Url, users: Users) -> Result<Self, ProofsError> {
        let host = origin.host_str().unwrap_or("localhost");
        let webauthn = WebauthnBuilder::new(host, origin)?.rp_name("cookiejwt proofs").build()?;
        Ok(Self { webauthn, users, logins: Cache::new(MOST), registrations: Cache::new(MOST) })
    }

    /// What the browser signs with any passkey that it has for this site.
    pub fn challenge(&self, pending: &PendingLogin) -> Result<Value, ProofsError> {
        let (challenge, state) = self.webauthn.start_discoverable_authentication()?;
        self.logins.insert(pending.id.clone(), state);
        Ok(serde_json::to_value(challenge)?)
    }

    /// Who has signed it. The future is in a box: what it keeps is large.
    pub async fn check(
        &self,
        pending: &PendingLogin,
        answer: &PublicKeyCredential,
    ) -> Result<Option<Checked<User>>, ProofsError> {
        Box::pin(self.signer(pending, answer)).await
    }

    async fn signer(
        &self,
        pending: &PendingLogin,
        answer: &PublicKeyCredential,
    ) -> Result<Option<Checked<User>>, ProofsError> {
        let Some((_, state)) = self.logins.remove(&pending.id) else { return Ok(None) };
        let Ok((handle, id)) = self.webauthn.identify_discoverable_authentication(answer) else {
            return Ok(None);
        };
        let Some(user) = self.users.find_by_id(&subject(handle)).await? else { return Ok(None) };
        let known = user.passkeys().into_iter().find(|key| key.cred_id().as_slice() == id);
        let Some(mut passkey) = known else { return Ok(None) };
        let key = DiscoverableKey::from(&passkey);
        let result = match self.webauthn.finish_discoverable_authentication_v2(answer, state, &key) {
            Ok(result) => result,
            Err(error) => {
                report(&error);
                return Ok(None);
            }
        };
        if result.needs_update() {
            passkey.update_credential(&result);
            self.users.keep_passkey(&user, passkey).await?;
        }
        Ok(Some(Checked::user(&user)))
    }

    /// What the browser needs to make a new passkey for this user.
    pub fn registration(&self, pending: &PendingLogin, user: &User) -> Result<Value, ProofsError> {
        let known = user.passkeys().iter().map(|key| key.cred_id().clone()).collect();
        let (mut challenge, state) =
            self.webauthn.start_passkey_registration(handle(user), &user.name, &user.name, Some(known))?;
        // A passkey that the browser finds by itself, so that the user need not type their name.
        if let Some(selection) = &mut challenge.public_key.authenticator_selection {
            selection.resident_key = Some(ResidentKeyRequirement::Required);
            selection.require_resident_key = true;
        }
        self.registrations.insert(pending.id.clone(), state);
        Ok(serde_json::to_value(challenge)?)
    }

    /// Keeps the new passkey of the user, who has proved with it that they have it.
    pub async fn keep(
        &self,
        pending: &PendingLogin,
        answer: &RegisterPublicKeyCredential,
    ) -> Result<Option<Checked<User>>, ProofsError> {
        Box::pin(self.registered(pending, answer)).await
    }

    async fn registered(
        &self,
        pending: &PendingLogin,
        answer: &RegisterPublicKeyCredential,
    ) -> Result<Option<Checked<User>>, ProofsError> {
        let Some((_, state)) = self.registrations.remove(&pending.id) else { return Ok(None) };
        let Some(subject) = &pending.subject else { return Ok(None) };
        let Some(user) = self.users.find_by_id(subject).await? else { return Ok(None) };
        let passkey = match self.webauthn.finish_passkey_registration(answer, &state) {
            Ok(passkey) => passkey,
            Err(error) => {
                report(&error);
                return Ok(None);
            }
        };
        let is_kept = self.users.keep_passkey(&user, passkey).await?;
        Ok(is_kept.then(|| Checked::user(&user)))
    }
}

fn report(error: &WebauthnError) {
    tracing::info!(%error, "a passkey was refused");
}

/// What an authenticator calls the user: their id, which says nothing about them.
fn handle(user: &User) -> Uuid {
    Uuid::from_u64_pair(0, user.id.unsigned_abs())
}

fn subject(handle: Uuid) -> Subject {
    handle.as_u64_pair().1.to_string().as_str().into()
}
