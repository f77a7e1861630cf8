//! Login: the tokens and the row of a new session.

use std::time::Duration;

use time::OffsetDateTime;

use crate::{
    decide::{acting::LONGEST_ACTING, carrier::Carrier, facade::Core, identity::Identity, issue::Issued},
    device::DeviceOffer,
    request::{Mode, RequestHead},
    response::{SetCookies, Tokens},
    session::{LoginIds, SessionChange, SessionId, SessionRecord, Subject, Timestamp},
    token::{AccessClaims, Actor, CustomClaims, Facts, Method, MintError, Proofs, RefreshClaims, RowFacts},
};

const MAX_USER_AGENT: usize = 255;
/// A hundred years in seconds: the absolute end comes before.
const LONGEST_LIFE: i64 = 100 * 366 * 86_400;

/// Where a login comes from, for the list of sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "drivers construct it")]
pub struct ClientInfo {
    /// `User-Agent`, cut to 255 printable characters.
    pub user_agent: Option<String>,
    /// The network address of the client.
    pub ip: Option<String>,
}

impl ClientInfo {
    /// Reads the `User-Agent`; control characters become spaces, so that no log line can be forged
    /// with them.
    pub fn from_head<'a>(head: impl Into<RequestHead<'a>>, ip: Option<String>) -> Self {
        let user_agent = head.into().text(&http::header::USER_AGENT).map(|text| {
            text.chars().take(MAX_USER_AGENT).map(|c| if c.is_control() { ' ' } else { c }).collect()
        });
        Self { user_agent, ip }
    }
}

/// How long a session lives, and what is true of it.
///
/// ```
/// use cookiejwt_core::driver::SessionTerms;
///
/// let this_browser_only = SessionTerms::remembering(false);
/// assert!(!this_browser_only.remember);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionTerms {
    /// Whether the cookies outlive the browser.
    pub remember: bool,
    /// The idle life of the session, if it is not the configured one; at least one second.
    pub remember_for: Option<Duration>,
    /// The absolute end of the session, if it is before the configured one; at least one second
    /// from now.
    pub ends_at: Option<OffsetDateTime>,
    /// What is true of the session. Without a named proof its user has given an unnamed one now.
    pub facts: Facts,
    /// What ends every session of the user when it changes.
    pub stamp: Option<String>,
    /// When an unnamed proof was given, if that is not now.
    pub(crate) unnamed_at: Option<OffsetDateTime>,
}

impl SessionTerms {
    /// Those of a session that takes the place of this one: the same facts, and the same absolute
    /// end, which no new proof moves.
    pub fn succeeding(who: &Identity, row: &SessionRecord) -> Self {
        let returning = Self::returning(row);
        let facts = Facts { named: returning.facts.named, ..who.facts().clone() };
        Self { facts, unnamed_at: None, ..returning }
    }

    /// Those of a session that takes the place of this one without any proof: its user comes back
    /// from acting for another one. Everything is as in the row, the times of the proofs too.
    pub fn returning(row: &SessionRecord) -> Self {
        let RowFacts { facts, remember_for, .. } = RowFacts::read(row.facts.as_deref());
        Self {
            remember: row.remember,
            remember_for,
            ends_at: Some(row.ends_at.to_datetime()),
            facts,
            stamp: None,
            unnamed_at: Some(row.auth_time.to_datetime()),
        }
    }

    /// Those of a session in which another user acts, from the session of this row. It does not
    /// outlive that session, and after half an hour it ends in any case.
    #[must_use]
    pub fn acted_by(self, actor: Actor, row: &SessionRecord) -> Self {
        let end = row.ends_at.min(row.expires_at).to_datetime();
        let ends_at = self.ends_at.map_or(end, |earlier| earlier.min(end));
        let facts = Facts { proofs: Proofs::new(), acr: None, ..self.facts.acted_by(actor) };
        Self { ends_at: Some(ends_at), facts, ..self }
    }

    /// Whether the cookies outlive the browser; otherwise the configured lives, and no facts.
    pub fn remembering(remember: bool) -> Self {
        Self { remember, ..Self::default() }
    }

