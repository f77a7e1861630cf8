//! The session of actix-session follows the login.

use actix_web::{Error, HttpRequest, dev::ServiceResponse};
use cookiejwt_store::{SessionChange, SessionCookieError, Slot};

use crate::AuthError;

#[cfg(feature = "actix-session")]
const CURE: &str = "put `.wrap(SessionMiddleware::new(…))` of actix-session 0.11 before `.wrap(auth.middleware())` (a middleware of \
                    another version is not seen)";
#[cfg(not(feature = "actix-session"))]
const CURE: &str = "turn on the feature `actix-session` of cookiejwt-actix";

pub(crate) fn carry_out(request: &HttpRequest, change: Option<&SessionChange>) {
    #[cfg(feature = "actix-session")]
    change.inspect(|change| follow(request, change));
    #[cfg(not(feature = "actix-session"))]
    let _ = (request, change);
}

#[cfg(feature = "actix-session")]
fn follow(request: &HttpRequest, change: &SessionChange) {
    use actix_session::SessionExt as _;
    use cookiejwt_store::SESSION_USER_KEY;

    let session = request.get_session();
    let SessionChange::Begins { subject, .. } = change else { return session.purge() };
    let bound_to = session.get::<String>(SESSION_USER_KEY).unwrap_or_else(|_| Some(String::new()));
    if !change.keeps_data_of(bound_to.as_deref()) {
        session.clear();
    }
    session.renew();
    // A text can always be written as JSON.
    let _ = session.insert(SESSION_USER_KEY, subject.as_str());
}

/// Refuses a login whose session was not stored by the time the response passes this middleware. If
/// its store fails, actix-session responds with an error instead.
pub(crate) fn refuse_lost<B>(
    slot: &Slot,
    result: Result<ServiceResponse<B>, Error>,
) -> Result<ServiceResponse<B>, Error> {
    let is_kept =
        |result: &Result<ServiceResponse<B>, _>| result.as_ref().is_ok_and(|r| is_stored(r.request()));
    if !slot.sends_login() || is_kept(&result) {
        return result;
    }
    if let Some(change) = slot.take_back() {
        let auth = slot.authenticator().clone();
        actix_web::rt::spawn(async move { auth.drop_login(&change).await });
    }
    result.and_then(|_| Err(AuthError(SessionCookieError::Missing(CURE).log_and_problem()).into()))
}

/// actix-session gives a session to every request, with and without its middleware, which takes the
/// data out when it stores it.
#[cfg(feature = "actix-session")]
fn is_stored(request: &HttpRequest) -> bool {
    use actix_session::SessionExt as _;

    request.get_session().entries().is_empty()
}

#[cfg(not(feature = "actix-session"))]
fn is_stored(_: &HttpRequest) -> bool {
    false
}

#[cfg(all(test, feature = "actix-session"))]
#[test]
fn the_cure_names_the_version_that_is_seen() {
    let manifest = include_str!("../../Cargo.toml");
    let line = manifest.lines().find(|line| line.starts_with("actix-session")).unwrap();
    let version = line.split('"').nth(1).unwrap();
    assert!(CURE.contains(&format!("actix-session {version} ")));
}
