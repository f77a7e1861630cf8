//! One operation: what it reads, what it answers, who may call it.

use cookiejwt_core::{Problem, driver::PendingLogin};
use http::StatusCode;
use utoipa::openapi::{
    Header, HeaderBuilder, ObjectBuilder, Required, ResponseBuilder, Type,
    path::{Operation as Documented, OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
    security::SecurityRequirement,
};

use super::{
    super::{endpoints::JWKS_LIFE, operation::Operation},
    ACCESS_COOKIE, BEARER, REFRESH_COOKIE, TAG, body, device, forwarded,
    responses::{by_status, one_of, problem},
};
use crate::{authenticator::Authenticator, routes::Route};

const LIFE: &str = "How long the answer may be kept.";

pub(super) fn describe(auth: &Authenticator, path: &str, route: Route, operation: Operation) -> Documented {
    let token_mode = auth.core().config().token_mode();
    let described = OperationBuilder::new()
        .tag(TAG)
        .operation_id(Some(operation.id(path)))
        .summary(Some(operation.summary()))
        .description(Some(operation.description()))
        .request_body(body::request(operation, token_mode))
        .securities(Some(securities(auth, operation)))
        .response(operation.success().as_str(), success(auth, operation));
    let allow = one_of(route.allow().to_str().ok(), "The methods that there are.");
    let other_method = problem(&[Problem::MethodNotAllowed]).header("Allow", allow);
    let described = described.response(StatusCode::METHOD_NOT_ALLOWED.as_str(), other_method);
    let problems = if token_mode { operation.problems() } else { operation.problems_without_token_mode() };
    let refused = by_status(&problems).into_iter();
    let described = refused.fold(described, |described, (status, problems)| {
        let response = with_cookies(auth, operation, status, problem(&problems));
        let is_challenge = operation == Operation::RenewDevice && status == StatusCode::FORBIDDEN;
        let response = if is_challenge { device::challenged(response) } else { response };
        described.response(status.as_str(), response)
    });
    let described = if operation.has_entity_tag() {
        described
            .parameter(if_none_match())
            .response(StatusCode::NOT_MODIFIED.as_str(), with_entity_tag(not_modified()))
    } else {
        described
    };
    let described = if auth.0.routes.pages.is_some() && operation.has_form() {
        described.response(StatusCode::SEE_OTHER.as_str(), other_page(auth, operation))
    } else {
        described
    };
    let described = device::describe(operation, forwarded::describe(operation, described));
    let described = if token_mode && operation.has_token_mode() {
        let described = described.parameter(mode_parameter());
        match operation {
            Operation::ChangePassword => described.response(StatusCode::OK.as_str(), body::tokens()),
            _ => described,
        }
    } else {
        described
    };
    parameters(path).into_iter().fold(described, OperationBuilder::parameter).build()
}

impl Operation {
    /// Whether it does something else for a client that keeps its tokens itself.
    const fn has_token_mode(self) -> bool {
        matches!(self, Self::Login | Self::Refresh | Self::Logout | Self::FreshLogin | Self::ChangePassword)
    }
}

/// What the form of a page gets, after a success and after a failure.
fn other_page(auth: &Authenticator, operation: Operation) -> ResponseBuilder {
    let path = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^/")).build();
    let location = HeaderBuilder::new().schema(Some(path)).description(Some("A path of the application."));
    let response = ResponseBuilder::new()
        .description(
            "For the form of a page: the page that follows, after a failure with `error` in its query.",
        )
        .header("Location", location.build())
        .header("Cache-Control", one_of(["no-store"], LIFE));
    with_cookies(auth, operation, StatusCode::SEE_OTHER, response)
}

fn not_modified() -> ResponseBuilder {
    ResponseBuilder::new()
        .description("What the client has is still true.")
        .header("Cache-Control", one_of([JWKS_LIFE], LIFE))
}

fn with_entity_tag(response: ResponseBuilder) -> ResponseBuilder {
    let tag = ObjectBuilder::new().schema_type(Type::String).build();
    let header =
        HeaderBuilder::new().schema(Some(tag)).description(Some("For If-None-Match (RFC 9110 §8.8.3)."));
    response.header("ETag", header.build())
}

fn if_none_match() -> Parameter {
    let tag = ObjectBuilder::new().schema_type(Type::String).build();
    ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(tag))
        .build()
}

