//! Where keys and revocations come from: the application's own HTTP client, or reqwest.

use std::{error::Error, future::Future, pin::Pin, sync::Arc, time::Duration};

use crate::runtime::caught;

/// The error of a source.
pub(super) type Failure = Box<dyn Error + Send + Sync>;
pub(super) type Fetched<T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send>>;
pub(super) type KeySource = Box<dyn Fn() -> Fetched<JwksDocument> + Send + Sync>;
pub(super) type ListSource = Box<dyn Fn(RevokedQuery) -> Fetched<String> + Send + Sync>;

/// The issuer's `jwks.json`, as it was fetched.
///
/// ```
/// use std::time::Duration;
/// use cookiejwt_store::JwksDocument;
///
/// let document = JwksDocument::new(r#"{"keys":[]}"#).max_age(Duration::from_secs(300));
/// # let _ = document;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct JwksDocument {
    /// `None` when the issuer said that it has not changed.
    pub(super) text: Option<String>,
    pub(super) max_age: Option<Duration>,
}

impl JwksDocument {
    /// A new document.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), max_age: None }
    }

    /// The last document is still right: 304, for a client that sends `If-None-Match`.
    pub fn unchanged() -> Self {
        Self { text: None, max_age: None }
    }

    /// When it is fetched again: `max-age` of its `Cache-Control`. Default 5 minutes; less than 10
    /// seconds count as 10, and more than a day as a day.
    pub fn max_age(self, age: Duration) -> Self {
        Self { max_age: Some(age), ..self }
    }
}

/// A question to the issuer's `GET revoked`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RevokedQuery {
    /// Up to where its revocations are known: `next` of the last list.
    pub since: Option<String>,
    /// How long the issuer may wait for something new.
    pub wait: Duration,
}

impl RevokedQuery {
    /// The query of the URL, without the question mark: `since=…&wait=25`.
    ///
    /// ```
    /// # fn example(query: cookiejwt_store::RevokedQuery) {
    /// let url = format!("https://id.example/api/auth/revoked?{}", query.encoded());
    /// # }
    /// ```
    pub fn encoded(&self) -> String {
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        encoded.extend_pairs(self.since.as_ref().map(|since| ("since", since)));
        let seconds = self.wait.as_secs();
        if seconds > 0 {
            encoded.append_pair("wait", &seconds.to_string());
        }
        encoded.finish()
    }
}

pub(super) fn key_source<F, E>(fetch: impl Fn() -> F + Send + Sync + 'static) -> KeySource
where
    F: Future<Output = Result<JwksDocument, E>> + Send + 'static,
    E: Into<Failure>,
{
    let fetch = Arc::new(fetch);
    Box::new(move || {
        let fetch = Arc::clone(&fetch);
        fetched(async move { fetch().await.map_err(Into::into) })
    })
}

pub(super) fn list_source<F, E>(ask: impl Fn(RevokedQuery) -> F + Send + Sync + 'static) -> ListSource
where
    F: Future<Output = Result<String, E>> + Send + 'static,
    E: Into<Failure>,
{
    let ask = Arc::new(ask);
    Box::new(move |query| {
        let ask = Arc::clone(&ask);
        fetched(async move { ask(query).await.map_err(Into::into) })
    })
}

/// Of a client that may panic, also before it has begun.
fn fetched<T: 'static>(fetching: impl Future<Output = Result<T, Failure>> + Send + 'static) -> Fetched<T> {
    Box::pin(caught(fetching, || "the client panicked".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query() {
        for (since, seconds, expected) in [
            (None, 0, ""),
            (Some("17"), 0, "since=17"),
            (Some("a&b=c"), 25, "since=a%26b%3Dc&wait=25"),
            (None, 5, "wait=5"),
        ] {
            let query = RevokedQuery { since: since.map(Into::into), wait: Duration::from_secs(seconds) };
            assert_eq!(query.encoded(), expected);
        }
    }
}
