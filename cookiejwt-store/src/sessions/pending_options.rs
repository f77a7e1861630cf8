//! What an application puts into a pending login.

use cookiejwt_core::{Identity, Proofs, Subject, driver::PendingLogin, fault::MintError};
use serde::Serialize;

use super::{part::Sessions, prove::Proven};
use crate::{errors::LoginError, stores::AuthUser};

/// A login that begins with a step: a journey to an identity provider, the challenge of a passkey.
///
/// ```
/// use cookiejwt_store::PendingOptions;
///
/// #[derive(serde::Serialize)]
/// struct Journey<'a> {
///     nonce: &'a str,
///     pkce_verifier: &'a str,
/// }
///
/// let journey = Journey { nonce: "n", pkce_verifier: "v" };
/// let options = PendingOptions::new("oauth:google").data(&journey).next("/notes");
/// # let _ = options;
/// ```
#[derive(Clone, Debug)]
pub struct PendingOptions {
    purpose: String,
    owner: Option<Owner>,
    proofs: Proofs,
    data: Result<Option<String>, MintError>,
    next: Option<String>,
    remember: Option<bool>,
    beside: Option<Identity>,
    cross_site: bool,
}

/// Whose login it is, as they are now.
#[derive(Clone, Debug)]
struct Owner {
    subject: Subject,
    password_hash: Option<String>,
    stamp: Option<String>,
}

impl Owner {
    fn of(user: &impl AuthUser) -> Self {
        Self {
            subject: user.subject(),
            password_hash: user.password_hash().map(Into::into),
            stamp: user.stamp().map(Into::into),
        }
    }
}

impl PendingOptions {
    /// For this purpose, such as `oauth:google`: a pending login is found again by its purpose.
    pub fn new(purpose: &str) -> Self {
        Self {
            purpose: purpose.into(),
            owner: None,
            proofs: Proofs::new(),
            data: Ok(None),
            next: None,
            remember: None,
            beside: None,
            cross_site: false,
        }
    }

    /// It is the login of this user, and ends with their present password and stamp.
    #[must_use]
    pub fn user(self, user: &impl AuthUser) -> Self {
        Self { owner: Some(Owner::of(user)), ..self }
    }

    /// It continues with what was proved so far, for the same user.
    #[must_use]
    pub fn proved<U: AuthUser>(self, proven: &Proven<U>) -> Self {
        Self { proofs: self.proofs.and(proven.proofs()), ..self }.user(proven.user())
    }

    /// What the next step needs: at most [`PendingLogin::LONGEST_DATA`] bytes of JSON. Keep what is
    /// larger in your own table, by the [`id`](PendingLogin::id).
    #[must_use]
    pub fn data(self, data: &impl Serialize) -> Self {
        let data = serde_json::to_string(data);
        Self { data: data.map(Some).map_err(|error| MintError::ClaimsNotAnObject(error.to_string())), ..self }
    }

    /// Where the user wanted to go: a path of this application. Any other text is ignored.
    #[must_use]
    pub fn next(self, path: &str) -> Self {
        Self { next: cookiejwt_core::next_path(path).map(Into::into), ..self }
    }

    /// Whether the session is to be remembered.
    #[must_use]
    pub fn remember(self, remember: bool) -> Self {
        Self { remember: Some(remember), ..self }
    }

    /// It continues only beside this session, as for a step-up. It does not begin when another user
    /// acts in that session.
    #[must_use]
    pub fn beside(self, who: &Identity) -> Self {
        Self { beside: Some(who.clone()), ..self }
    }

    /// The identity provider answers with a POST (`response_mode=form_post`), so the cookie needs
    /// `SameSite=None`.
    #[must_use]
    pub fn cross_site(self) -> Self {
        Self { cross_site: true, ..self }
    }
}

impl Sessions {
    pub(crate) fn begin(&self, options: PendingOptions) -> Result<PendingLogin, LoginError> {
        if let Some(who) = &options.beside {
            self.require_no_actor(who)?;
        }
        let random = self.0.runtime.random_bytes().map_err(LoginError::Random)?;
        let mut pending = PendingLogin::new(&options.purpose, random, self.0.runtime.timestamp());
        pending.proofs = options.proofs;
        pending.data = options.data?;
        pending.next = options.next;
        pending.remember = options.remember;
        pending.session = options.beside.map(|who| who.session_id().clone());
        pending.cross_site = options.cross_site;
        if let Some(Owner { subject, password_hash, stamp }) = options.owner {
            let (hash, stamp) = (password_hash.as_deref(), stamp.as_deref());
            pending.binding = self.0.keys.core().binding(&subject, hash, stamp);
            pending.subject = Some(subject);
        }
        Ok(pending)
    }
}
