//! The trait of the store that keeps sessions.

use std::{error::Error, future::Future, pin::Pin};

use cookiejwt_core::{
    SessionId, Subject,
    store::{
        AnswerLateRequest, BindRequest, BucketId, ChangeOutcome, ClaimsRenewal, Realm, RealmRevocation,
        Receipt, ReplaceRequest, Revocation, RevocationReason, RotationOutcome, RotationRequest, SessionEnds,
        SessionRecord, SettleRequest, SpentId, ThrottleCharge, Timestamp,
    },
};

use crate::errors::StoreError;

/// A session that was revoked, as the revoked set needs to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RevokedSession {
    /// The session.
    pub id: SessionId,
    /// Why it was revoked.
    pub reason: RevocationReason,
    /// When.
    pub at: Timestamp,
}

impl RevokedSession {
    /// This session was revoked at this time.
    pub fn new(id: SessionId, reason: RevocationReason, at: Timestamp) -> Self {
        Self { id, reason, at }
    }
}

/// A session whose claims were renewed, as every node needs to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenewedSession {
    /// The session.
    pub id: SessionId,
    /// How often its claims were renewed: access tokens with a lower version are dead.
    pub version: i64,
    /// When they were last renewed.
    pub at: Timestamp,
}

impl RenewedSession {
    /// The claims of this session were renewed for the `version`th time, at this time.
    pub fn new(id: SessionId, version: i64, at: Timestamp) -> Self {
        Self { id, version, at }
    }
}

/// Some of the sessions of a user table, all of which are to end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RevokedBatch {
    /// Those that were ended, with the time that their row got.
    pub sessions: Vec<RevokedSession>,
    /// What the next call takes as `after`; `None` when there are no more.
    pub next: Option<SessionId>,
}