    /// With one more proof.
    #[must_use]
    pub fn proved(self, method: Method, at: OffsetDateTime) -> Self {
        Self { facts: self.facts.proved(method, at), ..self }
    }

    /// With these proofs as well, of which the newer counts for each method. A session in which
    /// another user acts has none.
    #[must_use]
    pub fn with_proofs(self, proofs: &Proofs) -> Self {
        if self.facts.actor.is_some() {
            return self;
        }
        let facts = Facts { proofs: self.facts.proofs.clone().and(proofs), ..self.facts };
        Self { facts, ..self }
    }

    /// With other facts of the application. An unnamed proof keeps its time.
    #[must_use]
    pub fn switched(self, facts: &Facts, auth_time: Option<OffsetDateTime>) -> Self {
        Self { facts: self.facts.replaced_by(facts), unnamed_at: auth_time, ..self }
    }

    /// With the stamp of the user.
    #[must_use]
    pub fn with_stamp(self, stamp: Option<String>) -> Self {
        Self { stamp, ..self }
    }
}

impl Default for SessionTerms {
    fn default() -> Self {
        Self {
            remember: true,
            remember_for: None,
            ends_at: None,
            facts: Facts::new(),
            stamp: None,
            unnamed_at: None,
        }
    }
}

/// Everything that a new session needs. Whether the user may log in was decided before.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "drivers construct it")]
pub struct LoginRequest {
    /// The user who logs in.
    pub subject: Subject,
    /// What the access token contains in addition to the registered claims.
    pub claims: CustomClaims,
    /// How long the session lives, and what is true of it.
    pub terms: SessionTerms,
    /// Where the login comes from.
    pub client: ClientInfo,
    /// How the tokens are sent.
    pub mode: Mode,
    /// New random ids.
    pub ids: LoginIds,
    /// The session that a fresh login or a new password supersedes, which ends when the new one is
    /// first presented.
    pub replaces: Option<SessionId>,
}

/// A new session, not yet stored: store the record first, then send the cookies, or in token mode
/// the tokens.
#[derive(Clone, Debug)]
#[must_use]
#[non_exhaustive]
pub struct Login {
    /// The row to insert.
    pub record: SessionRecord,
    /// The user who is logged in now.
    pub identity: Identity,
    /// The cookies to send; none in token mode.
    pub cookies: SetCookies,
    /// The tokens for the body of the response; only in token mode.
    pub tokens: Option<Tokens>,
    /// When the refresh token ends.
    pub refresh_expires_at: OffsetDateTime,
    /// The offer to bind the session to the browser's device, if sessions are offered; none in
    /// token mode.
    pub device: Option<DeviceOffer>,
}

impl Login {
    /// The session that ends when this one is first presented.
    pub fn replaces(&self) -> Option<&SessionId> {
        self.identity.replaces()
    }

    /// The same login, whose cookies are sent with its offer. `prefix` is that of the routes, such
    /// as `/api/auth`.
    pub fn offered_under(mut self, prefix: &str) -> Self {
        let offer = self.device.as_ref().and_then(|offer| offer.header(prefix));
        self.cookies = self.cookies.offering(offer);
        self
    }
}

