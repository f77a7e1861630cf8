//! Claims as the JSON text that is signed.

use serde::{Serialize, ser::SerializeMap as _};

use super::{AccessClaims, CustomClaims, Parties, REFRESH_JTI, REPLACES, RefreshClaims};

pub(super) fn to_json(payload: &impl Serialize) -> String {
    // Strings, integers and JSON values cannot fail to serialise.
    serde_json::to_string(payload).unwrap_or_default()
}

pub(super) struct AccessPayload<'a> {
    pub(super) claims: &'a AccessClaims,
    pub(super) parties: Parties<'a>,
    pub(super) custom: &'a CustomClaims,
}

impl Serialize for AccessPayload<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let claims = self.claims;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("iss", self.parties.issuer)?;
        map.serialize_entry("sub", claims.subject.as_str())?;
        map.serialize_entry("aud", self.parties.audience)?;
        map.serialize_entry("exp", &claims.expires_at)?;
        map.serialize_entry("iat", &claims.issued_at)?;
        map.serialize_entry("jti", claims.token_id.as_str())?;
        map.serialize_entry("sid", claims.session_id.as_str())?;
        if let Some(auth_time) = claims.auth_time {
            map.serialize_entry("auth_time", &auth_time)?;
        }
        if let Some(realm) = self.parties.written_realm() {
            map.serialize_entry("realm", realm)?;
        }
        if let Some(refresh_jti) = &claims.refresh_jti {
            map.serialize_entry(REFRESH_JTI, refresh_jti.as_str())?;
        }
        if let Some(replaces) = &claims.replaces {
            map.serialize_entry(REPLACES, replaces.as_str())?;
        }
        for (name, value) in &self.custom.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

pub(super) struct RefreshPayload<'a> {
    pub(super) claims: &'a RefreshClaims,
    pub(super) parties: Parties<'a>,
}

impl Serialize for RefreshPayload<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let claims = self.claims;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("iss", self.parties.issuer)?;
        map.serialize_entry("sub", claims.subject.as_str())?;
        map.serialize_entry("aud", self.parties.audience)?;
        map.serialize_entry("exp", &claims.expires_at)?;
        map.serialize_entry("iat", &claims.issued_at)?;
        map.serialize_entry("jti", claims.token_id.as_str())?;
        map.serialize_entry("sid", claims.session_id.as_str())?;
        map.serialize_entry("auth_time", &claims.auth_time)?;
        map.serialize_entry("session_exp", &claims.session_ends_at)?;
        map.serialize_entry("remember", &claims.remember)?;
        if let Some(realm) = self.parties.written_realm() {
            map.serialize_entry("realm", realm)?;
        }
        map.end()
    }
}
