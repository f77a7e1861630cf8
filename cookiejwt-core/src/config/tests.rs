//! The configuration: every default, every variable, every refusal. A row is named after its rule.

mod ages;
mod claims_and_origins;
mod cookies;
mod device_binding;
mod keys;
mod secrets;
mod variables;

use super::{Config, ConfigBuilder, ConfigError, ConfigErrorKind, Secret};

/// 32 random bytes.
const SECRET: &str = "NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=";

/// The settings that have no default.
const REQUIRED: [(&str, &str); 3] = [
    ("COOKIEJWT_SECRET", SECRET),
    ("COOKIEJWT_ISSUER", "https://id.example"),
    ("COOKIEJWT_AUDIENCE", "shop"),
];

type Vars<'a> = &'a [(&'a str, &'a str)];
type Change = fn(ConfigBuilder) -> ConfigBuilder;

/// What a refusal must say: the setting, the kind of fault, and a part of the cure.
type Expected<'a> = (&'a str, ConfigErrorKind, &'a str);

fn builder() -> ConfigBuilder {
    Config::builder().vars(REQUIRED).unwrap()
}

fn from(vars: Vars<'_>) -> Result<Config, ConfigError> {
    Config::builder().vars(REQUIRED)?.vars(vars.iter().copied())?.build()
}

fn accepted(rule: &str, built: Result<Config, ConfigError>) -> Config {
    built.unwrap_or_else(|error| panic!("{rule}: refused, {error}"))
}

fn assert_refused<T: std::fmt::Debug>(rule: &str, built: Result<T, ConfigError>, expected: Expected<'_>) {
    let error = built.expect_err(rule);
    let (setting, problem, cure) = expected;
    assert_eq!((error.setting(), error.kind()), (setting, problem), "{rule}: {error}");
    assert!(error.cure().contains(cure), "{rule}: the cure is not {cure:?}: {error}");
    assert_reads_well(rule, &error);
}

/// One sentence that begins with the setting and ends with the cure; lower case, no full stop.
fn assert_reads_well(rule: &str, error: &ConfigError) {
    let text = error.to_string();
    let what = text.strip_prefix(&format!("{} ", error.setting())).expect(rule);
    let what = what.strip_suffix(&format!("; {}", error.cure())).expect(rule);
    for part in [what, error.cure()] {
        assert!(!part.trim().is_empty() && !part.ends_with('.'), "{rule}: {text}");
        assert!(!part.starts_with(|c: char| c.is_ascii_uppercase()), "{rule}: {text}");
    }
}

#[test]
fn every_setting_without_a_default_is_missing() {
    use ConfigErrorKind::Missing;
    for (absent, cure) in [
        ("COOKIEJWT_SECRET", "openssl rand -base64 32"),
        ("COOKIEJWT_ISSUER", "https://id.example"),
        ("COOKIEJWT_AUDIENCE", "name the application"),
    ] {
        let vars = REQUIRED.iter().filter(|(name, _)| *name != absent).copied();
        assert_refused(absent, Config::from_vars(vars), (absent, Missing, cure));
    }
}

#[test]
fn the_first_fault_of_several_is_reported_and_nothing_is_built() {
    let refused = from(&[("COOKIEJWT_SAMESITE", "None"), ("COOKIEJWT_SECURE", "false")]);
    let setting = "COOKIEJWT_SAMESITE";
    assert_refused("None without Secure", refused, (setting, ConfigErrorKind::Insecure, "COOKIEJWT_SECURE"));
}
