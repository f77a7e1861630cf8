//! The command as a user types it, and how a server reads the directory.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use cookiejwt_store::{Config, Core, ReadKeys as _, Secret};

fn keygen(directory: &Path, arguments: &[&str]) -> Output {
    let binary = env!("CARGO_BIN_EXE_cookiejwt-keygen");
    Command::new(binary).args(arguments).current_dir(directory).output().unwrap()
}

fn succeeds(directory: &Path, arguments: &[&str]) -> String {
    let output = keygen(directory, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn core(directory: &Path) -> Core {
    let builder = Config::builder().issuer("i").audience("a").keys_dir(directory.join("keys"));
    let secret = Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=").unwrap();
    Core::new(builder.secret(secret).read_keys().unwrap().build().unwrap())
}

fn kid(printed: &str) -> &str {
    printed.lines().find_map(|line| line.strip_prefix("kid ")).unwrap()
}

#[test]
fn a_secret_is_valid_and_different_each_time() {
    let directory = tempfile::tempdir().unwrap();
    let [one, other] = [(); 2].map(|()| succeeds(directory.path(), &["secret"]));
    assert_ne!(one, other);
    for secret in [one, other] {
        assert_eq!(secret.lines().count(), 1);
        assert!(Secret::from_base64(&secret).is_ok());
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "it is not written anywhere");
}

#[test]
fn add_switch_drop() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let made = succeeds(path, &["eddsa", "keys", "old"]);
    assert!(made.contains("It signs") && made.contains("COOKIEJWT_KEYS_DIR=keys"), "{made}");
    let old = kid(&made).to_owned();
    assert_eq!(core(path).access_kids(), [&*old]);
    let added = succeeds(path, &["es256", "keys", "new"]);
    assert!(added.contains("another key still signs") && added.contains("switch keys new"), "{added}");
    let new = kid(&added).to_owned();
    assert_eq!(core(path).access_kids(), [&*old, &new]);
    let switched = succeeds(path, &["switch", "keys", "new"]);
    assert!(switched.contains("rm keys/old.pem keys/old.pub.pem"), "{switched}");
    assert_eq!(core(path).access_kids(), [&*new, &old]);
    for file in ["keys/old.pem", "keys/old.pub.pem"] {
        fs::remove_file(path.join(file)).unwrap();
    }
    assert_eq!(core(path).access_kids(), [&*new]);
    let jwks = core(path).jwks().unwrap().to_owned();
    assert!(jwks.contains("ES256") && !jwks.contains("\"d\""), "{jwks}");
    let names = fs::read_dir(path.join("keys")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["new.pem", "new.pub.pem", "signing"], "no draft is left");
}

#[test]
fn the_name_is_the_date_unless_one_is_given() {
    let directory = tempfile::tempdir().unwrap();
    let made = succeeds(directory.path(), &["eddsa", "keys"]);
    let name = fs::read_to_string(directory.path().join("keys/signing")).unwrap();
    assert_eq!(name.trim().len(), 10, "{name}");
    assert!(made.contains(&format!("keys/{}.pem", name.trim())), "{made}");
}

#[test]
fn what_is_refused_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    succeeds(path, &["eddsa", "keys", "a"]);
    let contents = || {
        let entries = fs::read_dir(path.join("keys")).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.map(|file| (fs::read(&file).unwrap(), file)).collect();
        files.sort();
        files
    };
    let before = contents();
    for (rule, arguments, code, said) in [
        ("already exists", &["eddsa", "keys", "a"][..], 1, "already exists"),
        ("not a name", &["eddsa", "keys", "../b"], 1, "is not a valid name"),
        ("a name that would be read as a public key", &["eddsa", "keys", "b.pub"], 1, "is not a valid name"),
        ("a hidden one", &["eddsa", "keys", ".b"], 1, "is not a valid name"),
        ("no such key", &["switch", "keys", "b"], 1, "no b.pem"),
        ("no such directory", &["switch", "nowhere", "a"], 1, "nowhere"),
        ("no such kind", &["rsa", "keys"], 2, "cookiejwt-keygen eddsa DIR"),
        ("no arguments", &[], 2, "cookiejwt-keygen secret"),
        ("too many arguments", &["secret", "x"], 2, "cookiejwt-keygen secret"),
    ] {
        let output = keygen(path, arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{rule}: {error}");
        assert!(error.contains(said) && output.stdout.is_empty(), "{rule}: {error}");
        assert_eq!(contents(), before, "{rule}");
    }
    fs::write(path.join("keys/b.pem"), "x").unwrap();
    let output = keygen(path, &["switch", "keys", "b"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("b.pem") && error.contains("is refused"), "{error}");
    assert_eq!(fs::read_to_string(path.join("keys/signing")).unwrap(), "a\n");
}

#[cfg(unix)]
#[test]
fn only_their_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    succeeds(directory.path(), &["es256", "keys", "a"]);
    for (file, mode) in [("", 0o700), ("a.pem", 0o600), ("a.pub.pem", 0o600), ("signing", 0o600)] {
        let metadata = fs::metadata(directory.path().join("keys").join(file)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{file:?}");
    }
}
