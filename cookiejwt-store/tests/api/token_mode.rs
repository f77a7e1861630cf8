//! Token mode: the body of every response, and that a cookie never becomes a token that a script
//! can read.

use cookiejwt_store::{Body, CredentialSource, Route, testing};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Ask},
    common::{Browser, Call, PASSWORD, World},
};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

fn world() -> World {
    World::with(testing::config().token_mode(true))
}

fn asks(ask: Ask) -> Ask {
    ask.header("cookiejwt-mode", "token")
}

/// The tokens that a command-line client keeps.
#[derive(Clone, Debug)]
struct Client {
    access: String,
    refresh: String,
}

impl Client {
    async fn log_in(world: &World, user: &str) -> Self {
        let body = json!({ "username": user, "password": PASSWORD }).to_string();
        Self::of(&asks(Ask::login(body)).of(world).await)
    }

    /// From a response in exactly the format of the wire contract.
    fn of(answer: &Answer) -> Self {
        let body = answer.json();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        let client = Self { access: text("access"), refresh: text("refresh") };
        let expected = json!({
            "access": client.access, "refresh": client.refresh, "token_type": "Bearer", "expires_in": 300,
        });
        assert_eq!((answer.status(), body), (200, expected));
        let fields = [
            ("cache-control", "no-store"),
            ("content-type", "application/json"),
            ("x-content-type-options", "nosniff"),
        ];
        assert_eq!(answer.fields(), fields);
        answer.assert_cookies_kept("token mode");
        client
    }

    fn refreshes(&self) -> Ask {
        let body = json!({ "refresh": self.refresh }).to_string();
        asks(Ask::post(Route::Refresh)).content_type(JSON).body(body)
    }

    fn bears(&self, ask: Ask) -> Ask {
        ask.header("authorization", format!("Bearer {}", self.access))
    }
}

#[tokio::test]
async fn login_refresh_verify_logout() {
    let world = world();
    let client = Client::log_in(&world, "alice").await;
    world.advance(306);
    let new = Client::of(&client.refreshes().of(&world).await);
    let again = Client::of(&client.refreshes().of(&world).await);
    assert_eq!(again.refresh, new.refresh, "the parent inside the leeway gets the same successor");
    let verified = new.bears(asks(Ask::post(Route::Verify))).of(&world).await;
    assert_eq!((verified.status(), &verified.json()["user_id"]), (200, &json!("1")));
    let out = new.bears(asks(Ask::post(Route::Logout))).of(&world).await;
    out.assert_json("logout", &json!({}));
    new.refreshes().of(&world).await.assert_problem("after the logout", 401, "session_revoked");
}

/// A session of a command-line client is a session like any other.
#[tokio::test]
async fn it_is_listed_and_revoked_as_any_other() {
    let world = world();
    let client = Client::log_in(&world, "alice").await;
    let living = world.tokens.living(1).await;
    assert_eq!(living.len(), 1);
    let head = http::Request::get("/").header("authorization", format!("Bearer {}", client.access));
    let decision = world.authenticate(head.body(()).unwrap().into_parts().0).await;
    let identity = decision.required().unwrap();
    assert_eq!((identity.session_id(), identity.source()), (&living[0], CredentialSource::Header));
    let reason = cookiejwt_store::RevocationReason::LogoutEverywhere;
    assert_eq!(world.auth.revoke_user(&1.into(), reason).await.unwrap(), 1);
    client.refreshes().of(&world).await.assert_problem("revoked", 401, "session_revoked");
}

