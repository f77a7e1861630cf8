//! Claims as they appear in the payload of a signed token.

use std::borrow::Cow;

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor},
};

use super::{ClaimFault, Parties, named, required};
use crate::{
    config::MAX_AUDIENCES,
    session::Subject,
    syntax::{Members, Text, strict_json},
    token::{
        facts::{Actor, Facts},
        jws::TokenFault,
        proofs::{Proofs, ReadProofs},
        reserved::{
            BEGAN_AT, DEVICE_BOUND, FACTS, REFRESH_JTI, REMEMBER, REMEMBER_FOR, REPLACES, STAMP, VERSION,
        },
    },
};

/// The last second of the year 9999, the last one that `time` and RFC 3339 can express.
const MAX_NUMERIC_DATE: i64 = 253_402_300_799;

/// The claims as they appear in the payload.
pub(super) struct RawClaims<'de> {
    parties: ReadParties<'de>,
    pub(super) sub: Option<Cow<'de, str>>,
    pub(super) sid: Option<Cow<'de, str>>,
    pub(super) jti: Option<Cow<'de, str>>,
    pub(super) exp: Option<i64>,
    pub(super) nbf: Option<i64>,
    pub(super) iat: Option<i64>,
    pub(super) auth_time: Option<i64>,
    pub(super) session_exp: Option<i64>,
    pub(super) remember: Option<bool>,
    pub(super) refresh_jti: Option<Cow<'de, str>>,
    pub(super) replaces: Option<Cow<'de, str>>,
    pub(super) version: Option<u32>,
    pub(super) began_at: Option<i64>,
    pub(super) remember_for: Option<i64>,
    pub(super) stamp: Option<Cow<'de, str>>,
    pub(super) device_bound: Option<bool>,
    proofs: Option<Proofs>,
    acr: Option<Cow<'de, str>>,
    act: Option<RawActor<'de>>,
    named: Option<serde_json::Map<String, serde_json::Value>>,
}

/// The `act` claim; its own `act` would be an actor behind the actor, whom we never mint.
#[derive(Deserialize)]
struct RawActor<'a> {
    #[serde(borrow)]
    sub: Cow<'a, str>,
    #[serde(borrow)]
    sid: Cow<'a, str>,
}

impl<'de> RawClaims<'de> {
    pub(super) fn read(payload: &'de str, expected: Parties<'de>) -> Result<Self, TokenFault> {
        let empty = RawClaims {
            parties: ReadParties::of(expected),
            sub: None,
            sid: None,
            jti: None,
            exp: None,
            nbf: None,
            iat: None,
            auth_time: None,
            session_exp: None,
            remember: None,
            refresh_jti: None,
            replaces: None,
            version: None,
            began_at: None,
            remember_for: None,
            stamp: None,
            device_bound: None,
            proofs: None,
            acr: None,
            act: None,
            named: None,
        };
        let raw =
            strict_json::read_object(payload, empty).map_err(|_| TokenFault::Claim(ClaimFault::Shape))?;
        raw.parties.check()?;
        Ok(raw)
    }

    pub(super) fn subject(&self) -> Result<Subject, TokenFault> {
        subject(self.sub.as_deref())
    }

    /// What is true of the session; taken, because the lists are moved.
    pub(super) fn facts(&mut self) -> Result<Facts, TokenFault> {
        let actor = self.act.take().map(|act| {
            let (subject, session) = (named(Some(&*act.sub))?, named(Some(&*act.sid))?);
            Ok(Actor { subject: subject.into(), session: session.into() })
        });
        Ok(Facts {
            proofs: self.proofs.take().unwrap_or_default(),
            acr: self.acr.take().map(Into::into),
            actor: actor.transpose()?,
            named: self.named.take().unwrap_or_default(),
        })
    }
}

/// `iss`, `aud` and `realm`, compared while they are read.
pub(super) struct ReadParties<'de> {
    expected: Parties<'de>,
    issuer: Option<bool>,
    audience: Option<bool>,
    realm: Option<bool>,
}

