//! A login that is not complete: what its first steps have proved, sealed and given to the client.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    decide::facade::Core,
    keys::NONCE,
    request::{Mode, RequestHead, reads_cookies, visit_pairs},
    response::{Life, Sealed, SetCookies},
    session::{SessionId, Subject, Timestamp},
    token::{Facts, MAX_COOKIE_TOKEN, MAX_HEADER_TOKEN, MintError, Proofs, read_proofs},
};

/// What the sealed text is for.
const PURPOSE: &str = "pending login";
/// Ten minutes.
const LIFE_MILLIS: i64 = 600_000;
/// The most pending logins that a browser keeps.
const MOST: usize = 4;
/// The most cookies of one request that are opened.
const MOST_PRESENTED: usize = 8;

/// A login that is not complete: a password that a second factor has to follow, a journey to an
/// identity provider.
///
/// It is sealed before the client keeps it, so only the server can read or change it. On its own it
/// proves nothing, and it ends after [`LONGEST_LIFE`](Self::LONGEST_LIFE) at the latest.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PendingLogin {
    /// 22 characters of base64url from 128 random bits; also good as the `state` of OAuth (RFC 6749
    /// §10.12).
    pub id: String,
    /// What it waits for: `second-factor`, `oauth:google`.
    pub purpose: String,
    /// Whose login it is, if that is known.
    pub subject: Option<Subject>,
    /// What was proved so far.
    pub proofs: Proofs,
    /// What the application keeps in it, as JSON of at most [`LONGEST_DATA`](Self::LONGEST_DATA)
    /// bytes.
    pub data: Option<String>,
    /// Where the user wanted to go.
    pub next: Option<String>,
    /// Whether the session is to be remembered, if the user has said so.
    pub remember: Option<bool>,
    /// The session of the client when it began; it continues only beside that one.
    pub session: Option<SessionId>,
    /// What [`Core::binding`] said of the user.
    pub binding: Option<String>,
    /// Whether another site answers with a POST.
    pub cross_site: bool,
    /// When it ends; whole seconds.
    pub expires_at: Timestamp,
    is_token_mode: bool,
}

/// The client that keeps a pending login.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "drivers construct it")]
pub struct PendingClient<'a> {
    /// How it gets tokens.
    pub mode: Mode,
    /// The pending logins that it has sent.
    pub presented: &'a [PendingLogin],
}

/// A pending login on its way to the client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SealedPending {
    /// The cookie, and lines that clear the oldest ones; none in token mode.
    pub cookies: SetCookies,
    /// The text for the body, in token mode only.
    pub text: Option<String>,
}

impl PendingLogin {
    /// The longest life of a pending login.
    pub const LONGEST_LIFE: Duration = Duration::from_millis(LIFE_MILLIS.unsigned_abs());
    /// The most that an application keeps in it, in bytes of JSON.
    pub const LONGEST_DATA: usize = 1024;

    /// One that has proved nothing yet; the id is made from these random bits.
    pub fn new(purpose: &str, random: [u8; 16], now: impl Into<Timestamp>) -> Self {
        Self {
            id: SessionId::from_random(random).as_str().to_owned(),
            purpose: purpose.into(),
            subject: None,
            proofs: Proofs::new(),
            data: None,
            next: None,
            remember: None,
            session: None,
            binding: None,
            cross_site: false,
            expires_at: now.into().plus_millis(LIFE_MILLIS),
            is_token_mode: false,
        }
    }

    /// What the application keeps in it; `None` if it is of another type, or nothing.
    pub fn read_data<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(self.data.as_deref()?).ok()
    }

    /// Whether it was given to a client in token mode.
    pub fn is_token_mode(&self) -> bool {
        self.is_token_mode
    }
}

/// As it is sealed.
#[derive(Serialize, Deserialize)]
struct Content {
    id: String,
    purpose: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Proofs::is_empty", deserialize_with = "read_proofs", default)]
    proofs: Proofs,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remember: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binding: Option<String>,
    cross_site: bool,
    token_mode: bool,
    exp: i64,
}

impl From<&PendingLogin> for Content {
    fn from(pending: &PendingLogin) -> Self {
        let pending = pending.clone();
        Self {
            id: pending.id,
            purpose: pending.purpose,
            sub: pending.subject.map(Into::into),
            proofs: pending.proofs,
            data: pending.data,
            next: pending.next,
            remember: pending.remember,
            sid: pending.session.map(|session| session.as_str().to_owned()),
            binding: pending.binding,
            cross_site: pending.cross_site,
            token_mode: pending.is_token_mode,
            exp: pending.expires_at.as_seconds(),
        }
    }
}

impl Content {
    fn read(text: &str) -> Option<PendingLogin> {
        let content: Self = serde_json::from_str(text).ok()?;
        Some(PendingLogin {
            id: content.id,
            purpose: content.purpose,
            subject: content.sub.map(Into::into),
            proofs: content.proofs,
            data: content.data,
            next: content.next,
            remember: content.remember,
            session: content.sid.map(Into::into),
            binding: content.binding,
            cross_site: content.cross_site,
            expires_at: Timestamp::from_seconds(content.exp),
            is_token_mode: content.token_mode,
        })
    }
}

