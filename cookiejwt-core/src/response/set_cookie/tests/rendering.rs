//! How each `Set-Cookie` line is rendered.

use proptest::prelude::*;

use super::{
    super::{CookieWriter, Life},
    in_attributes, life, settings,
};
use crate::{
    config::{CookieSettings, SameSite},
    response::set_cookie::SetCookie,
    token::MintError,
};

const DAY: i64 = 86_400;

fn line(cookie: &SetCookie) -> String {
    cookie.line().to_str().unwrap().to_owned()
}

fn cleared(settings: &CookieSettings) -> Vec<String> {
    CookieWriter::new(settings).clear_both().iter().map(line).collect()
}

#[test]
fn the_lines_of_the_wire_contract() {
    let writer = CookieWriter::new(&settings());
    for (rule, cookie, expected) in [
        (
            "access",
            writer.access("a.b.c", Some(life(300))),
            "__Host-access_token=a.b.c; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=300; \
             Expires=Thu, 01 Jan 2026 12:05:00 GMT",
        ),
        (
            "refresh",
            writer.refresh("d.e.f", Some(life(DAY))),
            "__Host-refresh_token=d.e.f; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=86400; \
             Expires=Fri, 02 Jan 2026 12:00:00 GMT",
        ),
        (
            "access, not remembered",
            writer.access("a.b.c", None),
            "__Host-access_token=a.b.c; Path=/; Secure; HttpOnly; SameSite=Lax",
        ),
        (
            "refresh, not remembered",
            writer.refresh("d.e.f", None),
            "__Host-refresh_token=d.e.f; Path=/; Secure; HttpOnly; SameSite=Lax",
        ),
    ] {
        assert_eq!(line(&cookie.unwrap()), expected, "{rule}");
    }
    let behind = "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    let expected = ["access", "refresh"].map(|kind| format!("__Host-{kind}_token={behind}"));
    assert_eq!(cleared(&settings()), expected, "clearing");
}

/// Attributes in the order of the wire contract, put together in another way than the code does.
fn expected_attributes(settings: &CookieSettings) -> Vec<String> {
    let domain = settings.domain.iter().map(|domain| format!("Domain={domain}"));
    let flag = |set: bool, name: &str| set.then(|| name.to_owned());
    let same_site = match settings.same_site {
        SameSite::Lax => "SameSite=Lax",
        SameSite::Strict => "SameSite=Strict",
        SameSite::None => "SameSite=None",
    };
    let mut attributes = vec![format!("Path={}", settings.path)];
    attributes.extend(domain);
    attributes.extend(flag(settings.secure, "Secure"));
    attributes.extend(flag(settings.http_only, "HttpOnly"));
    attributes.push(same_site.to_owned());
    attributes.extend(flag(settings.partitioned, "Partitioned"));
    attributes
}

fn every_combination() -> Vec<CookieSettings> {
    let mut all = Vec::new();
    for (domain, path) in [(None, "/"), (None, "/app"), (Some("a.example"), "/")] {
        for same_site in [SameSite::Lax, SameSite::Strict, SameSite::None] {
            for bits in 0..8 {
                all.push(CookieSettings {
                    domain: domain.map(Into::into),
                    path: path.into(),
                    same_site,
                    secure: bits & 1 != 0,
                    http_only: bits & 2 != 0,
                    partitioned: bits & 4 != 0,
                    ..settings()
                });
            }
        }
    }
    all
}

#[test]
fn every_combination_of_attributes_is_written_in_order() {
    let combinations = every_combination();
    assert_eq!(combinations.len(), 72);
    for settings in combinations {
        let writer = CookieWriter::new(&settings);
        let attributes = expected_attributes(&settings).join("; ");
        for (max_age, end) in [
            (None, String::new()),
            (Some(300), in_attributes(300)),
            (Some(0), in_attributes(0)),
            (Some(-5), in_attributes(0)),
        ] {
            let max_age = max_age.map(life);
            let expected = format!("__Host-access_token=t; {attributes}{end}");
            assert_eq!(line(&writer.access("t", max_age).unwrap()), expected, "{settings:?}");
            let expected = format!("__Host-refresh_token=t; {attributes}{end}");
            assert_eq!(line(&writer.refresh("t", max_age).unwrap()), expected, "{settings:?}");
        }
        let end = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        let expected = ["access", "refresh"].map(|kind| format!("__Host-{kind}_token=; {attributes}; {end}"));
        assert_eq!(cleared(&settings), expected, "{settings:?}");
    }
}