type BadBody = (&'static str, &'static str, String, u16, &'static str);

fn bad_bodies(client: &Client) -> Vec<BadBody> {
    let refresh = &client.refresh;
    let of = |value: Value| json!({ "refresh": value }).to_string();
    let twice = format!(r#"{{"refresh":"{refresh}","refresh":"{refresh}"}}"#);
    let unread = |rule, content_type, body| (rule, content_type, body, 415, "invalid_request");
    let invalid = |rule, content_type, body| (rule, content_type, body, 400, "invalid_request");
    let dead = |rule, body| (rule, JSON, body, 401, "invalid_token");
    vec![
        unread("no type", "", of(json!(refresh))),
        unread("text", "text/plain", of(json!(refresh))),
        unread("multipart", "multipart/form-data", String::new()),
        invalid("empty", JSON, String::new()),
        invalid("no object", JSON, json!([refresh]).to_string()),
        invalid("no member", JSON, json!({ "access": refresh }).to_string()),
        invalid("no string", JSON, of(json!([refresh]))),
        invalid("null", JSON, of(Value::Null)),
        invalid("blank", JSON, of(json!(" \t"))),
        invalid("a member twice", JSON, twice),
        invalid("a field twice", FORM, format!("refresh={refresh}&refresh={refresh}")),
        invalid("a blank field", FORM, "refresh=".into()),
        dead("a padded token", of(json!(format!(" {refresh}")))),
        dead("an access token", of(json!(client.access))),
        dead("longer than a header", of(json!("x".repeat(8193)))),
    ]
}

#[tokio::test]
async fn the_body_of_a_refresh() {
    let world = world();
    let client = Client::log_in(&world, "alice").await;
    world.switches.take_log();
    for (rule, content_type, body, status, code) in bad_bodies(&client) {
        let ask = asks(Ask::post(Route::Refresh)).body(body);
        let ask = if content_type.is_empty() { ask } else { ask.content_type(content_type) };
        let answer = ask.of(&world).await;
        answer.assert_problem(rule, status, code);
        answer.assert_cookies_kept(rule);
    }
    for (body, status) in [(Body::TooLarge, 413), (Body::Broken, 400)] {
        let answer = asks(Ask::post(Route::Refresh)).content_type(JSON).raw(body).of(&world).await;
        answer.assert_problem("unread", status, "invalid_request");
    }
    assert_eq!(world.switches.take_log(), [], "no store is asked");
    let form = format!("refresh={}&x=y", client.refresh);
    let ask = asks(Ask::post(Route::Refresh)).content_type(FORM).body(form);
    Client::of(&ask.of(&world).await);
}

/// In cookie mode the body of a refresh is ignored.
#[tokio::test]
async fn a_refresh_token_in_a_body_is_none_outside_token_mode() {
    let world = world();
    let client = Client::log_in(&world, "alice").await;
    let body = json!({ "refresh": client.refresh }).to_string();
    let plain = Ask::post(Route::Refresh).content_type(JSON).body(body);
    plain.of(&world).await.assert_problem("not asked", 401, "not_authenticated");
    assert_eq!(world.switches.count(Call::Rotate), 0);
}

#[derive(Clone, Copy, Debug)]
enum BodyOf {
    Nothing,
    EmptyObject,
    Garbage,
    BobsRefresh,
    BobsPassword,
    WrongPassword,
}

#[derive(Clone, Debug)]
struct Request {
    on: bool,
    route: Route,
    modes: Vec<&'static str>,
    stale: bool,
    jar: usize,
    bearer: bool,
    site: Option<&'static str>,
    content_type: Option<&'static str>,
    body: BodyOf,
}

fn requests() -> impl Strategy<Value = Request> {
    use BodyOf::{BobsPassword, BobsRefresh, EmptyObject, Garbage, Nothing, WrongPassword};
    let routes = prop::sample::select(vec![Route::Login, Route::Refresh, Route::Logout, Route::Verify]);
    let modes = prop::sample::select(vec![
        vec![],
        vec!["token"],
        vec!["token"],
        vec!["Token"],
        vec!["cookie"],
        vec!["token", "token"],
        vec!["cookie", "token"],
    ]);
    let site = prop::sample::select(vec![None, Some("same-origin"), Some("cross-site")]);
    let content_type = prop::sample::select(vec![Some(JSON), Some(FORM), Some("text/plain"), None]);
    let bodies = vec![Nothing, EmptyObject, Garbage, BobsRefresh, BobsPassword, WrongPassword];
    let body = prop::sample::select(bodies);
    let switches = (prop::bool::weighted(0.8), any::<bool>(), any::<bool>());
    (switches, routes, modes, 1..4_usize, site, content_type, body).prop_map(
        |((on, stale, bearer), route, modes, jar, site, content_type, body)| Request {
            on,
            route,
            modes,
            stale,
            jar,
            bearer,
            site,
            content_type,
            body,
        },
    )
}

impl Request {
    fn is_token_mode(&self) -> bool {
        self.on && self.modes == ["token"]
    }

    /// The only two requests whose response may contain a token.
    fn has_earned_tokens(&self) -> bool {
        let readable = matches!(self.content_type, Some(JSON | FORM));
        let earned = match self.route {
            Route::Login => matches!(self.body, BodyOf::BobsPassword),
            Route::Refresh => matches!(self.body, BodyOf::BobsRefresh),
            _ => false,
        };
        self.is_token_mode() && readable && earned
    }

    /// Every request has alice's cookies; bob proves himself in other ways.
    fn ask(&self, alice: &Browser, bob: &Client) -> Ask {
        let jar = match self.jar {
            1 => alice.jar.without_refresh(),
            2 => alice.jar.without_access(),
            _ => alice.jar.clone(),
        };
        let members: &[(&str, &str)] = match self.body {
            BodyOf::Nothing | BodyOf::EmptyObject => &[],
            BodyOf::Garbage => &[("refresh", "x.y.z")],
            BodyOf::BobsRefresh => &[("refresh", &bob.refresh)],
            BodyOf::BobsPassword => &[("username", "bob"), ("password", PASSWORD)],
            BodyOf::WrongPassword => &[("username", "bob"), ("password", "x")],
        };
        let body = match (self.content_type, self.body) {
            (_, BodyOf::Nothing) => String::new(),
            (Some(FORM), _) => {
                members.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
            }
            _ => Value::Object(members.iter().map(|(name, value)| ((*name).into(), json!(value))).collect())
                .to_string(),
        };
        let ask = Ask::post(self.route).cookies(&jar).body(body);
        let ask = self.modes.iter().fold(ask, |ask, mode| ask.header("cookiejwt-mode", mode));
        let ask = self.site.iter().fold(ask, |ask, site| ask.header("sec-fetch-site", site));
        let ask = self.content_type.iter().fold(ask, |ask, content_type| ask.content_type(content_type));
        if self.bearer { bob.bears(ask) } else { ask }
    }
}

async fn bob_of(world: &World) -> Client {
    let login = world.login("bob").await;
    Client { access: login.jar.access.unwrap(), refresh: login.jar.refresh.unwrap() }
}

async fn no_token_for_a_cookie(request: Request) {
    let world = World::with(testing::config().token_mode(request.on));
    let alice = world.login("alice").await;
    let bob = bob_of(&world).await;
    if request.stale {
        world.advance(306);
    }
    let before = world.row(&alice.session).await;
    let answer = request.ask(&alice, &bob).of(&world).await;
    let body = String::from_utf8(answer.0.body.to_vec()).unwrap();
    // A session id may contain the same letters, but no dots.
    let has_token = body.split('"').any(|text| text.starts_with("eyJ") && text.contains('.'));
    assert_eq!(has_token, request.has_earned_tokens(), "{request:?}: {} {body}", answer.status());
    if request.is_token_mode() {
        answer.assert_cookies_kept("token mode");
        assert_eq!(world.row(&alice.session).await, before, "{request:?}: the cookies were read");
    }
    if request.has_earned_tokens() {
        let client = Client::of(&answer);
        let head = http::Request::get("/").header("authorization", format!("Bearer {}", client.access));
        let decision = world.authenticate(head.body(()).unwrap().into_parts().0).await;
        assert_eq!(decision.required().unwrap().subject().as_str(), "2", "{request:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1024, ..ProptestConfig::default() })]

    /// Every request has alice's cookies. A response body contains a token only if the request body
    /// contained bob's password or bob's refresh token, and the token is bob's.
    #[test]
    fn no_cookie_becomes_a_token_in_a_body(request in requests()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(no_token_for_a_cookie(request));
    }
}
