//! Compares responses with the OpenAPI document: what it does not promise must not occur, and what
//! it promises must occur at least once.

use std::collections::BTreeSet;

use cookiejwt_store::Authenticator;
use jsonschema::Draft;
use serde_json::{Map, Value, json};

use crate::{Answer, Request};

/// Fields that the document has to list if a response has them.
const NAMED: [&str; 7] = [
    "set-cookie",
    "www-authenticate",
    "allow",
    "retry-after",
    "cache-control",
    "etag",
    "secure-session-challenge",
];
const PROBLEM: &str = "application/problem+json";

/// The document of one application's routes.
#[derive(Clone, Debug)]
pub struct Documented(Value);

/// What the document contains for one request: one operation, or all of a path if the method is
/// none of them.
struct Found<'a> {
    operations: Vec<&'a Value>,
    is_other_method: bool,
}

impl Documented {
    pub fn of(auth: &Authenticator) -> Self {
        Self(serde_json::to_value(auth.openapi()).expect("a document is JSON"))
    }

    /// How this response of a documented route differs from the document.
    pub fn faults(&self, request: &Request, body: &[u8], answer: &Answer) -> Vec<String> {
        let Some(found) = self.find(request) else { return vec![] };
        // The application's own page; the document describes the responses of the library.
        if answer.field("content-type").starts_with("text/html") {
            return vec![];
        }
        if found.is_other_method && answer.status != 405 {
            return vec![format!("{} is not documented and answered {}", request.start, answer.status)];
        }
        let faults = found.operations.into_iter().flat_map(|operation| {
            let Some(response) = operation["responses"].get(answer.status.to_string()) else {
                return vec![format!("{} is not documented: {}", promise(operation, answer), request.start)];
            };
            let mut faults = self.field_faults(response, answer);
            if !request.is_head() {
                faults.extend(self.body_faults(response, answer));
            }
            faults.extend(self.request_faults(operation, request, body, answer.status));
            faults
        });
        faults.collect()
    }

    /// Which promises this response keeps: operation, status, and the code of a problem.
    pub fn kept(&self, request: &Request, answer: &Answer) -> Vec<String> {
        let operations = self.find(request).map(|found| found.operations);
        operations.into_iter().flatten().map(|operation| promise(operation, answer)).collect()
    }

    /// Every promise.
    pub fn promises(&self) -> BTreeSet<String> {
        let paths = members(&self.0["paths"]).flat_map(|(_, methods)| members(methods));
        let promises = paths.flat_map(|(_, operation)| {
            let id = text(&operation["operationId"]);
            members(&operation["responses"]).flat_map(move |(status, response)| {
                let codes: Vec<_> = members(&response["content"][PROBLEM]["examples"]).collect();
                let without_code = codes.is_empty().then(|| format!("{id} {status}"));
                codes.into_iter().map(move |(code, _)| format!("{id} {status} {code}")).chain(without_code)
            })
        });
        promises.collect()
    }

