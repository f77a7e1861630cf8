//! Every built-in endpoint, once for all frameworks.

use std::{borrow::Cow, net::IpAddr};

use bytes::Bytes;
use cookiejwt_core::{
    Decision, Identity, Problem,
    driver::{Login, Mode, RequestHead, SetCookies},
};
use http::{HeaderValue, header};
use serde::Serialize;

use super::{
    body::{self, Body, LoginBody, RefreshBody},
    operation::Operation,
    page_form::PageForm,
};
use crate::{
    authenticator::Authenticator,
    errors::LoginError,
    request::{Reply, Slot, session_reply},
    routes::Route,
    sessions::{LoginContext, LoginOptions, rfc3339},
};

/// How long a verifier may keep the public keys.
pub(super) const JWKS_LIFE: &str = "public, max-age=300";

/// The endpoints of `/api/auth/…`: login, refresh, logout, verify, continue, fresh login, sessions,
/// password, keys.
///
/// An adapter mounts what [`mount`](Self::mount) gives for every method, reads at most
/// [`MAX_BODY_BYTES`](crate::MAX_BODY_BYTES) of body where [`reads_body`](Self::reads_body) is
/// true, and writes the [`Reply`].
#[derive(Clone, Debug)]
pub struct Api(pub(super) Authenticator);

/// Who calls an endpoint, in addition to what the head contains.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "adapters construct it")]
pub struct Caller<'s> {
    /// The client's network address.
    pub ip: Option<IpAddr>,
    /// The request's slot of the same authenticator, if it has come through its layer. What was
    /// decided there counts: a middleware that has asked may have rotated the refresh cookie of
    /// this very request. The slot's cookies are not among the header fields of the reply; its
    /// layer writes them.
    pub slot: Option<&'s Slot>,
}

/// Who calls, and where the form that they use leads to.
#[derive(Clone, Copy)]
pub(super) struct Asker<'s> {
    pub(super) ip: Option<IpAddr>,
    pub(super) slot: Option<&'s Slot>,
    pub(super) next: Option<&'s str>,
}

impl Authenticator {
    /// The endpoints, for an adapter to mount.
    pub fn api(&self) -> Api {
        Api(self.clone())
    }
}

impl Api {
    /// Every path under the prefix, with and without the trailing slash, and its route. A parameter
    /// is a segment in braces, as in RFC 6570 and OpenAPI; the endpoint reads it from the path
    /// itself.
    pub fn paths(&self) -> Vec<(String, Route)> {
        self.0.0.routes.paths()
    }

    /// The [`paths`](Self::paths), which are served from now on: a [`Guard`](crate::Guard) does not
    /// protect them.
    pub fn mount(&self) -> Vec<(String, Route)> {
        self.0.0.routes.mount();
        self.paths()
    }

    /// The route at this path, exactly as the client sent it.
    pub fn route_at(&self, path: &str) -> Option<Route> {
        self.0.0.routes.route_at(path)
    }

    /// Whether the configuration has this route at all.
    pub(super) fn serves(&self, route: Route) -> bool {
        self.0.0.routes.serves(route)
    }

    /// Whether the endpoint reads a body at all; `token/refresh/` does so in token mode only.
    pub fn reads_body(&self, route: Route, head: RequestHead<'_>) -> bool {
        route.reads_body(self.0.core().mode(head))
    }

    /// Answers a request to one of the routes.
    pub async fn handle(&self, route: Route, head: RequestHead<'_>, body: Body, caller: Caller<'_>) -> Reply {
        let slot = caller.slot.filter(|slot| slot.authenticator().is_same(&self.0));
        if !self.serves(route) {
            return Reply::problem(Problem::NotFound);
        }
        let Some(operation) = route.operation(head.method()) else {
            return Reply::problem(Problem::MethodNotAllowed).with_header(header::ALLOW, route.allow());
        };
        let form = PageForm::of(self, operation, head, &body);
        let next = form.as_ref().and_then(|form| form.next.as_deref());
        let reply = self.operate(operation, head, body, Asker { ip: caller.ip, slot, next }).await;
        match form {
            Some(form) => form.answer(reply),
            None => reply,
        }
    }

