//! What a request brings, before anything is verified.

use http::{Method, header};

use crate::{
    Core, RequestHead, TokenFault, cookie, csrf,
    head::{Field, SEC_FETCH_DEST, SEC_FETCH_MODE, SEC_FETCH_SITE, SEC_PURPOSE},
};

/// The credentials of a request, as bytes.
#[derive(Default)]
pub(super) struct Presented<'a> {
    pub(super) access: Cookie<'a>,
    pub(super) refresh: Cookie<'a>,
}

#[derive(Clone, Copy, Default)]
pub(crate) enum Cookie<'a> {
    #[default]
    Absent,
    One(&'a [u8]),
    Twice,
}

impl<'a> Cookie<'a> {
    pub(crate) fn named(name: &str, head: &RequestHead<'a>) -> Self {
        let mut cookie = Self::default();
        cookie::visit_pairs(head, &mut |pair| {
            if let Some(value) = pair.value_of(name) {
                cookie.add(value);
            }
        });
        cookie
    }

    fn add(&mut self, value: &'a [u8]) {
        *self = if matches!(self, Self::Absent) { Self::One(value) } else { Self::Twice };
    }

    pub(crate) fn is_absent(self) -> bool {
        matches!(self, Self::Absent)
    }

    /// `Ok(None)` when absent; a name that came twice is a dead credential.
    pub(crate) fn value(self) -> Result<Option<&'a [u8]>, TokenFault> {
        match self {
            Self::Absent => Ok(None),
            Self::One(value) => Ok(Some(value)),
            Self::Twice => Err(TokenFault::Duplicate),
        }
    }
}

impl<'a> Presented<'a> {
    pub(super) fn read(core: &Core, head: &RequestHead<'a>) -> Self {
        let mut presented = Self::default();
        if core.reads_cookies(head) {
            let (access, refresh) = (core.config().access_name(), core.config().refresh_name());
            cookie::visit_pairs(head, &mut |pair| {
                if let Some(value) = pair.value_of(access) {
                    presented.access.add(value);
                } else if let Some(value) = pair.value_of(refresh) {
                    presented.refresh.add(value);
                }
            });
        }
        presented
    }

    pub(super) fn any(&self) -> bool {
        !self.access.is_absent() || !self.refresh.is_absent()
    }
}

/// The token of exactly one `Authorization` field with the scheme Bearer, in any case (RFC 6750 §2.1).
///
/// Two fields, or another scheme, are no credential; Bearer with anything but one token68 is a dead one.
pub(crate) fn bearer_token<'a>(head: &RequestHead<'a>) -> Result<Option<&'a [u8]>, TokenFault> {
    let Field::One(value) = head.field(&header::AUTHORIZATION) else { return Ok(None) };
    let Some((scheme, rest)) = value.split_at_checked(6) else { return Ok(None) };
    let separated = rest.first().is_none_or(|byte| *byte == b' ' || *byte == b'\t');
    if !scheme.eq_ignore_ascii_case(b"bearer") || !separated {
        return Ok(None);
    }
    let token = rest.trim_ascii();
    let token68 = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
    if token.is_empty() || !token.iter().all(token68) { Err(TokenFault::Bearer) } else { Ok(Some(token)) }
}

/// Whether this request may rotate a refresh token: an `<img>` on another site must not.
pub(super) fn refresh_permitted(head: &RequestHead<'_>, core: &Core) -> bool {
    if head.is_method(&Method::OPTIONS) || head.field(&SEC_PURPOSE) != Field::Absent {
        return false;
    }
    match head.field(&SEC_FETCH_SITE) {
        Field::Absent | Field::One(b"same-origin" | b"none") => true,
        Field::Many => false,
        Field::One(_) => {
            let navigates = head.field(&SEC_FETCH_MODE) == Field::One(b"navigate")
                && head.field(&SEC_FETCH_DEST) == Field::One(b"document");
            navigates || csrf::has_trusted_origin(head, &core.config().csrf)
        }
    }
}
