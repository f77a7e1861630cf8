//! The writing of `Set-Cookie` lines.

mod life;
mod twins;

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, header};

pub(crate) use self::life::Life;
pub use self::twins::Twins;
use self::{life::EPOCH, twins::TwinWriter};
use crate::{
    config::{CookieSettings, CredentialOrder, SameSite},
    request::{Headers, split_once, trim},
    session::SessionChange,
    token::{MintError, MintedAccess, RefreshToken},
};

/// Browsers drop a cookie whose name and value are longer (RFC 6265bis §5.6).
const MAX_COOKIE: usize = 4096;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// One `Set-Cookie` line, ready to send.
#[derive(Clone)]
pub struct SetCookie {
    name: Box<str>,
    line: HeaderValue,
}

impl SetCookie {
    /// The cookie's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole value of the header field.
    pub fn line(&self) -> &HeaderValue {
        &self.line
    }
}

impl fmt::Debug for SetCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SetCookie({}=[redacted])", self.name)
    }
}

/// The `Set-Cookie` lines of one decision: none, or one per name.
#[derive(Clone, Debug, Default)]
#[must_use = "cookies that are not sent leave the browser with a used-up refresh token"]
pub struct SetCookies {
    lines: Vec<SetCookie>,
    /// Boxed: few applications have one, and every decision has the field.
    session: Option<Box<SessionChange>>,
    twins: Twins,
    clears_cache: bool,
}

impl SetCookies {
    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines, access cookie first.
    pub fn iter(&self) -> impl Iterator<Item = &SetCookie> {
        self.lines.iter()
    }

    /// What happens to the framework's own session; nothing unless it is configured.
    pub fn session_change(&self) -> Option<&SessionChange> {
        self.session.as_deref()
    }

    pub(crate) fn changing(self, session: Option<SessionChange>) -> Self {
        Self { session: session.map(Box::new), ..self }
    }

    /// With `Clear-Site-Data: "cache"`, so that the back button shows no page of before the logout.
    pub(crate) fn clearing_cache(self, clears_cache: bool) -> Self {
        Self { clears_cache, ..self }
    }

    pub(crate) fn only(&self, name: &str) -> Self {
        let lines = self.lines.iter().filter(|line| &*line.name == name);
        Self { lines: lines.cloned().collect(), ..Self::default() }
    }

    /// With one more line, in the place of an earlier one of this name.
    pub(crate) fn with_line(mut self, line: SetCookie) -> Self {
        self.lines.retain(|present| present.name != line.name);
        self.lines.push(line);
        self
    }

    /// With the lines of others, of which the later one of a name counts.
    pub fn and(self, others: Self) -> Self {
        let Self { lines, session, twins, clears_cache } = others;
        let all = lines.into_iter().fold(self, Self::with_line);
        Self {
            session: session.or(all.session),
            twins: all.twins.and(twins),
            lines: all.lines,
            clears_cache: all.clears_cache || clears_cache,
        }
    }

    /// Adds the lines that delete the twins of these cookies; see
    /// [`Core::twins`](crate::Core::twins).
    pub fn with_twins(self, twins: Twins) -> Self {
        Self { twins: self.twins.and(twins), ..self }
    }

    /// The lines that delete twins.
    pub fn twins(&self) -> &Twins {
        &self.twins
    }

    pub(crate) fn pair(first: SetCookie, second: SetCookie) -> Self {
        Self { lines: vec![first, second], ..Self::default() }
    }
}

/// The header fields of a response, whatever type the framework keeps them in.
pub trait ResponseHeaders: Headers {
    /// Adds a value.
    fn append(&mut self, name: &HeaderName, value: &HeaderValue);
    /// Removes every value.
    fn remove(&mut self, name: &HeaderName);
}

impl ResponseHeaders for HeaderMap {
    fn append(&mut self, name: &HeaderName, value: &HeaderValue) {
        HeaderMap::append(self, name, value.clone());
    }

    fn remove(&mut self, name: &HeaderName) {
        HeaderMap::remove(self, name);
    }
}

/// A pending login as its cookie has it.
#[derive(Clone, Copy)]
pub(crate) struct Sealed<'a> {
    pub(crate) text: &'a str,
    pub(crate) life: Life,
    pub(crate) cross_site: bool,
}

/// Names, attributes and rendering of the library's cookies.
#[derive(Clone, Debug)]
pub(crate) struct CookieWriter {
    access_name: String,
    refresh_name: String,
    device_name: String,
    attributes: String,
    device_attributes: String,
    pending_prefix: String,
    pending_attributes: String,
    cross_site_attributes: String,
    /// Deletes what other attributes have left under the library's names.
    twins: TwinWriter,
}

