//! Schemas of the bodies, from the types that read and write them.

use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Content, ContentBuilder, Object, ObjectBuilder, Ref, RefOr, Required, ResponseBuilder, Schema, Type,
        request_body::{RequestBody, RequestBodyBuilder},
        schema::{ArrayBuilder, OneOfBuilder, SchemaType},
    },
};

use super::{
    super::{
        body::{FreshLoginBody, LoginBody, MediaType, PasswordBody, RefreshBody},
        endpoints::VerifyBody,
        operation::Operation,
    },
    device,
    responses::{ProblemSchema, one_of},
};
use crate::{request::SessionBody, sessions::SessionInfo};

const TOKENS: &str = "CookiejwtTokens";
const LOGIN_FORM: &str = "CookiejwtCredentialsForm";

type Named = (String, RefOr<Schema>);

/// Every schema that has a name.
pub(super) fn schemas(token_mode: bool) -> Vec<Named> {
    let in_token_mode = token_mode.then(|| [named::<RefreshBody>(), (TOKENS.into(), tokens_schema())]);
    let schemas = vec![
        named::<ProblemSchema>(),
        named::<LoginBody>(),
        (LOGIN_FORM.into(), login_form()),
        named::<FreshLoginBody>(),
        named::<PasswordBody>(),
        named::<SessionBody<'_>>(),
        named::<SessionInfo>(),
        named::<VerifyBody<'_>>(),
    ];
    schemas.into_iter().chain(in_token_mode.into_iter().flatten()).collect()
}

/// What is read.
pub(super) fn request(operation: Operation, token_mode: bool) -> Option<RequestBody> {
    match operation {
        Operation::Refresh if token_mode => {
            let mut body = json_or_form(reference::<RefreshBody>(), reference::<RefreshBody>());
            body.description = Some("In token mode alone, and then required.".into());
            body.required = Some(Required::False);
            Some(body)
        }
        Operation::Login => {
            Some(json_or_form(reference::<LoginBody>(), Ref::from_schema_name(LOGIN_FORM).into()))
        }
        Operation::FreshLogin => {
            Some(json_or_form(reference::<FreshLoginBody>(), reference::<FreshLoginBody>()))
        }
        Operation::ChangePassword => {
            Some(json_or_form(reference::<PasswordBody>(), reference::<PasswordBody>()))
        }
        Operation::Logout => Some(logout_body()),
        Operation::Refresh
        | Operation::Verify
        | Operation::VerifyForwarded
        | Operation::Continue
        | Operation::ListSessions
        | Operation::EndOtherSessions
        | Operation::EndSession
        | Operation::Jwks
        | Operation::Revoked
        | Operation::BindDevice
        | Operation::RenewDevice => None,
    }
}