    async fn operate(
        &self,
        operation: Operation,
        head: RequestHead<'_>,
        body: Body,
        asker: Asker<'_>,
    ) -> Reply {
        let slot = asker.slot;
        let reply = match operation {
            Operation::Login => self.login(head, body, asker).await,
            Operation::Refresh => self.refresh(head, body, slot).await,
            Operation::Logout => self.logout(head, &body).await,
            Operation::Verify => self.verify(head, slot).await,
            Operation::VerifyForwarded => self.verify_forwarded(head).await,
            Operation::Continue => self.continue_to(head, slot).await,
            Operation::FreshLogin | Operation::ChangePassword => {
                self.ask_password(operation, head, body, asker).await
            }
            Operation::ListSessions => self.sessions(head, slot).await,
            Operation::EndOtherSessions => self.end_other_sessions(head, slot).await,
            Operation::EndSession => self.end_session(head, slot).await,
            Operation::Jwks => self.jwks(&head),
            Operation::Revoked => self.revoked(head, slot).await,
            Operation::BindDevice => self.bind_device(head).await,
            Operation::RenewDevice => self.renew_device(head).await,
        };
        debug_assert!(operation.can_answer(reply.status), "{operation:?} answered {}", reply.status);
        reply
    }

    pub(super) async fn login(&self, head: RequestHead<'_>, body: Body, asker: Asker<'_>) -> Reply {
        if let Some(refused) = self.csrf_refused(&head) {
            return refused;
        }
        let body: LoginBody = match body::read(&head, body) {
            Ok(body) => body,
            Err(problem) => return Reply::problem(problem),
        };
        let context = self.login_context(head, asker);
        let options = LoginOptions::new().remember(body.remember.0);
        match self.0.login_with_password(&body.username, &body.password, options, context).await {
            Ok(login) => self.logged_in(&login),
            Err(error) => self.login_failed(&error),
        }
    }

    pub(super) fn login_context(&self, head: RequestHead<'_>, asker: Asker<'_>) -> LoginContext {
        LoginContext::from_head(&self.0, head, asker.ip).leading_to(asker.next)
    }

    pub(super) async fn refresh(&self, head: RequestHead<'_>, body: Body, slot: Option<&Slot>) -> Reply {
        if let Some(rotated) = slot.and_then(|slot| slot.rotated(head)) {
            let ends_at = rotated.refresh_expires_at;
            return self.answer(Cow::Borrowed(rotated), |identity| session_reply(identity, ends_at));
        }
        let decision = match self.0.core().mode(head) {
            Mode::Cookie => self.0.refresh(head).await,
            Mode::Token(_) => match body::read(&head, body) {
                Ok(RefreshBody { refresh }) => self.0.refresh_tokens(head, &refresh).await,
                Err(problem) => return Reply::problem(problem),
            },
        };
        let ends_at = decision.refresh_expires_at;
        let cookies = self.0.leaving(&decision).await;
        if let Some(tokens) = &decision.tokens {
            return Reply::tokens(tokens);
        }
        let reply = decision.required().map(|identity| session_reply(identity, ends_at));
        self.with_cookies(reply.unwrap_or_else(Reply::problem), &cookies)
    }

    pub(super) async fn logout(&self, head: RequestHead<'_>, body: &Body) -> Reply {
        let refresh = body::refresh_member(&head, body);
        match self.0.logout(head, refresh.as_deref()).await {
            Err(denial) => {
                self.0.csrf_refused(denial);
                self.0.advise_on_denial(denial, &head);
                Reply::problem(Problem::CsrfFailed)
            }
            Ok(logged_out) => {
                let reply = match logged_out.revoked {
                    Ok(()) => Reply::json(&serde_json::json!({})),
                    Err(_) => Reply::problem(Problem::Unavailable),
                };
                self.with_cookies(reply, &logged_out.cookies)
            }
        }
    }

    pub(super) async fn verify(&self, head: RequestHead<'_>, slot: Option<&Slot>) -> Reply {
        let decision = self.decide(head, slot).await;
        self.answer(decision, verify_reply)
    }

