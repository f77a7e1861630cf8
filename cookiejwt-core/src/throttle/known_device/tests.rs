//! When a device is known, and when its cookie is set.

use std::collections::HashSet;

use http::Request;

use super::*;
use crate::{
    config::{Config, ConfigBuilder, CredentialOrder, Secret},
    decide::{Core, Login, LoginRequest, SessionTerms},
    session::LoginIds,
    testing::{self, NOW},
    token::CustomClaims,
};

const NAME: &str = "__Host-known_device";
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA";
const OTHER_SECRET: &str = "+/++AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0=";

fn core(change: fn(ConfigBuilder) -> ConfigBuilder) -> Core {
    Core::new(change(testing::config()).build().unwrap())
}

fn other_secret() -> Secret {
    Secret::from_base64(OTHER_SECRET).unwrap()
}

/// A login that this request asks for, before any device is remembered.
fn login(core: &Core, subject: &str, session: &str, remember: bool, mode: &str) -> Login {
    let (head, ()) = Request::post("/").header("cookiejwt-mode", mode).body(()).unwrap().into_parts();
    let request = LoginRequest {
        subject: subject.into(),
        claims: CustomClaims::default(),
        terms: SessionTerms::remembering(remember),
        replaces: None,
        client: crate::decide::ClientInfo::default(),
        mode: core.mode(&head),
        ids: LoginIds { session: session.into(), ..LoginIds::from_random([7; 16], [8; 32]) },
    };
    core.login(request, NOW).unwrap()
}

fn lines(login: &Login) -> Vec<String> {
    login.cookies.iter().map(|cookie| cookie.line().to_str().unwrap().to_owned()).collect()
}

/// The pair that a browser keeps of alice's login.
fn pair(core: &Core, session: &str, hash: &str) -> String {
    let login = core.remember_device(login(core, "alice", session, true, "cookie"), Some(hash));
    let line = lines(&login).pop().unwrap();
    line.split(';').next().unwrap().to_owned()
}

/// The device that this `Cookie` field shows for this account.
fn known(core: &Core, cookies: &str, subject: Option<&str>, hash: Option<&str>) -> Option<String> {
    let (head, ()) = Request::post("/").header("cookie", cookies).body(()).unwrap().into_parts();
    let presented = core.presented_devices(&head);
    let subject = subject.map(Subject::from);
    core.known_device(&presented, subject.as_ref(), hash).map(|device| device.as_str().to_owned())
}

#[test]
fn the_third_line_of_a_login_that_is_remembered() {
    let secure = core(|config| config);
    let device = secure.remember_device(login(&secure, "alice", "s", true, "cookie"), Some(HASH));
    let lines = lines(&device);
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("__Host-access_token=") && lines[1].starts_with("__Host-refresh_token="));
    let (value, attributes) = lines[2].split_once(';').unwrap();
    assert_eq!(
        attributes,
        " Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=15552000; Expires=Tue, 30 Jun 2026 12:00:00 GMT"
    );
    let (id, mac) = value.strip_prefix("__Host-known_device=").unwrap().split_once('.').unwrap();
    assert_eq!((id, mac.len()), ("s", 43));
    let again = secure.remember_device(device, Some("another hash"));
    assert_eq!(again.cookies.iter().count(), 3, "one line per name");
    assert_ne!(self::lines(&again)[2], lines[2]);
}

#[test]
fn where_no_device_is_remembered() {
    for (rule, change, remember, mode, hash, expected) in [
        (
            "a login that is remembered",
            (|c| c) as fn(ConfigBuilder) -> ConfigBuilder,
            true,
            "cookie",
            Some(HASH),
            3,
        ),
        ("one that is not", |c| c, false, "cookie", Some(HASH), 2),
        ("a user without a password, at whom nobody can guess", |c| c, true, "cookie", None, 2),
        ("switched off", |c| c.known_devices(false), true, "cookie", Some(HASH), 2),
        ("token mode", |c| c.token_mode(true), true, "token", Some(HASH), 0),
        (
            "where no cookie is read",
            |c| c.credentials(CredentialOrder::HeaderOnly),
            true,
            "cookie",
            Some(HASH),
            2,
        ),
    ] {
        let core = core(change);
        let login = core.remember_device(login(&core, "alice", "s", remember, mode), hash);
        assert_eq!(login.cookies.iter().count(), expected, "{rule}");
    }
}

