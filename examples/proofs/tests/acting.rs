use crate::{
    common::{Jar, PASSWORD},
    stage::{Stage, assert_goes},
};

const ADMIN: &str = "1";
const CAROL: &str = "2";

fn administrator(stage: &Stage) -> Jar {
    let mut jar = Jar::default();
    assert_goes(&stage.log_in(&mut jar, PASSWORD), "/account");
    jar
}

#[test]
fn an_administrator_acts_for_a_user_and_goes_back() {
    let stage = Stage::new();
    let mut jar = administrator(&stage);
    assert!(stage.get(&mut jar, "/admin").text().contains("Act for carol"));
    assert_goes(&stage.post(&mut jar, "/admin/act", &[("user", CAROL)]), "/account");
    let page = stage.get(&mut jar, "/account").text();
    assert!(page.contains("User 1 acts for carol"), "{page}");
    assert_goes(&stage.post(&mut jar, "/stop-acting", &[]), "/admin");
    assert!(stage.get(&mut jar, "/account").text().contains("change it"), "the administrator's own account");
    assert_eq!(stage.methods(&mut jar), "pwd");
}

#[test]
fn who_acts_may_not_change_how_the_user_logs_in() {
    let stage = Stage::new();
    let mut jar = administrator(&stage);
    assert_goes(&stage.post(&mut jar, "/admin/act", &[("user", CAROL)]), "/account");
    let password = [("current", PASSWORD), ("new", "a password of the administrator")];
    assert_eq!(stage.post(&mut jar, "/account/password", &password).status, 403);
    assert_eq!(stage.post(&mut jar, "/account/others", &[]).status, 403);
    let code = stage.get(&mut jar, "/account/code");
    assert!(code.header("location").is_some_and(|place| place.starts_with("/confirm?")), "{code:?}");
    assert_eq!(stage.get(&mut jar, "/confirm").status, 403);
    let transfer = stage.get(&mut jar, "/transfer");
    assert!(transfer.header("location").is_some_and(|place| place.starts_with("/confirm?")), "{transfer:?}");
    assert_eq!(stage.post(&mut jar, "/admin/act", &[("user", CAROL)]).status, 403);
}

#[test]
fn nobody_acts_for_an_administrator_and_only_administrators_act() {
    let stage = Stage::new();
    let mut jar = administrator(&stage);
    assert_eq!(stage.post(&mut jar, "/admin/act", &[("user", ADMIN)]).status, 404);
    assert_eq!(stage.post(&mut jar, "/admin/act", &[("user", "99")]).status, 404);
    let mut carol = Jar::default();
    stage.post(&mut carol, "/mail-me", &[("address", "carol@shop.example")]);
    let token = stage.mailed("/login/link", 0).expect("a mail");
    assert_goes(&stage.post(&mut carol, "/login/link", &[("token", &token)]), "/");
    assert_eq!(stage.get(&mut carol, "/admin").status, 403);
    assert_eq!(stage.post(&mut carol, "/admin/act", &[("user", CAROL)]).status, 403);
}

#[test]
fn acting_ends_with_the_session_of_the_administrator() {
    let stage = Stage::new();
    let mut jar = administrator(&stage);
    let mut elsewhere = administrator(&stage);
    assert_goes(&stage.post(&mut jar, "/admin/act", &[("user", CAROL)]), "/account");
    assert_goes(&stage.post(&mut elsewhere, "/account/others", &[]), "/account");
    assert_eq!(stage.methods(&mut jar), "nobody");
}
