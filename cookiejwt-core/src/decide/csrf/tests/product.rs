//! Method × shape × Sec-Fetch-Site × Origin × authority × credential × public origin × strict, all
//! of them.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    super::{Credential, CsrfDenial, check},
    PUBLIC, Verdict, settings, token_mode,
};
use crate::request::RequestHead;

/// A method, and whether the table calls it safe.
const METHODS: [(&str, bool); 11] = [
    ("GET", true),
    ("HEAD", true),
    ("OPTIONS", true),
    ("POST", false),
    ("PUT", false),
    ("PATCH", false),
    ("DELETE", false),
    ("CONNECT", false),
    ("TRACE", false),
    ("get", false),
    ("PROPFIND", false),
];

/// One more field, and whether it makes a safe method unsafe.
const SHAPES: [(Option<(&str, &str)>, bool); 5] = [
    (None, false),
    (Some(("content-type", "application/json")), false),
    (Some(("content-type", "Multipart/Form-Data; boundary=x")), true),
    (Some(("content-type", "application/x-www-form-urlencoded")), true),
    (Some(("upgrade", "websocket")), true),
];

/// What the values of one field amount to, known because they were written down here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Site {
    Absent,
    Ambiguous,
    Own,
    Other,
}

const SITES: [(&[&[u8]], Site); 11] = [
    (&[], Site::Absent),
    (&[b"same-origin"], Site::Own),
    (&[b"none"], Site::Own),
    (&[b"same-site"], Site::Other),
    (&[b"cross-site"], Site::Other),
    (&[b"unheard-of"], Site::Other),
    (&[b""], Site::Other),
    (&[b"SAME-ORIGIN"], Site::Other),
    (&[b"same-origin", b"same-origin"], Site::Ambiguous),
    (&[b"none", b"cross-site"], Site::Ambiguous),
    (&[b"same-origin\xfe"], Site::Ambiguous),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Absent,
    Ambiguous,
    Trusted,
    Public,
    /// `https://own.example`.
    Own,
    /// `http://own.example`.
    OwnPlain,
    /// `http://localhost:3000`.
    Loopback,
    Null,
    Foreign,
}

const ORIGINS: [(&[&[u8]], Source); 18] = [
    (&[], Source::Absent),
    (&[b"https://trusted.example"], Source::Trusted),
    (&[b"HTTPS://Trusted.Example:443"], Source::Trusted),
    (&[b"https://shop.example"], Source::Public),
    (&[b"https://shop.example:443"], Source::Public),
    (&[b"https://own.example"], Source::Own),
    (&[b"https://OWN.example:443"], Source::Own),
    (&[b"http://own.example"], Source::OwnPlain),
    (&[b"http://localhost:3000"], Source::Loopback),
    (&[b"https://own.example:444"], Source::Foreign),
    (&[b"https://sibling.own.example"], Source::Foreign),
    (&[b"https://own.example.evil"], Source::Foreign),
    (&[b"http://shop.example"], Source::Foreign),
    (&[b"null"], Source::Null),
    (&[b""], Source::Foreign),
    (&[b"https://own.example", b"https://own.example"], Source::Ambiguous),
    (&[b"https://trusted.example", b"null"], Source::Ambiguous),
    (&[b"https://own.ex\xe4mple"], Source::Ambiguous),
];

/// What host and port say of the origin: the scheme is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Own,
    /// The own host, and a port that only `https` has by default.
    OwnByTls,
    Loopback,
    Elsewhere,
}

/// `:authority`, the `Host` fields, and what they say.
const AUTHORITIES: [(Option<&str>, &[&str], At); 9] = [
    (None, &["own.example"], At::Own),
    (None, &["Own.Example:443"], At::OwnByTls),
    (Some("own.example"), &[], At::Own),
    (None, &["localhost:3000"], At::Loopback),
    (Some("own.example"), &["other.example", "third.example"], At::Own),
    (Some("other.example"), &["own.example"], At::Elsewhere),
    (None, &["own.example", "own.example"], At::Elsewhere),
    (None, &["own.example:445"], At::Elsewhere),
    (None, &[], At::Elsewhere),
];