#[test]
fn whose_device_it_is() {
    let core = core(|config| config);
    let own = pair(&core, "s", HASH);
    let forged = |from: &str, to: &str| own.replacen(from, to, 1);
    let (alice, hash) = (Some("alice"), Some(HASH));
    for (rule, cookies, subject, hash, expected) in [
        ("alice's own", own.clone(), alice, hash, Some("s")),
        ("among others", format!("a=1; {own}; b=2"), alice, hash, Some("s")),
        ("bob's login", own.clone(), Some("bob"), hash, None),
        ("a new password", own.clone(), alice, Some("another"), None),
        ("no password any more", own.clone(), alice, None, None),
        ("nobody has this name", own.clone(), None, None, None),
        ("another id", forged("=s.", "=t."), alice, hash, None),
        ("no id", forged("=s.", "=."), alice, hash, None),
        ("no signature", format!("{NAME}=s"), alice, hash, None),
        ("an empty signature", format!("{NAME}=s."), alice, hash, None),
        ("a part of the signature", own[..own.len() - 1].to_owned(), alice, hash, None),
        ("another name", forged("__Host-", ""), alice, hash, None),
        ("a name that a sibling wrote", forged("__Host-", "%5F%5FHost-"), alice, hash, None),
        ("behind junk of its name", format!("{NAME}=x; {NAME}=y; {own}"), alice, hash, Some("s")),
        ("the fourth of its name", format!("{NAME}=x; {NAME}=y; {NAME}=z; {own}"), alice, hash, Some("s")),
        (
            "the fifth is not looked at",
            format!("{NAME}=; {NAME}=; {NAME}=; {NAME}=; {own}"),
            alice,
            hash,
            None,
        ),
        ("too long", format!("{NAME}={}", "s".repeat(200)), alice, hash, None),
    ] {
        assert_eq!(known(&core, &cookies, subject, hash).as_deref(), expected, "{rule}");
    }
}

#[test]
fn which_settings_know_the_device() {
    let own = pair(&core(|config| config), "s", HASH);
    for (rule, change, expected) in [
        ("the same", (|c| c) as fn(ConfigBuilder) -> ConfigBuilder, Some("s")),
        ("switched off", |c| c.known_devices(false), None),
        ("another secret", |c| c.secret(other_secret()), None),
        ("no cookies", |c| c.credentials(CredentialOrder::HeaderOnly), None),
    ] {
        assert_eq!(known(&core(change), &own, Some("alice"), Some(HASH)).as_deref(), expected, "{rule}");
    }
    let before = Core::new(testing::config().secret(other_secret()).build().unwrap());
    let after = Core::new(testing::config().previous_secret(other_secret()).build().unwrap());
    let own = pair(&before, "s", HASH);
    assert_eq!(known(&after, &own, Some("alice"), Some(HASH)).as_deref(), Some("s"), "the secret before");
    assert_ne!(own, pair(&after, "s", HASH), "signs no more");
}

#[test]
fn in_token_mode_no_cookie_is_read() {
    let core = core(|config| config.token_mode(true));
    let own = pair(&core, "s", HASH);
    let request = Request::post("/").header("cookie", &own).header("cookiejwt-mode", "token");
    let (head, ()) = request.body(()).unwrap().into_parts();
    let presented = core.presented_devices(&head);
    assert_eq!(core.known_device(&presented, Some(&"alice".into()), Some(HASH)), None);
}

