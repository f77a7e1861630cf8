//! The public methods for what outlives its request.

use std::sync::Arc;

use cookiejwt_core::Identity;

use super::Authenticator;
use crate::{errors::StoreError, streams::Ended};

impl Authenticator {
    /// Resolves with the reason when the session of this identity ends: for a WebSocket, a stream,
    /// a long download.
    ///
    /// * A session that is revoked on this node ends at once, and one that is revoked on another
    ///   node within a second. At the level
    ///   [`AtRefresh`](cookiejwt_core::RevocationLevel::AtRefresh) this node does not learn of the
    ///   others: only its own revocations count at once, and the rest as below.
    /// * When the access token would have ended, and then about once in the life of an access
    ///   token, the row of the session is read, because no node is notified that a session
    ///   continues: requests of the same browser refresh it anywhere. One query asks for all
    ///   sessions that are due, every five seconds at most. So a timeout, a deleted row, and what
    ///   the feed has missed end the session too.
    /// * A session in which another user [acts](crate::LoginOptions::acted_by) ends with theirs.
    ///
    /// An unavailable store ends nothing, and is asked again. As with
    /// [`is_alive`](Self::is_alive), the user is not read, and
    /// [renewed claims](Self::renew_claims) end no session.
    ///
    /// Dropping the future gives it up. Ten thousand of them cost no more queries than one, and
    /// less than 300 bytes each.
    ///
    /// ```
    /// use cookiejwt_store::{Authenticator, Identity};
    ///
    /// # async fn next_message() -> Option<String> { None }
    /// # async fn send(_: String) {}
    /// async fn serve_socket(auth: Authenticator, who: Identity) {
    ///     let mut ended = auth.ended(&who);
    ///     loop {
    ///         tokio::select! {
    ///             reason = &mut ended => {
    ///                 println!("{}: {}", who.session_id(), reason.as_str());
    ///                 return; // close the socket with 1008 (policy violation)
    ///             }
    ///             message = next_message() => match message {
    ///                 Some(message) => send(message).await,
    ///                 None => return,
    ///             },
    ///         }
    ///     }
    /// }
    /// ```
    pub fn ended(&self, who: &Identity) -> Ended {
        self.start_background();
        self.0.sessions.ended(who, Arc::clone(&self.0) as _)
    }

    /// Asks the store about the sessions that are [waited for](Self::ended) and due. Returns how
    /// many of them have ended. Runs automatically every five seconds while any is waited for.
    pub async fn poll_ends(&self) -> Result<u64, StoreError> {
        self.0.sessions.poll_ends().await
    }
}
