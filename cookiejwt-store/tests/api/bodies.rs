//! What login and logout read from the body.

use bytes::Bytes;
use cookiejwt_store::{Body, MAX_BODY_BYTES, Route, TokenStore as _};
use serde_json::json;

use crate::{
    answer::Ask,
    common::{PASSWORD, World},
};

const REMEMBERED: bool = true;
const NOT_REMEMBERED: bool = false;
const REFUSED: Option<bool> = None;

/// 400, or the `remember` of the new session.
async fn check(rule: &str, ask: Ask, expected: Option<bool>) {
    let world = World::new();
    let answer = ask.of(&world).await;
    match expected {
        None => {
            answer.assert_problem(rule, 400, "invalid_request");
            answer.assert_cookies_kept(rule);
            assert_eq!(world.switches.take_log(), [], "{rule}: no store call");
            assert_eq!(world.hasher.verifications(), 0, "{rule}");
        }
        Some(remember) => {
            assert_eq!(answer.status(), 200, "{rule}: {:?}", answer.0);
            let age = |age| remember.then_some(age);
            answer.assert_cookies_set(rule, age(300), age(86_400));
            let session = world.tokens.living(1).await.pop().unwrap();
            let row = world.tokens.rows.find(&session).await.unwrap().unwrap();
            assert_eq!(row.remember, remember, "{rule}");
        }
    }
}

