//! Passkeys: as the first step of a login, as its second one, and as a further proof.

use actix_web::web::{Data, Json, Path};
use cookiejwt_actix::{LoginError, Problem, WithCookies, prelude::*};
use example_proofs::{
    App, Next, PASSKEY, PublicKeyCredential, RegisterPublicKeyCredential, User, View, purpose,
};

use crate::view::Page;

/// A login by passkey begins here. The other purposes have a pending login already.
pub(crate) async fn challenge(
    auth: AuthContext,
    app: Data<App>,
    purpose: Path<String>,
    Json(asked): Json<Next>,
) -> Result<Page, Page> {
    let pending = if *purpose == purpose::PASSKEY {
        auth.begin(PendingOptions::new(&purpose).next(asked.next.as_deref().unwrap_or("/")))?.0
    } else {
        auth.pending(&purpose).ok_or(LoginError::PendingEnded)?
    };
    Ok(View::Json(200, app.passkeys.challenge(&pending)?).into())
}

pub(crate) async fn answer(
    auth: AuthContext,
    MaybeIdentity(who): MaybeIdentity,
    app: Data<App>,
    purpose: Path<String>,
    Json(answer): Json<PublicKeyCredential>,
) -> Result<WithCookies<Page>, AuthError> {
    let pending = auth.pending(&purpose).ok_or(LoginError::PendingEnded)?;
    let proven = auth.prove(&pending, PASSKEY, app.passkeys.check(&pending, &answer)).await?;
    let done = View::go(proven.next()).into();
    let login = if *purpose == purpose::CONFIRM {
        auth.step_up(&who.ok_or(Problem::NotAuthenticated)?, proven).await?
    } else {
        auth.login_proven(proven, LoginOptions::new()).await?
    };
    Ok(login.with(done))
}

pub(crate) async fn registration(
    who: Identity,
    auth: AuthContext,
    app: Data<App>,
    CurrentUser(user): CurrentUser<User>,
) -> Result<Page, Page> {
    let (pending, _) = auth.begin(PendingOptions::new(purpose::NEW_PASSKEY).user(&user).beside(&who))?;
    Ok(View::Json(200, app.passkeys.registration(&pending, &user)?).into())
}

/// The session continues with the passkey as a further proof.
pub(crate) async fn keep(
    who: Identity,
    auth: AuthContext,
    app: Data<App>,
    Json(answer): Json<RegisterPublicKeyCredential>,
) -> Result<WithCookies<Page>, AuthError> {
    let pending = auth.pending(purpose::NEW_PASSKEY).ok_or(LoginError::PendingEnded)?;
    let proven = auth.prove(&pending, PASSKEY, app.passkeys.keep(&pending, &answer)).await?;
    Ok(auth.step_up(&who, proven).await?.with(View::go(Some("/account")).into()))
}
