//! Two configurations of one process: whether one would accept the tokens of the other.

use super::Config;

/// What two configurations share but must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SharedTokens {
    /// Secret, issuer, an audience and the realm: each accepts every token of the other.
    Realm,
    /// The key of access tokens, the issuer and an audience, with different realms: services that
    /// verify with the public key do not know realms, so they take user 1 of one for user 1 of the
    /// other.
    Audience,
}

impl Config {
    /// Whether one of these two configurations, or a service that verifies tokens, would accept the
    /// tokens of the other.
    ///
    /// The published keys of the testing module protect nothing, so they are exempt.
    ///
    /// ```
    /// use cookiejwt_core::{Config, Secret, fault::SharedTokens};
    ///
    /// let secret = Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=").unwrap();
    /// let config = || Config::builder().secret(secret.clone()).issuer("https://id.example").audience("shop");
    /// let (customers, staff) = (config().build().unwrap(), config().realm("staff").build().unwrap());
    /// assert_eq!(customers.shares_tokens_with(&customers.clone()), Some(SharedTokens::Realm));
    /// assert_eq!(customers.shares_tokens_with(&staff), None);
    /// ```
    pub fn shares_tokens_with(&self, other: &Self) -> Option<SharedTokens> {
        let audience = self.audience.iter().any(|entry| other.audience.contains(entry));
        if self.issuer != other.issuer || !audience || self.keys.secret.is_published() {
            return None;
        }
        if self.realm == other.realm {
            return self.shares_secret_with(other).then_some(SharedTokens::Realm);
        }
        self.shares_access_key_with(other).then_some(SharedTokens::Audience)
    }

    fn shares_secret_with(&self, other: &Self) -> bool {
        let secrets = |config: &Self| {
            let previous = config.keys.previous.iter().map(super::Secret::as_bytes);
            previous.chain([config.keys.secret.as_bytes()]).map(<[u8]>::to_vec).collect::<Vec<_>>()
        };
        let theirs = secrets(other);
        secrets(self).iter().any(|secret| theirs.contains(secret))
    }

    /// Derived keys differ with the realm, so only a key pair can be shared.
    fn shares_access_key_with(&self, other: &Self) -> bool {
        let signing = |config: &Self| config.keys.signing.as_ref().map(|key| key.public_key().thumbprint());
        let ours = signing(self);
        ours.is_some() && ours == signing(other)
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::SharedTokens::{Audience, Realm};
    use crate::{
        config::{Config, ConfigBuilder, Secret},
        internal::test_keys::{ED25519, ED25519_OTHER},
        keys::{Algorithm, PrivateKey},
        testing,
    };

    const SECRETS: [&str; 2] =
        ["NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=", "q6NNIpG9d1Ic6DqDGHdBaMNUJdzEwXmwi+CpGW9KEpM="];

    fn secret(index: usize) -> Secret {
        Secret::from_base64(SECRETS[index]).unwrap()
    }

    fn base() -> ConfigBuilder {
        Config::builder().secret(secret(0)).issuer("https://id.example").audience("shop")
    }

    fn key(pem: &str) -> PrivateKey {
        PrivateKey::from_pem(Algorithm::EdDsa, pem).unwrap()
    }

    #[allow(clippy::large_stack_arrays, reason = "one table of builders")]
    #[test]
    fn who_shares_tokens_with_whom() {
        let other_secret =
            || Config::builder().secret(secret(1)).issuer("https://id.example").audience("shop");
        let previous = || other_secret().previous_secret(secret(0));
        let signed = |pem| base().signing_key(key(pem));
        let test = testing::config;
        for (rule, one, other, expected) in [
            ("one environment", base(), base().access_name("__Host-a"), Some(Realm)),
            ("an audience more", base(), base().audience("staff"), Some(Realm)),
            ("a previous secret", base(), previous(), Some(Realm)),
            ("another realm", base(), base().realm("staff"), None),
            ("another secret", base(), other_secret(), None),
            (
                "another issuer",
                base(),
                Config::builder().secret(secret(0)).issuer("https://other.example").audience("shop"),
                None,
            ),
            (
                "another audience",
                base(),
                Config::builder().secret(secret(0)).issuer("https://id.example").audience("staff"),
                None,
            ),
            ("one key pair, two realms", signed(ED25519), signed(ED25519).realm("staff"), Some(Audience)),
            ("two key pairs, two realms", signed(ED25519), signed(ED25519_OTHER).realm("staff"), None),
            ("one key pair, one realm", signed(ED25519), signed(ED25519), Some(Realm)),
            ("the published keys of tests", test(), test().access_name("__Host-a"), None),
        ] {
            let (one, other) = (one.build().unwrap(), other.build().unwrap());
            assert_eq!(one.shares_tokens_with(&other), expected, "{rule}");
            assert_eq!(other.shares_tokens_with(&one), expected, "{rule}, the other way round");
        }
    }
}
