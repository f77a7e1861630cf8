//! Mailed links: to log in, and to set a new password.

use actix_web::web::{Data, Form, Query};
use cookiejwt_actix::{WithCookies, prelude::*};
use example_proofs::{AddressForm, App, LinkForm, MailedLink, ResetForm, Said, User, View};

use crate::view::Page;

pub(crate) async fn mail_me() -> Page {
    View::mail(MailedLink::Login).into()
}

pub(crate) async fn forgot() -> Page {
    View::mail(MailedLink::Reset).into()
}

pub(crate) async fn send_login(app: Data<App>, Form(form): Form<AddressForm>) -> Page {
    app.mails.send(MailedLink::Login, &form.address);
    View::mailed().into()
}

pub(crate) async fn send_reset(app: Data<App>, Form(form): Form<AddressForm>) -> Page {
    app.mails.send(MailedLink::Reset, &form.address);
    View::mailed().into()
}

/// Opening a link changes nothing: programs that scan mails do it too.
pub(crate) async fn open_login(auth: AuthContext, Query(said): Query<Said>) -> Result<Page, Page> {
    let opened = auth.open_link::<User>(MailedLink::Login.purpose(), &said.token).await?;
    Ok(View::opened_login(&said.token, opened.user()).into())
}

pub(crate) async fn log_in(auth: AuthContext, Form(form): Form<LinkForm>) -> Result<WithCookies<Page>, Page> {
    let opened = auth.open_link::<User>(MailedLink::Login.purpose(), &form.token).await?;
    let proven = auth.prove_link(opened).await?;
    Ok(auth.login_proven(proven, LoginOptions::new()).await?.with(View::to(None).into()))
}

pub(crate) async fn open_reset(auth: AuthContext, Query(said): Query<Said>) -> Result<Page, Page> {
    let opened = auth.open_link::<User>(MailedLink::Reset.purpose(), &said.token).await?;
    Ok(View::opened_reset(&said.token, opened.user()).into())
}

/// It logs nobody in: the user logs in with the new password, and a second factor stays required.
pub(crate) async fn set_password(auth: AuthContext, Form(form): Form<ResetForm>) -> Result<Page, Page> {
    let opened = auth.open_link::<User>(MailedLink::Reset.purpose(), &form.token).await?;
    auth.set_password(opened, &form.new).await.map_err(|error| form.again(&error))?;
    Ok(View::login(None).into())
}
