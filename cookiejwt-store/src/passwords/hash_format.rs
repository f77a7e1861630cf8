//! What a stored password hash calls itself.

/// What begins a hash, of a few fixed values: the beginning of an unknown text could be a password
/// that is in the table as it is.
const FORMATS: [&str; 44] = [
    "$2a$",
    "$2b$",
    "$2x$",
    "$2y$",
    "$argon2id$",
    "$argon2i$",
    "$argon2d$",
    "$scrypt$",
    "$pbkdf2-sha512$",
    "$pbkdf2-sha256$",
    "$pbkdf2$",
    "$bcrypt-sha256$",
    "$balloon$",
    "$1$",
    "$5$",
    "$6$",
    "$7$",
    "$y$",
    "$gy$",
    "$apr1$",
    "$P$",
    "$H$",
    "$S$",
    "{bcrypt}",
    "{argon2}",
    "{scrypt}",
    "{pbkdf2}",
    "{noop}",
    "{CRYPT}",
    "{SSHA512}",
    "{SSHA256}",
    "{SSHA}",
    "{SHA}",
    "pbkdf2:sha512",
    "pbkdf2:sha256",
    "pbkdf2:sha1",
    "scrypt:",
    "pbkdf2_sha256$",
    "pbkdf2_sha1$",
    "argon2$",
    "bcrypt_sha256$",
    "bcrypt$",
    "scrypt$",
    "md5$",
];
/// Base64 of the first bytes of ASP.NET Core Identity's hashes, version 3.
const ASP_NET: &str = "AQAAAA";

/// The format of a stored hash; `None` for the marks of a user who has no password: nothing, `!`
/// and `*`.
pub(crate) fn hash_format(hash: &str) -> Option<&'static str> {
    if hash.is_empty() || hash.starts_with(['!', '*']) {
        return None;
    }
    let known = FORMATS.into_iter().find(|format| hash.starts_with(format));
    let asp_net = || hash.starts_with(ASP_NET).then_some("ASP.NET Core Identity");
    Some(known.or_else(asp_net).unwrap_or("unknown"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_never_the_hash() {
        for (rule, hash, format) in [
            ("PHP, Laravel", "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", Some("$2y$")),
            ("Werkzeug", "pbkdf2:sha256:600000$abc$0123", Some("pbkdf2:sha256")),
            ("Werkzeug 3", "scrypt:32768:8:1$abc$0123", Some("scrypt:")),
            ("ASP.NET", "AQAAAAIAAYagAAAAEJ1234", Some("ASP.NET Core Identity")),
            (
                "argon2id that costs too much",
                "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdA$aGFzaA",
                Some("$argon2id$"),
            ),
            ("argon2i is not argon2id", "$argon2i$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA", Some("$argon2i$")),
            ("Django", "pbkdf2_sha256$1000000$salt$key", Some("pbkdf2_sha256$")),
            ("Spring", "{bcrypt}$2a$10$abc", Some("{bcrypt}")),
            ("a password as it is", "hunter22", Some("unknown")),
            ("a password as it is that looks like a format", "$ecret$", Some("unknown")),
            ("a digest", "5f4dcc3b5aa765d61d8327deb882cf99", Some("unknown")),
            ("no password", "", None),
            ("Django's mark of no password", "!abc", None),
            ("Unix' mark of no password", "*", None),
        ] {
            assert_eq!(hash_format(hash), format, "{rule}");
        }
    }
}
