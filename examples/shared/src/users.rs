//! The user table, and the first user.

use cookiejwt_store::{AuthUser, Authenticator, Method, Proofs, Subject, UserStore};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    DatabaseConnection, DbErr, PaginatorTrait as _,
    entity::prelude::{
        ActiveModelBehavior, ColumnTrait as _, DeriveEntityModel, DerivePrimaryKey, DeriveRelation,
        EntityTrait, EnumIter, Expr, PrimaryKeyTrait, QueryFilter as _,
    },
};

use crate::{DemoClaims, DemoError, Settings};

/// A row of the application's own user table.
#[derive(Clone, Debug, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// The `sub` claim.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The login name.
    #[sea_orm(unique)]
    pub username: String,
    /// An argon2id hash.
    pub password_hash: String,
    /// The secret of the user's TOTP app, in base32.
    pub totp_secret: Option<String>,
}

/// A user of the application.
pub type User = Model;

/// None.
#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The application's users: its implementation of [`UserStore`].
#[derive(Clone, Debug)]
pub struct Users(pub(crate) DatabaseConnection);

impl AuthUser for User {
    fn subject(&self) -> Subject {
        self.id.into()
    }

    fn password_hash(&self) -> Option<&str> {
        Some(&self.password_hash)
    }

    fn claims(&self) -> impl serde::Serialize {
        DemoClaims { username: self.username.clone() }
    }

    fn second_factor(&self, proofs: &Proofs) -> bool {
        self.totp_secret.is_some() && !proofs.has(Method::OTP)
    }

    fn second_factors(&self) -> Vec<Method> {
        self.totp_secret.iter().map(|_| Method::OTP).collect()
    }
}

impl UserStore for Users {
    type User = User;
    type Error = DbErr;

    async fn find_by_id(&self, id: &Subject) -> Result<Option<User>, DbErr> {
        let Ok(id) = id.parse::<i64>() else { return Ok(None) };
        Entity::find_by_id(id).one(&self.0).await
    }

    async fn find_by_login(&self, login: &str) -> Result<Option<User>, DbErr> {
        Entity::find().filter(Column::Username.eq(login)).one(&self.0).await
    }

    async fn set_password_hash(&self, id: &Subject, old: &str, new: &str) -> Result<bool, DbErr> {
        let Ok(id) = id.parse::<i64>() else { return Ok(false) };
        let update = Entity::update_many()
            .col_expr(Column::PasswordHash, Expr::value(new))
            .filter(Column::Id.eq(id))
            .filter(Column::PasswordHash.eq(old));
        Ok(update.exec(&self.0).await?.rows_affected == 1)
    }
}

impl Users {
    /// The secret of this user's TOTP app, if there is one.
    pub async fn totp_secret(&self, id: &Subject) -> Result<Option<String>, DemoError> {
        Ok(self.find_by_id(id).await?.and_then(|user| user.totp_secret))
    }

    /// From now on each login of this user needs a code of the app with this secret.
    pub async fn set_totp_secret(&self, user: &User, secret: String) -> Result<(), DemoError> {
        let row = ActiveModel { id: Set(user.id), totp_secret: Set(Some(secret)), ..ActiveModel::default() };
        Entity::update(row).exec(&self.0).await?;
        Ok(())
    }
}

/// Creates the first user at first start: `DEMO_USER` with `DEMO_PASSWORD`, or `demo` with a random
/// password that is printed once.
pub(crate) async fn create_first(
    db: &DatabaseConnection,
    auth: &Authenticator,
    settings: &Settings,
) -> Result<(), DemoError> {
    if Entity::find().count(db).await? > 0 {
        return Ok(());
    }
    let first = settings.first_user()?;
    let row = ActiveModel {
        id: NotSet,
        username: Set(first.name.clone()),
        password_hash: Set(auth.hash_password(&first.password).await?),
        totp_secret: Set(None),
    };
    if let Err(error) = Entity::insert(row).exec_without_returning(db).await {
        // Another node that starts at the same time was faster.
        return if Entity::find().count(db).await? > 0 { Ok(()) } else { Err(error.into()) };
    }
    first.announce();
    Ok(())
}
