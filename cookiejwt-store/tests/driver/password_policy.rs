//! Policies for new passwords, at every door.

use std::sync::{Arc, Mutex};

use cookiejwt_store::{
    Authenticator, Identity, LoginContext, LoginError, LoginOptions, NewPassword, PasswordError,
    PasswordRefusal, Problem, Subject, Zxcvbn,
};

use crate::common::{Browser, Call, PASSWORD, User, World};

const NEW: &str = "battery staple";
/// What the next test of a policy refuses, with the code `test`.
const BAD: &str = "a refused one";

/// What a policy was asked.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<Question>>>);

#[derive(Clone, Debug, PartialEq)]
struct Question {
    password: String,
    subject: Option<Subject>,
    login: Option<&'static str>,
    names: Vec<String>,
}

impl Asked {
    fn take(&self) -> Vec<Question> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A node whose policy refuses one password, cannot decide about another, and notes what it sees.
fn with_policy(world: &World) -> (Authenticator, Asked) {
    let asked = Asked::default();
    let noted = asked.clone();
    let policy = move |new: NewPassword| {
        noted.0.lock().unwrap().push(Question {
            password: new.as_str().to_owned(),
            subject: new.subject().cloned(),
            login: new.user::<User>().map(|user| user.login),
            names: new.names().to_vec(),
        });
        async move {
            match new.as_str() {
                BAD => Err(PasswordRefusal::rule("test")),
                "undecided" => Err(PasswordRefusal::undecided("no route to host")),
                _ => Ok(()),
            }
        }
    };
    (world.builder().password_policy(policy).build().unwrap(), asked)
}

async fn alice(world: &World, auth: &Authenticator) -> (Browser, Identity) {
    let browser = world.login("alice").await;
    let who = auth.authenticate(&browser.jar.get()).await.required().unwrap().clone();
    (browser, who)
}

async fn change(auth: &Authenticator, who: &Identity, new: &str) -> Result<(), LoginError> {
    auth.change_password(who, PASSWORD, new, LoginContext::default()).await.map(drop)
}

#[tokio::test]
async fn a_change_asks_with_the_user_and_a_refusal_changes_nothing() {
    let world = World::new();
    let (auth, asked) = with_policy(&world);
    let (browser, who) = alice(&world, &auth).await;
    for (rule, new, problem) in [
        ("refused", BAD, Problem::PasswordRefused { reason: "test" }),
        ("undecided", "undecided", Problem::Unavailable),
    ] {
        world.switches.take_log();
        let error = change(&auth, &who, new).await.unwrap_err();
        assert_eq!(error.problem(), problem, "{rule}");
        assert_eq!(world.switches.take_log(), [Call::Find, Call::FindById], "{rule}: nothing is written");
        assert_eq!(world.tokens.living(1).await, std::slice::from_ref(&browser.session), "{rule}");
        let question = |password: &str| Question {
            password: password.to_owned(),
            subject: Some(1.into()),
            login: Some("alice"),
            names: vec!["alice".to_owned()],
        };
        assert_eq!(asked.take(), [question(new)], "{rule}");
    }
    assert!(world.try_login("alice", PASSWORD).await.is_ok(), "the old one counts");
    change(&auth, &who, NEW).await.unwrap();
    assert!(world.try_login("alice", NEW).await.is_ok());
}

/// A thief of a session must not use the server to look up passwords.
#[tokio::test]
async fn nobody_is_asked_before_the_present_password_and_the_length_are_right() {
    let world = World::new();
    let (auth, asked) = with_policy(&world);
    let (_, who) = alice(&world, &auth).await;
    let wrong = auth.change_password(&who, "wrong", BAD, LoginContext::default()).await.unwrap_err();
    assert_eq!(wrong.problem(), Problem::InvalidCredentials);
    let short = change(&auth, &who, "short").await.unwrap_err();
    assert_eq!(short.problem(), Problem::PasswordRefused { reason: "too_short" });
    assert_eq!(asked.take(), []);
}

#[tokio::test]
async fn sign_up_asks_with_the_names_that_it_knows() {
    let world = World::new();
    let (auth, asked) = with_policy(&world);
    let refused = |hash: Result<String, PasswordError>| {
        assert!(matches!(hash, Err(PasswordError::Refused(PasswordRefusal::Rule("test")))), "{hash:?}");
    };
    refused(auth.hash_password(BAD).await);
    refused(auth.hash_password_for(&["erin", "erin@example.com"], BAD).await);
    auth.hash_password("decomposed: zoe\u{308}").await.unwrap();
    let question = |password: &str, names: &[&str]| Question {
        password: password.to_owned(),
        subject: None,
        login: None,
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let expected = [
        question(BAD, &[]),
        question(BAD, &["erin", "erin@example.com"]),
        question("decomposed: zo\u{eb}", &[]),
    ];
    assert_eq!(asked.take(), expected, "in NFC");
    let undecided = auth.hash_password("undecided").await.unwrap_err();
    assert_eq!(LoginError::from(undecided).problem(), Problem::Unavailable);
}

/// An older password stays valid when the rules become stricter.
#[tokio::test]
async fn a_login_asks_no_policy() {
    let world = World::new();
    world.users.change(1, |user| user.password_hash = Some(format!("new:0:{BAD}")));
    let (auth, asked) = with_policy(&world);
    let login = auth.login_with_password("alice", BAD, LoginOptions::new(), LoginContext::default()).await;
    assert!(login.is_ok());
    assert_eq!(asked.take(), []);
}

#[tokio::test]
async fn a_password_made_of_the_users_name_is_guessable() {
    let world = World::new();
    let auth = world.builder().password_policy(Zxcvbn::at_least(3)).build().unwrap();
    let (_, who) = alice(&world, &auth).await;
    for new in ["password1", "alicealice"] {
        let error = change(&auth, &who, new).await.unwrap_err();
        assert_eq!(error.problem(), Problem::PasswordRefused { reason: "guessable" }, "{new}");
    }
    change(&auth, &who, "four words that nobody knows").await.unwrap();
}
