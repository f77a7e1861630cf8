use std::{collections::HashMap, sync::Mutex};

use cookiejwt_store::{
    AnswerLateRequest, BindRequest, ChangeOutcome, ClaimsRenewal, Realm, RealmRevocation, Receipt, ReplaceRequest, Revocation,
    RenewedSession, RevocationReason, RevokedBatch, RevokedSession, RotationOutcome, RotationRequest, SessionEnds, SessionId, SessionRecord, SettleRequest, SpentId,
    Subject, Timestamp, TokenStore,
};

#[derive(Default)]
struct Sessions {
    rows: Mutex<HashMap<SessionId, SessionRecord>>,
    spent: Mutex<HashMap<SpentId, Timestamp>>,
}

impl Sessions {
    /// As `UPDATE … WHERE id = … AND …`: changes the row if it matches, otherwise returns it.
    fn change(
        &self,
        id: &SessionId,
        matches: impl Fn(&SessionRecord) -> bool,
        apply: impl Fn(&mut SessionRecord),
    ) -> ChangeOutcome {
        match self.rows.lock().unwrap().get_mut(id) {
            Some(row) if matches(row) => {
                apply(row);
                ChangeOutcome::Changed
            }
            row => ChangeOutcome::Unmatched(row.map(|row| Box::new(row.clone()))),
        }
    }
}

impl TokenStore for Sessions {
    type Error = &'static str; // the error of your database

    async fn create(&self, session: &SessionRecord) -> Result<(), Self::Error> {
        let mut rows = self.rows.lock().unwrap();
        if rows.contains_key(&session.id) {
            return Err("a session with this id exists");
        }
        rows.insert(session.id.clone(), session.clone());
        Ok(())
    }

    async fn find(&self, id: &SessionId) -> Result<Option<SessionRecord>, Self::Error> {
        Ok(self.rows.lock().unwrap().get(id).cloned())
    }

    async fn rotate(&self, request: &RotationRequest) -> Result<RotationOutcome, Self::Error> {
        let id = &request.session_id;
        Ok(match self.change(id, |row| request.matches(row), |row| request.apply(row)) {
            ChangeOutcome::Changed => RotationOutcome::Rotated,
            ChangeOutcome::Unmatched(row) => RotationOutcome::Unmatched(row),
        })
    }

    async fn answer_late(&self, request: &AnswerLateRequest) -> Result<ChangeOutcome, Self::Error> {
        let id = &request.session_id;
        Ok(self.change(id, |row| request.matches(row), |row| request.apply(row)))
    }

    async fn replace(&self, request: &ReplaceRequest) -> Result<ChangeOutcome, Self::Error> {
        let id = &request.late.session_id;
        Ok(self.change(id, |row| request.matches(row), |row| request.apply(row)))
    }

    async fn bind(&self, request: &BindRequest) -> Result<ChangeOutcome, Self::Error> {
        let id = &request.session_id;
        Ok(self.change(id, |row| request.matches(row), |row| request.apply(row)))
    }

    fn keeps_devices(&self) -> bool {
        true
    }

    async fn settle(&self, request: &SettleRequest) -> Result<bool, Self::Error> {
        let id = &request.session_id;
        let outcome = self.change(id, |row| request.matches(row), |row| request.apply(row));
        Ok(matches!(outcome, ChangeOutcome::Changed))
    }

