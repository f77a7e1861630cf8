//! The application's own pages for what is refused.

use std::{fmt, sync::Arc};

use actix_web::{
    HttpResponse,
    body::{BoxBody, EitherBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{Method, Uri, header::HeaderMap},
};
use cookiejwt_store::{Problem, Refused, RequestHead};

use crate::{
    extract::status,
    headers::{ResponseFields, View},
};

/// What the application makes of a refusal.
type OnProblem = dyn Fn(Problem, RequestHead<'_>) -> Option<HttpResponse> + Send + Sync;

/// The pages of an application, in every worker.
#[derive(Clone)]
pub(crate) struct ProblemPage(pub(crate) Arc<OnProblem>);

impl fmt::Debug for ProblemPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProblemPage")
    }
}

/// The pages and the head of one request. It is copied, because a request may not be held while it
/// is routed, and an error that leaves the application has none.
#[derive(Debug)]
pub(crate) struct PageOf {
    page: ProblemPage,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

impl PageOf {
    pub(crate) fn new(page: &ProblemPage, request: &ServiceRequest) -> Self {
        Self {
            page: page.clone(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
        }
    }

    /// The page, in the place of a refusal.
    pub(crate) fn instead<B>(
        &self,
        response: ServiceResponse<EitherBody<B>>,
    ) -> ServiceResponse<EitherBody<B>> {
        let (request, response) = response.into_parts();
        let response = self.over(response, EitherBody::right);
        ServiceResponse::new(request, response)
    }

    /// The same for an error, whose response is made after the middleware.
    pub(crate) fn instead_of_error(&self, response: HttpResponse) -> HttpResponse {
        self.over(response, |body| body)
    }

    fn over<B>(&self, mut response: HttpResponse<B>, body: impl FnOnce(BoxBody) -> B) -> HttpResponse<B> {
        let refused = response.extensions_mut().remove::<Refused>();
        let Some(refused) = refused else { return response };
        let view = View::new(&self.method, &self.uri, &self.headers);
        let Some(page) = (self.page.0)(refused.problem(), view.head()) else {
            response.extensions_mut().insert(refused);
            return response;
        };
        let fields = page.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let of_page = http::StatusCode::from_u16(page.status().as_u16()).unwrap_or_default();
        let sent = refused.dress(of_page, fields, &mut ResponseFields(response.headers_mut()));
        *response.status_mut() = status(sent);
        response.map_body(|_, _| body(page.into_body()))
    }
}
