//! The claims of a list of revocations, read as strictly as those of a token.

use std::borrow::Cow;

use serde::{Serialize, de::MapAccess, ser::SerializeMap as _};

use super::{
    ClaimFault, Expected, Parties,
    payload::to_json,
    raw::{NumericDate, ReadParties},
    required,
};
use crate::{
    session::{RevocationReason, SessionId, Timestamp},
    syntax::{Members, Text, strict_json},
    token::{jws::TokenFault, revocations::Revocations},
};

/// A list of revocations and when it was made, in seconds.
#[derive(Clone, Debug)]
pub(crate) struct RevocationClaims {
    pub(crate) issued_at: i64,
    pub(crate) list: Revocations,
}

impl RevocationClaims {
    /// Reads shape, issuer, audience, realm, age, and to which question it is the answer.
    pub(crate) fn read(
        payload: &str,
        since: Option<&str>,
        expected: Expected<'_>,
        now: i64,
    ) -> Result<Revocations, TokenFault> {
        let raw = RawRevocations::read(payload, expected.parties)?;
        if raw.since.as_deref() != since {
            return Err(TokenFault::Claim(ClaimFault::Since));
        }
        let issued_at = required(raw.iat)?;
        if issued_at.saturating_sub(expected.leeway) > now {
            return Err(TokenFault::NotYetValid);
        }
        if now.saturating_sub(issued_at) > expected.life {
            return Err(TokenFault::Expired);
        }
        raw.list()
    }

    pub(crate) fn to_payload(&self, parties: Parties<'_>) -> String {
        to_json(&RevocationPayload { claims: self, parties })
    }
}

/// Pairs, not objects: a second value for one session would take the place of the first silently.
type Pairs<'de, T> = Vec<(Cow<'de, str>, T)>;

/// The claims as they appear in the payload.
struct RawRevocations<'de> {
    parties: ReadParties<'de>,
    iat: Option<i64>,
    since: Option<Cow<'de, str>>,
    next: Option<Cow<'de, str>>,
    before: Option<i64>,
    revoked: Option<Pairs<'de, Cow<'de, str>>>,
    renewed: Option<Pairs<'de, u32>>,
    is_of_user: bool,
}

impl<'de> RawRevocations<'de> {
    fn read(payload: &'de str, expected: Parties<'de>) -> Result<Self, TokenFault> {
        let empty = Self {
            parties: ReadParties::of(expected),
            iat: None,
            since: None,
            next: None,
            before: None,
            revoked: None,
            renewed: None,
            is_of_user: false,
        };
        let shape = TokenFault::Claim(ClaimFault::Shape);
        let raw = strict_json::read_object(payload, empty).map_err(|_| shape)?;
        if raw.is_of_user {
            return Err(shape);
        }
        raw.parties.check()?;
        Ok(raw)
    }

    /// A reason that this version does not know yet ends a session all the same.
    fn list(self) -> Result<Revocations, TokenFault> {
        let reason = |text: &str| RevocationReason::parse(text).unwrap_or(RevocationReason::Administrator);
        let revoked = required(self.revoked)?.into_iter();
        let renewed = required(self.renewed)?.into_iter();
        Ok(Revocations {
            since: self.since.map(Into::into),
            next: required(self.next)?.into(),
            before: self.before.map(Timestamp::from_seconds),
            revoked: revoked.map(|(id, text)| (SessionId::from(&*id), reason(&text))).collect(),
            renewed: renewed.map(|(id, version)| (SessionId::from(&*id), version.into())).collect(),
        })
    }
}

impl<'de> Members<'de> for RawRevocations<'de> {
    const NESTED: bool = true;

    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "iss" | "aud" | "realm" => self.parties.member(name, map)?,
            "iat" => self.iat = Some(map.next_value_seed(NumericDate)?),
            "since" => self.since = Some(map.next_value_seed(Text)?),
            "next" => self.next = Some(map.next_value_seed(Text)?),
            "before" => self.before = Some(map.next_value_seed(NumericDate)?),
            "revoked" => self.revoked = Some(map.next_value()?),
            "renewed" => self.renewed = Some(map.next_value()?),
            // Only what is about one user has these: the kinds differ in more than their `typ`.
            "sub" | "sid" | "exp" => {
                self.is_of_user = true;
                return Ok(false);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

struct RevocationPayload<'a> {
    claims: &'a RevocationClaims,
    parties: Parties<'a>,
}

impl Serialize for RevocationPayload<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Revocations { since, next, before, revoked, renewed } = &self.claims.list;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("iss", self.parties.issuer)?;
        map.serialize_entry("aud", self.parties.audience)?;
        map.serialize_entry("iat", &self.claims.issued_at)?;
        if let Some(realm) = self.parties.written_realm() {
            map.serialize_entry("realm", realm)?;
        }
        if let Some(since) = since {
            map.serialize_entry("since", since)?;
        }
        map.serialize_entry("next", next)?;
        if let Some(before) = before {
            map.serialize_entry("before", &before.as_seconds())?;
        }
        let revoked: Vec<_> = revoked.iter().map(|(id, reason)| (id.as_str(), reason.as_str())).collect();
        map.serialize_entry("revoked", &revoked)?;
        let renewed: Vec<_> = renewed.iter().map(|(id, version)| (id.as_str(), version)).collect();
        map.serialize_entry("renewed", &renewed)?;
        map.end()
    }
}
