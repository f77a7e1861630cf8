//! Why a browser has not renewed a session (`Secure-Session-Skipped`, a structured field of RFC
//! 9651).

use std::convert::Infallible;

use sfv::{
    BareItemFromInput, KeyRef, Parser,
    visitor::{EntryVisitor, Ignored, InnerListVisitor, ItemVisitor, ListVisitor, ParameterVisitor},
};

use super::fault::Skipped;

/// The reason that a field gives for this session, if it gives one.
pub(super) fn reason(field: &[u8], session: &str) -> Option<Skipped> {
    Parser::new(field).parse_list_with_visitor(Reasons { session, found: None }).ok().flatten()
}

struct Reasons<'s> {
    session: &'s str,
    found: Option<Skipped>,
}

/// One item: its reason, and the parameter that says which session it is about.
struct Item<'r, 's> {
    reasons: &'r mut Reasons<'s>,
    reason: Skipped,
}

impl<'de> ListVisitor<'de> for Reasons<'_> {
    type Out = Option<Skipped>;
    type Error = Infallible;

    fn entry(&mut self) -> Result<impl EntryVisitor<'de>, Infallible> {
        Ok(Item { reasons: self, reason: Skipped::Other })
    }

    fn finish(self) -> Result<Option<Skipped>, Infallible> {
        Ok(self.found)
    }
}

impl<'de> EntryVisitor<'de> for Item<'_, '_> {
    type Error = Infallible;

    fn item(self) -> Result<impl ItemVisitor<'de>, Infallible> {
        Ok(self)
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'de>, Infallible> {
        Ok(Ignored)
    }
}

impl<'de> ItemVisitor<'de> for Item<'_, '_> {
    type Out = ();
    type Error = Infallible;

    fn bare_item(
        self,
        item: BareItemFromInput<'de>,
    ) -> Result<impl ParameterVisitor<'de, Out = ()>, Infallible> {
        let reason = match item {
            BareItemFromInput::Token(token) => Skipped::of(token.as_str()),
            _ => Skipped::Other,
        };
        Ok(Self { reason, ..self })
    }
}

impl<'de> ParameterVisitor<'de> for Item<'_, '_> {
    type Out = ();
    type Error = Infallible;

    fn parameter(&mut self, key: &'de KeyRef, value: BareItemFromInput<'de>) -> Result<(), Infallible> {
        let is_about_it = key.as_str() == "session_identifier"
            && matches!(value, BareItemFromInput::String(text) if text.as_str() == self.reasons.session);
        if is_about_it {
            self.reasons.found.get_or_insert(self.reason);
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Infallible> {
        Ok(())
    }
}
