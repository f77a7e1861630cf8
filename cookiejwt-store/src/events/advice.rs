//! Advice for operators in the log: once each, with the values and the cure. It never changes a
//! response.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
};

use cookiejwt_core::{
    Config, Core, Reason,
    driver::{Assessment, RequestHead},
    fault::{CredentialName, CsrfDenial, DuplicateCookie},
    store::Timestamp,
};
use http::{HeaderName, header};
use tracing::warn;

use super::text::printable;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// A client that sends two cookies of one name does so in every request.
const BETWEEN_DUPLICATES_MILLIS: i64 = 60_000;

/// What was logged already, by one authenticator; a process usually has one.
#[derive(Debug)]
pub(crate) struct Advice {
    origin: Said,
    plain_http: Said,
    proxy: Said,
    missing_proxy: Said,
    forwarded: Said,
    missing_address: Said,
    other_deployment: Said,
    /// When the last event about a duplicate was, in Unix milliseconds.
    duplicate_at: AtomicI64,
}

#[derive(Debug, Default)]
struct Said(AtomicBool);

impl Said {
    /// True once.
    fn is_news(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }
}

impl Default for Advice {
    fn default() -> Self {
        Self {
            origin: Said::default(),
            plain_http: Said::default(),
            proxy: Said::default(),
            missing_proxy: Said::default(),
            forwarded: Said::default(),
            missing_address: Said::default(),
            other_deployment: Said::default(),
            duplicate_at: AtomicI64::new(i64::MIN),
        }
    }
}

impl Advice {
    /// Of settings that work, and yet are probably not meant.
    pub(crate) fn on_settings(config: &Config) {
        if !config.is_secure() {
            warn!("COOKIEJWT_SECURE is false: cookies travel over plain HTTP, for development only");
            return;
        }
        let exposed = |origin: &&String| Page::read(origin).is_some_and(|page| page.is_exposed());
        if let Some(origin) = config.trusted_origins().iter().find(exposed) {
            warn!(
                "COOKIEJWT_TRUSTED_ORIGINS contains {origin}: anyone on the network path can impersonate it and use the cookies: \
                 trust https"
            );
        }
    }

    /// Checks what the CSRF table refused, while the head is there.
    pub(crate) fn on_assessment(&self, assessment: &Assessment, config: &Config, head: &RequestHead<'_>) {
        if let Assessment::Settled(decision) = assessment
            && let Reason::Csrf(denial) = decision.reason
        {
            self.on_denial(denial, config, head);
        }
    }

    /// The same for a denial of the CSRF table.
    pub(crate) fn on_denial(&self, denial: CsrfDenial, config: &Config, head: &RequestHead<'_>) {
        if denial == CsrfDenial::ForeignOrigin {
            self.on_foreign_origin(config, head);
        }
    }

    /// The CSRF table refused a page that its proxy has probably made foreign.
    fn on_foreign_origin(&self, config: &Config, head: &RequestHead<'_>) {
        let Some(origin) = head.text(&header::ORIGIN) else { return };
        let Some(page) = Page::read(origin) else { return };
        let (asked, origin) = (head.authority().unwrap_or_default(), printable(origin));
        if config.is_secure() && page.is_exposed() && page.is_at(asked) {
            return self.on_plain_http(&origin);
        }
        let news = |differs: bool| differs && self.origin.is_news();
        match config.public_origin() {
            Some(public) if news(!public.eq_ignore_ascii_case(&origin)) => warn!(
                "a request was refused, because its Origin {origin} is neither COOKIEJWT_PUBLIC_ORIGIN={public} nor trusted: \
                 if it is your page, correct the setting, or add it to COOKIEJWT_TRUSTED_ORIGINS"
            ),
            None if news(!page.is_at(asked)) => warn!(
                "a request was refused, because its Origin {origin} is not the requested host, {asked}: if it is your \
                 page, let the proxy keep Host (nginx: `proxy_set_header Host $http_host`), or set \
                 COOKIEJWT_PUBLIC_ORIGIN={origin}",
                asked = printable(asked)
            ),
            _ => {}
        }
    }

    fn on_plain_http(&self, page: &str) {
        if self.plain_http.is_news() {
            warn!(
                "a page of {page} came over plain http, where browsers drop Secure cookies: serve it over https, or for \
                 development set COOKIEJWT_SECURE=false"
            );
        }
    }

    /// A login; `peer` is who the connection comes from.
    pub(crate) fn on_login(&self, core: &Core, head: &RequestHead<'_>, peer: Option<IpAddr>) {
        let config = core.config();
        let host = head.authority().unwrap_or_default();
        if config.is_secure() {
            let page =
                head.text(&header::ORIGIN).filter(|it| Page::read(it).is_some_and(|it| it.is_exposed()));
            let by_proxy = head.text(&X_FORWARDED_PROTO).is_some_and(|it| it.eq_ignore_ascii_case("http"));
            if let Some(page) = page {
                self.on_plain_http(&printable(page));
            } else if by_proxy && !is_near_host(host) {
                self.on_plain_http(&printable(&format!("http://{host}")));
            }
        }
        if let Some(peer) = peer.filter(|peer| config.trusted_proxies() == 0 && is_near(*peer)) {
            self.on_near_peer(peer, host, head.text(&X_FORWARDED_FOR).is_some());
        }
        if core.went_around_proxies(*head) && self.missing_proxy.is_news() {
            warn!(
                trusted_proxies = config.trusted_proxies(),
                "a login has fewer entries in X-Forwarded-For than COOKIEJWT_TRUSTED_PROXIES says: the address of the peer counts; \
                 if every request comes like this, set COOKIEJWT_TRUSTED_PROXIES to the number of proxies that append to it, else \
                 all users share one address and its limits on logins"
            );
        }
    }

