use axum::{Json, Router, routing::get};
use cookiejwt_axum::prelude::*;
use sea_orm::{Database, DatabaseConnection, QueryFilter as _, entity::prelude::*, sea_query::Expr};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    let db = Database::connect("sqlite://app.db?mode=rwc").await?;
    db.get_schema_builder().register(user::Entity).sync(&db).await?; // your own table; create it as you like
    let auth = Authenticator::builder(Config::from_env()?)
        .users(Users(db.clone()))
        .tokens(SeaOrmTokenStore::migrate(db.clone()).await?)
        .build()?;

    let routes = Router::new().route("/", get(home)).route("/me", get(me));
    let app = auth.serve(routes.merge(auth.routes())); // POST /api/auth/token/, …/refresh/, …/blacklist/, …/verify/
    Ok(axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).await?)
}

async fn home(who: Option<Identity>) -> String {
    who.map_or("hello, stranger".into(), |who| format!("hello, {}", who.subject()))
}
async fn me(CurrentUser(user): CurrentUser<user::Model>) -> Json<serde_json::Value> {
    Json(serde_json::json!({ "id": user.id, "name": user.name })) // never the row: it holds the password hash
}

mod user {
    use super::*;
    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique)]
        pub name: String,
        pub password_hash: String,
    }
    impl ActiveModelBehavior for ActiveModel {}
}

struct Users(DatabaseConnection);

impl AuthUser for user::Model {
    fn subject(&self) -> Subject { self.id.into() }
    fn password_hash(&self) -> Option<&str> { Some(&self.password_hash) }
}

impl UserStore for Users {
    type User = user::Model;
    type Error = DbErr;
    async fn find_by_id(&self, id: &Subject) -> Result<Option<user::Model>, DbErr> {
        let Ok(id) = id.parse::<i64>() else { return Ok(None) };
        user::Entity::find_by_id(id).one(&self.0).await
    }
    async fn find_by_login(&self, login: &str) -> Result<Option<user::Model>, DbErr> {
        user::Entity::find().filter(user::Column::Name.eq(login)).one(&self.0).await
    }
    async fn set_password_hash(&self, id: &Subject, old: &str, new: &str) -> Result<bool, DbErr> {
        let Ok(id) = id.parse::<i64>() else { return Ok(false) };
        let update = user::Entity::update_many().col_expr(user::Column::PasswordHash, Expr::value(new));
        let same = update.filter(user::Column::Id.eq(id)).filter(user::Column::PasswordHash.eq(old));
        Ok(same.exec(&self.0).await?.rows_affected == 1)
    }
}
