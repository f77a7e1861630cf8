//! The session of actix-session follows the login.

use actix_web::{HttpMessage as _, HttpRequest};
use cookiejwt_store::{Authenticator, SessionChange, SessionCookieError};

use crate::Problem;

#[cfg(feature = "actix-session")]
const CURE: &str = "put `.wrap(SessionMiddleware::new(…))` before `.wrap(auth.middleware())`";
#[cfg(not(feature = "actix-session"))]
const CURE: &str = "turn on the feature `actix-session` of cookiejwt-actix";

/// Marks a request whose session was to begin anew.
struct Begun(SessionChange);

pub(crate) fn carry_out(request: &HttpRequest, change: Option<&SessionChange>) {
    let Some(change) = change else { return };
    if let SessionChange::Begins { .. } = change {
        request.extensions_mut().insert(Begun(change.clone()));
    }
    #[cfg(feature = "actix-session")]
    follow(request, change);
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

/// A login whose session nobody has stored by the time the response passes our middleware: nobody is logged in.
pub(crate) fn refuse_lost(auth: &Authenticator, request: &HttpRequest) -> Option<Problem> {
    let Begun(change) = request.extensions_mut().remove()?;
    if is_stored(request) {
        return None;
    }
    let auth = auth.clone();
    actix_web::rt::spawn(async move { auth.drop_login(&change).await });
    Some(Problem(SessionCookieError::Missing(CURE).report()))
}

/// actix-session gives a session to every request, with and without its middleware, which takes the data out when it
/// stores it.
#[cfg(feature = "actix-session")]
fn is_stored(request: &HttpRequest) -> bool {
    use actix_session::SessionExt as _;

    request.get_session().entries().is_empty()
}

#[cfg(not(feature = "actix-session"))]
fn is_stored(_: &HttpRequest) -> bool {
    false
}
