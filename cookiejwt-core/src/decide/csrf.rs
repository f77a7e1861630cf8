//! Cross-site request forgery, refused by the headers that browsers add: Fetch Metadata, then
//! `Origin`.
//!
//! The table is used only when a cookie is the credential, and on login, refresh and logout. The
//! first row that matches wins:
//!
//! 1. GET, HEAD and OPTIONS pass, unless they upgrade to WebSocket or carry a form (Rocket's
//!    `_method` makes a GET of a form POST).
//! 2. A request whose credential is the `Authorization` header, or that is in token mode, passes:
//!    no browser sends either automatically, and no cookie is read.
//! 3. More than one `Sec-Fetch-Site` or `Origin`, or one that is not ASCII, is denied.
//! 4. `Sec-Fetch-Site: same-origin` or `none` passes. With a public origin set, an `Origin` that is
//!    present (other than `null`) must be that one or a trusted one: WebKit sends the foreign
//!    `Origin` of a form that a service worker of the site forwards, and marks the request as
//!    same-origin.
//! 5. Any other `Sec-Fetch-Site` passes only with a trusted `Origin`.
//! 6. Without `Sec-Fetch-Site`, an `Origin` that is the public one, a trusted one or the request's
//!    own passes. While cookies are `Secure`, a page over plain HTTP is foreign, except on the same
//!    machine: an attacker who can answer for `http://shop.example` on a network must not post to
//!    `https://shop.example`.
//! 7. Any other `Origin`, also `null`, is denied.
//! 8. With neither header the client is not a browser: it passes, unless `strict_browser_headers`
//!    denies it.
//!
//! A custom login flow uses the same table without the first row: GET, HEAD and OPTIONS never log a
//! user in.

use http::{Method, header};

use crate::{
    config::CsrfSettings,
    decide::facade::Core,
    request::{Field, Mode, RequestHead, SEC_FETCH_SITE, TokenMode},
    syntax::Origin,
};

/// Proof that the table let a request pass. It is made only here.
#[derive(Clone, Debug)]
pub struct CsrfCleared(());

impl CsrfCleared {
    /// For the identity of a login: the login route has checked the table before, and a custom
    /// login flow (an OAuth callback) has its own proof that the user meant it.
    pub(crate) fn for_login() -> Self {
        Self(())
    }
}

/// Which row denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrfDenial {
    /// Row 3.
    #[error("Sec-Fetch-Site or Origin is there twice or not ASCII")]
    Ambiguous,
    /// Row 5.
    #[error("Sec-Fetch-Site says another site, and Origin is not trusted")]
    CrossSite,
    /// Row 7; row 4 when a public origin is set.
    #[error("Origin is neither ours nor trusted")]
    ForeignOrigin,
    /// Row 8.
    #[error("neither Sec-Fetch-Site nor Origin, and strict_browser_headers is on")]
    NoBrowserHeaders,
    /// A custom login flow by GET, HEAD or OPTIONS, to which the first row does not apply.
    #[error(
        "a login by GET, which any page or mail can start; POST it, or say `LoginOptions::state_checked()` when this browser \
         brought the `state` that was compared"
    )]
    SafeLogin,
}

/// What the rows after the first need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A cookie, or none yet (login).
    Ambient,
    /// The `Authorization` header alone.
    Header,
    /// Any credential other than a cookie.
    TokenMode(TokenMode),
}

impl Credential {
    /// For a route that is called before a user is authenticated.
    pub(crate) const fn none_yet(mode: Mode) -> Self {
        match mode {
            Mode::Cookie => Self::Ambient,
            Mode::Token(mode) => Self::TokenMode(mode),
        }
    }
}

impl Core {
    /// Checks the CSRF table for a route that changes something before a user is authenticated:
    /// login.
    pub fn check_csrf<'a>(&self, head: impl Into<RequestHead<'a>>) -> Result<CsrfCleared, CsrfDenial> {
        let head = head.into();
        check(&head, &self.config().csrf, Credential::none_yet(self.mode(head)))
    }

    /// Checks the CSRF table for a custom login flow, without its first row.
    ///
    /// GET, HEAD or OPTIONS alone never begin a session: any page can make a browser send one, and
    /// the user would continue as the owner of the link (login CSRF, OWASP CSRF prevention). An
    /// OAuth callback by GET has a better proof, the `state` that this browser sent; the
    /// application checks it and does not call this method. As in row 2, a request in token mode
    /// passes, and so does one whose only credential is a bearer token: no browser sends either
    /// automatically.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use cookiejwt_core::{fault::CsrfDenial, testing};
    ///
    /// let core = testing::core();
    /// let ask = |request: http::request::Builder| {
    ///     let (parts, ()) = request.body(()).unwrap().into_parts();
    ///     core.check_login_csrf(&parts).map(drop)
    /// };
    /// let own_page = ("sec-fetch-site", "same-origin");
    /// assert_eq!(ask(http::Request::post("/").header(own_page.0, own_page.1)), Ok(()));
    /// assert_eq!(ask(http::Request::get("/").header(own_page.0, own_page.1)), Err(CsrfDenial::SafeLogin));
    /// # }
    /// ```
    pub fn check_login_csrf<'a>(&self, head: impl Into<RequestHead<'a>>) -> Result<CsrfCleared, CsrfDenial> {
        let head = head.into();
        check_login(&head, &self.config().csrf, self.login_credential(&head))
    }
}

