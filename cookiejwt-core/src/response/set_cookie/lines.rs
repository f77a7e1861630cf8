//! The lines of one decision, and what leaves with them.

use http::HeaderValue;

use super::{SetCookie, Twins};
use crate::session::SessionChange;

/// The `Set-Cookie` lines of one decision: none, or one per name.
///
/// Boxed: most responses have none, and every decision has the field.
#[derive(Clone, Debug, Default)]
#[must_use = "cookies that are not sent leave the browser with a used-up refresh token"]
pub struct SetCookies(Option<Box<Content>>);

#[derive(Clone, Debug, Default)]
struct Content {
    lines: Vec<SetCookie>,
    session: Option<SessionChange>,
    twins: Twins,
    clears_cache: bool,
    /// Offers the browser to bind the session that begins.
    registration: Option<HeaderValue>,
}

static NO_TWINS: Twins = Twins::none();

impl SetCookies {
    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.lines().is_empty()
    }

    /// The lines, access cookie first.
    pub fn iter(&self) -> impl Iterator<Item = &SetCookie> {
        self.lines().iter()
    }

    /// What happens to the framework's own session; nothing unless it is configured.
    pub fn session_change(&self) -> Option<&SessionChange> {
        self.0.as_ref()?.session.as_ref()
    }

    pub(crate) fn changing(self, session: Option<SessionChange>) -> Self {
        self.with(|content| content.session = session)
    }

    /// With `Clear-Site-Data: "cache"`, so that the back button shows no page of before the logout.
    pub(crate) fn clearing_cache(self, clears_cache: bool) -> Self {
        self.with(|content| content.clears_cache = clears_cache)
    }

    /// With an offer to bind the session of these cookies to the browser's device: the value of
    /// `Secure-Session-Registration`.
    pub fn offering(self, registration: Option<HeaderValue>) -> Self {
        match registration {
            Some(offer) => self.with(|content| content.registration = Some(offer)),
            None => self,
        }
    }

    pub(crate) fn only(&self, name: &str) -> Self {
        let lines = self.iter().filter(|line| &*line.name == name);
        Self::of(lines.cloned().collect())
    }

    /// With one more line, in the place of an earlier one of this name.
    pub(crate) fn with_line(self, line: SetCookie) -> Self {
        self.with(|content| {
            content.lines.retain(|present| present.name != line.name);
            content.lines.push(line);
        })
    }

    /// With the lines of others, of which the later one of a name counts.
    pub fn and(self, others: Self) -> Self {
        let Some(others) = others.0 else { return self };
        let Content { lines, session, twins, clears_cache, registration } = *others;
        lines.into_iter().fold(self, Self::with_line).with(|all| {
            all.session = session.or(all.session.take());
            all.twins = std::mem::take(&mut all.twins).and(twins);
            all.clears_cache |= clears_cache;
            all.registration = registration.or(all.registration.take());
        })
    }

    /// Adds the lines that delete the twins of these cookies; see
    /// [`Core::twins`](crate::Core::twins).
    pub fn with_twins(self, twins: Twins) -> Self {
        if twins.is_empty() {
            return self;
        }
        self.with(|content| content.twins = std::mem::take(&mut content.twins).and(twins))
    }

    /// The lines that delete twins.
    pub fn twins(&self) -> &Twins {
        self.0.as_ref().map_or(&NO_TWINS, |content| &content.twins)
    }

    pub(crate) fn pair(first: SetCookie, second: SetCookie) -> Self {
        Self::of(vec![first, second])
    }

    pub(super) fn of(lines: Vec<SetCookie>) -> Self {
        Self::default().with(|content| content.lines = lines)
    }

    pub(super) fn lines(&self) -> &[SetCookie] {
        self.0.as_ref().map_or(&[], |content| &content.lines)
    }

    pub(super) fn registration(&self) -> Option<&HeaderValue> {
        self.0.as_ref()?.registration.as_ref()
    }

    pub(super) fn clears_cache(&self) -> bool {
        self.0.as_ref().is_some_and(|content| content.clears_cache)
    }

    fn with(self, change: impl FnOnce(&mut Content)) -> Self {
        let mut content = self.0.unwrap_or_default();
        change(&mut content);
        Self(Some(content))
    }
}
