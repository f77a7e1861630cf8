//! The hot statement: the rotation of a refresh token.

use std::sync::OnceLock;

use cookiejwt_core::store::{ProvedDevice, RotationOutcome, RotationRequest};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryTrait,
    Statement, UpdateMany, Value,
    sea_query::{Expr, ExprTrait, SimpleExpr},
};

use super::{
    entity::{Column, Entity},
    statements::find,
};

/// One conditional UPDATE; when it changes no row, one read. Inside a transaction that began
/// earlier the read may see an older row (REPEATABLE READ), so the store itself never runs it in
/// one.
pub async fn rotate<C: ConnectionTrait>(db: &C, request: &RotationRequest) -> Result<RotationOutcome, DbErr> {
    let backend = db.get_database_backend();
    let update =
        Statement::from_sql_and_values(backend, rotation_sql(backend, request), rotation_values(request));
    if db.execute_raw(update).await?.rows_affected() == 1 {
        return Ok(RotationOutcome::Rotated);
    }
    Ok(RotationOutcome::Unmatched(find(db, &request.session_id).await?.map(Box::new)))
}

/// The text of the hot statement is the same for every request without a device, and for every one
/// with a device, so each is built once for each kind of database.
fn rotation_sql(backend: DbBackend, request: &RotationRequest) -> &'static str {
    static UNBOUND: [OnceLock<String>; 3] = [const { OnceLock::new() }; 3];
    static BOUND: [OnceLock<String>; 3] = [const { OnceLock::new() }; 3];
    let [sqlite, postgres, mysql] = if request.device.is_some() { &BOUND } else { &UNBOUND };
    let text = match backend {
        DbBackend::Postgres => postgres,
        DbBackend::MySql => mysql,
        _ => sqlite,
    };
    text.get_or_init(|| rotation_update(request).build(backend).sql)
}

/// In the order in which [`rotation_update`] names them.
fn rotation_values(request: &RotationRequest) -> Vec<Value> {
    let now = request.now.as_millis();
    let mut values = vec![
        request.presented.as_str().into(),
        request.next.as_str().into(),
        request.issued_at.as_millis().into(),
        request.expires_at.as_millis().into(),
        now.into(),
        now.into(),
        request.settles_at.as_millis().into(),
        Value::BigInt(None),
        request.session_id.as_str().into(),
        request.realm.as_str().into(),
        request.presented.as_str().into(),
    ];
    match &request.device {
        Some(device) => values.extend([device.key.as_str().into(), device.challenged_at.as_millis().into()]),
        None => values.extend([now.into(), request.orphaned_before.as_millis().into()]),
    }
    values.extend([now.into(), now.into()]);
    values
}

fn rotation_update(request: &RotationRequest) -> UpdateMany<Entity> {
    let now = request.now.as_millis();
    Entity::update_many()
        .col_expr(Column::PreviousJti, Expr::value(request.presented.as_str()))
        .col_expr(Column::CurrentJti, Expr::value(request.next.as_str()))
        .col_expr(Column::IssuedAt, Expr::value(request.issued_at.as_millis()))
        .col_expr(Column::ExpiresAt, Expr::value(request.expires_at.as_millis()))
        .col_expr(Column::RotatedAt, Expr::value(now))
        .col_expr(Column::LastSeenAt, Expr::value(now))
        .col_expr(Column::SettlesAt, Expr::value(request.settles_at.as_millis()))
        .col_expr(Column::ReceivedAt, Expr::value(Value::BigInt(None)))
        .filter(rotation_condition(request))
}

/// The condition of [`RotationRequest`], word for word.
fn rotation_condition(request: &RotationRequest) -> Condition {
    let now = request.now.as_millis();
    let of_device = match &request.device {
        Some(device) => bound_condition(device),
        None => unbound_condition(request),
    };
    Condition::all()
        .add(Column::Id.eq(request.session_id.as_str()))
        .add(Column::Realm.eq(request.realm.as_str()))
        .add(Column::CurrentJti.eq(request.presented.as_str()))
        .add(Column::RevokedAt.is_null())
        .add(of_device)
        .add(Column::ExpiresAt.gt(now))
        .add(Column::EndsAt.gt(now))
}

/// The device of the row has proved itself, with a challenge that has not rotated it yet.
fn bound_condition(device: &ProvedDevice) -> SimpleExpr {
    let rotated = Column::RotatedAt.lt(device.challenged_at.as_millis());
    Column::DeviceKey.eq(device.key.as_str()).and(Column::RotatedAt.is_null().or(rotated))
}

/// The row is bound to no device, and its current refresh token was received or has waited.
fn unbound_condition(request: &RotationRequest) -> SimpleExpr {
    let orphaned = Column::SettlesAt.lt(request.orphaned_before.as_millis());
    let received = Column::ReceivedAt.is_not_null().or(Column::PreviousJti.is_null()).or(orphaned);
    let has_settled = Column::SettlesAt.lt(request.now.as_millis());
    Column::DeviceKey.is_null().and(has_settled).and(received)
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use cookiejwt_core::{
        driver::{ActiveUser, Assessment, CustomClaims, RefreshIds, RefreshStep, UserState},
        store::Timestamp,
        testing,
    };

    use super::*;

    fn request() -> RotationRequest {
        let cookie = testing::refresh("1").cookie();
        let (head, ()) = http::Request::post("/").header("cookie", cookie).body(()).unwrap().into_parts();
        let Assessment::NeedsRefresh(attempt) = testing::core().refresh(&head, testing::NOW) else {
            panic!()
        };
        let user = UserState::Active(ActiveUser::new(Ok(CustomClaims::default())));
        let RefreshStep::Rotate(rotation) =
            attempt.with_user(user, RefreshIds::from_random([7; 32]), testing::NOW)
        else {
            panic!()
        };
        rotation.request().clone()
    }

    #[test]
    fn the_values_stand_where_the_text_wants_them() {
        let mut request = request();
        // Each value is another, so that two of them cannot change places.
        request.now = Timestamp::from_millis(1);
        request.settles_at = Timestamp::from_millis(2);
        request.orphaned_before = Timestamp::from_millis(5);
        request.issued_at = Timestamp::from_millis(3);
        request.expires_at = Timestamp::from_millis(4);
        let device = ProvedDevice { key: "ES256.x.y".into(), challenged_at: Timestamp::from_millis(6) };
        // Each text twice, so that neither is kept for a request of the other kind.
        for device in [None, Some(device.clone()), None, Some(device)] {
            request.device = device;
            for backend in [DbBackend::Sqlite, DbBackend::Postgres, DbBackend::MySql] {
                let built = rotation_update(&request).build(backend);
                assert_eq!(rotation_sql(backend, &request), built.sql);
                assert_eq!(built.values.unwrap().0, rotation_values(&request), "{backend:?}");
            }
        }
    }
}
