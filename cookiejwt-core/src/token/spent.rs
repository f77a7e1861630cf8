//! What counts once, however often it is presented.

use crate::{keys::digest, session::Realm, syntax::base64url};

/// The name of something that counts once: a pending login, a link, a one-time code of an account.
///
/// A hash, so that a row tells nothing about whose code it was, and so that every database can
/// compare it byte for byte. It has no key: a key change would otherwise let everything be spent
/// again that was made before it. OWASP ASVS 5.0 6.5.1 requires that codes and links count once.
///
/// ```
/// use cookiejwt_core::store::{Realm, SpentId};
///
/// let staff = Realm::from("staff");
/// let code = SpentId::new(&staff, "totp", &["42", "59865428"]);
/// assert_eq!(code.as_str().len(), SpentId::LENGTH);
/// assert_ne!(code, SpentId::new(&Realm::default(), "totp", &["42", "59865428"]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpentId(Box<str>);

impl SpentId {
    /// How many characters it has, all of them URL-safe base64.
    pub const LENGTH: usize = 43;

    /// What the parts say together, for one purpose in one user table. No two lists of parts give
    /// the same name.
    pub fn new(realm: &Realm, purpose: &str, parts: &[&str]) -> Self {
        let parts = [realm.as_str(), purpose].into_iter().chain(parts.iter().copied());
        Self(base64url::encode(digest(parts.map(str::as_bytes))).into())
    }

    /// The name as it is in the row.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SpentId {
    /// For the tests of a store, which may use names of their own.
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn id(realm: &str, purpose: &str, parts: &[&str]) -> SpentId {
        SpentId::new(&realm.into(), purpose, parts)
    }

    #[test]
    fn whatever_differs_is_another_name() {
        let names = [
            id("", "link", &["a"]),
            id("staff", "link", &["a"]),
            id("Staff", "link", &["a"]),
            id("", "pending", &["a"]),
            id("link", "", &["a"]),
            id("", "link", &["A"]),
            id("", "link", &[]),
            id("", "link", &[""]),
            id("", "link", &["a", ""]),
            id("", "link", &["", "a"]),
            id("", "link", &["ab", "c"]),
            id("", "link", &["a", "bc"]),
            id("", "link", &["abc"]),
            id("", "linka", &[]),
        ];
        for name in &names {
            assert_eq!(name.as_str().len(), SpentId::LENGTH);
            assert!(name.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        }
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    }

    /// A row of an older version has to be found by a newer one: the value is part of the format.
    #[test]
    fn the_name_is_stable() {
        let name = id("staff", "totp", &["42", "59865428"]);
        assert_eq!(name.as_str(), "xzTtug1XjevnuMeceZ1r5C4rqEgB-gr7hZDe2zAqVbQ");
    }
}
