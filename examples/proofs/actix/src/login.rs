//! Logging in: with a password, a second step, and at the identity provider.

use actix_web::web::{Data, Form, Query};
use cookiejwt_actix::{LoginError, WithCookies, prelude::*};
use example_proofs::{Answer, App, CodeForm, Journey, LoginForm, Next, View, purpose};

use crate::view::Page;

pub(crate) async fn form(Query(asked): Query<Next>) -> Page {
    View::login(asked.next.as_deref()).into()
}

pub(crate) async fn log_in(
    auth: AuthContext,
    Form(form): Form<LoginForm>,
) -> Result<WithCookies<Page>, Page> {
    let options = LoginOptions::new().remember(form.remembers());
    let login = auth.login_with_password(&form.name, &form.password, options).await;
    let login = login.map_err(|error| form.again(&error))?;
    Ok(login.with(View::to(form.next.as_deref()).into()))
}

pub(crate) async fn code(Query(asked): Query<Next>) -> Page {
    View::code(asked.next.as_deref()).into()
}

pub(crate) async fn second_step(
    auth: AuthContext,
    app: Data<App>,
    Form(form): Form<CodeForm>,
) -> Result<WithCookies<Page>, Page> {
    let pending = auth.pending(purpose::SECOND_FACTOR).ok_or(LoginError::PendingEnded)?;
    let check = app.users.check_code(&pending, &form.code);
    let proven = auth.prove(&pending, Method::OTP, check).await.map_err(|error| form.again(&error))?;
    let login = auth.login_proven(proven, LoginOptions::new()).await?;
    Ok(login.with(View::to(form.next.as_deref()).into()))
}

pub(crate) async fn log_out(auth: AuthContext) -> Result<WithCookies<Page>, AuthError> {
    Ok(auth.logout().await?.with(View::to(None).into()))
}

pub(crate) async fn provider(
    auth: AuthContext,
    app: Data<App>,
    Query(asked): Query<Next>,
) -> Result<Page, Page> {
    let journey = Journey::random();
    let options =
        PendingOptions::new(purpose::PROVIDER).data(&journey).next(asked.next.as_deref().unwrap_or("/"));
    let (pending, _) = auth.begin(options)?;
    let url = app.provider()?.url(&journey, &pending).await?;
    Ok(View::Redirect(url.into()).into())
}

/// The cookie of the pending login shows that this browser has begun the journey, so this GET may
/// log in.
pub(crate) async fn callback(
    auth: AuthContext,
    app: Data<App>,
    Query(answer): Query<Answer>,
) -> Result<WithCookies<Page>, Page> {
    let pending = auth.pending_with_id(purpose::PROVIDER, &answer.state).ok_or(LoginError::PendingEnded)?;
    let check = app.provider()?.check(&app.users, &pending, answer.code.unwrap_or_default());
    let proven = auth.prove(&pending, Method::FED, check).await?;
    let next = View::to(proven.next()).into();
    Ok(auth.login_proven(proven, LoginOptions::new()).await?.with(next))
}
