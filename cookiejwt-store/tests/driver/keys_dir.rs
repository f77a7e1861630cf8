//! The possible contents of a directory of keys, and how they are read.

use std::{fs, path::Path};

use cookiejwt_store::{Config, ConfigError, ConfigErrorKind, ReadKeys as _, testing};

use super::keys::{ED25519, P256};
use ConfigErrorKind::{Contradiction, Insecure, Malformed, Missing, OutOfRange, Unknown};

const ED25519_PUBLIC: &str = include_str!("../../../cookiejwt-core/tests/keys/ed25519.pub.pem");
const P256_PUBLIC: &str = include_str!("../../../cookiejwt-core/tests/keys/p256.pub.pem");
const RSA: &str = include_str!("../../../cookiejwt-core/tests/keys/rsa2048.pem");
const RSA_PUBLIC: &str = include_str!("../../../cookiejwt-core/tests/keys/rsa2048.pub.pem");
const WEAK: &str = include_str!("../../../cookiejwt-core/tests/keys/rsa1024_weak.pub.pem");

type Files<'a> = &'a [(&'a str, &'a str)];

fn directory(files: Files<'_>) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn read(path: &Path) -> Result<Config, ConfigError> {
    testing::config().keys_dir(path).read_keys()?.build()
}

/// The algorithms of the keys, that of the signing key first.
fn algorithms(config: Config) -> Vec<String> {
    let core = cookiejwt_store::Core::new(config);
    let document: serde_json::Value = serde_json::from_str(core.jwks().unwrap()).unwrap();
    let keys = document["keys"].as_array().unwrap();
    keys.iter().map(|key| key["alg"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_read() {
    let one = ("a.pem", ED25519);
    for (rule, files, expected) in [
        ("one key", &[one, ("signing", "a")] as Files<'_>, &["EdDSA"] as &[&str]),
        ("its file name is a name too", &[one, ("signing", "a.pem\n")], &["EdDSA"]),
        ("with its other half", &[one, ("a.pub.pem", ED25519_PUBLIC), ("signing", "a")], &["EdDSA"]),
        ("another private key verifies", &[one, ("b.pem", P256), ("signing", "a")], &["EdDSA", "ES256"]),
        ("the name decides, not its order", &[one, ("b.pem", P256), ("signing", "b")], &["ES256", "EdDSA"]),
        ("a public key verifies", &[one, ("b.pub.pem", P256_PUBLIC), ("signing", "a")], &["EdDSA", "ES256"]),
        ("RSA is PS256", &[one, ("b.pub.pem", RSA_PUBLIC), ("signing", "a")], &["EdDSA", "PS256"]),
        ("RS256 by name", &[one, ("b.rs256.pub.pem", RSA_PUBLIC), ("signing", "a")], &["EdDSA", "RS256"]),
        ("RS256, private", &[one, ("b.rs256.pem", RSA), ("signing", "a")], &["EdDSA", "RS256"]),
        ("what begins with a dot", &[one, (".gitkeep", ""), ("signing", "a")], &["EdDSA"]),
        ("a directory", &[one, ("old/b.pem", P256), ("signing", "a")], &["EdDSA"]),
        ("a date", &[("2026-11-25.pem", ED25519), ("signing", "2026-11-25\r\n")], &["EdDSA"]),
    ] {
        let directory = directory(files);
        let config = read(directory.path()).unwrap_or_else(|error| panic!("{rule}: {error}"));
        assert_eq!(config.keys_dir(), Some(directory.path()), "{rule}");
        assert_eq!(algorithms(config), expected, "{rule}");
    }
}

/// The rule, the files, and a part of the error message.
type Refused<'a> = (&'a str, Files<'a>, ConfigErrorKind, &'a str, &'a str);

fn are_refused(rows: &[Refused<'_>]) {
    for &(rule, files, problem, what, cure) in rows {
        let directory = directory(files);
        let error = read(directory.path()).expect_err(rule);
        assert_eq!((error.setting(), error.kind()), ("COOKIEJWT_KEYS_DIR", problem), "{rule}: {error}");
        assert!(error.to_string().contains(what), "{rule}: {error}");
        assert!(error.cure().contains(cure), "{rule}: {error}");
        assert!(!error.to_string().contains("MC4CAQAwBQYDK2Vw"), "{rule}: {error}");
    }
}

#[test]
fn a_directory_without_a_clear_signing_key_is_refused() {
    let one = ("a.pem", ED25519);
    are_refused(&[
        ("nothing", &[], Missing, "no file `signing`", "cookiejwt-keygen eddsa"),
        ("the signing key is not specified", &[one], Missing, "no file `signing`", "into it: a"),
        ("two candidates", &[one, ("b.pem", P256)], Missing, "no file `signing`", "a or b"),
        ("another name", &[one, ("signing", "b")], Contradiction, "\"b.pem\"", "into it: a"),
        (
            "only its public half",
            &[one, ("b.pub.pem", P256_PUBLIC), ("signing", "b")],
            Contradiction,
            "\"b.pem\"",
            "a",
        ),
        ("an empty name", &[one, ("signing", " \n")], Malformed, "holds no name", "name of one key"),
        ("two names", &[one, ("signing", "a\nb")], Malformed, "holds no name", "name of one key"),
        ("a path", &[one, ("signing", "../a")], Malformed, "holds no name", "name of one key"),
    ]);
}

#[test]
fn what_is_no_key_is_refused() {
    let (one, signing) = (("a.pem", ED25519), ("signing", "a"));
    are_refused(&[
        ("a misspelt name", &[one, signing, ("b.pme", P256)], Unknown, "b.pme", "NAME.pem"),
        ("no name", &[one, signing, ("README", "")], Unknown, "README", "elsewhere"),
        ("a backup", &[one, signing, ("a.pem~", ED25519)], Unknown, "a.pem~", "elsewhere"),
        (
            "no key",
            &[one, signing, ("b.pem", "x")],
            Malformed,
            "not a valid Ed25519, P-256 or RSA key",
            "cookiejwt-keygen",
        ),
        (
            "half a key",
            &[("a.pem", &ED25519[..60]), signing],
            Malformed,
            "not a valid Ed25519",
            "delete the file",
        ),
        ("a weak key", &[one, signing, ("b.pub.pem", WEAK)], Malformed, "2048 bits", "delete the file"),
        (
            "Ed25519 for RS256",
            &[("a.rs256.pem", ED25519), signing],
            Malformed,
            "not a valid RS256 key",
            "delete",
        ),
        (
            "public as private",
            &[one, signing, ("b.pem", P256_PUBLIC)],
            Contradiction,
            "public key",
            "b.pub.pem",
        ),
        ("private as public", &[one, signing, ("b.pub.pem", P256)], Insecure, "private key", "b.pem"),
        (
            "halves of two keys",
            &[one, signing, ("a.pub.pem", P256_PUBLIC)],
            Contradiction,
            "a.pub.pem",
            "delete it",
        ),
        (
            "too long",
            &[one, signing, ("b.pem", &"x".repeat(70_000))],
            Malformed,
            "not a valid Ed25519",
            "delete",
        ),
    ]);
}

#[test]
fn a_place_that_is_no_directory_of_keys() {
    let directory = directory(&[("a.pem", ED25519)]);
    for place in ["nowhere", "a.pem"] {
        let error = read(&directory.path().join(place)).expect_err(place);
        assert_eq!(error.kind(), Missing, "{place}: {error}");
        assert!(error.to_string().contains(place), "{error}");
    }
    for number in 0..70 {
        fs::write(directory.path().join(format!("{number}.pem")), P256).unwrap();
    }
    assert_eq!(read(directory.path()).expect_err("too many").kind(), OutOfRange);
}

/// The default group of a new file, and a group that is not root's.
#[cfg(unix)]
const OWN: Option<u32> = None;
#[cfg(unix)]
const USERS: Option<u32> = Some(100);

#[cfg(unix)]
#[test]
fn keys_that_others_can_change_are_refused() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    for (rule, file, mode, group, refused) in [
        ("the owner alone", "a.pem", 0o600, OWN, ""),
        ("read by the group", "a.pem", 0o440, USERS, ""),
        ("readable by everyone", "a.pem", 0o644, USERS, ""),
        ("writable by everyone", "a.pem", 0o602, OWN, "chmod o-w"),
        ("writable by everyone, the name", "signing", 0o666, OWN, "chmod o-w"),
        ("writable by everyone, a public half", "b.pub.pem", 0o646, OWN, "chmod o-w"),
        ("written by the group", "a.pem", 0o620, USERS, "chmod g-w"),
        ("written by the group, the name", "signing", 0o664, USERS, "chmod g-w"),
        ("written by the group, a public half", "b.pub.pem", 0o660, USERS, "chmod g-w"),
        ("the directory, by the group", "", 0o770, USERS, "chmod g-w"),
        ("root's group", "a.pem", 0o660, Some(0), ""),
        ("the directory, read", "", 0o755, USERS, ""),
        ("the directory, by everyone", "", 0o777, OWN, "chmod o-w"),
        ("the directory, sticky", "", 0o1777, OWN, "chmod o-w"),
    ] {
        let directory = directory(&[("a.pem", ED25519), ("b.pub.pem", P256_PUBLIC), ("signing", "a")]);
        let path = directory.path().join(file);
        if group.is_some_and(|group| chown(&path, None, Some(group)).is_err()) {
            // Only root can give a file to a group without being a member of it.
            let own = fs::metadata(&path).unwrap().gid();
            if (own == 0) != (group == Some(0)) {
                continue;
            }
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let found = read(directory.path()).err();
        assert_eq!(found.is_some(), !refused.is_empty(), "{rule}: {found:?}");
        if let Some(error) = found {
            assert_eq!(error.kind(), Insecure, "{rule}: {error}");
            assert!(error.cure().contains(refused), "{rule}: {error}");
        }
    }
}

/// As the kubelet does it: the files are links through `..data`, which is replaced atomically.
#[cfg(unix)]
#[tokio::test]
async fn a_mounted_kubernetes_secret() {
    use std::os::unix::fs::symlink;
    let directory = directory(&[
        ("..2026_1/a.pem", ED25519),
        ("..2026_1/signing", "a"),
        ("..2026_2/a.pem", ED25519),
        ("..2026_2/b.pem", P256),
        ("..2026_2/signing", "b"),
    ]);
    let path = directory.path();
    symlink("..2026_1", path.join("..data")).unwrap();
    for name in ["a.pem", "signing"] {
        symlink(Path::new("..data").join(name), path.join(name)).unwrap();
    }
    let world = crate::common::World::with(testing::config().keys_dir(path).read_keys().unwrap());
    assert_eq!(algorithms(read(path).unwrap()), ["EdDSA"]);
    symlink("..2026_2", path.join("..data_tmp")).unwrap();
    fs::rename(path.join("..data_tmp"), path.join("..data")).unwrap();
    // The link for the new file appears later; the directory is consistent nevertheless.
    assert_eq!(algorithms(read(path).unwrap()), ["ES256", "EdDSA"]);
    assert!(world.auth.reload_keys().await.unwrap());
    assert_eq!(world.auth.core().access_kids().len(), 2);
}

#[test]
fn without_a_directory_nothing_is_read() {
    let config = testing::config().read_keys().unwrap().build().unwrap();
    assert_eq!(config.keys_dir(), None);
    assert!(cookiejwt_store::Core::new(config).jwks().is_none());
}
