//! The pages. They work without a script, except for passkeys.

use cookiejwt_store::{AuthUser as _, Method, SessionInfo, cookiejwt_core::Identity};
use maud::{DOCTYPE, Markup, html};

use crate::{
    Confirm, Enrolment, PASSKEY, ProofsError, TransferForm, User, UserClaims, View, mails::MailedLink,
    view::query,
};

/// What a page shows about the user who looks at it.
#[derive(Clone, Debug)]
pub struct Visitor {
    name: String,
    is_admin: bool,
    methods: Vec<String>,
    acted_by: Option<String>,
}

impl Visitor {
    /// From the token alone, without a query.
    pub fn of(who: &Identity) -> Self {
        let claims: Option<UserClaims> = who.claims().ok();
        Self {
            name: claims.map(|claims| claims.name).unwrap_or_default(),
            is_admin: who.has_role("admin"),
            methods: who.methods().map(|method| method.to_string()).collect(),
            acted_by: who.actor().map(|actor| actor.subject().to_string()),
        }
    }
}

fn layout(title: &str, visitor: Option<&Visitor>, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – cookiejwt proofs" }
                link rel="stylesheet" href="/style.css";
                script src="/passkeys.js" type="module" {}
            }
            body {
                header {
                    a href="/" { "cookiejwt proofs" }
                    @if let Some(visitor) = visitor {
                        nav {
                            a href="/account" { "Account" }
                            a href="/transfer" { "Transfer" }
                            @if visitor.is_admin { a href="/admin" { "Users" } }
                            form method="post" action="/logout" { button { "Log out" } }
                        }
                    }
                }
                @if let Some(actor) = visitor.and_then(|visitor| visitor.acted_by.as_ref()) {
                    form.banner method="post" action="/stop-acting" {
                        "User " (actor) " acts for " (visitor.map(|visitor| visitor.name.as_str()).unwrap_or_default()) ". "
                        button { "Stop acting" }
                    }
                }
                main { h1 { (title) } (body) }
            }
        }
    }
}

/// A page with one sentence.
pub(crate) fn message(text: &str) -> Markup {
    layout(
        "Sorry",
        None,
        &html! { p.message role="alert" { (text) } p { a href="/" { "Back to the start" } } },
    )
}

fn alert(message: Option<&str>) -> Markup {
    html! { @if let Some(message) = message { p.message role="alert" { (message) } } }
}

fn hidden(name: &str, value: Option<&str>) -> Markup {
    html! { @if let Some(value) = value { input type="hidden" name=(name) value=(value); } }
}

fn passkey_button(text: &str, purpose: &str, next: Option<&str>) -> Markup {
    html! {
        p { button type="button" data-passkey=(purpose) data-next=(next.unwrap_or("/")) { (text) } }
        p.message role="alert" hidden {}
    }
}

pub(crate) fn login(next: Option<&str>, name: &str, message: Option<&str>) -> Markup {
    layout(
        "Log in",
        None,
        &html! {
            (alert(message))
            form method="post" action="/login" {
                label { "Name" input name="name" value=(name) autocomplete="username" required; }
                label { "Password" input name="password" type="password" autocomplete="current-password" required; }
                label.box { input name="remember" type="checkbox"; "Remember me" }
                (hidden("next", next))
                button { "Log in" }
            }
            h2 { "Other ways" }
            (passkey_button("Log in with a passkey", crate::purpose::PASSKEY, next))
            p { a href={ "/provider" (query(next)) } { "Log in with the identity provider" } }
            p { a href="/mail-me" { "Mail me a link" } " · " a href="/forgot" { "I have forgotten my password" } }
        },
    )
}

pub(crate) fn code(next: Option<&str>, message: Option<&str>) -> Markup {
    layout(
        "Second step",
        None,
        &html! {
            (alert(message))
            (code_form("/login/code", next))
            (passkey_button("Use a passkey", crate::purpose::SECOND_FACTOR, next))
        },
    )
}

fn code_form(action: &str, next: Option<&str>) -> Markup {
    html! {
        form method="post" action=(action) {
            label { "Code" input name="code" autocomplete="one-time-code" inputmode="numeric" required autofocus; }
            (hidden("next", next))
            button { "Continue" }
        }
    }
}

pub(crate) fn new_password(message: Option<&str>) -> Markup {
    layout(
        "Change the password",
        None,
        &html! {
            (alert(message))
            form method="post" action="/account/password" {
                label { "Present password" input name="current" type="password" autocomplete="current-password" required; }
                label { "New password" input name="new" type="password" autocomplete="new-password" required; }
                button { "Change it" }
            }
        },
    )
}

pub(crate) fn reset(token: &str, name: &str, message: Option<&str>) -> Markup {
    layout(
        "Set a new password",
        None,
        &html! {
            (alert(message))
            form method="post" action="/reset" {
                (hidden("token", Some(token)))
                (hidden("name", Some(name)))
                label { "New password for " (name) input name="new" type="password" autocomplete="new-password" required; }
                button { "Set the password" }
            }
        },
    )
}

pub(crate) fn confirm(asked: &Confirm, user: &User) -> Markup {
    let next = asked.next.as_deref();
    let known = user.second_factors();
    let any = asked.require.as_deref().unwrap_or_default().is_empty();
    let body = html! {
        p { "Please prove again that it is you, " (user.name) "." }
        @if known.contains(&Method::OTP) { (code_form("/confirm/code", next)) }
        @if known.contains(&PASSKEY) { (passkey_button("Use a passkey", crate::purpose::CONFIRM, next)) }
        @if any && user.password_hash.is_some() && known.is_empty() {
            form method="post" action="/confirm/password" {
                label { "Password" input name="password" type="password" autocomplete="current-password" required; }
                (hidden("next", next))
                button { "Continue" }
            }
        }
        @if known.is_empty() && !any {
            p { "This needs a code or a passkey, and you have none yet. "
                a href="/account" { "Set one up" } "." }
        }
    };
    layout("Is it you?", None, &body)
}

