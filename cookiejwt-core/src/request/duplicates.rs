//! A name of ours that came more than once: which value counts, and what is deleted.
//!
//! Browsers keep several cookies of one name: another deployment's for a parent domain, one from before `DOMAIN`, `PATH` or
//! `PARTITIONED` was changed, one that a sibling planted. None of them may lock anybody out.

use crate::{
    decide::{AccessToken, Core, CredentialFault, CredentialName, Decision, Presentation, RefreshToken},
    request::{
        credentials::{Cookie, Presented},
        head::RequestHead,
    },
    response::Twins,
    session::{SessionId, Subject},
    syntax::host_of,
    token::{MAX_COOKIE_TOKEN, TokenFault},
};

/// A cookie of ours came more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuplicateCookie {
    /// Which.
    pub credential: CredentialName,
    /// Whether a token of somebody else stood beside one of ours: another deployment's cookie, for a domain above this
    /// host.
    pub other_deployment: bool,
}

/// What was noticed of a request's credentials on the way to its decision.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    list: Vec<CredentialFault>,
    /// Boxed: hardly a request has one, and every decision carries the place for it around.
    duplicated: Option<Box<Duplicated>>,
}

#[derive(Clone, Debug)]
struct Duplicated {
    cookie: DuplicateCookie,
    twins: Twins,
}

impl Faults {
    pub(crate) fn add(&mut self, credential: CredentialName, fault: TokenFault) {
        self.list.push(CredentialFault { credential, fault });
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &CredentialFault> {
        self.list.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl Decision {
    /// With what was noticed of the credentials; cookies that it sets or clears delete their twins.
    pub(crate) fn with_faults(self, faults: Faults) -> Self {
        let Faults { list, duplicated } = faults;
        let Some(duplicated) = duplicated else { return Self { faults: list, ..self } };
        let Duplicated { cookie, twins } = *duplicated;
        let cookies = self.cookies.with_twins(twins);
        Self { faults: list, duplicate: Some(cookie), cookies, ..self }
    }
}

/// What a token says of its session.
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

    /// The newest of the valid ones, when all of those are of one session. The others are passed over; without a valid one
    /// each says what is wrong with it. Valid ones of two sessions are one dead credential: nobody can say who is meant.
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

    /// Whether we signed every one: what is another deployment's is none of our business.
    fn is_ours(&self) -> bool {
        self.0.iter().all(|verified| match verified {
            Ok(_) => true,
            Err(fault) => matches!(fault, TokenFault::Expired | TokenFault::NotYetValid),
        })
    }

    /// Whether somebody else's token stands beside one that we signed.
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

/// Both names of a request, those of them that came more than once.
#[derive(Default)]
pub(crate) struct Duplicates {
    pub(crate) access: Option<Examined<Presentation>>,
    pub(crate) refresh: Option<Examined<RefreshToken>>,
}

impl Duplicates {
    pub(crate) fn examine(core: &Core, presented: &Presented<'_>, now: i64) -> Self {
        let access = |value: &[u8]| core.verify_access(value, MAX_COOKIE_TOKEN, now);
        let refresh = |value: &[u8]| core.verify_refresh(value, MAX_COOKIE_TOKEN, now);
        let (a, r) = (&presented.access, &presented.refresh);
        Self {
            access: a.came_twice().then(|| Examined::new(a, access)),
            refresh: r.came_twice().then(|| Examined::new(r, refresh)),
        }
    }

    /// For the decision.
    pub(crate) fn report(&self, core: &Core, head: &RequestHead<'_>, faults: &mut Faults) {
        let of = |credential, other_deployment| DuplicateCookie { credential, other_deployment };
        let access = self.access.as_ref();
        let access = access.map(|it| of(CredentialName::AccessCookie, it.has_other_deployment()));
        let refresh = self.refresh.as_ref();
        let refresh = refresh.map(|it| of(CredentialName::RefreshCookie, it.has_other_deployment()));
        let told = access.filter(|it| it.other_deployment || refresh.is_none()).or(refresh).or(access);
        let twins = || self.twins(core, head);
        faults.duplicated = told.map(|cookie| Box::new(Duplicated { cookie, twins: twins() }));
    }

    fn twins(&self, core: &Core, head: &RequestHead<'_>) -> Twins {
        let access = self.access.as_ref().is_some_and(Examined::is_ours);
        let refresh = self.refresh.as_ref().is_some_and(Examined::is_ours);
        core.twin_lines(head, access, refresh)
    }
}

impl Core {
    /// The lines that delete cookies of ours which stand in this browser beside those that we set.
    ///
    /// A browser keeps what was set before `DOMAIN`, `PATH` or `PARTITIONED` was changed and sends it along. Whenever a name
    /// came more than once, and every value that is looked at bears our signature, an answer that sets or clears it
    /// first deletes what this host may have set with other attributes. Give it to
    /// [`SetCookies::with_twins`](crate::SetCookies::with_twins); a [`Decision`] of [`authenticate`](Self::authenticate) has
    /// its own.
    pub fn twins(&self, head: &RequestHead<'_>) -> Twins {
        let presented = Presented::read(self, head);
        if !presented.any_twice() {
            return Twins::default();
        }
        let ours = |cookie: &Cookie<'_>, is_ours: &dyn Fn(&[u8]) -> bool| {
            cookie.came_twice() && cookie.values().all(is_ours)
        };
        let access = ours(&presented.access, &|value| self.signed_access(value, MAX_COOKIE_TOKEN).is_some());
        let refresh =
            ours(&presented.refresh, &|value| self.signed_refresh(value, MAX_COOKIE_TOKEN).is_some());
        self.twin_lines(head, access, refresh)
    }

    fn twin_lines(&self, head: &RequestHead<'_>, access: bool, refresh: bool) -> Twins {
        let host = self.host(head);
        let access = if access { self.cookie_writer().access_twins(host) } else { Vec::new() };
        let refresh = if refresh { self.cookie_writer().refresh_twins(host) } else { Vec::new() };
        Twins::new([access, refresh].concat())
    }

    /// The host as browsers see it: the public origin's, unless the request was for that of a trusted one.
    fn host<'a>(&'a self, head: &RequestHead<'a>) -> Option<&'a str> {
        let host_of_origin =
            |origin: &'a String| origin.split_once("://").and_then(|(_, rest)| host_of(rest));
        let asked = head.authority().and_then(host_of);
        let csrf = &self.config().csrf;
        let Some(public) = csrf.public_origin.as_ref().and_then(host_of_origin) else { return asked };
        let is_trusted = |host: &&str| {
            csrf.trusted_origins
                .iter()
                .filter_map(host_of_origin)
                .any(|trusted| trusted.eq_ignore_ascii_case(host))
        };
        Some(asked.filter(is_trusted).unwrap_or(public))
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests;
