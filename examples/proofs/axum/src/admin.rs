//! The administrator's page: who the users are, and acting for one of them.

use axum::{Form, extract::State};
use cookiejwt_axum::{Problem, WithCookies, prelude::*};
use example_proofs::{App, UserForm, View, Visitor};

use crate::view::Page;

pub(crate) async fn users(who: Identity, State(app): State<App>) -> Result<Page, Page> {
    Ok(View::users(&Visitor::of(&who), &app.users.all().await?).into())
}

/// Nobody acts for another administrator.
pub(crate) async fn act(
    who: Identity,
    auth: AuthContext,
    State(app): State<App>,
    Form(form): Form<UserForm>,
) -> Result<WithCookies<Page>, Page> {
    let user = app.users.without_power(form.user).await?.ok_or(Problem::NotFound)?;
    let login = auth.login(&user, LoginOptions::new().acted_by(&who)).await?;
    Ok(login.with(View::to(Some("/account")).into()))
}

pub(crate) async fn stop(who: Identity, auth: AuthContext) -> Result<WithCookies<Page>, Page> {
    Ok(auth.stop_acting(&who).await?.with(View::to(Some("/admin")).into()))
}
