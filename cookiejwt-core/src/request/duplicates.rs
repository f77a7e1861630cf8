//! A cookie that was sent more than once: which value counts, and what is deleted.
//!
//! Browsers keep several cookies with one name: from another deployment on a parent domain, from
//! before `DOMAIN`, `PATH` or `PARTITIONED` was changed, or planted by a sibling domain. None of
//! them may lock a user out.

use crate::{
    request::credentials::{Cookie, CredentialName, Presented},
    session::{SessionId, Subject},
    token::{AccessToken, Presentation, RefreshToken, TokenFault},
};

/// One of the library's cookies was sent more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DuplicateCookie {
    /// Which.
    pub credential: CredentialName,
    /// Whether one value was another deployment's token, next to one that we signed: its cookie is
    /// set for a parent domain of this host.
    pub other_deployment: bool,
}

/// What a token contains about its session.
pub(crate) trait OfSession {
    /// The session, and whose it is.
    fn session(&self) -> (&SessionId, &Subject);
    fn issued_at(&self) -> i64;
}

impl OfSession for AccessToken {
    fn session(&self) -> (&SessionId, &Subject) {
        (&self.claims().session_id, &self.claims().subject)
    }

    fn issued_at(&self) -> i64 {
        self.claims().issued_at
    }
}

impl OfSession for Presentation {
    fn session(&self) -> (&SessionId, &Subject) {
        self.token.session()
    }

    fn issued_at(&self) -> i64 {
        self.token.issued_at()
    }
}

impl OfSession for RefreshToken {
    fn session(&self) -> (&SessionId, &Subject) {
        (&self.claims.session_id, &self.claims.subject)
    }

    fn issued_at(&self) -> i64 {
        self.claims.issued_at
    }
}

/// The values of one name, each verified.
pub(crate) struct Examined<T>(Vec<Result<T, TokenFault>>);

impl<T: OfSession> Examined<T> {
    pub(crate) fn new(cookie: &Cookie<'_>, verify: impl Fn(&[u8]) -> Result<T, TokenFault>) -> Self {
        Self(cookie.values().map(verify).collect())
    }

    /// The newest valid value, if all valid values are of one session; the others are ignored.
    /// Without a valid value, the faults of all of them. Valid values of two sessions are refused,
    /// because it is unclear who is meant.
    pub(crate) fn choose(self) -> Result<T, Vec<TokenFault>> {
        let mut faults = Vec::new();
        let mut chosen: Option<T> = None;
        for verified in self.0 {
            match (verified, &chosen) {
                (Err(fault), _) => faults.push(fault),
                (Ok(token), None) => chosen = Some(token),
                (Ok(token), Some(best)) if token.session() != best.session() => {
                    return Err(vec![TokenFault::Duplicate]);
                }
                (Ok(token), Some(best)) if token.issued_at() > best.issued_at() => chosen = Some(token),
                (Ok(_), Some(_)) => {}
            }
        }
        chosen.ok_or(faults)
    }

    /// Whether we signed every value: the cookies of another deployment are not touched.
    fn is_ours(&self) -> bool {
        self.0.iter().all(|verified| match verified {
            Ok(_) => true,
            Err(fault) => matches!(fault, TokenFault::Expired | TokenFault::NotYetValid),
        })
    }

    /// Whether another deployment's token was sent next to one that we signed.
    fn has_other_deployment(&self) -> bool {
        let is_ours = |verified: &Result<T, TokenFault>| match verified {
            Ok(_) => true,
            Err(fault) => matches!(fault, TokenFault::Expired | TokenFault::NotYetValid),
        };
        let is_theirs = |verified: &Result<T, TokenFault>| {
            use TokenFault::{Algorithm, Claim, Signature, UnknownKey};
            matches!(verified, Err(UnknownKey | Signature | Algorithm | Claim(_)))
        };
        self.0.iter().any(is_ours) && self.0.iter().any(is_theirs)
    }
}

/// The cookies of a request that were sent more than once.
#[derive(Default)]
pub(crate) struct Duplicates {
    pub(crate) access: Option<Examined<Presentation>>,
    pub(crate) refresh: Option<Examined<RefreshToken>>,
}

impl Duplicates {
    pub(crate) fn examine(
        presented: &Presented<'_>,
        access: impl Fn(&[u8]) -> Result<Presentation, TokenFault>,
        refresh: impl Fn(&[u8]) -> Result<RefreshToken, TokenFault>,
    ) -> Self {
        let (a, r) = (&presented.access, &presented.refresh);
        Self {
            access: a.came_twice().then(|| Examined::new(a, access)),
            refresh: r.came_twice().then(|| Examined::new(r, refresh)),
        }
    }

    /// The name to report: one with another deployment's token if there is any.
    pub(crate) fn cookie(&self) -> Option<DuplicateCookie> {
        let of = |credential, other_deployment| DuplicateCookie { credential, other_deployment };
        let access = self.access.as_ref();
        let access = access.map(|it| of(CredentialName::AccessCookie, it.has_other_deployment()));
        let refresh = self.refresh.as_ref();
        let refresh = refresh.map(|it| of(CredentialName::RefreshCookie, it.has_other_deployment()));
        access.filter(|it| it.other_deployment || refresh.is_none()).or(refresh).or(access)
    }

    /// Whether the access cookie, and whether the refresh cookie, was sent more than once with
    /// values that we all signed.
    pub(crate) fn are_ours(&self) -> (bool, bool) {
        let access = self.access.as_ref().is_some_and(Examined::is_ours);
        (access, self.refresh.as_ref().is_some_and(Examined::is_ours))
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests;
