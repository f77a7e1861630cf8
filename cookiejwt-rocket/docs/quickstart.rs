use cookiejwt_rocket::prelude::*;
use rocket::{get, routes, serde::json::{Json, Value, json}};
use sea_orm::{Database, DatabaseConnection, QueryFilter as _, entity::prelude::*, sea_query::Expr};

#[rocket::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init(); // before Rocket sets a logger of its own
    let rocket = rocket::build();
    let db = Database::connect("sqlite://app.db?mode=rwc").await?;
    db.get_schema_builder().register(user::Entity).sync(&db).await?; // your own table; create it as you like
    let auth = Authenticator::builder(Config::from_figment(rocket.figment())?)
        .users(Users(db.clone()))
        .tokens(SeaOrmTokenStore::migrate(db.clone()).await?)
        .build()?;

    let app = rocket.mount("/", routes![home, me]).mount("/", auth.routes()); // POST /api/auth/token/, …/refresh/, …
    app.register("/", auth.catchers()).attach(auth.fairing()).launch().await?;
    Ok(())
}

#[get("/")]
fn home(who: MaybeIdentity) -> String {
    who.0.map_or("hello, stranger".into(), |who| format!("hello, {}", who.subject()))
}
#[get("/me")]
fn me(user: CurrentUser<user::Model>) -> Json<Value> {
    Json(json!({ "id": user.0.id, "name": user.0.name })) // never the row: it holds the password hash
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
