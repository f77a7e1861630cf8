use std::{fmt::Display, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse, ResponseError as _,
    error::PayloadError,
    web::{self, Payload, ServiceConfig},
};
use cookiejwt_store::{Authenticator, Body, Guard, MAX_BODY_BYTES, Route, Scope, SessionChange};

use crate::{AuthMiddleware, RequireLogin, extract, headers::View, session_cookie};

/// What actix-web adds to an [`Authenticator`]: the middleware, the routes, the guards.
///
/// Build the authenticator once, outside the closure of `HttpServer::new`: every worker runs that closure, and workers
/// have to share what was revoked.
///
/// ```
/// use std::time::Duration;
///
/// use actix_web::{App, HttpServer, web};
/// use cookiejwt_actix::prelude::*;
///
/// async fn serve(auth: Authenticator) -> std::io::Result<()> {
///     let server = HttpServer::new(move || {
///         App::new()
///             .configure(auth.routes())
///             .service(web::scope("/pages").wrap(auth.require_login().redirect_to("/login")))
///             .service(web::scope("/notes").wrap(auth.require_scope("notes:write")))
///             .service(web::scope("/keys").wrap(auth.require_fresh_login(Duration::from_mins(5))))
///             .wrap(auth.middleware())
///     });
///     server.bind(("127.0.0.1", 3000))?.run().await
/// }
/// ```
///
/// A route behind two of them has to fulfil both.
pub trait ActixAuth {
    /// Goes around everything that asks who it is; writes the cookies to whatever response leaves, an error's too.
    fn middleware(&self) -> AuthMiddleware;

    /// `POST /api/auth/token/`, `…/refresh/`, …, `/api/auth/sessions/`, with and without the trailing slash; for
    /// `App::configure`.
    fn routes(&self) -> impl FnOnce(&mut ServiceConfig) + use<Self>;

    /// Answers 401 for everything behind it while nobody is logged in. For a scope or a resource.
    fn require_login(&self) -> RequireLogin;

    /// Answers 401 `fresh_login_required` for everything behind it unless the user has proved who he is at most this long
    /// ago, in whole seconds (RFC 9470). For a handler there is [`FreshLogin`](crate::FreshLogin).
    fn require_fresh_login(&self, max_age: Duration) -> RequireLogin;

    /// Answers 403 `insufficient_scope` for everything behind it unless the access token carries this scope (RFC 6750
    /// §3.1). In a handler there are `has_scope`, `has_role` and `require_scope` of the identity.
    ///
    /// # Panics
    /// When it is no name of a scope (RFC 6749 §3.3). A [`Scope`] in a constant is checked by the compiler.
    #[track_caller]
    fn require_scope<T: TryInto<Scope, Error: Display>>(&self, scope: T) -> RequireLogin;
}

impl ActixAuth for Authenticator {
    fn middleware(&self) -> AuthMiddleware {
        AuthMiddleware(self.clone())
    }

    fn routes(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let auth = self.clone();
        move |config| {
            for (path, route) in auth.api().paths() {
                let auth = auth.clone();
                // Every method: the endpoints answer 405 themselves.
                let handler = move |request, payload| answer(auth.clone(), route, request, payload);
                config.route(&path, web::route().to(handler));
            }
        }
    }

    fn require_login(&self) -> RequireLogin {
        RequireLogin(Guard::login())
    }

    fn require_fresh_login(&self, max_age: Duration) -> RequireLogin {
        RequireLogin(Guard::fresh_login(max_age))
    }

    fn require_scope<T: TryInto<Scope, Error: Display>>(&self, scope: T) -> RequireLogin {
        RequireLogin(Guard::scope(scope))
    }
}

async fn answer(auth: Authenticator, route: Route, request: HttpRequest, payload: Payload) -> HttpResponse {
    let (api, view) = (auth.api(), View::of(&request));
    let reads_body = api.reads_body(route, view.head());
    let body = if reads_body { read(payload).await } else { Body::Complete(web::Bytes::new()) };
    let ip = request.peer_addr().map(|address| address.ip());
    let reply = api.handle(route, view.head(), body, ip).await;
    if let Some(SessionChange::Begins { .. }) = reply.session_change
        && let Err(problem) = extract::slot(&request, "a session of actix-session")
    {
        return problem.error_response();
    }
    session_cookie::carry_out(&request, reply.session_change.as_ref());
    extract::response(reply)
}

async fn read(payload: Payload) -> Body {
    match payload.to_bytes_limited(MAX_BODY_BYTES).await {
        Ok(Ok(bytes)) => Body::Complete(bytes),
        Err(_) => Body::TooLarge,
        Ok(Err(error)) => match error.as_error::<PayloadError>() {
            // A limit of the application's own may stand around the body.
            Some(PayloadError::Overflow) => Body::TooLarge,
            _ => Body::Broken,
        },
    }
}
