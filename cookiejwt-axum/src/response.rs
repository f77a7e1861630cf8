use axum_core::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use bytes::Bytes;
use cookiejwt_store::{Authenticator, LoginError, Reply, SetCookies, core as cookiejwt_core};
use http_body_util::Full;

/// A failure as the client sees it: `application/problem+json` with its challenge.
///
/// ```
/// use axum::response::IntoResponse;
/// use cookiejwt_axum::Problem;
///
/// let response = Problem::from(cookiejwt_axum::cookiejwt_core::Problem::NotAuthenticated).into_response();
/// assert_eq!(response.status(), 401);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem(pub cookiejwt_core::Problem);

impl From<cookiejwt_core::Problem> for Problem {
    fn from(problem: cookiejwt_core::Problem) -> Self {
        Self(problem)
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        tracing::error!(%error, "login failed");
        Self((&error).into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        into_response(Reply::problem(self.0))
    }
}

pub(crate) fn into_response(reply: Reply) -> Response {
    let mut response = axum_core::body::Body::new(Full::<Bytes>::new(reply.body)).into_response();
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

/// The cookies of a login or logout of one's own; put them into the response.
///
/// ```
/// use axum::response::{IntoResponse, Redirect};
/// use cookiejwt_axum::Cookies;
///
/// fn welcome(cookies: Cookies) -> impl IntoResponse {
///     (cookies, Redirect::to("/"))
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nobody is logged in or out until the cookies are sent"]
pub struct Cookies {
    pub(crate) auth: Authenticator,
    pub(crate) cookies: SetCookies,
}

impl IntoResponseParts for Cookies {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        self.auth.core().write_cookies(&self.cookies, parts.headers_mut());
        Ok(parts)
    }
}

impl IntoResponse for Cookies {
    fn into_response(self) -> Response {
        (self, ()).into_response()
    }
}

/// A programming error, not a visitor's: 500, and a log line with the cure.
pub(crate) fn no_layer(what: &str) -> Problem {
    tracing::error!(
        "{what} was asked for a request that no auth layer has seen; add `.layer(auth.layer())` around it"
    );
    Problem(cookiejwt_core::Problem::ServerError)
}
