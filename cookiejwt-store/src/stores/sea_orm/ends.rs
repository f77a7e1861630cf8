//! When and why sessions end, as SQL: many sessions in one statement.

use cookiejwt_core::{
    SessionId,
    store::{RevocationReason, SessionEnds, Timestamp},
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::entity::{Column, Entity};

/// The columns in the order of the question.
type Row = (String, i64, i64, Option<i64>, Option<String>);

/// When and why each of these sessions ends; one without a row is left out.
pub async fn ends_of<C: ConnectionTrait>(db: &C, ids: &[SessionId]) -> Result<Vec<SessionEnds>, DbErr> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let columns = [Column::Id, Column::ExpiresAt, Column::EndsAt, Column::RevokedAt, Column::RevokedReason];
    let read = Entity::find().select_only().columns(columns).filter(Column::Id.is_in(padded(ids)));
    let rows: Vec<Row> = read.into_tuple().all(db).await?;
    let ends = |(id, expires_at, ends_at, revoked_at, reason): Row| {
        let [expires_at, ends_at] = [expires_at, ends_at].map(Timestamp::from_millis);
        let mut ends = SessionEnds::new(id.into(), expires_at, ends_at);
        let reason = reason.as_deref().and_then(RevocationReason::parse).unwrap_or(RevocationReason::Logout);
        ends.revoked = revoked_at.map(|at| (Timestamp::from_millis(at), reason));
        ends
    };
    Ok(rows.into_iter().map(ends).collect())
}

/// Repeats the last id up to a power of two. A driver keeps one prepared statement for each number
/// of ids, and a thousand of them would push all others out of its cache.
fn padded(ids: &[SessionId]) -> impl Iterator<Item = &str> {
    let missing = ids.len().next_power_of_two() - ids.len();
    ids.iter().chain(ids.last().into_iter().cycle().take(missing)).map(SessionId::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_have_few_lengths_and_the_same_ids() {
        for (count, length) in [(1, 1), (2, 2), (3, 4), (5, 8), (600, 1024), (1000, 1024), (1024, 1024)] {
            let ids: Vec<_> = (0..count).map(|number: usize| SessionId::from(number.to_string())).collect();
            let padded: Vec<_> = padded(&ids).collect();
            assert_eq!(padded.len(), length, "{count} ids");
            assert!(padded.starts_with(&ids.iter().map(SessionId::as_str).collect::<Vec<_>>()));
            assert!(padded[count..].iter().all(|id| *id == ids[count - 1].as_str()));
        }
    }
}
