//! The ids of users, user tables, sessions and tokens.

use std::{fmt, str::FromStr};

use crate::syntax::base64url;

/// The user that a token is about: the `sub` claim (RFC 7519 §4.1.2), the id of a row in the
/// application's user table.
///
/// It is a string on the wire, so that integers, UUIDs and names all fit. It is compared byte for
/// byte.
///
/// ```
/// use cookiejwt_core::Subject;
///
/// let subject = Subject::from(42);
/// assert_eq!(subject.as_str(), "42");
/// assert_eq!(subject.parse::<i64>(), Ok(42));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(Box<str>);

impl Subject {
    /// The longest subject in bytes that a token can be minted for; every database can index it.
    pub const MAX_LENGTH: usize = 191;

    /// The subject as it appears in the token.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the subject as the type of the application's key, for instance `i64` or `uuid::Uuid`.
    pub fn parse<T: FromStr>(&self) -> Result<T, T::Err> {
        self.0.parse()
    }
}

impl From<i64> for Subject {
    fn from(id: i64) -> Self {
        Self(id.to_string().into())
    }
}

impl From<String> for Subject {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl From<&str> for Subject {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.0.into()
    }
}

#[cfg(feature = "uuid")]
impl From<uuid::Uuid> for Subject {
    fn from(id: uuid::Uuid) -> Self {
        Self(id.to_string().into())
    }
}

#[cfg(feature = "uuid")]
impl TryFrom<&Subject> for uuid::Uuid {
    type Error = uuid::Error;

    fn try_from(subject: &Subject) -> Result<Self, Self::Error> {
        subject.parse()
    }
}

impl TryFrom<&Subject> for i64 {
    type Error = std::num::ParseIntError;

    fn try_from(subject: &Subject) -> Result<Self, Self::Error> {
        subject.parse()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({:?})", &*self.0)
    }
}

/// Which user table a token, a session and an authenticator belong to: the `realm` claim.
///
/// Two user tables (customers and staff, each with ids from 1) require two realms, so that user 1
/// of one table is never taken for user 1 of the other. An application with one user table leaves
/// it empty. Realms compare byte for byte.
///
/// ```
/// use cookiejwt_core::store::Realm;
///
/// assert!(Realm::default().is_empty());
/// assert_eq!(Realm::from("staff").as_str(), "staff");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Realm(Box<str>);

impl Realm {
    /// The longest realm in bytes; every database can index it together with a subject.
    pub const MAX_LENGTH: usize = 32;

    /// The realm as it appears in the token and in the row.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the realm of an application with one user table.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Realm {
    fn from(realm: &str) -> Self {
        Self(realm.into())
    }
}

impl From<String> for Realm {
    fn from(realm: String) -> Self {
        Self(realm.into())
    }
}

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// From 128 random bits (OWASP ASVS 11.5.1: from a cryptographic generator, not a
            /// UUID).
            pub fn from_random(bytes: [u8; 16]) -> Self {
                Self(base64url::encode(bytes).into())
            }

            /// The id as it appears in the token: 22 characters of base64url.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            /// Restores an id from a store.
            fn from(id: String) -> Self {
                Self(id.into())
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), &*self.0)
            }
        }
    };
}

random_id! {
    /// The session that a token belongs to: the `sid` claim. It identifies a session and grants
    /// nothing on its own.
    SessionId
}

random_id! {
    /// One single token: the `jti` claim (RFC 7519 §4.1.7).
    TokenId
}

/// The new ids that one rotation needs; the core has no source of random numbers.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "drivers construct it")]
pub struct RefreshIds {
    /// `jti` of the next refresh token.
    pub refresh: TokenId,
    /// `jti` of the access token that is minted with it.
    pub access: TokenId,
}

/// The new ids that one login needs.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "drivers construct it")]
pub struct LoginIds {
    /// `sid` of the new session.
    pub session: SessionId,
    /// `jti` of its first refresh token.
    pub refresh: TokenId,
    /// `jti` of its first access token.
    pub access: TokenId,
}

impl RefreshIds {
    /// From 256 random bits.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        let (refresh, access) = halves(bytes);
        Self { refresh: TokenId::from_random(refresh), access: TokenId::from_random(access) }
    }
}

impl LoginIds {
    /// From 384 random bits.
    pub fn from_random(session: [u8; 16], tokens: [u8; 32]) -> Self {
        let RefreshIds { refresh, access } = RefreshIds::from_random(tokens);
        Self { session: SessionId::from_random(session), refresh, access }
    }
}

fn halves(bytes: [u8; 32]) -> ([u8; 16], [u8; 16]) {
    let (mut left, mut right) = ([0; 16], [0; 16]);
    let (first, second) = bytes.split_at(16);
    left.copy_from_slice(first);
    right.copy_from_slice(second);
    (left, right)
}
