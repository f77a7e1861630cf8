//! Text from outside, without the line breaks that could forge a log line.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

/// An id for one line of a log. Control characters, and the quotes that could end a field, are
/// escaped.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'\\".contains(&byte);
    if text.bytes().all(is_plain) {
        return text.into();
    }
    text.escape_debug().to_string().into()
}

/// A sentence for one line of a log: as [`printable`], but its quotes stay.
pub(crate) struct Line<'a, T: ?Sized>(pub(crate) &'a T);

impl<T: fmt::Display + ?Sized> fmt::Display for Line<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping(f), "{}", self.0)
    }
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| match character {
            '"' | '\'' => self.0.write_char(character),
            character => write!(self.0, "{}", character.escape_debug()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_ends_a_line_or_a_field() {
        for (rule, text, id, sentence) in [
            ("plain", "user-42_~.@x", "user-42_~.@x", "user-42_~.@x"),
            ("blank", "a b", "a b", "a b"),
            ("letters of other alphabets", "zoë", "zoë", "zoë"),
            ("line feed", "a\nb", r"a\nb", r"a\nb"),
            ("carriage return", "a\rb", r"a\rb", r"a\rb"),
            ("tab and nul", "a\t\0b", r"a\t\0b", r"a\t\0b"),
            ("escape sequence of a terminal", "\x1b[2Ja", r"\u{1b}[2Ja", r"\u{1b}[2Ja"),
            ("delete and next line", "\u{7f}\u{85}", r"\u{7f}\u{85}", r"\u{7f}\u{85}"),
            ("line separator", "a\u{2028}b", r"a\u{2028}b", r"a\u{2028}b"),
            ("direction override", "a\u{202e}b", r"a\u{202e}b", r"a\u{202e}b"),
            ("quotes", r#"a" b='c'"#, r#"a\" b=\'c\'"#, r#"a" b='c'"#),
            ("what looks escaped already", r"a\nb", r"a\\nb", r"a\\nb"),
        ] {
            assert_eq!(printable(text), id, "{rule}");
            assert_eq!(Line(text).to_string(), sentence, "{rule}");
        }
    }
}