impl Core {
    /// Begins a session: a new `sid` each time, whatever the request contains (session fixation,
    /// OWASP ASVS 7.2.4).
    pub fn login(&self, request: LoginRequest, now: impl Into<Timestamp>) -> Result<Login, MintError> {
        let LoginRequest { subject, claims: custom, terms, client, mode, ids, replaces } = request;
        if subject.as_str().is_empty() || subject.as_str().len() > Subject::MAX_LENGTH {
            return Err(MintError::Subject);
        }
        terms.facts.check()?;
        let now = now.into();
        let (seconds, ages) = (now.as_seconds(), self.config().ages);
        let refresh = self.refresh_of_login(subject.clone(), &ids, terms, seconds);
        let access = AccessClaims {
            subject,
            session_id: ids.session,
            token_id: ids.access,
            issued_at: seconds,
            not_before: seconds,
            expires_at: seconds.saturating_add(ages.access).min(refresh.session_ends_at),
            auth_time: refresh.facts.time_of_proof(refresh.auth_time),
            refresh_jti: None,
            replaces,
            version: 0,
            device_bound: false,
            ends_with_browser: self.ends_with_browser(refresh.remember),
            facts: refresh.facts.clone(),
        };
        let record = self.record(&refresh, client, now);
        let access = self.parts().access.mint(access, &custom)?;
        let refresh = self.parts().refresh.mint(refresh)?;
        let issued = self.issue(&Carrier::of_login(mode), access, &refresh, seconds)?;
        let Issued { identity, cookies, tokens, refresh_expires_at } = issued;
        let cookies = cookies.changing(self.session_begins(mode, &record));
        let device = match mode {
            Mode::Cookie => self.device_offer(&record.id, now),
            Mode::Token(_) => None,
        };
        Ok(Login { record, identity, cookies, tokens, refresh_expires_at, device })
    }

    /// Every life counts from now, never from the time of a proof.
    fn refresh_of_login(
        &self,
        subject: Subject,
        ids: &LoginIds,
        terms: SessionTerms,
        now: i64,
    ) -> RefreshClaims {
        let SessionTerms { remember, remember_for, ends_at, facts, stamp, unnamed_at } = terms;
        let unnamed_at = unnamed_at.map_or(now, |at| at.unix_timestamp().min(now));
        let ages = self.config().ages;
        let facts = facts.of_login(now);
        let longest = facts.actor.as_ref().map_or(ages.session, |_| ages.session.min(LONGEST_ACTING));
        let longest = now.saturating_add(longest);
        let ends_at =
            ends_at.map_or(longest, |end| end.unix_timestamp().max(now.saturating_add(1)).min(longest));
        let remember_for = remember_for.map(whole_seconds);
        RefreshClaims {
            stamp: stamp.and_then(|stamp| self.parts().stamps.hash(&subject, &stamp)),
            subject,
            session_id: ids.session.clone(),
            token_id: ids.refresh.clone(),
            issued_at: now,
            expires_at: now.saturating_add(remember_for.unwrap_or(ages.refresh)).min(ends_at),
            auth_time: facts.proofs.newest().unwrap_or(unnamed_at),
            began_at: now,
            session_ends_at: ends_at,
            remember,
            remember_for,
            device_bound: false,
            facts,
        }
    }

    /// It has settled from the start, so that its first rotation does not wait.
    fn record(&self, refresh: &RefreshClaims, client: ClientInfo, now: Timestamp) -> SessionRecord {
        SessionRecord {
            id: refresh.session_id.clone(),
            realm: self.config().realm().clone(),
            subject: refresh.subject.clone(),
            current_jti: refresh.token_id.clone(),
            previous_jti: None,
            issued_at: Timestamp::from_seconds(refresh.issued_at),
            expires_at: Timestamp::from_seconds(refresh.expires_at),
            rotated_at: None,
            settles_at: now.plus_millis(-1),
            received_at: None,
            created_at: now,
            auth_time: Timestamp::from_seconds(refresh.auth_time),
            last_seen_at: now,
            ends_at: Timestamp::from_seconds(refresh.session_ends_at),
            revoked: None,
            remember: refresh.remember,
            user_agent: client.user_agent,
            ip: client.ip,
            facts: RowFacts::write(&refresh.facts, refresh.remember_for, refresh.stamp.as_deref()),
            version: 0,
            renewed_at: None,
            device: None,
        }
    }

    /// A client in token mode has no cookies, so it has no framework session.
    fn session_begins(&self, mode: Mode, record: &SessionRecord) -> Option<SessionChange> {
        let follows = self.config().set_session_cookie && mode == Mode::Cookie;
        follows.then(|| SessionChange::Begins { subject: record.subject.clone(), session: record.id.clone() })
    }
}

/// At least one, and no more than a token can say.
fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX).clamp(1, LONGEST_LIFE)
}

#[cfg(test)]
mod tests;
