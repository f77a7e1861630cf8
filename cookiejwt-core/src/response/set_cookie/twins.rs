//! Twins: cookies with the library's names and other attributes, left over when `DOMAIN`, `PATH` or
//! `PARTITIONED` was changed.

use std::net::IpAddr;

use super::{SetCookie, attributes, clearing};
use crate::config::CookieSettings;

/// A browser has few cookies with the library's names, and few attributes for each.
const MOST_LINES: usize = 8;

/// The lines that delete the twins of the library's cookies in the browser of one request; see
/// [`Core::twins`](crate::Core::twins).
///
/// Boxed: hardly any browser has one, and every decision has the field.
#[derive(Clone, Debug, Default)]
#[allow(clippy::box_collection, reason = "one word instead of three in every decision")]
pub struct Twins(Option<Box<Vec<SetCookie>>>);

impl Twins {
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    pub(crate) fn new(lines: Vec<SetCookie>) -> Self {
        Self((!lines.is_empty()).then(|| Box::new(lines)))
    }

    /// Whether there is nothing to delete.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &SetCookie> {
        self.0.iter().flat_map(|lines| lines.iter())
    }

    /// The lines of both, each once.
    pub(crate) fn and(self, other: Self) -> Self {
        if self.is_empty() {
            return other;
        }
        let mut lines: Vec<_> = self.iter().cloned().collect();
        for line in other.iter() {
            if !lines.iter().any(|known| known.line() == line.line()) {
                lines.push(line.clone());
            }
        }
        Self::new(lines)
    }
}

/// Renders the lines that delete twins.
#[derive(Clone, Debug)]
pub(super) struct TwinWriter(CookieSettings);

impl TwinWriter {
    pub(super) fn new(settings: &CookieSettings) -> Self {
        Self(settings.clone())
    }

    /// The other cookies of this name that this host may have set: host-only and for each parent
    /// domain, for `/` and the configured path, partitioned and not, as far as the prefix of the
    /// name allows. Those with the fewest differences come first.
    pub(super) fn lines(&self, name: &str, host: Option<&str>) -> Vec<SetCookie> {
        let own = attributes(&self.0);
        let bound = is_bound_to_host(name);
        let domains: Vec<_> = host.filter(|_| !bound).map(domains).unwrap_or_default();
        let paths = ["/", self.0.path.as_str()];
        let paths = if bound || self.0.path == "/" { &paths[..1] } else { &paths[..] };
        let mut lines = Vec::new();
        for partitioned in self.partitions() {
            for path in paths {
                for domain in std::iter::once(None).chain(domains.iter().map(|domain| Some(*domain))) {
                    let twin = CookieSettings {
                        path: (*path).into(),
                        domain: domain.map(Into::into),
                        partitioned,
                        ..self.0.clone()
                    };
                    let same = self.is_own(&twin) || attributes(&twin) == own;
                    lines.extend((!same).then(|| clearing(name, &attributes(&twin))));
                }
            }
        }
        lines.truncate(MOST_LINES);
        lines
    }

    /// Whether [`lines`](Self::lines) made this line: such lines do not count as the one line that
    /// is sent for each name.
    pub(super) fn deletes(&self, name: &str, line: &[u8]) -> bool {
        let parse = || {
            let line = std::str::from_utf8(line).ok()?;
            let mut twin = CookieSettings { domain: None, partitioned: false, ..self.0.clone() };
            for part in line.split("; ") {
                match part.split_once('=') {
                    Some(("Path", path)) => twin.path = path.into(),
                    Some(("Domain", domain)) => twin.domain = Some(domain.into()),
                    None if part == "Partitioned" => twin.partitioned = true,
                    _ => {}
                }
            }
            let rendered = clearing(name, &attributes(&twin));
            Some(rendered.line() == line && !self.is_own(&twin))
        };
        parse().unwrap_or(false)
    }

    /// Browsers refuse `Partitioned` without `Secure`.
    fn partitions(&self) -> impl Iterator<Item = bool> {
        let own = self.0.partitioned;
        [own, !own].into_iter().filter(|partitioned| self.0.secure || !partitioned)
    }

    fn is_own(&self, twin: &CookieSettings) -> bool {
        let domain = |settings: &CookieSettings| {
            settings.domain.as_deref().map(|domain| domain.trim_start_matches('.').to_ascii_lowercase())
        };
        domain(twin) == domain(&self.0) && twin.path == self.0.path && twin.partitioned == self.0.partitioned
    }
}

/// Such a name may have neither a `Domain` nor another `Path` (RFC 6265bis §4.1.3).
fn is_bound_to_host(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("__host-")
}

/// The host and its parents for which a cookie may be set: an address has none, and no cookie is
/// set for a whole top-level domain.
fn domains(host: &str) -> Vec<&str> {
    let host = host.trim_end_matches('.');
    let is_name = |host: &str| {
        host.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        })
    };
    if host.len() > 253 || host.parse::<IpAddr>().is_ok() || !is_name(host) {
        return Vec::new();
    }
    let parents = std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, parent)| parent));
    parents.filter(|domain| domain.contains('.')).collect()
}
