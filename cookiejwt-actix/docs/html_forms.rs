use std::{convert::Infallible, sync::Mutex};

use actix_web::{App, HttpResponse, HttpServer, http::header::ContentType, web};
use cookiejwt_actix::{Argon2id, PasswordHasher as _, prelude::*};
use maud::{Markup, html};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let alice = User { id: 1, password_hash: Argon2id::default().hash("alice's password")? };
    let auth = Authenticator::builder(Config::from_env()?)
        .users(Table(alice))
        .tokens(MemoryStore::new())
        .login_page("/login") // forms of pages are answered with pages
        .after_login("/notes")
        .build()?;
    let notes = web::Data::new(Notes::default());

    let server = HttpServer::new(move || {
        let private = web::resource("/notes")
            .route(web::get().to(show))
            .route(web::post().to(add))
            .wrap(auth.require_login().redirect_to("/login").no_store());
        App::new()
            .app_data(notes.clone())
            .service(private)
            .route("/login", web::get().to(login))
            .configure(auth.routes()) // POST /api/auth/token/, /api/auth/logout/, …
            .wrap(auth.middleware().on_problem(|problem, head| {
                let body = html! { h1 { (problem.status()) } p { (problem.detail()) } };
                head.is_page_navigation().then(|| page(body))
            }))
    });
    server.bind(("127.0.0.1", 3000))?.run().await?;
    Ok(())
}

#[derive(serde::Deserialize)]
struct Login {
    next: Option<String>,
    error: Option<String>,
}

async fn login(query: web::Query<Login>) -> HttpResponse {
    page(html! {
        // A sentence for a code, and nothing for any other text that a link may contain.
        @if let Some(detail) = query.error.as_deref().and_then(Problem::detail_of) { p { (detail) } }
        form method="post" action="/api/auth/token/" {
            @if let Some(next) = &query.next { input type="hidden" name="next" value=(next); }
            input name="username" autocomplete="username" required;
            input name="password" type="password" autocomplete="current-password" required;
            button { "Log in" }
        }
    })
}

type Notes = Mutex<Vec<String>>;

async fn show(notes: web::Data<Notes>, who: Identity) -> HttpResponse {
    let notes = notes.lock().unwrap().clone();
    page(html! {
        p { "You are user " (who.subject().as_str()) "." }
        form method="post" action="/api/auth/logout/" { button { "Log out" } }
        form method="post" { textarea name="text" {} button { "Add" } }
        ul { @for note in &notes { li { (note) } } }
    })
}

#[derive(serde::Deserialize)]
struct Note {
    text: String,
}

/// If the access token has run out, it is refreshed before this runs: nothing typed is lost.
async fn add(notes: web::Data<Notes>, _: Identity, form: web::Form<Note>) -> web::Redirect {
    notes.lock().unwrap().push(form.into_inner().text);
    web::Redirect::to("/notes").see_other()
}

fn page(body: Markup) -> HttpResponse {
    let page = html! { (maud::DOCTYPE) title { "Notes" } (body) };
    HttpResponse::Ok().content_type(ContentType::html()).body(page.into_string())
}

/// Yours is a table of your database.
struct Table(User);

#[derive(Clone)]
struct User {
    id: i64,
    password_hash: String,
}

impl AuthUser for User {
    fn subject(&self) -> Subject { self.id.into() }
    fn password_hash(&self) -> Option<&str> { Some(&self.password_hash) }
}

impl UserStore for Table {
    type User = User;
    type Error = Infallible;
    async fn find_by_id(&self, id: &Subject) -> Result<Option<User>, Infallible> {
        Ok(Some(self.0.clone()).filter(|user| user.subject() == *id))
    }
    async fn find_by_login(&self, login: &str) -> Result<Option<User>, Infallible> {
        Ok(Some(self.0.clone()).filter(|_| login == "alice"))
    }
    async fn set_password_hash(&self, _: &Subject, _: &str, _: &str) -> Result<bool, Infallible> {
        Ok(false) // this table cannot change
    }
}
