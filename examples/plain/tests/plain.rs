//! The stories of a user whose browser runs no script.

use browser::{Plain, Scripts::Off};

use crate::{
    common::{ACCESS, PASSWORD, REFRESH, code, has_oathtool},
    stage::{Stage, in_every_engine, log_in},
};

#[test]
fn login_and_a_wrong_password() {
    in_every_engine(&[], async |stage: &Stage| {
        let browser = stage.visitor(Off).await;
        browser.goto(&stage.url("/account")).await;
        browser.is_at("/login?next=%2Faccount", "Log in").await;
        log_in(&browser, "a wrong password").await;
        let failed = "/login?error=invalid_credentials&next=%2Faccount";
        browser.is_at(failed, "Incorrect username or password.").await;
        log_in(&browser, PASSWORD).await;
        browser.is_at("/account", "Change password").await;
        assert_eq!(browser.cookies().await, [ACCESS, REFRESH], "not to be remembered");
    });
}

#[test]
fn a_text_of_the_address_is_not_shown() {
    in_every_engine(&[], async |stage: &Stage| {
        let browser = stage.visitor(Off).await;
        browser.goto(&stage.url("/login?error=Call+555-0100&next=//evil.example")).await;
        log_in(&browser, PASSWORD).await;
        browser.is_at("/notes", "Notes").await;
        browser.goto(&stage.url("/login?error=Call+555-0100")).await;
        assert!(!browser.text().await.contains("555"));
    });
}

#[test]
fn what_is_typed_survives_the_end_of_the_access_token() {
    in_every_engine(&[], async |stage: &Stage| {
        let browser = stage.user_at("/notes", Off).await;
        browser.is_at("/notes", "Notes").await;
        browser.fill("Note", "a long text").await;
        browser.forget(ACCESS).await;
        browser.click("Add").await;
        browser.is_at("/notes", "a long text").await;
        assert_eq!(browser.cookies().await, [ACCESS, REFRESH], "refreshed by the form");
    });
}

#[test]
fn a_form_after_the_end_of_the_session_leads_to_the_login_and_back_to_its_page() {
    in_every_engine(&[], async |stage: &Stage| {
        let browser = stage.user_at("/notes", Off).await;
        browser.is_at("/notes", "Notes").await;
        stage.others_end();
        browser.fill("Note", "too late").await;
        browser.click("Add").await;
        browser.is_at("/login?next=%2Fnotes", "Log in").await;
        log_in(&browser, PASSWORD).await;
        browser.is_at("/notes", "Notes").await;
        assert!(!browser.text().await.contains("too late"), "it was not let pass");
    });
}

#[test]
fn logout_and_the_back_button() {
    in_every_engine(&[], async |stage: &Stage| {
        let browser = stage.user_at("/notes", Off).await;
        browser.is_at("/notes", "Notes").await;
        browser.fill("Note", "a secret").await;
        browser.click("Add").await;
        browser.is_at("/notes", "a secret").await;
        browser.click("Log out").await;
        browser.is_at("/login", "Log in").await;
        assert_eq!(browser.cookies().await, [""; 0]);
        browser.back().await;
        browser.is_at("/login?next=%2Fnotes", "Log in").await;
        assert!(!browser.text().await.contains("a secret"));
    });
}

#[test]
fn a_new_password() {
    in_every_engine(&[], async |stage: &Stage| {
        let browser = stage.user_at("/account", Off).await;
        browser.is_at("/account", "Change password").await;
        let change = async |current: &str, new: &str| {
            browser.fill("Current password", current).await;
            browser.fill("New password", new).await;
            browser.click("Change password").await;
        };
        change("a wrong password", "another password").await;
        let failed = "/account?error=invalid_credentials&next=%2Faccount%3Fchanged";
        browser.is_at(failed, "Incorrect username or password.").await;
        change(PASSWORD, "short").await;
        let refused = "/account?error=password_refused&reason=too_short&next=%2Faccount%3Fchanged";
        browser.is_at(refused, "It has at least 8 characters.").await;
        change(PASSWORD, "another password").await;
        browser.is_at("/account?changed", "The password is changed.").await;
    });
}

/// Of an app that the user has set up, with the code of a later time step.
async fn type_code(browser: &Plain, code: &str, button: &str) {
    browser.fill("Code", code).await;
    browser.click(button).await;
}

#[test]
fn a_second_factor() {
    if !has_oathtool() {
        return;
    }
    in_every_engine(&[], async |stage: &Stage| {
        let browser = stage.user_at("/account", Off).await;
        browser.is_at("/account", "Change password").await;
        browser.click("Codes of an app").await;
        browser.is_at("/account/code", "Key: ").await;
        type_code(&browser, "000000", "Switch on").await;
        browser.is_at("/account/code?error=invalid_credentials", "This code is not right.").await;
        let text = browser.text().await;
        let (_, key) = text.split_once("Key: ").expect("a key");
        // 160 bits in base32. Without scripts, WebKit tells no spaces between the texts of a page.
        let key: String = key.chars().take(32).collect();
        let used = code(&key, 0);
        type_code(&browser, &used, "Switch on").await;
        browser.is_at("/account?code", "a login needs a code of your app").await;
        browser.click("Log out").await;
        // Otherwise the next page may cancel the logout.
        browser.is_at("/login", "Log in").await;

        browser.goto(&stage.url("/account")).await;
        log_in(&browser, PASSWORD).await;
        browser.is_at("/login/code", "Type the code that your app shows.").await;
        let cookies = browser.cookies().await;
        assert!(!cookies.iter().any(|name| name == ACCESS || name == REFRESH), "no session yet: {cookies:?}");
        type_code(&browser, "000000", "Continue").await;
        browser.is_at("/login/code?error=invalid_credentials", "This code is not right.").await;
        type_code(&browser, &used, "Continue").await;
        browser.is_at("/login/code?error=invalid_credentials", "This code is not right.").await;
        type_code(&browser, &code(&key, 1), "Continue").await;
        browser.is_at("/account", "Change password").await;
        let cookies = browser.cookies().await;
        assert!(cookies.iter().any(|name| name == ACCESS), "{cookies:?}");
    });
}

#[test]
fn a_second_step_without_a_first_one_begins_again() {
    in_every_engine(&[], async |stage: &Stage| {
        let browser = stage.visitor(Off).await;
        browser.goto(&stage.url("/login/code")).await;
        type_code(&browser, "000000", "Continue").await;
        browser.is_at("/login?error=invalid_token", "Log in").await;
        log_in(&browser, PASSWORD).await;
        browser.is_at("/notes", "Notes").await;
    });
}

#[test]
fn what_is_refused_has_a_page() {
    in_every_engine(&[], async |stage: &Stage| {
        let browser = stage.user_at("/admin", Off).await;
        browser.is_at("/admin", "The user lacks the required role.").await;
        browser.click("Back to the start").await;
        browser.is_at("/", "Welcome").await;
    });
}

#[test]
fn too_many_wrong_passwords() {
    in_every_engine(&[], async |stage: &Stage| {
        let browser = stage.visitor(Off).await;
        browser.goto(&stage.url("/login")).await;
        for _ in 0..5 {
            log_in(&browser, "a wrong password").await;
            browser.reads("Incorrect username or password.").await;
        }
        log_in(&browser, PASSWORD).await;
        browser.reads("Too many attempts. Please wait before you try again.").await;
    });
}
