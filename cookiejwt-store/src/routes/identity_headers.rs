//! The fields in which a proxy learns who the user is.

use cookiejwt_core::{Identity, store::Realm};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Fields that already say something else in a response, or that proxies act on.
const TAKEN: [HeaderName; 12] = [
    header::AUTHORIZATION,
    header::CACHE_CONTROL,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::HOST,
    header::LOCATION,
    header::SET_COOKIE,
    header::TRANSFER_ENCODING,
    header::VARY,
    header::X_CONTENT_TYPE_OPTIONS,
];

/// The names of the header fields in which `GET token/verify/` tells a proxy who the user is:
/// `X-Auth-User` (the `sub` claim), `X-Auth-Session` (`sid`), `X-Auth-Scopes` (separated by
/// spaces), `X-Auth-Realm`, and `X-Auth-Actor` (the user who [acts](crate::LoginOptions::acted_by)
/// in the session, empty for the user themselves).
///
/// Every 200 has all five, an empty one too: a proxy that copies them then overwrites what the
/// client has sent under these names. Everything but ASCII letters, digits and `-._~:@/` is
/// percent-encoded (RFC 3986 §2.1).
///
/// ```
/// # use cookiejwt_store::AuthenticatorBuilder;
/// use cookiejwt_store::IdentityHeaders;
/// use http::HeaderName;
///
/// # fn with(builder: AuthenticatorBuilder) -> AuthenticatorBuilder {
/// // What Authelia calls it.
/// builder.identity_headers(IdentityHeaders::new().user(HeaderName::from_static("remote-user")))
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct IdentityHeaders {
    user: HeaderName,
    session: HeaderName,
    scopes: HeaderName,
    realm: HeaderName,
    actor: HeaderName,
}

impl Default for IdentityHeaders {
    fn default() -> Self {
        Self::new()
    }
}

impl IdentityHeaders {
    /// The names that begin with `X-Auth-`.
    pub const fn new() -> Self {
        Self {
            user: HeaderName::from_static("x-auth-user"),
            session: HeaderName::from_static("x-auth-session"),
            scopes: HeaderName::from_static("x-auth-scopes"),
            realm: HeaderName::from_static("x-auth-realm"),
            actor: HeaderName::from_static("x-auth-actor"),
        }
    }

    /// Another name for the field of the user.
    pub fn user(self, name: HeaderName) -> Self {
        Self { user: name, ..self }
    }

    /// Another name for the field of the session.
    pub fn session(self, name: HeaderName) -> Self {
        Self { session: name, ..self }
    }

    /// Another name for the field of the scopes.
    pub fn scopes(self, name: HeaderName) -> Self {
        Self { scopes: name, ..self }
    }

    /// Another name for the field of the realm.
    pub fn realm(self, name: HeaderName) -> Self {
        Self { realm: name, ..self }
    }

    /// Another name for the field of the user who acts.
    pub fn actor(self, name: HeaderName) -> Self {
        Self { actor: name, ..self }
    }

    /// The five names.
    pub(crate) fn names(&self) -> [&HeaderName; 5] {
        [&self.user, &self.session, &self.scopes, &self.realm, &self.actor]
    }

    /// A name that two of them have, or that means something else.
    pub(crate) fn taken(&self) -> Option<&HeaderName> {
        let names = self.names();
        names.into_iter().enumerate().find_map(|(at, name)| {
            let is_taken = TAKEN.contains(name) || names.iter().skip(at + 1).any(|other| *other == name);
            is_taken.then_some(name)
        })
    }

    /// Writes all five.
    pub(crate) fn write(&self, identity: &Identity, realm: &Realm, headers: &mut HeaderMap) {
        let scopes: Vec<_> = identity.scopes().iter().map(|scope| encoded(scope)).collect();
        let values = [
            encoded(identity.subject().as_str()),
            encoded(identity.session_id().as_str()),
            scopes.join(" "),
            encoded(realm.as_str()),
            identity.actor().map(|actor| encoded(actor.subject().as_str())).unwrap_or_default(),
        ];
        for (name, value) in self.names().into_iter().zip(values) {
            // ASCII after encoding.
            let value = HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static(""));
            headers.insert(name, value);
        }
    }
}

/// Percent-encoded: what a log, a list or a shell could read as more than one value is not left.
fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:@/".contains(&byte);
    let one = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cookiejwt_core::testing;

    #[test]
    fn every_200_has_all_five() {
        let access = testing::access("al ice@shop.example%").claim("scope", "notes:read a,b");
        let mut headers = HeaderMap::new();
        headers.insert("x-auth-realm", HeaderValue::from_static("client's own"));
        headers.insert("x-auth-actor", HeaderValue::from_static("client's own"));
        IdentityHeaders::new().write(&access.identity(), testing::core().config().realm(), &mut headers);
        assert_eq!(headers["x-auth-user"], "al%20ice@shop.example%25");
        assert_eq!(headers["x-auth-scopes"], "notes:read a%2Cb");
        assert_eq!(headers["x-auth-session"], access.identity().session_id().as_str());
        assert_eq!(headers["x-auth-realm"], "", "empty, and there");
        assert_eq!(headers["x-auth-actor"], "", "empty, and there");
        assert_eq!(headers.len(), 5);
    }

    #[test]
    fn what_is_encoded() {
        for (text, expected) in [
            ("", ""),
            ("42", "42"),
            ("a-b._~:@/", "a-b._~:@/"),
            ("\r\nSet-Cookie: a=b", "%0D%0ASet-Cookie:%20a%3Db"),
            ("é", "%C3%A9"),
            ("a%2Fb", "a%252Fb"),
            ("\"a\", b; c", "%22a%22%2C%20b%3B%20c"),
        ] {
            assert_eq!(encoded(text), expected);
        }
    }

    #[test]
    fn names_that_are_taken() {
        let name = HeaderName::from_static;
        let new = IdentityHeaders::new;
        for (rule, names, taken) in [
            ("the default", new(), None),
            ("another name", new().user(name("remote-user")), None),
            ("one twice", new().user(name("x-auth-realm")), Some("x-auth-realm")),
            ("the other way round", new().realm(name("x-auth-user")), Some("x-auth-user")),
            ("a new name of another one", new().user(name("x-auth-actor")), Some("x-auth-actor")),
            ("a cookie", new().session(name("set-cookie")), Some("set-cookie")),
            ("the way back", new().scopes(name("location")), Some("location")),
        ] {
            assert_eq!(names.taken().map(HeaderName::as_str), taken, "{rule}");
        }
    }
}
