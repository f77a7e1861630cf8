//! Asymmetric keys from variables and from a directory that somebody else reads.

use super::{
    ConfigBuilder,
    ConfigErrorKind::{Contradiction, Empty, Malformed, Unsupported},
    accepted, assert_refused, builder, from,
};
use crate::{
    decide::Core,
    internal::test_keys::{ED25519, ED25519_PUBLIC, P256, P256_PUBLIC, RSA, RSA_PUBLIC, key_file},
    keys::{AccessKeys, Algorithm, PrivateKey, PublicKey},
};

const SIGNING: &str = "COOKIEJWT_SIGNING_KEY";
const VERIFYING: &str = "COOKIEJWT_VERIFYING_KEYS";
const DIRECTORY: &str = "COOKIEJWT_KEYS_DIR";

fn keys() -> AccessKeys {
    AccessKeys::new(PrivateKey::from_any_pem(ED25519).unwrap())
}

#[test]
fn pem_in_a_variable() {
    let escaped = ED25519.trim_end().replace('\n', "\\n");
    let both = format!("{P256_PUBLIC}{RSA_PUBLIC}");
    let both_escaped = both.replace('\n', "\\n");
    for (rule, vars, expected) in [
        ("as it is", &[(SIGNING, ED25519)][..], &["EdDSA"][..]),
        ("line ends escaped", &[(SIGNING, &*escaped)], &["EdDSA"]),
        ("P-256", &[(SIGNING, P256)], &["ES256"]),
        ("and a public key", &[(SIGNING, ED25519), (VERIFYING, P256_PUBLIC)], &["EdDSA", "ES256"]),
        ("and several", &[(SIGNING, ED25519), (VERIFYING, &*both)], &["EdDSA", "ES256", "PS256"]),
        (
            "several, escaped",
            &[(SIGNING, ED25519), (VERIFYING, &*both_escaped)],
            &["EdDSA", "ES256", "PS256"],
        ),
        ("public keys beside the secret", &[(VERIFYING, ED25519_PUBLIC)], &["HS256", "EdDSA"]),
    ] {
        let keys = accepted(rule, from(vars)).keys;
        let signing = keys.signing.map_or(Algorithm::Hs256, |key| key.public_key().algorithm());
        let found: Vec<_> =
            [signing].into_iter().chain(keys.verifying.iter().map(PublicKey::algorithm)).collect();
        assert_eq!(found.iter().map(|found| found.as_str()).collect::<Vec<_>>(), expected, "{rule}");
    }
}

#[test]
fn a_variable_that_holds_no_such_key() {
    let text = "text of a PEM file";
    for (rule, name, value, problem, cure) in [
        ("nothing", SIGNING, "", Empty, "remove it"),
        ("text", SIGNING, "a key", Malformed, text),
        ("a public key", SIGNING, ED25519_PUBLIC, Malformed, text),
        ("another curve", SIGNING, key_file!("p384.pem"), Malformed, text),
        ("text", VERIFYING, "a key", Malformed, text),
        ("a private key", VERIFYING, ED25519, Malformed, text),
        ("one of two", VERIFYING, &*format!("{P256_PUBLIC}{ED25519}"), Malformed, text),
        ("text before a key", VERIFYING, &*format!("x{P256_PUBLIC}"), Malformed, text),
        ("weak RSA", VERIFYING, key_file!("rsa1024_weak.pub.pem"), Malformed, text),
    ] {
        assert_refused(&format!("{name}: {rule}"), from(&[(name, value)]), (name, problem, cure));
        let shown = from(&[(name, value)]).unwrap_err().to_string();
        assert!(value.is_empty() || !shown.contains(value.trim()), "{rule}: {shown}");
    }
}

#[test]
fn a_directory_is_read_by_somebody_else() {
    let declared = || builder().vars([(DIRECTORY, "/keys")]).unwrap();
    assert_refused("unread", from(&[(DIRECTORY, "/keys")]), (DIRECTORY, Unsupported, "read_keys"));
    assert_eq!(declared().unread_keys_dir().unwrap().to_str(), Some("/keys"));
    let read = || declared().keys_of_dir("/keys", keys());
    assert!(read().unread_keys_dir().is_none());
    let config = accepted("read", read().build());
    assert_eq!(config.keys_dir().unwrap().to_str(), Some("/keys"));
    assert!(config.keys.signing.is_some());
    let public = || PrivateKey::from_any_pem(P256).unwrap().public_key();
    for (rule, change) in [
        ("a signing key beside it", (|b| b.access_keys(keys())) as fn(ConfigBuilder) -> ConfigBuilder),
        ("a variable beside it", |b| b.vars([(SIGNING, ED25519)]).unwrap()),
    ] {
        let setting = (DIRECTORY, Contradiction, "every key into the directory");
        assert_refused(rule, change(read()).build(), setting);
        assert_refused(rule, change(declared()).build(), setting);
    }
    let setting = (DIRECTORY, Contradiction, "every key into the directory");
    assert_refused("a verifying key", read().verifying_key(public()).build(), setting);
    let rsa = AccessKeys::new(PrivateKey::from_any_pem(RSA).unwrap());
    if cfg!(not(feature = "aws-lc-rs")) {
        let refused = declared().keys_of_dir("/keys", rsa).build();
        assert_refused("a key that cannot sign here", refused, (DIRECTORY, Unsupported, "another algorithm"));
    }
}

#[test]
fn other_keys_for_a_core() {
    let config = builder().access_keys(keys()).build().unwrap();
    let core = Core::new(config);
    let new = || PrivateKey::from_any_pem(P256).unwrap();
    let added = core.with_access_keys(keys().verifying(new().public_key())).unwrap();
    let switched = added.with_access_keys(AccessKeys::new(new())).unwrap();
    let kids = [&core, &added, &switched].map(|core| core.access_kids().len());
    assert_eq!(kids, [1, 2, 1]);
    assert_eq!(core.access_kids()[0], added.access_kids()[0], "the core before is unchanged");
    assert_eq!(added.access_kids()[1], switched.access_kids()[0]);
    let tags = [&core, &added, &switched].map(|core| core.jwks_etag().unwrap().to_owned());
    assert!(tags.iter().all(|tag| tag.len() == 18 && tag.starts_with('"') && tag.ends_with('"')), "{tags:?}");
    assert!(tags[0] != tags[1] && tags[1] != tags[2], "{tags:?}");
    let back = switched.with_access_keys(keys()).unwrap();
    assert_eq!(back.jwks_etag(), core.jwks_etag(), "the same on every node");
    if cfg!(not(feature = "aws-lc-rs")) {
        let rsa = AccessKeys::new(PrivateKey::from_any_pem(RSA).unwrap());
        assert_refused("cannot sign", core.with_access_keys(rsa), (SIGNING, Unsupported, "aws-lc-rs"));
    }
}
