//! The hashes were made by Django 5.2.19 with argon2-cffi 25.1 and bcrypt 5, those of 3.2 and 4.2
//! by Django 3.2.25 and 4.2.30 with their defaults:
//!
//! ```text
//! pip install django argon2-cffi bcrypt
//! python -c "from django.conf import settings; settings.configure()
//! from django.contrib.auth.hashers import get_hasher, make_password
//! print(make_password('correct horse'), make_password('correct horse', hasher='argon2'), make_password(None))
//! pbkdf2 = get_hasher('pbkdf2_sha256'); print(pbkdf2.encode('', pbkdf2.salt(), 1000))"
//! ```

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{DjangoHash, DjangoHashes};
use crate::errors::PasswordError;
use crate::passwords::{
    Argon2id, PasswordHasher,
    PasswordMatch::{self, No, Unreadable, Yes, YesOutdated},
};

const HORSE: &str = "correct horse";
const UNICODE: &str = "pässwörd ☃ 🐎";

/// Longer than a block of SHA-256.
const LONG: &str = "long long long long long long long long long long long long long long long long long long long long \
                    long long long long long long long long long long long long long long long long long long long long ";

const CHEAP: &str = "pbkdf2_sha256$1000$CNgijcGx2l2sWJfF7GemVo$lUNhNZIYZ5+8Mag08Xf6TcLZapjf1Fa35FEn0ZoJB4U=";

/// With a typical hash that costs nothing.
fn hasher() -> DjangoHashes<Argon2id> {
    DjangoHashes::new(Argon2id::default()).typical(CHEAP).unwrap()
}

/// Who made it, the password, the hash.
type Vectors = &'static [(&'static str, &'static str, &'static str)];

const PBKDF2: Vectors = &[
    (
        "Django 1.4, 10 000 iterations",
        HORSE,
        "pbkdf2_sha256$10000$AGW8LeYZ1lwS5fBZHQ5V6E$esoCpE0+pUKzuqkPPv2x+vC9TbjO0gxX9LQB1XEW81M=",
    ),
    (
        "Django 3.2",
        HORSE,
        "pbkdf2_sha256$260000$L84GisfcX6pIjPNQmPfAz2$jff2h3Lrb63T/0bG0ZutuQtOCZ62JECXOxGNB2zRpfU=",
    ),
    (
        "Django 4.2",
        HORSE,
        "pbkdf2_sha256$600000$jYxp6RO6yipTelt3ayviGu$QukKeK9aKyXB982dg6krL1sR6qbumJZLoEH6PdjpukA=",
    ),
    (
        "Django 5.2",
        HORSE,
        "pbkdf2_sha256$1000000$vg8qWxigDbJIlDaUclxLbT$eAMwffh+jDX97/Cg1GJ/Jpcv3No7eQuVMJUdZuxK1vc=",
    ),
    (
        "PBKDF2, not ASCII",
        UNICODE,
        "pbkdf2_sha256$1000$cWK3JJCRhLEkF3q0Mnyeg6$0eRRJYVGZb+JTDUb3XuRmjWcyiZNJ40KSRm0KCeLuoA=",
    ),
    ("PBKDF2, the empty password", "", CHEAP),
    (
        "PBKDF2, longer than a block of SHA-256",
        LONG,
        "pbkdf2_sha256$1000$7Z0XppsS0j4WmFXNW6eLPN$yzyjEolSTfI4MwvNW063+fbZXYHdZGQ5MMI2vf+FL3I=",
    ),
    ("PBKDF2 with SHA-1", HORSE, "pbkdf2_sha1$1000$E0jffLE0y8T1kq742tshhs$SMMoVAUn3W0D5/20pFlKUWiEWKA="),
];

