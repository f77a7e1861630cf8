//! Any proof of a device, signed with its key or not: one that binds or renews a session is what a
//! browser sends, over a challenge of ours, with the signature of the key.
#![no_main]

use std::sync::LazyLock;

use cookiejwt_core::{
    Config, Core, DeviceBinding, RevocationLevel,
    driver::{
        BindAssessment, ClientInfo, CustomClaims, DeviceReply, DeviceStep, Login, LoginIds, LoginRequest, Mode,
        RenewAssessment, SessionTerms,
    },
    store::SessionRecord,
    testing,
};
use http::{HeaderValue, request::Parts};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const PREFIX: &str = "/api/auth";
const NEVER: [&str; 4] = ["crit", "b64", "enc", "zip"];

struct Session {
    core: Core,
    login: Login,
    cookie: String,
    /// The value of `Secure-Session-Registration`, and what a browser answers.
    offer: String,
    registration: String,
    /// The value of `Secure-Session-Challenge`, and what a browser answers.
    challenge: String,
    proof: String,
}

static SESSION: LazyLock<Session> = LazyLock::new(|| {
    let config: Config = testing::config()
        .revocation(RevocationLevel::AtRefresh)
        .device_bound(DeviceBinding::Offer)
        .build()
        .expect("the settings are valid");
    let core = Core::new(config);
    let request = LoginRequest {
        subject: "alice".into(),
        claims: CustomClaims::default(),
        terms: SessionTerms::remembering(true),
        client: ClientInfo::default(),
        mode: Mode::Cookie,
        ids: LoginIds::from_random([1; 16], [2; 32]),
        replaces: None,
    };
    let login = core.login(request, testing::NOW).expect("a login");
    let offer = login.device.as_ref().and_then(|offer| offer.header(PREFIX)).expect("an offer");
    let offer = offer.to_str().expect("ASCII").to_owned();
    let cookie = testing::cookie_header(&login);
    let head = head(&cookie, login.record.id.as_str(), None).expect("a head");
    let RenewAssessment::Settled(decision) = core.renew_device(&head, PREFIX, testing::NOW, &|_| None) else {
        panic!("the first leg");
    };
    let DeviceReply::Challenge { challenge } = decision.reply else { panic!("a challenge") };
    let challenge = challenge.to_str().expect("ASCII").to_owned();
    let device = testing::device();
    let (registration, proof) = (device.registers(&offer), device.proves(&challenge));
    Session { core, login, cookie, offer, registration, challenge, proof }
});

fn head(cookie: &str, session: &str, response: Option<&[u8]>) -> Option<Parts> {
    let request = http::Request::post("/").header("cookie", cookie).header("sec-secure-session-id", session);
    let response = response.map(HeaderValue::from_bytes).transpose().ok()?;
    let request = response.into_iter().fold(request, |request, value| {
        request.header("secure-session-response", value)
    });
    Some(request.body(()).ok()?.into_parts().0)
}

/// Whether this response binds the session, or renews it.
fn binds(response: &[u8]) -> bool {
    let Some(head) = head("", "", Some(response)) else { return false };
    match SESSION.core.bind_device(&head, PREFIX, testing::NOW, &|_| None) {
        BindAssessment::Settled(_) => false,
        BindAssessment::Bind(binding) => {
            assert_eq!(binding.request().session_id, SESSION.login.record.id);
            true
        }
    }
}

fn renews(response: &[u8]) -> bool {
    let Session { core, login, cookie, .. } = &*SESSION;
    let Some(head) = head(cookie, login.record.id.as_str(), Some(response)) else { return false };
    let row = || {
        let mut row: SessionRecord = login.record.clone();
        row.device = Some(testing::device().key());
        row
    };
    match core.renew_device(&head, PREFIX, testing::NOW, &|_| None) {
        RenewAssessment::Settled(_) => false,
        RenewAssessment::NeedsSession(attempt) => {
            matches!(attempt.with_session(Some(&row())), DeviceStep::Refresh(..))
        }
    }
}

fn member<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What a browser writes into the header of a registration.
fn is_of_browser(header: &[u8]) -> bool {
    let Ok(header) = serde_json::from_slice::<Value>(header) else { return false };
    let jwk = &header["jwk"];
    let key = format!("ES256.{}.{}", member(jwk, "x"), member(jwk, "y"));
    member(&header, "typ") == "dbsc+jwt"
        && member(&header, "alg") == "ES256"
        && NEVER.iter().all(|name| header.get(name).is_none())
        && member(jwk, "kty") == "EC"
        && member(jwk, "crv") == "P-256"
        && jwk.get("d").is_none()
        && key == testing::device().key().as_str()
}

fn challenge_of(field: &str, after: &str) -> String {
    field.split(after).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

/// A valid response with changes in some places.
fn changed(valid: &str, changes: &[u8]) -> Vec<u8> {
    let mut text = valid.as_bytes().to_vec();
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % text.len();
        text[at] ^= change[2];
    }
    text
}

fn bare(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    text.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(text)
}

fuzz_target!(|bytes: &[u8]| {
    let [kind, rest @ ..] = bytes else { return };
    let Session { offer, registration, challenge, proof, .. } = &*SESSION;
    let device = testing::device();
    match kind % 5 {
        // A header as JSON, in which `X` and `Y` are the coordinates of the key.
        0 => {
            let Ok(header) = std::str::from_utf8(rest) else { return };
            let key = device.key();
            let mut parts = key.as_str().split('.').skip(1);
            let header = header.replace("\"X\"", &format!("\"{}\"", parts.next().unwrap_or_default()));
            let header = header.replace("\"Y\"", &format!("\"{}\"", parts.next().unwrap_or_default()));
            let payload = format!(r#"{{"jti":"{}"}}"#, challenge_of(offer, "challenge=\""));
            if binds(device.signs(&header, &payload).as_bytes()) {
                assert!(is_of_browser(header.as_bytes()), "{header}");
            }
        }
        // A payload as JSON, in which `C` is the challenge.
        1 => {
            let Ok(payload) = std::str::from_utf8(rest) else { return };
            let code = challenge_of(challenge, "\"");
            let payload = payload.replace("\"C\"", &format!("\"{code}\""));
            if renews(device.signs(r#"{"alg":"ES256","typ":"dbsc+jwt"}"#, &payload).as_bytes()) {
                let payload: Value = serde_json::from_str(&payload).expect("an object");
                assert_eq!(member(&payload, "jti"), code);
            }
        }
        2 => {
            let text = changed(registration, rest);
            if binds(&text) {
                assert_eq!(bare(&text), registration.as_bytes());
            }
        }
        3 => {
            let text = changed(proof, rest);
            if renews(&text) {
                assert_eq!(bare(&text), proof.as_bytes());
            }
        }
        // A complete response.
        _ => {
            if binds(rest) {
                assert_eq!(bare(rest), registration.as_bytes());
            }
            if renews(rest) {
                assert_eq!(bare(rest), proof.as_bytes());
            }
        }
    }
});
