//! Scopes and roles in the claims of an access token.

use std::{borrow::Cow, fmt};

use serde::Deserialize;

/// The name of a scope (RFC 6749 §3.3): visible ASCII without space, `"` and `\`.
///
/// It is sent to clients in a challenge, so its characters are checked when it is made. In a
/// constant the compiler checks them:
///
/// ```
/// use cookiejwt_core::Scope;
///
/// const WRITE: Scope = Scope::new("notes:write");
/// assert_eq!(WRITE.as_str(), "notes:write");
/// ```
///
/// ```compile_fail
/// # use cookiejwt_core::Scope;
/// const TWO: Scope = Scope::new("notes:read notes:write");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope(&'static str);

/// A text that is not the name of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a scope is visible ASCII without space, \" and \\ (RFC 6749 section 3.3)")]
pub struct ScopeError(());

impl Scope {
    /// A scope that is written in the program.
    ///
    /// # Panics
    /// Panics if the text is not the name of a scope; in a constant it then does not compile.
    /// Elsewhere use `Scope::try_from`.
    #[track_caller]
    pub const fn new(name: &'static str) -> Self {
        assert!(is_scope_token(name.as_bytes()), "a scope is visible ASCII without space, \" and \\");
        Self(name)
    }

    /// The name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl TryFrom<&'static str> for Scope {
    type Error = ScopeError;

    fn try_from(name: &'static str) -> Result<Self, ScopeError> {
        if is_scope_token(name.as_bytes()) { Ok(Self(name)) } else { Err(ScopeError(())) }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// `1*( %x21 / %x23-5B / %x5D-7E )`
pub(super) const fn is_scope_token(mut name: &[u8]) -> bool {
    if name.is_empty() {
        return false;
    }
    while let [first, rest @ ..] = name {
        if !matches!(first, 0x21 | 0x23..=0x5B | 0x5D..=0x7E) {
            return false;
        }
        name = rest;
    }
    true
}

/// The claims that list scopes: words of one string, and the entries of an array.
#[derive(Deserialize)]
struct ScopeClaims<'a> {
    #[serde(borrow, default)]
    scope: Cow<'a, str>,
    #[serde(borrow, default)]
    scopes: Vec<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct RoleClaims<'a> {
    #[serde(borrow, default)]
    roles: Vec<Cow<'a, str>>,
}

/// Whether the claims of a verified payload list the scope.
pub(crate) fn has_scope(payload: &str, name: &str) -> bool {
    scopes(payload).iter().any(|scope| scope == name)
}

/// The scopes that the claims of a verified payload list. When one of the two claims is malformed,
/// neither counts.
pub(crate) fn scopes(payload: &str) -> Vec<Cow<'_, str>> {
    let Ok(ScopeClaims { scope, scopes }) = serde_json::from_str(payload) else { return Vec::new() };
    let words: Vec<_> = match scope {
        words if words.is_empty() => Vec::new(),
        Cow::Borrowed(words) => words.split(' ').map(Cow::Borrowed).collect(),
        Cow::Owned(words) => words.split(' ').map(|word| Cow::Owned(word.to_owned())).collect(),
    };
    let names: Vec<_> = words.into_iter().chain(scopes).collect();
    let are_names = names.iter().all(|name| is_scope_token(name.as_bytes()));
    if are_names { names } else { Vec::new() }
}