/// Keeps sessions: one row each, without any bearer secret; and what counts once.
///
/// A store reports facts and decides nothing. Every method is one statement on one row, except
/// those that take a subject or a time, which go through an index. Reads must see the latest
/// committed row: read from the primary, outside any older snapshot.
///
/// [`MemoryStore`](crate::MemoryStore) and `SeaOrmTokenStore` (features `sqlite`, `postgres` and
/// `mysql`) are ready to use. Implement the trait for another database, and check the result with
/// `conformance::check` (feature `conformance`).
///
/// # Example
///
/// A store in memory. `matches` and `apply` of each request contain its condition and its change; a
/// database does both in one conditional `UPDATE`, which the documentation of the request spells
/// out.
///
#[doc = "```"]
#[doc = include_str!("../../docs/token_store.rs")]
/// # #[tokio::main(flavor = "multi_thread", worker_threads = 2)]
/// # async fn main() {
/// // In a test: every fact that a store has to make true.
/// cookiejwt_store::conformance::check(|| async { Sessions::default() }).await;
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a token store",
    note = "use `MemoryStore`, `SeaOrmTokenStore` (feature `sqlite`), or implement `TokenStore` for your database"
)]
pub trait TokenStore: Send + Sync + 'static {
    /// The error of the database. Any error type fits, so that `?` works.
    ///
    /// The client gets 503 for it, and the log the reason.
    type Error: Into<Box<dyn Error + Send + Sync>>;

    /// Inserts the row of a new session.
    fn create(&self, session: &SessionRecord) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Reads a row.
    fn find(&self, id: &SessionId)
    -> impl Future<Output = Result<Option<SessionRecord>, Self::Error>> + Send;

    /// Applies a [`RotationRequest`] as ONE conditional statement, decided by the count of changed
    /// rows. If it is 0, one fresh read returns the row as it is.
    fn rotate(
        &self,
        request: &RotationRequest,
    ) -> impl Future<Output = Result<RotationOutcome, Self::Error>> + Send;

    /// Applies an [`AnswerLateRequest`] as ONE conditional statement, as [`rotate`](Self::rotate).
    fn answer_late(
        &self,
        request: &AnswerLateRequest,
    ) -> impl Future<Output = Result<ChangeOutcome, Self::Error>> + Send;

    /// Applies a [`ReplaceRequest`] as ONE conditional statement, as [`rotate`](Self::rotate).
    fn replace(
        &self,
        request: &ReplaceRequest,
    ) -> impl Future<Output = Result<ChangeOutcome, Self::Error>> + Send;

    /// Applies a [`BindRequest`] as ONE conditional statement, as [`rotate`](Self::rotate).
    ///
    /// Called only for a store that [keeps devices](Self::keeps_devices). The default changes
    /// nothing and finds no row.
    fn bind(&self, request: &BindRequest) -> impl Future<Output = Result<ChangeOutcome, Self::Error>> + Send {
        let _ = request;
        async { Ok(ChangeOutcome::Unmatched(None)) }
    }

    /// Whether the store can bind a session to a device: it implements [`bind`](Self::bind), keeps
    /// [`SessionRecord::device`], and compares it in [`rotate`](Self::rotate),
    /// [`answer_late`](Self::answer_late) and [`replace`](Self::replace).
    ///
    /// A store without a column for the key keeps the default, false. Its sessions are never bound,
    /// and it works as before.
    fn keeps_devices(&self) -> bool {
        false
    }

    /// Applies a [`SettleRequest`] as ONE conditional statement; true when a row was changed.
    fn settle(&self, request: &SettleRequest) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Applies these [`Receipt`]s, all of them in one statement where the database can; how many
    /// rows were changed.
    ///
    /// Called once per second at most, with at most 1000 of them, off the path of any request.
    fn received(
        &self,
        receipts: &[Receipt],
        now: Timestamp,
        settles_at: Timestamp,
    ) -> impl Future<Output = Result<u64, Self::Error>> + Send;

    /// Applies a [`Revocation`] as ONE conditional statement, durably; true when it changed the
    /// row. The first reason stays, except that a superseded session can be ended before its time.
    fn revoke(&self, revocation: &Revocation) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Marks every session of a user of this realm as revoked that a [`Revocation`] would change,
    /// and returns their ids.
    fn revoke_subject(
        &self,
        realm: &Realm,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> impl Future<Output = Result<Vec<SessionId>, Self::Error>> + Send;

    /// Applies a [`RealmRevocation`] to about `limit` rows, in an order of the store's own (by id,
    /// where an index has it) and from the row that follows `after`, so that no statement holds many
    /// locks or takes long. Called until [`next`](RevokedBatch::next) is `None`.
    ///
    /// A session that another request ends at the same moment may be among those that are returned.
    fn revoke_realm(
        &self,
        revocation: &RealmRevocation,
        after: Option<&SessionId>,
        limit: u64,
    ) -> impl Future<Output = Result<RevokedBatch, Self::Error>> + Send;

    /// Every session revoked at this time or later.
    fn revoked_since(
        &self,
        since: Timestamp,
    ) -> impl Future<Output = Result<Vec<RevokedSession>, Self::Error>> + Send;

    /// Applies a [`ClaimsRenewal`] as ONE statement, and returns the rows that it changed with the
    /// version that they have now. Two renewals at the same time raise a version twice. Rows of the
    /// same user that another renewal has just changed may be among those that are returned.
    fn renew_claims(
        &self,
        renewal: &ClaimsRenewal,
    ) -> impl Future<Output = Result<Vec<RenewedSession>, Self::Error>> + Send;

    /// Every session whose claims were last renewed at this time or later.
    fn renewed_since(
        &self,
        since: Timestamp,
    ) -> impl Future<Output = Result<Vec<RenewedSession>, Self::Error>> + Send;

    /// Every active session of a user of this realm, the newest first (by `created_at`, then by
    /// id): neither revoked nor past one of its two ends.
    fn sessions_of(
        &self,
        realm: &Realm,
        subject: &Subject,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<SessionRecord>, Self::Error>> + Send;

    /// When and why each of these sessions ends, in any order; one without a row is left out. One
    /// statement, by primary key.
    ///
    /// Streams and sockets ask it, at most 1000 sessions at a time, and all those of a node together
    /// every few seconds ([`Authenticator::ended`](crate::Authenticator::ended)).
    fn ends_of(
        &self,
        ids: &[SessionId],
    ) -> impl Future<Output = Result<Vec<SessionEnds>, Self::Error>> + Send;

    /// Deletes at most `limit` rows with `expires_at <= before`, revoked or not, and returns how
    /// many there were. No token of such a session is still valid.
    ///
    /// A store that deletes rows automatically keeps the default, which deletes nothing.
    fn purge(&self, before: Timestamp, limit: u64) -> impl Future<Output = Result<u64, Self::Error>> + Send {
        let _ = (before, limit);
        async { Ok(0) }
    }

    /// Spends something that counts once, as ONE insert of a row whose primary key is `id`: true when
    /// it was inserted, false when it is there already, so of any number who come at once one gets
    /// true. A second try changes nothing, least of all `until`.
    ///
    /// The row has to stay until then. Later a store may delete it at any time: nothing of this
    /// name is accepted any more. An error may be returned although the row is there; then it is
    /// spent, and no one has used it.
    fn spend(&self, id: &SpentId, until: Timestamp)
    -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Deletes at most `limit` rows of [`spend`](Self::spend) with `until <= now`; how many there
    /// were.
    ///
    /// A store that deletes them automatically keeps the default, which deletes nothing.
    fn purge_spent(
        &self,
        now: Timestamp,
        limit: u64,
    ) -> impl Future<Output = Result<u64, Self::Error>> + Send {
        let _ = (now, limit);
        async { Ok(0) }
    }

    /// The present time by the clock of the database, so that a node learns when its own clock
    /// differs: nodes that share a session judge each other's times.
    ///
    /// A store without its own clock, such as one on the same machine, keeps the default, `None`.
    fn now(&self) -> impl Future<Output = Result<Option<Timestamp>, Self::Error>> + Send {
        async { Ok(None) }
    }

    /// Reads when each of these buckets will be empty, in the order of the question: `None` for a
    /// bucket that does not exist. One statement; every login asks it once, before the password is
    /// hashed.
    ///
    /// A store that keeps no buckets keeps the default, `None`: each process then counts
    /// separately, so an attacker gets the full limits on every node.
    fn throttle_levels(
        &self,
        buckets: &[BucketId],
    ) -> impl Future<Output = Result<Option<Vec<Option<Timestamp>>>, Self::Error>> + Send {
        let _ = buckets;
        async { Ok(None) }
    }

    /// Counts one failed attempt in its bucket, in ONE statement that creates the bucket if
    /// necessary; [`ThrottleCharge`] describes what it writes. Returns true if it was counted. A
    /// store that keeps no buckets keeps the default, false.
    fn charge_throttle(
        &self,
        charge: &ThrottleCharge,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send {
        let _ = charge;
        async { Ok(false) }
    }

    /// Deletes at most `limit` buckets that are empty (`drained_at <= now`); how many there were.
    fn purge_throttle(
        &self,
        now: Timestamp,
        limit: u64,
    ) -> impl Future<Output = Result<u64, Self::Error>> + Send {
        let _ = (now, limit);
        async { Ok(0) }
    }
}

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The store's own error becomes the one that all stores have in common.
pub(crate) async fn boxed<T, E: Into<Box<dyn Error + Send + Sync>>>(
    asked: impl Future<Output = Result<T, E>> + Send,
) -> Result<T, StoreError> {
    asked.await.map_err(StoreError::new)
}
