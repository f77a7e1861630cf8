//! Compact JWS, strict (RFC 7515 §7.1). A [`Verified`] is made only here, after the signature held.

#[cfg(any(test, feature = "testing"))]
mod any;

use std::borrow::Cow;

use crate::syntax::base64url;
use serde::de::MapAccess;

use crate::{
    keys::{Key, Ring},
    syntax::{Members, Text, strict_json},
    token::claims::{ClaimFault, MintError},
};

#[cfg(any(test, feature = "testing"))]
pub(crate) use self::any::verify_any;

/// The longest token that a cookie carries.
pub(crate) const MAX_COOKIE_TOKEN: usize = 4096;
/// RSA with 8192 bits; base64 asks for a little more room than it fills.
const MAX_SIGNATURE: usize = 1032;
/// The longest token that the `Authorization` field carries.
pub(crate) const MAX_HEADER_TOKEN: usize = 8192;

/// The kinds of tokens. They differ in `typ` and in their keys, so that one never passes for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Access,
    Refresh,
}

impl TokenKind {
    const fn typ(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Refresh => "rt+jwt",
        }
    }

    /// RFC 8725 §3.11: a `typ` without a slash is read as if `application/` stood before it.
    fn is(self, typ: &str) -> bool {
        typ.strip_prefix("application/").unwrap_or(typ) == self.typ()
    }
}

/// Why a token was not accepted. It goes into the event; to the client every failure reads the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Longer than any of ours.
    #[error("too long")]
    TooLong,
    /// Not three non-empty segments of canonical base64url.
    #[error("not a compact JWS")]
    Malformed,
    /// The JOSE header is no flat object, or has a member that is refused.
    #[error("bad JOSE header")]
    Header,
    /// A member that would change how the token is to be read: `crit`, `b64`, `cty`, the ones of an
    /// encrypted token (`enc`, `zip`, `epk`, `p2c`, `p2s`), and the ones that bring or name a key (`jwk`, `jku`, `x5u`, `x5c`,
    /// `x5t`).
    #[error("forbidden JOSE header member")]
    ForbiddenMember,
    /// No key has this `kid`: forged, or another node's key ring is ahead.
    #[error("unknown_key")]
    UnknownKey,
    /// `alg` is not the algorithm of the key.
    #[error("alg is not the key's")]
    Algorithm,
    /// `typ` names another kind of token.
    #[error("wrong typ")]
    Type,
    /// The signature does not hold.
    #[error("bad signature")]
    Signature,
    /// The signature holds, a claim does not.
    #[error("bad claim: {0}")]
    Claim(ClaimFault),
    /// Expired; everything else about it holds.
    #[error("expired")]
    Expired,
    /// `iat` or `nbf` lies ahead: another node's clock is ahead.
    #[error("clock_skew")]
    NotYetValid,
    /// The cookie came more than once.
    #[error("duplicate_cookie")]
    Duplicate,
    /// The `Authorization` field says Bearer, and then something that is no token.
    #[error("malformed bearer")]
    Bearer,
}

impl TokenFault {
    /// Early tokens are never cleared: this node, not the client, is behind.
    pub const fn is_early(self) -> bool {
        matches!(self, Self::UnknownKey | Self::NotYetValid)
    }
}

/// The payload of a token whose signature held.
pub(crate) struct Verified {
    payload: String,
}

impl Verified {
    pub(crate) fn payload(&self) -> &str {
        &self.payload
    }

    pub(crate) fn into_payload(self) -> String {
        self.payload
    }
}

/// The exact first segment that we mint for each kind: comparing it fixes alg, typ and kid before any JSON is read.
#[derive(Clone, Debug)]
pub(crate) struct HeaderSegment(String);

impl HeaderSegment {
    pub(crate) fn new(key: &Key, kind: TokenKind) -> Self {
        let (alg, typ) = (key.algorithm().as_str(), kind.typ());
        let header = format!(r#"{{"alg":"{alg}","typ":"{typ}","kid":"{}"}}"#, key.kid());
        Self(base64url::encode(header))
    }
}

/// Signs and verifies one kind of token.
#[derive(Clone)]
pub(crate) struct Jws {
    kind: TokenKind,
    ring: Ring,
    header: HeaderSegment,
}

impl Jws {
    pub(crate) fn new(kind: TokenKind, ring: Ring) -> Self {
        let header = HeaderSegment::new(ring.signing(), kind);
        Self { kind, ring, header }
    }

