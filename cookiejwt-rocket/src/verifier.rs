//! What Rocket adds to a verifier: a service that only verifies the access tokens of another one.

use std::{fmt::Display, sync::Arc, time::Duration};

use cookiejwt_store::{Guard, Requirement, Scope, Verifier};
use rocket::{
    Catcher, Data, Request, Response, Route,
    fairing::{Fairing, Info, Kind},
};

use crate::{GuardedRoutes, catchers, memory::Memory, respond::NOSNIFF, view::ResponseView};

/// What Rocket adds to a [`Verifier`]: the fairing, the catchers, the guards. The request guards
/// are those of the issuer, except [`CurrentUser`](crate::CurrentUser) and
/// [`AuthContext`](crate::AuthContext), which need its stores.
///
/// ```
/// use cookiejwt_rocket::{Verifier, prelude::*};
/// use rocket::{Build, Rocket, get, post, routes};
///
/// #[get("/me")]
/// fn me(who: Identity) -> String {
///     who.subject().to_string()
/// }
///
/// #[post("/orders")]
/// fn order() -> &'static str {
///     "only with this scope"
/// }
///
/// fn application(verifier: &Verifier) -> Rocket<Build> {
///     rocket::build()
///         .attach(verifier.fairing())
///         .mount("/", routes![me])
///         .mount("/", verifier.require_scope("orders:write", routes![order]))
///         .register("/", verifier.catchers())
/// }
/// ```
///
/// A stream ends with its session, and with its access token at the latest; see
/// [`Verifier::ended`]. Its handler gets the verifier by `.manage(verifier)`:
///
/// ```
/// use cookiejwt_rocket::{Verifier, prelude::*};
/// use rocket::futures::{Stream, StreamExt as _, stream};
/// use rocket::{State, get, response::stream::{Event, EventStream}, routes};
///
/// #[get("/events")]
/// fn events(who: Identity, verifier: &State<Verifier>) -> EventStream<impl Stream<Item = Event> + use<>> {
///     let news = stream::iter(["an order"]).map(Event::data);
///     EventStream::from(news.until_ended(verifier.ended(&who)))
/// }
/// # let _ = routes![events];
/// ```
pub trait RocketVerifier {
    /// Lets guards ask who sent the request. It writes no cookie: it only marks responses that
    /// depend on the user (`Vary`, `Cache-Control`).
    fn fairing(&self) -> VerifierFairing;

    /// The catchers, which send the refusals of the guards as `application/problem+json`.
    fn catchers(&self) -> Vec<Catcher>;

    /// The same routes, which respond 401 unless the user is logged in, as
    /// [`RocketAuth::require_login`](crate::RocketAuth::require_login) does.
    fn require_login(&self, routes: impl Into<Vec<Route>>) -> GuardedRoutes;

    /// The same routes, which respond 401 `fresh_login_required` unless the user logged in at most
    /// `max_age` ago.
    fn require_fresh_login(&self, max_age: Duration, routes: impl Into<Vec<Route>>) -> GuardedRoutes;

    /// The same routes, which respond 401 `proof_required` unless the user's session meets this
    /// [`Requirement`].
    fn require_proofs(&self, requirement: Requirement, routes: impl Into<Vec<Route>>) -> GuardedRoutes;

    /// The same routes, which respond 403 `insufficient_scope` unless the access token has this
    /// scope.
    ///
    /// # Panics
    /// If it is not the name of a scope (RFC 6749 §3.3).
    #[track_caller]
    fn require_scope<T: TryInto<Scope, Error: Display>>(
        &self,
        scope: T,
        routes: impl Into<Vec<Route>>,
    ) -> GuardedRoutes;

    /// The same routes, which respond 403 `insufficient_role` unless the array `roles` of the
    /// access token has this entry.
    ///
    /// # Panics
    /// If the name is empty.
    #[track_caller]
    fn require_role(&self, role: impl Into<Arc<str>>, routes: impl Into<Vec<Route>>) -> GuardedRoutes;
}

impl RocketVerifier for Verifier {
    fn fairing(&self) -> VerifierFairing {
        VerifierFairing(self.clone())
    }

    fn catchers(&self) -> Vec<Catcher> {
        catchers::catchers()
    }

    fn require_login(&self, routes: impl Into<Vec<Route>>) -> GuardedRoutes {
        GuardedRoutes { guard: Guard::login(self), routes: routes.into() }
    }

    fn require_fresh_login(&self, max_age: Duration, routes: impl Into<Vec<Route>>) -> GuardedRoutes {
        GuardedRoutes { guard: Guard::fresh_login(self, max_age), routes: routes.into() }
    }

    fn require_proofs(&self, requirement: Requirement, routes: impl Into<Vec<Route>>) -> GuardedRoutes {
        GuardedRoutes { guard: Guard::proofs(self, requirement), routes: routes.into() }
    }

    fn require_scope<T: TryInto<Scope, Error: Display>>(
        &self,
        scope: T,
        routes: impl Into<Vec<Route>>,
    ) -> GuardedRoutes {
        GuardedRoutes { guard: Guard::scope(self, scope), routes: routes.into() }
    }

    fn require_role(&self, role: impl Into<Arc<str>>, routes: impl Into<Vec<Route>>) -> GuardedRoutes {
        GuardedRoutes { guard: Guard::role(self, role), routes: routes.into() }
    }
}

/// Adds a slot for the decision of a [`Verifier`] to each request; see [`RocketVerifier::fairing`].
#[derive(Clone, Debug)]
pub struct VerifierFairing(Verifier);

#[rocket::async_trait]
impl Fairing for VerifierFairing {
    fn info(&self) -> Info {
        Info { name: "cookiejwt verifier", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        Memory::of(request).enter_verifier(&self.0);
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let memory = Memory::of(request);
        if let Some(slot) = memory.slot_of_verifier(&self.0) {
            slot.mark(&mut ResponseView(response));
        }
        if memory.replied.get().is_some() && !response.headers().contains(NOSNIFF) {
            response.set_raw_header(NOSNIFF, "nosniff");
        }
    }
}
