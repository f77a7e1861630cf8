use cookiejwt_store::{Authenticator, Slot};
use rocket::{
    Data, Request, Response,
    fairing::{Fairing, Info, Kind},
};

use crate::{memory::Memory, respond::NOSNIFF, view::ResponseView};

/// Puts a place for the decision into each request, and its cookies into each response; see
/// [`RocketAuth::fairing`](crate::RocketAuth::fairing).
#[derive(Clone, Debug)]
pub struct AuthFairing(pub(crate) Authenticator);

#[rocket::async_trait]
impl Fairing for AuthFairing {
    fn info(&self) -> Info {
        Info { name: "cookiejwt", kind: Kind::Request | Kind::Response | Kind::Singleton }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        Memory::of(request).slot.get_or_init(|| Slot::new(&self.0, request.uri().path().as_str()));
    }

    /// Not through `CookieJar`: Rocket forgets what a failing guard put there, and has written it out before.
    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let memory = Memory::of(request);
        let mut view = ResponseView(response);
        if let Some(cookies) = memory.sent() {
            cookies.0.write(&mut view);
        }
        if let Some(slot) = memory.slot.get() {
            slot.write_cookies(&mut view);
        }
        if memory.replied.get().is_some() && !response.headers().contains(NOSNIFF) {
            response.set_raw_header(NOSNIFF, "nosniff");
        }
    }
}
