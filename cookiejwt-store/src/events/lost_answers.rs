//! Answers that are lost again and again: something in front of the application drops `Set-Cookie`.

use std::sync::{
    Once,
    atomic::{AtomicU64, Ordering},
};

/// Fewer than this prove nothing about a network.
const FEW: u64 = 10;
const ONE_IN: u64 = 100;

/// How many refreshes there were, and how many of them made good an answer that was lost.
#[derive(Debug)]
pub(crate) struct LostAnswers {
    refreshed: AtomicU64,
    lost: AtomicU64,
    said: Once,
}

impl Default for LostAnswers {
    fn default() -> Self {
        Self { refreshed: AtomicU64::new(0), lost: AtomicU64::new(0), said: Once::new() }
    }
}

impl LostAnswers {
    pub(crate) fn refreshed(&self) {
        self.refreshed.fetch_add(1, Ordering::Relaxed);
    }

    /// Warns once that there are too many.
    pub(crate) fn lost(&self) {
        let lost = self.lost.fetch_add(1, Ordering::Relaxed) + 1;
        let refreshed = self.refreshed.load(Ordering::Relaxed);
        if is_too_many(lost, refreshed) {
            self.said.call_once(|| {
                tracing::warn!(
                    lost,
                    refreshed,
                    "answers with new cookies are lost more often than one in a hundred refreshes; does something in \
                     front of the application drop Set-Cookie?"
                );
            });
        }
    }
}

fn is_too_many(lost: u64, refreshed: u64) -> bool {
    lost >= FEW && lost.saturating_mul(ONE_IN) > refreshed.saturating_add(lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_often_than_one_in_a_hundred() {
        for (rule, lost, refreshed, expected) in [
            ("few say nothing", 9, 0, false),
            ("all of them", 10, 0, true),
            ("exactly one in a hundred", 10, 990, false),
            ("a little more often", 10, 989, true),
        ] {
            assert_eq!(is_too_many(lost, refreshed), expected, "{rule}");
        }
    }
}
