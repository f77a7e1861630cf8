//! The static files of the page and of Swagger UI.

use std::{
    borrow::Cow,
    sync::{Arc, LazyLock},
};

use utoipa_swagger_ui::{Config, SwaggerFile};

/// A file of the page or of Swagger UI, compiled in.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Where it is served.
    pub path: &'static str,
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// Its `Content-Security-Policy`.
    pub policy: &'static str,
    /// Its content.
    pub content: &'static [u8],
}

/// The page, its style, its scripts, its icon; Swagger UI at `/docs`.
pub static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let page = |path, content_type, content: &'static [u8]| Asset {
        path,
        content_type,
        policy: PAGE_POLICY,
        content,
    };
    let docs = |path, content_type, content: &'static [u8]| Asset {
        path,
        content_type,
        policy: DOCS_POLICY,
        content,
    };
    vec![
        page("/", HTML, include_bytes!("../../web/index.html")),
        page("/app.css", CSS, include_bytes!("../../web/app.css")),
        page("/app.js", SCRIPT, include_bytes!("../../web/app.js")),
        page("/api.js", SCRIPT, include_bytes!("../../web/api.js")),
        page("/dom.js", SCRIPT, include_bytes!("../../web/dom.js")),
        page("/log.js", SCRIPT, include_bytes!("../../web/log.js")),
        page("/words.js", SCRIPT, include_bytes!("../../web/words.js")),
        page("/favicon.svg", "image/svg+xml", include_bytes!("../../web/favicon.svg")),
        docs("/docs", HTML, include_bytes!("../../web/docs.html")),
        docs("/docs/start.js", SCRIPT, include_bytes!("../../web/docs.js")),
        docs("/docs/swagger-ui.css", CSS, swagger_ui("swagger-ui.css")),
        docs("/docs/swagger-ui-bundle.js", SCRIPT, swagger_ui("swagger-ui-bundle.js")),
    ]
});

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The page loads nothing from other origins and runs no inline script.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Swagger UI uses inline styles and `data:` icons; its scripts are files like those of the page.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

fn swagger_ui(file: &str) -> &'static [u8] {
    match utoipa_swagger_ui::serve(file, Arc::new(Config::default())) {
        Ok(Some(SwaggerFile { bytes: Cow::Borrowed(bytes), .. })) => bytes,
        _ => unreachable!("{file} comes with the crate"),
    }
}
