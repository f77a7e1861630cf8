//! Settings from environment variables.

use std::env;

use url::Url;

use crate::ProofsError;

const DEFAULT_DATABASE: &str = "sqlite://cookiejwt-proofs.db?mode=rwc";

/// The environment variables of these examples.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `DATABASE_URL` (SQLite only), `HOST`, `PORT`, `DEMO_USER`, `DEMO_PASSWORD`, as in the other
    /// examples.
    pub shared: example_shared::Settings,
    /// `PUBLIC_URL`: where browsers find the application. The links in mails, the passkeys and the
    /// identity provider need it, and none of them may take it from a request.
    pub(crate) public: String,
    pub(crate) provider_issuer: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

impl Settings {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, ProofsError> {
        let text = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let shared = example_shared::Settings::with_database(DEFAULT_DATABASE)?;
        Ok(Self {
            public: text("PUBLIC_URL").unwrap_or_else(|| format!("http://localhost:{}", shared.port)),
            provider_issuer: text("PROVIDER_ISSUER"),
            client_id: text("PROVIDER_CLIENT_ID").unwrap_or_else(|| "proofs".into()),
            client_secret: text("PROVIDER_CLIENT_SECRET").unwrap_or_default(),
            shared,
        })
    }

    pub(crate) fn origin(&self) -> Result<Url, ProofsError> {
        Ok(Url::parse(&self.public)?)
    }

    pub(crate) fn public_url(&self, path: &str) -> String {
        format!("{}{path}", self.public.trim_end_matches('/'))
    }
}
