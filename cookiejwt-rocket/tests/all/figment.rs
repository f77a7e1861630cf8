//! Settings in Rocket's own configuration: where they may be, which place wins, and what is
//! refused.

use std::process::Command;

use cookiejwt_rocket::{
    Config, FromFigment as _,
    cookiejwt_core::{ConfigError, ConfigErrorKind},
};
use rocket::figment::{
    Figment,
    providers::{Format as _, Serialized, Toml},
};

const COMPLETE: &str = r#"
    [default.cookiejwt]
    secret = "NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg="
    issuer = "https://id.example"
    audience = ["shop"]
"#;

fn read(toml: &str) -> Result<Config, ConfigError> {
    Config::from_figment(&figment(toml))
}

fn figment(toml: &str) -> Figment {
    let figment = Figment::from(Serialized::defaults(rocket::Config::default()));
    figment.merge(Toml::string(toml).nested()).select("debug")
}

/// The complete settings and these lines in the table, and these lines before any table of their
/// own.
fn with(table: &str, rest: &str) -> Result<Config, ConfigError> {
    read(&format!("{COMPLETE}\n{table}\n{rest}"))
}

#[test]
fn places_and_types() {
    for (rule, table, rest, name) in [
        ("nothing", "", "", "__Host-access_token"),
        ("in the table", "access_name = '__Host-a'", "", "__Host-a"),
        ("in capitals", "ACCESS_NAME = '__Host-a'", "", "__Host-a"),
        ("flat", "", "[default]\ncookiejwt_access_name = '__Host-a'", "__Host-a"),
        ("flat, in capitals", "", "[default]\nCOOKIEJWT_ACCESS_NAME = '__Host-a'", "__Host-a"),
        (
            "flat wins over the table",
            "access_name = '__Host-a'",
            "[default]\ncookiejwt_access_name = '__Host-b'",
            "__Host-b",
        ),
        (
            "the profile wins over the default",
            "access_name = '__Host-a'",
            "[debug.cookiejwt]\naccess_name = '__Host-b'",
            "__Host-b",
        ),
        (
            "another profile counts for nothing",
            "",
            "[release.cookiejwt]\naccess_name = '__Host-b'",
            "__Host-access_token",
        ),
        ("a flag", "secure = false", "", "access_token"),
        ("a flag as a text", "secure = 'false'", "", "access_token"),
        ("a number", "access_max_age = 60\nrefresh_ahead = 30", "", "__Host-access_token"),
        ("a list", "trusted_origins = ['https://a.example', 'https://b.example']", "", "__Host-access_token"),
        (
            "settings of others",
            "",
            "[default]\nworkers = 3\ncookie = 'x'\n[default.cookiejwtx]\na = 1",
            "__Host-access_token",
        ),
    ] {
        let config = with(table, rest).unwrap_or_else(|error| panic!("{rule}: {error}"));
        assert_eq!(config.access_name(), name, "{rule}");
    }
}

/// Lists and numbers arrive unchanged, which only the `Debug` output shows.
#[test]
fn values_arrive_whole() {
    let config =
        with("access_max_age = 61\ntrusted_origins = ['https://a.example', 'https://b.example']", "");
    let shown = format!("{:?}", config.unwrap());
    for part in ["access: 61", "https://a.example", "https://b.example", "https://id.example"] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
}

