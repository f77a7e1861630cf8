//! The facts of a session as its row keeps them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    session::Subject,
    token::{
        facts::Facts,
        proofs::{Proofs, read_proofs},
    },
};

/// What the row of a session says about it, for the list of sessions, for a session that takes its
/// place, and for one in which its user acts for another one. No request of the session itself is
/// decided by it: its tokens contain the same, signed.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RowFacts {
    /// How the user proved who they are, the oldest proof first.
    pub methods: Vec<String>,
    /// Who acts for the user.
    pub acted_by: Option<Subject>,
    /// What is true of the session, but for who acts in it.
    pub(crate) facts: Facts,
    pub(crate) remember_for: Option<Duration>,
    /// See [`Stamps`](crate::token::Stamps).
    pub(crate) stamp: Option<Box<str>>,
}

/// The column.
#[derive(Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
struct Column {
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<Box<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Box<str>>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    facts: Map<String, Value>,
    #[serde(deserialize_with = "read_proofs", skip_serializing_if = "Proofs::is_empty")]
    proofs: Proofs,
    #[serde(skip_serializing_if = "Option::is_none")]
    remember_for: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stamp: Option<Box<str>>,
}

impl RowFacts {
    /// Reads the column `facts`. A text that this version does not understand says nothing.
    pub fn read(column: Option<&str>) -> Self {
        let column = column.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let Column { acr, act, facts: named, proofs, remember_for, stamp } = column;
        Self {
            methods: proofs.methods().map(|method| method.to_string()).collect(),
            acted_by: act.map(|subject| (*subject).into()),
            facts: Facts { proofs, acr, actor: None, named },
            remember_for: remember_for.map(Duration::from_secs),
            stamp,
        }
    }

    /// The column of a new session; `None` if there is nothing to say.
    pub(crate) fn write(facts: &Facts, remember_for: Option<i64>, stamp: Option<&str>) -> Option<String> {
        let Facts { proofs, acr, actor, named } = facts.clone();
        let column = Column {
            acr,
            act: actor.map(|actor| actor.subject().as_str().into()),
            facts: named,
            proofs,
            remember_for: remember_for.and_then(|seconds| seconds.try_into().ok()),
            stamp: stamp.map(Into::into),
        };
        (column != Column::default()).then(|| serde_json::to_string(&column).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Actor, Method};

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(RowFacts::write(&Facts::new(), None, None), None);
        let at = time::OffsetDateTime::UNIX_EPOCH;
        let facts = Facts::new().proved(Method::PWD, at).proved(Method::OTP, at).with_acr("gold");
        let facts = facts.with("tenant", &"acme").unwrap();
        let acted = facts.clone().acted_by(Actor::new("admin".into(), "theirs".into()));
        let column = RowFacts::write(&acted, Some(60), Some("hash")).unwrap();
        assert_eq!(
            column,
            r#"{"acr":"gold","act":"admin","facts":{"tenant":"acme"},"proofs":{"pwd":0,"otp":0},"remember_for":60,"stamp":"hash"}"#
        );
        let read = RowFacts::read(Some(&column));
        assert_eq!((read.methods, read.acted_by), (vec!["pwd".into(), "otp".into()], Some("admin".into())));
        assert_eq!((read.facts, read.remember_for), (facts, Some(Duration::from_secs(60))));
        assert_eq!(read.stamp.as_deref(), Some("hash"));
    }

    #[test]
    fn what_no_version_has_written_says_nothing() {
        for column in [
            "",
            "[]",
            "{",
            "null",
            r#"{"proofs":1}"#,
            r#"{"act":{}}"#,
            r#"{"facts":[]}"#,
            r#"{"remember_for":-1}"#,
        ] {
            assert_eq!(RowFacts::read(Some(column)), RowFacts::default(), "{column}");
        }
        assert_eq!(RowFacts::read(None), RowFacts::default());
    }
}
