//! A second factor: codes of the user's TOTP app (RFC 6238), by `totp-rs`.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{
    Form,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use cookiejwt_axum::{Checked, LoginError, WithCookies, prelude::*};
use example_shared::{Demo, User, unavailable};
use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Secret, Totp};
use url::form_urlencoded::Serializer;

use crate::{name, page, pages, pages::Failure};

/// The pending login of someone who has shown their password.
const SECOND_FACTOR: &str = "second-factor";
/// The pending login of a user who sets up their app; it keeps the secret until the first code.
const ENROLMENT: &str = "enrolment";

#[derive(Deserialize)]
pub(crate) struct Code {
    code: String,
}

#[derive(Serialize, Deserialize)]
struct Enrolment {
    /// In base32.
    secret: String,
}

/// `second_factor_page`: the library leads here after the password.
pub(crate) async fn ask(Query(failure): Query<Failure>) -> Response {
    page(pages::code(&failure))
}

/// The pending login knows where the user wanted to go, and whether to remember them.
pub(crate) async fn check(
    auth: AuthContext,
    State(demo): State<Demo>,
    Form(form): Form<Code>,
) -> Result<WithCookies<Redirect>, Redirect> {
    let proven = async {
        let pending = auth.pending(SECOND_FACTOR).ok_or(LoginError::PendingEnded)?;
        let check = async {
            let secret = match &pending.subject {
                Some(user) => demo.users.totp_secret(user).await?,
                None => None,
            };
            let step = secret.and_then(|secret| step(&secret, &form.code));
            // The step counts once: a code that was read over a shoulder is of no use.
            Ok::<_, example_shared::DemoError>(step.map(|step| Checked::<User>::right().once(step)))
        };
        auth.prove(&pending, Method::OTP, check).await
    };
    let proven = proven.await.map_err(|error| again("/login/code", &error))?;
    let next = proven.next().unwrap_or("/notes").to_owned();
    let login = auth.login_proven(proven, LoginOptions::new()).await;
    Ok(login.map_err(|error| again("/login/code", &error))?.with(Redirect::to(&next)))
}

/// A new secret for the app of this user, each time the page is shown.
pub(crate) async fn show(
    who: Identity,
    auth: AuthContext,
    CurrentUser(user): CurrentUser<User>,
    Query(failure): Query<Failure>,
) -> Result<Response, AuthError> {
    let secret = Secret::generate().to_base32();
    let url = totp(&secret, &user.username).and_then(|totp| totp.to_url().ok()).unwrap_or_default();
    let enrolment = PendingOptions::new(ENROLMENT).user(&user).beside(&who);
    auth.begin(enrolment.data(&Enrolment { secret: secret.clone() }))?;
    Ok(page(pages::enrolment(&name(&who), &secret, &url, &failure)))
}

/// The session continues with the new proof: one without it would end at its next refresh.
pub(crate) async fn enrol(
    who: Identity,
    auth: AuthContext,
    State(demo): State<Demo>,
    Form(form): Form<Code>,
) -> Result<Response, AuthError> {
    let Some(pending) = auth.pending(ENROLMENT) else {
        return Ok(Redirect::to("/account/code").into_response());
    };
    let enrolment: Option<Enrolment> = pending.read_data();
    let secret = enrolment.map(|enrolment| enrolment.secret).unwrap_or_default();
    let step = step(&secret, &form.code);
    let check = async { Ok::<_, LoginError>(step.map(|step| Checked::<User>::right().once(step))) };
    let proven = match auth.prove(&pending, Method::OTP, check).await {
        Ok(proven) => proven,
        // With another secret, so that the first code is one of the secret that is shown.
        Err(error) => return Ok(again("/account/code", &error).into_response()),
    };
    demo.users.set_totp_secret(proven.user(), secret).await.map_err(unavailable)?;
    Ok(auth.step_up(&who, proven).await?.with(Redirect::to("/account?code")).into_response())
}

/// The page of the form again, with the code of what went wrong; without a pending login, from the
/// start.
fn again(form: &str, error: &LoginError) -> Redirect {
    let problem = Problem::from(error);
    let place = if matches!(error, LoginError::PendingEnded) { "/login" } else { form };
    let mut query = Serializer::new(String::new());
    query.append_pair("error", problem.code());
    query.extend_pairs(problem.retry_after_seconds().map(|seconds| ("retry_after", seconds.to_string())));
    Redirect::to(&format!("{place}?{}", query.finish()))
}

/// The time step that a code belongs to: the present one, or one beside it.
fn step(secret: &str, code: &str) -> Option<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    totp(secret, "")?.check(code.trim(), now)
}

fn totp(secret: &str, name: &str) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret).ok()?;
    let totp = Builder::new().with_secret(secret).with_account_name(name);
    totp.with_issuer(Some("cookiejwt plain")).build().ok()
}
