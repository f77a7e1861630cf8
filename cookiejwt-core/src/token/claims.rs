//! The claims of access tokens, refresh tokens and links, checked against a time that the caller
//! passes.

mod link;
mod payload;
mod raw;
mod revocations;

use serde::Serialize;
use serde_json::{Map, Value};

pub(crate) use self::link::LinkClaims;
pub(super) use self::raw::NumericDate;
pub(crate) use self::revocations::RevocationClaims;
use self::{
    payload::{AccessPayload, RefreshPayload, to_json},
    raw::RawClaims,
};
use crate::{
    keys::KeyError,
    session::{SessionId, Subject, TokenId},
    syntax::strict_json,
    token::{
        facts::Facts,
        jws::{MAX_HEADER_TOKEN, TokenFault},
        link::LONGEST_LINK,
        proofs::Proofs,
        reserved::RESERVED,
    },
};

/// Which claim of a signed token is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimFault {
    /// Not a JSON object, a duplicate member, or a wrong JSON type.
    #[error("shape")]
    Shape,
    /// A required claim is absent.
    #[error("missing")]
    Missing,
    /// `iss` is another issuer.
    #[error("iss")]
    Issuer,
    /// `aud` does not contain this service.
    #[error("aud")]
    Audience,
    /// `exp` is not later than `iat`.
    #[error("life")]
    Life,
    /// `realm` is that of another user table.
    #[error("realm")]
    Realm,
    /// The link was made for something else.
    #[error("purpose")]
    Purpose,
    /// The list of revocations is the answer to another question.
    #[error("since")]
    Since,
}

/// A token that cannot be minted. Nothing is sent and nothing is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// Custom claims must serialise as an object (or as nothing).
    #[error("custom claims do not serialise as an object: {0}")]
    ClaimsNotAnObject(String),
    /// A custom claim has the name of a registered one.
    #[error("custom claim {0:?} is reserved")]
    ReservedClaim(String),
    /// The custom claims are too deeply nested or too many: the library itself would refuse the
    /// token.
    #[error("custom claims are nested too deeply or are too many")]
    ClaimsTooComplex,
    /// The facts of the session, as JSON, are longer than [`Facts::LONGEST`].
    #[error("the facts of the session have {length} bytes, more than {}", Facts::LONGEST)]
    FactsTooLarge {
        /// The facts in bytes of JSON.
        length: usize,
    },
    /// The session has proofs by more than [`Proofs::MOST`] methods.
    #[error("a session has proofs by at most {} methods", Proofs::MOST)]
    TooManyProofs,
    /// The subject is empty, or longer than [`Subject::MAX_LENGTH`].
    #[error("the subject is empty or longer than {} bytes", Subject::MAX_LENGTH)]
    Subject,
    /// Name and value of the cookie exceed 4096 bytes, so browsers would drop it silently (RFC
    /// 6265bis §5.6).
    #[error("cookie {name} has {length} bytes, more than 4096; carry fewer custom claims")]
    CookieTooLong {
        /// The cookie.
        name: String,
        /// Its name and value in bytes.
        length: usize,
    },
    /// A token for the body of a response is longer than we would accept in a header.
    #[error("a token has {length} bytes, more than {MAX_HEADER_TOKEN}; carry fewer custom claims")]
    TokenTooLong {
        /// The token in bytes.
        length: usize,
    },
    /// A link has to live for a second at least, and for
    /// [`LONGEST_LIFE`](crate::driver::LinkRequest::LONGEST_LIFE) at most.
    #[error("a link lives from one second to {} days, and this one {seconds} s", LONGEST_LINK / 86_400)]
    LinkLife {
        /// The life that was asked for, in seconds.
        seconds: u64,
    },
    /// A text of a link is empty or too long.
    #[error("the {part} of a link has {length} bytes; it needs 1 to {longest}")]
    LinkText {
        /// `purpose`, or `about`.
        part: &'static str,
        /// How long it is, in bytes.
        length: usize,
        /// How long it may be, in bytes.
        longest: usize,
    },
    /// A list of revocations is for services that have the public keys of access tokens, and these
    /// are symmetric.
    #[error(
        "a list of revocations requires an asymmetric key: another service cannot verify what the secret signs"
    )]
    Symmetric,
    /// The operating system returned no random numbers for the ids.
    #[error("no random numbers: {0}")]
    Random(String),
    /// The key refused.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The claims that an application adds to access tokens: roles, a name.
///
/// ```
/// use cookiejwt_core::{driver::CustomClaims, fault::MintError};
///
/// assert!(CustomClaims::new(&serde_json::json!({ "role": "admin" })).is_ok());
/// let taken = CustomClaims::new(&serde_json::json!({ "sub": "root" }));
/// assert_eq!(taken.unwrap_err(), MintError::ReservedClaim("sub".into()));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomClaims(Map<String, Value>);

