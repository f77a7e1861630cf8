//! The head of a request, kept for a handler that asks later.

use std::fmt;

use cookiejwt_core::driver::{Headers, RequestHead};
use http::{HeaderName, header};

/// The fields that are read in a login, a logout or a change of the password.
const FIELDS: [HeaderName; 11] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::HOST,
    header::ORIGIN,
    header::UPGRADE,
    header::USER_AGENT,
    HeaderName::from_static("cookiejwt-mode"),
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-proto"),
];

/// The head of a request, as far as a login or logout may read it.
///
/// Keeping it copies a few short values. Nothing is parsed or verified before a method needs it.
pub(crate) struct KeptHead {
    method: Box<str>,
    path: Box<str>,
    authority: Option<Box<str>>,
    fields: Fields,
}

struct Fields {
    values: Vec<(HeaderName, Box<[u8]>)>,
    #[cfg(test)]
    reads: std::sync::atomic::AtomicUsize,
}

impl KeptHead {
    pub(crate) fn of(head: RequestHead<'_>) -> Self {
        let mut values = Vec::new();
        for name in &FIELDS {
            head.visit(name, &mut |value| values.push((name.clone(), value.into())));
        }
        Self {
            method: head.method().into(),
            path: head.path().into(),
            authority: head.authority().map(Into::into),
            fields: Fields {
                values,
                #[cfg(test)]
                reads: 0.into(),
            },
        }
    }

    pub(crate) fn head(&self) -> RequestHead<'_> {
        RequestHead::new(&self.method, &self.path, self.authority.as_deref(), &self.fields)
    }

    /// How often a field was read. Without a read no cookie was parsed and no signature verified.
    #[cfg(test)]
    pub(crate) fn reads(&self) -> usize {
        self.fields.reads.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Headers for Fields {
    fn visit<'a>(&'a self, name: &HeaderName, visit: &mut dyn FnMut(&'a [u8])) {
        debug_assert!(FIELDS.contains(name), "{name} is read and not kept: add it to FIELDS");
        #[cfg(test)]
        self.reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.values.iter().filter(|(kept, _)| kept == name).for_each(|(_, value)| visit(value));
    }
}

/// Without the fields: they contain tokens.
impl fmt::Debug for KeptHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptHead")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
