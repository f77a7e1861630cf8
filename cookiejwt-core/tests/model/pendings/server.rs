//! The real core: seals, opens and compares pending logins, and mints sessions. What it returns for
//! the same input is remembered, because it is the same.

use std::rc::Rc;

use cookiejwt_core::{
    Core, RevocationLevel, SessionId,
    driver::{
        ClientInfo, CustomClaims, Login, LoginIds, LoginRequest, PendingClient, PendingLogin, SessionTerms,
        SetCookie, SetCookies,
    },
    store::{BucketId, SpentId},
    testing,
};
use http::request::Parts;

use crate::{
    hash::QuickMap,
    pendings::{
        fault::Fault,
        users::{Account, Realm, User, proofs},
        world::{Made, Minted, Mode, Number, Purpose},
    },
    token::{Millis, datetime},
};

/// A pending login or a session with everything that it is made from.
pub(crate) type Numbered<T> = (Number, T);

/// Everything that the core reads of a request with pending logins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(crate) realm: Realm,
    pub(crate) mode: Mode,
    pub(crate) sent: Vec<Numbered<Made>>,
    pub(crate) session: Option<Numbered<Minted>>,
    pub(crate) now: Millis,
}

pub(crate) struct Server {
    cores: [Core; 2],
    fault: Option<Fault>,
    texts: QuickMap<Numbered<Made>, String>,
    /// As they came back.
    contents: QuickMap<Numbered<Made>, Rc<PendingLogin>>,
    opened: QuickMap<Asked, Vec<Number>>,
    logins: QuickMap<Numbered<Minted>, Rc<Login>>,
    bound: QuickMap<(Number, Made, Realm, Account), bool>,
    names: Vec<SpentId>,
    buckets: Vec<BucketId>,
}

