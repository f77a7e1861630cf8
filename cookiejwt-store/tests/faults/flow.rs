use cookiejwt_core::driver::DeviceReply;
use cookiejwt_store::{
    ConfigBuilder, Decision, Login, LoginContext, LoginError, LoginOptions, RevocationLevel, Route, Slot,
    StoreError, testing,
};
use futures_util::FutureExt as _;
use http::Method;
use serde_json::json;

use crate::{
    answer::{Answer, Ask},
    common::{CLEARED, PASSWORD, User, cookies, lines, offering},
    scene::Scene,
};

/// What the link of the scene is for.
pub(crate) const LINK: &str = "by mail";
pub(crate) const NEW_PASSWORD: &str = "battery staple";

/// Every flow that calls a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// A valid access token at a node that has just started.
    FirstRequest,
    /// A valid access token at the level `EveryRequest`.
    EveryRequest,
    RefreshAhead,
    Refresh,
    RefreshRoute,
    Verify,
    /// A user who was disabled meanwhile.
    Disabled,
    /// A refresh token that is used up.
    Reuse,
    CurrentUser,
    IsAlive,
    Ended,
    /// With the cookies of a session.
    Login,
    /// The stored hash is outdated.
    LoginRehashing,
    LoginOverLimit,
    WrongPassword,
    FreshLogin,
    PasswordChange,
    /// Alice acts for bob.
    Act,
    /// She comes back.
    StopActing,
    /// The refresh of the session in which she acts.
    RefreshActing,
    Logout,
    LogoutEverywhere,
    /// The browser registers the key of its device.
    BindDevice,
    /// It proves it.
    RenewDevice,
    /// The same of a session in which another user acts.
    RenewActingDevice,
    ListSessions,
    EndSession,
    EndOtherSessions,
    RenewClaims,
    OpenLink,
    SpendLink,
    /// A login by a mailed link.
    LoginByLink,
    /// A new password by a mailed link.
    SetPassword,
    Feed,
    Purge,
}

impl Flow {
    pub(crate) const ALL: [Self; 35] = [
        Self::FirstRequest,
        Self::EveryRequest,
        Self::RefreshAhead,
        Self::Refresh,
        Self::RefreshRoute,
        Self::Verify,
        Self::Disabled,
        Self::Reuse,
        Self::CurrentUser,
        Self::IsAlive,
        Self::Ended,
        Self::Login,
        Self::LoginRehashing,
        Self::LoginOverLimit,
        Self::WrongPassword,
        Self::FreshLogin,
        Self::PasswordChange,
        Self::Act,
        Self::StopActing,
        Self::RefreshActing,
        Self::Logout,
        Self::LogoutEverywhere,
        Self::BindDevice,
        Self::RenewDevice,
        Self::RenewActingDevice,
        Self::ListSessions,
        Self::EndSession,
        Self::EndOtherSessions,
        Self::RenewClaims,
        Self::OpenLink,
        Self::SpendLink,
        Self::LoginByLink,
        Self::SetPassword,
        Self::Feed,
        Self::Purge,
    ];

    pub(crate) fn config(self) -> ConfigBuilder {
        match self {
            Self::EveryRequest => testing::config().revocation(RevocationLevel::EveryRequest),
            Self::LoginOverLimit => testing::config().max_sessions(2),
            Self::BindDevice | Self::RenewDevice | Self::RenewActingDevice => offering(),
            _ => testing::config(),
        }
    }

    /// The status when no store fails.
    pub(crate) fn success(self) -> u16 {
        match self {
            Self::PasswordChange | Self::EndSession => 204,
            Self::Disabled | Self::Reuse | Self::WrongPassword => 401,
            _ => 200,
        }
    }

    /// Which of the sessions of alice and of her phone it ends.
    pub(crate) fn ends(self) -> [bool; 2] {
        match self {
            Self::Disabled
            | Self::Reuse
            | Self::Login
            | Self::LoginRehashing
            | Self::LoginOverLimit
            | Self::FreshLogin
            | Self::StopActing
            | Self::Logout => [true, false],
            Self::PasswordChange | Self::SetPassword | Self::LogoutEverywhere => [true, true],
            Self::EndSession | Self::EndOtherSessions => [false, true],
            _ => [false, false],
        }
    }

