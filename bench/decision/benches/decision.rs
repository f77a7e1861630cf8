//! What it costs to authenticate a request, in time and allocations, compared with
//! `jsonwebtoken::decode` of the same token.
//!
//! Ours reads the complete head of a browser's request: eleven fields, both cookies among four
//! others, the CSRF table. `decode` gets only the token, with its key and its `Validation` built
//! once.

use cookiejwt_core::{
    Algorithm, Config, Core, PrivateKey,
    driver::{Assessment, Resolution, SessionStatus},
    testing::{self, AUDIENCE, ISSUER},
};
use cookiejwt_store::{Authenticator, MemoryStore, Progress};
use divan::{AllocProfiler, Bencher, black_box};
use http::{Request, request::Parts};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

mod no_users;

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

fn main() {
    // jsonwebtoken has no default if both backends are compiled in: use the same one for both
    // sides.
    #[cfg(feature = "aws-lc-rs")]
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    #[cfg(not(feature = "aws-lc-rs"))]
    let _ = jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER.install_default();
    divan::Divan::default().sample_size(64).sample_count(300).config_with_args().main();
}

const ALGORITHMS: [&str; 3] = ["HS256", "EdDSA", "ES256"];
const ED25519: &str = include_str!("../../../cookiejwt-core/tests/keys/ed25519.pem");
const ED25519_PUBLIC: &str = include_str!("../../../cookiejwt-core/tests/keys/ed25519.pub.pem");
const P256: &str = include_str!("../../../cookiejwt-core/tests/keys/p256.pem");
const P256_PUBLIC: &str = include_str!("../../../cookiejwt-core/tests/keys/p256.pub.pem");

/// Settings that sign with this algorithm, with the default level of revocation.
fn config(algorithm: &str) -> Config {
    let key = match algorithm {
        "EdDSA" => Some((Algorithm::EdDsa, ED25519)),
        "ES256" => Some((Algorithm::Es256, P256)),
        _ => None,
    };
    let builder = testing::config();
    let builder = match key {
        Some((algorithm, pem)) => builder.signing_key(PrivateKey::from_pem(algorithm, pem).unwrap()),
        None => builder,
    };
    builder.build().unwrap()
}

/// With the memo that applications get, and the revoked set loaded. No runtime runs during the
/// benchmark, so the feed must not be due.
fn authenticator(algorithm: &str) -> Authenticator {
    let auth = Authenticator::builder(config(algorithm))
        .users(no_users::NoUsers)
        .tokens(MemoryStore::new())
        .feed_interval(std::time::Duration::from_hours(1))
        .build()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(auth.poll_revocations()).unwrap();
    auth
}

/// What Chromium sends, with our two cookies and four others.
fn head(core: &Core, now: OffsetDateTime) -> Parts {
    let (access, refresh) = (testing::access("42").by(core), testing::refresh("42").by(core));
    let cookies = format!(
        "_ga=GA1.1.1207413581.1763990000; theme=dark; {}; {}; _ga_ABCDEF1234=GS2.1.s1763990000$o3$g1; lang=en",
        access.issued_at(now).cookie(),
        refresh.issued_at(now).cookie(),
    );
    let request = Request::get("/api/me")
        .header("host", "app.example")
        .header("connection", "keep-alive")
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36")
        .header("accept", "application/json, text/plain, */*")
        .header("sec-fetch-site", "same-origin")
        .header("sec-fetch-mode", "cors")
        .header("sec-fetch-dest", "empty")
        .header("referer", "https://app.example/")
        .header("accept-encoding", "gzip, deflate, br, zstd")
        .header("accept-language", "en-GB,en;q=0.9,de;q=0.8")
        .header("cookie", cookies);
    request.body(()).unwrap().into_parts().0
}

/// The core's decision for a live session.
fn decide(core: &Core, head: &Parts, now: OffsetDateTime) -> Resolution {
    match core.authenticate(head, now) {
        Assessment::NeedsSessionCheck(check) => check.resolve(SessionStatus::Live),
        other => panic!("{other:?}"),
    }
}

fn bench_core(bencher: Bencher<'_, '_>, core: &Core) {
    let now = OffsetDateTime::now_utc();
    let head = head(core, now);
    let decision = decide(core, &head, now);
    assert!(matches!(decision, Resolution::Settled(decision) if decision.identity().is_some()));
    bencher.bench_local(|| decide(core, black_box(&head), now));
}

/// The first time that a token is presented.
#[divan::bench(args = ALGORITHMS)]
fn cold(bencher: Bencher<'_, '_>, algorithm: &str) {
    bench_core(bencher, &Core::new(config(algorithm)));
}

/// Every other time: the signature is remembered, everything else is checked.
#[divan::bench(args = ALGORITHMS)]
fn warm(bencher: Bencher<'_, '_>, algorithm: &str) {
    bench_core(bencher, &authenticator(algorithm).core());
}

/// The same with everything that an adapter needs: the clock, the revoked set, the event.
#[divan::bench(args = ALGORITHMS)]
fn warm_authenticator(bencher: Bencher<'_, '_>, algorithm: &str) {
    let auth = authenticator(algorithm);
    let head = head(&auth.core(), auth.now());
    assert!(matches!(auth.begin(&head), Progress::Settled(decision) if decision.identity().is_some()));
    bencher.bench_local(|| auth.begin(black_box(&head)));
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Vec<String>,
    exp: i64,
    iat: i64,
    jti: String,
    sid: String,
    auth_time: i64,
}

/// The same token; for HS256, whose derived key never leaves the core, one with the same header and
/// claims.
#[divan::bench(args = ALGORITHMS)]
fn jsonwebtoken_decode(bencher: Bencher<'_, '_>, algorithm: &str) {
    let (core, now) = (Core::new(config(algorithm)), OffsetDateTime::now_utc());
    let ours = testing::access("42").by(&core).issued_at(now).token();
    let (key, token) = match algorithm {
        "EdDSA" => (DecodingKey::from_ed_pem(ED25519_PUBLIC.as_bytes()).unwrap(), ours),
        "ES256" => (DecodingKey::from_ec_pem(P256_PUBLIC.as_bytes()).unwrap(), ours),
        _ => {
            let token = hs256(now);
            assert_eq!(token.len(), ours.len(), "the same header and claims");
            (DecodingKey::from_secret(&[7; 32]), token)
        }
    };
    let mut validation = Validation::new(algorithm.parse().unwrap());
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    bencher.bench_local(|| jsonwebtoken::decode::<Claims>(black_box(&token), &key, &validation).unwrap());
}

fn hs256(now: OffsetDateTime) -> String {
    let claims = Claims {
        iss: ISSUER.into(),
        sub: "42".into(),
        aud: vec![AUDIENCE.into()],
        exp: now.unix_timestamp() + 300,
        iat: now.unix_timestamp(),
        jti: "AgICAgICAgICAgICAgICAg".into(),
        sid: "AQEBAQEBAQEBAQEBAQEBAQ".into(),
        auth_time: now.unix_timestamp(),
    };
    let kid = Some("AAAAAAAAAAAA".into());
    let header = Header { typ: Some("at+jwt".into()), kid, ..Header::default() };
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&[7; 32])).unwrap()
}
