//! The error type of these examples.

use cookiejwt_store::{BuildError, LoginError, PasswordError, StoreError};
use example_shared::DemoError;
use sea_orm::DbErr;
use webauthn_rs::prelude::WebauthnError;

/// Why the example cannot start or cannot respond.
#[derive(Debug, thiserror::Error)]
pub enum ProofsError {
    /// A setting is refused, or the database cannot be opened.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// The authenticator cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] DbErr),
    /// The session table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A password cannot be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A link cannot be signed.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// A column cannot be written.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A ceremony of a passkey cannot begin.
    #[error(transparent)]
    Passkey(#[from] WebauthnError),
    /// No QR code can be drawn.
    #[error("totp: {0}")]
    Totp(#[from] totp_rs::TotpError),
    /// The column of the secret contains something else.
    #[error("totp: {0}")]
    Secret(#[from] totp_rs::SecretParseError),
    /// `PUBLIC_URL` or `PROVIDER_ISSUER` is not a URL.
    #[error("PUBLIC_URL or PROVIDER_ISSUER: {0}")]
    Url(#[from] url::ParseError),
    /// The HTTP client cannot be built.
    #[error(transparent)]
    Http(#[from] openidconnect::reqwest::Error),
    /// The identity provider does not answer, or not as the standard says.
    #[error("the identity provider: {0}")]
    Provider(Box<dyn std::error::Error + Send + Sync>),
    /// `PROVIDER_ISSUER` is not set.
    #[error("PROVIDER_ISSUER is not set")]
    NoProvider,
    /// The operating system gave no random numbers.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

impl ProofsError {
    pub(crate) fn provider(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Provider(Box::new(error))
    }
}
