//! All JWS and key-set vectors of C2SP/wycheproof (Apache-2.0), commit dac1dd47.
//!
//! `JOSE_VECTORS` is the folder that contains `wycheproof/`; default `../shared/vectors` next to
//! the repository. Without it the tests report that they skip, and fail if `REQUIRE_ALL_TESTS` is
//! 1.

use std::{env, fs, path::PathBuf};

use cookiejwt_core::testing::verify_jws;
use serde_json::Value;

/// Vectors whose label a strict verifier must not follow.
const EXCEPTIONS: [(u64, bool, &str); 8] = [
    (346, false, "the key says PS256, the token PS384: one key, one algorithm (RFC 8725 §3.1)"),
    (347, false, "the key says ES521, which is no algorithm"),
    (350, false, "as 346"),
    (351, false, "as 347"),
    (367, true, "labelled invalid, byte for byte the same as 357, which is valid"),
    (370, true, "as 367"),
    (
        372,
        false,
        "a `?` inside the header, which is no base64url (RFC 7515 §2), and the MAC is of other bytes",
    ),
    (373, false, "a `?` inside the payload, likewise"),
];

/// Valid but refused, because we do not support these algorithms: the key is refused, whatever it
/// signs.
const UNSUPPORTED: [&str; 6] = ["RS384", "RS512", "PS384", "PS512", "HS384", "HS512"];

fn vectors(file: &str) -> Option<Value> {
    let folder = env::var_os("JOSE_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors"),
        PathBuf::from,
    );
    let file = folder.join("wycheproof").join(file);
    let Ok(text) = fs::read_to_string(&file) else {
        let required = env::var_os("REQUIRE_ALL_TESTS").is_some_and(|value| value == "1");
        assert!(!required, "{} cannot be read; JOSE_VECTORS names its folder", file.display());
        println!("skipped: {} cannot be read; JOSE_VECTORS names its folder", file.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

/// Each vector of a file: its number, its token, the keys, and whether it is marked as valid.
struct Vector {
    id: u64,
    comment: String,
    token: String,
    keys: Value,
    is_valid: bool,
    is_encrypted: bool,
}

impl Vector {
    fn all(file: &Value) -> Vec<Self> {
        let groups = file["testGroups"].as_array().unwrap().iter();
        let of_group = |group: &Value| {
            let keys = group.get("public").unwrap_or(&group["private"]).clone();
            let tests = group["tests"].as_array().unwrap().clone();
            tests.into_iter().map(move |test| Self::new(&test, keys.clone()))
        };
        groups.flat_map(of_group).collect()
    }

    fn new(test: &Value, keys: Value) -> Self {
        let token = test.get("jws").or(test.get("jwe")).unwrap();
        Self {
            id: test["tcId"].as_u64().unwrap(),
            comment: test["comment"].to_string(),
            // A JWS in the JSON serialisation is an object.
            token: token.as_str().map_or_else(|| token.to_string(), Into::into),
            keys,
            is_valid: test["result"] == "valid",
            is_encrypted: test.get("jwe").is_some(),
        }
    }

    /// Whether a key is bound to an algorithm that we do not support.
    fn is_unsupported(&self) -> bool {
        let keys = self.keys["keys"].as_array().map_or(std::slice::from_ref(&self.keys), Vec::as_slice);
        keys.iter().any(|key| UNSUPPORTED.iter().any(|name| key["alg"] == *name))
    }

    fn is_accepted(&self) -> bool {
        verify_jws(&self.token, &self.keys.to_string()).is_ok()
    }

    fn expected(&self) -> bool {
        self.is_valid && !self.is_unsupported() && !self.is_encrypted
    }
}

/// How many vectors there are, and how many of them are accepted.
fn check(file: &str, exceptions: &[(u64, bool, &str)]) -> Option<(usize, usize)> {
    let vectors = Vector::all(&vectors(file)?);
    for vector in &vectors {
        let exception = exceptions.iter().find(|(id, ..)| *id == vector.id);
        let expected = exception.map_or(vector.expected(), |(_, accepted, _)| *accepted);
        let rule = exception.map_or("the label of the file", |(.., why)| *why);
        assert_eq!(vector.is_accepted(), expected, "{file} {}: {}: {rule}", vector.id, vector.comment);
        assert!(exception.is_none_or(|(_, accepted, _)| *accepted != vector.is_valid), "no exception at all");
    }
    let accepted = vectors.iter().filter(|vector| vector.is_accepted()).count();
    Some((vectors.len(), accepted))
}

#[test]
fn signatures() {
    if let Some(counts) = check("json_web_signature_test.json", &EXCEPTIONS) {
        // 46 are valid; 16 of them are of algorithms that we do not support, 6 are taken back and 2
        // added by the exceptions.
        assert_eq!(counts, (401, 46 - 16 - 6 + 2));
    }
}

#[test]
fn keys() {
    if let Some(counts) = check("json_web_key_test.json", &[]) {
        // 5 are valid; 2 of them are of algorithms that we do not support.
        assert_eq!(counts, (26, 5 - 2));
    }
}

/// The older, mixed file. 34 of its vectors are encrypted, which we do not support, valid or not.
#[test]
fn signatures_and_encryption() {
    if let Some(counts) = check("json_web_crypto_test.json", &[]) {
        assert_eq!(counts, (83, 6 - 2));
    }
}
