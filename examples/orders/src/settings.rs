//! Settings from environment variables.

use std::{env, time::Duration};

/// The environment variables of this service.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// `HOST`, default 127.0.0.1.
    pub(crate) host: String,
    /// `PORT`, default 3001.
    pub(crate) port: u16,
    /// `ISSUER`: what the issuer writes into its tokens, default `http://localhost`.
    pub(crate) issuer: String,
    /// `ISSUER_URL`: where it is, default `http://127.0.0.1:3000`.
    pub(crate) issuer_url: String,
    /// `REVOKED_SECRET`, the same as that of the issuer.
    pub(crate) revoked_secret: String,
    /// `STALE_AFTER` in seconds: with it, nobody is accepted when the issuer was away for so long.
    pub(crate) stale_after: Option<Duration>,
}

/// A variable that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("{0} is not set; see examples/orders/README.md")]
    Missing(&'static str),
    #[error("{0} is {1:?}; write a number")]
    Number(&'static str, String),
}

impl Settings {
    pub(crate) fn from_env() -> Result<Self, SettingsError> {
        let or = |name, default: &str| text(name).unwrap_or_else(|| default.into());
        let stale_after = number("STALE_AFTER")?;
        Ok(Self {
            host: or("HOST", "127.0.0.1"),
            port: number("PORT")?.unwrap_or(3001),
            issuer: or("ISSUER", "http://localhost"),
            issuer_url: or("ISSUER_URL", "http://127.0.0.1:3000"),
            revoked_secret: text("REVOKED_SECRET").ok_or(SettingsError::Missing("REVOKED_SECRET"))?,
            stale_after: stale_after.map(Duration::from_secs),
        })
    }
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn number<T: std::str::FromStr>(name: &'static str) -> Result<Option<T>, SettingsError> {
    let read = |text: String| text.parse().map_err(|_| SettingsError::Number(name, text));
    text(name).map(read).transpose()
}
