//! What is true of a session and not of its user.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    session::{SessionId, Subject},
    token::{
        claims::{MintError, is_readable},
        method::Method,
        proofs::Proofs,
        reserved::{is_permission, is_reserved},
    },
};

/// What is true of a session and not of its user: how they proved who they are, the tenant that
/// they work in, who acts for them.
///
/// The tokens of a session contain its facts, so a refresh copies them without asking the store.
/// They never change: another tenant, or another proof, begins a new session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub(crate) proofs: Proofs,
    pub(crate) acr: Option<Box<str>>,
    pub(crate) actor: Option<Actor>,
    pub(crate) named: Map<String, Value>,
}

/// Who acts for the user of a session: the `act` claim (RFC 8693 §4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub(crate) subject: Subject,
    pub(crate) session: SessionId,
}

impl Actor {
    /// A user who acts from this session of theirs.
    pub const fn new(subject: Subject, session: SessionId) -> Self {
        Self { subject, session }
    }

    /// The user who acts.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Their own session: when it ends, so does the one in which they act.
    pub fn session_id(&self) -> &SessionId {
        &self.session
    }
}

impl Facts {
    /// The most JSON that the facts of a session are, in bytes.
    pub const LONGEST: usize = 512;

    /// The most facts of the application that a session has.
    pub const MOST_NAMED: usize = 16;

    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a proof by this method at this time.
    #[must_use]
    pub fn proved(self, method: Method, at: time::OffsetDateTime) -> Self {
        Self { proofs: self.proofs.with(method, at), ..self }
    }

    /// With the authentication context class that was reached (OIDC `acr`).
    #[must_use]
    pub fn with_acr(self, acr: impl Into<Box<str>>) -> Self {
        Self { acr: Some(acr.into()), ..self }
    }

    /// Of a session in which another user acts.
    #[must_use]
    pub fn acted_by(self, actor: Actor) -> Self {
        Self { actor: Some(actor), ..self }
    }

    /// With a fact of the application, such as a tenant.
    ///
    /// Fails if the name is that of a registered claim or of a permission (`scope`, `scopes`,
    /// `roles`), or if the value does not serialize.
    pub fn with(mut self, name: &str, value: &impl Serialize) -> Result<Self, MintError> {
        if name.is_empty() || is_reserved(name) || is_permission(name) {
            return Err(MintError::ReservedClaim(name.into()));
        }
        let value = serde_json::to_value(value);
        let value = value.map_err(|error| MintError::ClaimsNotAnObject(error.to_string()))?;
        self.named.insert(name.into(), value);
        Ok(self)
    }

    /// The same facts with those of `others`, which win where both have one of the same name. The
    /// proofs stay.
    #[must_use]
    pub fn replaced_by(mut self, others: &Self) -> Self {
        self.named.extend(others.named.clone());
        self
    }

    /// How the user proved who they are.
    pub fn proofs(&self) -> &Proofs {
        &self.proofs
    }

    /// The authentication context class that was reached (OIDC `acr`).
    pub fn acr(&self) -> Option<&str> {
        self.acr.as_deref()
    }

    /// Who acts for the user.
    pub fn actor(&self) -> Option<&Actor> {
        self.actor.as_ref()
    }

    /// A fact of the application; `None` if there is none of this name, or it is of another type.
    ///
    /// ```
    /// # use cookiejwt_core::Facts;
    /// let facts = Facts::new().with("tenant", &"acme").unwrap();
    /// assert_eq!(facts.get::<String>("tenant").as_deref(), Some("acme"));
    /// ```
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_value(self.named.get(name)?.clone()).ok()
    }

    /// Those of a login at this time: no proof is from the future, and where another user acts,
    /// there is none.
    pub(crate) fn of_login(self, now: i64) -> Self {
        match self.actor {
            Some(_) => Self { proofs: Proofs::new(), acr: None, ..self },
            None => Self { proofs: self.proofs.not_after(now), ..self },
        }
    }

    /// The `auth_time` of an access token. A user for whom another one acts has proved nothing.
    pub(crate) fn time_of_proof(&self, auth_time: i64) -> Option<i64> {
        self.actor.is_none().then_some(auth_time)
    }

    /// Whether a token has room for them.
    pub(crate) fn check(&self) -> Result<(), MintError> {
        let length = self.acr.as_deref().map_or(0, str::len);
        let named = serde_json::to_string(&self.named).unwrap_or_default();
        let length = if self.named.is_empty() { length } else { length.saturating_add(named.len()) };
        if length > Self::LONGEST {
            return Err(MintError::FactsTooLarge { length });
        }
        // One level deeper than in an access token, where they are members of the payload.
        let nested = Value::Object(Map::from_iter([("facts".to_owned(), self.named.clone().into())]));
        if self.named.len() > Self::MOST_NAMED || !is_readable(&nested) {
            return Err(MintError::ClaimsTooComplex);
        }
        if self.proofs.len() > Proofs::MOST {
            return Err(MintError::TooManyProofs);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_facts() {
        for name in ["tenant", "tenants", "Sub", "org_id"] {
            assert!(Facts::new().with(name, &1).is_ok(), "{name}");
        }
        for name in ["", "sub", "act", "version", "stamp", "scope", "scopes", "roles", "proofs", "cnf"] {
            assert_eq!(Facts::new().with(name, &1), Err(MintError::ReservedClaim(name.into())));
        }
    }

    #[test]
    fn how_large_facts_may_be() {
        let of = |length: usize| Facts::new().with("t", &"x".repeat(length)).unwrap().check();
        let around = r#"{"t":""}"#.len();
        assert_eq!(of(Facts::LONGEST - around), Ok(()));
        assert_eq!(of(Facts::LONGEST - around + 1), Err(MintError::FactsTooLarge { length: 513 }));
        let named = |count: usize| {
            (0..count).fold(Facts::new(), |facts, n| facts.with(&format!("f{n}"), &n).unwrap()).check()
        };
        assert_eq!((named(16), named(17)), (Ok(()), Err(MintError::ClaimsTooComplex)));
        let deep = |levels: usize| {
            let value: Value =
                serde_json::from_str(&format!("{}{}", "[".repeat(levels), "]".repeat(levels))).unwrap();
            Facts::new().with("deep", &value).unwrap().check()
        };
        assert_eq!((deep(14), deep(15)), (Ok(()), Err(MintError::ClaimsTooComplex)));
        let acr = Facts::new().with_acr("x".repeat(513)).check();
        assert_eq!(acr, Err(MintError::FactsTooLarge { length: 513 }));
        let at = time::OffsetDateTime::UNIX_EPOCH;
        let many = |count: usize| {
            (0..count)
                .fold(Facts::new(), |facts, n| facts.proved(format!("m{n}").parse().unwrap(), at))
                .check()
        };
        assert_eq!((many(8), many(9)), (Ok(()), Err(MintError::TooManyProofs)));
    }
}
