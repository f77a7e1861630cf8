//! The library's side of `interop/interop.py`: mints a token for each algorithm, and verifies the
//! tokens of others.
//!
//! `interop mint SECONDS` prints what the others need; `interop verify SECONDS` reads `ALG TOKEN`
//! per line and prints `accepted` or `refused` per line.

use std::{env, io, process::ExitCode};

use cookiejwt_core::{
    Algorithm, ConfigBuilder, Core, PrivateKey, PublicKey, RevocationLevel, Secret,
    testing::{self, AUDIENCE, ISSUER},
};
use serde_json::{Value, json};
use time::OffsetDateTime;

type Fault = Box<dyn std::error::Error>;

const SECRET: &str = "NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=";
const RSA: [&str; 2] = [
    include_str!("../../cookiejwt-core/tests/keys/rsa2048.pem"),
    include_str!("../../cookiejwt-core/tests/keys/rsa2048.pub.pem"),
];

fn config() -> Result<ConfigBuilder, Fault> {
    Ok(testing::config().secret(Secret::from_base64(SECRET)?).revocation(RevocationLevel::AtRefresh))
}

/// A core that signs access tokens with this algorithm. Without aws-lc-rs it only verifies RSA.
fn core(algorithm: Algorithm) -> Result<Core, Fault> {
    let signing = |pem: &str| Ok::<_, Fault>(config()?.signing_key(PrivateKey::from_pem(algorithm, pem)?));
    let builder = match algorithm {
        Algorithm::Hs256 => config()?,
        Algorithm::EdDsa => signing(include_str!("../../cookiejwt-core/tests/keys/ed25519.pem"))?,
        Algorithm::Es256 => signing(include_str!("../../cookiejwt-core/tests/keys/p256.pem"))?,
        Algorithm::Ps256 | Algorithm::Rs256 if cfg!(feature = "aws-lc-rs") => signing(RSA[0])?,
        Algorithm::Ps256 | Algorithm::Rs256 => {
            config()?.verifying_key(PublicKey::from_pem(algorithm, RSA[1])?)
        }
        _ => return Err(format!("{algorithm:?} has no key here").into()),
    };
    Ok(Core::new(builder.build()?))
}

const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256, Algorithm::Ps256, Algorithm::Rs256];

fn mint(now: OffsetDateTime) -> Result<(), Fault> {
    let mut cases = Vec::new();
    for algorithm in ALGORITHMS {
        let core = core(algorithm)?;
        let rsa = matches!(algorithm, Algorithm::Ps256 | Algorithm::Rs256);
        let token = testing::access("alice").by(&core).issued_at(now).claim("role", "admin").token();
        let document: Value = core.jwks().map_or(Ok(Value::Null), serde_json::from_str)?;
        cases.push(json!({
            "alg": algorithm.as_str(),
            "key": document["keys"][0],
            "token": (!rsa || cfg!(feature = "aws-lc-rs")).then_some(token),
        }));
    }
    println!("{}", json!({ "secret": SECRET, "issuer": ISSUER, "audience": AUDIENCE, "cases": cases }));
    Ok(())
}

fn verify(now: OffsetDateTime) -> Result<(), Fault> {
    let cores = ALGORITHMS.map(|algorithm| Ok::<_, Fault>((algorithm.as_str(), core(algorithm)?)));
    let cores = cores.into_iter().collect::<Result<Vec<_>, _>>()?;
    for line in io::stdin().lines() {
        let line = line?;
        let (alg, token) = line.split_once(' ').ok_or("ALG TOKEN")?;
        let (_, core) = cores.iter().find(|(name, _)| *name == alg).ok_or("an algorithm")?;
        let request = http::Request::get("/").header("authorization", format!("Bearer {token}"));
        // A token that does not fit into a header field never arrives.
        let accepted = request.body(()).is_ok_and(|request| {
            let (parts, ()) = request.into_parts();
            core.authenticate(&parts, now).is_authenticated()
        });
        println!("{}", if accepted { "accepted" } else { "refused" });
    }
    Ok(())
}

fn run() -> Result<(), Fault> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [command, seconds] = arguments.as_slice() else {
        return Err("usage: interop mint|verify SECONDS".into());
    };
    let now = OffsetDateTime::from_unix_timestamp(seconds.parse()?)?;
    match command.as_str() {
        "mint" => mint(now),
        "verify" => verify(now),
        _ => Err("usage: interop mint|verify SECONDS".into()),
    }
}

fn main() -> ExitCode {
    run().map_or_else(
        |fault| {
            eprintln!("{fault}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}
