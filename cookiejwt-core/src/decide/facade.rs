//! [`Core`], the entry point: it holds the parts and passes each question to one of them.

mod access;

use std::{fmt, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

pub(crate) use self::access::{AccessToken, MintedAccess, Presentation};
use crate::{
    config::{Config, ConfigError},
    decide::{
        csrf::{self, Credential, CsrfCleared, CsrfDenial},
        decision::{Decision, Outcome, Reason, Refusal, Settlement},
        identity::Identity,
    },
    keys::{AccessKeys, HmacKey, KeyRing},
    request::RequestHead,
    response::{CookieWriter, Life, Problem, ResponseHeaders, SetCookies, set_cookie},
    session::{Revocation, RevocationReason, SessionChange, Timestamp},
    token::{
        AccessClaims, Expected, Jws, MintError, Parties, RefreshClaims, TokenFault, TokenKind, VerifiedMemo,
    },
};

/// Decides. Built once from a [`Config`], shared by every request; cloning is cheap.
///
/// ```
/// use cookiejwt_core::{Assessment, Config, Core, Secret};
///
/// # let secret = Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=").unwrap();
/// let config = Config::builder().secret(secret).issuer("https://id.example").audience("shop").build().unwrap();
/// let core = Core::new(config);
/// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
/// let assessment = core.authenticate(&parts, time::OffsetDateTime::UNIX_EPOCH);
/// assert!(assessment.is_anonymous());
/// ```
#[derive(Clone)]
pub struct Core(Arc<Inner>);

struct Inner {
    config: Config,
    access: Jws,
    refresh: Jws,
    csrf: HmacKey,
    throttle: HmacKey,
    devices: Vec<HmacKey>,
    jwks: Option<JwksDocument>,
    cookies: CookieWriter,
    memo: Option<Box<dyn VerifiedMemo>>,
}

/// The public keys as they are served.
struct JwksDocument {
    text: String,
    etag: String,
}

impl JwksDocument {
    fn new(text: String) -> Self {
        let digest = Sha256::digest(&text);
        let tag = URL_SAFE_NO_PAD.encode(digest.first_chunk::<12>().map_or(&digest[..], |head| &head[..]));
        Self { text, etag: format!("\"{tag}\"") }
    }
}

/// A refresh token that was just verified or just minted, with its text.
#[derive(Clone)]
pub(crate) struct RefreshToken {
    pub(crate) claims: RefreshClaims,
    pub(crate) text: String,
}

impl Core {
    /// From settings that have passed their checks.
    pub fn new(config: Config) -> Self {
        Self::build(config, None)
    }

    /// The same with a memo of verified access tokens, so that one which is presented again costs no signature.
    ///
    /// The memo belongs to this core and its keys: a core with other keys gets a memo of its own.
    pub fn with_memo(config: Config, memo: impl VerifiedMemo + 'static) -> Self {
        Self::build(config, Some(Box::new(memo)))
    }

    fn build(config: Config, memo: Option<Box<dyn VerifiedMemo>>) -> Self {
        let keys = KeyRing::new(&config.keys, &config.realm);
        Self(Arc::new(Inner {
            jwks: keys.jwks().map(JwksDocument::new),
            access: Jws::new(TokenKind::Access, keys.access),
            refresh: Jws::new(TokenKind::Refresh, keys.refresh),
            csrf: keys.csrf,
            throttle: keys.throttle,
            devices: keys.devices,
            cookies: CookieWriter::new(&config.cookies),
            memo,
            config,
        }))
    }

    /// The same core with other asymmetric keys; the secret, and with it every session, stays.
    ///
    /// A key that cannot sign in this build is refused. This core is unchanged: whoever holds it goes on with its keys,
    /// so one request sees one set of keys.
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

    /// The JWKS document (RFC 7517 §5) with the public keys of access tokens; `None` when they are symmetric.
    pub fn jwks(&self) -> Option<&str> {
        self.0.jwks.as_ref().map(|document| &*document.text)
    }

    /// The entity tag of [`jwks`](Self::jwks), with its quotes (RFC 9110 §8.8.3): other keys, another tag.
    pub fn jwks_etag(&self) -> Option<&str> {
        self.0.jwks.as_ref().map(|document| &*document.etag)
    }

    /// Writes cookies into a response: a line that the handler wrote itself wins, one line per name leaves (behind those
    /// that delete its [twins](Self::twins)), and `Cache-Control: no-store` and `Vary: Cookie` join them.
    pub fn write_cookies(&self, cookies: &SetCookies, headers: &mut dyn ResponseHeaders) {
        let _ = self.0.cookies.write(cookies, headers);
    }

    /// Writes a decision into the response that depends on it: its cookies as [`write_cookies`](Self::write_cookies) does;
    /// without any, what keeps caches from showing the answer to somebody else.
    ///
    /// Whoever asked who it is made the answer depend on it. So the fields that were read join `Vary`, and a response
    /// that says nothing about caching gets `Cache-Control: private, no-cache` (RFC 9111 §3.5, OWASP ASVS 14.3.2): a
    /// shared cache would hand alice's page to a stranger.
    pub fn write_decision(&self, decision: &Decision, headers: &mut dyn ResponseHeaders) {
        let with_cookies = self.0.cookies.write(&decision.cookies, headers);
        if !with_cookies && decision.reason != Reason::Skipped {
            set_cookie::keep_private(headers, self.config().credentials);
        }
    }

    /// The lines that clear both cookies.
    pub fn clear_cookies(&self) -> SetCookies {
        self.0.cookies.clear_both()
    }

    /// The lines of a logout: they clear both cookies, and the web framework's own session
    /// [ends](SessionChange::Ends) where it follows the login.
    ///
    /// Only what somebody asked for ends it. Stale cookies are cleared with [`clear_cookies`](Self::clear_cookies):
    /// whoever comes back after a week keeps the cart that he has filled since.
    pub fn logout_cookies(&self) -> SetCookies {
        let ends = self.config().set_session_cookie.then_some(SessionChange::Ends);
        self.clear_cookies().changing(ends)
    }

    /// Asks the CSRF table for a route that changes something before anybody is authenticated: login.
    pub fn check_csrf(&self, head: &RequestHead<'_>) -> Result<CsrfCleared, CsrfDenial> {
        csrf::check(head, &self.config().csrf, Credential::none_yet(self.mode(*head)))
    }

    /// Asks the CSRF table for a login of the application's own, without its first row.
    ///
    /// A GET, HEAD or OPTIONS never begins a session by itself: any page can make a browser send one, and the user would go on
    /// as whoever the link belongs to (login CSRF, OWASP CSRF prevention). An OAuth callback by GET has a better proof, the
    /// `state` that this browser brought; the application checks it and does not ask here. As in row 2, a request in token mode
    /// passes, and so does one whose only credential is a bearer token: no browser sends either by itself.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use cookiejwt_core::{CsrfDenial, RequestHead, testing};
    ///
    /// let core = testing::core();
    /// let ask = |request: http::request::Builder| {
    ///     let (parts, ()) = request.body(()).unwrap().into_parts();
    ///     core.check_login_csrf(&RequestHead::from(&parts)).map(drop)
    /// };
    /// let own_page = ("sec-fetch-site", "same-origin");
    /// assert_eq!(ask(http::Request::post("/").header(own_page.0, own_page.1)), Ok(()));
    /// assert_eq!(ask(http::Request::get("/").header(own_page.0, own_page.1)), Err(CsrfDenial::SafeLogin));
    /// # }
    /// ```
    pub fn check_login_csrf(&self, head: &RequestHead<'_>) -> Result<CsrfCleared, CsrfDenial> {
        csrf::check_login(head, &self.config().csrf, self.login_credential(head))
    }

    /// A CSRF token bound to the session: signed double submit, for applications that need one beside the table.
    ///
    /// `random` are 128 fresh random bits. The token lives as long as the session (OWASP CSRF prevention, signed
    /// double-submit cookie).
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use cookiejwt_core::testing;
    ///
    /// let core = testing::core();
    /// let alice = testing::identity("alice");
    /// let token = core.csrf_token(&alice, [7; 16]);
    /// assert!(core.verify_csrf_token(&alice, &token));
    /// # }
    /// ```
    pub fn csrf_token(&self, identity: &Identity, random: [u8; 16]) -> String {
        let mac = self.0.csrf.sign(&csrf_message(identity, &random));
        format!("{}.{}", URL_SAFE_NO_PAD.encode(mac), URL_SAFE_NO_PAD.encode(random))
    }

    /// Whether [`csrf_token`](Self::csrf_token) made this token for this session.
    pub fn verify_csrf_token(&self, identity: &Identity, token: &str) -> bool {
        let Some((mac, random)) = token.split_once('.') else { return false };
        let mut bytes = [0; 16];
        let whole = matches!(URL_SAFE_NO_PAD.decode_slice(random, &mut bytes), Ok(16));
        let mac = URL_SAFE_NO_PAD.decode(mac).unwrap_or_default();
        whole && self.0.csrf.verify(&csrf_message(identity, &bytes), &mac)
    }

    /// Row k of [`rules`](crate::rules#authenticate) for a route that loads the user, who does not exist or is disabled
    /// although the access token is valid. With a bearer nothing is cleared.
    pub fn user_inactive(&self, identity: &Identity, now: Timestamp) -> Settlement {
        let cookies = match identity.source() {
            crate::decide::CredentialSource::Cookie => self.clear_cookies(),
            crate::decide::CredentialSource::Header => SetCookies::default(),
        };
        let decision = Decision::refused(Refusal::SessionRevoked, Reason::UserInactive).with_cookies(cookies);
        let session_id = identity.session_id().clone();
        let revoke = Some(Revocation { session_id, reason: RevocationReason::UserInactive, at: now });
        Settlement { decision, revoke }
    }

    /// Whether the user has proved who he is at most `max_age` ago, in whole seconds (OIDC `max_age`).
    ///
    /// A token without `auth_time` is not fresh. One of another node's clock may lie ahead by the leeway and no more: what
    /// lies further ahead would stay fresh until then.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use std::time::Duration;
    /// use cookiejwt_core::testing::{self, NOW};
    ///
    /// let (core, alice) = (testing::core(), testing::identity("alice"));
    /// let minutes = Duration::from_mins;
    /// assert!(core.check_fresh(&alice, minutes(5), NOW + minutes(5)).is_ok());
    /// let problem = core.check_fresh(&alice, minutes(5), NOW + minutes(6)).unwrap_err();
    /// assert_eq!(problem.code(), "fresh_login_required");
    /// # }
    /// ```
    pub fn check_fresh(
        &self,
        identity: &Identity,
        max_age: Duration,
        now: OffsetDateTime,
    ) -> Result<(), Problem> {
        let longest = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
        let age = identity.auth_time().map(|time| now.unix_timestamp().saturating_sub(time.unix_timestamp()));
        let earliest = self.config().ages.leeway.saturating_neg();
        match age {
            Some(age) if (earliest..=longest).contains(&age) => Ok(()),
            _ => Err(Problem::FreshLoginRequired { max_age }),
        }
    }

    pub(crate) fn verify_refresh(
        &self,
        token: &[u8],
        longest: usize,
        now: i64,
    ) -> Result<RefreshToken, TokenFault> {
        let verified = self.0.refresh.verify(token, longest)?;
        let claims = RefreshClaims::read(verified.payload(), self.expected_refresh())?;
        claims.check(self.expected_refresh(), now)?;
        Ok(RefreshToken { claims, text: String::from_utf8_lossy(token).into_owned() })
    }

    /// The claims of an access token that we signed, expired or not.
    pub(crate) fn signed_access(&self, token: &[u8], longest: usize) -> Option<AccessClaims> {
        let verified = self.0.access.verify(token, longest).ok()?;
        AccessClaims::read(verified.payload(), self.expected_access()).ok()
    }

    /// The claims of a refresh token that we signed, expired or not.
    pub(crate) fn signed_refresh(&self, token: &[u8], longest: usize) -> Option<RefreshClaims> {
        let verified = self.0.refresh.verify(token, longest).ok()?;
        RefreshClaims::read(verified.payload(), self.expected_refresh()).ok()
    }

    pub(crate) fn mint_refresh(&self, claims: RefreshClaims) -> Result<RefreshToken, MintError> {
        let text = self.0.refresh.sign(&claims.to_payload(self.parties()))?;
        Ok(RefreshToken { claims, text })
    }

    /// The access cookie and the refresh cookie, as they leave at `now` in seconds.
    pub(crate) fn pair(
        &self,
        access: &MintedAccess,
        refresh: &RefreshToken,
        now: i64,
    ) -> Result<SetCookies, MintError> {
        let until = |ends_at: i64| refresh.claims.remember.then_some(Life { now, ends_at });
        let access = self.0.cookies.access(&access.text, until(access.token.claims().expires_at))?;
        let refresh = self.0.cookies.refresh(&refresh.text, until(refresh.claims.expires_at))?;
        Ok(SetCookies::pair(access, refresh))
    }

    pub(crate) fn mint_failed(error: MintError) -> Decision {
        Decision::new(Outcome::Failed, Reason::MintFailed(error))
    }

    pub(crate) fn parties(&self) -> Parties<'_> {
        let Config { issuer, audience, realm, .. } = self.config();
        Parties { issuer, audience, realm: Some(realm.as_str()) }
    }

    fn expected_access(&self) -> Expected<'_> {
        let (ages, parties) = (self.config().ages, self.parties());
        Expected { parties, life: ages.access, session_life: ages.session, leeway: ages.leeway }
    }

    fn expected_refresh(&self) -> Expected<'_> {
        Expected { life: self.config().ages.refresh, ..self.expected_access() }
    }

    pub(crate) fn cookie_writer(&self) -> &CookieWriter {
        &self.0.cookies
    }

    pub(crate) fn throttle_key(&self) -> &HmacKey {
        &self.0.throttle
    }

    pub(crate) fn device_keys(&self) -> &[HmacKey] {
        &self.0.devices
    }

    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn access_jws(&self) -> &Jws {
        &self.0.access
    }

    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn refresh_jws(&self) -> &Jws {
        &self.0.refresh
    }
}

