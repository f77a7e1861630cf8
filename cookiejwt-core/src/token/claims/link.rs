//! The claims of a link, read as strictly as those of a session's tokens.

use std::borrow::Cow;

use serde::{Serialize, de::MapAccess, ser::SerializeMap as _};

use super::{
    ClaimFault, Expected, Parties, is_forward, named,
    payload::{Registered, to_json},
    raw::{NumericDate, ReadParties, subject},
    required,
};
use crate::{
    session::{Subject, TokenId},
    syntax::{Members, Text, strict_json},
    token::{
        jws::TokenFault,
        link::{LONGEST_ABOUT, LONGEST_PURPOSE},
    },
};

/// The claims of a link, times in seconds.
#[derive(Clone, Debug)]
pub(crate) struct LinkClaims {
    pub(crate) subject: Subject,
    pub(crate) token_id: TokenId,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
    /// What it was made for: `reset`.
    pub(crate) purpose: Box<str>,
    /// Which address it was made for.
    pub(crate) about: Option<Box<str>>,
    /// What [`Core::binding`](crate::Core::binding) said of the user.
    pub(crate) binding: Box<str>,
}

impl LinkClaims {
    /// Reads shape, issuer, audience, realm and purpose, whatever the time is. The link ends after
    /// its longest life at the latest.
    pub(crate) fn read(payload: &str, purpose: &str, expected: Expected<'_>) -> Result<Self, TokenFault> {
        let raw = RawLink::read(payload, expected.parties)?;
        let read = named(raw.purpose.as_deref())?;
        let issued_at = required(raw.iat)?;
        let claims = Self {
            subject: subject(raw.sub.as_deref())?,
            token_id: named(raw.jti.as_deref())?.into(),
            issued_at,
            expires_at: required(raw.exp)?.min(issued_at.saturating_add(expected.life)),
            purpose: within(read, LONGEST_PURPOSE)?.into(),
            about: raw
                .about
                .as_deref()
                .map(|about| within(about, LONGEST_ABOUT))
                .transpose()?
                .map(Into::into),
            binding: named(raw.binding.as_deref())?.into(),
        };
        if *claims.purpose == *purpose { Ok(claims) } else { Err(TokenFault::Claim(ClaimFault::Purpose)) }
    }

    /// As with a refresh token, no clock skew is allowed at the end.
    pub(crate) fn check(&self, expected: Expected<'_>, now: i64) -> Result<(), TokenFault> {
        is_forward(self.issued_at, self.expires_at)?;
        if self.issued_at.saturating_sub(expected.leeway) > now {
            return Err(TokenFault::NotYetValid);
        }
        if now >= self.expires_at { Err(TokenFault::Expired) } else { Ok(()) }
    }

    pub(crate) fn to_payload(&self, parties: Parties<'_>) -> String {
        to_json(&LinkPayload { claims: self, parties })
    }
}

/// A text that is neither empty nor longer than we mint it.
fn within(text: &str, longest: usize) -> Result<&str, TokenFault> {
    let is_within = !text.is_empty() && text.len() <= longest;
    if is_within { Ok(text) } else { Err(TokenFault::Claim(ClaimFault::Shape)) }
}

/// The claims as they appear in the payload.
struct RawLink<'de> {
    parties: ReadParties<'de>,
    sub: Option<Cow<'de, str>>,
    jti: Option<Cow<'de, str>>,
    iat: Option<i64>,
    exp: Option<i64>,
    purpose: Option<Cow<'de, str>>,
    about: Option<Cow<'de, str>>,
    binding: Option<Cow<'de, str>>,
    is_of_session: bool,
}

impl<'de> RawLink<'de> {
    fn read(payload: &'de str, expected: Parties<'de>) -> Result<Self, TokenFault> {
        let empty = Self {
            parties: ReadParties::of(expected),
            sub: None,
            jti: None,
            iat: None,
            exp: None,
            purpose: None,
            about: None,
            binding: None,
            is_of_session: false,
        };
        let shape = TokenFault::Claim(ClaimFault::Shape);
        let raw = strict_json::read_object(payload, empty).map_err(|_| shape)?;
        if raw.is_of_session {
            return Err(shape);
        }
        raw.parties.check()?;
        Ok(raw)
    }
}

impl<'de> Members<'de> for RawLink<'de> {
    const NESTED: bool = false;

    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "iss" | "aud" | "realm" => self.parties.member(name, map)?,
            "sub" => self.sub = Some(map.next_value_seed(Text)?),
            "jti" => self.jti = Some(map.next_value_seed(Text)?),
            "iat" => self.iat = Some(map.next_value_seed(NumericDate)?),
            "exp" => self.exp = Some(map.next_value_seed(NumericDate)?),
            "purpose" => self.purpose = Some(map.next_value_seed(Text)?),
            "about" => self.about = Some(map.next_value_seed(Text)?),
            "binding" => self.binding = Some(map.next_value_seed(Text)?),
            // Only the tokens of a session have this claim: the kinds differ in more than their
            // keys and `typ`.
            "sid" => {
                self.is_of_session = true;
                return Ok(false);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

struct LinkPayload<'a> {
    claims: &'a LinkClaims,
    parties: Parties<'a>,
}

impl Serialize for LinkPayload<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let claims = self.claims;
        let mut map = serializer.serialize_map(None)?;
        let LinkClaims { subject, token_id, issued_at, expires_at, .. } = claims;
        Registered { subject, token_id, issued_at: *issued_at, expires_at: *expires_at }
            .write(&mut map, self.parties)?;
        if let Some(realm) = self.parties.written_realm() {
            map.serialize_entry("realm", realm)?;
        }
        map.serialize_entry("purpose", &*claims.purpose)?;
        if let Some(about) = &claims.about {
            map.serialize_entry("about", about)?;
        }
        map.serialize_entry("binding", &*claims.binding)?;
        map.end()
    }
}
