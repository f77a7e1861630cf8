//! Forward authentication: a proxy asks about a request that is meant for another service.
//!
//! The proxy copies the head of that request, and says in fields of its own what the head cannot
//! say: the method and the target.

use http::{HeaderName, Method, header};

use crate::{
    decide::facade::Core,
    request::{Field, RequestHead, SEC_FETCH_MODE, went_around_proxies},
    response::next_path,
};

/// What Traefik and Caddy write, and what is usual with nginx.
const METHODS: [HeaderName; 2] =
    [HeaderName::from_static("x-forwarded-method"), HeaderName::from_static("x-original-method")];
const TARGETS: [HeaderName; 2] =
    [HeaderName::from_static("x-forwarded-uri"), HeaderName::from_static("x-original-uri")];
/// Proxies drop `Upgrade` before they ask. These stay.
const HANDSHAKE: [HeaderName; 3] =
    [header::UPGRADE, header::SEC_WEBSOCKET_KEY, header::SEC_WEBSOCKET_VERSION];

impl Core {
    /// The head of the request that a proxy asks about, for
    /// [`authenticate_with`](Self::authenticate_with): it has the method of that request, for the
    /// CSRF table, and never refreshes, because the browser would not see the new cookies.
    ///
    /// The method is that of `X-Forwarded-Method` or `X-Original-Method`, in one field of a trusted
    /// proxy. Without it, with two that differ or are repeated, and for a WebSocket handshake, it
    /// is POST: a doubtful request has to pass the whole table.
    ///
    /// ```
    /// use cookiejwt_core::{Config, Core};
    ///
    /// # let pairs = [
    /// #     ("COOKIEJWT_SECRET", "NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg="),
    /// #     ("COOKIEJWT_ISSUER", "https://id.example"),
    /// #     ("COOKIEJWT_AUDIENCE", "shop"),
    /// # ];
    /// let ask = |proxies| {
    ///     let core = Core::new(Config::builder().vars(pairs)?.trusted_proxies(proxies).build()?);
    ///     let head = http::Request::get("/api/auth/token/verify/");
    ///     let head = head.header("x-forwarded-for", "192.0.2.7").header("x-forwarded-method", "GET");
    ///     let (head, ()) = head.body(()).unwrap().into_parts();
    ///     Ok::<_, cookiejwt_core::ConfigError>(core.forwarded(&head).method().to_owned())
    /// };
    /// assert_eq!(ask(1)?, "GET");
    /// assert_eq!(ask(0)?, "POST", "the peer is no trusted proxy");
    /// # Ok::<(), cookiejwt_core::ConfigError>(())
    /// ```
    pub fn forwarded<'a>(&self, head: impl Into<RequestHead<'a>>) -> RequestHead<'a> {
        let head = head.into();
        let method = self.forwarded_field(&head, &METHODS).filter(|_| !is_handshake(&head));
        head.with_method(method.unwrap_or(Method::POST.as_str())).without_refresh()
    }

    /// The target of the request that a proxy asks about, from `X-Forwarded-Uri` or
    /// `X-Original-URI`: where to send the user back to. `None` unless one field of a trusted proxy
    /// contains a path that [`next_path`] accepts.
    pub fn forwarded_target<'a>(&self, head: impl Into<RequestHead<'a>>) -> Option<&'a str> {
        self.forwarded_field(&head.into(), &TARGETS).and_then(next_path)
    }

    /// Whether a field about another request came from a peer that is not a trusted proxy.
    pub fn is_forwarded_by_stranger<'a>(&self, head: impl Into<RequestHead<'a>>) -> bool {
        let head = head.into();
        METHODS.iter().any(|name| head.field(name) != Field::Absent) && !self.comes_from_proxy(&head)
    }

    /// The value of these fields, when each that came, came once and all agree.
    fn forwarded_field<'a>(&self, head: &RequestHead<'a>, names: &[HeaderName]) -> Option<&'a str> {
        let (mut values, mut is_doubtful) = (Vec::new(), !self.comes_from_proxy(head));
        for name in names {
            match head.field(name) {
                Field::Absent => {}
                Field::One(value) => values.push(value),
                Field::Many => is_doubtful = true,
            }
        }
        let (first, others) = values.split_first()?;
        is_doubtful |= others.iter().any(|other| other != first);
        std::str::from_utf8(first).ok().filter(|_| !is_doubtful)
    }

    fn comes_from_proxy(&self, head: &RequestHead<'_>) -> bool {
        let proxies = self.config().trusted_proxies;
        proxies > 0 && !went_around_proxies(proxies, head)
    }
}

