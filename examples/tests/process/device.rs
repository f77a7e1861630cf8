//! Device-bound sessions as an operator switches them on and off.

use cookiejwt_core::testing;

use crate::common::{ACCESS, Answer, Home, Jar, LOGOUT, Server};

const BIND: &str = "/api/auth/device/";
const RENEW: &str = "/api/auth/device/refresh/";
const OFFER: &str = "secure-session-registration";

fn start(home: &Home, setting: &str) -> Server {
    home.start(&[("COOKIEJWT_DEVICE_BOUND", setting)])
}

/// The session of a login, which is its identifier.
fn session(login: &Answer) -> String {
    login.json()["session_id"].as_str().expect("a text").to_owned()
}

fn binds(server: &Server, login: &Answer) -> u16 {
    let offer = login.header(OFFER).expect("an offer");
    let response = testing::device().registers(offer);
    server.post(BIND).header("Secure-Session-Response", &response).send().status
}

/// Both requests of a renewal.
fn renews(server: &Server, jar: &mut Jar, session: &str) -> Answer {
    let ask = || server.post(RENEW).header("Sec-Secure-Session-Id", session).cookies(jar);
    let asked = ask().send();
    assert_eq!((asked.status, asked.text().as_str()), (403, ""), "{asked:?}");
    let challenge = asked.header("secure-session-challenge").expect("a challenge");
    let proof = testing::device().proves(challenge);
    let renewed = ask().header("Secure-Session-Response", &proof).send();
    assert_eq!((renewed.status, renewed.set_cookies().len()), (200, 2), "{renewed:?}");
    assert_eq!(renewed.header("cross-origin-resource-policy"), Some("same-origin"));
    jar.keep(&renewed);
    renewed
}

fn needs_a_proof(server: &Server, jar: &Jar) {
    let refused = server.me(&jar.without(ACCESS));
    assert_eq!((refused.status, refused.code().as_str()), (401, "device_proof_required"), "{refused:?}");
    assert!(refused.set_cookies().is_empty(), "{refused:?}");
}

fn has_no_route(server: &Server, path: &str) {
    for path in [path, path.trim_end_matches('/')] {
        let answer = server.post(path).header("Secure-Session-Response", "x").send();
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert_eq!(server.get(path).send().status, 404, "{path}");
    }
}

#[test]
fn off_by_default() {
    let home = Home::new();
    for server in [home.start(&[]), start(&home, "off")] {
        let login = server.login_request().send();
        assert_eq!((login.status, login.header(OFFER)), (200, None));
        has_no_route(&server, BIND);
        has_no_route(&server, RENEW);
    }
}

/// What is bound stays bound, whatever the setting of the next start is.
#[test]
fn offered_then_kept_then_off() {
    let home = Home::new();
    let offering = start(&home, "offer");
    let login = offering.login_request().send();
    let (mut jar, id) = (Jar::of(&login), session(&login));
    assert_eq!(binds(&offering, &login), 200);
    renews(&offering, &mut jar, &id);
    assert_eq!(offering.me(&jar).status, 200);
    needs_a_proof(&offering, &jar);
    drop(offering);

    let keeping = start(&home, "keep");
    has_no_route(&keeping, BIND);
    renews(&keeping, &mut jar, &id);
    assert_eq!(keeping.me(&jar).status, 200);
    assert_eq!(keeping.login_request().send().header(OFFER), None);
    drop(keeping);

    let off = start(&home, "off");
    has_no_route(&off, RENEW);
    assert_eq!(off.me(&jar).status, 200, "for the rest of the access token");
    needs_a_proof(&off, &jar);
    let again = off.login();
    assert_eq!(off.me(&again.without(ACCESS)).status, 200, "the user logs in again");
}

#[test]
fn a_logout_is_the_end_of_the_device_session() {
    let home = Home::new();
    let server = start(&home, "offer");
    let login = server.login_request().send();
    let (jar, id) = (Jar::of(&login), session(&login));
    assert_eq!(binds(&server, &login), 200);
    assert_eq!(server.post(LOGOUT).cookies(&jar.without(ACCESS)).send().status, 200);
    for cookies in [Jar::default(), jar] {
        let ended = server.post(RENEW).header("Sec-Secure-Session-Id", &id).cookies(&cookies).send();
        assert_eq!(ended.status, 200, "{ended:?}");
        assert_eq!(ended.text(), format!(r#"{{"session_identifier":"{id}","continue":false}}"#));
    }
}

#[test]
fn required() {
    let home = Home::new();
    let server = start(&home, "require");
    let login = server.login_request().send();
    let (mut jar, id) = (Jar::of(&login), session(&login));
    assert_eq!(server.me(&jar).status, 200);
    needs_a_proof(&server, &jar);
    assert_eq!(binds(&server, &login), 200);
    renews(&server, &mut jar, &id);
    assert_eq!(server.me(&jar).status, 200);
}
