//! Passkeys: as the first step of a login, as its second one, and as a further proof.

use cookiejwt_rocket::{LoginError, Problem, WithCookies, prelude::*};
use example_proofs::{
    App, Next, PASSKEY, PublicKeyCredential, RegisterPublicKeyCredential, User, View, purpose,
};
use rocket::{Route, State, post, routes, serde::json::Json};

use crate::view::Page;

pub(crate) fn routes() -> Vec<Route> {
    routes![challenge, answer]
}

/// A login by passkey begins here. The other purposes have a pending login already.
#[post("/passkeys/<purpose>", data = "<asked>")]
pub(crate) fn challenge(
    auth: AuthContext,
    app: &State<App>,
    purpose: &str,
    asked: Json<Next>,
) -> Result<Page, Page> {
    let pending = if purpose == purpose::PASSKEY {
        auth.begin(PendingOptions::new(purpose).next(asked.next.as_deref().unwrap_or("/")))?.0
    } else {
        auth.pending(purpose).ok_or(LoginError::PendingEnded)?
    };
    Ok(View::Json(200, app.passkeys.challenge(&pending)?).into())
}

#[post("/passkeys/<purpose>/answer", data = "<answer>")]
pub(crate) async fn answer(
    auth: AuthContext,
    who: MaybeIdentity,
    app: &State<App>,
    purpose: &str,
    answer: Json<PublicKeyCredential>,
) -> Result<WithCookies<Page>, AuthError> {
    let pending = auth.pending(purpose).ok_or(LoginError::PendingEnded)?;
    let proven = auth.prove(&pending, PASSKEY, app.passkeys.check(&pending, &answer)).await?;
    let done = View::go(proven.next()).into();
    let login = if purpose == purpose::CONFIRM {
        auth.step_up(&who.0.ok_or(Problem::NotAuthenticated)?, proven).await?
    } else {
        auth.login_proven(proven, LoginOptions::new()).await?
    };
    Ok(login.with(done))
}

#[post("/passkeys/new-passkey")]
pub(crate) fn registration(
    who: Identity,
    auth: AuthContext,
    app: &State<App>,
    user: CurrentUser<User>,
) -> Result<Page, Page> {
    let (pending, _) = auth.begin(PendingOptions::new(purpose::NEW_PASSKEY).user(&user.0).beside(&who))?;
    Ok(View::Json(200, app.passkeys.registration(&pending, &user.0)?).into())
}

/// The session continues with the passkey as a further proof.
#[post("/new-passkey", data = "<answer>")]
pub(crate) async fn keep(
    who: Identity,
    auth: AuthContext,
    app: &State<App>,
    answer: Json<RegisterPublicKeyCredential>,
) -> Result<WithCookies<Page>, AuthError> {
    let pending = auth.pending(purpose::NEW_PASSKEY).ok_or(LoginError::PendingEnded)?;
    let proven = auth.prove(&pending, PASSKEY, app.passkeys.keep(&pending, &answer)).await?;
    Ok(auth.step_up(&who, proven).await?.with(View::go(Some("/account")).into()))
}
