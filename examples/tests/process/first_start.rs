use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::common::{ACCESS, DEVICE, Home, Jar, LOGIN, LOGOUT, PASSWORD, REFRESH, Server};

const SHOWN: &str = "created the user ";

/// The password that the log shows.
fn shown_password(log: &str) -> (String, String) {
    let (_, rest) = log.split_once(SHOWN).expect("a user is created");
    let words: Vec<_> = rest.split_whitespace().collect();
    assert_eq!(words[1..4], ["with", "the", "password"], "{log}");
    (words[0].into(), words[4].into())
}

fn status_of_login(server: &Server, username: &str, password: &str) -> u16 {
    server.post(LOGIN).json(&json!({ "username": username, "password": password })).send().status
}

#[test]
fn a_random_password_is_shown_only_at_the_first_start() {
    let home = Home::new();
    let first = home.start_bare(&[]);
    let (username, password) = shown_password(&first.log());
    assert_eq!(username, "demo");
    assert!(password.len() >= 16, "{password:?} can be guessed");
    assert_eq!(status_of_login(&first, &username, &password), 200);
    let log = first.kill();
    assert_eq!(log.matches(&password).count(), 1, "{log}");

    let second = home.start_bare(&[]);
    assert_eq!(status_of_login(&second, &username, &password), 200, "the same user as before");
    let log = second.kill();
    assert!(!log.contains(SHOWN) && !log.contains(&password), "{log}");
}

#[test]
fn two_installations_have_different_passwords_and_secrets() {
    let [one, other] = [Home::new(), Home::new()].map(|home| {
        let password = shown_password(&home.start_bare(&[]).kill()).1;
        (password, std::fs::read(home.file("cookiejwt-demo.secret")).expect("the secret file"))
    });
    assert_ne!(one.0, other.0);
    assert_ne!(one.1, other.1);
}

#[test]
fn a_chosen_user_is_created_and_its_password_not_shown() {
    let home = Home::new();
    let chosen = [("DEMO_USER", "ada"), ("DEMO_PASSWORD", "engine number one")];
    let server = home.start_bare(&chosen);
    assert_eq!(status_of_login(&server, "ada", "engine number one"), 200);
    assert_eq!(status_of_login(&server, "demo", "engine number one"), 401);
    let log = server.kill();
    assert!(!log.contains("engine number one") && !log.contains(SHOWN), "{log}");
}

#[test]
fn the_secret_is_created_once_readable_only_by_its_owner_and_never_logged() {
    let home = Home::new();
    let first = home.start(&[]);
    let jar = first.login();
    let file = home.file("cookiejwt-demo.secret");
    let mode = std::fs::metadata(&file).expect("the secret file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let secret = std::fs::read_to_string(&file).expect("text");
    let log = first.kill();
    assert!(log.contains("created a random one") && log.contains("cookiejwt-demo.secret"), "{log}");
    assert!(!log.contains(secret.trim()), "{log}");

    let second = home.start(&[]);
    assert_eq!(second.me(&jar).status, 200, "the login survives a restart");
    assert_eq!(std::fs::read_to_string(&file).expect("text"), secret);
    let log = second.kill();
    assert!(!log.contains("created a random one") && !log.contains(secret.trim()), "{log}");
}

#[test]
fn a_secret_from_the_environment_leaves_no_file() {
    let home = Home::new();
    let secret = ("COOKIEJWT_SECRET", "q7Jx3mPz0vT9Lk2RwYb8Nc5Hd1Gf6Sa4UeXoIiZpVtM");
    let jar = home.start(&[secret]).login();
    assert!(!home.file("cookiejwt-demo.secret").exists());
    assert_eq!(home.start(&[secret]).me(&jar).status, 200);
    let other = home.start(&[]);
    assert_eq!(other.me(&jar).status, 401, "another secret");
}

#[test]
fn no_password_and_no_token_reach_the_log_at_any_level() {
    let home = Home::new();
    let server = home.start(&[("RUST_LOG", "trace")]);
    let mut jar = server.login();
    let mut secrets = vec![PASSWORD.to_owned(), "a wrong password".to_owned()];
    assert_eq!(status_of_login(&server, "demo", "a wrong password"), 401);
    secrets.extend([ACCESS, REFRESH, DEVICE].map(|name| jar.get(name).to_owned()));
    let renewed = server.me(&jar.without(ACCESS));
    jar.keep(&renewed);
    secrets.extend([ACCESS, REFRESH].map(|name| jar.get(name).to_owned()));
    assert_eq!(server.get("/api/me").bearer(jar.get(ACCESS)).send().status, 200);
    let forged = Jar::of(&renewed).get(ACCESS).to_owned() + "x";
    assert_eq!(server.get("/api/me").bearer(&forged).send().status, 401);
    assert_eq!(server.post(LOGOUT).cookies(&jar).send().status, 200);

    let log = server.kill();
    assert!(log.contains("TRACE"), "the level is active");
    for secret in secrets {
        // Only the signature of a token is checked: an attacker would need it.
        let told = secret.rsplit('.').next().expect("one part");
        assert!(!log.contains(told), "the log contains {told}");
    }
    assert!(!log.contains("$argon2"), "the log contains a password hash");
}

#[test]
fn plain_http_cookies_have_no_prefix_and_one_line_warns() {
    let home = Home::new();
    let server = home.start(&[("COOKIEJWT_SECURE", "false")]);
    let answer = server.login_request().send();
    let jar = Jar::of(&answer);
    assert_eq!(jar.names(), ["access_token", "known_device", "refresh_token"]);
    for line in answer.set_cookies() {
        assert!(!line.contains("Secure") && line.contains("HttpOnly; SameSite=Lax"), "{line}");
    }
    assert_eq!(server.me(&jar).status, 200);
    let log = server.kill();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings.len(), 1, "{log}");
    assert!(warnings[0].contains("COOKIEJWT_SECURE"), "{log}");
}

#[test]
fn the_defaults_start_without_a_warning() {
    let home = Home::new();
    let server = home.start(&[]);
    server.login();
    let log = server.kill();
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
}
