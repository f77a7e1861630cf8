//! The pages.

use cookiejwt_axum::Problem;
use example_shared::Note;
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;

pub(crate) const STYLE: &str = include_str!("../web/style.css");

/// What a form that failed leaves in the address of its page. Anyone may have written it there.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Failure {
    error: Option<String>,
    reason: Option<String>,
    retry_after: Option<u32>,
    /// The account page's own.
    changed: Option<String>,
    code: Option<String>,
}

/// The query of the login page.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct LoginQuery {
    next: Option<String>,
    error: Option<String>,
    retry_after: Option<u32>,
}

/// A sentence for a code of the library, and none for any other text.
fn sentence(error: Option<&str>, retry_after: Option<u32>) -> Markup {
    let detail = error.and_then(Problem::detail_of);
    html! {
        @if let Some(detail) = detail {
            p.error role="alert" {
                (detail)
                @if let Some(seconds) = retry_after { " (" (seconds) " s)" }
            }
        }
    }
}

fn layout(title: &str, name: Option<&str>, head: &Markup, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – cookiejwt plain" }
                link rel="stylesheet" href="/style.css";
                (head)
            }
            body {
                header {
                    a href="/" { "cookiejwt plain" }
                    @if let Some(name) = name {
                        nav {
                            a href="/notes" { "Notes" }
                            a href="/live" { "Live" }
                            a href="/account" { (name) }
                            form method="post" action="/api/auth/logout/" { button { "Log out" } }
                        }
                    }
                }
                main { h1 { (title) } (body) }
            }
        }
    }
}

fn plain(title: &str, name: Option<&str>, body: &Markup) -> Markup {
    layout(title, name, &html! {}, body)
}

pub(crate) fn home(name: Option<&str>) -> Markup {
    plain(
        "Welcome",
        name,
        &html! {
            @match name {
                Some(name) => p { "You are " (name) "." },
                None => p { a href="/login" { "Log in" } },
            }
        },
    )
}

pub(crate) fn login(query: &LoginQuery) -> Markup {
    plain(
        "Log in",
        None,
        &html! {
            (sentence(query.error.as_deref(), query.retry_after))
            form method="post" action="/api/auth/token/" {
                // It is checked where it is used.
                @if let Some(next) = &query.next { input type="hidden" name="next" value=(next); }
                label for="username" { "Username" }
                input #username name="username" autocomplete="username" required autofocus;
                label for="password" { "Password" }
                input #password name="password" type="password" autocomplete="current-password" required;
                label { input name="remember" type="checkbox"; " Stay logged in" }
                button { "Log in" }
            }
        },
    )
}

/// Wrong name or password is not what a wrong code is.
fn sentence_of_code(failure: &Failure) -> Markup {
    match failure.error.as_deref() {
        Some("invalid_credentials") => html! { p.error role="alert" { "This code is not right." } },
        error => sentence(error, failure.retry_after),
    }
}

fn code_form(action: &str, button: &str) -> Markup {
    html! {
        form method="post" action=(action) {
            label for="code" { "Code" }
            input #code name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus;
            button { (button) }
        }
    }
}

pub(crate) fn code(failure: &Failure) -> Markup {
    plain(
        "Second step",
        None,
        &html! {
            (sentence_of_code(failure))
            p { "Type the code that your app shows." }
            (code_form("/login/code", "Continue"))
        },
    )
}

pub(crate) fn enrolment(name: &str, secret: &str, url: &str, failure: &Failure) -> Markup {
    plain(
        "Codes of an app",
        Some(name),
        &html! {
            (sentence_of_code(failure))
            p { "Add this key to your app, then type the code that it shows. " a href=(url) { "Open the app" } }
            p { "Key: " code { (secret) } }
            (code_form("/account/code", "Switch on"))
        },
    )
}

pub(crate) fn notes(name: &str, notes: &[Note], refused: Option<&str>) -> Markup {
    plain(
        "Notes",
        Some(name),
        &html! {
            @if refused.is_some() { p.error role="alert" { "A note has 1 to 500 characters." } }
            form method="post" action="/notes" {
                label for="text" { "Note" }
                textarea #text name="text" required { (refused.unwrap_or_default()) }
                button { "Add" }
            }
            (list(notes))
        },
    )
}

pub(crate) fn list(notes: &[Note]) -> Markup {
    html! { ul #notes { @for note in notes { li { (note.text()) } } } }
}

/// htmx puts the list that comes back into the page. If the session has ended, it goes to the login
/// page instead, and from there back to this one.
pub(crate) fn live(name: &str, notes: &[Note]) -> Markup {
    let head = html! {
        // The policy of the page allows no inline styles.
        meta name="htmx-config" content=r#"{"includeIndicatorStyles":false}"#;
        script src="/htmx.js" defer {}
    };
    layout(
        "Live notes",
        Some(name),
        &head,
        &html! {
            form hx-post="/live/notes" hx-target="#notes" hx-swap="outerHTML" {
                label for="text" { "Note" }
                input #text name="text" required;
                button { "Add" }
            }
            (list(notes))
        },
    )
}

pub(crate) fn account(name: &str, failure: &Failure) -> Markup {
    plain(
        "Account",
        Some(name),
        &html! {
            (sentence(failure.error.as_deref(), failure.retry_after))
            @if failure.reason.as_deref() == Some("too_short") { p { "It has at least 8 characters." } }
            @if failure.changed.is_some() { p role="status" { "The password is changed." } }
            @if failure.code.is_some() { p role="status" { "From now on, a login needs a code of your app." } }
            p { a href="/account/code" { "Codes of an app" } }
            form method="post" action="/api/auth/password/" {
                input type="hidden" name="next" value="/account?changed";
                label for="current" { "Current password" }
                input #current name="current_password" type="password" autocomplete="current-password" required;
                label for="new" { "New password" }
                input #new name="new_password" type="password" autocomplete="new-password" required;
                button { "Change password" }
            }
        },
    )
}

/// What the library refuses.
pub(crate) fn problem(problem: Problem) -> Markup {
    let status = problem.status();
    plain(
        status.canonical_reason().unwrap_or("Refused"),
        None,
        &html! {
            p { (problem.detail()) }
            p { a href="/" { "Back to the start" } }
        },
    )
}
