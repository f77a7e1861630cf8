//! The expected responses, byte for byte where the wire contract specifies them.

mod device;
mod pending;
mod problems;

use time::macros::format_description;

pub use self::{
    device::{at_device, bound, challenged, challenged_of, over, reloads, renewed},
    pending::{second_factor_required, second_factor_required_alone, second_factor_required_text},
    problems::{code_required, invalid_request, password_refused, problem},
};

use crate::{ACCESS, DEVICE, PENDING, REFRESH, Request, answer::SHOWN, world::second};

const ATTRIBUTES: &str = "; Path=/; Secure; HttpOnly; SameSite=Lax";
const CLEARED: &str = "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
const ACCESS_AGE: i64 = 300;
const REFRESH_AGE: i64 = 86_400;
const PENDING_AGE: i64 = 600;
const DEVICE_AGE: i64 = 180 * 86_400;

/// One expected response, and the rows of the store afterwards.
#[derive(Clone, Debug)]
#[must_use]
pub struct Expected {
    status: u16,
    fields: Vec<(&'static str, String)>,
    foreign: Vec<String>,
    ours: Vec<Line>,
    body: String,
    pub rows: Option<Vec<String>>,
    /// The request fields that the response depends on because it was authenticated; none if it was
    /// not.
    asked: &'static [&'static str],
    /// The second at which a slow request was authenticated, if it is not the present one.
    decided: Option<i64>,
    /// Its tokens say that their session is bound to a device.
    is_marked: bool,
}