/// The response of a success.
pub(super) fn success(operation: Operation, response: ResponseBuilder, token_mode: bool) -> ResponseBuilder {
    let of = |schema: RefOr<Schema>| Content::new(Some(schema));
    let json = |schema| ("application/json", of(schema));
    let (content_type, content) = match operation {
        Operation::EndSession | Operation::ChangePassword | Operation::Continue => return response,
        Operation::ListSessions => json(ArrayBuilder::new().items(reference::<SessionInfo>()).build().into()),
        Operation::EndOtherSessions => json(ended()),
        Operation::Login | Operation::Refresh | Operation::FreshLogin if token_mode => {
            let either = OneOfBuilder::new().item(reference::<SessionBody<'_>>()).item(tokens_reference());
            json(Schema::OneOf(either.build()).into())
        }
        Operation::Login | Operation::Refresh | Operation::FreshLogin => json(reference::<SessionBody<'_>>()),
        Operation::Verify | Operation::VerifyForwarded => json(reference::<VerifyBody<'_>>()),
        Operation::Logout => json(ObjectBuilder::new().max_properties(Some(0)).build().into()),
        Operation::BindDevice | Operation::RenewDevice => {
            return response.content("application/json", device::content(operation));
        }
        Operation::Jwks => ("application/jwk-set+json", of(key_set())),
        Operation::Revoked => {
            ("application/jwt", of(ObjectBuilder::new().schema_type(Type::String).build().into()))
        }
    };
    response.content(content_type, content)
}

fn named<T: ToSchema>() -> Named {
    (T::name().into_owned(), T::schema())
}

fn reference<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

fn json_or_form(json: RefOr<Schema>, form: RefOr<Schema>) -> RequestBody {
    RequestBodyBuilder::new()
        .description(Some(format!("At most {} KiB.", super::super::MAX_BODY_BYTES / 1024)))
        .content(MediaType::Json.essence(), Content::new(Some(json)))
        .content(MediaType::Form.essence(), Content::new(Some(form)))
        .required(Some(Required::True))
        .build()
}

/// The same fields as in JSON, but an unchecked box is left out by a browser.
fn login_form() -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut form)) = LoginBody::schema() else { return LoginBody::schema() };
    let remember = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(
            "`true`, `on` or `1`: the cookies outlive the browser. Absent or anything else: they do not.",
        ))
        .examples(["on"])
        .build();
    form.properties.insert("remember".into(), remember.into());
    form.description = Some("A login as a form.".into());
    Schema::Object(form).into()
}

/// Anything: what cannot be read is ignored, for a logout must not fail.
fn logout_body() -> RequestBody {
    let refresh = Object::with_type(SchemaType::AnyValue);
    let anything = ObjectBuilder::new()
        .schema_type(SchemaType::AnyValue)
        .description(Some("`refresh` may name a session to end; everything else is ignored."))
        .property("refresh", refresh)
        .build();
    let content = || {
        let schema = RefOr::from(Schema::Object(anything.clone()));
        ContentBuilder::new().schema(Some(schema)).example(Some(json!({ "refresh": "eyJ…" }))).build()
    };
    RequestBodyBuilder::new()
        .description(Some("Anything or nothing."))
        .required(Some(Required::False))
        .content(MediaType::Json.essence(), content())
        .content(MediaType::Form.essence(), content())
        .build()
}

/// The answer in token mode where there is none in cookie mode.
pub(super) fn tokens() -> ResponseBuilder {
    ResponseBuilder::new()
        .description("The tokens, in token mode.")
        .content("application/json", Content::new(Some(tokens_reference())))
        .header("Cache-Control", one_of(["no-store"], "How long the answer may be kept."))
}

fn tokens_reference() -> RefOr<Schema> {
    Ref::from_schema_name(TOKENS).into()
}

/// RFC 6749 §5.1. The core writes it, which knows nothing of schemas.
fn tokens_schema() -> RefOr<Schema> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let members = [
        ("access", text().description(Some("For `Authorization: Bearer`.")).build()),
        ("refresh", text().description(Some("For the body of a refresh.")).build()),
        ("token_type", text().enum_values(Some(["Bearer"])).build()),
        (
            "expires_in",
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .description(Some("Life of the access token in seconds."))
                .build(),
        ),
    ];
    let object = ObjectBuilder::new().description(Some("The tokens of a client that keeps them itself."));
    let object = members
        .into_iter()
        .fold(object, |object, (name, schema)| object.property(name, schema).required(name));
    object.build().into()
}

fn ended() -> RefOr<Schema> {
    let revoked = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).build();
    ObjectBuilder::new().property("revoked", revoked).required("revoked").build().into()
}

fn key_set() -> RefOr<Schema> {
    let key = ObjectBuilder::new()
        .property("kty", Object::with_type(Type::String))
        .property("kid", Object::with_type(Type::String))
        .property("alg", Object::with_type(Type::String))
        .required("kty")
        .build();
    let keys = ArrayBuilder::new().items(RefOr::from(Schema::Object(key))).build();
    ObjectBuilder::new().property("keys", keys).required("keys").build().into()
}
