//! Routes that ask users who are logged in for their password again: `token/fresh/`, `password/`.

use cookiejwt_core::{Identity, Problem, driver::RequestHead};

use super::{
    body::{self, Body, FreshLoginBody, PasswordBody},
    endpoints::{Api, Asker},
    operation::Operation,
};
use crate::{errors::LoginError, request::Reply};

/// Why one of these routes did not begin a session.
enum Failed {
    /// The request itself: its body, or who sends it.
    Request(Problem),
    /// The password, or what follows from it.
    Login(LoginError),
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Request(problem)
    }
}

impl From<LoginError> for Failed {
    fn from(error: LoginError) -> Self {
        Self::Login(error)
    }
}

impl Api {
    pub(super) async fn ask_password(
        &self,
        operation: Operation,
        head: RequestHead<'_>,
        body: Body,
        asker: Asker<'_>,
    ) -> Reply {
        if let Some(refused) = self.csrf_refused(&head) {
            return refused;
        }
        let slot = asker.slot;
        let decision = self.decide(head, slot).await;
        let reply = match decision.required() {
            Ok(who) if operation == Operation::ChangePassword => {
                self.change_password(who, head, body, asker).await
            }
            Ok(who) => self.fresh_login(who, head, body, asker).await,
            Err(problem) => Err(problem.into()),
        };
        match reply {
            Ok(reply) => reply,
            // The cookies of a refresh in this request would take the place of those that replaced
            // its session.
            Err(Failed::Login(LoginError::SessionRevoked)) => {
                slot.inspect(|slot| slot.withhold());
                Reply::problem(Problem::SessionRevoked)
            }
            Err(Failed::Login(error)) => self.with_decision(self.login_failed(&error), decision),
            Err(Failed::Request(problem)) => self.with_decision(Reply::problem(problem), decision),
        }
    }

    async fn fresh_login(
        &self,
        who: &Identity,
        head: RequestHead<'_>,
        body: Body,
        asker: Asker<'_>,
    ) -> Result<Reply, Failed> {
        let FreshLoginBody { password } = body::read(&head, body)?;
        let context = self.login_context(head, asker);
        let login = self.0.fresh_login(who, &password, context).await?;
        Ok(self.logged_in(&login))
    }

    async fn change_password(
        &self,
        who: &Identity,
        head: RequestHead<'_>,
        body: Body,
        asker: Asker<'_>,
    ) -> Result<Reply, Failed> {
        let PasswordBody { current_password, new_password } = body::read(&head, body)?;
        let context = self.login_context(head, asker);
        let login = self.0.change_password(who, &current_password, &new_password, context).await?;
        Ok(self.issued(&login, Reply::no_content()))
    }
}
