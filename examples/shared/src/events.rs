//! What the stream of server-sent events sends.

use std::time::Duration;

use futures_util::{Stream, stream};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The time, at once and then every second, for ever.
pub fn times() -> impl Stream<Item = String> + Send + use<> {
    stream::unfold(tokio::time::interval(Duration::from_secs(1)), |mut ticks| async {
        ticks.tick().await;
        let now = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
        Some((now, ticks))
    })
}