#[test]
fn the_name_has_the_realm_and_the_prefix() {
    for (secure, realm, expected) in [
        (true, "", "__Host-known_device"),
        (true, "staff", "__Host-staff_known_device"),
        (false, "", "known_device"),
        (false, "staff", "staff_known_device"),
    ] {
        let config = testing::config().secure(secure).realm(realm);
        let config = if realm.is_empty() { testing::config().secure(secure) } else { config };
        let core = Core::new(config.build().unwrap());
        let own = pair(&core, "s", HASH);
        assert_eq!(own.split_once('=').unwrap().0, expected);
        assert_eq!(known(&core, &own, Some("alice"), Some(HASH)).as_deref(), Some("s"), "{expected}");
    }
}

/// Alice of the shop and alice of the staff are two people, whatever the cookie is called.
#[test]
fn another_realm_does_not_know_the_device() {
    let (shop, staff) = (core(|config| config), core(|config| config.realm("staff")));
    let renamed = pair(&shop, "s", HASH).replacen("__Host-", "__Host-staff_", 1);
    assert_eq!(known(&staff, &renamed, Some("alice"), Some(HASH)), None);
    let renamed = pair(&staff, "s", HASH).replacen("__Host-staff_", "__Host-", 1);
    assert_eq!(known(&shop, &renamed, Some("alice"), Some(HASH)), None);
}

#[test]
fn it_stays_with_this_host_and_away_from_scripts_whatever_the_others_do() {
    let wide = |config: ConfigBuilder| {
        let named = config.access_name("__Secure-a").refresh_name("__Secure-r").partitioned(true);
        named.domain("shop.example").path("/app").dangerous_script_readable_cookies()
    };
    let wide = Core::new(wide(testing::config()).build().unwrap());
    let login = wide.remember_device(login(&wide, "alice", "s", true, "cookie"), Some(HASH));
    let line = lines(&login).pop().unwrap();
    assert!(line.starts_with("__Host-known_device=s."), "{line}");
    assert!(
        line.contains("; Path=/; Secure; HttpOnly; SameSite=Lax; Partitioned; Max-Age=15552000; Expires="),
        "{line}"
    );
    let secret = Secret::from_base64(OTHER_SECRET).unwrap();
    let dev = Config::dev_http().secret(secret).issuer("i").audience("a").build().unwrap();
    let dev = Core::new(dev);
    let login = dev.remember_device(self::login(&dev, "alice", "s", true, "cookie"), Some(HASH));
    let line = lines(&login).pop().unwrap();
    assert!(line.starts_with("known_device=s.") && !line.contains("Secure"), "{line}");
}

#[test]
fn a_name_that_is_taken_is_refused() {
    for (setting, config) in [
        ("COOKIEJWT_ACCESS_NAME", testing::config().access_name(NAME)),
        ("COOKIEJWT_REFRESH_NAME", testing::config().refresh_name(NAME)),
    ] {
        assert_eq!(config.build().unwrap_err().setting(), setting);
    }
}

#[test]
fn a_logout_does_not_forget_the_device_and_a_session_says_nothing_of_another() {
    let core = core(|config| config);
    let names = |cookies: &crate::response::SetCookies| -> Vec<_> {
        cookies.iter().map(|cookie| cookie.name().to_owned()).collect()
    };
    assert_eq!(names(&core.logout_cookies()), ["__Host-access_token", "__Host-refresh_token"]);
    let values: HashSet<_> = ["s", "t", "u"].map(|session| pair(&core, session, HASH)).into();
    assert_eq!(values.len(), 3, "each login makes a device of its own");
}

#[test]
fn nothing_of_it_is_printed() {
    let core = core(|config| config);
    let own = pair(&core, "s", HASH);
    let (head, ()) = Request::post("/").header("cookie", own).body(()).unwrap().into_parts();
    assert_eq!(format!("{:?}", core.presented_devices(&head)), "PresentedDevices(1)");
}
