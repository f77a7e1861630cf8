use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use cookiejwt_core::driver::DeviceReply;
use cookiejwt_store::{
    AuthenticatorBuilder, Identity, Login, LoginContext, LoginError, LoginOptions, SessionRecord,
    TokenStore as _,
};

use crate::{
    common::{BoundBrowser, Browser, Jar, PASSWORD, World, registration},
    faulty::{Faults, Faulty},
    flow::{Flow, LINK, NEW_PASSWORD, Seen},
};

/// Longer than all retries of a revocation take.
const RETRIES: Duration = Duration::from_mins(5);

/// The state before a flow: alice at her desk and on her phone, and a node whose stores can fail.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) faults: Faults,
    pub(crate) phone: Browser,
    pub(crate) who: Identity,
    /// A link that was mailed to alice.
    pub(crate) link: String,
    jar: Mutex<Jar>,
    /// The login at her desk.
    desk: Login,
    /// The browser whose session is bound to a device, and the proof that it sends.
    device: Option<(BoundBrowser, String)>,
    heard: Arc<Mutex<Vec<String>>>,
    before: Vec<SessionRecord>,
}

impl Scene {
    pub(crate) async fn of(flow: Flow) -> Self {
        Self::with(flow, |builder| builder).await
    }

    pub(crate) async fn with(
        flow: Flow,
        change: impl FnOnce(AuthenticatorBuilder) -> AuthenticatorBuilder,
    ) -> Self {
        let mut world = World::with(flow.config());
        let (faults, heard) = (Faults::default(), Arc::<Mutex<Vec<String>>>::default());
        let told = Arc::clone(&heard);
        let builder = world.builder().on_event(move |event| told.lock().unwrap().push(format!("{event:?}")));
        world.auth = change(builder)
            .users(Faulty { store: world.users.clone(), faults: faults.clone() })
            .tokens(Faulty { store: world.tokens.clone(), faults: faults.clone() })
            .feed_interval(Duration::from_hours(24))
            .build()
            .unwrap();
        let desk = world.try_login("alice", PASSWORD).await.unwrap();
        let mut alice = Browser::of(&desk);
        world.advance(1);
        let login = world.try_login("alice", PASSWORD).await.unwrap();
        let (phone, who) = (Browser::of(&login), login.identity);
        if flow == Flow::Reuse {
            world.advance(20);
            let mut next = alice.jar.without_access();
            next.apply(&crate::common::lines(&world.auth.refresh(&next.post()).await.cookies));
            let _ = world.authenticate(next.get()).await;
            world.auth.write_receipts().await.unwrap();
            world.advance(306);
            alice.jar = alice.jar.without_access();
        }
        if flow != Flow::FirstRequest {
            world.auth.poll_revocations().await.unwrap();
        }
        let link = world.auth.link(LINK, &world.users.row(1), Duration::from_hours(1)).sign().unwrap();
        let (link, jar, before) = (link.to_string(), Mutex::new(alice.jar), Vec::new());
        let mut scene = Self { world, faults, phone, who, link, jar, desk, device: None, heard, before };
        scene.begin(flow).await;
        let world = &scene.world;
        match flow {
            Flow::RefreshAhead => world.advance(275),
            Flow::Refresh | Flow::RefreshActing | Flow::IsAlive | Flow::Ended => world.expire_access(),
            Flow::Purge => world.advance(31 * 86_400),
            Flow::Disabled => world.users.change(1, |alice| alice.is_active = false),
            Flow::LoginRehashing => {
                world.users.change(1, |alice| alice.password_hash = Some(format!("old:0:{PASSWORD}")));
            }
            _ => {}
        }
        scene.heard.lock().unwrap().clear();
        scene.before = scene.rows().await;
        scene
    }

    /// The session at her desk becomes another one.
    async fn begin(&mut self, flow: Flow) {
        match flow {
            Flow::StopActing | Flow::RefreshActing => self.begin_acting().await,
            Flow::BindDevice | Flow::RenewDevice | Flow::RenewActingDevice => self.begin_device(flow).await,
            _ => {}
        }
    }

    /// Alice acts at her desk.
    async fn begin_acting(&mut self) {
        let acting = self.act_at_desk().await;
        self.jar = Mutex::new(Jar::of(&acting.cookies));
        self.who = acting.identity;
    }

    async fn act_at_desk(&mut self) -> Login {
        let decision = self.world.authenticate(self.jar().get()).await;
        self.who = decision.required().unwrap().clone();
        self.act().await.unwrap()
    }

    /// The session at her desk is offered, or bound and to be renewed.
    async fn begin_device(&mut self, flow: Flow) {
        let auth = self.world.auth.clone();
        let login = match flow {
            Flow::RenewActingDevice => self.act_at_desk().await,
            _ => self.desk.clone(),
        };
        let mut alice = BoundBrowser::of(&auth, &login);
        let mut proof = String::new();
        if flow != Flow::BindDevice {
            assert_eq!(alice.binds(&auth).await, ("bound", "kept"));
            self.world.expire_access();
            alice.browser.jar = alice.browser.jar.without_access();
            proof = alice.proof(&auth).await;
        }
        self.jar = Mutex::new(alice.browser.jar.clone());
        self.device = Some((alice, proof));
    }