    /// The public keys of this moment. Their lifetime is how long a new key has to be published
    /// before it signs.
    pub(super) fn jwks(&self, head: &RequestHead<'_>) -> Reply {
        self.0.start_background();
        let core = self.0.core();
        let (Some(document), Some(etag)) = (core.jwks(), core.jwks_etag()) else {
            return Reply::problem(Problem::NotFound);
        };
        let is_known = head.text(&header::IF_NONE_MATCH).is_some_and(|known| names(known, etag));
        let reply = if is_known {
            Reply::not_modified()
        } else {
            Reply::raw("application/jwk-set+json", Bytes::from(document.to_owned()))
        };
        let reply = match HeaderValue::from_str(etag) {
            Ok(etag) => reply.with_header(header::ETAG, etag),
            Err(_) => reply,
        };
        reply.with_header(header::CACHE_CONTROL, HeaderValue::from_static(JWKS_LIFE))
    }

    /// For the routes that begin a session: they set cookies whatever credentials are sent.
    pub(super) fn csrf_refused(&self, head: &RequestHead<'_>) -> Option<Reply> {
        let denial = self.0.core().check_csrf(*head).err()?;
        self.0.csrf_refused(denial);
        self.0.advise_on_denial(denial, head);
        Some(Reply::problem(Problem::CsrfFailed))
    }

    /// A login that did not happen. A client that has to prove more gets its pending login: in a
    /// cookie, or in token mode in the body.
    pub(super) fn login_failed(&self, error: &LoginError) -> Reply {
        let LoginError::SecondFactorRequired(second) = error else { return Reply::problem(error.problem()) };
        let reply = Reply::problem(error.problem()).with_members([
            ("methods", second.methods.iter().map(ToString::to_string).collect()),
            ("pending", second.sealed.text.clone().into()),
        ]);
        self.with_cookies(reply, &second.sealed.cookies)
    }

    pub(super) fn logged_in(&self, login: &Login) -> Reply {
        self.issued(login, session_reply(&login.identity, Some(login.refresh_expires_at)))
    }

    /// The response of every route that begins a session: the tokens in token mode, otherwise this
    /// reply with the cookies.
    pub(super) fn issued(&self, login: &Login, in_cookie_mode: Reply) -> Reply {
        match &login.tokens {
            Some(tokens) => Reply::tokens(tokens),
            None => self.with_cookies(in_cookie_mode, &login.cookies),
        }
    }

    /// Who sends the request, as the slot has decided, so that all handlers of a request see the
    /// same.
    pub(super) async fn decide<'s>(
        &self,
        head: RequestHead<'_>,
        slot: Option<&'s Slot>,
    ) -> Cow<'s, Decision> {
        match slot {
            Some(slot) => Cow::Borrowed(slot.settle(head).await),
            None => Cow::Owned(self.0.authenticate(head).await),
        }
    }

    pub(super) fn answer(
        &self,
        decision: Cow<'_, Decision>,
        reply: impl FnOnce(&Identity) -> Reply,
    ) -> Reply {
        let reply = decision.required().map_or_else(Reply::problem, reply);
        self.with_decision(reply, decision)
    }

    /// The cookies of a slot's decision are written by its layer, once.
    pub(super) fn with_decision(&self, mut reply: Reply, decision: Cow<'_, Decision>) -> Reply {
        if let Cow::Owned(decision) = decision {
            self.0.core().write_decision(&decision, &mut reply.headers);
        }
        reply
    }

    /// With the cookies of a login or logout.
    pub(super) fn with_cookies(&self, mut reply: Reply, cookies: &SetCookies) -> Reply {
        self.0.core().write_cookies(cookies, &mut reply.headers);
        Reply { cookies: cookies.clone(), ..reply }
    }
}

/// Whether `If-None-Match` contains this tag (RFC 9110 §13.1.2: weak comparison).
fn names(list: &str, etag: &str) -> bool {
    list.trim() == "*" || list.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)
}

/// Who is logged in.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CookiejwtVerified))]
pub(super) struct VerifyBody<'a> {
    /// The `sub` claim.
    user_id: &'a str,
    /// The `sid` claim.
    session_id: &'a str,
    /// When the access token ends.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    expires_at: String,
}

pub(super) fn verify_reply(identity: &Identity) -> Reply {
    Reply::json(&VerifyBody {
        user_id: identity.subject().as_str(),
        session_id: identity.session_id().as_str(),
        expires_at: rfc3339(identity.expires_at()),
    })
}