impl CustomClaims {
    /// From a value that serialises as an object; `()` and `None` give no claims.
    pub fn new(claims: &impl Serialize) -> Result<Self, MintError> {
        let value =
            serde_json::to_value(claims).map_err(|error| MintError::ClaimsNotAnObject(error.to_string()))?;
        let map = match value {
            Value::Object(map) => map,
            Value::Null => Map::new(),
            _ => return Err(MintError::ClaimsNotAnObject("it is another JSON type".into())),
        };
        match RESERVED.iter().find(|name| map.contains_key(**name)) {
            Some(name) => Err(MintError::ReservedClaim((*name).into())),
            None if is_beside_others(&map) => Ok(Self(map)),
            None => Err(MintError::ClaimsTooComplex),
        }
    }
}

/// Whether a token with these, the registered claims and facts stays within the limits of our own
/// reader: a login whose token is refused at the next request would be worse than one that fails.
fn is_beside_others(custom: &Map<String, Value>) -> bool {
    let facts = (0..Facts::MOST_NAMED).map(|number| format!("fact {number}"));
    let others = RESERVED.map(str::to_owned).into_iter().chain(facts).map(|name| (name, Value::Null));
    let all: Map<String, Value> = custom.clone().into_iter().chain(others).collect();
    is_readable(&Value::Object(all))
}

/// Whether the library's own reader takes this object.
pub(super) fn is_readable(object: &Value) -> bool {
    strict_json::read_object(&object.to_string(), strict_json::Unread).is_ok()
}

/// Who issues a token, for whom, and for which user table. It is the same for every token of a
/// ring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parties<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) audience: &'a [String],
    /// `None` for a service that only verifies: it knows the issuer's audiences, not its user
    /// tables.
    pub(crate) realm: Option<&'a str>,
}

impl Parties<'_> {
    /// The realm that a token contains: none if there is only one user table.
    fn written_realm(&self) -> Option<&str> {
        self.realm.filter(|realm| !realm.is_empty())
    }
}

/// What every token of a ring must contain, and how long it may be valid; times are seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) parties: Parties<'a>,
    pub(crate) life: i64,
    pub(crate) session_life: i64,
    pub(crate) leeway: i64,
}

/// The registered claims of an access token, times in seconds.
#[derive(Clone, Debug)]
pub(crate) struct AccessClaims {
    pub(crate) subject: Subject,
    pub(crate) session_id: SessionId,
    pub(crate) token_id: TokenId,
    pub(crate) issued_at: i64,
    pub(crate) not_before: i64,
    pub(crate) expires_at: i64,
    pub(crate) auth_time: Option<i64>,
    /// The refresh token that it was issued with, if the session has rotated. A client that
    /// presents the one has received the other.
    pub(crate) refresh_jti: Option<TokenId>,
    /// The session that ends when this one is first presented.
    pub(crate) replaces: Option<SessionId>,
    /// How often the claims of its session had been renewed before its user was read.
    pub(crate) version: i64,
    /// Whether it was issued for a proof of the device that its session is bound to.
    pub(crate) device_bound: bool,
    /// Whether it counts only beside a refresh token, whose cookie ends with the browser: its own
    /// cookie has an age, which browsers require to renew it.
    pub(crate) ends_with_browser: bool,
    /// The application's own facts are empty in a token that was verified; its payload has them.
    pub(crate) facts: Facts,
}

/// The claims of a refresh token, times in seconds. `auth_time`, the absolute end, `remember` and
/// the facts never change during a session, so that a rotation does not have to read the row.
#[derive(Clone, Debug)]
pub(crate) struct RefreshClaims {
    pub(crate) subject: Subject,
    pub(crate) session_id: SessionId,
    pub(crate) token_id: TokenId,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) auth_time: i64,
    pub(crate) began_at: i64,
    pub(crate) session_ends_at: i64,
    pub(crate) remember: bool,
    /// The idle life in seconds, if the session has one of its own.
    pub(crate) remember_for: Option<i64>,
    /// See [`Stamps`](crate::token::Stamps).
    pub(crate) stamp: Option<Box<str>>,
    /// Whether it renews only with a proof of the device. This saves the store a question: the row
    /// decides.
    pub(crate) device_bound: bool,
    pub(crate) facts: Facts,
}

