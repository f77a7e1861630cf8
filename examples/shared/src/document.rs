//! The OpenAPI document.

use cookiejwt_store::Authenticator;
use utoipa::{OpenApi, openapi};

/// What the documents of the three examples share: the credentials that an operation accepts unless
/// it specifies others.
#[derive(OpenApi)]
#[openapi(
    info(title = "cookiejwt demo", description = "Notes that require a login.", version = "0.1.0"),
    security(("cookiejwt_access" = []), ("cookiejwt_refresh" = []), ("cookiejwt_bearer" = []))
)]
pub struct DemoDocument;

/// The document at `GET /api/openapi.json`: the example's own operations and those of cookiejwt.
pub fn document(own: openapi::OpenApi, auth: &Authenticator) -> openapi::OpenApi {
    let mut document = DemoDocument::openapi().merge_from(own);
    auth.document(&mut document);
    document
}