const OTHERS: Vectors = &[
    (
        "argon2id",
        HORSE,
        "argon2$argon2id$v=19$m=102400,t=2,p=8$djlmam45d3Zsb1lMdnFzM1RmQWcyUw\
             $/90S6WVqbT51MTppaXC3XFYOT5BpP2bi7jLlXVXuD7w",
    ),
    (
        "argon2id, not ASCII",
        UNICODE,
        "argon2$argon2id$v=19$m=102400,t=2,p=8$bENoV1lxOE1sWExKUE4wWWp6VGdYdw\
             $OruoNE/zns4hkBnaYV1//qPkLTcpR1lX9kgOtKt3wgA",
    ),
    (
        "argon2id, the empty password",
        "",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$SXppaHpjNW5aZlpaMXJyQU05WlprZQ\
             $6Qag3uh3nqYSWcOryxOF2R7xGIrcpw/JbXKuJ0I0CUA",
    ),
    (
        "argon2i of Django 1.10 to 3.1",
        HORSE,
        "argon2$argon2i$v=19$m=512,t=2,p=2$dmd3Z0VCcGRuVlozQlk5Ymk0OUNZYw$RrhlLbygdVJK0Ts69BIvOA",
    ),
    (
        "bcrypt, not ASCII",
        UNICODE,
        "bcrypt_sha256$$2b$04$aC39RgVh7R1Jw0T95qXnUOK//WxKYOpcG.S6qET3EJJ61q2QXDD3i",
    ),
    (
        "scrypt with N = 1024",
        HORSE,
        "scrypt$1024$saltsaltsaltsaltsalt12$8$5\
             $C7ZlhRmyJ17ELafGFTMvyrU0yiDxopcZSb2LDsmyCy2OhXyl2N+fyI+nnK+MkudGmGW286Rm4JBLZ+QXHLP6Fw==",
    ),
];

#[test]
fn what_django_wrote() {
    for (made_by, password, hash) in PBKDF2.iter().chain(OTHERS) {
        assert_eq!(hasher().verify(password, hash), YesOutdated, "{made_by}");
        assert_eq!(hasher().verify(&format!("{password} "), hash), No, "{made_by}, wrong password");
    }
}

#[test]
fn what_is_not_django_s() {
    let own = Argon2id::default().hash(HORSE).unwrap();
    let stronger = Argon2id::new(19_456, 3, 1).unwrap().hash(HORSE).unwrap();
    for (rule, password, hash, expected) in [
        ("the inner hasher's own", HORSE, own.as_str(), Yes),
        ("the inner hasher's own, wrong password", "", &own, No),
        ("the inner hasher's own, other parameters", HORSE, &stronger, YesOutdated),
        ("an unusable password", "", "!Nnlq1oeXhY3gPdwMoige1Gq0ZbpPN5PXR5MvuJXM", No),
        ("the mark of an unusable password", "!", "!", No),
        ("nothing", "", "", Unreadable),
        ("a name alone", HORSE, "pbkdf2_sha256", Unreadable),
        ("out of bounds", HORSE, "pbkdf2_sha256$4000000000$salt$", Unreadable),
        ("PHP", HORSE, "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", Unreadable),
        ("an unknown name", HORSE, "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", Unreadable),
    ] {
        assert_eq!(hasher().verify(password, hash), expected, "{rule}");
    }
}

/// Accepts whatever equals the stored text, and counts.
#[derive(Default)]
struct Plain {
    hashed: AtomicUsize,
    verified: AtomicUsize,
}

impl PasswordHasher for Plain {
    fn hash(&self, password: &str) -> Result<String, PasswordError> {
        self.hashed.fetch_add(1, Ordering::SeqCst);
        Ok(password.into())
    }

    fn verify(&self, password: &str, hash: &str) -> PasswordMatch {
        self.verified.fetch_add(1, Ordering::SeqCst);
        if password == hash { Yes } else { No }
    }
}