impl CookieWriter {
    /// Attributes in the fixed order Path, Domain, Secure, HttpOnly, SameSite, Partitioned; Max-Age
    /// and Expires follow per line.
    pub(crate) fn new(settings: &CookieSettings) -> Self {
        let own = CookieSettings { path: "/".into(), domain: None, http_only: true, ..settings.clone() };
        let with = |same_site| attributes(&CookieSettings { same_site, ..own.clone() });
        // Browsers drop a cookie with `SameSite=None` that has no `Secure`.
        let cross_site = if settings.secure { SameSite::None } else { SameSite::Lax };
        Self {
            pending_prefix: settings.pending_prefix.clone(),
            pending_attributes: with(SameSite::Lax),
            cross_site_attributes: with(cross_site),
            access_name: settings.access_name.clone(),
            refresh_name: settings.refresh_name.clone(),
            device_name: settings.device_name.clone(),
            attributes: attributes(settings),
            device_attributes: attributes(&own),
            twins: TwinWriter::new(settings),
        }
    }

    pub(crate) fn access(&self, token: &str, life: Option<Life>) -> Result<SetCookie, MintError> {
        set(&self.access_name, token, &self.attributes, life)
    }

    pub(crate) fn refresh(&self, token: &str, life: Option<Life>) -> Result<SetCookie, MintError> {
        set(&self.refresh_name, token, &self.attributes, life)
    }

    /// Both cookies, as they are sent at `now` in seconds.
    pub(crate) fn pair(
        &self,
        access: &MintedAccess,
        refresh: &RefreshToken,
        now: i64,
    ) -> Result<SetCookies, MintError> {
        let until = |ends_at: i64| refresh.claims.remember.then_some(Life { now, ends_at });
        let access = self.access(&access.text, until(access.token.claims().expires_at))?;
        let refresh = self.refresh(&refresh.text, until(refresh.claims.expires_at))?;
        Ok(SetCookies::pair(access, refresh))
    }

    /// The cookie that makes a device known: for this host only and hidden from scripts, whatever
    /// the settings of the other cookies.
    pub(crate) fn device(&self, value: &str, life: Life) -> Result<SetCookie, MintError> {
        set(&self.device_name, value, &self.device_attributes, Some(life))
    }

    /// The cookie of a login that is not complete: for this host only and hidden from scripts. A
    /// request of another site carries it only if it is a navigation by GET; or always, if that
    /// site posts its answer (`response_mode=form_post`).
    pub(crate) fn pending(&self, id: &str, sealed: &Sealed<'_>) -> Result<SetCookie, MintError> {
        let Sealed { text, life, cross_site } = *sealed;
        set(&self.pending_name(id), text, self.pending_attributes(cross_site), Some(life))
    }

    pub(crate) fn clear_pending(&self, id: &str, cross_site: bool) -> SetCookie {
        clearing(&self.pending_name(id), self.pending_attributes(cross_site))
    }

    fn pending_name(&self, id: &str) -> String {
        format!("{}{id}", self.pending_prefix)
    }

    fn pending_attributes(&self, cross_site: bool) -> &str {
        if cross_site { &self.cross_site_attributes } else { &self.pending_attributes }
    }

    /// Clearing repeats every attribute: a browser ignores a line that breaks the rules of its
    /// prefix, and then a logout clears nothing.
    pub(crate) fn clear_both(&self) -> SetCookies {
        SetCookies::pair(self.clear(&self.access_name), self.clear(&self.refresh_name))
    }

    /// Lines that delete what this host may have set under the access cookie's name with other
    /// attributes.
    pub(crate) fn access_twins(&self, host: Option<&str>) -> Vec<SetCookie> {
        self.twins.lines(&self.access_name, host)
    }

    /// The same for the refresh cookie.
    pub(crate) fn refresh_twins(&self, host: Option<&str>) -> Vec<SetCookie> {
        self.twins.lines(&self.refresh_name, host)
    }

    /// Writes `cookies` into a response and returns whether any of the library's lines is in it. A
    /// line that the handler wrote itself wins. One line per name is sent, after those that delete
    /// its twins, and a response with any of the library's lines is not stored (RFC 9111 §5.2.2.5).
    pub(crate) fn write(&self, cookies: &SetCookies, headers: &mut dyn ResponseHeaders) -> bool {
        let lines = values(headers, &header::SET_COOKIE);
        let names = self.names(cookies);
        let ours: Vec<_> = names.iter().flat_map(|name| self.of_name(name, &lines, cookies)).collect();
        if ours.is_empty() {
            return false;
        }
        let is_foreign = |line: &&&[u8]| !names.iter().any(|name| is_line_of(line, name));
        let foreign = lines.iter().filter(is_foreign).filter_map(|line| HeaderValue::from_bytes(line).ok());
        let all: Vec<HeaderValue> = foreign.chain(ours).collect();
        headers.remove(&header::SET_COOKIE);
        for line in &all {
            headers.append(&header::SET_COOKIE, line);
        }
        ensure_member(headers, &header::CACHE_CONTROL, "no-store");
        ensure_member(headers, &header::VARY, "Cookie");
        if cookies.clears_cache {
            ensure_member(headers, &CLEAR_SITE_DATA, "\"cache\"");
        }
        true
    }

