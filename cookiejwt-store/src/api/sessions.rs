//! `sessions/`: the list, ending one, ending the others.

use cookiejwt_core::{Identity, Problem, SessionId, driver::RequestHead};

use super::endpoints::Api;
use crate::request::{Reply, Slot};

impl Api {
    pub(super) async fn sessions(&self, head: RequestHead<'_>, slot: Option<&Slot>) -> Reply {
        self.ask(head, slot, async |who| self.list(who).await).await
    }

    pub(super) async fn end_other_sessions(&self, head: RequestHead<'_>, slot: Option<&Slot>) -> Reply {
        self.ask(head, slot, async |who| self.end_others(who).await).await
    }

    pub(super) async fn end_session(&self, head: RequestHead<'_>, slot: Option<&Slot>) -> Reply {
        self.ask(head, slot, async |who| self.end(who, head).await).await
    }

    /// Who sends the request, and their response; either is sent with the cookies of a refresh.
    async fn ask<F>(&self, head: RequestHead<'_>, slot: Option<&Slot>, answer: F) -> Reply
    where
        F: AsyncFnOnce(&Identity) -> Result<Reply, Problem>,
    {
        let decision = self.decide(head, slot).await;
        let reply = match decision.required() {
            Ok(who) => answer(who).await,
            Err(problem) => Err(problem),
        };
        self.with_decision(reply.unwrap_or_else(Reply::problem), decision)
    }

    async fn list(&self, who: &Identity) -> Result<Reply, Problem> {
        let sessions = self.0.sessions(who).await?;
        Ok(Reply::json(&sessions))
    }

    async fn end_others(&self, who: &Identity) -> Result<Reply, Problem> {
        let ended = self.0.end_other_sessions(who).await?;
        Ok(Reply::json(&serde_json::json!({ "revoked": ended })))
    }

    /// The lines that clear the cookies are written first, so that those of a refresh in the same
    /// request do not count.
    async fn end(&self, who: &Identity, head: RequestHead<'_>) -> Result<Reply, Problem> {
        let id = last_segment(head.path());
        let cookies = self.0.end_session(who, &id).await?.ok_or(Problem::NotFound)?;
        Ok(self.with_cookies(Reply::no_content(), &cookies))
    }
}

/// Routers differ in how they pass a parameter; the path is the same on all of them. Ids need no
/// decoding.
fn last_segment(path: &str) -> SessionId {
    let path = path.strip_suffix('/').unwrap_or(path);
    path.rsplit('/').next().unwrap_or_default().into()
}
