//! The writing of `Set-Cookie` lines.

mod life;
mod lines;
mod twins;

use std::fmt;

use http::{HeaderName, HeaderValue, header};

pub(crate) use self::life::Life;
use self::{life::EPOCH, twins::TwinWriter};
pub use self::{lines::SetCookies, twins::Twins};
use crate::{
    config::{CookieSettings, SameSite},
    request::{split_once, trim},
    response::fields::{CACHE_CONTROL, COOKIE, ResponseHeaders, VARY, ensure_member, is_set_cookie, values},
    token::{MintError, MintedAccess, RefreshToken},
};

/// Browsers drop a cookie whose name and value are longer (RFC 6265bis §5.6).
const MAX_COOKIE: usize = 4096;

static CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
static REGISTRATION: HeaderName = HeaderName::from_static("secure-session-registration");
static CACHE: HeaderValue = HeaderValue::from_static("\"cache\"");
static NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

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
    access_has_age: bool,
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
            access_has_age: settings.access_has_age,
        }
    }

    /// The attributes of the access cookie without an age, as a browser compares them.
    pub(crate) fn access_attributes(&self) -> &str {
        self.attributes.trim_start_matches("; ")
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
        let ends_at = access.token.claims().expires_at;
        let age = self.access_has_age.then_some(Life { now, ends_at });
        let access = self.access(&access.text, until(ends_at).or(age))?;
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

    /// The access cookie alone: a browser renews only a cookie that is missing.
    pub(crate) fn clear_access(&self) -> SetCookies {
        SetCookies::of(vec![self.clear(&self.access_name)])
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
        if cookies.is_empty() && !headers.any_name(&is_set_cookie) {
            return false;
        }
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
        ensure_member(headers, &CACHE_CONTROL, &NO_STORE);
        ensure_member(headers, &VARY, &COOKIE);
        if let Some(offer) = cookies.registration() {
            headers.remove(&REGISTRATION);
            headers.append(&REGISTRATION, offer);
        }
        if cookies.clears_cache() {
            ensure_member(headers, &CLEAR_SITE_DATA, &CACHE);
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
        for twin in cookies.twins().iter().filter(|twin| twin.name() == name) {
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

fn is_line_of(line: &[u8], name: &str) -> bool {
    trim(split_once(line, b'=').0) == name.as_bytes()
}

#[cfg(test)]
mod tests;