impl Server {
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        Self {
            cores: ["", "staff"].map(core),
            fault,
            texts: QuickMap::default(),
            contents: QuickMap::default(),
            opened: QuickMap::default(),
            logins: QuickMap::default(),
            bound: QuickMap::default(),
            names: Vec::new(),
            buckets: Vec::new(),
        }
    }

    pub(crate) fn core(&self, realm: Realm) -> &Core {
        &self.cores[realm as usize]
    }

    /// How long after its end something spent is purged.
    pub(crate) fn memory(&self) -> Millis {
        let seconds = self.core(Realm::Shop).config().revoked_memory_seconds();
        Millis::try_from(seconds).unwrap() * 1000
    }

    /// The cookies that are cleared when a client with these gets one more.
    pub(crate) fn seal(&mut self, number: Number, made: &Made, presented: &[Numbered<Made>]) -> Vec<Number> {
        let presented: Vec<_> =
            presented.iter().map(|old| PendingLogin::clone(&self.contents[old])).collect();
        let (cookies, text) = self.sealed(number, made, &presented);
        let old = |cookie: &&SetCookie| cookie.line().to_str().unwrap().contains("Max-Age=0");
        let cleared = cookies.iter().filter(old).map(|cookie| number_of(cookie.name())).collect();
        self.texts.insert((number, made.clone()), text);
        cleared
    }

    fn sealed(&self, number: Number, made: &Made, presented: &[PendingLogin]) -> (SetCookies, String) {
        let (core, user) = (self.core(made.user.realm()), made.user);
        let mut pending = PendingLogin::new(made.purpose.text(), random(number), datetime(made.begun));
        pending.subject = Some(user.subject());
        if self.fault != Some(Fault::ProofsLost) {
            pending.proofs = proofs(&made.ways);
        }
        pending.session = made.beside.map(session_id);
        let (hash, stamp) = (made.account.hash_text(user), made.account.stamp_text(user));
        pending.binding = core.binding(&user.subject(), hash.as_deref(), stamp.as_deref());
        let client = PendingClient { mode: core.mode(&head(made.mode, "", None)), presented };
        let sealed = core.seal_pending(&pending, client, [number; 24], datetime(made.begun)).unwrap();
        let set = sealed.cookies.iter().last().map(|cookie| value(cookie).to_owned());
        (sealed.cookies, sealed.text.or(set).unwrap())
    }

    /// The pending logins of a request, the newest first.
    pub(crate) fn open(&mut self, asked: Asked) -> Vec<Number> {
        if let Some(numbers) = self.opened.get(&asked) {
            return numbers.clone();
        }
        let numbers = match self.fault {
            Some(
                Fault::EndIgnored
                | Fault::EndIgnoredWhenOpened
                | Fault::KeyShared
                | Fault::SealingKeyShared
                | Fault::ModeIgnored
                | Fault::SessionIgnored,
            ) => {
                let each = asked.sent.iter().map(|sent| self.disguised(&asked, sent)).collect::<Vec<_>>();
                each.into_iter().flat_map(|asked| self.really_open(&asked)).collect()
            }
            _ => self.really_open(&asked),
        };
        self.opened.insert(asked, numbers.clone());
        numbers
    }

    /// A request with this one alone, as the core would have to see it to overlook what it does not
    /// compare under the fault.
    fn disguised(&self, asked: &Asked, sent: &Numbered<Made>) -> Asked {
        let mut asked = Asked { sent: vec![sent.clone()], ..asked.clone() };
        let made = &sent.1;
        match self.fault {
            Some(Fault::KeyShared | Fault::SealingKeyShared) => asked.realm = made.user.realm(),
            Some(Fault::ModeIgnored) => asked.mode = made.mode,
            Some(Fault::EndIgnored | Fault::EndIgnoredWhenOpened) => asked.now = made.begun,
            Some(Fault::SessionIgnored) => {
                let owner = Minted {
                    user: made.user,
                    ways: Vec::new(),
                    mode: Mode::Cookie,
                    stamp: 0,
                    begun: made.begun,
                    replaces: None,
                };
                asked.session = made.beside.map(|number| (number, owner));
            }
            _ => {}
        }
        asked
    }

    fn really_open(&mut self, asked: &Asked) -> Vec<Number> {
        let session = asked.session.clone().map(|(number, minted)| self.access_text(number, &minted));
        let core = &self.cores[asked.realm as usize];
        let prefix = if asked.realm == Realm::Staff { "__Host-staff_" } else { "__Host-" };
        let now = datetime(asked.now);
        let pendings = match asked.mode {
            Mode::Cookie => {
                let pair = |sent: &Numbered<Made>| {
                    let id = SessionId::from_random(random(sent.0));
                    format!("{prefix}pending_{}={}", id.as_str(), self.texts[sent])
                };
                let session = session.map(|text| format!("{}={text}", core.config().access_name()));
                let cookies: Vec<_> = asked.sent.iter().map(pair).chain(session).collect();
                core.presented_pendings(&head(Mode::Cookie, &cookies.join("; "), None), now)
            }
            Mode::Token => {
                let head = head(Mode::Token, "", session.as_deref());
                let texts = asked.sent.iter().map(|sent| &self.texts[sent]);
                texts.filter_map(|text| core.open_pending(&head, text, now)).collect()
            }
        };
        let find = |pending: &PendingLogin| {
            let is_it =
                |sent: &&Numbered<Made>| SessionId::from_random(random(sent.0)).as_str() == pending.id;
            asked.sent.iter().find(is_it).unwrap()
        };
        let found: Vec<_> = pendings.into_iter().map(|pending| (find(&pending).clone(), pending)).collect();
        let numbers = found.iter().map(|((number, _), _)| *number).collect();
        self.contents.extend(found.into_iter().map(|(sent, pending)| (sent, Rc::new(pending))));
        numbers
    }

    /// A pending login as it came back in a request.
    pub(crate) fn content(&self, number: Number, made: &Made) -> Rc<PendingLogin> {
        self.contents[&(number, made.clone())].clone()
    }

    pub(crate) fn is_bound(
        &mut self,
        number: Number,
        made: &Made,
        realm: Realm,
        now: (User, Account),
    ) -> bool {
        let (user, account) = now;
        let key = (number, made.clone(), realm, account);
        if let Some(is_bound) = self.bound.get(&key) {
            return *is_bound;
        }
        let is_shared = matches!(self.fault, Some(Fault::KeyShared | Fault::BindingKeyShared));
        let realm = if is_shared { made.user.realm() } else { realm };
        let content = self.content(number, made);
        let (hash, stamp) = (account.hash_text(user), account.stamp_text(user));
        let is_bound = content.binding.as_deref().is_none_or(|binding| {
            self.core(realm).is_bound(binding, &user.subject(), hash.as_deref(), stamp.as_deref())
        });
        self.bound.insert(key, is_bound);
        is_bound
    }

    /// Which cookies the answer of the last step clears.
    pub(crate) fn cleared(&self, number: Number, made: &Made) -> Vec<Number> {
        let cookies = self.core(made.user.realm()).clear_pending(&self.content(number, made));
        cookies.iter().map(|cookie| number_of(cookie.name())).collect()
    }

    pub(crate) fn login(&mut self, number: Number, minted: &Minted) -> Rc<Login> {
        let key = (number, minted.clone());
        if let Some(login) = self.logins.get(&key) {
            return login.clone();
        }
        let before = minted.replaces.as_ref().map(|(number, before)| self.login(*number, before));
        let core = self.core(minted.user.realm());
        let terms = match &before {
            Some(before) => SessionTerms::succeeding(&before.identity, &before.record),
            None => SessionTerms::remembering(true),
        };
        let stamp = Account { stamp: minted.stamp, ..Account::new(minted.user) }.stamp_text(minted.user);
        let request = LoginRequest {
            subject: minted.user.subject(),
            claims: CustomClaims::default(),
            terms: terms.with_proofs(&proofs(&minted.ways)).with_stamp(stamp),
            client: ClientInfo::default(),
            mode: core.mode(&head(minted.mode, "", None)),
            ids: LoginIds {
                session: session_id(number),
                refresh: number.to_string().into(),
                access: number.to_string().into(),
            },
            replaces: minted.replaces.as_ref().map(|(number, _)| session_id(*number)),
        };
        let login = Rc::new(core.login(request, datetime(minted.begun)).unwrap());
        self.logins.insert(key, login.clone());
        login
    }

    fn access_text(&mut self, number: Number, minted: &Minted) -> String {
        let login = self.login(number, minted);
        match &login.tokens {
            Some(tokens) => tokens.access().to_owned(),
            None => value(login.cookies.iter().next().unwrap()).to_owned(),
        }
    }

    /// Names and buckets by their number: a state contains numbers only.
    pub(crate) fn spent(&mut self, name: &SpentId) -> u8 {
        number_in(&mut self.names, name)
    }

    pub(crate) fn bucket(&mut self, bucket: &BucketId) -> u8 {
        number_in(&mut self.buckets, bucket)
    }
}