impl Core {
    /// Seals a pending login for a client in this mode. `nonce` is random.
    ///
    /// A browser keeps at most four at a time: of those that it has sent
    /// ([`presented_pendings`](Self::presented_pendings)), the oldest is cleared with the fifth.
    pub fn seal_pending(
        &self,
        pending: &PendingLogin,
        client: PendingClient<'_>,
        nonce: [u8; NONCE],
        now: impl Into<Timestamp>,
    ) -> Result<SealedPending, MintError> {
        let (now, PendingClient { mode, presented }) = (now.into(), client);
        let length = pending.data.as_deref().map_or(0, str::len);
        if length > PendingLogin::LONGEST_DATA {
            return Err(MintError::FactsTooLarge { length });
        }
        Facts { proofs: pending.proofs.clone(), ..Facts::new() }.check()?;
        let is_token_mode = mode != Mode::Cookie;
        let expires_at = pending.expires_at.min(now.plus_millis(LIFE_MILLIS));
        let pending = PendingLogin { expires_at, is_token_mode, ..pending.clone() };
        let text = serde_json::to_string(&Content::from(&pending)).unwrap_or_default();
        let sealed = self.parts().pending.seal(PURPOSE, &text, nonce);
        let text = sealed.ok_or_else(|| MintError::Random("no key to seal with".into()))?;
        if is_token_mode {
            return Ok(SealedPending { cookies: SetCookies::default(), text: Some(text) });
        }
        let life = Life { now: now.as_seconds(), ends_at: expires_at.as_seconds() };
        let sealed = Sealed { text: &text, life, cross_site: pending.cross_site };
        let cookie = self.parts().cookies.pending(&pending.id, &sealed)?;
        let oldest = presented.iter().skip(MOST.saturating_sub(1)).filter(|old| old.id != pending.id);
        let cookies = oldest.fold(SetCookies::default(), |cookies, old| cookies.and(self.clear_pending(old)));
        Ok(SealedPending { cookies: cookies.with_line(cookie), text: None })
    }

    /// The pending logins whose cookies came in, the newest first: those that were sealed for
    /// cookies, have not ended, and belong to no session or to one whose cookie came in as well.
    pub fn presented_pendings<'a>(
        &self,
        head: impl Into<RequestHead<'a>>,
        now: impl Into<Timestamp>,
    ) -> Vec<PendingLogin> {
        let (head, now) = (head.into(), now.into());
        if !reads_cookies(&head, self.config()) {
            return Vec::new();
        }
        let mut values = Vec::new();
        visit_pairs(&head, |pair| {
            let found = pair.value_of_prefix(&self.config().cookies.pending_prefix);
            values.extend(found.filter(|(_, value)| value.len() <= MAX_COOKIE_TOKEN));
        });
        let open = |(id, value): (&str, &[u8])| {
            let pending = self.opened(value, now)?;
            (pending.id == id && !pending.is_token_mode).then_some(pending)
        };
        // Browsers send first what they got first (RFC 6265 §5.4): the last one is the newest of
        // those that end in the same second.
        let values = values.into_iter().take(MOST_PRESENTED).rev();
        let mut pendings: Vec<_> = values.filter_map(open).collect();
        if pendings.iter().any(|pending| pending.session.is_some()) {
            let sessions = self.presented_sessions(head);
            pendings.retain(|pending| pending.session.as_ref().is_none_or(|id| sessions.contains(id)));
        }
        pendings.sort_by_key(|pending| std::cmp::Reverse(pending.expires_at));
        pendings
    }

    /// The pending login of a body, for a client in token mode only: a page of a browser must not
    /// bring one that was not given to that browser.
    pub fn open_pending<'a>(
        &self,
        head: impl Into<RequestHead<'a>>,
        text: &str,
        now: impl Into<Timestamp>,
    ) -> Option<PendingLogin> {
        let head = head.into();
        let is_token_mode = self.mode(head) != Mode::Cookie && text.len() <= MAX_HEADER_TOKEN;
        let pending = self.opened(text.as_bytes(), now.into()).filter(|_| is_token_mode)?;
        let is_beside = |session: &SessionId| self.bearer_session(&head).as_ref() == Some(session);
        let belongs = pending.session.as_ref().is_none_or(is_beside);
        (pending.is_token_mode && belongs).then_some(pending)
    }

    fn opened(&self, sealed: &[u8], now: Timestamp) -> Option<PendingLogin> {
        let pending = Content::read(&self.parts().pending.open(PURPOSE, sealed)?)?;
        (now < pending.expires_at).then_some(pending)
    }

    /// The line that clears the cookie of a pending login.
    pub fn clear_pending(&self, pending: &PendingLogin) -> SetCookies {
        if pending.is_token_mode {
            return SetCookies::default();
        }
        SetCookies::default().with_line(self.parts().cookies.clear_pending(&pending.id, pending.cross_site))
    }

    /// A keyed hash of the user's password hash and stamp, so that what is bound to it ends with a
    /// new password.
    pub fn binding(
        &self,
        subject: &Subject,
        password_hash: Option<&str>,
        stamp: Option<&str>,
    ) -> Option<String> {
        let bound = bound(password_hash, stamp);
        self.parts().stamps.hash(subject, &bound).map(Into::into)
    }

    /// Whether a [`binding`](Self::binding) was made for this user as they are now.
    pub fn is_bound(
        &self,
        binding: &str,
        subject: &Subject,
        password_hash: Option<&str>,
        stamp: Option<&str>,
    ) -> bool {
        self.parts().stamps.is_of(binding, subject, &bound(password_hash, stamp))
    }
}

/// Unlike every stamp: none of them has a length before it.
fn bound(password_hash: Option<&str>, stamp: Option<&str>) -> String {
    let part = |part: Option<&str>| part.map_or_else(|| "-".into(), |part| format!("{}:{part}", part.len()));
    format!("binding {} {}", part(password_hash), part(stamp))
}

#[cfg(test)]
mod tests;
