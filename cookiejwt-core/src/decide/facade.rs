//! [`Core`], the entry point: it holds the parts that the decisions are made with.

use std::{fmt, net::IpAddr, sync::Arc};

use crate::{
    config::{Config, ConfigError},
    decide::double_submit::DoubleSubmit,
    device::Challenges,
    keys::{AccessKeys, HmacKey, JwksDocument, KeyRing, Sealer},
    request::{self, Mode, RequestHead},
    response::CookieWriter,
    throttle::KnownDevices,
    token::{AccessTokens, LinkTokens, RefreshTokens, RevocationTokens, Stamps, TokenRules, VerifiedMemo},
};

/// Makes every decision. Built once from a [`Config`] and shared by every request; cloning is
/// cheap.
///
/// ```
/// use cookiejwt_core::{Config, Core, Secret, driver::Assessment};
///
/// # let secret = Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=").unwrap();
/// let config = Config::builder().secret(secret).issuer("https://id.example").audience("shop").build().unwrap();
/// let core = Core::new(config);
/// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
/// let assessment = core.authenticate(&parts, time::OffsetDateTime::UNIX_EPOCH);
/// assert!(assessment.is_anonymous());
/// ```
#[derive(Clone)]
pub struct Core(Arc<Parts>);

/// What the decisions are made with.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) access: AccessTokens,
    pub(crate) refresh: RefreshTokens,
    pub(crate) cookies: CookieWriter,
    pub(super) double_submit: DoubleSubmit,
    pub(super) throttle: HmacKey,
    pub(super) devices: KnownDevices,
    pub(super) stamps: Stamps,
    pub(super) pending: Sealer,
    pub(super) links: LinkTokens,
    pub(crate) challenges: Challenges,
    /// `None` when access tokens are symmetric: no other service could check a list.
    pub(super) revocations: Option<RevocationTokens>,
    jwks: Option<JwksDocument>,
}

impl Parts {
    fn new(config: Config, memo: Option<Box<dyn VerifiedMemo>>) -> Self {
        let keys = config.key_ring();
        let jwks = keys.jwks().map(JwksDocument::new);
        let KeyRing { access, refresh, csrf, throttle, devices, stamps, pending, links, challenges } = keys;
        let revocations = config
            .signs_asymmetrically()
            .then(|| RevocationTokens::new(access.clone(), TokenRules::revocations(&config)));
        Self {
            revocations,
            access: AccessTokens::new(access, TokenRules::access(&config), memo),
            refresh: RefreshTokens::new(refresh, TokenRules::refresh(&config)),
            cookies: CookieWriter::new(&config.cookies),
            double_submit: DoubleSubmit::new(csrf),
            throttle,
            devices: KnownDevices::new(devices, config.realm.clone()),
            stamps: Stamps::new(stamps),
            pending,
            links: LinkTokens::new(links, TokenRules::link(&config)),
            challenges: Challenges::new(challenges, &config.ages),
            jwks,
            config,
        }
    }
}

impl Core {
    /// Makes a core from settings that have passed their checks.
    pub fn new(config: Config) -> Self {
        Self(Arc::new(Parts::new(config, None)))
    }

    /// The same with a memo of verified access tokens, so that presenting a token again costs no
    /// signature.
    ///
    /// The memo belongs to this core and its keys: a core with other keys requires its own memo.
    pub fn with_memo(config: Config, memo: impl VerifiedMemo + 'static) -> Self {
        Self(Arc::new(Parts::new(config, Some(Box::new(memo)))))
    }

    /// The same core with other asymmetric keys. The secret stays, and with it every session.
    ///
    /// A key that cannot sign in this build is refused. This core is unchanged: its holders
    /// continue with its keys, so one request sees one set of keys.
    pub fn with_access_keys(&self, keys: AccessKeys) -> Result<Self, ConfigError> {
        self.0.config.clone().with_access_keys(keys).map(Self::new)
    }

