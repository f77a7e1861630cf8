//! The list of sessions that have ended, for services that only verify.

use std::time::Duration;

use bytes::Bytes;
use cookiejwt_core::{Problem, driver::RequestHead};

use super::endpoints::Api;
use crate::{
    request::{Reply, Slot},
    sessions::NoList,
};

/// Shorter than what proxies wait for an answer, which is 60 seconds or 30.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

/// The parameters of the query.
#[derive(Debug, Default, PartialEq, Eq)]
struct Question {
    since: Option<String>,
    wait: Duration,
}

impl Question {
    /// Each parameter once, and no other one: a cursor that is misspelt would have the whole list
    /// sent each time.
    fn read(query: &str) -> Result<Self, Problem> {
        let (mut since, mut wait) = (None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let known = match &*name {
                "since" => since.replace(value.into_owned()),
                "wait" => wait.replace(value.into_owned()),
                _ => return Err(Problem::InvalidRequest),
            };
            if known.is_some() {
                return Err(Problem::InvalidRequest);
            }
        }
        let seconds = wait.map_or(Ok(0), |text| text.parse()).map_err(|_| Problem::InvalidRequest)?;
        // A longer text is none of our cursors, and it would come back in the answer.
        let since = since.filter(|since: &String| since.len() <= 32);
        Ok(Self { since, wait: Duration::from_secs(seconds).min(LONGEST_WAIT) })
    }
}

impl Api {
    /// Answers anew each time, so it needs no entity tag.
    pub(super) async fn revoked(&self, head: RequestHead<'_>, slot: Option<&Slot>) -> Reply {
        self.0.start_background();
        let answer = match self.may_read(head, slot).await {
            Ok(()) => self.revocations(head.query().unwrap_or_default()).await,
            Err(problem) => Err(problem),
        };
        answer.unwrap_or_else(Reply::problem)
    }

    async fn may_read(&self, head: RequestHead<'_>, slot: Option<&Slot>) -> Result<(), Problem> {
        let readers = self.0.0.readers.as_ref().ok_or(Problem::NotFound)?;
        match readers.required_scope() {
            Some(scope) => self.decide(head, slot).await.required()?.require_scope(scope),
            None if readers.has_secret(&head) => Ok(()),
            None => Err(Problem::NotAuthenticated),
        }
    }

    async fn revocations(&self, query: &str) -> Result<Reply, Problem> {
        let Question { since, wait } = Question::read(query)?;
        match self.0.0.sessions.published(since.as_deref(), wait).await {
            Ok(list) => Ok(Reply::raw("application/jwt", Bytes::from(list)).never_stored()),
            Err(NoList::Stale) => Err(Problem::Unavailable),
            Err(NoList::Unsigned(error)) => {
                self.0.list_not_signed(&error);
                Err(Problem::ServerError)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked() {
        let question = |since: Option<&str>, seconds| {
            Ok(Question { since: since.map(Into::into), wait: Duration::from_secs(seconds) })
        };
        let long = format!("since={}", "1".repeat(33));
        for (query, expected) in [
            ("", question(None, 0)),
            ("since=17", question(Some("17"), 0)),
            ("since=17&wait=25", question(Some("17"), 25)),
            ("wait=5", question(None, 5)),
            ("wait=3600", question(None, 25)),
            ("since=", question(Some(""), 0)),
            ("since=a%20b", question(Some("a b"), 0)),
            (&*long, question(None, 0)),
            ("wait=", Err(Problem::InvalidRequest)),
            ("wait=-1", Err(Problem::InvalidRequest)),
            ("wait=1.5", Err(Problem::InvalidRequest)),
            ("since=1&since=2", Err(Problem::InvalidRequest)),
            ("wait=1&wait=2", Err(Problem::InvalidRequest)),
            ("sinse=17", Err(Problem::InvalidRequest)),
        ] {
            assert_eq!(Question::read(query), expected, "{query}");
        }
    }
}
