use std::{convert::Infallible, sync::Arc};

use cookiejwt_rocket::{Argon2id, PasswordHasher as _, Secret, prelude::*};
use rocket::{get, routes};

#[rocket::main]
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

    let app = rocket::build()
        .mount("/", routes![customer])
        .mount("/", customers.routes()) // POST /api/auth/token/, …
        .mount("/staff", staff.require_login(routes![office]))
        .mount("/", staff.routes()) // POST /staff/auth/token/, …
        .register("/", customers.catchers())
        .attach(staff.fairing())
        .attach(customers.fairing()); // the last one answers guards outside of `require_login`
    app.launch().await?;
    Ok(())
}

#[get("/me")]
fn customer(who: Identity) -> String {
    format!("customer {}", who.subject())
}
#[get("/me")]
fn office(who: Identity) -> String {
    format!("staff {}", who.subject())
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
