//! Calls of the interface by day: the use of accounts that no user signs in to.

use std::collections::BTreeMap;

use agent::{Trail, arithmetic::median};
use bus_schema::{Day, Position, Time};
use serde::{Deserialize, Serialize};

/// Days kept: both windows of the trend, and the month that each day is cut by.
const KEEP_DAYS: i32 = 77;

/// Calls by day.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Calls {
    days: BTreeMap<Day, u32>,
    /// Calls that failed; days without any are not there.
    errors: BTreeMap<Day, u32>,
    pub(crate) trail: Trail,
}

impl Calls {
    /// Counts calls of a day or a part of it.
    pub(crate) fn record(&mut self, day: Day, (count, errors): (u64, u64), cause: Position, at: Time) {
        self.trail.cite(cause, at);
        if errors > 0 {
            let known = self.errors.entry(day).or_default();
            *known = known.saturating_add(u32::try_from(errors).unwrap_or(u32::MAX));
        }
        let known = self.days.entry(day).or_default();
        *known = known.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        if let Some((last, _)) = self.days.last_key_value() {
            let from = last.plus(-KEEP_DAYS);
            self.days = self.days.split_off(&from);
            self.errors = self.errors.split_off(&from);
        }
    }

    /// Whether it was ever called.
    pub(crate) const fn is_empty(&self) -> bool {
        self.trail.is_empty()
    }

    /// The first day told that is still kept.
    pub(crate) fn first(&self) -> Option<Day> {
        self.days.first_key_value().map(|(day, _)| *day)
    }

    /// Calls of a day that failed.
    pub(crate) fn errors(&self, day: Day) -> i64 {
        self.errors.get(&day).copied().map_or(0, i64::from)
    }

    /// Calls of a day, cut at three times the median of the 28 days before: a retry loop is no growth.
    pub(crate) fn on(&self, day: Day) -> i64 {
        let calls = self.days.get(&day).copied().map_or(0, i64::from);
        let mut before: Vec<i64> = self.days.range(day.plus(-28)..day).map(|(_, calls)| i64::from(*calls)).collect();
        median(&mut before).map_or(calls, |usual| calls.min(3 * usual))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_loop_counts_three_usual_days_at_most() {
        let mut calls = Calls::default();
        for day in 0..28 {
            calls.record(Day(day), (100, 1), Position::default(), Time(0));
        }
        calls.record(Day(28), (90_000, 0), Position::default(), Time(0));
        assert_eq!((calls.on(Day(0)), calls.on(Day(27)), calls.on(Day(28)), calls.on(Day(29))), (100, 100, 300, 0));
    }
}
