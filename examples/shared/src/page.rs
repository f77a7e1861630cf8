/// A file of the page, compiled in.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Where it is served.
    pub path: &'static str,
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// What it says.
    pub content: &'static str,
}

impl Asset {
    const fn new(path: &'static str, content_type: &'static str, content: &'static str) -> Self {
        Self { path, content_type, content }
    }
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The page, its style, its scripts, its icon.
pub const ASSETS: [Asset; 8] = [
    Asset::new("/", "text/html; charset=utf-8", include_str!("../../web/index.html")),
    Asset::new("/app.css", "text/css; charset=utf-8", include_str!("../../web/app.css")),
    Asset::new("/app.js", SCRIPT, include_str!("../../web/app.js")),
    Asset::new("/api.js", SCRIPT, include_str!("../../web/api.js")),
    Asset::new("/dom.js", SCRIPT, include_str!("../../web/dom.js")),
    Asset::new("/log.js", SCRIPT, include_str!("../../web/log.js")),
    Asset::new("/words.js", SCRIPT, include_str!("../../web/words.js")),
    Asset::new("/favicon.svg", "image/svg+xml", include_str!("../../web/favicon.svg")),
];

/// The page loads nothing from elsewhere and runs no inline script.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