/// Whether the claims of a verified payload list the role. A malformed claim lists none.
pub(crate) fn has_role(payload: &str, name: &str) -> bool {
    serde_json::from_str(payload).is_ok_and(|RoleClaims { roles }| roles.iter().any(|role| role == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_scopes() {
        for (rule, name, accepted) in [
            ("a word", "write", true),
            ("a colon", "notes:write", true),
            ("a URL", "https://api.example/notes.write", true),
            ("every punctuation that is allowed", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", true),
            ("nothing", "", false),
            ("a space", "notes write", false),
            ("a space at the end", "notes ", false),
            ("a quotation mark ends the parameter", "notes\", error=\"x", false),
            ("a backslash", "a\\b", false),
            ("a tab", "a\tb", false),
            ("a line break splits the header", "a\r\nSet-Cookie: x", false),
            ("a NUL", "a\0", false),
            ("DEL", "a\x7f", false),
            ("not ASCII", "schrëiben", false),
        ] {
            assert_eq!(Scope::try_from(name).is_ok(), accepted, "{rule}");
            assert_eq!(std::panic::catch_unwind(|| Scope::new(name)).is_ok(), accepted, "{rule}");
        }
    }

    #[test]
    fn scopes_of_a_token() {
        for (rule, claims, carried) in [
            ("one word", r#"{"scope":"write"}"#, true),
            ("a word among others", r#"{"scope":"read write admin"}"#, true),
            ("an entry of an array", r#"{"scopes":["read","write"]}"#, true),
            ("either of two claims", r#"{"scope":"read","scopes":["write"]}"#, true),
            ("an escaped word is the same word", r#"{"scope":"\u0077rite"}"#, true),
            ("behind nested claims", r#"{"a":{"scope":1},"scope":"write"}"#, true),
            ("no claim", r#"{"sub":"1"}"#, false),
            ("an empty string", r#"{"scope":""}"#, false),
            ("an empty array", r#"{"scopes":[]}"#, false),
            ("a word that only begins alike", r#"{"scope":"writer"}"#, false),
            ("a word that only ends alike", r#"{"scope":"overwrite"}"#, false),
            ("another case", r#"{"scope":"Write"}"#, false),
            ("inside another claim", r#"{"a":{"scope":"write"}}"#, false),
            ("a role is no scope", r#"{"roles":["write"]}"#, false),
            ("an array where a string belongs", r#"{"scope":["write"]}"#, false),
            ("a string where an array belongs", r#"{"scopes":"write"}"#, false),
            ("a number", r#"{"scope":1}"#, false),
            ("null", r#"{"scope":null}"#, false),
            ("an object", r#"{"scopes":{"write":true}}"#, false),
            ("one entry that is no string", r#"{"scopes":["write",1]}"#, false),
            ("two words in one entry", r#"{"scopes":["write read","write"]}"#, false),
            ("a tab between words", r#"{"scope":"read\twrite write"}"#, false),
            ("two spaces", r#"{"scope":"read  write"}"#, false),
            ("a space before", r#"{"scope":" write"}"#, false),
            ("a word that is no name", r#"{"scope":"write ö"}"#, false),
            (
                "one claim malformed: the other says nothing either",
                r#"{"scope":7,"scopes":["write"]}"#,
                false,
            ),
        ] {
            assert_eq!(has_scope(claims, "write"), carried, "{rule}");
        }
        assert!(!has_scope(r#"{"scope":""}"#, ""), "nothing is no name");
        assert!(!has_scope(r#"{"scope":"a b"}"#, "a b"), "two words are no name");
        assert_eq!(scopes(r#"{"scope":"a \u0062","scopes":["c"]}"#), ["a", "b", "c"], "all of both claims");
        assert!(scopes(r#"{"scope":"a  b"}"#).is_empty(), "a malformed claim lists none");
    }

    #[test]
    fn roles_of_a_token() {
        for (rule, claims, has) in [
            ("an entry", r#"{"roles":["reader","site admin"]}"#, true),
            ("no claim", "{}", false),
            ("another entry", r#"{"roles":["site admins"]}"#, false),
            ("a string", r#"{"roles":"site admin"}"#, false),
            ("one entry that is no string", r#"{"roles":["site admin",null]}"#, false),
            ("a scope is no role", r#"{"scopes":["site admin"],"scope":"site admin"}"#, false),
            ("a malformed scope is none of its business", r#"{"scope":7,"roles":["site admin"]}"#, true),
        ] {
            assert_eq!(has_role(claims, "site admin"), has, "{rule}");
        }
    }
}
