//! Ending every session of a user or of a user table, with one fault.

use cookiejwt_core::{
    SessionId, Subject,
    store::{Realm, RealmRevocation, RevocationReason, SessionRecord, Timestamp},
};
use tokio::task::yield_now;

use super::{Fault, store::Broken};
use crate::stores::{RevokedBatch, RevokedSession};

impl Broken {
    pub(super) async fn end_all(
        &self,
        realm: &Realm,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Vec<SessionId> {
        let living = self.open(realm, subject, at);
        let named: Vec<_> = living.iter().map(|row| row.id.clone()).collect();
        match self.fault {
            Fault::NamesNobody => {
                self.mark_all(&named, at, reason);
                return Vec::new();
            }
            Fault::NamesBeforeItMarks => {
                yield_now().await;
                let living: Vec<_> = self.open(realm, subject, at).into_iter().map(|row| row.id).collect();
                self.mark_all(&living, at, reason);
                return named;
            }
            Fault::SkipsWhatHasChanged => yield_now().await,
            _ => {}
        }
        let same = |row: &SessionRecord| {
            !self.is(Fault::SkipsWhatHasChanged) || self.row(&row.id).as_ref() == Some(row)
        };
        let marked = living.into_iter().filter(|row| same(row) && self.mark(&row.id, at, reason));
        marked.map(|row| row.id).collect()
    }

    fn mark_all(&self, ids: &[SessionId], at: Timestamp, reason: RevocationReason) {
        for id in ids {
            self.mark(id, at, reason);
        }
    }

    fn open(&self, realm: &Realm, subject: &Subject, at: Timestamp) -> Vec<SessionRecord> {
        let mut rows = self.rows().now.clone();
        rows.retain(|row| {
            let is_spared = self.is(Fault::SparesTheSuperseded) && row.revoked.is_some();
            self.is_of(row, realm, subject) && self.is_open(row, at) && !is_spared
        });
        rows
    }

    pub(super) async fn end_batch(
        &self,
        revocation: &RealmRevocation,
        after: Option<&SessionId>,
        limit: u64,
    ) -> RevokedBatch {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut open = self.open_in(revocation);
        open.retain(|row| after.is_none_or(|after| row.id > *after));
        let next = open.get(limit - 1).map(|row| row.id.clone());
        let next = match self.fault {
            Fault::RealmBatchesLeaveOut => open.get(limit).map(|row| row.id.clone()),
            Fault::RealmEndsOneBatch => None,
            _ => next,
        };
        if [Fault::SkipsWhatHasChanged, Fault::RealmJudgesBeforeItMarks].contains(&self.fault) {
            yield_now().await;
        }
        open.truncate(limit);
        let sessions = open.into_iter().filter_map(|row| self.end_in_realm(revocation, &row));
        RevokedBatch { sessions: sessions.collect(), next }
    }

    /// By id.
    fn open_in(&self, revocation: &RealmRevocation) -> Vec<SessionRecord> {
        let mut rows = self.rows().now.clone();
        rows.retain(|row| {
            let in_realm =
                self.is(Fault::RealmIsEveryRealm) || self.same_realm(&row.realm, &revocation.realm);
            let is_spared = self.is(Fault::SparesTheSuperseded) && row.revoked.is_some();
            in_realm && self.is_open(row, revocation.at) && !is_spared
        });
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        rows
    }

    /// Judges and marks under one lock: a session that rotates in between would be marked as the
    /// idle one that it was.
    fn end_in_realm(&self, revocation: &RealmRevocation, seen: &SessionRecord) -> Option<RevokedSession> {
        let mut rows = self.rows();
        let row = self.row_among(&rows, &seen.id)?;
        if self.is(Fault::SkipsWhatHasChanged) && row != *seen {
            return None;
        }
        let mut judged = if self.is(Fault::RealmJudgesBeforeItMarks) { seen.clone() } else { row };
        match self.fault {
            Fault::RealmTellsOfTheIdle => judged.settles_at = Timestamp::MAX,
            Fault::RealmForgetsAnswers => judged.settles_at = Timestamp::from_millis(0),
            _ => {}
        }
        revocation.apply(&mut judged);
        let (at, reason) = judged.revoked?;
        self.mark_among(&mut rows, &seen.id, at, reason).then(|| RevokedSession {
            id: seen.id.clone(),
            reason,
            at,
        })
    }
}