pub(crate) fn check(
    head: &RequestHead<'_>,
    settings: &CsrfSettings,
    credential: Credential,
) -> Result<CsrfCleared, CsrfDenial> {
    if is_safe(head) {
        return Ok(CsrfCleared(()));
    }
    check_change(head, settings, credential)
}

/// The table without its first row, for what begins a session.
///
/// A page of any site can make a browser send a GET, and a link in a mail is sent with
/// `Sec-Fetch-Site: none`. The row that lets it pass assumes that it changes nothing, which is
/// wrong here: the user would continue as someone else (login CSRF).
pub(crate) fn check_login(
    head: &RequestHead<'_>,
    settings: &CsrfSettings,
    credential: Credential,
) -> Result<CsrfCleared, CsrfDenial> {
    if credential == Credential::Ambient && has_safe_method(head) {
        return Err(CsrfDenial::SafeLogin);
    }
    check_change(head, settings, credential)
}

fn check_change(
    head: &RequestHead<'_>,
    settings: &CsrfSettings,
    credential: Credential,
) -> Result<CsrfCleared, CsrfDenial> {
    let cleared = CsrfCleared(());
    if credential != Credential::Ambient {
        return Ok(cleared);
    }
    let site = ascii(head.field(&SEC_FETCH_SITE))?;
    let origin = ascii(head.field(&header::ORIGIN))?;
    match (site, origin) {
        (Some("same-origin" | "none"), Some(origin)) if contradicts(origin, settings) => {
            Err(CsrfDenial::ForeignOrigin)
        }
        (Some("same-origin" | "none"), _) => Ok(cleared),
        (Some(_), Some(origin)) if is_trusted(origin, settings) => Ok(cleared),
        (Some(_), _) => Err(CsrfDenial::CrossSite),
        (None, Some(origin)) if is_ours(origin, head, settings) => Ok(cleared),
        (None, Some(_)) => Err(CsrfDenial::ForeignOrigin),
        (None, None) if settings.strict_browser_headers => Err(CsrfDenial::NoBrowserHeaders),
        (None, None) => Ok(cleared),
    }
}

/// Whether a request's `Origin` is in the trusted list.
pub(crate) fn has_trusted_origin(head: &RequestHead<'_>, settings: &CsrfSettings) -> bool {
    head.text(&header::ORIGIN).is_some_and(|origin| is_trusted(origin, settings))
}

fn is_safe(head: &RequestHead<'_>) -> bool {
    has_safe_method(head) && !upgrades_to_websocket(head) && !head.carries_form()
}

fn has_safe_method(head: &RequestHead<'_>) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].iter().any(|method| head.is_method(method))
}

fn upgrades_to_websocket(head: &RequestHead<'_>) -> bool {
    any_value(head, &header::UPGRADE, |value| {
        value.split(|b| *b == b',').any(|p| p.trim_ascii().eq_ignore_ascii_case(b"websocket"))
    })
}

fn any_value(head: &RequestHead<'_>, name: &http::HeaderName, test: impl Fn(&[u8]) -> bool) -> bool {
    let mut found = false;
    head.visit(name, &mut |value| found |= test(value));
    found
}

fn ascii(field: Field<'_>) -> Result<Option<&str>, CsrfDenial> {
    match field {
        Field::Absent => Ok(None),
        Field::One(value) if value.is_ascii() => {
            std::str::from_utf8(value).map(|text| Some(text.trim())).map_err(|_| CsrfDenial::Ambiguous)
        }
        Field::One(_) | Field::Many => Err(CsrfDenial::Ambiguous),
    }
}

fn is_trusted(origin: &str, settings: &CsrfSettings) -> bool {
    settings.trusted_origins.iter().any(|trusted| same(trusted, origin))
}

/// Row 4: whether an `Origin` contradicts Fetch Metadata that marks the request as ours.
fn contradicts(origin: &str, settings: &CsrfSettings) -> bool {
    let Some(public) = &settings.public_origin else { return false };
    origin != "null" && !same(public, origin) && !is_trusted(origin, settings)
}

fn is_ours(origin: &str, head: &RequestHead<'_>, settings: &CsrfSettings) -> bool {
    is_trusted(origin, settings)
        || match &settings.public_origin {
            Some(public) => same(public, origin),
            None => Origin::parse(origin)
                .filter(|origin| !(settings.secure && origin.is_exposed()))
                .zip(head.authority())
                .is_some_and(|(origin, at)| origin.is_at(at)),
        }
}

fn same(left: &str, right: &str) -> bool {
    Origin::parse(left).zip(Origin::parse(right)).is_some_and(|(left, right)| left.same_as(&right))
}

#[cfg(test)]
mod tests;