struct Case {
    method: (&'static str, bool),
    shape: (Option<(&'static str, &'static str)>, bool),
    site: (&'static [&'static [u8]], Site),
    origin: (&'static [&'static [u8]], Source),
    authority: (Option<&'static str>, &'static [&'static str], At),
    credential: Credential,
    public: bool,
    strict: bool,
}

impl Case {
    /// The rows in words, over what the tables above say of themselves.
    fn oracle(&self) -> Verdict {
        let row_1 = self.method.1 && !self.shape.1;
        let row_2 = matches!(self.credential, Credential::Header | Credential::TokenMode(_));
        let row_3 = self.site.1 == Site::Ambiguous || self.origin.1 == Source::Ambiguous;
        let row_4 = self.site.1 == Site::Own;
        let trusted = self.origin.1 == Source::Trusted;
        let public = self.public && self.origin.1 == Source::Public;
        let own = match self.origin.1 {
            Source::Own => matches!(self.authority.2, At::Own | At::OwnByTls),
            Source::Loopback => self.authority.2 == At::Loopback,
            // With Secure cookies a page over plain http is nobody's; that of this machine is.
            _ => false,
        };
        // A public origin is something to hold an Origin against.
        let contradicts =
            self.public && !(trusted || public || matches!(self.origin.1, Source::Absent | Source::Null));
        let at_host = !self.public && own;
        if row_1 || row_2 {
            Ok(())
        } else if row_3 {
            Err(CsrfDenial::Ambiguous)
        } else if row_4 {
            if contradicts { Err(CsrfDenial::ForeignOrigin) } else { Ok(()) }
        } else if self.site.1 == Site::Other {
            if trusted { Ok(()) } else { Err(CsrfDenial::CrossSite) }
        } else if self.origin.1 != Source::Absent {
            if trusted || public || at_host { Ok(()) } else { Err(CsrfDenial::ForeignOrigin) }
        } else if self.strict {
            Err(CsrfDenial::NoBrowserHeaders)
        } else {
            Ok(())
        }
    }

    fn headers(&self) -> HeaderMap {
        let mut map = HeaderMap::new();
        let mut add = |name: &'static str, value: &[u8]| {
            map.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
        };
        self.site.0.iter().for_each(|value| add("sec-fetch-site", value));
        self.origin.0.iter().for_each(|value| add("origin", value));
        self.authority.1.iter().for_each(|value| add("host", value.as_bytes()));
        self.shape.0.iter().for_each(|(name, value)| add(name, value.as_bytes()));
        map
    }

    fn verdict(&self, map: &HeaderMap) -> Verdict {
        let settings = settings(self.public.then_some(PUBLIC), self.strict);
        let head = RequestHead::new(self.method.0, "/", self.authority.0, map);
        check(&head, &settings, self.credential).map(|_| ())
    }
}

fn switches() -> impl Iterator<Item = (Credential, bool, bool)> {
    [Credential::Ambient, Credential::Header, token_mode()].into_iter().flat_map(|credential| {
        [false, true]
            .into_iter()
            .flat_map(move |public| [false, true].map(|strict| (credential, public, strict)))
    })
}

/// Calls `visit` with every case.
fn each(mut visit: impl FnMut(&Case)) {
    for method in METHODS {
        for shape in SHAPES {
            for site in SITES {
                for origin in ORIGINS {
                    for authority in AUTHORITIES {
                        for (credential, public, strict) in switches() {
                            visit(&Case {
                                method,
                                shape,
                                site,
                                origin,
                                authority,
                                credential,
                                public,
                                strict,
                            });
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn every_combination_is_what_the_rows_say() {
    let (mut cases, mut denied) = (0_u32, 0_u32);
    each(|case| {
        let map = case.headers();
        let (found, expected) = (case.verdict(&map), case.oracle());
        cases += 1;
        denied += u32::from(expected.is_err());
        assert_eq!(
            found, expected,
            "{} {:?} {map:?} public: {} strict: {}",
            case.method.0, case.authority, case.public, case.strict
        );
    });
    assert_eq!(cases, 11 * 5 * 11 * 18 * 9 * 12, "none is left out");
    assert!(denied > cases / 5, "the oracle denies: {denied} of {cases}");
}