    /// A peer in the local network that sends requests for others, or asks for a host that is not
    /// of it, looks like a proxy. The headers are not trusted for that: a client that reaches the
    /// application directly could write them.
    fn on_near_peer(&self, peer: IpAddr, host: &str, forwards: bool) {
        if forwards && self.proxy.is_news() {
            warn!(
                "X-Forwarded-For comes from {peer}, an address of your own network: behind a proxy set COOKIEJWT_TRUSTED_PROXIES to the \
                 number of proxies, else all users share its address and its limits on logins"
            );
        } else if !is_near_host(host) && self.proxy.is_news() {
            warn!(
                "a login to {host} comes from {peer}, an address of your own network: behind a proxy let it send X-Forwarded-For (nginx: \
                 `proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for`) and set COOKIEJWT_TRUSTED_PROXIES to the number \
                 of proxies, else all users share its address and its limits on logins",
                host = printable(host)
            );
        }
    }

    /// A proxy asks about another request, and is not trusted to say which method that has.
    pub(crate) fn on_forwarded(&self, core: &Core, head: &RequestHead<'_>) {
        if core.is_forwarded_by_stranger(*head) && self.forwarded.is_news() {
            warn!(
                trusted_proxies = core.config().trusted_proxies(),
                "token/verify/ was asked with X-Forwarded-Method or X-Original-Method, but with fewer entries in \
                 X-Forwarded-For than trusted proxies: every request counts as POST, so links from other sites are refused; if \
                 it is your proxy, let it append to X-Forwarded-For, and set COOKIEJWT_TRUSTED_PROXIES to the number of proxies \
                 that do"
            );
        }
    }

    /// A login without a client address.
    pub(crate) fn on_missing_address(&self) {
        if self.missing_address.is_news() {
            warn!(
                "a login came without a client address: it is throttled by account alone; with axum, serve \
                 `into_make_service_with_connect_info::<SocketAddr>()`, and behind proxies set \
                 COOKIEJWT_TRUSTED_PROXIES to their number"
            );
        }
    }

    fn on_other_deployment(&self, name: &str) {
        if self.other_deployment.is_news() {
            warn!(
                "a cookie {name} of another deployment comes beside ours, which counts: give each deployment names of its own \
                 (COOKIEJWT_ACCESS_NAME, COOKIEJWT_REFRESH_NAME), or the other one no COOKIEJWT_DOMAIN above this host"
            );
        }
    }

    /// Two cookies of one name; whether they are worth an event at this moment.
    pub(super) fn on_duplicate(&self, duplicate: DuplicateCookie, config: &Config, now: Timestamp) -> bool {
        if duplicate.other_deployment {
            let is_refresh = duplicate.credential == CredentialName::RefreshCookie;
            let name = if is_refresh { config.refresh_name() } else { config.access_name() };
            self.on_other_deployment(name);
        }
        self.is_duplicate_due(now.as_millis())
    }

    /// Whether a duplicate is worth an event at this moment.
    fn is_duplicate_due(&self, now_millis: i64) -> bool {
        let due = |last: i64| {
            let since = now_millis.saturating_sub(last);
            // A clock that was set back must not silence it.
            (!(0..BETWEEN_DUPLICATES_MILLIS).contains(&since)).then_some(now_millis)
        };
        self.duplicate_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, due).is_ok()
    }
}

/// Where a page comes from, as far as the log needs it.
struct Page<'a> {
    is_http: bool,
    authority: &'a str,
}

impl<'a> Page<'a> {
    fn read(origin: &'a str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        let is_http = scheme.eq_ignore_ascii_case("http");
        (is_http || scheme.eq_ignore_ascii_case("https")).then_some(Self { is_http, authority })
    }

    fn is_at(&self, authority: &str) -> bool {
        let port = if self.is_http { ":80" } else { ":443" };
        let without = |authority: &'a str| authority.strip_suffix(port).unwrap_or(authority);
        let asked = authority.strip_suffix(port).unwrap_or(authority);
        without(self.authority).eq_ignore_ascii_case(asked)
    }

    /// Over plain http, and not from this machine.
    fn is_exposed(&self) -> bool {
        let host = host_of(self.authority);
        let is_loopback = match host.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().is_loopback(),
            Err(_) => is_localhost(host),
        };
        self.is_http && !is_loopback
    }
}

fn host_of(authority: &str) -> &str {
    if let Some((address, _)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    authority.split(':').next().unwrap_or_default()
}

fn is_localhost(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// A host of the own machine or network: an address of it, or a name without a domain, as
/// containers have.
fn is_near_host(authority: &str) -> bool {
    let host = host_of(authority);
    host.parse().map_or_else(|_| is_localhost(host) || !host.contains('.'), is_near)
}

fn is_near(peer: IpAddr) -> bool {
    match peer.to_canonical() {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private() || peer.is_link_local(),
        IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local() || peer.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_the_own_machine_or_network() {
        for (authority, near) in [
            ("localhost:3000", true),
            ("shop.localhost", true),
            ("127.0.0.1:3000", true),
            ("[::1]:3000", true),
            ("[fd00::1]", true),
            ("10.1.2.3", true),
            ("172.17.0.2:80", true),
            ("169.254.1.1", true),
            ("app:3000", true),
            ("", true),
            ("shop.example", false),
            ("shop.example:8443", false),
            ("192.0.2.1", false),
            ("[2001:db8::1]:443", false),
        ] {
            assert_eq!(is_near_host(authority), near, "{authority}");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_silences_nothing() {
        let advice = Advice::default();
        for (now, due) in [(0, true), (59_999, false), (60_000, true), (1, true), (2, false), (-1, true)] {
            assert_eq!(advice.is_duplicate_due(now), due, "{now}");
        }
    }
}
