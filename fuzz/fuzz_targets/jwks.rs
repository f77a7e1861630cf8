//! Any JWKS document: an accepted one has as many keys as it lists, all public, each with its own
//! `kid`; and no key, however odd its parameters, makes a verifier panic.
#![no_main]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cookiejwt_core::{
    Expect, Jwks, Verifier,
    testing::{self, NOW},
};
use fuzz::Head;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let Ok(keys) = Jwks::from_json(text) else { return };
    let document: Value = serde_json::from_str(text).expect("JSON");
    let listed = document["keys"].as_array().expect("an array");
    let kids: Vec<String> = keys.kids().into_iter().map(str::to_owned).collect();
    assert_eq!(kids.len(), listed.len());
    assert!(kids.iter().enumerate().all(|(at, kid)| !kids[..at].contains(kid)));
    assert!(listed.iter().all(|key| ["d", "k", "p", "q"].iter().all(|name| key.get(name).is_none())));

    let expect = Expect::issuer(testing::ISSUER).audience(testing::AUDIENCE);
    let verifier = Verifier::new(keys, expect).expect("valid expectations");
    for (kid, length) in kids.iter().flat_map(|kid| [(kid, 64), (kid, 256)]) {
        for alg in ["EdDSA", "ES256", "PS256", "RS256"] {
            let header = format!(r#"{{"alg":"{alg}","typ":"at+jwt","kid":"{kid}"}}"#);
            let parts = [header.as_bytes(), b"{}", &vec![1; length]].map(|part| URL_SAFE_NO_PAD.encode(part));
            let head = Head::new().field("authorization", format!("Bearer {}", parts.join(".")));
            assert!(verifier.authenticate(head.as_head(), NOW).identity().is_none(), "there are no claims");
            let list = parts.join(".");
            assert!(verifier.read_revocations(&list, None, NOW).is_err(), "nor is it a list");
        }
    }
});