fn is_handshake(head: &RequestHead<'_>) -> bool {
    let mut asks = HANDSHAKE.iter().any(|name| head.field(name) != Field::Absent);
    head.visit(&SEC_FETCH_MODE, &mut |mode| asks |= mode == b"websocket");
    asks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use http::request::Parts;

    const PROXY: (&str, &str) = ("x-forwarded-for", "192.0.2.7");

    fn head(fields: &[(&str, &str)]) -> Parts {
        let request = http::Request::get("/api/auth/token/verify/");
        let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    fn core(proxies: u32) -> Core {
        Core::new(testing::config().trusted_proxies(proxies).build().unwrap())
    }

    #[test]
    fn the_method_is_what_one_field_of_a_trusted_proxy_says() {
        const METHOD: &str = "x-forwarded-method";
        const ORIGINAL: &str = "x-original-method";
        for (rule, proxies, fields, expected) in [
            ("Traefik, Caddy", 1, vec![PROXY, (METHOD, "GET")], "GET"),
            ("nginx", 1, vec![PROXY, (ORIGINAL, "HEAD")], "HEAD"),
            ("a change", 1, vec![PROXY, (METHOD, "DELETE")], "DELETE"),
            ("both agree", 1, vec![PROXY, (METHOD, "GET"), (ORIGINAL, "GET")], "GET"),
            ("absent", 1, vec![PROXY], "POST"),
            ("repeated", 1, vec![PROXY, (METHOD, "GET"), (METHOD, "GET")], "POST"),
            ("the client wrote the other one", 1, vec![PROXY, (METHOD, "GET"), (ORIGINAL, "PUT")], "POST"),
            (
                "the client wrote it twice",
                1,
                vec![PROXY, (METHOD, "GET"), (ORIGINAL, "GET"), (ORIGINAL, "GET")],
                "POST",
            ),
            ("a list is no method", 1, vec![PROXY, (METHOD, "GET, POST")], "GET, POST"),
            ("methods have a case", 1, vec![PROXY, (METHOD, "get")], "get"),
            ("nothing", 1, vec![PROXY, (METHOD, "")], ""),
            ("no proxy is trusted", 0, vec![PROXY, (METHOD, "GET")], "POST"),
            ("past the proxy", 1, vec![(METHOD, "GET")], "POST"),
            ("past the outer proxy", 2, vec![PROXY, (METHOD, "GET")], "POST"),
            ("through both", 2, vec![PROXY, PROXY, (METHOD, "GET")], "GET"),
            ("a handshake", 1, vec![PROXY, (METHOD, "GET"), ("sec-fetch-mode", "websocket")], "POST"),
            (
                "one among two modes",
                1,
                vec![PROXY, (METHOD, "GET"), ("sec-fetch-mode", "cors"), ("sec-fetch-mode", "websocket")],
                "POST",
            ),
            ("Chromium says no mode", 1, vec![PROXY, (METHOD, "GET"), ("sec-websocket-key", "dGhl")], "POST"),
            ("an upgrade", 1, vec![PROXY, (METHOD, "GET"), ("upgrade", "h2c")], "POST"),
            ("a navigation", 1, vec![PROXY, (METHOD, "GET"), ("sec-fetch-mode", "navigate")], "GET"),
        ] {
            let parts = head(&fields);
            let forwarded = core(proxies).forwarded(&parts);
            assert_eq!(forwarded.method(), expected, "{rule}");
            assert!(!forwarded.may_refresh(), "{rule}");
        }
    }

    #[test]
    fn who_forwards() {
        let method = ("x-original-method", "GET");
        for (rule, proxies, fields, is_stranger) in [
            ("a trusted proxy", 1, vec![PROXY, method], false),
            ("no proxy is trusted", 0, vec![PROXY, method], true),
            ("past the proxy", 1, vec![method], true),
            ("nobody", 0, vec![PROXY], false),
        ] {
            assert_eq!(core(proxies).is_forwarded_by_stranger(&head(&fields)), is_stranger, "{rule}");
        }
    }

    #[test]
    fn a_field_that_is_no_text_is_no_method() {
        let mut parts = head(&[PROXY]);
        parts.headers.insert("x-forwarded-method", http::HeaderValue::from_bytes(b"GET\xff").unwrap());
        assert_eq!(core(1).forwarded(&parts).method(), "POST");
    }

    #[test]
    fn the_target_is_a_path_from_a_trusted_proxy() {
        const TARGET: &str = "x-forwarded-uri";
        for (rule, proxies, fields, expected) in [
            ("Traefik, Caddy", 1, vec![PROXY, (TARGET, "/a?b=c&d=%2F")], Some("/a?b=c&d=%2F")),
            ("nginx", 1, vec![PROXY, ("x-original-uri", "/a")], Some("/a")),
            ("absent", 1, vec![PROXY], None),
            ("no proxy is trusted", 0, vec![PROXY, (TARGET, "/a")], None),
            ("past the proxy", 1, vec![(TARGET, "/a")], None),
            ("two that differ", 1, vec![PROXY, (TARGET, "/a"), ("x-original-uri", "/b")], None),
            ("repeated", 1, vec![PROXY, (TARGET, "/a"), (TARGET, "/a")], None),
            ("another host", 1, vec![PROXY, (TARGET, "//evil.example/a")], None),
            ("a URL", 1, vec![PROXY, (TARGET, "https://evil.example/a")], None),
            ("a backslash", 1, vec![PROXY, (TARGET, "/\\evil.example")], None),
            ("an encoded line break", 1, vec![PROXY, (TARGET, "/%0d%0aSet-Cookie:a")], None),
            ("a detour", 1, vec![PROXY, (TARGET, "/.//evil.example")], None),
        ] {
            assert_eq!(core(proxies).forwarded_target(&head(&fields)), expected, "{rule}");
        }
    }

    #[test]
    fn what_is_decided() {
        let core = core(1);
        let (valid, expired) = (testing::access("1"), testing::access("1").expired());
        let refresh = testing::refresh("1").cookie();
        let both = |access: String| format!("{access}; {refresh}");
        for (rule, method, site, cookies, expected) in [
            ("a page", "GET", "same-origin", both(valid.cookie()), "authenticated"),
            ("a link from another site", "GET", "cross-site", both(valid.cookie()), "authenticated"),
            ("a form of the own page", "POST", "same-origin", both(valid.cookie()), "authenticated"),
            ("a form of another site", "POST", "cross-site", both(valid.cookie()), "CSRF"),
            ("a form of a sibling", "POST", "same-site", both(valid.cookie()), "CSRF"),
            ("expired: no refresh", "GET", "same-origin", both(expired.cookie()), "refresh"),
            ("no access cookie: no refresh", "GET", "same-origin", refresh.clone(), "refresh"),
            ("nothing", "GET", "same-origin", String::new(), "anonymous"),
        ] {
            let cookie = ("cookie", &*cookies);
            let fields = [PROXY, ("x-forwarded-method", method), ("sec-fetch-site", site), cookie];
            let parts = head(&fields);
            let assessment = core.authenticate(core.forwarded(&parts), testing::NOW);
            let found = decided(assessment);
            assert_eq!(found, expected, "{rule}");
        }
    }

    fn decided(assessment: crate::driver::Assessment) -> &'static str {
        use crate::{
            Outcome, Refusal,
            driver::{Assessment, Resolution, SessionStatus},
        };
        let decision = match assessment {
            Assessment::Settled(decision) => decision,
            Assessment::NeedsRefresh(_) => return "would refresh",
            Assessment::NeedsSessionCheck(check) => match check.resolve(SessionStatus::Live) {
                Resolution::Settled(decision) => decision,
                Resolution::NeedsRefresh(_) => return "would refresh",
            },
        };
        match decision.outcome {
            Outcome::Authenticated(_) => "authenticated",
            Outcome::Anonymous => "anonymous",
            Outcome::Refused(Refusal::CsrfFailed) => "CSRF",
            Outcome::Refused(Refusal::RefreshRequired) => "refresh",
            _ => "another",
        }
    }
}