    /// Those of the three cookies, and those of pending logins among the lines.
    fn names<'a>(&'a self, cookies: &'a SetCookies) -> Vec<&'a str> {
        let three = [&*self.access_name, &*self.refresh_name, &*self.device_name];
        let others = cookies.iter().map(SetCookie::name).filter(|name| !three.contains(name));
        three.into_iter().chain(others).collect()
    }

    /// The lines that are sent for one name: first those that delete twins, then the one that sets
    /// or clears it, if any.
    fn of_name(&self, name: &str, written: &[&[u8]], cookies: &SetCookies) -> Vec<HeaderValue> {
        let written = written.iter().copied().filter(|line| is_line_of(line, name));
        let (deleting, setting): (Vec<_>, Vec<_>) = written.partition(|line| self.twins.deletes(name, line));
        let pending = cookies.iter().find(|cookie| cookie.name() == name).map(SetCookie::line);
        let winner = match setting.last() {
            Some(line) => sensitive(line),
            None => pending.cloned(),
        };
        let Some(winner) = winner else {
            return deleting.into_iter().filter_map(sensitive).collect();
        };
        let mut lines: Vec<_> = deleting.into_iter().filter_map(sensitive).collect();
        for twin in cookies.twins.iter().filter(|twin| twin.name() == name) {
            if !lines.contains(twin.line()) {
                lines.push(twin.line().clone());
            }
        }
        lines.push(winner);
        lines
    }

    fn clear(&self, name: &str) -> SetCookie {
        clearing(name, &self.attributes)
    }
}

fn attributes(settings: &CookieSettings) -> String {
    let mut attributes = format!("; Path={}", settings.path);
    if let Some(domain) = &settings.domain {
        attributes.push_str("; Domain=");
        attributes.push_str(domain);
    }
    if settings.secure {
        attributes.push_str("; Secure");
    }
    if settings.http_only {
        attributes.push_str("; HttpOnly");
    }
    attributes.push_str("; SameSite=");
    attributes.push_str(settings.same_site.as_str());
    if settings.partitioned {
        attributes.push_str("; Partitioned");
    }
    attributes
}

fn set(name: &str, value: &str, attributes: &str, until: Option<Life>) -> Result<SetCookie, MintError> {
    let length = name.len().saturating_add(value.len());
    let too_long = || MintError::CookieTooLong { name: name.into(), length };
    if length > MAX_COOKIE {
        return Err(too_long());
    }
    let until = until.map(|until| until.to_string()).unwrap_or_default();
    let line = format!("{name}={value}{attributes}{until}");
    let mut line = HeaderValue::try_from(line).map_err(|_| too_long())?;
    line.set_sensitive(true);
    Ok(SetCookie { name: name.into(), line })
}

fn clearing(name: &str, attributes: &str) -> SetCookie {
    let line = format!("{name}={attributes}; Max-Age=0; Expires={EPOCH}");
    // Names and attributes were checked to be visible ASCII when the configuration was built, and
    // hosts when they were read.
    let line = HeaderValue::try_from(line).unwrap_or_else(|_| HeaderValue::from_static(""));
    SetCookie { name: name.into(), line }
}

/// One of the library's lines from its bytes, marked as sensitive again so that it is not logged.
fn sensitive(line: &[u8]) -> Option<HeaderValue> {
    let mut line = HeaderValue::from_bytes(line).ok()?;
    line.set_sensitive(true);
    Some(line)
}

/// Each value of a field.
fn values<'a>(headers: &'a dyn ResponseHeaders, name: &HeaderName) -> Vec<&'a [u8]> {
    let mut values = Vec::new();
    headers.visit(name, &mut |value| values.push(value));
    values
}

fn is_line_of(line: &[u8], name: &str) -> bool {
    trim(split_once(line, b'=').0) == name.as_bytes()
}

/// Marks a response that depends on the user; see
/// [`Core::write_decision`](crate::Core::write_decision).
pub(crate) fn keep_private(headers: &mut dyn ResponseHeaders, credentials: CredentialOrder) {
    if credentials.reads_cookies() {
        ensure_member(headers, &header::VARY, "Cookie");
    }
    if credentials.reads_header() {
        ensure_member(headers, &header::VARY, "Authorization");
    }
    let caching = [header::CACHE_CONTROL, header::EXPIRES, header::PRAGMA];
    if caching.iter().all(|name| values(headers, name).is_empty()) {
        headers.append(&header::CACHE_CONTROL, &HeaderValue::from_static("private, no-cache"));
    }
}

/// Adds a member to a list-valued field, unless it, or `Vary: *`, is already present.
fn ensure_member(headers: &mut dyn ResponseHeaders, name: &HeaderName, member: &'static str) {
    let present = values(headers, name).iter().any(|value| {
        value.split(|byte| *byte == b',').any(|item| {
            let item = item.trim_ascii();
            (item == b"*" && name == header::VARY) || item.eq_ignore_ascii_case(member.as_bytes())
        })
    });
    if !present {
        headers.append(name, &HeaderValue::from_static(member));
    }
}

#[cfg(test)]
mod tests;