    async fn received(
        &self,
        receipts: &[Receipt],
        now: Timestamp,
        settles_at: Timestamp,
    ) -> Result<u64, Self::Error> {
        let change = |receipt: &&Receipt| {
            let apply = |row: &mut SessionRecord| receipt.apply(row, now, settles_at);
            let outcome = self.change(&receipt.session_id, |row| receipt.matches(row), apply);
            matches!(outcome, ChangeOutcome::Changed)
        };
        Ok(receipts.iter().filter(change).count() as u64)
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<bool, Self::Error> {
        let apply = |row: &mut SessionRecord| row.revoked = Some((revocation.at, revocation.reason));
        let outcome = self.change(&revocation.session_id, |row| revocation.matches(row), apply);
        Ok(matches!(outcome, ChangeOutcome::Changed))
    }

    async fn revoke_subject(
        &self,
        realm: &Realm,
        subject: &Subject,
        reason: RevocationReason,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, Self::Error> {
        let mut rows = self.rows.lock().unwrap();
        let rows = rows.values_mut().filter(|row| row.is_revoked_with(realm, subject, at));
        let revoke = |row: &mut SessionRecord| {
            row.revoked = Some((at, reason));
            row.id.clone()
        };
        Ok(rows.map(revoke).collect())
    }

    async fn revoke_realm(
        &self,
        revocation: &RealmRevocation,
        after: Option<&SessionId>,
        limit: u64,
    ) -> Result<RevokedBatch, Self::Error> {
        let mut rows = self.rows.lock().unwrap();
        let mut open: Vec<_> = rows.values_mut().filter(|row| revocation.matches(row)).collect();
        // As `WHERE id > … ORDER BY id LIMIT …`.
        open.retain(|row| after.is_none_or(|after| row.id > *after));
        open.sort_by(|one, other| one.id.cmp(&other.id));
        let (limit, mut batch) = (limit as usize, RevokedBatch::default());
        batch.next = open.get(limit.saturating_sub(1)).map(|row| row.id.clone());
        for row in open.into_iter().take(limit) {
            revocation.apply(row);
            let (at, reason) = row.revoked.expect("it was applied");
            batch.sessions.push(RevokedSession::new(row.id.clone(), reason, at));
        }
        Ok(batch)
    }

    async fn revoked_since(&self, since: Timestamp) -> Result<Vec<RevokedSession>, Self::Error> {
        let rows = self.rows.lock().unwrap();
        let revoked = rows.values().filter_map(|row| {
            let (at, reason) = row.revoked.filter(|(at, _)| *at >= since)?;
            Some(RevokedSession::new(row.id.clone(), reason, at))
        });
        Ok(revoked.collect())
    }

    async fn renew_claims(&self, renewal: &ClaimsRenewal) -> Result<Vec<RenewedSession>, Self::Error> {
        let mut rows = self.rows.lock().unwrap();
        let renewed = rows.values_mut().filter(|row| renewal.matches(row)).map(|row| {
            renewal.apply(row);
            RenewedSession::new(row.id.clone(), row.version, renewal.at)
        });
        Ok(renewed.collect())
    }

    async fn renewed_since(&self, since: Timestamp) -> Result<Vec<RenewedSession>, Self::Error> {
        let rows = self.rows.lock().unwrap();
        let renewed = rows.values().filter_map(|row| {
            let at = row.renewed_at.filter(|at| *at >= since)?;
            Some(RenewedSession::new(row.id.clone(), row.version, at))
        });
        Ok(renewed.collect())
    }

    async fn sessions_of(
        &self,
        realm: &Realm,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Vec<SessionRecord>, Self::Error> {
        let rows = self.rows.lock().unwrap();
        let of_user = |row: &&SessionRecord| row.realm == *realm && row.subject == *subject;
        let mut active: Vec<_> =
            rows.values().filter(of_user).filter(|row| row.is_alive(now)).cloned().collect();
        active.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
        Ok(active)
    }

    async fn ends_of(&self, ids: &[SessionId]) -> Result<Vec<SessionEnds>, Self::Error> {
        // As `SELECT id, expires_at, ends_at, revoked_at, revoked_reason … WHERE id IN (…)`.
        let rows = self.rows.lock().unwrap();
        Ok(ids.iter().filter_map(|id| rows.get(id)).map(SessionEnds::from).collect())
    }

    async fn spend(&self, id: &SpentId, until: Timestamp) -> Result<bool, Self::Error> {
        // As `INSERT … ON CONFLICT DO NOTHING`: whether a row was inserted.
        let mut spent = self.spent.lock().unwrap();
        let is_first = !spent.contains_key(id);
        spent.entry(id.clone()).or_insert(until);
        Ok(is_first)
    }

    async fn purge_spent(&self, now: Timestamp, limit: u64) -> Result<u64, Self::Error> {
        let mut spent = self.spent.lock().unwrap();
        let over = spent.iter().filter(|(_, until)| **until <= now).map(|(id, _)| id.clone());
        let over: Vec<_> = over.take(limit as usize).collect();
        Ok(over.into_iter().filter_map(|id| spent.remove(&id)).count() as u64)
    }
}
