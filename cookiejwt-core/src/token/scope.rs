//! Scopes and roles in the claims of an access token.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::syntax::{Members, Text, strict_json};

/// The name of a scope (RFC 6749 §3.3): visible ASCII without space, `"` and `\`.
///
/// It stands in a challenge that leaves for the client, so its characters are checked when it is made. In a constant the
/// compiler does it:
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

/// A name that is none of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a scope is visible ASCII without space, \" and \\ (RFC 6749 section 3.3)")]
pub struct ScopeError(());

impl Scope {
    /// A scope that is written down in the program.
    ///
    /// # Panics
    /// When it is no name of a scope; in a constant it then does not compile. Elsewhere use `Scope::try_from`.
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
const fn is_scope_token(mut name: &[u8]) -> bool {
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

/// Claims that list names.
pub(crate) trait Lists {
    /// The claim whose value is one string of words.
    const WORDS: Option<&'static str>;
    /// The claim whose value is an array of strings.
    const ARRAY: &'static str;

    /// Whether a claim may list this name.
    fn is_name(name: &str) -> bool;
}

/// `scope` and `scopes`.
pub(crate) struct Scopes;

/// `roles`.
pub(crate) struct Roles;

impl Lists for Scopes {
    const WORDS: Option<&'static str> = Some("scope");
    const ARRAY: &'static str = "scopes";

    fn is_name(name: &str) -> bool {
        is_scope_token(name.as_bytes())
    }
}

impl Lists for Roles {
    const WORDS: Option<&'static str> = None;
    const ARRAY: &'static str = "roles";

    fn is_name(_: &str) -> bool {
        true
    }
}

/// Whether the claims of this payload list the name. One that is malformed lists nothing, and neither does its neighbour.
pub(crate) fn contains<L: Lists>(payload: &str, name: &str) -> bool {
    let search = Search::<L> { name, found: false, lists: std::marker::PhantomData };
    strict_json::read_object(payload, search).is_ok_and(|search| search.found)
}

struct Search<'a, L> {
    name: &'a str,
    found: bool,
    lists: std::marker::PhantomData<L>,
}

impl<'de, L: Lists> Members<'de> for Search<'_, L> {
    const NESTED: bool = true;

    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        if L::WORDS == Some(name) {
            let words = map.next_value_seed(Text)?;
            self.found |= list::<L, A::Error>(words.split(' ').filter(|_| !words.is_empty()), self.name)?;
        } else if L::ARRAY == name {
            self.found |= map.next_value_seed(Array::<L>(self.name, std::marker::PhantomData))?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }
}

fn list<'n, L: Lists, E: Error>(names: impl Iterator<Item = &'n str>, sought: &str) -> Result<bool, E> {
    let mut found = false;
    for name in names {
        if !L::is_name(name) {
            return Err(E::custom("no name"));
        }
        found |= name == sought;
    }
    Ok(found)
}

struct Array<'a, L>(&'a str, std::marker::PhantomData<L>);

impl<'de, L: Lists> DeserializeSeed<'de> for Array<'_, L> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, L: Lists> Visitor<'de> for Array<'_, L> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(name) = seq.next_element_seed(Text)? {
            found |= list::<L, A::Error>(std::iter::once(&*name), self.0)?;
        }
        Ok(found)
    }
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
            assert_eq!(contains::<Scopes>(claims, "write"), carried, "{rule}");
        }
        assert!(!contains::<Scopes>(r#"{"scope":""}"#, ""), "nothing is no name");
        assert!(!contains::<Scopes>(r#"{"scope":"a b"}"#, "a b"), "two words are no name");
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
            assert_eq!(contains::<Roles>(claims, "site admin"), has, "{rule}");
        }
    }
}