    pub(crate) fn kids(&self) -> impl Iterator<Item = &str> {
        self.ring.kids()
    }

    pub(crate) fn sign(&self, payload: &str) -> Result<String, MintError> {
        let mut token = format!("{}.", self.header.0);
        base64url::encode_into(payload, &mut token);
        let signature = self.ring.signing().sign(token.as_bytes())?;
        token.push('.');
        base64url::encode_into(signature, &mut token);
        Ok(token)
    }

    /// Structure, key, signature, in this order; the content is looked at only afterwards (ASVS 9.1.1).
    pub(crate) fn verify(&self, token: &[u8], longest: usize) -> Result<Verified, TokenFault> {
        if token.len() > longest {
            return Err(TokenFault::TooLong);
        }
        let parts = Compact::split(token)?;
        if parts.payload.is_empty() {
            return Err(TokenFault::Malformed);
        }
        let key = if parts.header == self.header.0 { self.ring.signing() } else { self.select_key(&parts)? };
        let payload = String::from_utf8(parts.signed_by(key)?).map_err(|_| TokenFault::Malformed)?;
        Ok(Verified { payload })
    }

    fn select_key(&self, parts: &Compact<'_>) -> Result<&Key, TokenFault> {
        let json = parts.header_json()?;
        let header = JoseHeader::parse(&json)?;
        let kid = header.kid.as_deref().ok_or(TokenFault::Header)?;
        let key = self.ring.find(kid).ok_or(TokenFault::UnknownKey)?;
        header.check_algorithm(key)?;
        if !header.typ.is_some_and(|typ| self.kind.is(&typ)) {
            return Err(TokenFault::Type);
        }
        Ok(key)
    }
}

/// The three segments, and the two that are signed.
struct Compact<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    signed: &'a str,
}

impl<'a> Compact<'a> {
    fn split(token: &'a [u8]) -> Result<Self, TokenFault> {
        let token = std::str::from_utf8(token).map_err(|_| TokenFault::Malformed)?;
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenFault::Malformed)?;
        if header.is_empty() || signature.is_empty() || payload.contains('.') {
            return Err(TokenFault::Malformed);
        }
        Ok(Self { header, payload, signature, signed })
    }

    fn header_json(&self) -> Result<String, TokenFault> {
        String::from_utf8(decode(self.header)?).map_err(|_| TokenFault::Header)
    }

    /// The payload, when the signature of this key holds.
    fn signed_by(&self, key: &Key) -> Result<Vec<u8>, TokenFault> {
        let mut buffer = [0; MAX_SIGNATURE];
        // A signature that does not fit is longer than any of our keys makes.
        let signature = base64url::decode_into(self.signature, &mut buffer).ok_or(TokenFault::Malformed)?;
        if key.verify(self.signed.as_bytes(), signature) {
            decode(self.payload)
        } else {
            Err(TokenFault::Signature)
        }
    }
}

fn decode(segment: &str) -> Result<Vec<u8>, TokenFault> {
    base64url::decode(segment).ok_or(TokenFault::Malformed)
}

#[derive(Default)]
struct JoseHeader<'de> {
    alg: Option<Cow<'de, str>>,
    typ: Option<Cow<'de, str>>,
    kid: Option<Cow<'de, str>>,
    forbidden: bool,
}

impl<'de> JoseHeader<'de> {
    fn parse(json: &'de str) -> Result<Self, TokenFault> {
        let header = strict_json::read_object(json, Self::default()).map_err(|_| TokenFault::Header)?;
        if header.forbidden { Err(TokenFault::ForbiddenMember) } else { Ok(header) }
    }

    /// Byte for byte: no family of algorithms, no other case (RFC 8725 §3.1).
    fn check_algorithm(&self, key: &Key) -> Result<(), TokenFault> {
        let is_the_keys = self.alg.as_deref() == Some(key.algorithm().as_str());
        if is_the_keys { Ok(()) } else { Err(TokenFault::Algorithm) }
    }
}

impl<'de> Members<'de> for JoseHeader<'de> {
    const NESTED: bool = false;

    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "alg" => self.alg = Some(map.next_value_seed(Text)?),
            "typ" => self.typ = Some(map.next_value_seed(Text)?),
            "kid" => self.kid = Some(map.next_value_seed(Text)?),
            "crit" | "b64" | "enc" | "zip" | "epk" | "p2c" | "p2s" | "cty" | "jwk" | "jku" | "x5u"
            | "x5c" | "x5t" | "x5t#S256" => {
                self.forbidden = true;
                return Ok(false);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
