//! What a script of the page, even an attacker's, can see of the tokens and do with them.

use browser::{Browser, Look};

use crate::{
    common::{ACCESS, REFRESH},
    stage::on_stage,
};

#[test]
fn the_jar_holds_host_only_cookies_that_scripts_do_not_see() {
    on_stage(&[], async |stage| {
        let person = stage.signed_in(Look::DESKTOP).await;
        let tokens = person.tokens().await;
        let names: Vec<_> = tokens.iter().map(|cookie| cookie.name.as_str()).collect();
        assert_eq!(names, [ACCESS, REFRESH]);
        for cookie in &tokens {
            // Domain, Path, HttpOnly, Secure, SameSite; a domain without a leading dot is this host
            // only.
            let expected = ("localhost".into(), "/".into(), true, true, "Lax".into());
            assert_eq!(cookie.attributes, expected, "{}", cookie.name);
            assert!(!cookie.session);
        }
        sees_nothing(&person).await;
        person.expire().await;
        person.who_am_i().await;
        sees_nothing(&person).await;
        person.leaves().await;
    });
}

/// Nothing that a script can read reveals a token.
async fn sees_nothing(browser: &Browser) {
    let reach =
        "return document.cookie + JSON.stringify([await cookieStore.getAll(), await indexedDB.databases(),
        await caches.keys(), { ...localStorage }, { ...sessionStorage }])";
    assert_eq!(browser.run(reach).await, "[[],[],[],{},{}]");
    let page = browser.run("return document.documentElement.outerHTML").await;
    assert!(!page.as_str().expect("text").contains("eyJ"), "{page}");
}

/// What an injected script tries, and whether it works on a cookie without `HttpOnly`.
const ATTACKS: [(&str, &str, bool); 8] = [
    ("overwrite", "document.cookie = `${name}=evil; Path=/; Secure`", true),
    (
        "overwrite with all attributes",
        "document.cookie = `${name}=evil; Path=/; Secure; SameSite=Lax; Max-Age=300`",
        true,
    ),
    ("delete", "document.cookie = `${name}=; Path=/; Secure; Max-Age=0`", true),
    ("CookieStore: overwrite", "await cookieStore.set({ name, value: 'evil', path: '/' })", true),
    ("CookieStore: delete", "await cookieStore.delete({ name, path: '/' })", true),
    ("claim HttpOnly", "document.cookie = `${name}=evil; Path=/; Secure; HttpOnly`", false),
    ("another one for a domain", "document.cookie = `${name}=evil; Path=/; Secure; Domain=localhost`", false),
    ("another one that wins by its path", "document.cookie = `${name}=evil; Path=/api; Secure`", false),
];

#[test]
fn scripts_cannot_overwrite_or_delete_a_token() {
    on_stage(&[], async |stage| {
        let person = stage.signed_in(Look::DESKTOP).await;
        let before = person.tokens().await;
        for (attack, script, falls) in ATTACKS {
            for name in [ACCESS, REFRESH] {
                attempt(&person, name, script).await;
                assert_eq!(person.tokens().await, before, "{attack}: {name}");
            }
            // The same against a cookie that scripts may access, to show that the attack works.
            person.run("document.cookie = '__Host-mine=good; Path=/; Secure'").await;
            let kept = attempt(&person, "__Host-mine", script).await == "__Host-mine=good";
            assert_eq!(kept, !falls, "{attack}");
        }
        let me = person.who_am_i().await;
        assert_eq!((me.status, me.set_cookies), (200, vec![]));
        person.leaves().await;
    });
}

/// Runs the script and reads the cookies afterwards: a write is stored later, but before the next
/// read.
async fn attempt(browser: &Browser, name: &str, script: &str) -> serde_json::Value {
    browser
        .run(&format!("const name = '{name}'; try {{ {script} }} catch {{ }} return document.cookie"))
        .await
}

/// A jar has room for about 180 cookies per site and evicts the oldest, `HttpOnly` or not.
const FLOOD: &str =
    "for (let i = 0; i < 400; i++) document.cookie = `${name}${i}=${'x'.repeat(50)}; Path=/nowhere; Secure`";

#[test]
fn a_script_that_floods_the_jar_signs_out_but_plants_nothing_under_a_host_http_name() {
    const NAMES: [&str; 2] = ["__Host-Http-access_token", "__Host-Http-refresh_token"];
    let variables = [("COOKIEJWT_ACCESS_NAME", NAMES[0]), ("COOKIEJWT_REFRESH_NAME", NAMES[1])];
    on_stage(&variables, async |stage| {
        let person = stage.signed_in(Look::DESKTOP).await;
        let names: Vec<_> = person.tokens().await.into_iter().map(|cookie| cookie.name).collect();
        assert_eq!(names, NAMES);
        attempt(&person, "flood", FLOOD).await;
        assert_eq!(person.tokens().await, [], "they were evicted");
        for name in NAMES {
            for (attack, script, _) in ATTACKS {
                attempt(&person, name, script).await;
                assert_eq!(person.tokens().await, [], "{attack}: {name}");
            }
        }
        assert_eq!(person.who_am_i().await.status, 401);
        person.is_signed_out().await;
        person.leaves().await;
    });
}

#[test]
fn the_policy_stops_an_injected_script() {
    on_stage(&[], async |stage| {
        let person = stage.signed_in(Look::DESKTOP).await;
        assert_eq!(person.complaints().await, Vec::<String>::new());
        let smuggled =
            "const script = document.createElement('script'); script.textContent = 'window.ran = true';
            document.head.append(script); return window.ran === undefined";
        assert_eq!(person.run(smuggled).await, true);
        let complaints = person.complaints().await;
        assert!(
            matches!(&complaints[..], [one] if one.contains("Content Security Policy")),
            "{complaints:?}"
        );
        person.forgive();

        let note = "<img src=x onerror=alert(1)>";
        person.fill("New note", note).await;
        assert_eq!(person.press("Add", "POST", "/api/notes").await.status, 201);
        person.reads("#notes", note).await;
        assert!(!person.shows("#notes img").await, "it is shown as text");
        person.leaves().await;
    });
}
