//! Key changes while the server runs: add, switch, remove.

use std::{fs, path::Path, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cookiejwt_store::{
    AccessKeys, Authenticator, ConfigErrorKind, PrivateKey, Progress, PublicKey, ReadKeys as _, testing,
};

use crate::common::{Browser, Jar, World, outcome};

pub(crate) const ED25519: &str = include_str!("../../../cookiejwt-core/tests/keys/ed25519.pem");
pub(crate) const P256: &str = include_str!("../../../cookiejwt-core/tests/keys/p256.pem");
const OLD_KID: &str = "Ce9dcCQdmfe3d2unk30bqJkdbUUxztnwCatUEvzBF4g";
const NEW_KID: &str = "_NrFblQYUlq--AQC7iIv3NQmj61B_RM76di7Bt5TBRg";

const ALIVE: (&str, &str) = ("1", "kept");
const REFRESHED: (&str, &str) = ("1", "set");
const EARLY: (&str, &str) = ("invalid_token", "kept");

fn old() -> PrivateKey {
    PrivateKey::from_any_pem(ED25519).unwrap()
}

fn new() -> PrivateKey {
    PrivateKey::from_any_pem(P256).unwrap()
}

/// The states of a rotation, in their order.
fn begun() -> AccessKeys {
    AccessKeys::new(old())
}

fn added() -> AccessKeys {
    AccessKeys::new(old()).verifying(new().public_key())
}

fn switched() -> AccessKeys {
    AccessKeys::new(new()).verifying(old().public_key())
}

fn dropped() -> AccessKeys {
    AccessKeys::new(new())
}

fn kid(jar: &Jar) -> String {
    let header = jar.access.as_deref().unwrap().split('.').next().unwrap();
    let header: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

async fn asked(auth: &Authenticator, jar: &Jar) -> (String, &'static str) {
    let decision = auth.authenticate(&jar.get()).await;
    let (who, cookies) = outcome(&decision);
    (who.to_owned(), cookies)
}

async fn asked_by_header(auth: &Authenticator, jar: &Jar) -> (String, &'static str) {
    let decision = auth.authenticate(&jar.bearer()).await;
    let (who, cookies) = outcome(&decision);
    (who.to_owned(), cookies)
}

/// Sends a request with all cookies and stores those of the response.
async fn used(auth: &Authenticator, browser: &mut Browser) -> (String, &'static str) {
    let decision = auth.authenticate(&browser.jar.get()).await;
    browser.jar.apply(&crate::common::lines(&decision.cookies));
    let (who, cookies) = outcome(&decision);
    (who.to_owned(), cookies)
}

fn expected((who, cookies): (&str, &'static str)) -> (String, &'static str) {
    (who.to_owned(), cookies)
}

#[tokio::test]
async fn tokens_of_the_old_key_live_until_it_is_dropped() {
    let world = World::with(testing::config().access_keys(begun()));
    let alice = world.login("alice").await;
    assert_eq!(kid(&alice.jar), OLD_KID);
    for (step, keys, signing, by_old) in [
        ("add", added(), OLD_KID, ALIVE),
        ("switch", switched(), NEW_KID, ALIVE),
        ("drop", dropped(), NEW_KID, EARLY),
    ] {
        world.auth.replace_keys(keys).unwrap();
        assert_eq!(world.auth.core().access_kids()[0], signing, "{step}");
        assert_eq!(kid(&world.login("alice").await.jar), signing, "{step}: what signs now");
        let without_refresh = alice.jar.without_refresh();
        assert_eq!(asked(&world.auth, &without_refresh).await, expected(by_old), "{step}: the cookie alone");
        assert_eq!(asked_by_header(&world.auth, &alice.jar).await, expected(by_old), "{step}: by header");
    }
    let mut alice = alice;
    assert_eq!(used(&world.auth, &mut alice).await, expected(REFRESHED), "the refresh token knows no key");
    assert_eq!(kid(&alice.jar), NEW_KID);
    assert_eq!(asked(&world.auth, &alice.jar).await, expected(ALIVE));
}

/// A token with an unknown key counts as early. Nothing is cleared, and the refresh token is used.
#[tokio::test]
async fn two_nodes_that_change_their_keys_at_different_times_log_no_user_out() {
    type Keys = fn() -> AccessKeys;
    let steps: [Keys; 4] = [begun, added, switched, dropped];
    for (rule, one, other, refreshes) in [
        ("one has added", 1, 0, false),
        ("both have added", 1, 1, false),
        ("one has switched", 2, 1, false),
        ("both have switched", 2, 2, false),
        ("one has dropped", 3, 2, false),
        ("one has switched to a key that the other has not", 2, 0, true),
        ("one has replaced its key in one step", 3, 0, true),
    ] {
        let world = World::with(testing::config().access_keys(begun()));
        let (here, there) = (world.auth.clone(), world.another_node());
        here.replace_keys(steps[one]()).unwrap();
        there.replace_keys(steps[other]()).unwrap();
        let mut alice = world.login("alice").await;
        let mut seen = Vec::new();
        for _ in 0..6 {
            for node in [&there, &here] {
                let (who, cookies) = used(node, &mut alice).await;
                assert_eq!(who, "1", "{rule}");
                assert_ne!(cookies, "cleared", "{rule}");
                seen.push(cookies);
                world.advance(20);
            }
        }
        assert_eq!(seen.contains(&"set"), refreshes, "{rule}: {seen:?}");
        assert_eq!(world.revoked(&alice.session).await, None, "{rule}: it did not count as theft");
    }
}

#[tokio::test]
async fn a_request_in_progress_continues_with_its_keys() {
    let world = World::with(testing::config().access_keys(begun()));
    let mut alice = world.login("alice").await;
    world.expire_access();
    let Progress::Pending(pending) = world.auth.begin(&alice.jar.get()) else { panic!("a refresh") };
    world.auth.replace_keys(switched()).unwrap();
    let decision = world.auth.finish(pending).await;
    assert_eq!(outcome(&decision), REFRESHED);
    alice.jar.apply(&crate::common::lines(&decision.cookies));
    assert_eq!(kid(&alice.jar), OLD_KID, "one request, one set of keys");
    assert_eq!(asked(&world.auth, &alice.jar).await, expected(ALIVE));
}

#[test]
fn keys_that_cannot_be_exchanged() {
    let directory = directory();
    let of_directory = World::with(testing::config().keys_dir(directory.path()).read_keys().unwrap());
    for (rule, world, setting, problem) in [
        ("of a directory", of_directory, "COOKIEJWT_KEYS_DIR", ConfigErrorKind::Contradiction),
        ("symmetric until now", World::new(), "COOKIEJWT_SIGNING_KEY", ConfigErrorKind::Missing),
    ] {
        let before = world.auth.core().access_kids().join(" ");
        let error = world.auth.replace_keys(dropped()).expect_err(rule);
        assert_eq!((error.setting(), error.kind()), (setting, problem), "{rule}");
        assert_eq!(world.auth.core().access_kids().join(" "), before, "{rule}");
    }
}

/// The way from the secret to a key: first it is published, then it signs.
#[tokio::test]
async fn from_the_secret_to_a_key() {
    let public = PublicKey::from_any_pem(include_str!("../../../cookiejwt-core/tests/keys/p256.pub.pem"));
    let world = World::with(testing::config().verifying_key(public.unwrap()));
    let mut alice = world.login("alice").await;
    world.auth.replace_keys(dropped()).unwrap();
    assert_eq!(used(&world.auth, &mut alice).await, expected(REFRESHED));
    assert_eq!(kid(&alice.jar), NEW_KID);
}

/// With the old key as the signing key.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "old.pem", ED25519);
    write(directory.path(), "signing", "old\n");
    directory
}

fn write(directory: &Path, name: &str, text: &str) {
    fs::write(directory.join(name), text).unwrap();
}

#[tokio::test]
async fn a_directory_is_reloaded() {
    let directory = directory();
    let path = directory.path();
    let world = World::with(testing::config().keys_dir(path).read_keys().unwrap());
    let reload = async |rule: &str| world.auth.reload_keys().await.expect(rule);
    let alice = world.login("alice").await;
    assert!(!reload("nothing has changed").await);
    write(path, "new.pem", P256);
    assert!(reload("added").await);
    assert_eq!(world.auth.core().access_kids(), [OLD_KID, NEW_KID]);
    write(path, "signing", "new");
    assert!(reload("switched").await);
    assert_eq!(world.auth.core().access_kids(), [NEW_KID, OLD_KID]);
    assert_eq!(asked(&world.auth, &alice.jar.without_refresh()).await, expected(ALIVE));
    fs::remove_file(path.join("old.pem")).unwrap();
    assert!(reload("dropped").await);
    assert_eq!(world.auth.core().access_kids(), [NEW_KID]);
    assert!(!reload("nothing has changed").await);
}

#[tokio::test]
async fn a_broken_directory_keeps_the_keys_so_far() {
    type Break = fn(&Path);
    for (rule, harm) in [
        ("half a file", (|path| write(path, "new.pem", &P256[..80])) as Break),
        ("a name that is no key's", |path| write(path, "new.pme", P256)),
        ("no signing key", |path| fs::remove_file(path.join("signing")).unwrap()),
        ("the key that signs is gone", |path| fs::remove_file(path.join("old.pem")).unwrap()),
        ("it is gone", |path| fs::remove_dir_all(path).unwrap()),
    ] {
        let directory = directory();
        let world = World::with(testing::config().keys_dir(directory.path()).read_keys().unwrap());
        let alice = world.login("alice").await;
        harm(directory.path());
        for _ in 0..2 {
            let error = world.auth.reload_keys().await.expect_err(rule);
            assert_eq!(error.setting(), "COOKIEJWT_KEYS_DIR", "{rule}");
        }
        assert_eq!(asked(&world.auth, &alice.jar).await, expected(ALIVE), "{rule}");
        assert_eq!(kid(&world.login("alice").await.jar), OLD_KID, "{rule}");
    }
    let error = World::new().auth.reload_keys().await.expect_err("there is no directory");
    assert_eq!((error.setting(), error.kind()), ("COOKIEJWT_KEYS_DIR", ConfigErrorKind::Missing));
}

/// Time advances only while all tasks wait.
#[tokio::test(start_paused = true)]
async fn the_directory_is_looked_into_by_itself() {
    let directory = directory();
    let world = World::with(testing::config().keys_dir(directory.path()).read_keys().unwrap());
    let alice = world.login("alice").await;
    assert_eq!(asked(&world.auth, &alice.jar).await, expected(ALIVE), "this starts it");
    write(directory.path(), "new.pem", P256);
    write(directory.path(), "signing", "new");
    assert_eq!(world.auth.core().access_kids(), [OLD_KID], "not yet");
    let mut waited = 0;
    while world.auth.core().access_kids()[0] == OLD_KID {
        tokio::time::sleep(Duration::from_secs(1)).await;
        waited += 1;
        assert!(waited < 60, "it does not look");
    }
    assert!(waited >= 29, "not at every request: {waited}");
    assert_eq!(kid(&world.login("alice").await.jar), NEW_KID);
}
