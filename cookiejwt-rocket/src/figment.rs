//! Settings from Rocket's own configuration.

use std::borrow::Cow;

use cookiejwt_store::{Config, ConfigError, ConfigErrorKind, ReadKeys as _, env_vars};
use rocket::figment::{
    Figment,
    value::{Dict, Value},
};

/// Settings from Rocket's own configuration.
///
/// ```toml
/// [default.cookiejwt]
/// issuer = "https://id.example"
/// audience = ["shop"]
/// access_max_age = 300
/// ```
///
/// The names are those of the `COOKIEJWT_…` variables without the prefix, in any case. Later places
/// win: the table `cookiejwt` (`ROCKET_COOKIEJWT={issuer="…"}`), then keys `cookiejwt_…`
/// (`ROCKET_COOKIEJWT_ISSUER=…`), then the variables `COOKIEJWT_…` themselves. Keep the secret in a
/// variable, out of the repository.
///
/// ```no_run
/// use cookiejwt_rocket::{Config, FromFigment};
///
/// let rocket = rocket::build();
/// let config = Config::from_figment(rocket.figment())?;
/// # Ok::<(), cookiejwt_rocket::ConfigError>(())
/// ```
pub trait FromFigment: Sized {
    /// Reads the selected profile, and every `COOKIEJWT_…` variable over it.
    fn from_figment(figment: &Figment) -> Result<Self, ConfigError>;
}

impl FromFigment for Config {
    fn from_figment(figment: &Figment) -> Result<Self, ConfigError> {
        let everything: Dict = figment.extract().map_err(|_| unreadable())?;
        let (mut table, mut flat) = (Vec::new(), Vec::new());
        for (key, value) in everything {
            match (key.to_ascii_uppercase(), value) {
                (name, Value::Dict(_, settings)) if name == TABLE => table.extend(settings),
                (name, _) if name == TABLE => return Err(no_table()),
                (name, value) if name.starts_with("COOKIEJWT_") => flat.push((name, value)),
                _ => {}
            }
        }
        let table =
            table.into_iter().map(|(key, value)| (format!("{TABLE}_{}", key.to_ascii_uppercase()), value));
        let table = table.map(pair).collect::<Result<Vec<_>, _>>()?;
        let flat = flat.into_iter().map(pair).collect::<Result<Vec<_>, _>>()?;
        Self::builder().vars(table)?.vars(flat)?.vars(env_vars()?)?.read_keys()?.build()
    }
}

const TABLE: &str = "COOKIEJWT";

fn pair((name, value): (String, Value)) -> Result<(String, String), ConfigError> {
    let text = match &value {
        Value::Array(_, entries) => {
            entries.iter().map(entry).collect::<Option<Vec<_>>>().map(|e| e.join(","))
        }
        value => scalar(value),
    };
    text.map(|text| (name.clone(), text)).ok_or_else(|| {
        let what = "is no text, whole number, true or false, or list of them";
        malformed(
            name,
            what,
            "write it as its COOKIEJWT variable would be, or as a list of texts without commas",
        )
    })
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Bool(_, flag) => Some(flag.to_string()),
        Value::Num(_, number) => {
            let whole = number.to_i128().or_else(|| number.to_u128()?.try_into().ok());
            whole.map(|number| number.to_string())
        }
        Value::Char(..) | Value::Empty(..) | Value::Dict(..) | Value::Array(..) => None,
    }
}

/// An entry of a list. Lists travel as one text, so a comma would make two of it.
fn entry(value: &Value) -> Option<String> {
    scalar(value).filter(|text| !text.contains(','))
}

fn no_table() -> ConfigError {
    let cure = "write [default.cookiejwt] in Rocket.toml, and the settings under it";
    malformed("cookiejwt", "is no table in Rocket's configuration", cure)
}

/// Does not mention the place: figment's error shows the line, which may contain a secret.
fn unreadable() -> ConfigError {
    let what = "cannot be read, because Rocket's configuration has a mistake";
    malformed("cookiejwt", what, "correct Rocket.toml or the ROCKET_ variables")
}

fn malformed(setting: impl Into<Cow<'static, str>>, what: &'static str, cure: &'static str) -> ConfigError {
    ConfigError::new(setting, ConfigErrorKind::Malformed, what, cure)
}