    /// The response, and its effect on the cookies.
    pub(crate) async fn run(self, scene: &Scene) -> Seen {
        let (auth, jar) = (&scene.world.auth, scene.jar());
        match self {
            Self::FirstRequest
            | Self::EveryRequest
            | Self::RefreshAhead
            | Self::Refresh
            | Self::RefreshActing
            | Self::Reuse => Seen::of_decision(&auth.authenticate(&jar.get()).await),
            Self::Disabled => Seen::of_decision(&auth.refresh(&jar.post()).await),
            Self::CurrentUser => {
                let (head, slot) = (jar.get(), Slot::new(auth, "/"));
                let user = slot.user::<User>((&head).into()).await;
                let status = user.map_or_else(|problem| problem.status().as_u16(), |_| 200);
                Seen { status, lines: Vec::new() }
            }
            Self::IsAlive => {
                let is_alive = auth.is_alive(&scene.who).await;
                Seen { status: if is_alive { 200 } else { 401 }, lines: Vec::new() }
            }
            Self::Ended => {
                let ended = auth.ended(&scene.who);
                // Reported already.
                let _ = auth.poll_ends().await;
                let status = ended.now_or_never().map_or(200, |_| 401);
                Seen { status, lines: Vec::new() }
            }
            Self::Act => Seen::of_login(&scene.act().await),
            Self::StopActing => {
                let (head, context) = (jar.post(), LoginContext::default());
                Seen::of_login(&Box::pin(auth.stop_acting(&scene.who, &head, None, context)).await)
            }
            Self::LogoutEverywhere => {
                let ended = auth.logout_everywhere(&scene.who).await;
                let status = ended.map_or_else(|problem| problem.status().as_u16(), |_| 200);
                Seen { status, lines: Vec::new() }
            }
            Self::BindDevice | Self::RenewDevice | Self::RenewActingDevice => {
                Seen::of_device(&scene.sends_device(self).await)
            }
            Self::RenewClaims => Seen::of(&auth.renew_claims(&1.into()).await),
            Self::OpenLink | Self::SpendLink | Self::LoginByLink | Self::SetPassword => {
                self.by_link(scene).await.unwrap_or_else(|error| Seen::of_login(&Err(error)))
            }
            Self::Feed => Seen::of(&auth.poll_revocations().await),
            Self::Purge => Seen::of(&auth.purge().await),
            _ => Seen::of_answer(&self.ask(scene).of(&scene.world).await),
        }
    }

    async fn by_link(self, scene: &Scene) -> Result<Seen, LoginError> {
        let auth = &scene.world.auth;
        let done = Seen { status: 200, lines: Vec::new() };
        let opened = auth.open_link::<User>(LINK, &scene.link).await?;
        match self {
            Self::SpendLink => drop(auth.spend_link(opened).await?),
            Self::SetPassword => drop(auth.set_password(opened, NEW_PASSWORD).await?),
            Self::LoginByLink => {
                let proven = auth.prove_link(opened).await?;
                let login = auth.login_proven(proven, LoginOptions::new(), LoginContext::default());
                return Ok(Seen::of_login(&login.await));
            }
            _ => {}
        }
        Ok(done)
    }

    fn ask(self, scene: &Scene) -> Ask {
        let json = |route, body: serde_json::Value| {
            Ask::post(route).content_type("application/json").body(body.to_string()).from("192.0.2.7")
        };
        let login = |password| json(Route::Login, json!({ "username": "alice", "password": password }));
        let ask = match self {
            Self::RefreshRoute => Ask::post(Route::Refresh),
            Self::Verify => Ask::post(Route::Verify),
            Self::Login | Self::LoginRehashing => login(PASSWORD),
            Self::LoginOverLimit => return login(PASSWORD),
            Self::WrongPassword => return login("wrong"),
            Self::FreshLogin => json(Route::FreshLogin, json!({ "password": PASSWORD })),
            Self::PasswordChange => {
                json(Route::Password, json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD }))
            }
            Self::Logout => Ask::post(Route::Logout),
            Self::ListSessions => Ask::get(Route::Sessions),
            Self::EndSession => Ask::end(scene.phone.session.as_str()),
            Self::EndOtherSessions => Ask::post(Route::Sessions).method(Method::DELETE),
            _ => unreachable!("{self:?} has no endpoint"),
        };
        ask.cookies(&scene.jar())
    }
}

/// What a client sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) lines: Vec<String>,
}

impl Seen {
    /// For flows without a client.
    fn of<T>(result: &Result<T, StoreError>) -> Self {
        Self { status: if result.is_ok() { 200 } else { 503 }, lines: Vec::new() }
    }

    pub(crate) fn of_login(login: &Result<Login, LoginError>) -> Self {
        match login {
            Ok(login) => Self { status: 200, lines: lines(&login.cookies) },
            Err(error) => Self { status: error.problem().status().as_u16(), lines: Vec::new() },
        }
    }

    fn of_device(reply: &DeviceReply) -> Self {
        let status = match reply {
            DeviceReply::Problem(problem) => problem.status().as_u16(),
            DeviceReply::Challenge { .. } => 403,
            // In short; it is 200 on the wire.
            DeviceReply::Ended { .. } => 410,
            DeviceReply::Bound { .. } | DeviceReply::Renewed { .. } => 200,
        };
        Self { status, lines: lines(&cookies(reply)) }
    }

    fn of_decision(decision: &Decision) -> Self {
        let status = decision.required().map_or_else(|problem| problem.status().as_u16(), |_| 200);
        Self { status, lines: lines(&decision.cookies) }
    }

    fn of_answer(answer: &Answer) -> Self {
        Self { status: answer.status(), lines: answer.set_cookies() }
    }

    /// In short: `503 kept`.
    pub(crate) fn in_words(&self) -> String {
        let cookies = match self.lines.len() {
            0 => "kept",
            _ if self.lines == CLEARED => "cleared",
            _ => "set",
        };
        format!("{} {cookies}", self.status)
    }
}
