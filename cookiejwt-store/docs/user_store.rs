use cookiejwt_store::{AuthUser, Subject, UserStore};
use sea_orm::{DatabaseConnection, QueryFilter as _, entity::prelude::*, sea_query::Expr};

mod user {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique)]
        pub name: String,
        pub password_hash: String,
        pub is_active: bool,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl AuthUser for user::Model {
    fn subject(&self) -> Subject {
        self.id.into()
    }

    fn password_hash(&self) -> Option<&str> {
        Some(&self.password_hash)
    }

    fn is_active(&self) -> bool {
        self.is_active
    }
}

struct Users(DatabaseConnection);

impl UserStore for Users {
    type User = user::Model;
    type Error = DbErr;

    async fn find_by_id(&self, id: &Subject) -> Result<Option<user::Model>, DbErr> {
        // A token of another table may contain any subject: it finds no user.
        let Ok(id) = id.parse::<i64>() else { return Ok(None) };
        user::Entity::find_by_id(id).one(&self.0).await
    }

    async fn find_by_login(&self, login: &str) -> Result<Option<user::Model>, DbErr> {
        user::Entity::find().filter(user::Column::Name.eq(login)).one(&self.0).await
    }

    async fn set_password_hash(&self, id: &Subject, old: &str, new: &str) -> Result<bool, DbErr> {
        let Ok(id) = id.parse::<i64>() else { return Ok(false) };
        // One statement, so that a password that was changed in the meantime is not overwritten.
        let changed = user::Entity::update_many()
            .col_expr(user::Column::PasswordHash, Expr::value(new))
            .filter(user::Column::Id.eq(id))
            .filter(user::Column::PasswordHash.eq(old))
            .exec(&self.0)
            .await?;
        Ok(changed.rows_affected == 1)
    }
}
