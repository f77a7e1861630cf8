//! Settings from the environment.

use cookiejwt_core::{Config, ConfigBuilder, ConfigError, ConfigErrorKind};

use super::directory::ReadKeys as _;

/// Settings from the environment; the core itself reads none.
///
/// ```no_run
/// use cookiejwt_store::{Config, FromEnv};
///
/// let config = Config::from_env()?;
/// # Ok::<(), cookiejwt_store::ConfigError>(())
/// ```
pub trait FromEnv: Sized {
    /// Reads every `COOKIEJWT_…` variable, and the directory in `COOKIEJWT_KEYS_DIR`.
    fn from_env() -> Result<Self, ConfigError>;
}

impl FromEnv for Config {
    fn from_env() -> Result<Self, ConfigError> {
        Self::builder().vars(env_vars()?)?.read_keys()?.build()
    }
}

/// The `COOKIEJWT_…` variables of this process, for
/// [`ConfigBuilder::vars`](cookiejwt_core::ConfigBuilder::vars). Other variables may hold what they
/// like.
pub fn env_vars() -> Result<Vec<(String, String)>, ConfigError> {
    let ours = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    ours.filter(|(name, _)| ConfigBuilder::reads(name))
        .map(|(name, value)| {
            let text = value.into_string();
            text.map(|value| (name.clone(), value)).map_err(|_| not_text(name))
        })
        .collect()
}

fn not_text(name: String) -> ConfigError {
    ConfigError::new(name, ConfigErrorKind::Malformed, "is not valid UTF-8", "write it in UTF-8")
}
