//! What a handler answers, for each framework to turn into its own response.

use cookiejwt_store::{LoginError, Problem};
use maud::Markup;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use crate::{ProofsError, pages};

/// The answer of a handler.
#[derive(Clone, Debug)]
pub enum View {
    /// A page.
    Page(u16, String),
    /// 303 to a path of this application, or to the identity provider.
    Redirect(String),
    /// For the script of the passkeys.
    Json(u16, Value),
}

/// Static files: path, media type, content.
pub const ASSETS: [(&str, &str, &str); 2] = [
    ("/style.css", "text/css; charset=utf-8", include_str!("../web/style.css")),
    ("/passkeys.js", "text/javascript; charset=utf-8", include_str!("../web/passkeys.js")),
];

/// The `Content-Security-Policy` of every page. QR codes are `data:` images, and `form-action` also
/// applies to the redirect to an identity provider, so it is left out.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

impl View {
    pub(crate) fn page(status: u16, markup: Markup) -> Self {
        Self::Page(status, markup.into_string())
    }

    /// 303 to this path of the application, or to its first page.
    pub fn to(next: Option<&str>) -> Self {
        Self::Redirect(next.and_then(cookiejwt_store::next_path).unwrap_or("/").into())
    }

    /// For a script: the path to go to.
    pub fn go(next: Option<&str>) -> Self {
        Self::Json(200, json!({ "next": next.and_then(cookiejwt_store::next_path).unwrap_or("/") }))
    }

    /// A page that says why a login failed and leads back to the start.
    pub fn refused(error: &LoginError) -> Self {
        Self::page(error.problem().status().as_u16(), pages::message(&sentence(error)))
    }
}

impl From<LoginError> for View {
    fn from(error: LoginError) -> Self {
        if let LoginError::SecondFactorRequired(_) = error {
            return Self::Redirect("/login/code".into());
        }
        Self::refused(&error)
    }
}

impl From<ProofsError> for View {
    fn from(error: ProofsError) -> Self {
        tracing::error!(%error, "a request failed");
        Self::page(503, pages::message("This is not available at the moment. Please try again later."))
    }
}

impl From<Problem> for View {
    fn from(problem: Problem) -> Self {
        Self::page(problem.status().as_u16(), pages::message(problem.detail()))
    }
}

/// `?next=…`, or nothing.
pub(crate) fn query(next: Option<&str>) -> String {
    let query = |next| Serializer::new(String::new()).append_pair("next", next).finish();
    next.map(|next| format!("?{}", query(next))).unwrap_or_default()
}

/// What the user reads.
pub(crate) fn sentence(error: &LoginError) -> String {
    match error {
        LoginError::InvalidCredentials => "This is not right. Please try again.".into(),
        LoginError::Throttled { retry_after_seconds } => {
            format!("Too many attempts. Please wait {retry_after_seconds} seconds.")
        }
        LoginError::PendingEnded => "This login has expired or was used. Please begin again.".into(),
        LoginError::LinkEnded => "This link has expired or was used. Please ask for a new one.".into(),
        LoginError::PasswordRefused(refusal) => format!("Please choose another password: {refusal}."),
        LoginError::OtherUser => "This belongs to another user.".into(),
        error => error.problem().detail().into(),
    }
}
