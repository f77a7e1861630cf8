//! The credentials of a request, before anything is verified.

use http::header;

use crate::{
    config::Config,
    request::{
        cookies::visit_pairs,
        head::{Field, RequestHead},
        mode::reads_cookies,
    },
    token::TokenFault,
};

/// Which credential a fault belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialName {
    /// The access cookie.
    AccessCookie,
    /// The refresh cookie.
    RefreshCookie,
    /// The `refresh` of a body, in token mode.
    RefreshBody,
    /// The `Authorization` field.
    Bearer,
}

impl CredentialName {
    /// The name in logs and in the labels of metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessCookie => "access_cookie",
            Self::RefreshCookie => "refresh_cookie",
            Self::RefreshBody => "refresh_body",
            Self::Bearer => "bearer",
        }
    }
}

/// A credential that was presented and not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialFault {
    /// Which.
    pub credential: CredentialName,
    /// Why.
    pub fault: TokenFault,
}

/// The credentials of a request, as bytes.
#[derive(Default)]
pub(crate) struct Presented<'a> {
    pub(crate) access: Cookie<'a>,
    pub(crate) refresh: Cookie<'a>,
}

/// At most this many values of one name are read: each costs a signature, and any client may send
/// hundreds.
const MOST_VALUES: usize = 4;

/// The values of one name, without the quotes around them.
#[derive(Default)]
pub(crate) struct Cookie<'a> {
    first: Option<&'a [u8]>,
    /// Empty for almost every request, and then costs nothing.
    more: Vec<&'a [u8]>,
}

impl<'a> Cookie<'a> {
    pub(crate) fn named(name: &str, head: &RequestHead<'a>) -> Self {
        let mut cookie = Self::default();
        visit_pairs(head, |pair| {
            if let Some(value) = pair.value_of(name) {
                cookie.add(value);
            }
        });
        cookie
    }

    fn add(&mut self, value: &'a [u8]) {
        if self.first.is_none() {
            self.first = Some(value);
        } else if self.values().count() < MOST_VALUES {
            self.more.push(value);
        }
    }

    pub(crate) fn is_absent(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn came_twice(&self) -> bool {
        !self.more.is_empty()
    }

    /// The value, if there is exactly one.
    pub(crate) fn only(&self) -> Option<&'a [u8]> {
        self.first.filter(|_| !self.came_twice())
    }

    /// The values that are read.
    pub(crate) fn values(&self) -> impl Iterator<Item = &'a [u8]> {
        self.first.into_iter().chain(self.more.iter().copied())
    }
}

impl<'a> Presented<'a> {
    pub(crate) fn read(head: &RequestHead<'a>, config: &Config) -> Self {
        let mut presented = Self::default();
        if reads_cookies(head, config) {
            let (access, refresh) = (config.access_name(), config.refresh_name());
            visit_pairs(head, |pair| {
                if let Some(value) = pair.value_of(access) {
                    presented.access.add(value);
                } else if let Some(value) = pair.value_of(refresh) {
                    presented.refresh.add(value);
                }
            });
        }
        presented
    }

    pub(crate) fn any(&self) -> bool {
        !self.access.is_absent() || !self.refresh.is_absent()
    }

    pub(crate) fn any_twice(&self) -> bool {
        self.access.came_twice() || self.refresh.came_twice()
    }
}

/// The token of exactly one `Authorization` field with the scheme Bearer, in any case (RFC 6750
/// §2.1).
///
/// Two fields, or another scheme, do not count as a credential; Bearer with anything but one
/// token68 is an invalid one.
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
