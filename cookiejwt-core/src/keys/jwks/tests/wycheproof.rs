//! `json_web_key_test.json` of the Wycheproof project (C2SP/wycheproof, Apache-2.0), all 26
//! vectors, as a document that somebody publishes. `tests/vectors` has them again, with symmetric
//! keys.
//!
//! `JOSE_VECTORS` names the folder that holds `wycheproof/`; default `../shared/vectors` beside the
//! repository. Without it the test says so, and fails when `REQUIRE_ALL_TESTS` is 1.

#![allow(clippy::disallowed_methods, reason = "the core reads no files and no variables, this test does")]

use std::{env, fs, path::PathBuf};

use serde_json::Value;

use super::super::{JwkFault, Jwks, JwksError};
use crate::token::verify_any;

/// Valid there and refused here: sets of symmetric keys, which nobody can publish.
const SYMMETRIC: [u64; 4] = [2, 13, 14, 15];

fn vectors() -> Option<Value> {
    let folder = env::var_os("JOSE_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors"),
        PathBuf::from,
    );
    let file = folder.join("wycheproof/json_web_key_test.json");
    let Ok(text) = fs::read_to_string(&file) else {
        let required = env::var_os("REQUIRE_ALL_TESTS").is_some_and(|value| value == "1");
        assert!(!required, "{} cannot be read; JOSE_VECTORS names its folder", file.display());
        println!("skipped: {} cannot be read; JOSE_VECTORS names its folder", file.display());
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

/// Whether a key of the set verifies the token. The payloads are no claims, so they are not looked
/// at.
fn verifies(set: &Jwks, token: &str) -> bool {
    verify_any(token.as_bytes(), &set.clone().into_ring()).is_ok()
}

#[test]
fn the_key_vectors_of_wycheproof() {
    let Some(vectors) = vectors() else { return };
    let (mut valid, mut seen) = (0, 0);
    for group in vectors["testGroups"].as_array().unwrap() {
        let keys = group.get("public").unwrap_or(&group["private"]);
        let set = Jwks::from_json(&keys.to_string());
        for test in group["tests"].as_array().unwrap() {
            let id = test["tcId"].as_u64().unwrap();
            let rule = format!("{id}: {}, {}", group["comment"], test["comment"]);
            let accepted = set.as_ref().is_ok_and(|set| verifies(set, test["jws"].as_str().unwrap()));
            if SYMMETRIC.contains(&id) {
                assert_eq!(test["result"], "valid", "{rule}");
                let refused = matches!(set, Err(JwksError::Key { fault: JwkFault::Private, .. }));
                assert!(refused, "{rule}: {set:?}");
            } else {
                assert_eq!(accepted, test["result"] == "valid", "{rule}: {set:?}");
            }
            valid += usize::from(accepted);
            seen += 1;
        }
    }
    assert_eq!((seen, valid), (26, 1), "each of them, and the only asymmetric one that is valid");
}
