//! Names and passwords as users type them: the same word, however a keyboard encodes it.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::hasher::{PasswordHasher, PasswordMatch};
use crate::errors::{PasswordError, PasswordRefusal};

/// A password longer than this is refused at every door, and matches no hash; it is checked before
/// any hashing.
pub(crate) const MAX_PASSWORD_BYTES: usize = 1024;
/// The shortest new password, in characters (NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 6.2.1). There
/// are no rules of composition.
const MIN_PASSWORD_CHARACTERS: usize = 8;
/// NFC makes of three bytes one at best, so nothing longer can become short enough.
const MAX_TYPED_BYTES: usize = 3 * MAX_PASSWORD_BYTES;
/// NFC makes of one byte three at worst.
const GROWTH: usize = 3;

/// A login name without white space at its ends, in NFC: a keyboard adds a blank after what it
/// completes, and macOS writes `é` as two characters. Also whether a user can have that name: no
/// name has a control character, and PostgreSQL cannot even compare NUL.
pub(crate) fn login_name(typed: &str) -> (String, bool) {
    let name: String = typed.trim().nfc().collect();
    let is_possible = !name.chars().any(char::is_control);
    (name, is_possible)
}

/// A password as it is hashed, and as it was typed where the two differ.
pub(crate) struct TypedPassword {
    prepared: Zeroizing<String>,
    as_typed: Option<Zeroizing<String>>,
}

impl TypedPassword {
    /// Prepares a password as the profile `OpaqueString` does (RFC 8265 §4.2): every blank is
    /// U+0020, and the rest is in NFC. No character is refused. `None` when it has more than 1024
    /// bytes then.
    pub(crate) fn read(typed: &str) -> Option<Self> {
        if typed.is_ascii() {
            let fits = typed.len() <= MAX_PASSWORD_BYTES;
            return fits.then(|| Self { prepared: Zeroizing::new(typed.to_owned()), as_typed: None });
        }
        if typed.len() > MAX_TYPED_BYTES {
            return None;
        }
        // Large enough from the start: a string that grows leaves copies in memory.
        let mut prepared = Zeroizing::new(String::with_capacity(GROWTH * typed.len()));
        prepared
            .extend(typed.chars().map(|character| if is_blank(character) { ' ' } else { character }).nfc());
        let differs = *prepared != typed && typed.len() <= MAX_PASSWORD_BYTES;
        let as_typed = differs.then(|| Zeroizing::new(typed.to_owned()));
        (prepared.len() <= MAX_PASSWORD_BYTES).then_some(Self { prepared, as_typed })
    }

    /// A new password, which has 8 characters at least.
    pub(crate) fn new(typed: &str) -> Result<Self, PasswordError> {
        let password = Self::read(typed).ok_or(PasswordRefusal::TOO_LONG)?;
        let is_long_enough = password.prepared.chars().nth(MIN_PASSWORD_CHARACTERS - 1).is_some();
        if is_long_enough { Ok(password) } else { Err(PasswordRefusal::TOO_SHORT.into()) }
    }

    /// Matches nothing, and takes the time of one comparison.
    pub(crate) fn empty() -> Self {
        Self { prepared: Zeroizing::default(), as_typed: None }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.prepared
    }

    /// Whether the hash belongs to it. A hash of a time when passwords were taken as they came is
    /// tried as well, and is then outdated. How many comparisons that makes depends on the password
    /// alone, so that the time reveals nothing about the row.
    pub(crate) fn compare(&self, hasher: &dyn PasswordHasher, hash: &str) -> PasswordMatch {
        let found = hasher.verify(&self.prepared, hash);
        let as_typed = self.as_typed.as_ref().map(|typed| hasher.verify(typed, hash));
        match as_typed {
            Some(old) if old.is_match() && !found.is_match() => PasswordMatch::YesOutdated,
            _ => found,
        }
    }
}