fn mode_parameter() -> Parameter {
    let token = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["token"])).build();
    ParameterBuilder::new()
        .name("Cookiejwt-Mode")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "`token`: no cookie is read, set or cleared, and the tokens are in the bodies. For clients without cookies.",
        ))
        .schema(Some(token))
        .build()
}

/// The segments in braces.
fn parameters(path: &str) -> Vec<Parameter> {
    let names = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str| {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(text))
            .build()
    };
    names.map(parameter).collect()
}

fn success(auth: &Authenticator, operation: Operation) -> ResponseBuilder {
    let response = ResponseBuilder::new().description(operation.success_description());
    let response = body::success(operation, response, auth.core().config().token_mode());
    let life = if operation == Operation::Jwks { JWKS_LIFE } else { "no-store" };
    let response = response.header("Cache-Control", one_of([life], LIFE));
    let response = device::success(operation, forwarded::success(auth, operation, response));
    let response = if operation.has_entity_tag() { with_entity_tag(response) } else { response };
    with_cookies(auth, operation, operation.success(), response)
}

fn with_cookies(
    auth: &Authenticator,
    operation: Operation,
    status: StatusCode,
    response: ResponseBuilder,
) -> ResponseBuilder {
    match cookies(operation, status) {
        Some(when) => {
            response.header("Set-Cookie", set_cookie(auth, when, may_be_pending(operation, status)))
        }
        None => response,
    }
}

/// How a login that did not happen describes its cookies.
const NO_SESSION: &str = "No cookie of a session.";

/// How a login describes its cookies.
const LOGIN_COOKIES: &str = "Both cookies of the new session.";

/// Which cookies are sent. A request that requires a login may renew its access token at the same
/// time.
#[allow(clippy::match_same_arms, reason = "the first row that matches wins")]
const fn cookies(operation: Operation, status: StatusCode) -> Option<&'static str> {
    match (operation, status) {
        (Operation::Jwks | Operation::VerifyForwarded | Operation::BindDevice, _)
        | (_, StatusCode::FORBIDDEN) => None,
        (Operation::RenewDevice, StatusCode::OK) => {
            Some("Both cookies: new, or cleared where they are of no use any more.")
        }
        (Operation::RenewDevice, _) => None,
        (Operation::Continue, StatusCode::SEE_OTHER) => Some(
            "Both cookies: new where the access token was renewed, or cleared where they are of no use any more.",
        ),
        (Operation::Refresh, StatusCode::OK) => Some("Both cookies."),
        (Operation::Login | Operation::FreshLogin | Operation::ChangePassword, StatusCode::SEE_OTHER)
        | (Operation::Login | Operation::FreshLogin, StatusCode::OK)
        | (Operation::ChangePassword, StatusCode::NO_CONTENT) => Some(LOGIN_COOKIES),
        (Operation::Logout, StatusCode::OK | StatusCode::SEE_OTHER | StatusCode::SERVICE_UNAVAILABLE) => {
            Some("Both cookies are cleared.")
        }
        (Operation::EndSession, StatusCode::NO_CONTENT) => {
            Some("Both cookies: cleared with the present session, or new where the access token was renewed.")
        }
        (Operation::Login, StatusCode::UNAUTHORIZED) => Some(NO_SESSION),
        (Operation::Login | Operation::Logout, _) => None,
        (_, StatusCode::UNAUTHORIZED) => Some(
            "Both cookies are cleared, where they are of no use any more; new ones, where only the password was wrong.",
        ),
        (Operation::Refresh, _) => None,
        _ => Some("Both cookies, where the access token was renewed."),
    }
}

