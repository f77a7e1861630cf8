//! The OpenAPI document of the mounted routes, for utoipa 6 (feature `openapi`).
//!
//! It is generated from the same table and settings that serve the requests: the routes and their
//! prefix, the names of the cookies, and every status with its body and header fields.
//! [`Authenticator::document`] adds it to the application's own document.
//!
//! The application's own operations use the names of the security schemes to specify who may call
//! them, and [`Refusals`] to list what a guard refuses:
//!
//! ```
//! use cookiejwt_store::{Authenticator, openapi::Refusals};
//! use utoipa::OpenApi;
//!
//! /// The notes of who is logged in.
//! #[utoipa::path(
//!     get,
//!     path = "/api/notes",
//!     security(("cookiejwt_access" = []), ("cookiejwt_bearer" = [])),
//!     responses((status = 200, body = [String]), Refusals)
//! )]
//! async fn notes() {}
//!
//! #[derive(OpenApi)]
//! #[openapi(info(title = "Notes", version = "1.0.0"), paths(notes))]
//! struct Document;
//!
//! fn document(auth: &Authenticator) -> utoipa::openapi::OpenApi {
//!     let mut document = Document::openapi();
//!     auth.document(&mut document);
//!     document
//! }
//! # let mut own = Document::openapi();
//! # assert!(own.paths.paths.contains_key("/api/notes"));
//! ```

mod body;
mod device;
mod forwarded;
mod operation;
mod responses;
mod text;

use utoipa::openapi::{
    Components, ComponentsBuilder, Info, OpenApi, Paths, PathsBuilder,
    path::{HttpMethod, PathItem},
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    tag::TagBuilder,
};

pub use self::responses::{ProblemSchema, PublicRefusals, Refusals};
use super::operation::Operation;
use crate::{authenticator::Authenticator, routes::Route};

/// The name of the security scheme of the access cookie. `#[utoipa::path(security(…))]` accepts
/// only literals: write this value there.
pub const ACCESS_COOKIE: &str = "cookiejwt_access";
/// The security scheme of the refresh cookie, which renews the access cookie in the same request.
pub const REFRESH_COOKIE: &str = "cookiejwt_refresh";
/// The security scheme of the access token in the `Authorization` field.
pub const BEARER: &str = "cookiejwt_bearer";
/// The tag of every operation of cookiejwt.
pub const TAG: &str = "auth";

impl Authenticator {
    /// The OpenAPI document of the routes that this configuration mounts.
    ///
    /// An application that nests the routes below another path calls [`OpenApi::nest`].
    pub fn openapi(&self) -> OpenApi {
        let tag = TagBuilder::new().name(TAG).description(Some("Login, sessions and logout")).build();
        let mut document =
            OpenApi::new(Info::new("Authentication", env!("CARGO_PKG_VERSION")), self.described_paths());
        document.components = Some(self.components());
        document.tags = Some(vec![tag]);
        document
    }

    /// Adds the routes, their schemas and the security schemes to the application's own document.
    /// What the document has under the same path and method, or the same name, stays.
    pub fn document(&self, openapi: &mut OpenApi) {
        openapi.merge(self.openapi());
    }

    /// With the trailing slash: both forms are served, and one operation cannot be listed under two
    /// paths.
    fn described_paths(&self) -> Paths {
        let mounted = self.api().paths();
        let is_documented = |path: &str| mounted.iter().all(|(other, _)| *other != format!("{path}/"));
        // The list of revocations is between servers.
        let documented = mounted.iter().filter(|(_, route)| *route != Route::Revoked);
        let documented = documented.filter(|(path, _)| is_documented(path));
        let operations = documented.flat_map(|(path, route)| {
            route.operations().iter().map(move |operation| (path, route, *operation))
        });
        let paths = operations.fold(PathsBuilder::new(), |paths, (path, route, operation)| {
            let described = operation::describe(self, path, *route, operation);
            paths.path(path, PathItem::new(http_method(operation), described))
        });
        paths.build()
    }

    fn components(&self) -> Components {
        let core = self.core();
        let config = core.config();
        let cookie = |name: &str, description: &str| {
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(name, description)))
        };
        let mut components = body::schemas(config.token_mode())
            .into_iter()
            .fold(ComponentsBuilder::new(), |components, (name, schema)| components.schema(name, schema));
        if config.credentials().reads_cookies() {
            components = components
                .security_scheme(ACCESS_COOKIE, cookie(config.access_name(), text::ACCESS_COOKIE))
                .security_scheme(REFRESH_COOKIE, cookie(config.refresh_name(), text::REFRESH_COOKIE));
        }
        if config.credentials().reads_header() {
            let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
            let bearer = bearer.description(Some(text::BEARER)).build();
            components = components.security_scheme(BEARER, SecurityScheme::Http(bearer));
        }
        components.build()
    }
}

fn http_method(operation: Operation) -> HttpMethod {
    match operation.method() {
        http::Method::GET => HttpMethod::Get,
        http::Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Post,
    }
}
