//! Links that are mailed to a user: to reset a password, to verify an address, to log in.

use std::time::Duration;

use crate::{
    decide::facade::Core,
    session::{Subject, Timestamp, TokenId},
    token::{LONGEST_ABOUT, LONGEST_LINK, LONGEST_PURPOSE, LinkClaims, MintError, TokenFault},
};

/// Everything that a new link needs.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "drivers construct it")]
pub struct LinkRequest<'a> {
    /// What it is made for, in 1 to 64 bytes: `reset`. It opens for nothing else.
    pub purpose: &'a str,
    /// The user.
    pub subject: Subject,
    /// Which address it is made for, in 1 to 320 bytes; the link itself does not say it to the
    /// application otherwise.
    pub about: Option<&'a str>,
    /// What [`Core::binding`] says of the user.
    pub binding: String,
    /// How long it lives: from one second to [`LONGEST_LIFE`](Self::LONGEST_LIFE). Parts of a
    /// second do not count.
    pub life: Duration,
    /// A new random id.
    pub id: TokenId,
}

impl LinkRequest<'_> {
    /// The longest life of a link.
    pub const LONGEST_LIFE: Duration = Duration::from_secs(LONGEST_LINK.unsigned_abs());

    fn check(&self) -> Result<(), MintError> {
        if self.subject.as_str().is_empty() || self.subject.as_str().len() > Subject::MAX_LENGTH {
            return Err(MintError::Subject);
        }
        text("purpose", self.purpose, LONGEST_PURPOSE)?;
        self.about.map_or(Ok(()), |about| text("about", about, LONGEST_ABOUT))
    }

    fn seconds(&self) -> Result<i64, MintError> {
        let seconds = self.life.as_secs();
        let is_within = seconds > 0 && self.life <= Self::LONGEST_LIFE;
        i64::try_from(seconds).ok().filter(|_| is_within).ok_or(MintError::LinkLife { seconds })
    }
}

fn text(part: &'static str, text: &str, longest: usize) -> Result<(), MintError> {
    let length = text.len();
    if text.is_empty() || length > longest {
        return Err(MintError::LinkText { part, length, longest });
    }
    Ok(())
}

/// A link whose signature, claims, purpose and time are right. Whether its user is still the one
/// for whom it was made has to be asked of [`Core::is_bound`], and it may have been used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VerifiedLink {
    /// The user for whom it was made.
    pub subject: Subject,
    /// Its id, the `jti` claim.
    pub id: TokenId,
    /// Which address it was made for.
    pub about: Option<String>,
    /// What [`Core::binding`] said of the user when it was made.
    pub binding: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Core {
    /// Mints the token of a link: a compact JWS (RFC 7515) of a kind and with keys of its own, so
    /// that it is never accepted as a token of a session, nor one of those as a link.
    pub fn mint_link(
        &self,
        request: &LinkRequest<'_>,
        now: impl Into<Timestamp>,
    ) -> Result<String, MintError> {
        request.check()?;
        let (life, now) = (request.seconds()?, now.into().as_seconds());
        self.parts().links.mint(&LinkClaims {
            subject: request.subject.clone(),
            token_id: request.id.clone(),
            issued_at: now,
            expires_at: now.saturating_add(life),
            purpose: request.purpose.into(),
            about: request.about.map(Into::into),
            binding: request.binding.as_str().into(),
        })
    }

    /// Opens a link that was made for this purpose. White space around it does not count, because
    /// mail programs add it.
    pub fn open_link(
        &self,
        purpose: &str,
        token: &str,
        now: impl Into<Timestamp>,
    ) -> Result<VerifiedLink, TokenFault> {
        let links = &self.parts().links;
        let claims = links.verify(token.trim_ascii().as_bytes(), purpose, now.into().as_seconds())?;
        Ok(VerifiedLink {
            subject: claims.subject,
            id: claims.token_id,
            about: claims.about.map(Into::into),
            binding: claims.binding.into(),
            expires_at: Timestamp::from_seconds(claims.expires_at),
        })
    }
}

#[cfg(test)]
mod tests;
