//! The fairing around an application.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use cookiejwt_store::{Authenticator, Problem, RequestHead};
use rocket::{
    Build, Data, Request, Response, Rocket,
    fairing::{self, Fairing, Info, Kind},
    http::Status,
};

use crate::{
    memory::Memory,
    respond::NOSNIFF,
    view::{ResponseView, View},
};

/// Adds a slot for the decision to each request, and its cookies to each response; see
/// [`RocketAuth::fairing`](crate::RocketAuth::fairing).
#[derive(Clone)]
pub struct AuthFairing {
    pub(crate) auth: Authenticator,
    pub(crate) page: Option<Arc<OnProblem>>,
}

/// What the application makes of a refusal.
pub(crate) type OnProblem = dyn Fn(Problem, RequestHead<'_>) -> Option<Response<'static>> + Send + Sync;

impl AuthFairing {
    /// Your own page for what is refused with 401, 403, 429 or 503, whether by a guard, a request
    /// guard, a built-in route or an [`AuthError`](crate::AuthError) of a handler. Where it returns
    /// `None`, the problem document is sent. It takes the place of the responses of this crate:
    /// with [`catchers`](crate::RocketAuth::catchers) registered, of all of them.
    ///
    /// The challenge, `Retry-After` and the cookies of the refusal stay, and a page with the status
    /// 200 gets that of the refusal. It is asked for every client: look at the head.
    ///
    /// ```
    /// use std::io::Cursor;
    ///
    /// use cookiejwt_rocket::{AuthFairing, prelude::*};
    /// use rocket::{Response, http::ContentType};
    ///
    /// fn fairing(auth: &Authenticator) -> AuthFairing {
    ///     auth.fairing().on_problem(|problem, head| {
    ///         let page = format!("<h1>{}</h1><p>{}</p>", problem.status(), problem.detail());
    ///         let html = || Response::build().header(ContentType::HTML).sized_body(page.len(), Cursor::new(page)).finalize();
    ///         head.is_page_navigation().then(html)
    ///     })
    /// }
    /// ```
    #[must_use]
    pub fn on_problem(
        self,
        page: impl Fn(Problem, RequestHead<'_>) -> Option<Response<'static>> + Send + Sync + 'static,
    ) -> Self {
        Self { page: Some(Arc::new(page)), ..self }
    }

    /// The page of the application in the place of a refusal.
    fn show_page(&self, memory: &Memory, request: &Request<'_>, response: &mut Response<'_>) {
        let Some(on_problem) = &self.page else { return };
        let Some(refused) = memory.take_refused(response.status()) else { return };
        let Some(mut page) = on_problem(refused.problem(), View::of(request).head()) else {
            return memory.answered(Some(refused));
        };
        let fields: Vec<_> =
            page.headers().iter().map(|field| (field.name().to_string(), field.value().to_owned())).collect();
        let fields = fields.iter().map(|(name, value)| (&**name, value.as_bytes()));
        let of_page = http::StatusCode::from_u16(page.status().code).unwrap_or_default();
        let status = refused.dress(of_page, fields, &mut ResponseView(response));
        response.set_status(Status::new(status.as_u16()));
        *response.body_mut() = page.body_mut().take();
    }
}

impl fmt::Debug for AuthFairing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthFairing").field("auth", &self.auth).finish_non_exhaustive()
    }
}

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
        let fits = attached.iter().all(|other| self.auth.can_stand_beside(other));
        attached.push(self.auth.clone());
        drop(attached);
        if fits { Ok(rocket) } else { Err(rocket) }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        Memory::of(request).enter(&self.auth, request.uri().path().as_str());
    }

    /// Does not use `CookieJar`: Rocket discards what a failing guard put there, and writes the jar
    /// earlier.
    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let memory = Memory::of(request);
        self.show_page(memory, request, response);
        if let Some(slot) = memory.slot_of(&self.auth) {
            if let Some(departure) = slot.departure() {
                // Boxed: hardly any response waits, and Rocket boxes this future for each one.
                Box::pin(slot.depart(departure)).await;
            }
            slot.write_cookies(&mut ResponseView(response));
        }
        if memory.replied.get().is_some() && !response.headers().contains(NOSNIFF) {
            response.set_raw_header(NOSNIFF, "nosniff");
        }
    }
}