    /// What the browser sends by itself.
    pub(crate) async fn sends_device(&self, flow: Flow) -> DeviceReply {
        let (alice, proof) = self.device.as_ref().unwrap();
        if flow == Flow::BindDevice {
            return self.world.auth.bind_device(&registration(&alice.registration)).await;
        }
        let alice = BoundBrowser {
            browser: Browser { jar: self.jar(), session: alice.browser.session.clone() },
            ..alice.clone()
        };
        alice.sends(&self.world.auth, Some(proof)).await
    }

    /// Alice acts for bob.
    pub(crate) async fn act(&self) -> Result<Login, LoginError> {
        let options = LoginOptions::new().acted_by(&self.who);
        self.world.auth.login(&self.world.users.row(2), options, LoginContext::default()).await
    }

    /// What alice's browser has at this moment.
    pub(crate) fn jar(&self) -> Jar {
        self.jar.lock().unwrap().clone()
    }

    /// Runs the flow like a browser, which stores the cookies of the response.
    pub(crate) async fn run(&self, flow: Flow) -> Seen {
        let seen = flow.run(self).await;
        self.jar.lock().unwrap().apply(&seen.lines);
        seen
    }

    /// Every row, in the order of the logins.
    pub(crate) async fn rows(&self) -> Vec<SessionRecord> {
        let ids = self.world.tokens.created.lock().unwrap().clone();
        let mut rows = Vec::new();
        for id in ids {
            rows.extend(self.world.tokens.rows.find(&id).await.unwrap());
        }
        rows
    }

    pub(crate) fn events(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Ends the fault and runs the background tasks to completion. Returns the call that failed.
    pub(crate) async fn heal(&self) -> Option<&'static str> {
        let hit = self.faults.heal();
        tokio::time::sleep(RETRIES).await;
        hit
    }

    /// What must hold for the rows, whatever failed. Without a response no login succeeded, and
    /// there is no new session.
    pub(crate) async fn assert_consistent(&self, rule: &str, flow: Flow, seen: Option<&Seen>, hit: &str) {
        let succeeded = seen.is_some_and(|seen| seen.status < 400);
        let rows = self.rows().await;
        let (old, new) = rows.split_at(self.before.len().min(rows.len()));
        if flow != Flow::Purge {
            for (before, after) in self.before.iter().zip(old) {
                let mut kept = after.clone();
                kept.revoked = before.revoked;
                let changes = ["rotate", "renew_claims", "bind"];
                let may_change = succeeded || seen.is_none() || changes.contains(&hit);
                assert!(may_change || kept == *before, "{rule}: half a change: {before:?} {after:?}");
            }
        }
        let living = new.iter().filter(|row| row.revoked.is_none()).count();
        assert!(living <= usize::from(succeeded), "{rule}: {living} sessions that nobody holds");
        if let Some(seen) = seen.filter(|_| !succeeded) {
            assert!(!seen.in_words().ends_with("set"), "{rule}: {seen:?}");
        }
        // A failed login ends nothing; sessions that had to be ended are ended, at the latest when
        // the store is available again.
        let is_login = matches!(
            flow,
            Flow::Login
                | Flow::LoginOverLimit
                | Flow::FreshLogin
                | Flow::PasswordChange
                | Flow::StopActing
                | Flow::SetPassword
        );
        let failed = seen.is_some_and(|seen| seen.status >= 500);
        let done = seen.is_some_and(|seen| seen.status == flow.success()) || hit == "revoke";
        for (row, ends) in old.iter().zip(flow.ends()) {
            let ended = row.revoked.is_some();
            assert!(!ended || ends && !(is_login && failed), "{rule}: ended: {row:?}");
            assert!(ended || !ends || !done, "{rule}: lives on: {row:?}");
        }
    }

    /// A user whom the first response logged in is still logged in; others retry with the cookies
    /// that they have.
    pub(crate) async fn assert_goes_on(&self, rule: &str, flow: Flow, seen: Option<&Seen>) {
        let expected = flow.success();
        let retried = match seen {
            Some(seen) if seen.status < 500 => {
                assert_eq!(seen.status, expected, "{rule}");
                return self.assert_held(rule, flow).await;
            }
            _ => self.run(flow).await.status,
        };
        // A client that does not receive the successful response finds its password changed, or its
        // session replaced.
        let unheard = seen.is_none()
            && matches!(flow, Flow::PasswordChange | Flow::SetPassword | Flow::FreshLogin | Flow::StopActing);
        // A link is used up before its login begins, so that it counts once: the user asks for
        // another one.
        let unheard = unheard || matches!(flow, Flow::SpendLink | Flow::LoginByLink);
        assert!(retried == expected || unheard && retried == 401, "{rule}: {retried} when tried again");
        if flow != Flow::Disabled {
            self.assert_one_password(rule).await;
        }
    }

    /// A client with cookies after a successful response is the same user, both by the access token
    /// and by the store.
    async fn assert_held(&self, rule: &str, flow: Flow) {
        let (jar, flow_ends) = (
            self.jar(),
            [Flow::Disabled, Flow::Reuse, Flow::Purge, Flow::LogoutEverywhere, Flow::SetPassword],
        );
        if flow_ends.contains(&flow) || jar == Jar::default() {
            return;
        }
        let refreshed = self.world.auth.refresh(&jar.post()).await;
        assert!(refreshed.identity().is_some(), "{rule}: {:?}", refreshed.reason);
    }

    async fn assert_one_password(&self, rule: &str) {
        let logins = [
            self.world.try_login("alice", PASSWORD).await.is_ok(),
            self.world.try_login("alice", NEW_PASSWORD).await.is_ok(),
        ];
        assert_ne!(logins[0], logins[1], "{rule}: the old and the new password");
    }
}