/// Whether a second factor may be required, which leaves a pending login.
const fn may_be_pending(operation: Operation, status: StatusCode) -> bool {
    matches!(operation, Operation::Login | Operation::FreshLogin | Operation::ChangePassword)
        && matches!(status, StatusCode::UNAUTHORIZED | StatusCode::SEE_OTHER)
}

/// What the names of the cookies of pending logins begin with.
fn pending_prefix(auth: &Authenticator) -> String {
    let pending = PendingLogin::new("", [0; 16], auth.now());
    let cleared = auth.core().clear_pending(&pending);
    let name = cleared.iter().next().map(|cookie| cookie.name().to_owned()).unwrap_or_default();
    name.trim_end_matches(&pending.id).to_owned()
}

fn set_cookie(auth: &Authenticator, when: &str, with_pending: bool) -> Header {
    let core = auth.core();
    let both = [core.config().access_name(), core.config().refresh_name()];
    let with_device = when == LOGIN_COOKIES && core.config().known_devices();
    let names = both.into_iter().chain(with_device.then(|| core.config().device_name()));
    let device = if with_device {
        format!(" And `{}`, where the login is to be remembered.", core.config().device_name())
    } else {
        String::new()
    };
    let cleared = core.clear_cookies();
    let line = cleared.iter().next().and_then(|cookie| cookie.line().to_str().ok()).unwrap_or_default();
    let attributes = line.split_once("; ").map_or("", |(_, attributes)| attributes);
    let attributes = attributes.split("; Max-Age").next().unwrap_or_default();
    let mut patterns = vec![format!("^({})=", names.map(escaped).collect::<Vec<_>>().join("|"))];
    let [access, refresh] = both;
    let mut description =
        format!("{when} One line each for `{access}` and `{refresh}`: `{attributes}`.{device}");
    if when == NO_SESSION {
        (patterns, description) = (Vec::new(), when.to_owned());
    }
    if with_pending {
        let prefix = pending_prefix(auth);
        description = format!("{description} One of `{prefix}…`, where a second factor is required.");
        patterns.push(format!("^{}", escaped(&prefix)));
    }
    let pattern = Some(patterns.join("|"));
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(pattern).build();
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}

/// The name of a cookie as a part of a regular expression (ECMA-262).
fn escaped(name: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    name.chars()
        .flat_map(|character| (!is_plain(character)).then_some('\\').into_iter().chain([character]))
        .collect()
}

/// Each is enough. An empty list means that no login is required, whatever the rest of the document
/// requires.
fn securities(auth: &Authenticator, operation: Operation) -> Vec<SecurityRequirement> {
    let nobody = SecurityRequirement::default();
    let scheme = |name: &str| SecurityRequirement::new(name, [""; 0]);
    let credentials = auth.core().config().credentials();
    let cookies = || credentials.reads_cookies().then(|| [scheme(ACCESS_COOKIE), scheme(REFRESH_COOKIE)]);
    let bearer = || credentials.reads_header().then(|| scheme(BEARER));
    let somebody = || cookies().into_iter().flatten().chain(bearer());
    match operation {
        Operation::Login | Operation::Jwks | Operation::BindDevice => vec![],
        Operation::Refresh | Operation::RenewDevice => {
            credentials.reads_cookies().then(|| scheme(REFRESH_COOKIE)).into_iter().collect()
        }
        Operation::Logout => [nobody].into_iter().chain(somebody()).collect(),
        Operation::Verify
        | Operation::VerifyForwarded
        | Operation::Continue
        | Operation::FreshLogin
        | Operation::ListSessions
        | Operation::EndOtherSessions
        | Operation::EndSession
        | Operation::ChangePassword
        | Operation::Revoked => somebody().collect(),
    }
}
