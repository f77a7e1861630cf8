use std::{convert::Infallible, sync::Arc};

use actix_web::{App, HttpServer, web};
use cookiejwt_actix::{Argon2id, PasswordHasher as _, Secret, prelude::*};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = Secret::from_base64(&std::env::var("COOKIEJWT_SECRET")?)?;
    let config = || Config::builder().secret(secret.clone()).issuer("http://localhost").audience("shop");
    let sessions = MemoryStore::new(); // one for both; the realm keeps them apart
    let customers = Authenticator::builder(config().realm("customers").build()?)
        .users(Table::new("alice", "alice's password")?)
        .tokens(sessions.clone())
        .build()?;
    let staff = Authenticator::builder(config().realm("staff").build()?)
        .users(Table::new("root", "root's password")?)
        .tokens(sessions)
        .prefix("/staff/auth")
        .build()?;

    let server = HttpServer::new(move || {
        let office = web::scope("/staff")
            .route("/me", web::get().to(async |who: Identity| format!("staff {}", who.subject())))
            .wrap(staff.require_login())
            .wrap(staff.middleware());
        App::new()
            .service(office)
            .route("/me", web::get().to(async |who: Identity| format!("customer {}", who.subject())))
            .configure(customers.routes()) // POST /api/auth/token/, …
            .configure(staff.routes()) // POST /staff/auth/token/, …, which no scope swallows
            .wrap(customers.middleware())
    });
    server.bind(("127.0.0.1", 3000))?.run().await?;
    Ok(())
}

/// A table of its own for each kind; yours is a table of your database.
#[derive(Clone)]
struct Table(Arc<Vec<User>>);

#[derive(Clone)]
struct User {
    id: i64,
    name: &'static str,
    password_hash: String,
}

impl Table {
    fn new(name: &'static str, password: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let password_hash = Argon2id::default().hash(password)?;
        Ok(Self(Arc::new(vec![User { id: 1, name, password_hash }])))
    }
}

impl AuthUser for User {
    fn subject(&self) -> Subject { self.id.into() }
    fn password_hash(&self) -> Option<&str> { Some(&self.password_hash) }
}

impl UserStore for Table {
    type User = User;
    type Error = Infallible;
    async fn find_by_id(&self, id: &Subject) -> Result<Option<User>, Infallible> {
        Ok(self.0.iter().find(|user| user.subject() == *id).cloned())
    }
    async fn find_by_login(&self, login: &str) -> Result<Option<User>, Infallible> {
        Ok(self.0.iter().find(|user| user.name == login).cloned())
    }
    async fn set_password_hash(&self, _: &Subject, _: &str, _: &str) -> Result<bool, Infallible> {
        Ok(false) // this table cannot change
    }
}
