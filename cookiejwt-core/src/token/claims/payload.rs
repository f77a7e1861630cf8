//! Claims as the JSON text that is signed.

use serde::{Serialize, ser::SerializeMap};

use super::{AccessClaims, CustomClaims, Parties, RefreshClaims};
use crate::{
    session::{Subject, TokenId},
    token::{
        facts::{Actor, Facts},
        proofs::MethodNames,
        reserved::{
            BEGAN_AT, DEVICE_BOUND, FACTS, REFRESH_JTI, REMEMBER, REMEMBER_FOR, REPLACES, STAMP, VERSION,
        },
    },
};

pub(super) fn to_json(payload: &impl Serialize) -> String {
    // Strings, integers and JSON values cannot fail to serialise.
    serde_json::to_string(payload).unwrap_or_default()
}

/// The registered claims that every kind of token begins with.
pub(super) struct Registered<'a> {
    pub(super) subject: &'a Subject,
    pub(super) token_id: &'a TokenId,
    pub(super) issued_at: i64,
    pub(super) expires_at: i64,
}

impl Registered<'_> {
    pub(super) fn write<M: SerializeMap>(self, map: &mut M, parties: Parties<'_>) -> Result<(), M::Error> {
        map.serialize_entry("iss", parties.issuer)?;
        map.serialize_entry("sub", self.subject.as_str())?;
        map.serialize_entry("aud", parties.audience)?;
        map.serialize_entry("exp", &self.expires_at)?;
        map.serialize_entry("iat", &self.issued_at)?;
        map.serialize_entry("jti", self.token_id.as_str())
    }
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
        let AccessClaims { subject, token_id, issued_at, expires_at, .. } = claims;
        Registered { subject, token_id, issued_at: *issued_at, expires_at: *expires_at }
            .write(&mut map, self.parties)?;
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
        if claims.version != 0 {
            map.serialize_entry(VERSION, &claims.version)?;
        }
        if claims.device_bound {
            map.serialize_entry(DEVICE_BOUND, &true)?;
        }
        if claims.ends_with_browser {
            map.serialize_entry(REMEMBER, &false)?;
        }
        let Facts { proofs, named, .. } = &claims.facts;
        if !proofs.is_empty() {
            map.serialize_entry("amr", &MethodNames(proofs))?;
        }
        write_facts(&mut map, &claims.facts)?;
        for (name, value) in named {
            map.serialize_entry(name, value)?;
        }
        for (name, value) in self.custom.0.iter().filter(|(name, _)| !named.contains_key(*name)) {
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
        let RefreshClaims { subject, token_id, issued_at, expires_at, .. } = claims;
        Registered { subject, token_id, issued_at: *issued_at, expires_at: *expires_at }
            .write(&mut map, self.parties)?;
        map.serialize_entry("sid", claims.session_id.as_str())?;
        map.serialize_entry("auth_time", &claims.auth_time)?;
        map.serialize_entry("session_exp", &claims.session_ends_at)?;
        map.serialize_entry(REMEMBER, &claims.remember)?;
        if let Some(realm) = self.parties.written_realm() {
            map.serialize_entry("realm", realm)?;
        }
        if claims.began_at != claims.auth_time {
            map.serialize_entry(BEGAN_AT, &claims.began_at)?;
        }
        if let Some(life) = &claims.remember_for {
            map.serialize_entry(REMEMBER_FOR, life)?;
        }
        if let Some(stamp) = &claims.stamp {
            map.serialize_entry(STAMP, stamp)?;
        }
        if claims.device_bound {
            map.serialize_entry(DEVICE_BOUND, &true)?;
        }
        write_facts(&mut map, &claims.facts)?;
        if !claims.facts.named.is_empty() {
            map.serialize_entry(FACTS, &claims.facts.named)?;
        }
        map.end()
    }
}

/// The facts that both kinds of token contain alike.
fn write_facts<M: SerializeMap>(map: &mut M, facts: &Facts) -> Result<(), M::Error> {
    if !facts.proofs.is_empty() {
        map.serialize_entry("proofs", &facts.proofs)?;
    }
    if let Some(acr) = &facts.acr {
        map.serialize_entry("acr", acr)?;
    }
    if let Some(actor) = &facts.actor {
        map.serialize_entry("act", &Act(actor))?;
    }
    Ok(())
}

/// The `act` claim.
struct Act<'a>(&'a Actor);

impl Serialize for Act<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("sub", self.0.subject().as_str())?;
        map.serialize_entry("sid", self.0.session_id().as_str())?;
        map.end()
    }
}
