//! The pages of a user who is logged in.

use actix_web::web::{Data, Form, Query};
use cookiejwt_actix::{LoginError, WithCookies, prelude::*};
use example_proofs::{
    App, CodeForm, Confirm, Enrolment, NewPasswordForm, PasswordForm, TransferForm, User, View, Visitor,
    purpose,
};

use crate::view::Page;

pub(crate) async fn show(
    who: Identity,
    auth: AuthContext,
    CurrentUser(user): CurrentUser<User>,
) -> Result<Page, AuthError> {
    let sessions = auth.sessions(&who).await?;
    Ok(View::account(&Visitor::of(&who), &user, &sessions).into())
}

pub(crate) async fn end_others(who: Identity, auth: AuthContext) -> Result<Page, AuthError> {
    auth.end_other_sessions(&who).await?;
    Ok(View::to(Some("/account")).into())
}

pub(crate) async fn new_password() -> Page {
    View::new_password().into()
}

pub(crate) async fn change_password(
    who: Identity,
    auth: AuthContext,
    Form(form): Form<NewPasswordForm>,
) -> Result<WithCookies<Page>, Page> {
    let login = auth.change_password(&who, &form.current, &form.new).await;
    Ok(login.map_err(|error| form.again(&error))?.with(View::to(Some("/account")).into()))
}

/// The secret for the app of this user. A pending login keeps it until the first code is typed.
pub(crate) async fn new_code(
    who: Identity,
    auth: AuthContext,
    CurrentUser(user): CurrentUser<User>,
) -> Result<Page, Page> {
    let enrolment = Enrolment::random();
    auth.begin(PendingOptions::new(purpose::NEW_CODE).user(&user).beside(&who).data(&enrolment))?;
    Ok(View::new_code(&user, &enrolment)?.into())
}

/// The session continues with the new proof. One without it would end at its next refresh.
pub(crate) async fn set_code(
    who: Identity,
    auth: AuthContext,
    app: Data<App>,
    Form(form): Form<CodeForm>,
) -> Result<WithCookies<Page>, Page> {
    let pending = auth.pending(purpose::NEW_CODE).ok_or(LoginError::PendingEnded)?;
    let check = async { Ok::<_, LoginError>(Enrolment::check_code(&pending, &form.code)) };
    let proven = auth.prove(&pending, Method::OTP, check).await?;
    let codes = app.users.set_totp(proven.user(), &pending).await?;
    Ok(auth.step_up(&who, proven).await?.with(View::recovery(&codes).into()))
}

/// A guard sends users here who have to prove again who they are.
pub(crate) async fn confirm(
    who: Identity,
    auth: AuthContext,
    CurrentUser(user): CurrentUser<User>,
    Query(asked): Query<Confirm>,
) -> Result<Page, Page> {
    auth.begin(PendingOptions::new(purpose::CONFIRM).user(&user).beside(&who))?;
    Ok(asked.page(&user).into())
}

pub(crate) async fn confirm_code(
    who: Identity,
    auth: AuthContext,
    app: Data<App>,
    Form(form): Form<CodeForm>,
) -> Result<WithCookies<Page>, Page> {
    let pending = auth.pending(purpose::CONFIRM).ok_or(LoginError::PendingEnded)?;
    let check = app.users.check_code(&pending, &form.code);
    let proven = auth.prove(&pending, Method::OTP, check).await?;
    Ok(auth.step_up(&who, proven).await?.with(View::to(form.next.as_deref()).into()))
}

pub(crate) async fn confirm_password(
    who: Identity,
    auth: AuthContext,
    Form(form): Form<PasswordForm>,
) -> Result<WithCookies<Page>, Page> {
    let login = auth.fresh_login(&who, &form.password).await?;
    Ok(login.with(View::to(form.next.as_deref()).into()))
}

pub(crate) async fn transfer(who: Identity) -> Page {
    View::transfer(&Visitor::of(&who)).into()
}

pub(crate) async fn transferred(who: Identity, Form(form): Form<TransferForm>) -> Page {
    View::transferred(&Visitor::of(&who), &form).into()
}