impl Purpose {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::SecondFactor => "second-factor",
            Self::Passkey => "passkey",
            Self::StepUp => "step-up",
        }
    }
}

fn core(realm: &str) -> Core {
    let config = testing::config().token_mode(true).revocation(RevocationLevel::AtRefresh);
    Core::new(if realm.is_empty() { config } else { config.realm(realm) }.build().unwrap())
}

fn random(number: Number) -> [u8; 16] {
    [number; 16]
}

fn session_id(number: Number) -> SessionId {
    number.to_string().into()
}

/// Of the name of a cookie: its id is that of the number.
fn number_of(name: &str) -> Number {
    let has_id = |number: &Number| name.ends_with(SessionId::from_random(random(*number)).as_str());
    (0..Number::MAX).find(has_id).unwrap()
}

fn number_in<T: Clone + PartialEq>(all: &mut Vec<T>, one: &T) -> u8 {
    let at = all.iter().position(|known| known == one).unwrap_or_else(|| {
        all.push(one.clone());
        all.len() - 1
    });
    u8::try_from(at).unwrap()
}

fn value(cookie: &SetCookie) -> &str {
    cookie.line().to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap().1
}

fn head(mode: Mode, cookies: &str, bearer: Option<&str>) -> Parts {
    let mut request = http::Request::post("/").header("sec-fetch-site", "same-origin");
    if mode == Mode::Token {
        request = request.header("cookiejwt-mode", "token");
    }
    if !cookies.is_empty() {
        request = request.header("cookie", cookies);
    }
    if let Some(bearer) = bearer {
        request = request.header("authorization", format!("Bearer {bearer}"));
    }
    request.body(()).unwrap().into_parts().0
}
