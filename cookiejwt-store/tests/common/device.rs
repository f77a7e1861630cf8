use cookiejwt_core::driver::DeviceReply;
use cookiejwt_store::{
    Authenticator, ConfigBuilder, DeviceBinding, Login, SessionId, SetCookies,
    testing::{self, TestDevice},
};
use http::{HeaderMap, Request, request::Parts};

use super::{Browser, CLEARED, Jar, PASSWORD, World, lines};

/// Sessions are offered to the browser.
pub(crate) fn offering() -> ConfigBuilder {
    testing::config().device_bound(DeviceBinding::Offer)
}

/// The value of `Secure-Session-Registration` next to the cookies of a login.
pub(crate) fn offer(auth: &Authenticator, login: &Login) -> String {
    let mut fields = HeaderMap::new();
    auth.core().write_cookies(&login.cookies, &mut fields);
    fields["secure-session-registration"].to_str().unwrap().to_owned()
}

/// What a browser sends to register a key.
pub(crate) fn registration(response: &str) -> Parts {
    let request = Request::post("/api/auth/device/").header("secure-session-response", response);
    request.body(()).unwrap().into_parts().0
}

/// What a browser sends to renew this session.
pub(crate) fn renewal(jar: &Jar, session: &SessionId, response: Option<&str>) -> Parts {
    let mut request = Request::post("/api/auth/device/refresh/").header("host", "app.example");
    request = request.header("sec-secure-session-id", session.as_str());
    for (name, value) in [("secure-session-response", response), ("cookie", jar.field().as_deref())] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    request.body(()).unwrap().into_parts().0
}

/// What a browser sees, and the effect on the cookies: `kept`, `cleared`, `set` or `access`.
pub(crate) fn answered(reply: &DeviceReply) -> (&'static str, &'static str) {
    let none = SetCookies::default();
    let (word, cookies) = match reply {
        DeviceReply::Bound { .. } => ("bound", &none),
        DeviceReply::Renewed { cookies, .. } => ("renewed", cookies),
        DeviceReply::Challenge { .. } => ("challenge", &none),
        DeviceReply::Ended { cookies, .. } => ("end", cookies),
        DeviceReply::Problem(problem) => (problem.code(), &none),
    };
    let lines = lines(cookies);
    let effect = match lines.len() {
        0 => "kept",
        1 => "access",
        _ if lines == CLEARED => "cleared",
        _ => "set",
    };
    (word, effect)
}

/// The cookies of a reply.
pub(crate) fn cookies(reply: &DeviceReply) -> SetCookies {
    match reply {
        DeviceReply::Renewed { cookies, .. } | DeviceReply::Ended { cookies, .. } => cookies.clone(),
        _ => SetCookies::default(),
    }
}

/// A browser with a key.
#[derive(Clone)]
pub(crate) struct BoundBrowser {
    pub(crate) browser: Browser,
    pub(crate) device: TestDevice,
    /// What it has sent to register the key.
    pub(crate) registration: String,
}

impl BoundBrowser {
    /// Alice has logged in, and the session is not bound yet.
    pub(crate) async fn offered(world: &World) -> Self {
        Self::of(&world.auth, &world.try_login("alice", PASSWORD).await.unwrap())
    }

    /// The browser of this login.
    pub(crate) fn of(auth: &Authenticator, login: &Login) -> Self {
        let device = testing::device();
        let registration = device.registers(&offer(auth, login));
        Self { browser: Browser::of(login), device, registration }
    }

    /// Alice has logged in, and the session is bound.
    pub(crate) async fn bound(world: &World) -> Self {
        let alice = Self::offered(world).await;
        assert_eq!(alice.binds(&world.auth).await, ("bound", "kept"));
        alice
    }

    pub(crate) async fn binds(&self, auth: &Authenticator) -> (&'static str, &'static str) {
        answered(&auth.bind_device(&registration(&self.registration)).await)
    }

    /// One request of a renewal.
    pub(crate) async fn sends(&self, auth: &Authenticator, response: Option<&str>) -> DeviceReply {
        auth.renew_device(&renewal(&self.browser.jar, &self.browser.session, response)).await
    }

    /// A proof over a new challenge.
    pub(crate) async fn proof(&self, auth: &Authenticator) -> String {
        let reply = self.sends(auth, None).await;
        let DeviceReply::Challenge { challenge } = reply else { panic!("{reply:?}") };
        self.device.proves(challenge.to_str().unwrap())
    }

    /// Both requests of a renewal; keeps the cookies.
    pub(crate) async fn renews(&mut self, auth: &Authenticator) -> (&'static str, &'static str) {
        let proof = self.proof(auth).await;
        let reply = self.sends(auth, Some(&proof)).await;
        self.browser.jar.apply(&lines(&cookies(&reply)));
        answered(&reply)
    }
}
