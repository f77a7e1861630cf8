//! JSON objects without duplicate members (RFC 7515 §4; RFC 8259 §4 calls the outcome of duplicates
//! unpredictable).
//!
//! `serde_json` keeps the last duplicate silently, so two readers of one token could see two users.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

const MAX_DEPTH: u8 = 16;
const MAX_MEMBERS: usize = 256;
/// Hardly any token has more, so their names need one allocation.
const MEMBERS_OF_A_TOKEN: usize = 16;

/// Takes the members of an object that it knows.
pub(crate) trait Members<'de> {
    /// Whether values may themselves be objects or arrays.
    const NESTED: bool;

    /// Reads the value of a member that it knows and returns `true`; any other member is checked
    /// and dropped.
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error>;
}

/// Reads one object, with nothing after it.
pub(crate) fn read_object<'de, M: Members<'de>>(
    json: &'de str,
    mut members: M,
) -> Result<M, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(json);
    reader.deserialize_map(ObjectVisitor(&mut members))?;
    reader.end()?;
    Ok(members)
}

/// Every member of one object, with nothing after it, and without duplicates at any depth.
pub(crate) fn read_map(json: &str) -> Option<serde_json::Map<String, serde_json::Value>> {
    read_object(json, Unread).ok()?;
    serde_json::from_str(json).ok()
}

/// Takes no member.
pub(crate) struct Unread;

impl<'de> Members<'de> for Unread {
    const NESTED: bool = true;

    fn member<A: MapAccess<'de>>(&mut self, _: &str, _: &mut A) -> Result<bool, A::Error> {
        Ok(false)
    }
}

struct ObjectVisitor<'m, M>(&'m mut M);

impl<'de, M: Members<'de>> Visitor<'de> for ObjectVisitor<'_, M> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = Names(Vec::with_capacity(MEMBERS_OF_A_TOKEN));
        let depth = if M::NESTED { 1 } else { MAX_DEPTH };
        while let Some(name) = map.next_key_seed(Text)? {
            names.check(&name)?;
            if !self.0.member(&name, &mut map)? {
                map.next_value_seed(Unique { depth })?;
            }
            names.0.push(name);
        }
        Ok(())
    }
}

#[derive(Default)]
struct Names<'de>(Vec<Cow<'de, str>>);

impl Names<'_> {
    fn check<E: Error>(&self, name: &str) -> Result<(), E> {
        if self.0.len() >= MAX_MEMBERS {
            return Err(E::custom("too many members"));
        }
        // The first byte differs for most pairs, so hardly any is compared as a whole.
        let first = name.as_bytes().first();
        if self.0.iter().any(|seen| seen.as_bytes().first() == first && seen == name) {
            return Err(E::custom("duplicate member"));
        }
        Ok(())
    }
}

/// A string after unescaping, so that `\u0065xp` and `exp` are the same; borrowed where nothing was
/// escaped.
pub(crate) struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.into()))
    }
}

/// Walks any value and refuses duplicates at every depth.
struct Unique {
    depth: u8,
}

impl Unique {
    fn deeper<E: Error>(&self) -> Result<Self, E> {
        match self.depth {
            MAX_DEPTH.. => Err(E::custom("nested too deeply")),
            depth => Ok(Self { depth: depth.saturating_add(1) }),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let depth = self.deeper::<A::Error>()?.depth;
        while seq.next_element_seed(Unique { depth })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let depth = self.deeper::<A::Error>()?.depth;
        let mut names = Names::default();
        while let Some(name) = map.next_key_seed(Text)? {
            names.check(&name)?;
            map.next_value_seed(Unique { depth })?;
            names.0.push(name);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Any<const NESTED: bool>;

    impl<'de, const NESTED: bool> Members<'de> for Any<NESTED> {
        const NESTED: bool = NESTED;

        fn member<A: MapAccess<'de>>(&mut self, _: &str, _: &mut A) -> Result<bool, A::Error> {
            Ok(false)
        }
    }

    #[test]
    fn objects() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(15), "]".repeat(15));
        let deeper = format!("{{\"a\":{}1{}}}", "[".repeat(16), "]".repeat(16));
        let deepest = format!("{{\"a\":{}", "[".repeat(10_000));
        let wide: Vec<_> = (0..300).map(|n| format!("\"m{n}\":1")).collect();
        for (rule, json, accepted) in [
            ("plain", r#"{"a":1,"b":[1,{"c":null}]}"#, true),
            ("trailing white space", "{\"a\":1} \n", true),
            ("duplicate", r#"{"a":1,"a":1}"#, false),
            ("duplicate after unescaping", r#"{"exp":1,"\u0065xp":2}"#, false),
            ("duplicate inside", r#"{"a":{"b":1,"b":2}}"#, false),
            ("duplicate inside an array", r#"{"a":[{"b":1,"b":2}]}"#, false),
            ("at the depth limit", &deep, true),
            ("beyond the depth limit", &deeper, false),
            ("a nesting bomb", &deepest, false),
            ("too many members", &format!("{{{}}}", wide.join(",")), false),
            ("something behind", r#"{"a":1}{"a":1}"#, false),
            ("byte order mark", "\u{feff}{}", false),
            ("lone surrogate", r#"{"a":"\ud800"}"#, false),
            ("not an object", "[1]", false),
        ] {
            assert_eq!(read_object(json, Any::<true>).is_ok(), accepted, "{rule}");
        }
        assert!(read_object(r#"{"a":"b","c":1,"d":null}"#, Any::<false>).is_ok(), "flat");
        assert!(read_object(r#"{"a":[]}"#, Any::<false>).is_err(), "not flat");
    }
}
