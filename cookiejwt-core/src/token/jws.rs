//! Compact JWS, strict (RFC 7515 §7.1). A [`Verified`] is made only here, after its signature was
//! verified.

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

/// The longest token in a cookie.
pub(crate) const MAX_COOKIE_TOKEN: usize = 4096;
/// RSA with 8192 bits; base64 needs a little more room than it fills.
const MAX_SIGNATURE: usize = 1032;
/// The longest token in the `Authorization` field.
pub(crate) const MAX_HEADER_TOKEN: usize = 8192;

/// The kinds of tokens. They differ in `typ` and in their keys, so that one is never accepted as
/// the other. Only a list of revocations has the keys of access tokens, which other services know;
/// it differs from those in its claims too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Access,
    Refresh,
    Link,
    Revocations,
}

impl TokenKind {
    const fn typ(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Refresh => "rt+jwt",
            Self::Link => "lk+jwt",
            Self::Revocations => "rv+jwt",
        }
    }

    /// RFC 8725 §3.11: a `typ` without a slash is read as if it began with `application/`.
    fn is(self, typ: &str) -> bool {
        typ.strip_prefix("application/").unwrap_or(typ) == self.typ()
    }
}

/// Why a token was not accepted. It is part of the event; for the client every failure looks the
/// same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenFault {
    /// Longer than any token of the library.
    #[error("too long")]
    TooLong,
    /// Not three non-empty segments of canonical base64url.
    #[error("not a compact JWS")]
    Malformed,
    /// The JOSE header is not a flat object with unique members, or has no `kid`.
    #[error("bad JOSE header")]
    Header,
    /// A member that would change how the token is read: `crit`, `b64`, `cty`, those of an
    /// encrypted token (`enc`, `zip`, `epk`, `p2c`, `p2s`), and those that contain or identify a
    /// key (`jwk`, `jku`, `x5u`, `x5c`, `x5t`).
    #[error("forbidden JOSE header member")]
    ForbiddenMember,
    /// No key has this `kid`: the token is forged, or another node has newer keys.
    #[error("unknown_key")]
    UnknownKey,
    /// `alg` is not the algorithm of the key.
    #[error("alg is not the key's")]
    Algorithm,
    /// `typ` is that of another kind of token.
    #[error("wrong typ")]
    Type,
    /// The signature is invalid.
    #[error("bad signature")]
    Signature,
    /// The signature is valid, but a claim is wrong.
    #[error("bad claim: {0}")]
    Claim(ClaimFault),
    /// Expired; everything else is valid.
    #[error("expired")]
    Expired,
    /// An access token whose claims were renewed since it was issued; everything else is valid.
    #[error("outdated")]
    Outdated,
    /// `iat` or `nbf` is in the future: another node's clock is ahead.
    #[error("clock_skew")]
    NotYetValid,
    /// The cookie was sent more than once.
    #[error("duplicate_cookie")]
    Duplicate,
    /// The `Authorization` field has the scheme Bearer, but no valid token.
    #[error("malformed bearer")]
    Bearer,
}

impl TokenFault {
    /// Early tokens are never cleared: this node lags, not the client.
    pub const fn is_early(self) -> bool {
        matches!(self, Self::UnknownKey | Self::NotYetValid)
    }
}

/// The payload of a token whose signature was verified.
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

/// The exact first segment that we mint for each kind: comparing it fixes alg, typ and kid before
/// any JSON is read.
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

    /// Checks structure, key and signature, in this order; the content is read only afterwards
    /// (ASVS 9.1.1).
    pub(crate) fn verify(&self, token: &[u8], longest: usize) -> Result<Verified, TokenFault> {
        if token.len() > longest {
            return Err(TokenFault::TooLong);
        }
        let parts = Compact::split(token)?;
        if parts.payload.is_empty() {
            return Err(TokenFault::Malformed);
        }
        let key = if parts.header == self.header.0.as_bytes() {
            self.ring.signing()
        } else {
            self.select_key(&parts)?
        };
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
    header: &'a [u8],
    payload: &'a [u8],
    signature: &'a [u8],
    signed: &'a [u8],
}

impl<'a> Compact<'a> {
    fn split(token: &'a [u8]) -> Result<Self, TokenFault> {
        let mut dots = memchr::memchr_iter(b'.', token);
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(TokenFault::Malformed);
        };
        let part = |from: usize, to| token.get(from..to).unwrap_or_default();
        let (header, payload) = (part(0, first), part(first.saturating_add(1), second));
        let signature = part(second.saturating_add(1), token.len());
        if header.is_empty() || signature.is_empty() {
            return Err(TokenFault::Malformed);
        }
        Ok(Self { header, payload, signature, signed: part(0, second) })
    }

    fn header_json(&self) -> Result<String, TokenFault> {
        String::from_utf8(decode(self.header)?).map_err(|_| TokenFault::Header)
    }

    /// The payload, if the signature of this key is valid.
    fn signed_by(&self, key: &Key) -> Result<Vec<u8>, TokenFault> {
        let mut buffer = [0; MAX_SIGNATURE];
        // A signature that does not fit is longer than any configured key makes.
        let signature = base64url::decode_into(self.signature, &mut buffer).ok_or(TokenFault::Malformed)?;
        if key.verify(self.signed, signature) { decode(self.payload) } else { Err(TokenFault::Signature) }
    }
}

fn decode(segment: &[u8]) -> Result<Vec<u8>, TokenFault> {
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
