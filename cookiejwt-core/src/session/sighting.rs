//! What the first presentation of a token proves.

use crate::{
    decide::AccessToken,
    session::{changes::Receipt, ids::SessionId},
};

/// What the first presentation of a token proves; see [`Decision::sighting`](crate::Decision::sighting).
///
/// A driver notes it and writes it to the store off the path of the request. A note that is lost makes the rules more
/// lenient, never stricter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sighting {
    /// The client has the current refresh token of its session.
    pub receipt: Option<Receipt>,
    /// This session has taken the place of another one, which ends now.
    pub replaces: Option<SessionId>,
}

impl Sighting {
    /// Of an access token that no memo knew; almost none says anything.
    pub(crate) fn of(token: &AccessToken) -> Option<Box<Self>> {
        let claims = token.claims();
        if claims.refresh_jti.is_none() && claims.replaces.is_none() {
            return None;
        }
        let receipt = claims.refresh_jti.clone();
        let receipt =
            receipt.map(|refresh_jti| Receipt { session_id: claims.session_id.clone(), refresh_jti });
        Some(Box::new(Self { receipt, replaces: claims.replaces.clone() }))
    }

    #[allow(clippy::unnecessary_box_returns, reason = "every caller keeps it boxed")]
    pub(crate) fn of_receipt(receipt: Receipt) -> Box<Self> {
        Box::new(Self { receipt: Some(receipt), replaces: None })
    }
}
