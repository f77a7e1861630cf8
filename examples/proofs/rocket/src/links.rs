//! Mailed links: to log in, and to set a new password.

use cookiejwt_rocket::{WithCookies, prelude::*};
use example_proofs::{AddressForm, App, LinkForm, MailedLink, ResetForm, User, View};
use rocket::{Route, State, form::Form, get, post, routes};

use crate::view::Page;

pub(crate) fn routes() -> Vec<Route> {
    routes![mail_me, forgot, send_login, send_reset, open_login, log_in, open_reset, set_password]
}

#[get("/mail-me")]
pub(crate) fn mail_me() -> Page {
    View::mail(MailedLink::Login).into()
}

#[get("/forgot")]
pub(crate) fn forgot() -> Page {
    View::mail(MailedLink::Reset).into()
}

#[post("/mail-me", data = "<form>")]
pub(crate) fn send_login(app: &State<App>, form: Form<AddressForm>) -> Page {
    app.mails.send(MailedLink::Login, &form.address);
    View::mailed().into()
}

#[post("/forgot", data = "<form>")]
pub(crate) fn send_reset(app: &State<App>, form: Form<AddressForm>) -> Page {
    app.mails.send(MailedLink::Reset, &form.address);
    View::mailed().into()
}

/// Opening a link changes nothing: programs that scan mails do it too.
#[get("/login/link?<token>")]
pub(crate) async fn open_login(auth: AuthContext, token: &str) -> Result<Page, Page> {
    let opened = auth.open_link::<User>(MailedLink::Login.purpose(), token).await?;
    Ok(View::opened_login(token, opened.user()).into())
}

#[post("/login/link", data = "<form>")]
pub(crate) async fn log_in(auth: AuthContext, form: Form<LinkForm>) -> Result<WithCookies<Page>, Page> {
    let opened = auth.open_link::<User>(MailedLink::Login.purpose(), &form.token).await?;
    let proven = auth.prove_link(opened).await?;
    Ok(auth.login_proven(proven, LoginOptions::new()).await?.with(View::to(None).into()))
}

#[get("/reset?<token>")]
pub(crate) async fn open_reset(auth: AuthContext, token: &str) -> Result<Page, Page> {
    let opened = auth.open_link::<User>(MailedLink::Reset.purpose(), token).await?;
    Ok(View::opened_reset(token, opened.user()).into())
}

/// It logs nobody in: the user logs in with the new password, and a second factor stays required.
#[post("/reset", data = "<form>")]
pub(crate) async fn set_password(auth: AuthContext, form: Form<ResetForm>) -> Result<Page, Page> {
    let opened = auth.open_link::<User>(MailedLink::Reset.purpose(), &form.token).await?;
    auth.set_password(opened, &form.new).await.map_err(|error| form.again(&error))?;
    Ok(View::login(None).into())
}
