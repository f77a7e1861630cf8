//! A user who is logged in proves again who he is.

use cookiejwt_core::{Identity, Login, PasswordTry, RevocationReason, SessionRecord};

use crate::{Authenticator, LoginContext, LoginError, LoginOptions, event::LoginRefusal, proof::Proven};

impl Authenticator {
    /// Logs the same user in again with his password, before something that needs a fresh login (OWASP ASVS 7.5.1, RFC
    /// 9470). Send the cookies.
    ///
    /// A new session begins, with a new `auth_time` and the `remember` of the present one, which is revoked: a stolen token
    /// of it is worth nothing afterwards. Of two at the same time one replaces it, and the other is refused.
    pub async fn fresh_login(
        &self,
        who: &Identity,
        password: &str,
        context: LoginContext,
    ) -> Result<Login, LoginError> {
        self.prove_and_replace(who, password, context).await.inspect_err(|error| self.login_failed(error))
    }

    async fn prove_and_replace(
        &self,
        who: &Identity,
        password: &str,
        mut context: LoginContext,
    ) -> Result<Login, LoginError> {
        let present = self.present_session(who, &context).await?;
        let proven = self.prove_again(who, password, &context).await?;
        context.presented.retain(|id| *id != present.id);
        let options = LoginOptions::new().remember(present.remember);
        let (login, unsent) = self.open_session(proven, options, &context).await?;
        // A store that is away is asked again in the background, and the new session stands.
        if let Ok(0) = self.revoke_sessions(vec![present.id], RevocationReason::Replaced).await {
            unsent.take_back(RevocationReason::Replaced).await;
            return Err(self.session_ended(who, &context));
        }
        self.take_over(login, unsent, context).await
    }

    /// The row behind an identity, which another node may have revoked a moment ago.
    pub(crate) async fn present_session(
        &self,
        who: &Identity,
        context: &LoginContext,
    ) -> Result<SessionRecord, LoginError> {
        let row = self.told("find", self.0.tokens.find(who.session_id()).await)?;
        row.filter(|row| row.subject == *who.subject() && row.revoked.is_none())
            .ok_or_else(|| self.session_ended(who, context))
    }

    pub(crate) async fn prove_again(
        &self,
        who: &Identity,
        password: &str,
        context: &LoginContext,
    ) -> Result<Proven, LoginError> {
        let user = self.told("find_by_id", self.0.users.find_by_id(who.subject()).await)?;
        let tried = PasswordTry { login: None, subject: Some(who.subject()), ip: context.ip() };
        self.prove(user, password, tried).await
    }

    fn session_ended(&self, who: &Identity, context: &LoginContext) -> LoginError {
        self.login_refused(LoginRefusal::SessionEnded, Some(who.subject().as_str()), context.ip());
        LoginError::SessionRevoked
    }
}