/// Pages of which a handler says only that it shows them.
impl View {
    /// The first page.
    pub fn home(visitor: Option<&Visitor>) -> Self {
        let body = html! {
            @match visitor {
                Some(visitor) => {
                    p { "You are " strong { (visitor.name) } "." }
                    p { "Proved by: " span #methods { (visitor.methods.join(", ")) } }
                }
                None => p { a href="/login" { "Log in" } },
            }
        };
        Self::page(200, layout("Welcome", visitor, &body))
    }

    /// The login form.
    pub fn login(next: Option<&str>) -> Self {
        Self::page(200, login(next, "", None))
    }

    /// The second step of a login.
    pub fn code(next: Option<&str>) -> Self {
        Self::page(200, code(next, None))
    }

    /// The form for another password.
    pub fn new_password() -> Self {
        Self::page(200, new_password(None))
    }

    /// Where the user is logged in, and what they can prove.
    pub fn account(visitor: &Visitor, user: &User, sessions: &[SessionInfo]) -> Self {
        let body = html! {
            h2 { "How you log in" }
            ul {
                li { "Password: " @if user.password_hash.is_some() { a href="/account/password" { "change it" } } @else { "none" } }
                li { "Codes of an app: " @if user.totp_secret.is_some() { "set up; " a href="/account/code" { "set up another app" } } @else { a href="/account/code" { "set up" } } }
                li { "Passkeys: " (user.passkeys().len()) }
            }
            (passkey_button("Add a passkey", crate::purpose::NEW_PASSKEY, Some("/account")))
            h2 { "Where you are logged in" }
            table {
                tr { th { "Since" } th { "Browser" } th { "Proved by" } th {} }
                @for session in sessions {
                    tr {
                        td { (session.created_at.date()) }
                        td { (session.user_agent.as_deref().unwrap_or("unknown")) }
                        td { (session.methods.join(", ")) @if let Some(actor) = &session.acted_by { "acted by " (actor) } }
                        td { @if session.current { "this browser" } }
                    }
                }
            }
            form method="post" action="/account/others" { button { "Log out everywhere else" } }
        };
        Self::page(200, layout("Account", Some(visitor), &body))
    }

    /// The secret for the user's app, and a form for its first code.
    pub fn new_code(user: &User, enrolment: &Enrolment) -> Result<Self, ProofsError> {
        let picture = enrolment.picture(user)?;
        let body = html! {
            p { "Scan this with an app for one-time codes, or type the secret: " code #secret { (enrolment.secret) } }
            img alt="QR code of the secret" src={ "data:image/png;base64," (picture) };
            (code_form("/account/code", None))
        };
        Ok(Self::page(200, layout("Set up codes", None, &body)))
    }

    /// The recovery codes of the user, shown once.
    pub fn recovery(codes: &[String]) -> Self {
        let body = html! {
            p { "Keep these codes where you do not keep your phone. Each of them replaces one code of the app, once." }
            ul #recovery { @for code in codes { li { code { (code) } } } }
            p { a href="/account" { "Done" } }
        };
        Self::page(200, layout("Recovery codes", None, &body))
    }

    /// The form of a transfer.
    pub fn transfer(visitor: &Visitor) -> Self {
        let body = html! {
            form method="post" action="/transfer" {
                label { "To" input name="to" required; }
                label { "Euros" input name="amount" type="number" min="1" value="10" required; }
                button { "Transfer" }
            }
        };
        Self::page(200, layout("Transfer", Some(visitor), &body))
    }

    /// The transfer is done.
    pub fn transferred(visitor: &Visitor, form: &TransferForm) -> Self {
        let body = html! { p #done { (form.amount) " euros were sent to " (form.to) "." } };
        Self::page(200, layout("Transfer", Some(visitor), &body))
    }

    /// All users, for the administrator.
    pub fn users(visitor: &Visitor, users: &[User]) -> Self {
        let body = html! {
            table {
                @for user in users {
                    tr {
                        td { (user.name) }
                        td { form method="post" action="/admin/act" {
                            (hidden("user", Some(&user.id.to_string())))
                            button { "Act for " (user.name) }
                        } }
                    }
                }
            }
        };
        Self::page(200, layout("Users", Some(visitor), &body))
    }

    /// The form for the address to which a link is mailed.
    pub fn mail(kind: MailedLink) -> Self {
        let (title, action) = match kind {
            MailedLink::Login => ("Log in with a mailed link", "/mail-me"),
            MailedLink::Reset => ("Forgotten password", "/forgot"),
        };
        let body = html! {
            form method="post" action=(action) {
                label { "Mail address" input name="address" type="email" autocomplete="email" required; }
                button { "Send me a link" }
            }
        };
        Self::page(200, layout(title, None, &body))
    }

    /// The same for every address.
    pub fn mailed() -> Self {
        let body = html! { p { "If we know this address, we have sent a mail to it." } };
        Self::page(200, layout("Look into your mailbox", None, &body))
    }

    /// The page of a mailed link: it shows whose account it is, and a button.
    pub fn opened_login(token: &str, user: &User) -> Self {
        let body = html! {
            form method="post" action="/login/link" {
                (hidden("token", Some(token)))
                button { "Log in as " (user.name) }
            }
        };
        Self::page(200, layout("Log in", None, &body))
    }

    /// The page of a link for a new password.
    pub fn opened_reset(token: &str, user: &User) -> Self {
        Self::page(200, reset(token, &user.name, None))
    }
}
