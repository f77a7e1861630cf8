//! The built-in routes as Rocket mounts them: every method, both forms of a path, the limit of a
//! body.

#![allow(clippy::needless_pass_by_value, reason = "guards come as values")]

use cookiejwt_rocket::{Identity, RocketAuth as _};
use rocket::{delete, get, http::uri::Host, patch, post, put, routes};

use crate::common::{Leaving, World, application, bare, code, leaving, request, send, start};

const METHODS: [&str; 9] = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "TRACE", "CONNECT", "PATCH"];
const LOGIN: &str = "/api/auth/token/";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

#[rocket::async_test]
async fn every_path_in_both_forms_for_every_method() {
    let world = World::default();
    let client = start(application(&world, Vec::new())).await;
    for (path, of_nobody, allowed) in [
        ("/api/auth/token", 415, "POST"),
        ("/api/auth/token/refresh", 401, "POST"),
        ("/api/auth/token/blacklist", 200, "POST"),
        ("/api/auth/logout", 200, "POST"),
        ("/api/auth/token/verify", 401, "POST, GET, HEAD"),
    ] {
        for method in METHODS {
            for path in [path.to_owned(), format!("{path}/"), format!("{path}/?next=1"), format!("/{path}//")]
            {
                let answer = send(request(&client, method, &path, &[])).await;
                let rule = format!("{method} {path}");
                let is_allowed = allowed.split(", ").any(|allowed| allowed == method);
                let (status, allow) = if is_allowed { (of_nobody, "") } else { (405, allowed) };
                assert_eq!((answer.status, &*answer.field("allow")), (status, allow), "{rule}");
                assert_eq!(answer.body.is_empty(), method == "HEAD", "{rule}");
                assert!(status != 405 || method == "HEAD" || code(&answer) == "method_not_allowed", "{rule}");
            }
        }
    }
    for path in ["/api/auth", "/api/auth/", "/api/auth/token/other", "/token"] {
        assert_eq!(send(request(&client, "POST", path, &[])).await.status, 404, "{path}");
    }
}

#[rocket::async_test]
async fn mounted_under_a_base() {
    let world = World::default();
    let client = start(bare().mount("/v1", world.auth.routes())).await;
    for path in ["/v1/api/auth/logout", "/v1/api/auth/logout/"] {
        assert_eq!(send(request(&client, "POST", path, &[])).await.status, 200, "{path}");
    }
}

/// A catch-all route of the application hides none of them.
#[rocket::async_test]
async fn beside_a_route_for_everything() {
    #[post("/<_..>", data = "<_body>")]
    fn everything(_body: String) -> &'static str {
        "everything"
    }
    let world = World::default();
    let client = start(application(&world, routes![everything])).await;
    assert_eq!(send(request(&client, "POST", "/api/auth/logout", &[])).await.body, "{}");
    assert_eq!(send(request(&client, "POST", "/api/auth/other", &[])).await.body, "everything");
}

fn login(size: usize) -> String {
    let body = r#"{"username":"alice","password":"alice-pw"}"#;
    format!("{body}{}", " ".repeat(size - body.len()))
}

#[rocket::async_test]
async fn bodies() {
    let world = World::default();
    let client = start(application(&world, Vec::new())).await;
    let form = "username=alice&password=alice-pw";
    for (rule, path, media_type, body, status) in [
        ("a login", LOGIN, JSON, login(100), 200),
        ("a form", LOGIN, FORM, form.into(), 200),
        ("16 KiB", LOGIN, JSON, login(16 * 1024), 200),
        ("16 KiB and a byte", LOGIN, JSON, login(16 * 1024 + 1), 413),
        ("a mebibyte", LOGIN, JSON, login(1024 * 1024), 413),
        ("nothing", LOGIN, JSON, String::new(), 400),
        ("of another type", LOGIN, "text/plain", login(100), 415),
        ("that is not read", "/api/auth/logout/", JSON, login(1024 * 1024), 200),
    ] {
        let answer = send(request(&client, "POST", path, &[("Content-Type", media_type)]).body(body)).await;
        assert_eq!(answer.status, status, "{rule}: {}", answer.body);
        let left = match (status, path) {
            (200, LOGIN) => Leaving::Both,
            (200, _) => Leaving::Cleared,
            _ => Leaving::Nothing,
        };
        assert_eq!(leaving(&answer), left, "{rule}");
    }
}

/// `X-Real-IP` is controlled by the client.
#[rocket::async_test]
async fn the_address_is_that_of_the_connection() {
    let world = World::default();
    let client = start(application(&world, Vec::new())).await;
    let fields = [("Content-Type", JSON), ("X-Real-IP", "6.6.6.6"), ("X-Forwarded-For", "6.6.6.6")];
    for (rule, remote, ip) in
        [("known", Some(([9, 9, 9, 9], 1).into()), Some("9.9.9.9")), ("unknown", None, None)]
    {
        let login = request(&client, "POST", LOGIN, &fields).body(login(100));
        let login = if let Some(remote) = remote { login.remote(remote) } else { login };
        assert_eq!(send(login).await.status, 200, "{rule}");
        let session = world.store.created().pop().expect("a session");
        assert_eq!(world.row(&session).await.ip.as_deref(), ip, "{rule}");
    }
}

mod override_routes {
    use super::*;

    #[get("/thing")]
    pub(super) fn read(who: Identity) -> String {
        format!("GET {}", who.subject())
    }

