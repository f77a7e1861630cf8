//! Who may read the list of revocations.

use std::fmt::{self, Display};

use cookiejwt_core::{Config, RevocationLevel, Scope, driver::RequestHead};
use http::HeaderName;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::errors::BuildError;

/// The shortest secret in bytes: 128 random bits in hexadecimal (OWASP ASVS 5.0 11.5.1).
const SHORTEST: usize = 32;

/// Who may read `GET revoked`: the services that verify this application's access tokens.
///
/// The list contains ids of sessions, which cannot be used to log in. It is not public, because it
/// shows how many users log out, and because strangers could use up the connections for long polls.
#[derive(Clone)]
pub struct RevokedReaders(Kind);

#[derive(Clone)]
enum Kind {
    Scope(Scope),
    Header(Box<str>, Zeroizing<String>),
}

impl RevokedReaders {
    /// Clients whose access token has this scope.
    ///
    /// # Panics
    /// If it is not a valid scope name. This happens when the application starts.
    #[track_caller]
    pub fn scope<S: TryInto<Scope, Error: Display>>(scope: S) -> Self {
        match scope.try_into() {
            Ok(scope) => Self(Kind::Scope(scope)),
            Err(error) => panic!("RevokedReaders::scope: {error}"),
        }
    }

    /// Clients that send this secret in the header field of this name. It has 32 bytes or more, and
    /// is compared in constant time.
    pub fn header(name: impl Into<String>, secret: impl Into<String>) -> Self {
        Self(Kind::Header(name.into().into(), Zeroizing::new(secret.into())))
    }

    pub(crate) fn check(&self, config: &Config) -> Result<(), BuildError> {
        if !config.signs_asymmetrically() {
            return Err(BuildError::RevokedRoute(
                "an asymmetric key (COOKIEJWT_KEYS_DIR or `.signing_key(…)`): whoever can verify a list that the secret signs \
                 can also mint tokens",
            ));
        }
        if config.revocation() != RevocationLevel::Feed {
            return Err(BuildError::RevokedRoute(
                "COOKIEJWT_REVOCATION=feed: at the other levels this node does not know what other nodes revoke",
            ));
        }
        match &self.0 {
            Kind::Header(name, _) if HeaderName::from_bytes(name.as_bytes()).is_err() => {
                Err(BuildError::RevokedRoute("the name of a header field, such as x-revoked-key"))
            }
            Kind::Header(_, secret) if secret.len() < SHORTEST => Err(BuildError::RevokedRoute(
                "a secret of 32 bytes or more, such as the output of `openssl rand -hex 32`",
            )),
            _ => Ok(()),
        }
    }

    /// The scope that a reader needs, if they are recognized by their access token.
    pub(crate) fn required_scope(&self) -> Option<Scope> {
        match &self.0 {
            Kind::Scope(scope) => Some(*scope),
            Kind::Header(..) => None,
        }
    }

    /// Whether the request has the secret, once.
    pub(crate) fn has_secret(&self, head: &RequestHead<'_>) -> bool {
        let Kind::Header(name, secret) = &self.0 else { return false };
        let sent = HeaderName::from_bytes(name.as_bytes()).ok().and_then(|name| head.text(&name));
        sent.is_some_and(|sent| bool::from(sent.as_bytes().ct_eq(secret.as_bytes())))
    }
}

impl fmt::Debug for RevokedReaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Scope(scope) => write!(f, "RevokedReaders(scope {scope:?})"),
            Kind::Header(name, _) => write!(f, "RevokedReaders({name}: [redacted])"),
        }
    }
}