#[test]
fn name_and_value_have_4096_bytes_at_most() {
    let writer = CookieWriter::new(&settings());
    for (name, set) in [
        ("__Host-access_token", CookieWriter::access as fn(&CookieWriter, &str, Option<Life>) -> _),
        ("__Host-refresh_token", CookieWriter::refresh),
    ] {
        for (length, fits) in [(0, true), (4095, true), (4096, true), (4097, false), (100_000, false)] {
            let token = "x".repeat(length.max(name.len()) - name.len());
            let made: Result<SetCookie, MintError> = set(&writer, &token, Some(life(300)));
            match made {
                Ok(cookie) => assert!(fits && line(&cookie).contains(&token), "{length}"),
                Err(error) => {
                    assert_eq!(error, MintError::CookieTooLong { name: name.into(), length }, "{length}");
                    assert!(!fits, "{length}");
                    let text = error.to_string();
                    assert!(
                        text.contains(name) && text.contains("more than 4096") && !text.contains("xxx"),
                        "{text}"
                    );
                }
            }
        }
    }
}

#[test]
fn debug_shows_no_token() {
    let cookie = CookieWriter::new(&settings()).access("secret.token.text", Some(life(300))).unwrap();
    assert!(cookie.line().is_sensitive(), "the line is marked");
    assert_eq!(
        format!("{cookie:?} {:?}", cookie.line()),
        "SetCookie(__Host-access_token=[redacted]) Sensitive"
    );
}

type Attribute = (String, Option<String>);

/// The wire contract's order; each at most once.
const ORDER: [&str; 8] =
    ["Path", "Domain", "Secure", "HttpOnly", "SameSite", "Partitioned", "Max-Age", "Expires"];

fn place(attribute: &Attribute) -> Option<usize> {
    ORDER.iter().position(|known| attribute.0 == *known)
}

/// Name, value and attributes of a line, or why it breaks the grammar of RFC 6265bis §4.1.1.
fn parse(line: &str) -> Result<(String, String, Vec<Attribute>), String> {
    let token = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&b))
    };
    let octets = |text: &str| text.bytes().all(|b| b.is_ascii_graphic() && !b"\",;\\".contains(&b));
    let mut parts = line.split("; ");
    let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).ok_or("no pair")?;
    if !token(name) || !octets(value) {
        return Err(format!("pair {name}={value}"));
    }
    let mut attributes: Vec<Attribute> = Vec::new();
    for part in parts {
        let (key, value) = part.split_once('=').map_or((part, None), |(key, value)| (key, Some(value)));
        let known = match (key, value) {
            ("Path" | "Domain", Some(value)) => {
                !value.is_empty() && value.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b';')
            }
            ("SameSite", Some("Lax" | "Strict" | "None")) | ("Secure" | "HttpOnly" | "Partitioned", None) => {
                true
            }
            ("Max-Age", Some(value)) => {
                value == "0" || (!value.starts_with('0') && value.bytes().all(|b| b.is_ascii_digit()))
            }
            ("Expires", Some(value)) => is_date(value),
            _ => false,
        };
        if !known || attributes.iter().any(|(seen, _)| seen == key) {
            return Err(format!("attribute {part}"));
        }
        attributes.push((key.into(), value.map(Into::into)));
    }
    if !attributes.windows(2).all(|two| place(&two[0]) < place(&two[1])) {
        return Err(format!("order {attributes:?}"));
    }
    Ok((name.into(), value.into(), attributes))
}

/// The shape of an IMF-fixdate.
fn is_date(text: &str) -> bool {
    let shape = text.replace(|c: char| c.is_ascii_digit(), "0");
    let Some((weekday, rest)) = shape.split_once(", ") else { return false };
    let month = rest.get(3..6).unwrap_or_default();
    ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains(&weekday)
        && ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
            .contains(&month)
        && rest.replace(month, "Mon") == "00 Mon 0000 00:00:00 GMT"
}

