//! The warnings for operators, once each, with the values and the fix.

use cookiejwt_store::{
    Body, Caller, ConfigBuilder, LoginContext, Route,
    testing::{self, NOW},
};
use http::request::Parts;

use crate::{
    common::World,
    ear::{listening, warnings},
};

type Fields<'a> = &'a [(&'a str, &'a str)];

fn head(method: &str, fields: Fields<'_>) -> Parts {
    let request = http::Request::builder().method(method).uri("/api/auth/token/");
    let request = fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(()).unwrap().into_parts().0
}

fn dev(config: ConfigBuilder) -> ConfigBuilder {
    config.secure(false)
}

/// Every caller of the CSRF table: the endpoints of login and logout, a handler that authenticates.
async fn refused(world: &World, fields: Fields<'_>) {
    let api = world.auth.api();
    let head = head("POST", fields);
    let form = || Body::Complete(b"{\"username\":\"alice\",\"password\":\"x\"}".to_vec().into());
    for route in [Route::Login, Route::Logout] {
        let reply = api.handle(route, (&head).into(), form(), Caller::default()).await;
        assert_eq!(reply.status, 403, "{fields:?}");
    }
    let with_cookie = [fields, &[("cookie", "__Host-access_token=x"), ("cookie", "access_token=x")]].concat();
    let head = self::head("POST", &with_cookie);
    assert!(world.auth.authenticate(&head).await.optional().is_err(), "{fields:?}");
}