#[test]
fn faults() {
    use ConfigErrorKind::{Contradiction, Empty, Malformed, Missing, OutOfRange, Unknown};
    for (rule, table, rest, setting, problem) in [
        ("unknown", "colour = 'red'", "", "COOKIEJWT_COLOUR", Unknown),
        ("unknown and flat", "", "[default]\ncookiejwt_colour = 1", "COOKIEJWT_COLOUR", Unknown),
        ("of a table", "path = { a = 1 }", "", "COOKIEJWT_PATH", Malformed),
        ("a list of lists", "skip = [['/a']]", "", "COOKIEJWT_SKIP", Malformed),
        ("a list of tables", "skip = [{ a = 1 }]", "", "COOKIEJWT_SKIP", Malformed),
        ("a comma in an entry", "skip = ['/a,/b']", "", "COOKIEJWT_SKIP", Malformed),
        ("an empty list", "skip = []", "", "COOKIEJWT_SKIP", Empty),
        ("a date", "path = 2020-01-01", "", "COOKIEJWT_PATH", Malformed),
        ("part of a second", "access_max_age = 1.5", "", "COOKIEJWT_ACCESS_MAX_AGE", Malformed),
        ("a negative number", "access_max_age = -1", "", "COOKIEJWT_ACCESS_MAX_AGE", Malformed),
        ("out of range", "access_max_age = 0", "", "COOKIEJWT_ACCESS_MAX_AGE", OutOfRange),
        ("a contradiction", "refresh_ahead = 299", "", "COOKIEJWT_REFRESH_AHEAD", Contradiction),
        ("flat and wrong", "", "[default]\ncookiejwt_path = []", "COOKIEJWT_PATH", Empty),
    ] {
        let error = with(table, rest).expect_err(rule);
        assert_eq!((error.setting(), error.kind()), (setting, problem), "{rule}: {error}");
        assert!(!error.cure().is_empty(), "{rule}");
    }
    for (rule, toml, setting, problem) in [
        ("nothing at all", "", "COOKIEJWT_SECRET", Missing),
        ("no table", "[default]\ncookiejwt = 'x'", "cookiejwt", Malformed),
        ("broken TOML", "[default.cookiejwt]\nsecret = 'hunter2", "cookiejwt", Malformed),
    ] {
        let error = read(toml).expect_err(rule);
        assert_eq!((error.setting(), error.kind()), (setting, problem), "{rule}: {error}");
        assert!(!error.to_string().contains("hunter2"), "{rule}: {error}");
    }
}

#[test]
#[ignore = "the next test runs it, with other variables"]
fn prints_its_settings() {
    let figment = rocket::Config::figment().merge(Toml::string(COMPLETE).nested());
    match Config::from_figment(&figment) {
        Ok(config) => println!("says {config:?}"),
        Err(error) => println!("says {error}"),
    }
}

fn says(variables: &[(&str, &str)]) -> String {
    let mut this = Command::new(std::env::current_exe().unwrap());
    this.args(["--ignored", "--exact", "--nocapture", "figment::prints_its_settings"]);
    let output = this.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find(|line| line.contains("says ")).unwrap_or_else(|| panic!("{text}")).to_owned()
}

#[test]
fn variables() {
    let name = |name: &str| format!("access_name: \"{name}\"");
    let rocket = ("ROCKET_COOKIEJWT_ACCESS_NAME", "__Host-rocket");
    let own = ("COOKIEJWT_ACCESS_NAME", "__Host-own");
    for (rule, variables, said) in [
        ("none", vec![], name("__Host-access_token")),
        ("ROCKET_COOKIEJWT_…", vec![rocket], name("__Host-rocket")),
        ("COOKIEJWT_…", vec![own], name("__Host-own")),
        ("COOKIEJWT_… wins", vec![rocket, own], name("__Host-own")),
        ("a table", vec![("ROCKET_COOKIEJWT", "{access_name=\"__Host-table\"}")], name("__Host-table")),
        ("a number", vec![("ROCKET_COOKIEJWT_ACCESS_MAX_AGE", "61")], "access: 61".into()),
        ("a flag", vec![("ROCKET_COOKIEJWT_SECURE", "false")], name("access_token")),
        ("a list", vec![("ROCKET_COOKIEJWT_AUDIENCE", "a,b")], "audience: [\"a\", \"b\"]".into()),
        (
            "a list in brackets",
            vec![("ROCKET_COOKIEJWT_AUDIENCE", "[a,b]")],
            "audience: [\"a\", \"b\"]".into(),
        ),
        ("one letter", vec![("ROCKET_COOKIEJWT_AUDIENCE", "a")], "audience: [\"a\"]".into()),
        ("unknown", vec![("ROCKET_COOKIEJWT_COLOUR", "1")], "COOKIEJWT_COLOUR is not a setting".into()),
        ("empty", vec![("ROCKET_COOKIEJWT_PATH", "")], "COOKIEJWT_PATH is empty".into()),
    ] {
        let says = says(&variables);
        assert!(says.contains(&said), "{rule}: {says}");
    }
}
