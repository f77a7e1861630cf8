//! What the first presentation of a token proves.

use crate::session::{changes::Receipt, ids::SessionId};

/// What the first presentation of a token proves; see
/// [`Decision::sighting`](crate::Decision::sighting).
///
/// A driver records it and writes it to the store outside the request. Losing a record makes the
/// rules more lenient, never stricter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sighting {
    /// The client has the current refresh token of its session.
    pub receipt: Option<Receipt>,
    /// This session has taken the place of another one, which ends now.
    pub replaces: Option<SessionId>,
}

impl Sighting {
    #[allow(clippy::unnecessary_box_returns, reason = "every caller keeps it boxed")]
    pub(crate) fn of_receipt(receipt: Receipt) -> Box<Self> {
        Box::new(Self { receipt: Some(receipt), replaces: None })
    }
}
