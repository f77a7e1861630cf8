//! A device that registers its key and proves it, as a browser does.

use crate::{
    keys::{Algorithm, SigningPair, device_key_of},
    session::DeviceKey,
    syntax::base64url,
};

const FIRST: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0LMgY0CjfkkfezVM
z47g5M42lVOwzoFXlxHDzcJ2feahRANCAASpQdb4LKZKG0wdJcKQVvcx6eXmb5Ss
oT7vZMCW/V8azoneCmK8P7GLwTjkmf0+IsLWwCO2dNWBL/FHlULRXRMd
-----END PRIVATE KEY-----
";
const SECOND: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBRKaZkn+2xyGqCY6
7Y5doLMfvKQ5SbErOFq7tE29rYihRANCAATWA6l04P/iJuM0tBFtuavryaQ4Dg9S
pOVuxDAk82e3bZflW0NqL58+4WiLUKaHzGzMBJDWK0enGxc21VNuXwUm
-----END PRIVATE KEY-----
";

/// The browser's side of device-bound sessions, with a fixed, published key: it answers the offer
/// of a login and the challenges of a renewal, for tests of an application.
///
/// ```
/// use cookiejwt_core::testing;
///
/// let offer = r#"(ES256);path="/api/auth/device/";challenge="session.abc""#;
/// let response = testing::device().registers(offer);
/// let post = http::Request::post("/api/auth/device/").header("secure-session-response", response);
/// # let _ = post;
/// ```
#[derive(Clone)]
pub struct TestDevice(SigningPair);

/// The device of this module.
pub fn device() -> TestDevice {
    TestDevice::of(FIRST)
}

/// Another one: a thief's.
pub fn other_device() -> TestDevice {
    TestDevice::of(SECOND)
}

impl TestDevice {
    fn of(pem: &str) -> Self {
        Self(SigningPair::from_pem(Algorithm::Es256, pem.as_bytes()).expect("the key is fixed"))
    }

    /// Its public key, as the row of a session keeps it.
    pub fn key(&self) -> DeviceKey {
        let [x, y] = self.coordinates();
        device_key_of(x, y).expect("the key is on its curve")
    }

    /// The value of `Secure-Session-Response` for this value of `Secure-Session-Registration`.
    pub fn registers(&self, registration: &str) -> String {
        let challenge = registration.split("challenge=\"").nth(1).and_then(|rest| rest.split('"').next());
        let challenge = challenge.expect("the offer has a challenge");
        let [x, y] = self.coordinates();
        let header = format!(
            r#"{{"alg":"ES256","jwk":{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}},"typ":"dbsc+jwt"}}"#
        );
        self.signs(&header, &format!(r#"{{"jti":"{challenge}"}}"#))
    }

    /// The value of `Secure-Session-Response` for this value of `Secure-Session-Challenge`.
    pub fn proves(&self, challenge: &str) -> String {
        let challenge = challenge.split('"').nth(1).expect("the challenge is in quotes");
        self.signs(r#"{"alg":"ES256","typ":"dbsc+jwt"}"#, &format!(r#"{{"jti":"{challenge}"}}"#))
    }

    /// A compact JWS of this header and this payload, both JSON, for a test of what is refused.
    pub fn signs(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", base64url::encode(header), base64url::encode(payload));
        let signature = self.0.sign(signed.as_bytes()).expect("the key signs");
        format!("{signed}.{}", base64url::encode(signature))
    }

    fn coordinates(&self) -> [&str; 2] {
        let members = self.0.public().required_members();
        let member = |wanted| members.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        ["x", "y"].map(|name| member(name).expect("the key is on P-256"))
    }
}