/// The warnings in this world, after running the story twice.
#[allow(clippy::needless_pass_by_value, reason = "closures")]
fn heard(change: fn(ConfigBuilder) -> ConfigBuilder, story: impl AsyncFn(&World)) -> Vec<String> {
    let ear = listening();
    ear.run(async {
        let world = World::with(change(testing::config()));
        story(&world).await;
        story(&world).await;
    });
    warnings(&ear.log())
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn a_page_that_a_proxy_has_made_foreign() {
    const CURE: &str = "if it is your page, let the proxy keep Host (nginx: `proxy_set_header Host $http_host`), or set \
                        COOKIEJWT_PUBLIC_ORIGIN=";
    let not_asked = |origin: &str, asked: &str| {
        format!(
            "a request was refused, because its Origin {origin} is not the requested host, {asked}: {CURE}{origin}"
        )
    };
    let public = |config: ConfigBuilder| config.public_origin("https://shop.example");
    let as_it_is: fn(ConfigBuilder) -> ConfigBuilder = |config| config;
    for (rule, config, fields, expected) in [
        (
            "another host",
            as_it_is,
            &[("origin", "https://a:8443"), ("host", "127.0.0.1:3000")][..],
            vec![not_asked("https://a:8443", "127.0.0.1:3000")],
        ),
        (
            "a proxy that drops the port",
            as_it_is,
            &[("origin", "https://a.example:8443"), ("host", "a.example")],
            vec![not_asked("https://a.example:8443", "a.example")],
        ),
        (
            "the public origin is another",
            public,
            &[("origin", "https://shop.example:8443"), ("host", "app:3000")],
            vec![
                "a request was refused, because its Origin https://shop.example:8443 is neither \
                 COOKIEJWT_PUBLIC_ORIGIN=https://shop.example nor trusted: if it is your page, correct the setting, or add it \
                 to COOKIEJWT_TRUSTED_ORIGINS"
                    .to_owned(),
            ],
        ),
        (
            "over plain http, with Secure cookies",
            as_it_is,
            &[("origin", "http://app.test:8080"), ("host", "app.test:8080")],
            vec![
                "a page of http://app.test:8080 came over plain http, where browsers drop Secure cookies: serve it over https, \
                 or for development set COOKIEJWT_SECURE=false"
                    .to_owned(),
            ],
        ),
        ("null", as_it_is, &[("origin", "null"), ("host", "a.example")], vec![]),
        ("Fetch Metadata says another site", as_it_is, &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")], vec![]),
        (
            "nothing ends a line of the log",
            as_it_is,
            &[("origin", "https://a\tb"), ("host", "c.example")],
            vec![not_asked(r"https://a\tb", "c.example")],
        ),
    ] {
        assert_eq!(heard(config, async |world| refused(world, fields).await), expected, "{rule}");
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn a_proxy_that_is_not_known_and_a_login_over_plain_http() {
    let said = |from: &str, host: &str| {
        format!(
            "a login to {host} comes from {from}, an address of your own network: behind a proxy let it send X-Forwarded-For (nginx: \
             `proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for`) and set COOKIEJWT_TRUSTED_PROXIES to the number of \
             proxies, else all users share its address and its limits on logins"
        )
    };
    let forwarded = |from: &str| {
        format!(
            "X-Forwarded-For comes from {from}, an address of your own network: behind a proxy set COOKIEJWT_TRUSTED_PROXIES to the number \
             of proxies, else all users share its address and its limits on logins"
        )
    };
    let plain = |page: &str| {
        format!(
            "a page of {page} came over plain http, where browsers drop Secure cookies: serve it over https, or for development \
             set COOKIEJWT_SECURE=false"
        )
    };
    let as_it_is: fn(ConfigBuilder) -> ConfigBuilder = |config| config;
    let told: fn(ConfigBuilder) -> ConfigBuilder = |config| config.trusted_proxies(1);
    let trusting: fn(ConfigBuilder) -> ConfigBuilder = |config| config.trusted_origin("https://x.example");
    let xff = ("x-forwarded-for", "192.0.2.1");
    let shop = ("host", "shop.example");
    for (rule, config, peer, fields, expected) in [
        (
            "loopback, a public host",
            as_it_is,
            "127.0.0.1",
            &[shop][..],
            vec![said("127.0.0.1", "shop.example")],
        ),
        ("a container's bridge", as_it_is, "172.17.0.1", &[shop], vec![said("172.17.0.1", "shop.example")]),
        ("unique local", as_it_is, "fd00::1", &[shop], vec![said("fd00::1", "shop.example")]),
        (
            "X-Forwarded-For",
            as_it_is,
            "127.0.0.1",
            &[("host", "localhost"), xff],
            vec![forwarded("127.0.0.1")],
        ),
        ("both, once", as_it_is, "10.0.0.1", &[shop, xff], vec![forwarded("10.0.0.1")]),
        ("told", told, "127.0.0.1", &[shop, xff], vec![]),
        ("from outside", as_it_is, "192.0.2.1", &[shop, xff], vec![]),
        ("development", as_it_is, "127.0.0.1", &[("host", "localhost:3000")], vec![]),
        ("development on a port of IPv6", as_it_is, "::1", &[("host", "[::1]:3000")], vec![]),
        ("on the own network", as_it_is, "192.168.0.7", &[("host", "192.168.0.2:3000")], vec![]),
        ("a container's name", as_it_is, "172.17.0.1", &[("host", "app:3000")], vec![]),
        (
            "plain http, as the proxy says",
            as_it_is,
            "192.0.2.1",
            &[shop, ("x-forwarded-proto", "http")],
            vec![plain("http://shop.example")],
        ),
        ("https, as the proxy says", as_it_is, "192.0.2.1", &[shop, ("x-forwarded-proto", "https")], vec![]),
        (
            "plain http on the own machine",
            as_it_is,
            "127.0.0.1",
            &[("host", "localhost"), ("origin", "http://localhost")],
            vec![],
        ),
        (
            "plain http, as the page says",
            as_it_is,
            "192.0.2.1",
            &[shop, ("origin", "http://shop.example")],
            vec![plain("http://shop.example")],
        ),
        (
            "a trusted page over https",
            trusting,
            "192.0.2.1",
            &[shop, ("origin", "https://x.example")],
            vec![],
        ),
    ] {
        let login = async |world: &World| {
            let head = head("POST", fields);
            let _ = LoginContext::from_head(&world.auth, (&head).into(), Some(peer.parse().unwrap()));
        };
        assert_eq!(heard(config, login), expected, "{rule}");
    }
}

#[test]
fn settings_that_are_probably_not_meant() {
    let as_it_is: fn(ConfigBuilder) -> ConfigBuilder = |config| config;
    let trusting: fn(ConfigBuilder) -> ConfigBuilder =
        |config| config.trusted_origin("https://a.example").trusted_origin("http://b.example");
    let own: fn(ConfigBuilder) -> ConfigBuilder =
        |config| config.trusted_origin("http://localhost:5173").trusted_origin("http://127.0.0.1:5173");
    let exposed = "COOKIEJWT_TRUSTED_ORIGINS contains http://b.example: anyone on the network path can impersonate it and use \
                   the cookies: trust https";
    let plain = "COOKIEJWT_SECURE is false: cookies travel over plain HTTP, for development only";
    for (rule, config, expected) in [
        ("as it is", as_it_is, vec![]),
        ("a trusted page over http", trusting, vec![exposed]),
        ("on this machine", own, vec![]),
        (
            "plain http altogether",
            |config: ConfigBuilder| dev(config).trusted_origin("http://b.example"),
            vec![plain],
        ),
    ] {
        assert_eq!(heard(config, async |_| ()), expected, "{rule}");
    }
}

#[test]
fn a_cookie_of_another_deployment() {
    let secret =
        cookiejwt_store::Secret::from_base64("NdJxcwgzwPUhp9sA8I8iO4uLTqbP1uHi9QIvUIdgDCg=").unwrap();
    let production = cookiejwt_store::Core::new(testing::config().secret(secret).build().unwrap());
    let theirs = testing::access("1").issued_at(NOW).by(&production).cookie();
    let ear = listening();
    ear.run(async {
        let world = World::new();
        let ours = world.login("alice").await.jar.field().unwrap();
        for cookies in [format!("{ours}; {theirs}"), format!("{theirs}; {ours}")] {
            let head = head("GET", &[("cookie", &cookies)]);
            assert!(world.auth.authenticate(&head).await.identity().is_some());
        }
    });
    let told = warnings(&ear.log()).into_iter().filter(|line| !line.contains("without a client address"));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "a cookie __Host-access_token of another deployment comes beside ours, which counts: give each deployment names of its \
             own (COOKIEJWT_ACCESS_NAME, COOKIEJWT_REFRESH_NAME), or the other one no COOKIEJWT_DOMAIN above this host"
        ]
    );
}

/// A browser with two cookies of one name sends them with every request.
#[test]
fn a_duplicate_is_reported_once_a_minute() {
    let ear = listening();
    ear.run(async {
        let world = World::new();
        let jar = world.login("alice").await.jar.field().unwrap();
        let head = head("GET", &[("cookie", &format!("{jar}; {jar}"))]);
        for _ in 0..3 {
            for _ in 0..3 {
                let _ = world.auth.authenticate(&head).await;
            }
            world.advance(59);
            let _ = world.auth.authenticate(&head).await;
            world.advance(1);
        }
    });
    assert_eq!(
        ear.log().matches("duplicate_cookie credential=\"refresh_cookie\" other_deployment=false").count(),
        3,
        "{}",
        ear.log()
    );
    let counters = ear.counters();
    let told: Vec<_> = counters.iter().filter(|(name, _)| name.contains("duplicate_cookies")).collect();
    assert_eq!(told, [(&"cookiejwt_duplicate_cookies_total{beside=ours}".to_owned(), &3)]);
}
