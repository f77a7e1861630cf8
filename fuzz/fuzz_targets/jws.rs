//! Any header, signed with the right key: an accepted one has our `alg`, `typ` and `kid`, each
//! once, and nothing that changes how the token is read. And any text: only our tokens are
//! accepted.
#![no_main]

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fuzz::{ACCESS, KNOWN, SECRET, Signer, bearer};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static SIGNER: LazyLock<Signer> = LazyLock::new(|| Signer::access(&SECRET));

const FORBIDDEN: [&str; 11] =
    ["crit", "b64", "enc", "zip", "cty", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"];

fn payload() -> &'static str {
    ACCESS.split('.').nth(1).expect("three segments")
}

fn is_ours(header: &[u8]) -> bool {
    let Ok(Value::Object(header)) = serde_json::from_slice(header) else { return false };
    let text = |name: &str| header.get(name).and_then(Value::as_str).unwrap_or_default();
    text("alg") == "HS256"
        && matches!(text("typ"), "at+jwt" | "application/at+jwt")
        && text("kid") == SIGNER.kid()
        && !FORBIDDEN.iter().any(|name| header.contains_key(*name))
        && !header.values().any(|value| value.is_object() || value.is_array())
}

fuzz_target!(|bytes: &[u8]| {
    let [kind, rest @ ..] = bytes else { return };
    match kind % 4 {
        // A header as JSON, in which `KID` is our key's.
        0 => {
            let rest = &String::from_utf8(rest.into())
                .map_or(rest.to_vec(), |text| text.replace("KID", &SIGNER.kid()).into());
            let token = SIGNER.sign(&format!("{}.{}", URL_SAFE_NO_PAD.encode(rest), payload()));
            if bearer(&KNOWN, &token).is_some() {
                assert!(is_ours(rest), "{}", String::from_utf8_lossy(rest));
            }
        }
        // A header segment that is not encoded.
        1 => {
            let Ok(segment) = std::str::from_utf8(rest) else { return };
            if bearer(&KNOWN, &SIGNER.sign(&format!("{segment}.{}", payload()))).is_some() {
                let header = URL_SAFE_NO_PAD.decode(segment).expect("canonical base64url");
                assert!(is_ours(&header), "{segment}");
            }
        }
        // A valid token with changes in some places.
        2 => {
            let mut token = ACCESS.clone().into_bytes();
            for change in rest.chunks_exact(3) {
                let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % token.len();
                token[at] ^= change[2];
            }
            let Ok(token) = String::from_utf8(token) else { return };
            if bearer(&KNOWN, &token).is_some() {
                assert_eq!(token.trim(), *ACCESS);
            }
        }
        // A complete token.
        _ => {
            let Ok(token) = std::str::from_utf8(rest) else { return };
            if bearer(&KNOWN, token).is_some() {
                assert_eq!(token.trim_matches([' ', '\t', '\n', '\r', '\x0c']), *ACCESS);
            }
        }
    }
});