impl AccessClaims {
    /// Reads shape, issuer, audience and realm, whatever the time is. The token ends with the
    /// configured lifetime at the latest.
    pub(crate) fn read(payload: &str, expected: Expected<'_>) -> Result<Self, TokenFault> {
        let mut raw = RawClaims::read(payload, expected.parties)?;
        // Only a refresh token has the one, and only a refresh token says yes to the other: the two
        // kinds differ in more than their keys and `typ`.
        if raw.session_exp.is_some() || raw.remember == Some(true) {
            return Err(TokenFault::Claim(ClaimFault::Shape));
        }
        let issued_at = required(raw.iat)?;
        Ok(Self {
            subject: raw.subject()?,
            session_id: named(raw.sid.as_deref())?.into(),
            token_id: named(raw.jti.as_deref())?.into(),
            issued_at,
            not_before: raw.nbf.unwrap_or(issued_at),
            expires_at: required(raw.exp)?.min(issued_at.saturating_add(expected.life)),
            auth_time: raw.auth_time,
            refresh_jti: raw.refresh_jti.as_deref().map(Into::into),
            replaces: raw.replaces.as_deref().map(Into::into),
            version: raw.version.unwrap_or(0).into(),
            device_bound: raw.device_bound.unwrap_or(false),
            ends_with_browser: raw.remember == Some(false),
            facts: raw.facts()?,
        })
    }

    /// Valid iff `iat - leeway <= now < exp + leeway`, and `nbf` likewise.
    pub(crate) fn check(&self, expected: Expected<'_>, now: i64) -> Result<(), TokenFault> {
        is_forward(self.issued_at, self.expires_at)?;
        let starts = self.issued_at.max(self.not_before);
        if starts.saturating_sub(expected.leeway) > now {
            return Err(TokenFault::NotYetValid);
        }
        if now >= self.expires_at.saturating_add(expected.leeway) {
            return Err(TokenFault::Expired);
        }
        Ok(())
    }

    /// Registered claims first, then the facts of the session, then the custom claims that no fact
    /// replaces.
    pub(crate) fn to_payload(&self, parties: Parties<'_>, custom: &CustomClaims) -> String {
        to_json(&AccessPayload { claims: self, parties, custom })
    }
}

impl RefreshClaims {
    /// Reads shape, issuer, audience and realm, whatever the time is. The token ends with the
    /// configured lifetime at the latest, and its session with the configured lifetime of sessions.
    pub(crate) fn read(payload: &str, expected: Expected<'_>) -> Result<Self, TokenFault> {
        let mut raw = RawClaims::read(payload, expected.parties)?;
        let (issued_at, auth_time) = (required(raw.iat)?, required(raw.auth_time)?);
        let began_at = raw.began_at.unwrap_or(auth_time);
        let life = raw.remember_for.unwrap_or(expected.life);
        Ok(Self {
            subject: raw.subject()?,
            session_id: named(raw.sid.as_deref())?.into(),
            token_id: named(raw.jti.as_deref())?.into(),
            issued_at,
            expires_at: required(raw.exp)?.min(issued_at.saturating_add(life)),
            auth_time,
            began_at,
            session_ends_at: required(raw.session_exp)?.min(began_at.saturating_add(expected.session_life)),
            remember: required(raw.remember)?,
            remember_for: raw.remember_for,
            stamp: raw.stamp.take().map(Into::into),
            device_bound: raw.device_bound.unwrap_or(false),
            facts: raw.facts()?,
        })
    }

    /// No clock skew is allowed at the end: a refresh token ends at its `exp`.
    pub(crate) fn check(&self, expected: Expected<'_>, now: i64) -> Result<(), TokenFault> {
        is_forward(self.issued_at, self.expires_at)?;
        if self.issued_at.saturating_sub(expected.leeway) > now {
            return Err(TokenFault::NotYetValid);
        }
        if now >= self.expires_at.min(self.session_ends_at) {
            return Err(TokenFault::Expired);
        }
        Ok(())
    }

    /// Always the same bytes for the same claims, so that a successor can be minted again.
    pub(crate) fn to_payload(&self, parties: Parties<'_>) -> String {
        to_json(&RefreshPayload { claims: self, parties })
    }
}

fn required<T>(claim: Option<T>) -> Result<T, TokenFault> {
    claim.ok_or(TokenFault::Claim(ClaimFault::Missing))
}

/// The name in a claim, which is never empty.
fn named(claim: Option<&str>) -> Result<&str, TokenFault> {
    let name = required(claim)?;
    if name.is_empty() { Err(TokenFault::Claim(ClaimFault::Shape)) } else { Ok(name) }
}

/// A token with a longer lifetime than the configured one is valid until the configured one is
/// over: another node may have minted it with other settings.
fn is_forward(issued_at: i64, expires_at: i64) -> Result<(), TokenFault> {
    if expires_at > issued_at { Ok(()) } else { Err(TokenFault::Claim(ClaimFault::Life)) }
}

#[cfg(test)]
mod tests;
