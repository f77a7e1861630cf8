//! Whether this node and the database agree what time it is.

use std::sync::{Mutex, PoisonError};

use cookiejwt_core::store::Timestamp;

use super::part::Sessions;
use crate::events::Event;

/// What rotation, receipts and the feed are built for.
const MOST_MILLIS: i64 = 2000;
const SAY_AGAIN_AFTER_MILLIS: i64 = 60_000;

/// When the difference was last reported.
#[derive(Debug, Default)]
pub(crate) struct ClockSkew(Mutex<Option<Timestamp>>);

impl ClockSkew {
    /// Whether to report it now.
    fn is_due(&self, now: Timestamp) -> bool {
        let mut told_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = told_at
            .is_none_or(|at| now.as_millis().abs_diff(at.as_millis()) >= SAY_AGAIN_AFTER_MILLIS as u64);
        if is_due {
            *told_at = Some(now);
        }
        is_due
    }

    fn is_over(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Sessions {
    /// One statement. An unavailable store is not reported here: the question before this one
    /// reports it.
    pub(crate) async fn compare_clocks(&self) {
        let tokens = self.0.tokens.bounded();
        let asked = self.0.runtime.timestamp();
        let Ok(Some(theirs)) = self.beating(tokens.now()).await else { return };
        let answered = self.0.runtime.timestamp();
        let difference = difference(asked, theirs, answered);
        #[cfg(feature = "metrics")]
        self.0.events.clock_difference(difference);
        if difference.abs() <= MOST_MILLIS {
            self.0.clock_skew.is_over();
        } else if self.0.clock_skew.is_due(answered) {
            self.0.events.emit(Event::ClockSkew { difference_millis: difference });
        }
    }
}

/// How far their clock is ahead of this node's, at least: it was read between the question and the
/// answer.
fn difference(asked: Timestamp, theirs: Timestamp, answered: Timestamp) -> i64 {
    let (asked, theirs, answered) = (asked.as_millis(), theirs.as_millis(), answered.as_millis());
    if theirs > answered {
        theirs.saturating_sub(answered)
    } else if theirs < asked {
        theirs.saturating_sub(asked)
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_took_its_time_is_no_difference() {
        for (rule, asked, theirs, answered, expected) in [
            ("the same", 1000, 1000, 1000, 0),
            ("in between", 1000, 3500, 6000, 0),
            ("at the question", 1000, 1000, 6000, 0),
            ("at the answer", 1000, 6000, 6000, 0),
            ("ahead", 1000, 8001, 6000, 2001),
            ("behind", 10_000, 7999, 16_000, -2001),
            ("ours was set back meanwhile", 10_000, 10_000, 5000, 5000),
        ] {
            let [asked, theirs, answered] = [asked, theirs, answered].map(Timestamp::from_millis);
            assert_eq!(difference(asked, theirs, answered), expected, "{rule}");
        }
    }
}