/// Java's `CookieManager` takes a cookie without `Expires` for one of RFC 2965.
#[test]
fn expires_beside_max_age() {
    let writer = CookieWriter::new(&settings());
    let expires = |now, ends_at| {
        let line = line(&writer.access("t", Some(Life { now, ends_at })).unwrap());
        line.split_once("; Max-Age=").unwrap().1.to_owned()
    };
    for (rule, now, ends_at, expected) in [
        ("a leap day", 1_709_164_800, 1_709_208_000, "43200; Expires=Thu, 29 Feb 2024 12:00:00 GMT"),
        ("a day of one digit", 0, 4 * DAY + 3661, "349261; Expires=Mon, 05 Jan 1970 01:01:01 GMT"),
        ("the end of a year", 1_767_225_599, 1_767_225_600, "1; Expires=Thu, 01 Jan 2026 00:00:00 GMT"),
        ("ended already: now", 1_000, 10, "0; Expires=Thu, 01 Jan 1970 00:16:40 GMT"),
        (
            "the last second there is",
            0,
            253_402_300_799,
            "253402300799; Expires=Fri, 31 Dec 9999 23:59:59 GMT",
        ),
        ("beyond every calendar", i64::MAX, i64::MAX, "0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
    ] {
        assert_eq!(expires(now, ends_at), expected, "{rule}");
    }
}

fn any_settings() -> impl Strategy<Value = CookieSettings> {
    let same_site = prop_oneof![Just(SameSite::Lax), Just(SameSite::Strict), Just(SameSite::None)];
    let domain = prop::option::of("[a-z0-9]{1,10}(\\.[a-z]{2,5}){0,2}");
    let name = "(__Host-|__Secure-|)[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}";
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (name, name, "/[!-+\\--:<-~]{0,20}", domain, flags, same_site).prop_map(
        |(access_name, refresh_name, path, domain, (secure, http_only, partitioned), same_site)| {
            CookieSettings {
                access_has_age: false,
                access_name,
                refresh_name,
                device_name: "device".into(),
                pending_prefix: "pending_".into(),
                path,
                domain,
                secure,
                http_only,
                same_site,
                partitioned,
            }
        },
    )
}

fn is_age(attribute: &Attribute) -> bool {
    matches!(attribute.0.as_str(), "Max-Age" | "Expires")
}

proptest! {
    #[test]
    fn emitted_lines_match_the_grammar(
        settings in any_settings(), token in "[A-Za-z0-9_-]{1,40}(\\.[A-Za-z0-9_-]{1,40}){2}", age in prop::option::of(any::<i64>()),
    ) {
        let writer = CookieWriter::new(&settings);
        let age = age.map(life);
        let (name, value, attributes) = parse(&line(&writer.access(&token, age).unwrap())).unwrap();
        prop_assert_eq!((&name, &value), (&settings.access_name, &token));
        prop_assert!(attributes.iter().any(|(key, _)| key == "SameSite"), "always written");
        for of_life in ["Max-Age", "Expires"] {
            prop_assert_eq!(attributes.iter().any(|(key, _)| key == of_life), age.is_some());
        }
        prop_assert!(parse(&line(&writer.refresh(&token, age).unwrap())).is_ok());
        for line in cleared(&settings) {
            prop_assert!(parse(&line).is_ok(), "{}", line);
        }
    }

    #[test]
    fn clearing_mirrors_setting(settings in any_settings(), token in "[a-z.]{1,40}", age in prop::option::of(0..DAY)) {
        let (writer, age) = (CookieWriter::new(&settings), age.map(life));
        let set = [writer.access(&token, age).unwrap(), writer.refresh(&token, age).unwrap()];
        let clear = writer.clear_both();
        prop_assert_eq!(clear.iter().count(), 2);
        for (set, clear) in set.iter().zip(clear.iter()) {
            let (name, _, mut attributes) = parse(&line(set)).unwrap();
            let (cleared_name, value, mut cleared) = parse(&line(clear)).unwrap();
            prop_assert_eq!((&cleared_name, clear.name()), (&name, set.name()));
            prop_assert_eq!(value, "");
            let ages: Vec<_> = cleared.iter().filter(|a| is_age(a)).cloned().collect();
            let expected = [("Max-Age", "0"), ("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")];
            prop_assert_eq!(ages, expected.map(|(key, value)| (key.to_owned(), Some(value.to_owned()))));
            attributes.retain(|a| !is_age(a));
            cleared.retain(|a| !is_age(a));
            prop_assert_eq!(cleared, attributes);
        }
    }
}
