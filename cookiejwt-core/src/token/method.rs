//! The ways to prove who one is: values of RFC 8176.

use std::fmt;

/// The longest name of a method, in bytes.
const LONGEST: usize = 16;

/// A way in which a user proved who they are: a value of the `amr` claim (RFC 8176), 1 to 16
/// characters of `a-z`, `0-9`, `_` and `-`.
///
/// ```
/// use cookiejwt_core::Method;
///
/// const BADGE: Method = Method::new("badge");
/// assert_eq!(BADGE.as_str(), "badge");
/// assert_eq!("otp".parse(), Ok(Method::OTP));
/// assert!("One Time".parse::<Method>().is_err());
/// ```
///
/// In a constant the compiler checks the name:
///
/// ```compile_fail
/// # use cookiejwt_core::Method;
/// const TWO: Method = Method::new("pwd otp");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Method {
    bytes: [u8; LONGEST],
    length: u8,
}

/// A text that is not the name of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a method is 1 to 16 characters of a-z, 0-9, _ and -")]
pub struct MethodError(());

impl Method {
    /// A password.
    pub const PWD: Self = Self::new("pwd");
    /// A one-time code, such as TOTP or a recovery code.
    pub const OTP: Self = Self::new("otp");
    /// A key that cannot leave its hardware, such as a security key.
    pub const HWK: Self = Self::new("hwk");
    /// A key in software, such as a synchronised passkey.
    pub const SWK: Self = Self::new("swk");
    /// A code that was sent as a text message.
    pub const SMS: Self = Self::new("sms");
    /// A login at an identity provider. RFC 8176 has no value for it.
    pub const FED: Self = Self::new("fed");
    /// A link that was sent by mail. RFC 8176 has no value for it.
    pub const LINK: Self = Self::new("link");

    /// A method whose name is written in the program.
    ///
    /// # Panics
    /// Panics if the text is not the name of a method; in a constant it then does not compile.
    /// Elsewhere use [`str::parse`].
    #[track_caller]
    pub const fn new(name: &str) -> Self {
        match Self::read(name.as_bytes()) {
            Some(method) => method,
            None => panic_on_name(),
        }
    }

    #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "within the checked length")]
    #[expect(clippy::cast_possible_truncation, reason = "at most 16")]
    const fn read(name: &[u8]) -> Option<Self> {
        if name.is_empty() || name.len() > LONGEST {
            return None;
        }
        let (mut bytes, mut at) = ([0; LONGEST], 0);
        while at < name.len() {
            if !matches!(name[at], b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-') {
                return None;
            }
            bytes[at] = name[at];
            at += 1;
        }
        Some(Self { bytes, length: name.len() as u8 })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        let name = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(name).unwrap_or_default()
    }
}

#[track_caller]
#[expect(clippy::panic, reason = "documented: the name is part of the program")]
const fn panic_on_name() -> ! {
    panic!("the name of a method is 1 to 16 characters of a-z, 0-9, _ and -")
}

impl std::str::FromStr for Method {
    type Err = MethodError;

    fn from_str(name: &str) -> Result<Self, MethodError> {
        Self::read(name.as_bytes()).ok_or(MethodError(()))
    }
}

impl TryFrom<&str> for Method {
    type Error = MethodError;

    fn try_from(name: &str) -> Result<Self, MethodError> {
        name.parse()
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Method({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (rule, name, is_name) in [
            ("a value of RFC 8176", "hwk", true),
            ("every kind of character", "a9_-", true),
            ("sixteen characters", "abcdefghijklmnop", true),
            ("seventeen", "abcdefghijklmnopq", false),
            ("none", "", false),
            ("a capital", "Pwd", false),
            ("a space", "pwd otp", false),
            ("a quotation mark", "pwd\"", false),
            ("beyond ASCII", "é", false),
        ] {
            let read = name.parse::<Method>();
            assert_eq!(read.is_ok(), is_name, "{rule}");
            if let Ok(method) = read {
                assert_eq!((method.as_str(), &*format!("{method:?}")), (name, &*format!("Method({name})")));
            }
        }
    }
}
