//! How claims are verified: every token below is signed with the right key.

mod minting;
mod shapes;
mod times;

use super::{ClaimFault, RESERVED};
use crate::{
    decide::Core,
    testing,
    token::{AccessToken, RefreshToken, jws::TokenFault},
};

/// When the tokens below are issued.
const NOW: i64 = 1_767_268_800;
const LIFE: i64 = 300;
const IDLE: i64 = 86_400;
const ABSOLUTE: i64 = 30 * IDLE;

/// Names and values as they stand in the JSON, in order.
#[derive(Clone)]
struct Claims(Vec<(String, String)>);

impl Claims {
    fn access() -> Self {
        Self::new(&[
            ("iss", format!("{:?}", testing::ISSUER)),
            ("sub", "\"42\"".into()),
            ("aud", format!("[{:?}]", testing::AUDIENCE)),
            ("exp", (NOW + LIFE).to_string()),
            ("iat", NOW.to_string()),
            ("jti", "\"token\"".into()),
            ("sid", "\"session\"".into()),
        ])
    }

    fn refresh() -> Self {
        Self::new(&[
            ("iss", format!("{:?}", testing::ISSUER)),
            ("sub", "\"42\"".into()),
            ("aud", format!("[{:?}]", testing::AUDIENCE)),
            ("exp", (NOW + IDLE).to_string()),
            ("iat", NOW.to_string()),
            ("jti", "\"token\"".into()),
            ("sid", "\"session\"".into()),
            ("auth_time", NOW.to_string()),
            ("session_exp", (NOW + ABSOLUTE).to_string()),
            ("remember", "true".into()),
        ])
    }

    fn new(claims: &[(&str, String)]) -> Self {
        Self(claims.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    fn without(mut self, name: &str) -> Self {
        self.0.retain(|(claim, _)| claim != name);
        self
    }

    /// In place of the one of this name, or at the end.
    fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        match self.0.iter_mut().find(|(claim, _)| claim == name) {
            Some((_, old)) => *old = format!("{value}"),
            None => self.0.push((name.into(), format!("{value}"))),
        }
        self
    }

    /// At the end, whether it is there or not.
    fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    fn json(&self) -> String {
        let members: Vec<_> = self.0.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    }
}

fn verify_access(core: &Core, payload: &str, now: i64) -> Result<AccessToken, TokenFault> {
    let token = core.parts().access.jws().sign(payload).unwrap();
    core.parts().access.in_header(token.as_bytes(), now).map(|presented| presented.token)
}

fn verify_refresh(core: &Core, payload: &str, now: i64) -> Result<RefreshToken, TokenFault> {
    let token = core.parts().refresh.jws().sign(payload).unwrap();
    core.parts().refresh.in_body(token.as_bytes(), now)
}

fn access_fault(claims: &Claims, now: i64) -> Option<TokenFault> {
    verify_access(&testing::core(), &claims.json(), now).err()
}

fn refresh_fault(claims: &Claims, now: i64) -> Option<TokenFault> {
    verify_refresh(&testing::core(), &claims.json(), now).err()
}

fn claim(fault: ClaimFault) -> TokenFault {
    TokenFault::Claim(fault)
}

#[test]
fn what_is_complete_is_accepted() {
    let core = testing::core();
    let access = verify_access(&core, &Claims::access().json(), NOW).unwrap();
    let claims = access.claims();
    assert_eq!(claims.subject.as_str(), "42");
    assert_eq!((claims.session_id.as_str(), claims.token_id.as_str()), ("session", "token"));
    assert_eq!((claims.issued_at, claims.not_before, claims.expires_at), (NOW, NOW, NOW + LIFE));
    assert_eq!(claims.auth_time, None);
    let refresh = verify_refresh(&core, &Claims::refresh().json(), NOW).unwrap();
    assert_eq!(refresh.text, core.parts().refresh.jws().sign(&Claims::refresh().json()).unwrap());
    let claims = refresh.claims;
    assert_eq!(claims.subject.as_str(), "42");
    assert_eq!((claims.session_id.as_str(), claims.token_id.as_str()), ("session", "token"));
    assert_eq!((claims.issued_at, claims.expires_at, claims.auth_time), (NOW, NOW + IDLE, NOW));
    assert_eq!((claims.session_ends_at, claims.remember), (NOW + ABSOLUTE, true));
}
