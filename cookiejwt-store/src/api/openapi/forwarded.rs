//! What forward authentication adds to an operation.

use http::StatusCode;
use utoipa::openapi::{
    Header, HeaderBuilder, ObjectBuilder, Required, ResponseBuilder, Type,
    path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
};

use super::{super::operation::Operation, responses::one_of};
use crate::authenticator::Authenticator;

/// The parameters, and the redirect of an operation whose success is another response.
pub(super) fn describe(operation: Operation, described: OperationBuilder) -> OperationBuilder {
    match operation {
        Operation::VerifyForwarded => {
            let elsewhere = ResponseBuilder::new()
                .description("With `navigate`, for a page: to `token/continue/`, or to the login page.")
                .header("Cache-Control", one_of(["no-store"], "How long the answer may be kept."))
                .header("Location", text("A path of this application."));
            described
                .parameter(query(
                    "navigate",
                    "The browser sees the response, so that it may be sent elsewhere.",
                ))
                .response(StatusCode::SEE_OTHER.as_str(), elsewhere)
        }
        Operation::Continue => described
            .parameter(query("next", "Where to go: a path of this host. Anything else counts as `/`.")),
        _ => described,
    }
}

/// The fields of a success.
pub(super) fn success(
    auth: &Authenticator,
    operation: Operation,
    response: ResponseBuilder,
) -> ResponseBuilder {
    match operation {
        Operation::VerifyForwarded => {
            let names = auth.0.routes.identity_headers.names().into_iter();
            let what = [
                "The `sub` claim",
                "The `sid` claim",
                "The scopes, separated by spaces",
                "The realm",
                "The user who acts in the session",
            ];
            names.zip(what).fold(response, |response, (name, what)| {
                response.header(name.as_str(), text(&format!("{what}, percent-encoded.")))
            })
        }
        Operation::Continue => response.header("Location", text("A path of this application.")),
        _ => response,
    }
}

fn text(description: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::String).build();
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}

fn query(name: &str, description: &str) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).build();
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}
