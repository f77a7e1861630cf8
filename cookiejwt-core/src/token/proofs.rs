//! What a user has proved in a session: methods, each with its time.

use serde::{
    Serialize, Serializer,
    de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor},
    ser::SerializeMap as _,
};
use time::OffsetDateTime;

use crate::{
    syntax::Text,
    token::{claims::NumericDate, method::Method},
};

/// How the user of a session has proved who they are: methods with their times, the oldest first.
///
/// They never change during a session. Another proof begins a new session, which replaces the
/// present one.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use cookiejwt_core::{Method, testing::{self, NOW}};
///
/// let who = testing::access("42").proof(Method::PWD, NOW).identity();
/// assert!(who.proofs().has(Method::PWD));
/// assert_eq!(who.proofs().time_of(Method::PWD), Some(NOW));
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proofs(Vec<Proof>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Proof {
    method: Method,
    /// In seconds.
    at: i64,
}

impl Proofs {
    /// The most methods that one session has.
    pub const MOST: usize = 8;

    /// None: an unnamed proof is only a time.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// With this proof, which takes the place of an earlier one by the same method.
    #[must_use]
    pub fn with(mut self, method: Method, at: OffsetDateTime) -> Self {
        self.add(Proof { method, at: at.unix_timestamp() });
        self
    }

    /// With the proofs of both, of which the newer counts for each method.
    #[must_use]
    pub fn and(mut self, others: &Self) -> Self {
        for proof in &others.0 {
            self.add(*proof);
        }
        self
    }

    fn add(&mut self, proof: Proof) {
        if self.0.iter().any(|known| known.method == proof.method && known.at >= proof.at) {
            return;
        }
        self.0.retain(|known| known.method != proof.method);
        let place = self.0.partition_point(|known| known.at <= proof.at);
        self.0.insert(place, proof);
    }

    /// No proof is from the future: the clock of an identity provider may be ahead.
    pub(crate) fn not_after(self, now: i64) -> Self {
        Self(self.0.into_iter().map(|proof| Proof { at: proof.at.min(now), ..proof }).collect())
    }

    /// The methods, the oldest proof first.
    pub fn methods(&self) -> impl Iterator<Item = Method> + '_ {
        self.0.iter().map(|proof| proof.method)
    }

    /// Whether there is a proof by this method, however old.
    pub fn has(&self, method: Method) -> bool {
        self.0.iter().any(|proof| proof.method == method)
    }

    /// When the user last gave a proof by this method; whole seconds.
    pub fn time_of(&self, method: Method) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp(self.seconds_of(method)?).ok()
    }

    pub(crate) fn seconds_of(&self, method: Method) -> Option<i64> {
        self.0.iter().find(|proof| proof.method == method).map(|proof| proof.at)
    }

    /// Whether no method is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many methods are named.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The time of the newest proof in seconds.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.0.last().map(|proof| proof.at)
    }
}

/// As in a token: an object of times by method.
impl Serialize for Proofs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for Proof { method, at } in &self.0 {
            map.serialize_entry(method.as_str(), at)?;
        }
        map.end()
    }
}

/// The `amr` claim.
pub(crate) struct MethodNames<'a>(pub(crate) &'a Proofs);

impl Serialize for MethodNames<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.0.iter().map(|proof| proof.method.as_str()))
    }
}

/// Reads a field that is as the `proofs` claim.
pub(crate) fn read_proofs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Proofs, D::Error> {
    ReadProofs.deserialize(deserializer)
}

/// Reads the `proofs` claim.
pub(crate) struct ReadProofs;

impl<'de> DeserializeSeed<'de> for ReadProofs {
    type Value = Proofs;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Proofs, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ReadProofs {
    type Value = Proofs;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object of times by method")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Proofs, A::Error> {
        let mut proofs = Proofs::new();
        while let Some(name) = map.next_key_seed(Text)? {
            let method = name.parse().map_err(A::Error::custom)?;
            if proofs.has(method) || proofs.len() >= Proofs::MOST {
                return Err(A::Error::custom("a method twice, or too many"));
            }
            proofs.add(Proof { method, at: map.next_value_seed(NumericDate)? });
        }
        Ok(proofs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proofs(list: &[(&str, i64)]) -> Proofs {
        list.iter().fold(Proofs::new(), |proofs, (method, at)| {
            proofs.with(method.parse().unwrap(), OffsetDateTime::from_unix_timestamp(*at).unwrap())
        })
    }

    fn read(json: &str) -> Option<Proofs> {
        ReadProofs.deserialize(&mut serde_json::Deserializer::from_str(json)).ok()
    }

    #[test]
    fn the_newest_proof_of_a_method_counts_and_the_oldest_comes_first() {
        for (rule, list, expected) in [
            ("none", &[][..], "{}"),
            ("in the order of their times", &[("otp", 20), ("pwd", 10)], r#"{"pwd":10,"otp":20}"#),
            ("at the same time in the order given", &[("pwd", 10), ("otp", 10)], r#"{"pwd":10,"otp":10}"#),
            (
                "a newer one by the same method",
                &[("pwd", 10), ("otp", 20), ("pwd", 30)],
                r#"{"otp":20,"pwd":30}"#,
            ),
            ("an older one by the same method", &[("pwd", 30), ("pwd", 10)], r#"{"pwd":30}"#),
        ] {
            let made = proofs(list);
            assert_eq!(serde_json::to_string(&made).unwrap(), expected, "{rule}");
            assert_eq!(read(expected), Some(made.clone()), "{rule}");
            assert_eq!(made.newest(), list.iter().map(|(_, at)| *at).max(), "{rule}");
        }
    }

    #[test]
    fn what_is_no_list_of_proofs() {
        for (rule, json) in [
            ("an array", "[\"pwd\"]"),
            ("a name that is none", r#"{"Pwd":1}"#),
            ("an empty name", r#"{"":1}"#),
            ("a time that is a string", r#"{"pwd":"1"}"#),
            ("a time with a fraction", r#"{"pwd":1.5}"#),
            ("a time before 1970", r#"{"pwd":-1}"#),
            ("a method twice", r#"{"pwd":1,"pwd":2}"#),
            ("a method twice, spelled otherwise", "{\"pwd\":1,\"\\u0070wd\":2}"),
            ("nine", r#"{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}"#),
        ] {
            assert_eq!(read(json), None, "{rule}");
        }
    }

    #[test]
    fn both() {
        let earlier = proofs(&[("pwd", 10), ("otp", 20)]);
        let merged = earlier.clone().and(&proofs(&[("pwd", 15), ("otp", 5)]));
        assert_eq!(merged, proofs(&[("pwd", 15), ("otp", 20)]));
        assert_eq!(merged.not_after(17), proofs(&[("pwd", 15), ("otp", 17)]));
    }
}