    fn find(&self, request: &Request) -> Option<Found<'_>> {
        let mut start = request.start.split(' ');
        let (method, target) = (start.next()?.to_ascii_lowercase(), start.next()?);
        let path = target.split('?').next()?;
        let (_, methods) = members(&self.0["paths"]).find(|(template, _)| is_at(template, path))?;
        let method = if method == "head" { "get" } else { &method };
        Some(match methods.get(method) {
            Some(operation) => Found { operations: vec![operation], is_other_method: false },
            None => Found {
                operations: members(methods).map(|(_, operation)| operation).collect(),
                is_other_method: true,
            },
        })
    }

    fn field_faults(&self, response: &Value, answer: &Answer) -> Vec<String> {
        let documented: Vec<_> =
            members(&response["headers"]).map(|(name, header)| (name.to_ascii_lowercase(), header)).collect();
        let mut faults = Vec::new();
        for (name, value) in answer.headers.iter().filter(|(name, _)| NAMED.contains(&&**name)) {
            match documented.iter().find(|(known, _)| known == name) {
                None => faults.push(format!("{} {name}: {value} is not documented", answer.status)),
                Some((_, header)) => faults.extend(self.mismatch(&header["schema"], &json!(value), name)),
            }
        }
        let may_come = ["set-cookie", "secure-session-challenge"];
        let must_come = documented.iter().filter(|(name, _)| !may_come.contains(&name.as_str()));
        // A field may be empty, and still has to be there.
        let came = |name: &str| answer.headers.iter().any(|(known, _)| known == name);
        let missing = must_come.filter(|(name, _)| !came(name));
        faults.extend(missing.map(|(name, _)| format!("{} {name} is documented and missing", answer.status)));
        faults
    }

    fn body_faults(&self, response: &Value, answer: &Answer) -> Vec<String> {
        let content_type = answer.field("content-type");
        let content_type = content_type.split(';').next().unwrap_or_default();
        let content = &response["content"];
        // A challenge has no body.
        let is_challenge = answer.status == 403 && !answer.field("secure-session-challenge").is_empty();
        if content.is_null() || is_challenge {
            let is_empty = answer.body.is_empty() && content_type.is_empty();
            return if is_empty {
                vec![]
            } else {
                vec![format!("{} has a body: {}", answer.status, answer.body)]
            };
        }
        let Some(content) = content.get(content_type) else {
            return vec![format!("{} {content_type} is not documented", answer.status)];
        };
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let mut faults: Vec<_> = self.mismatch(&content["schema"], &body, "the body").into_iter().collect();
        let mut example = content["examples"][text(&body["code"])]["value"].clone();
        // One example for all rules that refuse a password.
        if body["reason"].is_string() && example["reason"].is_string() {
            example["reason"] = body["reason"].clone();
        }
        // The methods are those of the user, and the pending login is that of the client.
        for member in ["methods", "pending"].into_iter().filter(|_| body["code"] == "second_factor_required")
        {
            if let Some(value) = body.get(member) {
                example[member] = value.clone();
            }
        }
        if content_type == PROBLEM && example != body {
            faults.push(format!("{} is none of the documented problems: {body}", answer.status));
        }
        faults
    }

    /// An accepted body has to match the document, and one that was refused with 400 must not.
    fn request_faults(
        &self,
        operation: &Value,
        request: &Request,
        body: &[u8],
        status: u16,
    ) -> Option<String> {
        let content = &operation["requestBody"]["content"];
        let content_type = request.content_type()?;
        let content_type = content_type.split(';').next().unwrap_or_default();
        let schema = &content.get(content_type)?["schema"];
        let is_form = content_type == "application/x-www-form-urlencoded";
        let body = if is_form { form(body) } else { serde_json::from_slice(body).ok() };
        let mismatch = body.map(|body| self.mismatch(schema, &body, "the request's body"));
        match (status, mismatch) {
            (200..=299, Some(Some(fault))) => Some(format!("{status}, but {fault}")),
            (400, Some(None)) => Some("400, but the request's body is as documented".into()),
            _ => None,
        }
    }

    fn mismatch(&self, schema: &Value, value: &Value, what: &str) -> Option<String> {
        let whole = json!({ "allOf": [schema], "components": self.0["components"] });
        let validator = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        let validator = validator.build(&whole).expect("a schema");
        let fault = validator.iter_errors(value).next()?;
        Some(format!("{what} is not as documented: {fault}"))
    }
}

fn promise(operation: &Value, answer: &Answer) -> String {
    let (id, status) = (text(&operation["operationId"]), answer.status);
    // The response to HEAD has no body.
    let code = serde_json::from_str::<Value>(&answer.body).ok().map(|body| text(&body["code"]).to_owned());
    match code.filter(|code| !code.is_empty()) {
        Some(code) => format!("{id} {status} {code}"),
        None => format!("{id} {status}"),
    }
}

/// Whether this path matches the template, with or without its trailing slash.
fn is_at(template: &str, path: &str) -> bool {
    let segments = |path: &str| path.trim_end_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>();
    let (template, path) = (segments(template), segments(path));
    let is_alike = |(known, is): (&String, &String)| known == is || known.starts_with('{');
    template.len() == path.len() && template.iter().zip(&path).all(is_alike)
}

/// A form as an object; `None` if a name occurs twice or it is not UTF-8.
fn form(body: &[u8]) -> Option<Value> {
    let mut object = Map::new();
    for (name, value) in form_urlencoded::parse(body) {
        if value.contains(char::REPLACEMENT_CHARACTER)
            || object.insert(name.into_owned(), json!(value)).is_some()
        {
            return None;
        }
    }
    Some(object.into())
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