/// Lengths stand before the parts, so that no other session and random number give the same bytes.
fn csrf_message(identity: &Identity, random: &[u8; 16]) -> Vec<u8> {
    let session = identity.session_id().as_str().as_bytes();
    [&(session.len() as u64).to_be_bytes(), session, &16_u64.to_be_bytes(), random].concat()
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("config", &self.0.config).finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::{self, NOW};

    /// Fresh for five minutes; the leeway is five seconds.
    #[test]
    fn fresh_logins() {
        let core = testing::core();
        let at = |second| testing::access("1").auth_time(NOW + time::Duration::seconds(second));
        for (rule, token, age, fresh) in [
            ("just now", at(0), 0, true),
            ("at the boundary", at(0), 300, true),
            ("a second behind it", at(0), 301, false),
            ("long ago", at(0), 86_400, false),
            ("logged in long before the token was issued", at(-86_400), 0, false),
            ("ahead by another node's clock, within the leeway", at(5), 0, true),
            ("further ahead", at(6), 0, false),
            ("far ahead", at(86_400), 0, false),
            ("further ahead, until this clock has caught up", at(6), 1, true),
            ("unsaid", testing::access("1").without_auth_time(), 0, false),
        ] {
            let max_age = Duration::from_mins(5);
            let checked = core.check_fresh(&token.identity(), max_age, NOW + time::Duration::seconds(age));
            let expected = if fresh { Ok(()) } else { Err(Problem::FreshLoginRequired { max_age }) };
            assert_eq!(checked, expected, "{rule}");
        }
    }

    #[test]
    fn whole_seconds_are_compared() {
        let (core, alice) = (testing::core(), testing::identity("1"));
        let fresh = |max_age, age| core.check_fresh(&alice, max_age, NOW + age).is_ok();
        let (second, half) = (Duration::from_secs(1), Duration::from_millis(1500));
        assert!(fresh(second, half), "the token says whole seconds, so the part of one counts for nobody");
        assert!(!fresh(half, Duration::from_secs(2)));
        assert!(fresh(Duration::MAX, Duration::from_hours(24 * 365)));
        assert!(fresh(Duration::ZERO, Duration::ZERO) && !fresh(Duration::ZERO, second));
    }
}