impl<'de> ReadParties<'de> {
    pub(super) fn of(expected: Parties<'de>) -> Self {
        Self { expected, issuer: None, audience: None, realm: None }
    }

    /// Reads one of the three.
    pub(super) fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let expected = self.expected;
        match name {
            "iss" => self.issuer = Some(map.next_value_seed(Text)? == expected.issuer),
            "aud" => self.audience = Some(map.next_value_seed(AudienceNames(expected.audience))?),
            _ => {
                let realm = map.next_value_seed(Text)?;
                self.realm = Some(expected.realm.is_none_or(|expected| realm == expected));
            }
        }
        Ok(())
    }

    /// Without the claim `realm` there is one user table.
    pub(super) fn check(&self) -> Result<(), TokenFault> {
        let is_of_realm = self.realm.unwrap_or(self.expected.realm.is_none_or(str::is_empty));
        if !required(self.issuer)? {
            Err(TokenFault::Claim(ClaimFault::Issuer))
        } else if !required(self.audience)? {
            Err(TokenFault::Claim(ClaimFault::Audience))
        } else if !is_of_realm {
            Err(TokenFault::Claim(ClaimFault::Realm))
        } else {
            Ok(())
        }
    }
}

/// The user in the claim `sub`.
pub(super) fn subject(claim: Option<&str>) -> Result<Subject, TokenFault> {
    let subject = named(claim)?;
    if subject.len() > Subject::MAX_LENGTH {
        return Err(TokenFault::Claim(ClaimFault::Shape));
    }
    Ok(subject.into())
}

impl<'de> Members<'de> for RawClaims<'de> {
    const NESTED: bool = true;

    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "iss" | "aud" | "realm" => self.parties.member(name, map)?,
            "sub" => self.sub = Some(map.next_value_seed(Text)?),
            "sid" => self.sid = Some(map.next_value_seed(Text)?),
            "jti" => self.jti = Some(map.next_value_seed(Text)?),
            "exp" => self.exp = Some(map.next_value_seed(NumericDate)?),
            "nbf" => self.nbf = Some(map.next_value_seed(NumericDate)?),
            "iat" => self.iat = Some(map.next_value_seed(NumericDate)?),
            "auth_time" => self.auth_time = Some(map.next_value_seed(NumericDate)?),
            "session_exp" => self.session_exp = Some(map.next_value_seed(NumericDate)?),
            REMEMBER => self.remember = Some(map.next_value()?),
            REFRESH_JTI => self.refresh_jti = Some(map.next_value_seed(Text)?),
            REPLACES => self.replaces = Some(map.next_value_seed(Text)?),
            VERSION => self.version = Some(map.next_value()?),
            BEGAN_AT => self.began_at = Some(map.next_value_seed(NumericDate)?),
            REMEMBER_FOR => self.remember_for = Some(map.next_value_seed(NumericDate)?),
            STAMP => self.stamp = Some(map.next_value_seed(Text)?),
            DEVICE_BOUND => self.device_bound = Some(map.next_value()?),
            "proofs" => self.proofs = Some(map.next_value_seed(ReadProofs)?),
            "acr" => self.acr = Some(map.next_value_seed(Text)?),
            "act" => self.act = Some(map.next_value()?),
            FACTS => self.named = Some(map.next_value()?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Whole seconds from 1970 to 9999; no fraction, no exponent, no string (RFC 7519 §2 allows more,
/// but we mint nothing else).
pub(crate) struct NumericDate;

impl<'de> DeserializeSeed<'de> for NumericDate {
    type Value = i64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<i64, D::Error> {
        let seconds = u64::deserialize(deserializer)?;
        let seconds = i64::try_from(seconds).map_err(D::Error::custom)?;
        if seconds > MAX_NUMERIC_DATE { Err(D::Error::custom("beyond the year 9999")) } else { Ok(seconds) }
    }
}

/// Whether `aud` (one string, or an array of at most eight) contains one of the configured
/// audiences.
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
