//! Routes that ask users who are logged in for their password again: `token/fresh/`, `password/`.

use std::net::IpAddr;

use cookiejwt_core::{Identity, Problem, driver::RequestHead};

use super::{
    body::{self, Body, FreshLoginBody, PasswordBody},
    endpoints::{Api, Caller},
    operation::Operation,
};
use crate::{request::Reply, sessions::LoginContext};

impl Api {
    pub(super) async fn ask_password(
        &self,
        operation: Operation,
        head: RequestHead<'_>,
        body: Body,
        Caller { ip, slot }: Caller<'_>,
    ) -> Reply {
        if let Some(refused) = self.csrf_refused(&head) {
            return refused;
        }
        let decision = self.decide(head, slot).await;
        let reply = match decision.required() {
            Ok(who) if operation == Operation::ChangePassword => {
                self.change_password(who, head, body, ip).await
            }
            Ok(who) => self.fresh_login(who, head, body, ip).await,
            Err(problem) => Err(problem),
        };
        match reply {
            Ok(reply) => reply,
            // The cookies of a refresh in this request would take the place of those that replaced
            // its session.
            Err(Problem::SessionRevoked) if decision.identity().is_some() => {
                slot.inspect(|slot| slot.withhold());
                Reply::problem(Problem::SessionRevoked)
            }
            Err(problem) => self.with_decision(Reply::problem(problem), decision),
        }
    }

    async fn fresh_login(
        &self,
        who: &Identity,
        head: RequestHead<'_>,
        body: Body,
        ip: Option<IpAddr>,
    ) -> Result<Reply, Problem> {
        let FreshLoginBody { password } = body::read(&head, body)?;
        let context = LoginContext::from_head(&self.0, head, ip);
        let login = self.0.fresh_login(who, &password, context).await.map_err(|error| error.problem())?;
        Ok(self.logged_in(&login))
    }

    async fn change_password(
        &self,
        who: &Identity,
        head: RequestHead<'_>,
        body: Body,
        ip: Option<IpAddr>,
    ) -> Result<Reply, Problem> {
        let PasswordBody { current_password, new_password } = body::read(&head, body)?;
        let context = LoginContext::from_head(&self.0, head, ip);
        let login = self.0.change_password(who, &current_password, &new_password, context).await;
        let login = login.map_err(|error| error.problem())?;
        Ok(self.issued(&login, Reply::no_content()))
    }
}
