//! Another service in the same process, which only verifies the access tokens of an authenticator
//! and follows its revocations.

use cookiejwt_store::{
    Authenticator, AuthenticatorBuilder, Body, Caller, ConfigBuilder, Expect, Jwks, ManualClock, PrivateKey,
    RevocationLevel, RevokedQuery, RevokedReaders, Route, Verifier, testing,
};

use crate::ACCESS;

const HEADER: &str = "x-revoked-key";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// Of nobody: without asymmetric keys no other service can verify.
const OTHER: &str = include_str!("../../cookiejwt-core/tests/keys/ed25519_other.pem");

/// The route that the verifier asks, where this configuration can have it.
pub(crate) fn told(builder: AuthenticatorBuilder, config: ConfigBuilder) -> AuthenticatorBuilder {
    let config = config.build().expect("valid settings");
    if config.signs_asymmetrically() && config.revocation() == RevocationLevel::Feed {
        builder.revoked_route(RevokedReaders::header(HEADER, SECRET))
    } else {
        builder
    }
}

pub(crate) fn of(auth: &Authenticator, clock: &ManualClock) -> Verifier {
    let expect = Expect::issuer(testing::ISSUER).audience(testing::AUDIENCE).access_cookie(ACCESS);
    let issuer = auth.clone();
    Verifier::builder(expect)
        .keys(keys(auth))
        .follow(move |query| ask(issuer.clone(), query))
        // Asked when a scenario says so, and by the first request.
        .poll_interval(std::time::Duration::from_hours(24))
        .clock(clock.clone())
        .build()
        .expect("complete")
}

fn keys(auth: &Authenticator) -> Jwks {
    let core = auth.core();
    if let Some(document) = core.jwks() {
        return Jwks::from_json(document).expect("our own document");
    }
    let other = testing::config().signing_key(PrivateKey::from_any_pem(OTHER).expect("a key"));
    let other = cookiejwt_store::Core::new(other.build().expect("valid settings"));
    Jwks::from_json(other.jwks().expect("asymmetric keys")).expect("our own document")
}

async fn ask(auth: Authenticator, query: RevokedQuery) -> Result<String, String> {
    let request = http::Request::get(format!("/api/auth/revoked?{}", query.encoded()));
    let (head, ()) = request.header(HEADER, SECRET).body(()).map_err(|error| error.to_string())?.into_parts();
    let body = Body::Complete(bytes::Bytes::new());
    let reply = auth.api().handle(Route::Revoked, (&head).into(), body, Caller::default()).await;
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    if reply.status == http::StatusCode::OK { Ok(text) } else { Err(reply.status.to_string()) }
}
