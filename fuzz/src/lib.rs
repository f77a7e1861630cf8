//! Shared by the fuzz targets: heads from bytes, and tokens that are signed without the library's
//! code.

mod cookies;
mod head;
mod line;
mod memo;
mod signer;

pub use self::{
    cookies::{Pair, pairs, unquoted},
    head::Head,
    line::assert_line,
    memo::Memo,
    signer::Signer,
};

use std::sync::LazyLock;

use cookiejwt_core::{
    ConfigBuilder, Core, RevocationLevel, Secret,
    driver::Assessment,
    testing::{self, NOW},
};

/// A secret that the targets know, so that they can sign anything.
pub const SECRET: [u8; 32] = *b"x7\x9a!kQ\x03Lp\xd1Zu\x88vW2\xf0bN\x17\xc9sEhA@\xe4gT5\x0cy";

/// Settings with which the token alone decides.
pub fn config() -> ConfigBuilder {
    let secret = Secret::from_bytes(SECRET).expect("it has 32 bytes");
    testing::config().secret(secret).revocation(RevocationLevel::AtRefresh)
}

/// A core whose tokens the input may contain.
pub static KNOWN: LazyLock<Core> = LazyLock::new(|| Core::new(config().build().expect("valid settings")));

/// The same core, which remembers what it has verified.
pub static REMEMBERING: LazyLock<Core> =
    LazyLock::new(|| Core::with_memo(config().build().expect("valid settings"), Memo::default()));

/// A core with a secret of this process, so that no input contains one of its tokens.
pub static UNKNOWN: LazyLock<Core> = LazyLock::new(|| {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).expect("the machine has random numbers");
    let secret = Secret::from_bytes(secret).expect("random");
    Core::new(config().secret(secret).build().expect("valid settings"))
});

/// A valid access token of [`KNOWN`]; it is the same in every process.
pub static ACCESS: LazyLock<String> = LazyLock::new(|| testing::access("alice").by(&KNOWN).token());

/// A valid refresh token of [`KNOWN`].
pub static REFRESH: LazyLock<String> = LazyLock::new(|| testing::refresh("alice").by(&KNOWN).token());

/// Whether a token was accepted: only its session or its user remains to be checked.
pub fn is_accepted(assessment: &Assessment) -> bool {
    match assessment {
        Assessment::Settled(decision) => decision.identity().is_some(),
        Assessment::NeedsSessionCheck(_) | Assessment::NeedsRefresh(_) => true,
    }
}

/// The subject, if `core` accepts this token as a bearer.
pub fn bearer(core: &Core, token: &str) -> Option<String> {
    let head = Head::new().field("authorization", format!("Bearer {token}"));
    match core.authenticate(head.as_head(), NOW) {
        Assessment::Settled(decision) => {
            decision.identity().map(|identity| identity.subject().as_str().into())
        }
        other => panic!("a bearer settles: {other:?}"),
    }
}

/// Replaces `{access}` and `{refresh}` by a valid token: corpora stay short, and stay valid with
/// other keys.
pub fn expand(bytes: &[u8]) -> Vec<u8> {
    let mut expanded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, behind @ ..] = rest {
        let found = [(&b"{access}"[..], &*ACCESS), (b"{refresh}", &*REFRESH)]
            .into_iter()
            .find_map(|(name, token)| Some((rest.strip_prefix(name)?, token)));
        rest = match found {
            Some((behind, token)) => {
                expanded.extend_from_slice(token.as_bytes());
                behind
            }
            None => {
                expanded.push(*first);
                behind
            }
        };
    }
    expanded
}