    /// The `kid` of each key that verifies access tokens, that of the signing key first.
    pub fn access_kids(&self) -> Vec<&str> {
        self.0.access.kids().collect()
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The JWKS document (RFC 7517 §5) with the public keys of access tokens; `None` when they are
    /// symmetric.
    pub fn jwks(&self) -> Option<&str> {
        self.0.jwks.as_ref().map(JwksDocument::text)
    }

    /// The entity tag of [`jwks`](Self::jwks), with its quotes (RFC 9110 §8.8.3): other keys,
    /// another tag.
    pub fn jwks_etag(&self) -> Option<&str> {
        self.0.jwks.as_ref().map(JwksDocument::etag)
    }

    /// Whether a request asks for token mode: with exactly one field `Cookiejwt-Mode: token`, while
    /// [`token_mode`](crate::ConfigBuilder::token_mode) is switched on.
    ///
    /// The value is compared byte for byte, as the `Sec-Fetch-…` fields of browsers are. Two
    /// fields, another value and a setting that is off all mean cookie mode, so that a doubtful
    /// request gets nothing that it would not get without the field: the CSRF table applies, and no
    /// body contains a token.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use cookiejwt_core::{Core, driver::Mode, testing};
    ///
    /// let core = Core::new(testing::config().token_mode(true).build().unwrap());
    /// let ask = |value| {
    ///     let (parts, ()) = http::Request::get("/").header("cookiejwt-mode", value).body(()).unwrap().into_parts();
    ///     core.mode(&parts)
    /// };
    /// assert!(matches!(ask("token"), Mode::Token(_)));
    /// assert_eq!(ask("Token"), Mode::Cookie);
    /// # }
    /// ```
    pub fn mode<'a>(&self, head: impl Into<RequestHead<'a>>) -> Mode {
        Mode::of(&head.into(), self.config())
    }

    /// The client's network address: the peer's, or the one that the outermost trusted proxy saw.
    ///
    /// Each proxy appends the address of its peer to `X-Forwarded-For`, so of `n` trusted proxies
    /// the outermost wrote entry `n` from the right. Entries to the left of it came from the
    /// client, which may send anything. If the list is too short, the request did not pass through
    /// all proxies, and the peer counts: without an address, a client that bypasses a proxy would
    /// avoid every limit by network. An entry that is not an address gives `None`, because the peer
    /// is the proxy then, and all its clients would share one address. `Forwarded` (RFC 7239) is
    /// not read, because a proxy that does not support it forwards what the client sent.
    ///
    /// ```
    /// use cookiejwt_core::{Config, Core};
    ///
    /// # let pairs = [
    /// #     ("COOKIEJWT_SECRET", "NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg="),
    /// #     ("COOKIEJWT_ISSUER", "https://id.example"),
    /// #     ("COOKIEJWT_AUDIENCE", "shop"),
    /// # ];
    /// let core = Core::new(Config::builder().vars(pairs)?.trusted_proxies(1).build()?);
    /// let (head, ()) = http::Request::get("/").header("x-forwarded-for", "10.9.9.9, 192.0.2.7").body(()).unwrap().into_parts();
    /// let client = core.client_address(&head, Some("10.0.0.1".parse().unwrap()));
    /// assert_eq!(client, Some("192.0.2.7".parse().unwrap()));
    /// # Ok::<(), cookiejwt_core::ConfigError>(())
    /// ```
    pub fn client_address<'a>(
        &self,
        head: impl Into<RequestHead<'a>>,
        peer: Option<IpAddr>,
    ) -> Option<IpAddr> {
        request::client_address(self.config().trusted_proxies, &head.into(), peer)
    }

    /// Whether fewer proxies have appended to `X-Forwarded-For` than are trusted: the request did
    /// not pass through all of them, or their number is wrong.
    pub fn went_around_proxies<'a>(&self, head: impl Into<RequestHead<'a>>) -> bool {
        request::went_around_proxies(self.config().trusted_proxies, &head.into())
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("config", &self.0.config).finish_non_exhaustive()
    }
}
