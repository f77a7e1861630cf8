//! Notes: a page with a form, and the same as fragments for htmx.

use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use cookiejwt_axum::{AuthError, Identity};
use example_shared::{Demo, NewNote, Note, unavailable};

use crate::{name, page, pages};

pub(crate) async fn show(State(demo): State<Demo>, who: Identity) -> Result<Response, AuthError> {
    Ok(page(pages::notes(&name(&who), &list(&demo, &who).await?, None)))
}

/// If the access token has run out, it is refreshed before this runs: what the user has typed is
/// not lost.
pub(crate) async fn add(
    State(demo): State<Demo>,
    who: Identity,
    Form(note): Form<NewNote>,
) -> Result<Response, AuthError> {
    if demo.notes.add(who.subject(), &note.text).await.map_err(unavailable)?.is_some() {
        return Ok(Redirect::to("/notes").into_response());
    }
    let notes = list(&demo, &who).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(pages::notes(&name(&who), &notes, Some(&note.text))))
        .into_response())
}

pub(crate) async fn live(State(demo): State<Demo>, who: Identity) -> Result<Response, AuthError> {
    Ok(page(pages::live(&name(&who), &list(&demo, &who).await?)))
}

pub(crate) async fn fragment(State(demo): State<Demo>, who: Identity) -> Result<Response, AuthError> {
    Ok(page(pages::list(&list(&demo, &who).await?)))
}

pub(crate) async fn add_fragment(
    State(demo): State<Demo>,
    who: Identity,
    Form(note): Form<NewNote>,
) -> Result<Response, AuthError> {
    demo.notes.add(who.subject(), &note.text).await.map_err(unavailable)?;
    Ok(page(pages::list(&list(&demo, &who).await?)))
}

async fn list(demo: &Demo, who: &Identity) -> Result<Vec<Note>, AuthError> {
    Ok(demo.notes.list(who.subject()).await.map_err(unavailable)?)
}
