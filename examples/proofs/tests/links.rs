use crate::{
    common::{Jar, PASSWORD},
    stage::{Stage, assert_goes},
};

const ADMIN: &str = "demo@shop.example";
const CAROL: &str = "carol@shop.example";

#[test]
fn a_mailed_link_logs_in_by_its_button_and_counts_once() {
    let (stage, mut jar) = (Stage::new(), Jar::default());
    stage.post(&mut jar, "/mail-me", &[("address", CAROL)]);
    let token = stage.mailed("/login/link", 0).expect("a mail");
    for _ in 0..2 {
        let page = stage.get(&mut jar, &format!("/login/link?token={token}"));
        assert!(page.status == 200 && page.text().contains("Log in as carol"), "{page:?}");
    }
    assert_eq!(stage.methods(&mut jar), "nobody", "opening is not using");
    assert_goes(&stage.post(&mut jar, "/login/link", &[("token", &token)]), "/");
    assert_eq!(stage.methods(&mut jar), "link");
    let mut other = Jar::default();
    assert_eq!(stage.post(&mut other, "/login/link", &[("token", &token)]).status, 401);
    assert_eq!(stage.methods(&mut other), "nobody");
}

#[test]
fn a_link_for_another_purpose_does_not_open() {
    let (stage, mut jar) = (Stage::new(), Jar::default());
    stage.post(&mut jar, "/forgot", &[("address", ADMIN)]);
    let token = stage.mailed("/reset", 0).expect("a mail");
    assert_eq!(stage.get(&mut jar, &format!("/login/link?token={token}")).status, 401);
    assert_eq!(stage.post(&mut jar, "/login/link", &[("token", &token)]).status, 401);
    assert_eq!(stage.methods(&mut jar), "nobody");
}

#[test]
fn a_reset_sets_the_password_and_ends_every_session() {
    let (stage, mut jar, mut other) = (Stage::new(), Jar::default(), Jar::default());
    assert_goes(&stage.log_in(&mut other, PASSWORD), "/account");
    stage.post(&mut jar, "/forgot", &[("address", ADMIN)]);
    let token = stage.mailed("/reset", 0).expect("a mail");
    let page = stage.get(&mut jar, &format!("/reset?token={token}"));
    assert!(page.status == 200 && page.text().contains("New password for demo"), "{page:?}");
    let set =
        |jar: &mut Jar, new| stage.post(jar, "/reset", &[("token", &token), ("name", "demo"), ("new", new)]);
    let short = set(&mut jar, "short");
    assert!(short.status == 400 && short.text().contains("choose another password"), "{short:?}");
    assert_eq!(set(&mut jar, "a new and longer one").status, 200);
    assert_eq!(stage.methods(&mut jar), "nobody", "a reset logs nobody in");
    assert_eq!(stage.methods(&mut other), "nobody", "every session has ended");
    assert_eq!(set(&mut jar, "another one, later").status, 401, "it counts once");
    assert_eq!(stage.log_in(&mut jar, PASSWORD).status, 401);
    assert_goes(&stage.log_in(&mut jar, "a new and longer one"), "/account");
}

#[test]
fn a_stranger_does_not_learn_who_has_an_account() {
    let (stage, mut jar) = (Stage::new(), Jar::default());
    let known = stage.post(&mut jar, "/forgot", &[("address", ADMIN)]);
    let unknown = stage.post(&mut jar, "/forgot", &[("address", "nobody@shop.example")]);
    assert_eq!((known.status, known.text()), (unknown.status, unknown.text()));
    stage.mailed("/reset", 0).expect("a mail");
    assert_eq!(stage.log().matches("mail: open").count(), 1);
}

#[test]
fn a_user_without_a_password_sets_their_first_one_by_a_link() {
    let (stage, mut jar) = (Stage::new(), Jar::default());
    stage.post(&mut jar, "/forgot", &[("address", CAROL)]);
    let token = stage.mailed("/reset", 0).expect("a mail");
    let fields = [("token", token.as_str()), ("name", "carol"), ("new", "the first one of carol")];
    assert_eq!(stage.post(&mut jar, "/reset", &fields).status, 200);
    let login = [("name", "carol"), ("password", "the first one of carol")];
    assert_goes(&stage.post(&mut jar, "/login", &login), "/");
    assert_eq!(stage.methods(&mut jar), "pwd");
}
