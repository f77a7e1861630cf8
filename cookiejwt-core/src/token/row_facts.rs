//! The facts of a session as its row keeps them.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::{session::Subject, token::facts::Facts};

const METHODS: &str = "amr";
const ACR: &str = "acr";
const ACTOR: &str = "act";
const NAMED: &str = "facts";
const REMEMBER_FOR: &str = "remember_for";

/// What the row of a session says about it, for the list of sessions and for a session that takes
/// its place. No request is decided by it: the tokens contain the same, signed.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct RowFacts {
    /// How the user proved who they are, the oldest proof first.
    pub methods: Vec<String>,
    /// Who acts for the user.
    pub acted_by: Option<Subject>,
    pub(crate) named: Map<String, Value>,
    pub(crate) remember_for: Option<Duration>,
}

impl RowFacts {
    /// Reads the column `facts`. A text that this version does not understand says nothing.
    pub fn read(column: Option<&str>) -> Self {
        let row: Map<String, Value> =
            column.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Self {
            methods: row
                .get(METHODS)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(text)
                .collect(),
            acted_by: row.get(ACTOR).and_then(text).map(Into::into),
            named: row.get(NAMED).and_then(Value::as_object).cloned().unwrap_or_default(),
            remember_for: row.get(REMEMBER_FOR).and_then(Value::as_u64).map(Duration::from_secs),
        }
    }

    /// The column of a new session; `None` if there is nothing to say.
    pub(crate) fn write(facts: &Facts, remember_for: Option<i64>) -> Option<String> {
        let Facts { proofs, acr, actor, named } = facts;
        let methods: Vec<_> = proofs.methods().map(|method| method.to_string()).collect();
        let row: Map<String, Value> = [
            (METHODS, (!methods.is_empty()).then(|| methods.into())),
            (ACR, acr.as_deref().map(Into::into)),
            (ACTOR, actor.as_ref().map(|actor| actor.subject().as_str().into())),
            (NAMED, (!named.is_empty()).then(|| named.clone().into())),
            (REMEMBER_FOR, remember_for.map(Into::into)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect();
        (!row.is_empty()).then(|| Value::Object(row).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Actor, Method};

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(RowFacts::write(&Facts::new(), None), None);
        let at = time::OffsetDateTime::UNIX_EPOCH;
        let facts = Facts::new().proved(Method::PWD, at).with_acr("gold").with("tenant", &"acme").unwrap();
        let facts = facts.acted_by(Actor::new("admin".into(), "theirs".into()));
        let column = RowFacts::write(&facts, Some(60)).unwrap();
        assert_eq!(
            column,
            r#"{"acr":"gold","act":"admin","amr":["pwd"],"facts":{"tenant":"acme"},"remember_for":60}"#
        );
        let read = RowFacts::read(Some(&column));
        assert_eq!((read.methods, read.acted_by), (vec!["pwd".to_owned()], Some("admin".into())));
        assert_eq!((read.named, read.remember_for), (facts.named, Some(Duration::from_secs(60))));
    }

    #[test]
    fn what_no_version_has_written_says_nothing() {
        for column in ["", "[]", "{", "null", r#"{"amr":1,"act":{},"facts":[],"remember_for":-1}"#] {
            assert_eq!(RowFacts::read(Some(column)), RowFacts::default(), "{column}");
        }
        assert_eq!(RowFacts::read(None), RowFacts::default());
    }
}
