//! The fairing around an application.

use std::sync::{Mutex, PoisonError};

use cookiejwt_store::Authenticator;
use rocket::{
    Build, Data, Request, Response, Rocket,
    fairing::{self, Fairing, Info, Kind},
};

use crate::{memory::Memory, respond::NOSNIFF, view::ResponseView};

/// Adds a slot for the decision to each request, and its cookies to each response; see
/// [`RocketAuth::fairing`](crate::RocketAuth::fairing).
#[derive(Clone, Debug)]
pub struct AuthFairing(pub(crate) Authenticator);

/// Every authenticator whose fairing was attached.
#[derive(Default)]
struct Attached(Mutex<Vec<Authenticator>>);

#[rocket::async_trait]
impl Fairing for AuthFairing {
    /// Not a singleton: Rocket silently replaces those, and two user tables need two fairings.
    fn info(&self) -> Info {
        Info { name: "cookiejwt", kind: Kind::Ignite | Kind::Request | Kind::Response }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        let rocket =
            if rocket.state::<Attached>().is_some() { rocket } else { rocket.manage(Attached::default()) };
        let Some(attached) = rocket.state::<Attached>() else { return Err(rocket) };
        let mut attached = attached.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = attached.iter().all(|other| self.0.can_stand_beside(other));
        attached.push(self.0.clone());
        drop(attached);
        if fits { Ok(rocket) } else { Err(rocket) }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        Memory::of(request).enter(&self.0, request.uri().path().as_str());
    }

    /// Does not use `CookieJar`: Rocket discards what a failing guard put there, and writes the jar
    /// earlier.
    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let memory = Memory::of(request);
        if let Some(slot) = memory.slot_of(&self.0) {
            if let Some(request) = slot.departure() {
                slot.depart(request).await;
            }
            slot.write_cookies(&mut ResponseView(response));
        }
        if memory.replied.get().is_some() && !response.headers().contains(NOSNIFF) {
            response.set_raw_header(NOSNIFF, "nosniff");
        }
    }
}