    #[put("/thing")]
    pub(super) fn change(who: Identity) -> String {
        format!("PUT {}", who.subject())
    }

    #[delete("/thing")]
    pub(super) fn remove(who: Identity) -> String {
        format!("DELETE {}", who.subject())
    }

    #[patch("/thing")]
    pub(super) fn patch(who: Identity) -> String {
        format!("PATCH {}", who.subject())
    }

    #[post("/thing")]
    pub(super) fn create(who: Identity) -> String {
        format!("POST {}", who.subject())
    }
}

/// Rocket changes the method of a form before any handler sees the request; a request from another
/// site stays unsafe.
#[rocket::async_test]
async fn method_overrides_never_make_a_form_safe() {
    use override_routes::{change, create, patch, read, remove};
    let world = World::default();
    let cookies = world.log_in("alice").await.cookies();
    let client = start(application(&world, routes![read, change, remove, patch, create])).await;
    let multipart = "multipart/form-data; boundary=x";
    for (rule, media_type, body, routed) in [
        ("GET", FORM, "_method=GET", "GET"),
        ("get", FORM, "_method=get&x=1", "GET"),
        ("HEAD", FORM, "_method=head&x=1", ""),
        ("OPTIONS is longer than Rocket reads", FORM, "_method=OPTIONS", "POST"),
        ("PUT", FORM, "_method=PUT&x=1", "PUT"),
        ("DELETE", FORM, "_method=DELETE", "DELETE"),
        ("PATCH", FORM, "_method=PATCH", "PATCH"),
        ("a charset", "application/x-www-form-urlencoded; charset=utf-8", "_method=GET", "GET"),
        ("capitals", "APPLICATION/X-WWW-FORM-URLENCODED", "_method=GET", "GET"),
        ("not the first field", FORM, "x=1&_method=GET", "POST"),
        ("multipart, which Rocket does not rewrite", multipart, "_method=GET", "POST"),
        ("none", FORM, "x=12345678", "POST"),
    ] {
        let from = async |site: &str| {
            let fields = [("Cookie", &*cookies), ("Content-Type", media_type), ("Sec-Fetch-Site", site)];
            send(request(&client, "POST", "/thing", &fields).body(body)).await
        };
        let ours = from("same-origin").await;
        let (foreign, same_site) = (from("cross-site").await, from("same-site").await);
        // The response to HEAD has no body.
        let said = if routed.is_empty() { String::new() } else { format!("{routed} 1") };
        assert_eq!((ours.status, ours.body.as_str()), (200, said.as_str()), "{rule}");
        assert_eq!((foreign.status, same_site.status), (403, 403), "{rule}");
    }
}

/// The same trick on the built-in routes.
#[rocket::async_test]
async fn method_overrides_on_the_endpoints() {
    let world = World::default();
    let alice = world.log_in("alice").await;
    let client = start(application(&world, Vec::new())).await;
    for (rule, path, method, site, status) in [
        ("a login that calls itself GET", LOGIN, "GET", "cross-site", 405),
        ("a logout that calls itself GET", "/api/auth/logout/", "GET", "cross-site", 405),
        ("a logout that calls itself POST", "/api/auth/logout/", "POST", "cross-site", 403),
        ("our logout", "/api/auth/logout/", "POST", "same-origin", 200),
    ] {
        let (cookies, body) = (alice.cookies(), format!("_method={method}&username=alice&password=alice-pw"));
        let fields = [("Cookie", &*cookies), ("Content-Type", FORM), ("Sec-Fetch-Site", site)];
        let answer = send(request(&client, "POST", path, &fields).body(body)).await;
        assert_eq!(answer.status, status, "{rule}");
        let left = if status == 200 { Leaving::Cleared } else { Leaving::Nothing };
        assert_eq!(leaving(&answer), left, "{rule}");
    }
}

/// Rocket keeps HTTP/2's `:authority` separate from the fields; a `Host` field takes precedence.
#[rocket::async_test]
async fn authorities() {
    let world = World::default();
    let client = start(application(&world, Vec::new())).await;
    for (rule, authority, hosts, origin, status) in [
        ("HTTP/2", Some("app.example"), vec![], "https://app.example", 200),
        ("HTTP/2 with a port", Some("app.example:8443"), vec![], "https://app.example:8443", 200),
        ("HTTP/2 with an IPv6 address", Some("[::1]:8443"), vec![], "https://[::1]:8443", 200),
        ("HTTP/2, another site", Some("app.example"), vec![], "https://evil.example", 403),
        ("HTTP/1", Some("app.example"), vec!["app.example"], "https://app.example", 200),
        ("HTTP/1, another site", Some("app.example"), vec!["app.example"], "https://evil.example", 403),
        ("two hosts", Some("a.example"), vec!["a.example", "b.example"], "https://a.example", 403),
        ("two hosts, the other", Some("a.example"), vec!["a.example", "b.example"], "https://b.example", 403),
        ("no host", None, vec![], "https://app.example", 403),
    ] {
        let hosts = hosts.iter().map(|host| ("Host", *host));
        let fields: Vec<_> = hosts.chain([("Origin", origin)]).collect();
        let mut logout = request(&client, "POST", "/api/auth/logout/", &fields);
        if let Some(authority) = authority {
            logout.inner_mut().set_host(Host::parse(authority).unwrap());
        }
        assert_eq!(send(logout).await.status, status, "{rule}");
    }
}