const GOOD_JSON: &[(&str, &str, bool)] = &[
    ("absent remember is true", r#"{"username":"alice","password":"correct horse"}"#, REMEMBERED),
    ("remember", r#"{"username":"alice","password":"correct horse","remember":true}"#, REMEMBERED),
    ("null is absent", r#"{"username":"alice","password":"correct horse","remember":null}"#, REMEMBERED),
    ("true", r#"{"username":"alice","password":"correct horse","remember":"true"}"#, REMEMBERED),
    ("on", r#"{"username":"alice","password":"correct horse","remember":"on"}"#, REMEMBERED),
    ("1", r#"{"username":"alice","password":"correct horse","remember":"1"}"#, REMEMBERED),
    ("false", r#"{"username":"alice","password":"correct horse","remember":"false"}"#, NOT_REMEMBERED),
    ("off", r#"{"username":"alice","password":"correct horse","remember":"off"}"#, NOT_REMEMBERED),
    ("0", r#"{"username":"alice","password":"correct horse","remember":"0"}"#, NOT_REMEMBERED),
    ("remember not", r#"{"username":"alice","password":"correct horse","remember":false}"#, NOT_REMEMBERED),
    (
        "any order, blanks, more fields",
        "\t{ \"x\": [{}], \"password\":\"correct horse\" ,\n\"username\":\"alice\"} ",
        REMEMBERED,
    ),
    ("escapes", r#"{"username":"\u0061lice","passw\u006frd":"correct\u0020horse"}"#, REMEMBERED),
];

const BAD_JSON: &[(&str, &str)] = &[
    ("empty", ""),
    ("blank", "  "),
    ("no field", "{}"),
    ("no username", r#"{"password":"correct horse"}"#),
    ("no password", r#"{"username":"alice"}"#),
    ("other names", r#"{"Username":"alice","Password":"correct horse"}"#),
    ("empty username", r#"{"username":"","password":"correct horse"}"#),
    ("blank username", r#"{"username":" \t","password":"correct horse"}"#),
    ("empty password", r#"{"username":"alice","password":""}"#),
    ("username is a number", r#"{"username":1,"password":"correct horse"}"#),
    ("username is null", r#"{"username":null,"password":"correct horse"}"#),
    ("password is a list", r#"{"username":"alice","password":["correct horse"]}"#),
    ("password is an object", r#"{"username":"alice","password":{}}"#),
    ("remember is another word", r#"{"username":"alice","password":"correct horse","remember":"yes"}"#),
    ("remember is TRUE", r#"{"username":"alice","password":"correct horse","remember":"TRUE"}"#),
    ("remember is blank", r#"{"username":"alice","password":"correct horse","remember":""}"#),
    ("remember is a list", r#"{"username":"alice","password":"correct horse","remember":[true]}"#),
    ("remember is a number", r#"{"username":"alice","password":"correct horse","remember":1}"#),
    ("username twice", r#"{"username":"alice","username":"alice","password":"correct horse"}"#),
    ("password twice", r#"{"username":"alice","password":"x","password":"correct horse"}"#),
    (
        "password twice, once escaped",
        r#"{"username":"alice","password":"x","p\u0061ssword":"correct horse"}"#,
    ),
    ("remember twice", r#"{"username":"alice","password":"correct horse","remember":true,"remember":true}"#),
    ("a list", r#"["alice","correct horse"]"#),
    ("a list with remember", r#"["alice","correct horse",true]"#),
    ("a string", r#""alice""#),
    ("null", "null"),
    ("cut off", r#"{"username":"alice","password":"correct horse""#),
    ("trailing text", r#"{"username":"alice","password":"correct horse"}x"#),
    ("two of them", r#"{"username":"alice","password":"correct horse"}{}"#),
    ("trailing comma", r#"{"username":"alice","password":"correct horse",}"#),
    ("byte order mark", "\u{feff}{\"username\":\"alice\",\"password\":\"correct horse\"}"),
    ("lone surrogate", r#"{"username":"alice","password":"\ud800"}"#),
    ("raw control character", "{\"username\":\"alice\",\"password\":\"a\nb\"}"),
];

const GOOD_FORMS: &[(&str, &str, bool)] = &[
    ("absent remember is false", "username=alice&password=correct+horse", NOT_REMEMBERED),
    ("remember=true", "username=alice&password=correct+horse&remember=true", REMEMBERED),
    ("remember=on", "username=alice&password=correct+horse&remember=on", REMEMBERED),
    ("remember=1", "remember=1&username=alice&password=correct+horse", REMEMBERED),
    ("remember=false", "username=alice&password=correct+horse&remember=false", NOT_REMEMBERED),
    ("remember=0", "username=alice&password=correct+horse&remember=0", NOT_REMEMBERED),
    ("remember=", "username=alice&password=correct+horse&remember=", NOT_REMEMBERED),
    ("remember=yes", "username=alice&password=correct+horse&remember=yes", NOT_REMEMBERED),
    ("remember=TRUE", "username=alice&password=correct+horse&remember=TRUE", NOT_REMEMBERED),
    (
        "remember twice counts as absent",
        "username=alice&password=correct+horse&remember=1&remember=1",
        NOT_REMEMBERED,
    ),
    ("percent encoded", "%75sername=%61lice&password=correct%20horse", NOT_REMEMBERED),
    ("more fields", "csrf=x&username=alice&&password=correct+horse&next", NOT_REMEMBERED),
];

const BAD_FORMS: &[(&str, &str)] = &[
    ("empty", ""),
    ("no username", "password=correct+horse"),
    ("no password", "username=alice"),
    ("empty username", "username=&password=correct+horse"),
    ("blank username", "username=+%09&password=correct+horse"),
    ("empty password", "username=alice&password="),
    ("username twice", "username=alice&username=alice&password=correct+horse"),
    ("password twice", "username=alice&password=x&password=correct+horse"),
    ("password twice, once encoded", "username=alice&password=x&p%61ssword=correct+horse"),
    ("invalid UTF-8, encoded", "username=alice&password=%ff"),
    ("other separator", "username=alice;password=correct+horse"),
];

#[tokio::test]
async fn json_bodies() {
    for &(rule, body, remember) in GOOD_JSON {
        check(rule, Ask::login(body), Some(remember)).await;
    }
    for &(rule, body) in BAD_JSON {
        check(rule, Ask::login(body), REFUSED).await;
    }
    check("invalid UTF-8", Ask::login(b"{\"username\":\"alice\",\"password\":\"\xff\"}"), REFUSED).await;
    let deep = format!("{{\"x\":{}", "[".repeat(10_000));
    check("nested without end", Ask::login(deep), REFUSED).await;
}

#[tokio::test]
async fn form_bodies() {
    for &(rule, body, remember) in GOOD_FORMS {
        check(rule, Ask::form(body), Some(remember)).await;
    }
    for &(rule, body) in BAD_FORMS {
        check(rule, Ask::form(body), REFUSED).await;
    }
    check("invalid UTF-8, raw", Ask::form(b"username=alice&password=\xff"), REFUSED).await;
}

#[tokio::test]
async fn bodies_that_did_not_come_whole() {
    let full = json!({ "username": "alice", "password": PASSWORD, "x": "" }).to_string();
    let padding = "y".repeat(MAX_BODY_BYTES - full.len());
    let largest = json!({ "username": "alice", "password": PASSWORD, "x": padding }).to_string();
    assert_eq!(largest.len(), 16_384);
    check("as large as it may be", Ask::login(largest), Some(REMEMBERED)).await;
    check("broken off", Ask::login("").raw(Body::Broken), REFUSED).await;
    for ask in [Ask::login(""), Ask::form("")] {
        let answer = ask.raw(Body::TooLarge).of(&World::new()).await;
        answer.assert_problem("larger than 16 KiB", 413, "invalid_request");
        answer.assert_cookies_kept("larger than 16 KiB");
    }
}

#[tokio::test]
async fn debug_output_contains_no_secret() {
    let world = World::new();
    let body = Body::Complete(Bytes::from_static(br#"{"username":"alice","password":"correct horse"}"#));
    assert_eq!(format!("{body:?}"), "Complete(47 bytes)", "the body of a login");
    assert_eq!(format!("{:?}", Body::TooLarge), "TooLarge");
    let answer =
        Ask::login(json!({ "username": "alice", "password": PASSWORD }).to_string()).of(&world).await;
    let printed = format!("{:?}", answer.0);
    assert!(printed.contains("200") && printed.contains("set-cookie"), "{printed}");
    let lines = answer.0.headers.get_all("set-cookie").iter();
    for line in lines.map(|line| line.to_str().unwrap()) {
        let token = line.split(['=', ';']).nth(1).unwrap();
        assert!(token.len() > 60 && !printed.contains(token), "{printed}");
    }
    let tokens = cookiejwt_store::Reply::tokens(&token_mode_tokens(&world).await);
    assert!(!format!("{tokens:?}").contains("eyJ"), "the tokens of token mode: {tokens:?}");
}

async fn token_mode_tokens(world: &World) -> cookiejwt_store::Tokens {
    let config = cookiejwt_store::testing::config().token_mode(true).build().unwrap();
    let auth = cookiejwt_store::Authenticator::builder(config)
        .users(world.users.clone())
        .tokens(world.tokens.clone())
        .password_hasher(world.hasher.clone())
        .build()
        .unwrap();
    let (head, ()) =
        http::Request::post("/").header("cookiejwt-mode", "token").body(()).unwrap().into_parts();
    let context = cookiejwt_store::LoginContext::from_head(&auth, (&head).into(), None);
    let options = cookiejwt_store::LoginOptions::new();
    auth.login_with_password("alice", PASSWORD, options, context).await.unwrap().tokens.unwrap()
}

#[tokio::test]
async fn the_body_of_a_logout() {
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    for (rule, content_type, body, ends) in [
        ("JSON", Some(json), r#"{"refresh":"$"}"#, true),
        ("JSON with more", Some("APPLICATION/JSON; charset=utf-8"), r#"{"x":[],"refresh":"$"}"#, true),
        ("form", Some(form), "a=b&refresh=$", true),
        ("nothing", None, "", false),
        ("JSON without a type", None, r#"{"refresh":"$"}"#, false),
        ("text/plain", Some("text/plain"), r#"{"refresh":"$"}"#, false),
        ("broken JSON", Some(json), r#"{"refresh":"$""#, false),
        ("another type", Some(json), r#"{"refresh":["$"]}"#, false),
        ("a list", Some(json), r#"["$"]"#, false),
        ("refresh twice", Some(json), r#"{"refresh":"$","refresh":"$"}"#, false),
        ("form, refresh twice", Some(form), "refresh=$&refresh=$", false),
        ("forged", Some(json), r#"{"refresh":"$x"}"#, false),
        ("garbage", Some(json), r#"{"refresh":"garbage"}"#, false),
        ("invalid UTF-8", Some(form), "refresh=%ff", false),
    ] {
        let world = World::new();
        let alice = world.login("alice").await;
        let body = body.replace('$', alice.jar.refresh.as_deref().unwrap());
        let ask = Ask::post(Route::Logout).body(body);
        let ask = content_type.into_iter().fold(ask, Ask::content_type);
        let answer = ask.of(&world).await;
        answer.assert_json(rule, &json!({}));
        answer.assert_cookies_cleared(rule);
        assert_eq!(world.revoked(&alice.session).await.is_some(), ends, "{rule}");
    }
    for body in [Body::TooLarge, Body::Broken, Body::Complete(Bytes::from(vec![0xff; 100]))] {
        let answer = Ask::post(Route::Logout).content_type(json).raw(body).of(&World::new()).await;
        answer.assert_json("a body that cannot be read", &json!({}));
        answer.assert_cookies_cleared("a body that cannot be read");
    }
}
