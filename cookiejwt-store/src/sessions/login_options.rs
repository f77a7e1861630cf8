//! The choices of one login.

use std::time::Duration;

use cookiejwt_core::{Facts, Identity, Method, driver::SessionTerms, fault::MintError};
use serde::Serialize;
use time::OffsetDateTime;

/// Choices of one login.
///
/// ```
/// use cookiejwt_store::{LoginOptions, Method};
///
/// let after_a_passkey = LoginOptions::new().by(Method::HWK).remember(false);
/// # let _ = after_a_passkey;
/// ```
#[derive(Clone, Debug)]
pub struct LoginOptions {
    remember: Option<bool>,
    remember_for: Option<Duration>,
    ends_after: Option<Duration>,
    pub(super) state_checked: bool,
    /// Without a time: at the login.
    proofs: Vec<(Method, Option<OffsetDateTime>)>,
    /// The first error is kept until the login.
    facts: Result<Facts, MintError>,
    actor: Option<Identity>,
}

impl LoginOptions {
    /// Cookies outlive the browser; the proof is not named.
    pub fn new() -> Self {
        Self {
            remember: None,
            remember_for: None,
            ends_after: None,
            state_checked: false,
            proofs: Vec::new(),
            facts: Ok(Facts::new()),
            actor: None,
        }
    }

    /// Whether the cookies outlive the browser; without it neither has `Max-Age`.
    #[must_use]
    pub fn remember(self, remember: bool) -> Self {
        Self { remember: Some(remember), ..self }
    }

    /// The session ends when it has been idle for this long, instead of the configured time. Its
    /// cookies outlive the browser, and no session passes its absolute end.
    #[must_use]
    pub fn remember_for(self, idle: Duration) -> Self {
        Self { remember: Some(true), remember_for: Some(idle), ..self }
    }

    /// The session ends this long after the login, if that is before the configured absolute end.
    #[must_use]
    pub fn ends_after(self, duration: Duration) -> Self {
        Self { ends_after: Some(duration), ..self }
    }

    /// The user has just proved who they are by this method (RFC 8176 `amr`). Call it again for
    /// each further proof.
    ///
    /// Guards that ask for a method, and [`Identity::methods`](cookiejwt_core::Identity::methods),
    /// find it. Without any the login has an unnamed proof, which meets "any method" only.
    #[must_use]
    pub fn by(self, method: Method) -> Self {
        self.proved(method, None)
    }

    /// The user proved who they are by this method at this time, such as the `auth_time` of an
    /// identity provider (OIDC Core §2). A time in the future counts as now.
    #[must_use]
    pub fn by_at(self, method: Method, time: OffsetDateTime) -> Self {
        self.proved(method, Some(time))
    }

    fn proved(mut self, method: Method, time: Option<OffsetDateTime>) -> Self {
        self.proofs.push((method, time));
        self
    }

    /// The authentication context class that was reached (OIDC `acr`).
    #[must_use]
    pub fn acr(self, acr: &str) -> Self {
        Self { facts: self.facts.map(|facts| facts.with_acr(acr)), ..self }
    }

    /// Something that is true of this session and not of its user, such as the tenant that they
    /// work in. Access tokens contain it as a claim, and it does not change during the session.
    ///
    /// All facts together may have [`Facts::LONGEST`] bytes of JSON, otherwise the login fails with
    /// [`LoginError::FactsTooLarge`](crate::LoginError::FactsTooLarge).
    ///
    /// ```
    /// use cookiejwt_store::LoginOptions;
    ///
    /// let at_acme = LoginOptions::new().fact("tenant", &"acme");
    /// # let _ = at_acme;
    /// ```
    #[must_use]
    pub fn fact(self, name: &str, value: &impl Serialize) -> Self {
        Self { facts: self.facts.and_then(|facts| facts.with(name, value)), ..self }
    }

    /// The one who logs in is this other user, such as a member of the support staff, and acts for
    /// the user of the session (RFC 8693 §4.1). Decide before who may act for whom.
    ///
    /// The session ends after 30 minutes, or earlier by [`ends_after`](Self::ends_after), and with
    /// the session of the actor, whatever ends that one. It has no proofs: other options that name
    /// some are ignored, no login is ever fresh and no required proof is met. No second factor is
    /// asked for, the device does not become known, and the session neither counts towards
    /// [`max_sessions`](cookiejwt_core::ConfigBuilder::max_sessions) nor ends others for it. What
    /// only the user themselves may do is 403 `acting`.
    ///
    /// The session of the actor continues, and [`stop_acting`](crate::Authenticator::stop_acting)
    /// leads back to it. One who acts already gets
    /// [`LoginError::Acting`](crate::LoginError::Acting), and an actor whose session has ended
    /// [`LoginError::SessionRevoked`](crate::LoginError::SessionRevoked).
    #[must_use]
    pub fn acted_by(self, actor: &Identity) -> Self {
        Self { actor: Some(actor.clone()), ..self }
    }

    /// Declares that this request proves that the user of this browser has begun the login, so that
    /// the CSRF table need not: an OAuth callback whose `state` the application has compared with
    /// the one that **this browser** sent, in a separate cookie (RFC 6749 §10.12).
    ///
    /// Without it a GET never begins a session, and neither does a POST from another site
    /// (`response_mode=form_post`): the answer is 403 `csrf_failed`. A `state` that is merely one
    /// that the server has handed out proves nothing, because an attacker has one as well. A link
    /// in a mail has no such proof; let its page show a button that POSTs.
    ///
    /// ```
    /// use cookiejwt_store::LoginOptions;
    ///
    /// let after_oauth = LoginOptions::new().state_checked();
    /// # let _ = after_oauth;
    /// ```
    #[must_use]
    pub fn state_checked(self) -> Self {
        Self { state_checked: true, ..self }
    }

    /// With what the user has chosen at an earlier step, unless the options say something else.
    pub(super) fn or_remember(self, remember: Option<bool>) -> Self {
        Self { remember: self.remember.or(remember), ..self }
    }

    /// What they mean for a login at this time, and who acts in its session.
    pub(super) fn terms(self, now: OffsetDateTime) -> Result<(SessionTerms, Option<Identity>), MintError> {
        let proved = |facts: Facts, (method, at): (Method, Option<OffsetDateTime>)| {
            facts.proved(method, at.unwrap_or(now).min(now))
        };
        let mut terms = SessionTerms::remembering(self.remember.unwrap_or(true));
        terms.facts = self.proofs.into_iter().fold(self.facts?, proved);
        terms.remember_for = self.remember_for;
        terms.ends_at = self.ends_after.and_then(|after| now.checked_add(after.try_into().ok()?));
        Ok((terms, self.actor))
    }
}

impl Default for LoginOptions {
    fn default() -> Self {
        Self::new()
    }
}
