use std::{convert::Infallible, io::Cursor, sync::Mutex};

use cookiejwt_rocket::{Argon2id, PasswordHasher as _, prelude::*};
use maud::{Markup, html};
use rocket::{
    FromForm, Response, State,
    form::Form,
    get,
    http::ContentType,
    post,
    response::{Redirect, content::RawHtml},
    routes,
};

#[rocket::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let alice = User { id: 1, password_hash: Argon2id::default().hash("alice's password")? };
    let auth = Authenticator::builder(Config::from_env()?)
        .users(Table(alice))
        .tokens(MemoryStore::new())
        .login_page("/login") // forms of pages are answered with pages
        .after_login("/notes")
        .build()?;

    let app = rocket::build()
        .manage(Notes::default())
        .mount("/", auth.require_login(routes![show, add]).redirect_to("/login").no_store())
        .mount("/", routes![login])
        .mount("/", auth.routes()) // POST /api/auth/token/, /api/auth/logout/, …
        .register("/", auth.catchers())
        .attach(auth.fairing().on_problem(|problem, head| {
            let RawHtml(page) = page(html! { h1 { (problem.status()) } p { (problem.detail()) } });
            let response = || Response::build().header(ContentType::HTML).sized_body(page.len(), Cursor::new(page)).finalize();
            head.is_page_navigation().then(response)
        }));
    app.launch().await?;
    Ok(())
}

#[get("/login?<next>&<error>")]
fn login(next: Option<&str>, error: Option<&str>) -> RawHtml<String> {
    page(html! {
        // A sentence for a code, and nothing for any other text that a link may contain.
        @if let Some(detail) = error.and_then(Problem::detail_of) { p { (detail) } }
        form method="post" action="/api/auth/token/" {
            @if let Some(next) = &next { input type="hidden" name="next" value=(next); }
            input name="username" autocomplete="username" required;
            input name="password" type="password" autocomplete="current-password" required;
            button { "Log in" }
        }
    })
}

type Notes = Mutex<Vec<String>>;

#[get("/notes")]
fn show(notes: &State<Notes>, who: Identity) -> RawHtml<String> {
    let notes = notes.lock().unwrap().clone();
    page(html! {
        p { "You are user " (who.subject().as_str()) "." }
        form method="post" action="/api/auth/logout/" { button { "Log out" } }
        form method="post" { textarea name="text" {} button { "Add" } }
        ul { @for note in &notes { li { (note) } } }
    })
}

#[derive(FromForm)]
struct Note {
    text: String,
}

/// If the access token has run out, it is refreshed before this runs: nothing typed is lost.
#[post("/notes", data = "<form>")]
fn add(notes: &State<Notes>, _who: Identity, form: Form<Note>) -> Redirect {
    notes.lock().unwrap().push(form.into_inner().text);
    Redirect::to("/notes")
}

fn page(body: Markup) -> RawHtml<String> {
    RawHtml(html! { (maud::DOCTYPE) title { "Notes" } (body) }.into_string())
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