#[test]
fn each_check_uses_the_inner_hasher_once() {
    for (rule, password, hash, expected) in [
        ("the inner hasher's own", "plain", "plain", Yes),
        ("the inner hasher's own, wrong password", "other", "plain", No),
        ("unusable, whatever the inner hasher would say", "!x", "!x", No),
        ("Django's", "", CHEAP, YesOutdated),
        ("Django's, wrong password", "x", CHEAP, No),
        ("a hash that costs too much", "x", "pbkdf2_sha256$4000000000$salt$", No),
    ] {
        let django = DjangoHashes::new(Plain::default()).typical(CHEAP).unwrap();
        assert_eq!(django.verify(password, hash), expected, "{rule}");
        let Plain { hashed, verified } = &django.inner;
        assert_eq!(hashed.load(Ordering::SeqCst) + verified.load(Ordering::SeqCst), 1, "{rule}");
    }
}

#[test]
fn planted_costs_and_broken_rows() {
    let key = "lUNhNZIYZ5+8Mag08Xf6TcLZapjf1Fa35FEn0ZoJB4U=";
    let key64 = "A".repeat(86) + "==";
    let bcrypt = "1tUnJ5mDJcBYZ8OONqbKIO4G5UVlFcMWv4lHUkXYgn1bKCGzeuLfC";
    for (rule, hash, is_read) in [
        ("the most iterations", format!("pbkdf2_sha256$10000000$salt${key}"), true),
        ("one more", format!("pbkdf2_sha256$10000001$salt${key}"), false),
        ("the fewest iterations", format!("pbkdf2_sha256$1000$salt${key}"), true),
        ("one fewer", format!("pbkdf2_sha256$999$salt${key}"), false),
        ("no iterations", format!("pbkdf2_sha256$0$salt${key}"), false),
        ("more than 32 bits", format!("pbkdf2_sha256$4294968296$salt${key}"), false),
        ("negative", format!("pbkdf2_sha256$-1000$salt${key}"), false),
        ("no key", "pbkdf2_sha256$1000$salt$".into(), false),
        ("half a key", "pbkdf2_sha256$1000$salt$lUNhNZIYZ5+8Mag08Xf6TQ==".into(), false),
        ("a key that is not base64", "pbkdf2_sha256$1000$salt$?".into(), false),
        ("a field too many", format!("pbkdf2_sha256$1000$salt${key}$"), false),
        ("SHA-256 said to be SHA-1", format!("pbkdf2_sha1$1000$salt${key}"), false),
        (
            "argon2 beyond 256 MiB",
            "argon2$argon2id$v=19$m=262145,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".into(),
            false,
        ),
        ("not argon2 inside", "argon2$pbkdf2-sha256$i=1000$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA".into(), false),
        ("the highest cost of bcrypt", format!("bcrypt_sha256$$2b$15${bcrypt}"), true),
        ("one more", format!("bcrypt_sha256$$2b$16${bcrypt}"), false),
        ("scrypt with 256 MiB", format!("scrypt$262144$salt$8$1${key64}"), true),
        ("twice that", format!("scrypt$524288$salt$8$1${key64}"), false),
        ("16 lanes", format!("scrypt$1024$salt$8$16${key64}"), true),
        ("17 lanes", format!("scrypt$1024$salt$8$17${key64}"), false),
        ("N is no power of two", format!("scrypt$1000$salt$8$1${key64}"), false),
        ("N is 0", format!("scrypt$0$salt$8$1${key64}"), false),
        ("r is 0", format!("scrypt$1024$salt$0$1${key64}"), false),
    ] {
        assert_eq!(DjangoHash::read(&hash).is_some(), is_read, "{rule}: {hash}");
    }
}

#[test]
fn the_typical_hash_must_be_one_of_django_s() {
    for (sample, accepted) in
        [(CHEAP, true), ("pbkdf2_sha256", false), ("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", false)]
    {
        assert_eq!(DjangoHashes::new(Plain::default()).typical(sample).is_ok(), accepted, "{sample}");
    }
}
