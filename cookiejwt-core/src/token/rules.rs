//! What the tokens of one kind must contain: issuer, audience, realm and lifetimes.

use crate::{
    config::{Config, Expectations},
    session::Realm,
    token::{
        claims::{Expected, Parties},
        link::LONGEST_LINK,
        revocations::LONGEST_REVOCATIONS,
    },
};

/// The rules for access tokens, for refresh tokens, for links or for lists of revocations; times
/// are seconds.
pub(crate) struct TokenRules {
    issuer: String,
    audience: Vec<String>,
    /// `None` for a service that only verifies and takes the tokens of every user table.
    realm: Option<Realm>,
    life: i64,
    session_life: i64,
    leeway: i64,
}

impl TokenRules {
    pub(crate) fn access(config: &Config) -> Self {
        Self::with_life(config, config.ages.access)
    }

    pub(crate) fn refresh(config: &Config) -> Self {
        Self::with_life(config, config.ages.refresh)
    }

    pub(crate) fn link(config: &Config) -> Self {
        Self::with_life(config, LONGEST_LINK)
    }

    pub(crate) fn revocations(config: &Config) -> Self {
        Self::with_life(config, LONGEST_REVOCATIONS).about_revocations()
    }

    /// The lists of revocations of another service. Without a realm they are those of the one user
    /// table, since a list says nothing about the sessions of another one.
    pub(crate) fn revocations_of_another_service(expectations: &Expectations) -> Self {
        let rules = Self::of_another_service(expectations);
        let realm = Some(rules.realm.clone().unwrap_or_default());
        Self { realm, life: LONGEST_REVOCATIONS, ..rules }.about_revocations()
    }

    /// An audience that no access token has, which only names who may call the issuer's services.
    fn about_revocations(self) -> Self {
        Self { audience: vec![format!("{}/revoked", self.issuer)], ..self }
    }

    fn with_life(config: &Config, life: i64) -> Self {
        let Config { issuer, audience, realm, ages, .. } = config;
        Self {
            issuer: issuer.clone(),
            audience: audience.clone(),
            realm: Some(realm.clone()),
            life,
            session_life: ages.session,
            leeway: ages.leeway,
        }
    }

    pub(crate) fn of_another_service(expectations: &Expectations) -> Self {
        let Expectations { issuer, audience, realm, life, leeway, .. } = expectations;
        Self {
            issuer: issuer.clone(),
            audience: audience.clone(),
            realm: realm.clone(),
            life: *life,
            session_life: i64::MAX,
            leeway: *leeway,
        }
    }

    pub(crate) fn parties(&self) -> Parties<'_> {
        let Self { issuer, audience, realm, .. } = self;
        Parties { issuer, audience, realm: realm.as_ref().map(Realm::as_str) }
    }

    pub(crate) fn expected(&self) -> Expected<'_> {
        let Self { life, session_life, leeway, .. } = *self;
        Expected { parties: self.parties(), life, session_life, leeway }
    }
}
