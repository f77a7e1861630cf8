//! Receipts: what the first presentation of an access token proves.

use super::*;
use crate::{
    session::{Receipt, Sighting},
    token::{VerifiedAccess, VerifiedMemo},
};

fn sighting(core: &Core, request: Builder) -> Option<Sighting> {
    let decision = match core.authenticate(&parts(request), NOW) {
        Assessment::Settled(decision) => decision,
        Assessment::NeedsSessionCheck(check) => match check.resolve(SessionStatus::Live) {
            Resolution::Settled(decision) => decision,
            other @ Resolution::NeedsRefresh(_) => panic!("{other:?}"),
        },
        other @ Assessment::NeedsRefresh(_) => panic!("{other:?}"),
    };
    decision.sighting().cloned()
}

#[test]
fn an_access_token_proves_that_the_refresh_token_it_was_given_with_has_arrived() {
    let given = testing::access("1").session("s").given_with("refresh-2");
    let receipt = Receipt { session_id: "s".into(), refresh_jti: "refresh-2".into() };
    let seen = Some(Sighting { receipt: Some(receipt), replaces: None });
    for level in LEVELS {
        let core = core(level, |config| config);
        for (rule, request, expected) in [
            ("of a refresh, by cookie", Request::get("/").header(COOKIE, given.cookie()), seen.clone()),
            (
                "of a refresh, by bearer",
                Request::get("/").header(AUTHORIZATION, given.bearer()),
                seen.clone(),
            ),
            ("of a login", Request::get("/").header(COOKIE, testing::access("1").cookie()), None),
            ("expired", Request::get("/").header(COOKIE, given.clone().expired().cookie()), None),
            ("of another issuer", Request::get("/").header(COOKIE, given.clone().foreign().cookie()), None),
        ] {
            assert_eq!(sighting(&core, request), expected, "{rule} ({level:?})");
        }
    }
}

/// Knows every token it has seen.
#[derive(Default)]
struct Memo(std::sync::Mutex<Vec<VerifiedAccess>>);

impl VerifiedMemo for Memo {
    fn recall(&self, token: &[u8]) -> Option<VerifiedAccess> {
        self.0.lock().unwrap().iter().find(|access| access.token() == token).cloned()
    }

    fn remember(&self, access: VerifiedAccess) {
        self.0.lock().unwrap().push(access);
    }

    fn forget(&self, _: &[u8]) {}
}

#[test]
fn with_a_memo_a_token_proves_it_once() {
    let core = Core::with_memo(testing::config().build().unwrap(), Memo::default());
    let request = || Request::get("/").header(COOKIE, testing::access("1").given_with("r").cookie());
    assert!(sighting(&core, request()).is_some());
    assert_eq!(sighting(&core, request()), None, "the hot path has nothing to note");
}

/// The session is refused: whoever presents it proves nothing.
#[test]
fn a_token_of_a_revoked_session_proves_nothing() {
    let core = core(RevocationLevel::Feed, |config| config);
    let request = Request::get("/").header(COOKIE, testing::access("1").given_with("r").cookie());
    let Assessment::NeedsSessionCheck(check) = core.authenticate(&parts(request), NOW) else { panic!() };
    let revoked = SessionStatus::Revoked(crate::session::RevocationReason::Logout);
    let Resolution::Settled(decision) = check.resolve(revoked) else { panic!() };
    assert_eq!(decision.sighting(), None);
}
