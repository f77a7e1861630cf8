//! Responses: problems and header fields.

use std::{borrow::Cow, collections::BTreeMap};

use cookiejwt_core::Problem;
use http::StatusCode;
use serde_json::Value;
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{
        ArrayBuilder, ContentBuilder, Header, HeaderBuilder, Object, ObjectBuilder, Ref, RefOr, Response,
        ResponseBuilder, Schema, Type, example::ExampleBuilder,
    },
};

use super::super::operation::Operation;

pub(super) const PROBLEM: &str = "application/problem+json";

/// What a guard such as `Identity` returns on its own: 401, 403, 500 and 503, for `responses(…)` of
/// `#[utoipa::path]`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        by_status(&Operation::Verify.problems())
            .into_iter()
            .map(|(status, problems)| (status.as_str().to_owned(), problem(&problems).build().into()))
            .collect()
    }
}

/// What `MaybeIdentity` returns on its own on a public route: 403, 500 and 503. Only a page that
/// another origin prerenders can get a 401, which the browser discards.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PublicRefusals;

impl IntoResponses for PublicRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = Refusals::responses();
        responses.remove(StatusCode::UNAUTHORIZED.as_str());
        responses
    }
}

/// The schema of the `application/problem+json` (RFC 9457), for operations of the application that
/// return one.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ProblemSchema;

impl ToSchema for ProblemSchema {
    fn name() -> Cow<'static, str> {
        "CookiejwtProblem".into()
    }
}

impl PartialSchema for ProblemSchema {
    fn schema() -> RefOr<Schema> {
        let text = |description: &str| {
            ObjectBuilder::new().schema_type(Type::String).description(Some(description)).build()
        };
        let mut code = text("The stable code that programs compare.");
        code.enum_values = Some(Problem::CODES.iter().map(|code| Value::from(*code)).collect());
        let members = [
            ("type", text("Always `about:blank`.")),
            ("title", text("The status in words.")),
            ("status", Object::with_type(Type::Integer)),
            ("detail", text("One sentence for people.")),
            ("code", code),
        ];
        let object = ObjectBuilder::new().description(Some("What went wrong (RFC 9457)."));
        let object = members
            .into_iter()
            .fold(object, |object, (name, schema)| object.property(name, schema).required(name));
        let seconds = ObjectBuilder::new().schema_type(Type::Integer);
        let seconds = seconds.description(Some("How old a proof may be, with `proof_required` only."));
        let methods = "The methods that help, with `second_factor_required` and `proof_required` only.";
        let methods = ArrayBuilder::new().items(Object::with_type(Type::String)).description(Some(methods));
        let pending = "What the next step takes, with `second_factor_required` in token mode only.";
        object
            .property("reason", text("Why a new password is refused, with `password_refused` only."))
            .property("methods", methods)
            .property("max_age", seconds)
            .property("pending", text(pending))
            .build()
            .into()
    }
}

/// Problems that have the same status are one response.
pub(super) fn by_status(problems: &[Problem]) -> BTreeMap<StatusCode, Vec<Problem>> {
    problems.iter().fold(BTreeMap::new(), |mut groups, problem| {
        groups.entry(problem.status()).or_insert_with(Vec::new).push(*problem);
        groups
    })
}

/// One response of these problems: each body as an example, and the challenges.
pub(super) fn problem(problems: &[Problem]) -> ResponseBuilder {
    let sentences: Vec<_> = problems.iter().map(|problem| problem.detail()).collect();
    let examples = problems.iter().map(|problem| {
        let body = serde_json::from_str(&problem.to_json()).unwrap_or_default();
        (problem.code(), ExampleBuilder::new().summary(problem.detail()).value(Some(body)))
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ProblemSchema::name())))
        .examples_from_iter(examples)
        .build();
    let response = ResponseBuilder::new()
        .description(sentences.join(" "))
        .content(PROBLEM, content)
        .header("Cache-Control", one_of(["no-store"], "Nothing of this is kept."));
    let is_throttled = problems.iter().any(|problem| problem.status() == StatusCode::TOO_MANY_REQUESTS);
    let response = if is_throttled { response.header("Retry-After", seconds()) } else { response };
    let challenges: Vec<_> = problems.iter().filter_map(|problem| problem.challenge()).collect();
    if challenges.is_empty() {
        return response;
    }
    response.header("WWW-Authenticate", one_of(challenges, "The challenge (RFC 9110, RFC 6750)."))
}

fn seconds() -> Header {
    let digits = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9]+$")).build();
    HeaderBuilder::new().schema(Some(digits)).description(Some("Seconds to wait.")).build()
}

/// A field with one of these values.
pub(super) fn one_of<T: Into<String>>(values: impl IntoIterator<Item = T>, description: &str) -> Header {
    let mut values: Vec<String> = values.into_iter().map(Into::into).collect();
    values.sort();
    values.dedup();
    let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values)).build();
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}