/// The characters of the category Zs but for U+0020.
fn is_blank(character: char) -> bool {
    matches!(
        character,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_name_is_the_same_however_it_is_typed() {
        for (rule, typed, name, is_possible) in [
            ("plain", "alice", "alice", true),
            ("a blank behind it", "alice ", "alice", true),
            ("a blank before it", " alice", "alice", true),
            ("a no-break space", "\u{a0}alice\u{a0}", "alice", true),
            ("an ideographic space", "\u{3000}alice", "alice", true),
            ("a tab and a line feed at the ends", "\talice\r\n", "alice", true),
            ("decomposed letters", "zoe\u{308}", "zo\u{eb}", true),
            ("a letter of compatibility stays", "\u{fb01}n", "\u{fb01}n", true),
            ("case stays", "Alice", "Alice", true),
            ("a blank inside stays", "al ice", "al ice", true),
            ("a zero-width space is none", "\u{200b}alice", "\u{200b}alice", true),
            ("NUL", "al\0ice", "al\0ice", false),
            ("NUL at the end is no white space", "alice\0", "alice\0", false),
            ("a line feed inside", "al\nice", "al\nice", false),
            ("delete", "al\u{7f}ice", "al\u{7f}ice", false),
            ("next line inside", "al\u{85}ice", "al\u{85}ice", false),
        ] {
            assert_eq!(login_name(typed), (name.to_owned(), is_possible), "{rule}");
        }
    }

    #[test]
    fn a_password_is_prepared_as_an_opaque_string() {
        for (rule, typed, prepared, differs) in [
            ("plain", "correct horse", "correct horse", false),
            ("nothing is trimmed", " pw ", " pw ", false),
            ("case stays", "Passw\u{f6}rd", "Passw\u{f6}rd", false),
            ("decomposed letters", "passwo\u{308}rd", "passw\u{f6}rd", true),
            ("Hangul", "\u{1112}\u{1161}\u{11ab}", "\u{d55c}", true),
            ("a letter of compatibility stays", "\u{fb01}n", "\u{fb01}n", false),
            ("a no-break space is a blank", "correct\u{a0}horse", "correct horse", true),
            ("an ideographic space is a blank", "\u{3000}", " ", true),
            ("control characters stay", "a\0b\u{e9}", "a\0b\u{e9}", false),
        ] {
            let password = TypedPassword::read(typed).unwrap();
            assert_eq!(password.as_str(), prepared, "{rule}");
            assert_eq!(password.as_typed.is_some(), differs, "{rule}");
        }
    }

    #[test]
    fn lengths() {
        let e = |count: usize| "e\u{301}".repeat(count);
        for (rule, typed, readable, new) in [
            ("seven characters", "1234567".to_owned(), true, false),
            ("eight", "12345678".to_owned(), true, true),
            ("seven characters of two bytes", "\u{e9}".repeat(7), true, false),
            ("seven letters typed as fourteen characters", e(7), true, false),
            ("eight of them", e(8), true, true),
            ("nothing at all", String::new(), true, false),
            ("1024 bytes", "x".repeat(1024), true, true),
            ("1025 bytes", "x".repeat(1025), false, false),
            ("1024 bytes of two each", "\u{e9}".repeat(512), true, true),
            ("1026 bytes of two each", "\u{e9}".repeat(513), false, false),
            ("1536 bytes that make 1024", e(512), true, true),
            ("1539 bytes that make 1026", e(513), false, false),
            ("3072 bytes that make 1024, less one", "\u{1112}\u{1161}\u{11ab}".repeat(341), true, true),
            ("what grows: 1023 bytes that make more", "\u{fb2c}".repeat(341), false, false),
            ("very long", "\u{e9}".repeat(1 << 20), false, false),
        ] {
            assert_eq!(TypedPassword::read(&typed).is_some(), readable, "{rule}");
            assert_eq!(TypedPassword::new(&typed).is_ok(), new, "{rule}");
        }
    }

    /// A string that had to grow would leave copies of the password in memory.
    #[test]
    fn nothing_grows_beyond_its_first_allocation() {
        for character in (0x80..=0x1_ffff).filter_map(char::from_u32) {
            let typed = character.to_string();
            let made: String = typed.nfc().collect();
            assert!(made.len() <= GROWTH * typed.len(), "{character:?}");
        }
    }
}
