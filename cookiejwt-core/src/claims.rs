//! The claims of access and refresh tokens, checked against a time that is passed in.

mod payload;

use std::borrow::Cow;

use serde::{
    Serialize,
    de::{Deserialize as _, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use self::payload::{AccessPayload, Payload as _, RefreshPayload};
use crate::{
    KeyError, SessionId, Subject, TokenFault, TokenId,
    jws::MAX_HEADER_TOKEN,
    strict_json::{self, Members, Text},
};

/// The last second of the year 9999, the end of what `time` and RFC 3339 can say.
const MAX_NUMERIC_DATE: i64 = 253_402_300_799;
const MAX_AUDIENCES: usize = 8;

/// Names that custom claims may not take.
const RESERVED: [&str; 11] =
    ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "sid", "auth_time", "session_exp", "remember"];

/// Which claim of a signed token is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimFault {
    /// Not one JSON object, a duplicate member, a wrong JSON type.
    #[error("shape")]
    Shape,
    /// A required claim is absent.
    #[error("missing")]
    Missing,
    /// `iss` is somebody else.
    #[error("iss")]
    Issuer,
    /// `aud` does not name us.
    #[error("aud")]
    Audience,
    /// `exp - iat` is more than the configured life.
    #[error("life")]
    Life,
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
    /// Custom claims are nested so deeply, or are so many, that our own reader would refuse the token.
    #[error("custom claims are nested too deeply or are too many")]
    ClaimsTooComplex,
    /// The subject is empty, or longer than [`Subject::MAX_LENGTH`].
    #[error("the subject is empty or longer than {} bytes", Subject::MAX_LENGTH)]
    Subject,
    /// Name and value of the cookie exceed 4096 bytes, so browsers would drop it silently (RFC 6265bis §5.6).
    #[error("cookie {name} has {length} bytes, more than 4096; carry fewer custom claims")]
    CookieTooLong {
        /// The cookie.
        name: String,
        /// Its name and value in bytes.
        length: usize,
    },
    /// A token for the body of an answer is longer than we would take back in a header.
    #[error("a token has {length} bytes, more than {MAX_HEADER_TOKEN}; carry fewer custom claims")]
    TokenTooLong {
        /// The token in bytes.
        length: usize,
    },
    /// The operating system gave no random numbers for the ids.
    #[error("no random numbers: {0}")]
    Random(String),
    /// The key refused.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The claims that an application adds to access tokens: roles, a name.
///
/// ```
/// use cookiejwt_core::{CustomClaims, MintError};
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
            None if is_readable(&map) => Ok(Self(map)),
            None => Err(MintError::ClaimsTooComplex),
        }
    }
}

/// Whether a token with these beside the registered claims stays within the limits of our own reader: a login whose
/// token dies at the next request would be worse than one that fails.
fn is_readable(custom: &Map<String, Value>) -> bool {
    let registered = RESERVED.map(|name| (name.to_owned(), Value::Null));
    let all: Map<String, Value> = custom.clone().into_iter().chain(registered).collect();
    strict_json::read_object(&Value::Object(all).to_string(), Unread).is_ok()
}

/// Takes no member.
struct Unread;

impl<'de> Members<'de> for Unread {
    const NESTED: bool = true;

    fn member<A: MapAccess<'de>>(&mut self, _: &str, _: &mut A) -> Result<bool, A::Error> {
        Ok(false)
    }
}

/// What every token of this ring must say of its issuer, audience and life; times are seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) audience: &'a [String],
    pub(crate) life: i64,
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
}

/// The claims of a refresh token, times in seconds. `auth_time`, the absolute end and `remember` never change
/// during a session, so that a rotation needs no read of the row.
#[derive(Clone, Debug)]
pub(crate) struct RefreshClaims {
    pub(crate) subject: Subject,
    pub(crate) session_id: SessionId,
    pub(crate) token_id: TokenId,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) auth_time: i64,
    pub(crate) session_ends_at: i64,
    pub(crate) remember: bool,
}

impl AccessClaims {
    /// Shape, issuer and audience, whatever the time is.
    pub(crate) fn read(payload: &str, expected: Expected<'_>) -> Result<Self, TokenFault> {
        let raw = RawClaims::read(payload, expected)?;
        let issued_at = required(raw.iat)?;
        let claims = Self {
            subject: raw.subject()?,
            session_id: named(raw.sid.as_deref())?.into(),
            token_id: named(raw.jti.as_deref())?.into(),
            issued_at,
            not_before: raw.nbf.unwrap_or(issued_at),
            expires_at: required(raw.exp)?,
            auth_time: raw.auth_time,
        };
        if required(raw.aud)? { Ok(claims) } else { Err(TokenFault::Claim(ClaimFault::Audience)) }
    }

    /// Valid iff `iat - leeway <= now < exp + leeway`, `nbf` likewise, and no longer than the configured life.
    pub(crate) fn check(&self, expected: Expected<'_>, now: i64) -> Result<(), TokenFault> {
        life(self.issued_at, self.expires_at, expected.life)?;
        let starts = self.issued_at.max(self.not_before);
        if starts.saturating_sub(expected.leeway) > now {
            return Err(TokenFault::NotYetValid);
        }
        if now >= self.expires_at.saturating_add(expected.leeway) {
            return Err(TokenFault::Expired);
        }
        Ok(())
    }

    /// Registered claims first, custom claims behind them.
    pub(crate) fn to_payload(&self, issuer: &str, audience: &[String], custom: &CustomClaims) -> String {
        AccessPayload { claims: self, issuer, audience, custom }.to_json()
    }
}

