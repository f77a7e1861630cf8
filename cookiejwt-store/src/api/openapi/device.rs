//! What a browser sends by itself for a device-bound session, and what it gets.

use serde_json::json;
use utoipa::openapi::{
    Content, Object, ObjectBuilder, RefOr, Required, ResponseBuilder, Schema, Type,
    path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
    schema::{ArrayBuilder, OneOfBuilder},
};

use super::super::operation::Operation;

const RESPONSE: &str = "Secure-Session-Response";
const CHALLENGE: &str = "Secure-Session-Challenge";

/// With the fields that the browser sends.
pub(super) fn describe(operation: Operation, described: OperationBuilder) -> OperationBuilder {
    match operation {
        Operation::BindDevice => {
            described.parameter(field(RESPONSE, true, "The key, and a proof that it is there."))
        }
        Operation::RenewDevice => described
            .parameter(field("Sec-Secure-Session-Id", true, "The session."))
            .parameter(field(RESPONSE, false, "The proof, once there is a challenge.")),
        _ => described,
    }
}

/// The fields of the response.
pub(super) fn success(operation: Operation, response: ResponseBuilder) -> ResponseBuilder {
    match operation {
        Operation::RenewDevice => challenged(response),
        _ => response,
    }
}

/// The 403 of a renewal is a challenge too, and then it has no body.
pub(super) fn challenged(response: ResponseBuilder) -> ResponseBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    let header = utoipa::openapi::HeaderBuilder::new().schema(Some(text));
    let header = header.description(Some("What the device signs next."));
    response.header(CHALLENGE, header.build())
}

/// The content of a success: the instructions, or for a renewal that the session is over.
pub(super) fn content(operation: Operation) -> Content {
    let schema = match operation {
        Operation::RenewDevice => {
            Schema::OneOf(OneOfBuilder::new().item(instructions()).item(end()).build()).into()
        }
        _ => instructions(),
    };
    Content::new(Some(schema))
}

fn field(name: &str, required: bool, description: &str) -> Parameter {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(if required { Required::True } else { Required::False })
        .description(Some(description))
        .schema(Some(text))
        .build()
}

fn instructions() -> RefOr<Schema> {
    let text = || Object::with_type(Type::String);
    let objects = || ArrayBuilder::new().items(Object::with_type(Type::Object)).build();
    let scope = ObjectBuilder::new()
        .property("include_site", Object::with_type(Type::Boolean))
        .property("scope_specification", objects());
    ObjectBuilder::new()
        .description(Some("Instructions for the browser (W3C Device Bound Session Credentials)."))
        .property("session_identifier", text())
        .required("session_identifier")
        .property("refresh_url", text())
        .required("refresh_url")
        .property("scope", scope)
        .required("scope")
        .property("allowed_refresh_initiators", ArrayBuilder::new().items(text()).build())
        .property("credentials", objects())
        .required("credentials")
        .build()
        .into()
}

fn end() -> RefOr<Schema> {
    let never = ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([json!(false)])).build();
    ObjectBuilder::new()
        .description(Some("The session is over."))
        .property("session_identifier", Object::with_type(Type::String))
        .required("session_identifier")
        .property("continue", never)
        .required("continue")
        .build()
        .into()
}
