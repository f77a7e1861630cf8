//! Logging in: with a password, a second step, and at the identity provider.

use cookiejwt_rocket::{LoginError, WithCookies, prelude::*};
use example_proofs::{App, CodeForm, Journey, LoginForm, View, purpose};
use rocket::{Route, State, form::Form, get, post, routes};

use crate::view::Page;

pub(crate) fn routes() -> Vec<Route> {
    routes![form, log_in, code, second_step, log_out, provider, callback]
}

#[get("/login?<next>")]
pub(crate) fn form(next: Option<&str>) -> Page {
    View::login(next).into()
}

#[post("/login", data = "<form>")]
pub(crate) async fn log_in(auth: AuthContext, form: Form<LoginForm>) -> Result<WithCookies<Page>, Page> {
    let options = LoginOptions::new().remember(form.remembers());
    let login = auth.login_with_password(&form.name, &form.password, options).await;
    let login = login.map_err(|error| form.again(&error))?;
    Ok(login.with(View::to(form.next.as_deref()).into()))
}

#[get("/login/code?<next>")]
pub(crate) fn code(next: Option<&str>) -> Page {
    View::code(next).into()
}

#[post("/login/code", data = "<form>")]
pub(crate) async fn second_step(
    auth: AuthContext,
    app: &State<App>,
    form: Form<CodeForm>,
) -> Result<WithCookies<Page>, Page> {
    let pending = auth.pending(purpose::SECOND_FACTOR).ok_or(LoginError::PendingEnded)?;
    let check = app.users.check_code(&pending, &form.code);
    let proven = auth.prove(&pending, Method::OTP, check).await.map_err(|error| form.again(&error))?;
    let login = auth.login_proven(proven, LoginOptions::new()).await?;
    Ok(login.with(View::to(form.next.as_deref()).into()))
}

#[post("/logout")]
pub(crate) async fn log_out(auth: AuthContext) -> Result<WithCookies<Page>, AuthError> {
    Ok(auth.logout().await?.with(View::to(None).into()))
}

#[get("/provider?<next>")]
pub(crate) async fn provider(auth: AuthContext, app: &State<App>, next: Option<&str>) -> Result<Page, Page> {
    let journey = Journey::random();
    let options = PendingOptions::new(purpose::PROVIDER).data(&journey).next(next.unwrap_or("/"));
    let (pending, _) = auth.begin(options)?;
    let url = app.provider()?.url(&journey, &pending).await?;
    Ok(View::Redirect(url.into()).into())
}

/// The cookie of the pending login shows that this browser has begun the journey, so this GET may
/// log in.
#[get("/provider/callback?<state>&<code>")]
pub(crate) async fn callback(
    auth: AuthContext,
    app: &State<App>,
    state: &str,
    code: Option<String>,
) -> Result<WithCookies<Page>, Page> {
    let pending = auth.pending_with_id(purpose::PROVIDER, state).ok_or(LoginError::PendingEnded)?;
    let check = app.provider()?.check(&app.users, &pending, code.unwrap_or_default());
    let proven = auth.prove(&pending, Method::FED, check).await?;
    let next = View::to(proven.next()).into();
    Ok(auth.login_proven(proven, LoginOptions::new()).await?.with(next))
}
