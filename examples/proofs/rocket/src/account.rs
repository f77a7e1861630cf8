//! The pages of a user who is logged in.

use cookiejwt_rocket::{LoginError, WithCookies, prelude::*};
use example_proofs::{
    App, CodeForm, Confirm, Enrolment, NewPasswordForm, PasswordForm, TransferForm, User, View, Visitor,
    purpose,
};
use rocket::{Route, State, form::Form, get, post, routes};

use crate::view::Page;

pub(crate) fn routes() -> Vec<Route> {
    routes![show, end_others, new_password, change_password, confirm, confirm_code, confirm_password]
}

#[get("/account")]
pub(crate) async fn show(
    who: Identity,
    auth: AuthContext,
    user: CurrentUser<User>,
) -> Result<Page, AuthError> {
    let sessions = auth.sessions(&who).await?;
    Ok(View::account(&Visitor::of(&who), &user.0, &sessions).into())
}

#[post("/account/others")]
pub(crate) async fn end_others(who: Identity, auth: AuthContext) -> Result<Page, AuthError> {
    auth.end_other_sessions(&who).await?;
    Ok(View::to(Some("/account")).into())
}

#[get("/account/password")]
pub(crate) fn new_password() -> Page {
    View::new_password().into()
}

#[post("/account/password", data = "<form>")]
pub(crate) async fn change_password(
    who: Identity,
    auth: AuthContext,
    form: Form<NewPasswordForm>,
) -> Result<WithCookies<Page>, Page> {
    let login = auth.change_password(&who, &form.current, &form.new).await;
    Ok(login.map_err(|error| form.again(&error))?.with(View::to(Some("/account")).into()))
}

/// The secret for the app of this user. A pending login keeps it until the first code is typed.
#[get("/account/code")]
pub(crate) fn new_code(who: Identity, auth: AuthContext, user: CurrentUser<User>) -> Result<Page, Page> {
    let enrolment = Enrolment::random();
    auth.begin(PendingOptions::new(purpose::NEW_CODE).user(&user.0).beside(&who).data(&enrolment))?;
    Ok(View::new_code(&user.0, &enrolment)?.into())
}

/// The session continues with the new proof. One without it would end at its next refresh.
#[post("/account/code", data = "<form>")]
pub(crate) async fn set_code(
    who: Identity,
    auth: AuthContext,
    app: &State<App>,
    form: Form<CodeForm>,
) -> Result<WithCookies<Page>, Page> {
    let pending = auth.pending(purpose::NEW_CODE).ok_or(LoginError::PendingEnded)?;
    let check = async { Ok::<_, LoginError>(Enrolment::check_code(&pending, &form.code)) };
    let proven = auth.prove(&pending, Method::OTP, check).await?;
    let codes = app.users.set_totp(proven.user(), &pending).await?;
    Ok(auth.step_up(&who, proven).await?.with(View::recovery(&codes).into()))
}

/// A guard sends users here who have to prove again who they are.
#[get("/confirm?<asked..>")]
pub(crate) fn confirm(
    who: Identity,
    auth: AuthContext,
    user: CurrentUser<User>,
    asked: Confirm,
) -> Result<Page, Page> {
    auth.begin(PendingOptions::new(purpose::CONFIRM).user(&user.0).beside(&who))?;
    Ok(asked.page(&user.0).into())
}

#[post("/confirm/code", data = "<form>")]
pub(crate) async fn confirm_code(
    who: Identity,
    auth: AuthContext,
    app: &State<App>,
    form: Form<CodeForm>,
) -> Result<WithCookies<Page>, Page> {
    let pending = auth.pending(purpose::CONFIRM).ok_or(LoginError::PendingEnded)?;
    let check = app.users.check_code(&pending, &form.code);
    let proven = auth.prove(&pending, Method::OTP, check).await?;
    Ok(auth.step_up(&who, proven).await?.with(View::to(form.next.as_deref()).into()))
}

#[post("/confirm/password", data = "<form>")]
pub(crate) async fn confirm_password(
    who: Identity,
    auth: AuthContext,
    form: Form<PasswordForm>,
) -> Result<WithCookies<Page>, Page> {
    let login = auth.fresh_login(&who, &form.password).await?;
    Ok(login.with(View::to(form.next.as_deref()).into()))
}

#[get("/transfer")]
pub(crate) fn transfer(who: Identity) -> Page {
    View::transfer(&Visitor::of(&who)).into()
}

#[post("/transfer", data = "<form>")]
pub(crate) fn transferred(who: Identity, form: Form<TransferForm>) -> Page {
    View::transferred(&Visitor::of(&who), &form).into()
}
