use crate::{
    common::{ACCESS, Jar, LOGIN, PASSWORD, REFRESH, USER},
    stage::{Stage, assert_goes, code, has_oathtool},
};

const CODE_PAGE: &str = "/login/code?next=%2Faccount";

#[test]
fn a_code_of_the_app_is_the_second_step_of_a_login() {
    if !has_oathtool() {
        return;
    }
    let (stage, mut jar) = (Stage::new(), Jar::default());
    let (secret, _) = stage.with_app(&mut jar);
    assert_eq!(stage.methods(&mut jar), "pwd, otp", "the page that sets it up ends with a further proof");
    assert_goes(&stage.post(&mut jar, "/logout", &[]), "/");

    assert_goes(&stage.log_in(&mut jar, PASSWORD), CODE_PAGE);
    assert_eq!(stage.methods(&mut jar), "nobody");
    let wrong = stage.post(&mut jar, "/login/code", &[("code", "000000"), ("next", "/account")]);
    assert_eq!(wrong.status, 401, "{wrong:?}");
    let used = stage.post(&mut jar, "/login/code", &[("code", &code(&secret, 0)), ("next", "/account")]);
    assert_eq!(used.status, 401, "the code of the first step was used: {used:?}");
    let right = stage.post(&mut jar, "/login/code", &[("code", &code(&secret, 1)), ("next", "/account")]);
    assert_goes(&right, "/account");
    assert_eq!(stage.methods(&mut jar), "pwd, otp");
    assert_eq!(stage.get(&mut jar, "/transfer").status, 200, "a code of just now");
}

#[test]
fn a_recovery_code_counts_once() {
    if !has_oathtool() {
        return;
    }
    let (stage, mut jar) = (Stage::new(), Jar::default());
    let (_, codes) = stage.with_app(&mut jar);
    assert_eq!(codes.len(), 8);
    for expected in [303, 401] {
        let mut other = Jar::default();
        assert_goes(&stage.log_in(&mut other, PASSWORD), CODE_PAGE);
        let answer = stage.post(&mut other, "/login/code", &[("code", &codes[0])]);
        assert_eq!(answer.status, expected, "{answer:?}");
    }
}

#[test]
fn who_has_only_the_password_gets_nothing() {
    if !has_oathtool() {
        return;
    }
    let (stage, mut jar) = (Stage::new(), Jar::default());
    let (_, _) = stage.with_app(&mut jar);
    let mut thief = Jar::default();
    assert_goes(&stage.log_in(&mut thief, PASSWORD), CODE_PAGE);
    for page in ["/account", "/account/password", "/transfer", "/account/code", "/confirm"] {
        let answer = stage.get(&mut thief, page);
        assert_eq!(answer.status, 303, "{page}: {answer:?}");
        assert!(answer.header("location").is_some_and(|place| place.starts_with("/login?")), "{answer:?}");
    }
    let password = [("current", PASSWORD), ("new", "a password of the thief")];
    // The form of a page leads to the login page, as a link does.
    assert_goes(&stage.post(&mut thief, "/account/password", &password), "/login");
    let built_in = stage.post(&mut thief, LOGIN, &[("username", USER), ("password", PASSWORD)]);
    assert_eq!((built_in.status, built_in.code().as_str()), (401, "second_factor_required"));
    assert!(thief.without(ACCESS) == thief && thief.without(REFRESH) == thief, "{thief:?}");
}

#[test]
fn a_transfer_requires_a_code_and_a_password_is_not_enough() {
    if !has_oathtool() {
        return;
    }
    let (stage, mut jar) = (Stage::new(), Jar::default());
    assert_goes(&stage.log_in(&mut jar, PASSWORD), "/account");
    let confirm = "/confirm?require=otp+swk&max_age=300&next=%2Ftransfer";
    assert_goes(&stage.get(&mut jar, "/transfer"), confirm);
    let page = stage.get(&mut jar, confirm).text();
    assert!(page.contains("you have none yet"), "{page}");
    let mut enrolled = Jar::default();
    let (secret, _) = stage.with_app(&mut enrolled);
    assert_eq!(stage.get(&mut enrolled, confirm).status, 200);
    let answer =
        stage.post(&mut enrolled, "/confirm/code", &[("code", &code(&secret, 1)), ("next", "/transfer")]);
    assert_goes(&answer, "/transfer");
    let done = stage.post(&mut enrolled, "/transfer", &[("to", "bob"), ("amount", "12")]);
    assert!(done.text().contains("12 euros were sent to bob"), "{done:?}");
}
