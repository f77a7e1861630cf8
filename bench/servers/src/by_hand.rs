//! The hand-written check of a JWT in a cookie.

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use crate::{Failure, USER};

const ISSUER: &str = "https://app.example";
const AUDIENCE: &str = "app";
const SECRET: [u8; 32] = [7; 32];

/// How most applications check a JWT in a cookie: jsonwebtoken, with the key and the `Validation`
/// built once.
pub struct ByHand {
    key: DecodingKey,
    validation: Validation,
}

/// The same claims as our tokens, so that both have the same length.
#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: u64,
    iat: u64,
    jti: String,
    sid: String,
    auth_time: u64,
}

impl ByHand {
    /// The name of its cookie: the same as ours, so that both heads have the same length.
    pub const COOKIE: &str = "__Host-access_token";

    #[expect(clippy::new_without_default, reason = "not needed")]
    pub fn new() -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        Self { key: DecodingKey::from_secret(&SECRET), validation }
    }

    /// The subject of the token.
    pub fn check(&self, token: &str) -> Option<String> {
        decode::<Claims>(token, &self.key, &self.validation).ok().map(|token| token.claims.sub)
    }

    /// A token that is valid for an hour.
    pub fn token(&self) -> Result<String, Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let claims = Claims {
            iss: ISSUER.into(),
            sub: USER.into(),
            aud: AUDIENCE.into(),
            exp: now + 3600,
            iat: now,
            jti: "AgICAgICAgICAgICAgICAg".into(),
            sid: "AQEBAQEBAQEBAQEBAQEBAQ".into(),
            auth_time: now,
        };
        let header =
            Header { typ: Some("at+jwt".into()), kid: Some("AAAAAAAAAAAA".into()), ..Header::default() };
        Ok(encode(&header, &claims, &EncodingKey::from_secret(&SECRET))?)
    }
}
