use rocket::{
    Data, Request, Route,
    outcome::Outcome::{Error, Forward, Success},
    route::{Handler, Outcome},
};

use crate::Identity;

/// Only the handler changes: name, rank, format and sentinels stay.
pub(crate) fn require_login(mut routes: Vec<Route>) -> Vec<Route> {
    for route in &mut routes {
        route.handler = Box::new(RequireLogin(route.handler.clone()));
    }
    routes
}

#[derive(Clone)]
struct RequireLogin(Box<dyn Handler>);

#[rocket::async_trait]
impl Handler for RequireLogin {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        match request.guard::<Identity>().await {
            Success(_) => self.0.handle(request, data).await,
            Error((status, _)) | Forward(status) => Error(status),
        }
    }
}