#[derive(Clone, Copy, Debug)]
enum Line {
    Access { id: u64, session: u64, subject: u64 },
    Refresh { id: u64, session: u64, subject: u64, issued: Option<i64> },
    Device { session: u64 },
    Exactly(&'static str),
    Pending { id: u64, same_site: &'static str },
    ClearedPending { id: u64, same_site: &'static str },
    ClearedAccess,
    ClearedRefresh,
    AccessTwin,
    RefreshTwin,
}

/// A text of a handler.
pub fn text(status: u16, body: &str) -> Expected {
    answer(status, "text/plain; charset=utf-8", body)
}

/// A response without a body.
pub fn empty(status: u16) -> Expected {
    answer(status, "", "")
}

/// A successful endpoint without a body.
pub fn no_content() -> Expected {
    empty(204).field("cache-control", "no-store")
}

/// A response of an endpoint.
pub fn json(body: &str) -> Expected {
    let mut expected = answer(200, "application/json", body);
    expected.fields.push(("cache-control", "no-store".into()));
    expected
}

fn answer(status: u16, content_type: &str, body: &str) -> Expected {
    let fields = vec![("content-type", content_type.to_owned())];
    Expected {
        status,
        fields,
        foreign: vec![],
        ours: vec![],
        body: body.into(),
        rows: None,
        asked: &[],
        decided: None,
        is_marked: false,
    }
}

/// What `/me` returns for a cookie: subject, session, access token.
pub fn me(subject: u64, session: u64, access: u64) -> Expected {
    text(200, &format!("{subject} #{session} #{access} cookie"))
}

/// What `/me` returns for a bearer.
pub fn me_by_header(subject: u64, session: u64, access: u64) -> Expected {
    text(200, &format!("{subject} #{session} #{access} header"))
}

impl Expected {
    /// A field of the response; `cache-control` and `vary` as sorted lists in lower case.
    pub fn field(mut self, name: &'static str, value: &str) -> Self {
        self.fields.retain(|(known, _)| *known != name);
        self.fields.push((name, value.into()));
        self
    }

    /// Nothing authenticates this request.
    pub fn unasked(mut self) -> Self {
        self.asked = &["-"];
        self
    }

    /// Only these fields are read to authenticate it.
    pub fn asked_by(mut self, fields: &'static [&'static str]) -> Self {
        self.asked = fields;
        self
    }

    /// The response to this request: most handlers authenticate, and `Vary` shows it.
    pub(crate) fn to(mut self, request: &Request) -> Self {
        if self.asked.is_empty() && asks(request, self.status, &self.body) {
            self.asked = &["authorization", "cookie"];
        }
        self
    }

    /// New cookies of the first user: both tokens are issued now. If they are the first of their
    /// session, they are from a login, and the device is known afterwards.
    pub fn sets(self, session: u64, access: u64, refresh: u64) -> Self {
        self.sets_for(1, session, access, refresh)
    }

    pub fn sets_for(mut self, subject: u64, session: u64, access: u64, refresh: u64) -> Self {
        let refresh_id = refresh;
        let refresh = Line::Refresh { id: refresh, session, subject, issued: None };
        self.ours = vec![Line::Access { id: access, session, subject }, refresh];
        if (refresh_id, access) == (session + 1, session + 2) {
            self.ours.push(Line::Device { session });
        }
        self
    }

    /// A new access token, and a refresh token that was issued at this second.
    pub fn sets_older(mut self, session: u64, access: u64, refresh: u64, issued: i64) -> Self {
        let refresh = Line::Refresh { id: refresh, session, subject: 1, issued: Some(issued) };
        self.ours = vec![Line::Access { id: access, session, subject: 1 }, refresh];
        self
    }

    /// A new access token alone.
    pub fn sets_access(self, session: u64, access: u64) -> Self {
        Self { ours: vec![Line::Access { id: access, session, subject: 1 }], ..self }
    }

    /// No device cookie is set.
    pub fn forgets_the_device(mut self) -> Self {
        self.ours.retain(|line| !matches!(line, Line::Device { .. }));
        self
    }

    /// Both cookies are cleared.
    pub fn clears(mut self) -> Self {
        self.ours = vec![Line::ClearedAccess, Line::ClearedRefresh];
        self
    }

    /// The access cookie alone is cleared.
    pub fn clears_access(mut self) -> Self {
        self.ours = vec![Line::ClearedAccess];
        self
    }

    /// The access cookie is as the handler wrote it; the refresh cookie is a new one.
    pub fn sets_refresh_beside(mut self, line: &'static str, session: u64, refresh: u64) -> Self {
        let refresh = Line::Refresh { id: refresh, session, subject: 1, issued: None };
        self.ours = vec![Line::Exactly(line), refresh];
        self
    }

    /// Duplicates of what is set or cleared are deleted first: of the access cookie, of the refresh
    /// cookie.
    pub fn deletes_twins(mut self, access: bool, refresh: bool) -> Self {
        let twins = [(access, Line::AccessTwin), (refresh, Line::RefreshTwin)];
        let mut lines = self.ours.clone().into_iter();
        self.ours = Vec::new();
        for (deleted, twin) in twins {
            self.ours.extend(deleted.then_some(twin));
            self.ours.extend(lines.next());
        }
        self.ours.extend(lines);
        self
    }

    /// Exactly these lines, with tokens in words.
    pub fn lines(mut self, access: &'static str, refresh: &'static str) -> Self {
        self.ours = vec![Line::Exactly(access), Line::Exactly(refresh)];
        self
    }

    /// A line that the application set itself; it is before ours.
    pub fn foreign(mut self, line: &str) -> Self {
        self.foreign.push(line.into());
        self
    }

    /// Every session afterwards; without this, none has changed.
    pub fn rows(mut self, rows: &[&str]) -> Self {
        self.rows = Some(rows.iter().map(|row| (*row).to_owned()).collect());
        self
    }

    /// The request was authenticated at this second, and its handler was slow.
    pub fn decided_at(mut self, second: i64) -> Self {
        self.decided = Some(second);
        self
    }

    /// With this body.
    pub fn with_body(mut self, body: &str) -> Self {
        self.body = body.into();
        self
    }

    /// The body of a page in the place of a problem document.
    pub fn set_body(&mut self, body: &str) {
        self.body = body.into();
    }

    /// The body is not compared: a response to HEAD, or a framework's own text.
    pub fn without_body(mut self) -> Self {
        self.body = String::new();
        self
    }

    /// In the words of [`Answer::in_words`](crate::Answer::in_words), at this second.
    pub fn in_words(&self, now: i64) -> Vec<String> {
        let now = self.decided.unwrap_or(now);
        let mut fields = self.fields.clone();
        let asks = !self.asked.is_empty() && self.asked != ["-"];
        let is_pending = |line: &Line| matches!(line, Line::Pending { .. });
        if asks && !self.ours.is_empty() && self.ours.iter().all(is_pending) {
            self.asked.iter().for_each(|field| add_member(&mut fields, "vary", field));
        }
        if !self.ours.is_empty() {
            add_member(&mut fields, "cache-control", "no-store");
            add_member(&mut fields, "vary", "cookie");
        } else if asks {
            self.asked.iter().for_each(|field| add_member(&mut fields, "vary", field));
            if fields.iter().all(|(name, _)| *name != "cache-control") {
                fields.push(("cache-control", "no-cache, private".into()));
            }
        }
        let mut words = vec![self.status.to_string()];
        for name in SHOWN.into_iter().chain(["cache-control", "vary"]) {
            let value = fields.iter().find(|(known, value)| *known == name && !value.is_empty());
            words.extend(value.map(|(_, value)| format!("{name}: {value}")));
        }
        let ours = self.ours.iter().map(|line| self.marked_line(line.in_words(now)));
        let lines = self.foreign.iter().cloned().chain(ours);
        words.extend(lines.map(|line| format!("set-cookie: {line}")));
        words.push(self.body.clone());
        words
    }
}

/// Whether the response to this request depends on authentication. Login and logout do not, nor do
/// skipped paths.
fn asks(request: &Request, status: u16, body: &str) -> bool {
    let path = request.path().trim_start_matches("/staff").trim_start_matches("/api");
    if path.starts_with("/forgotten/") {
        return false;
    }
    let is_one_of = |paths: &[&str]| paths.iter().any(|one| path.trim_end_matches('/') == *one);
    if status == 405 {
        return false;
    }
    if is_one_of(&["/auth/token/fresh", "/auth/password"]) {
        return !body.contains("csrf_failed") && status != 404;
    }
    if path.starts_with("/auth/") {
        return is_one_of(&["/auth/token/verify", "/auth/token/continue"])
            || path.starts_with("/auth/sessions");
    }
    let logins =
        ["/login-as-bob", "/bare-login-as-bob", "/login-here-as-bob", "/drops-login", "/callback-as-bob"];
    let steps = ["/second-step", "/second-step-tokens", "/callback", "/begin", "/own-login"];
    !is_one_of(&logins)
        && !is_one_of(&steps)
        && !is_one_of(&["/open", "/logout-own"])
        && !path.starts_with("/skipped/")
}

fn add_member(fields: &mut Vec<(&'static str, String)>, name: &'static str, member: &str) {
    let value = fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    let value = value.unwrap_or_default();
    let mut members: Vec<_> = value.split(", ").filter(|member| !member.is_empty()).collect();
    if !members.contains(&member) {
        members.push(member);
    }
    members.sort_unstable();
    let value = members.join(", ");
    fields.retain(|(known, _)| *known != name);
    fields.push((name, value));
}

impl Line {
    fn in_words(self, now: i64) -> String {
        match self {
            Self::Exactly(line) => line.into(),
            Self::Device { session } => {
                let life = life(now, now + DEVICE_AGE);
                format!("{DEVICE}=<known device #{session}>{ATTRIBUTES}; {life}")
            }
            Self::Pending { id, same_site } => {
                let life = life(now, now + PENDING_AGE);
                format!("{PENDING}#{id}=<pending>; Path=/; Secure; HttpOnly; SameSite={same_site}; {life}")
            }
            Self::ClearedPending { id, same_site } => {
                format!("{PENDING}#{id}=; Path=/; Secure; HttpOnly; SameSite={same_site}{CLEARED}")
            }
            Self::AccessTwin => format!("{ACCESS}={ATTRIBUTES}; Partitioned{CLEARED}"),
            Self::RefreshTwin => format!("{REFRESH}={ATTRIBUTES}; Partitioned{CLEARED}"),
            Self::ClearedAccess => format!("{ACCESS}={ATTRIBUTES}{CLEARED}"),
            Self::ClearedRefresh => format!("{REFRESH}={ATTRIBUTES}{CLEARED}"),
            Self::Access { id, session, subject } => {
                let token = format!("at+jwt #{id} of #{session} for {subject}, {now}..{}", now + ACCESS_AGE);
                format!("{ACCESS}=<{token}>{ATTRIBUTES}; {}", life(now, now + ACCESS_AGE))
            }
            Self::Refresh { id, session, subject, issued } => {
                let issued = issued.unwrap_or(now);
                let end = issued + REFRESH_AGE;
                let token = format!("rt+jwt #{id} of #{session} for {subject}, {issued}..{end}");
                format!("{REFRESH}=<{token}>{ATTRIBUTES}; {}", life(now, end))
            }
        }
    }
}

/// A cookie that expires at this second since the start.
fn life(now: i64, end: i64) -> String {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let expires = second(end).format(format).expect("a date");
    format!("Max-Age={}; Expires={expires}", end - now)
}