impl RefreshClaims {
    /// Shape and issuer, whatever the time is.
    pub(crate) fn read(payload: &str, expected: Expected<'_>) -> Result<Self, TokenFault> {
        let raw = RawClaims::read(payload, expected)?;
        Ok(Self {
            subject: raw.subject()?,
            session_id: named(raw.sid.as_deref())?.into(),
            token_id: named(raw.jti.as_deref())?.into(),
            issued_at: required(raw.iat)?,
            expires_at: required(raw.exp)?,
            auth_time: required(raw.auth_time)?,
            session_ends_at: required(raw.session_exp)?,
            remember: required(raw.remember)?,
        })
    }

    /// Nothing is allowed for skew at the end: a refresh token is dead at its `exp`.
    pub(crate) fn check(&self, expected: Expected<'_>, now: i64) -> Result<(), TokenFault> {
        life(self.issued_at, self.expires_at, expected.life)?;
        if self.issued_at.saturating_sub(expected.leeway) > now {
            return Err(TokenFault::NotYetValid);
        }
        if now >= self.expires_at.min(self.session_ends_at) {
            return Err(TokenFault::Expired);
        }
        Ok(())
    }

    /// Always the same bytes for the same claims, so that a successor can be minted again.
    pub(crate) fn to_payload(&self, issuer: &str) -> String {
        RefreshPayload { claims: self, issuer }.to_json()
    }
}

fn required<T>(claim: Option<T>) -> Result<T, TokenFault> {
    claim.ok_or(TokenFault::Claim(ClaimFault::Missing))
}

/// Whom or what a claim names, which is never nothing.
fn named(claim: Option<&str>) -> Result<&str, TokenFault> {
    let name = required(claim)?;
    if name.is_empty() { Err(TokenFault::Claim(ClaimFault::Shape)) } else { Ok(name) }
}

fn life(issued_at: i64, expires_at: i64, longest: i64) -> Result<(), TokenFault> {
    let life = expires_at.saturating_sub(issued_at);
    if (1..=longest).contains(&life) { Ok(()) } else { Err(TokenFault::Claim(ClaimFault::Life)) }
}

/// The claims as they stand in the payload; `iss` and `aud` are compared while they are read.
struct RawClaims<'de> {
    expected: Expected<'de>,
    issuer: Option<bool>,
    aud: Option<bool>,
    sub: Option<Cow<'de, str>>,
    sid: Option<Cow<'de, str>>,
    jti: Option<Cow<'de, str>>,
    exp: Option<i64>,
    nbf: Option<i64>,
    iat: Option<i64>,
    auth_time: Option<i64>,
    session_exp: Option<i64>,
    remember: Option<bool>,
}

impl<'de> RawClaims<'de> {
    fn read(payload: &'de str, expected: Expected<'de>) -> Result<Self, TokenFault> {
        let empty = RawClaims {
            expected,
            issuer: None,
            aud: None,
            sub: None,
            sid: None,
            jti: None,
            exp: None,
            nbf: None,
            iat: None,
            auth_time: None,
            session_exp: None,
            remember: None,
        };
        let raw =
            strict_json::read_object(payload, empty).map_err(|_| TokenFault::Claim(ClaimFault::Shape))?;
        if required(raw.issuer)? { Ok(raw) } else { Err(TokenFault::Claim(ClaimFault::Issuer)) }
    }

    fn subject(&self) -> Result<Subject, TokenFault> {
        let subject = named(self.sub.as_deref())?;
        if subject.len() > Subject::MAX_LENGTH {
            return Err(TokenFault::Claim(ClaimFault::Shape));
        }
        Ok(subject.into())
    }
}

impl<'de> Members<'de> for RawClaims<'de> {
    const NESTED: bool = true;

    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "iss" => self.issuer = Some(map.next_value_seed(Text)? == self.expected.issuer),
            "aud" => self.aud = Some(map.next_value_seed(AudienceNames(self.expected.audience))?),
            "sub" => self.sub = Some(map.next_value_seed(Text)?),
            "sid" => self.sid = Some(map.next_value_seed(Text)?),
            "jti" => self.jti = Some(map.next_value_seed(Text)?),
            "exp" => self.exp = Some(map.next_value_seed(NumericDate)?),
            "nbf" => self.nbf = Some(map.next_value_seed(NumericDate)?),
            "iat" => self.iat = Some(map.next_value_seed(NumericDate)?),
            "auth_time" => self.auth_time = Some(map.next_value_seed(NumericDate)?),
            "session_exp" => self.session_exp = Some(map.next_value_seed(NumericDate)?),
            "remember" => self.remember = Some(map.next_value()?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Whole seconds from 1970 to 9999; no fraction, no exponent, no string (RFC 7519 §2 allows more, we mint no more).
struct NumericDate;

impl<'de> DeserializeSeed<'de> for NumericDate {
    type Value = i64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<i64, D::Error> {
        let seconds = u64::deserialize(deserializer)?;
        let seconds = i64::try_from(seconds).map_err(D::Error::custom)?;
        if seconds > MAX_NUMERIC_DATE { Err(D::Error::custom("beyond the year 9999")) } else { Ok(seconds) }
    }
}

/// Whether `aud` (one string, or an array of at most eight) contains one of ours.
struct AudienceNames<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for AudienceNames<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AudienceNames<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string or an array of strings")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(self.0.iter().any(|ours| ours == name))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        let (mut found, mut length) = (false, 0_usize);
        while let Some(name) = seq.next_element_seed(Text)? {
            length = length.saturating_add(1);
            if length > MAX_AUDIENCES {
                return Err(A::Error::custom("too many audiences"));
            }
            found |= self.0.iter().any(|ours| *ours == name);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
