//! Counts by day, forgotten after a while.

use std::collections::BTreeMap;

use bus_schema::Day;
use serde::{Deserialize, Serialize};

/// How often something happened, by day.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    days: BTreeMap<Day, u16>,
}

impl Tally {
    /// Counts one, and forgets what is older than `keep_days` before the latest day.
    pub(crate) fn add(&mut self, day: Day, keep_days: i32) {
        let count = self.days.entry(day).or_default();
        *count = count.saturating_add(1);
        if let Some((last, _)) = self.days.last_key_value() {
            self.days = self.days.split_off(&last.plus(-keep_days));
        }
    }

    /// Takes one back.
    pub(crate) fn take_back(&mut self, day: Day) {
        if let Some(count) = self.days.get_mut(&day) {
            *count = count.saturating_sub(1);
        }
    }

    /// How many in the `days` days up to `today`, today included.
    pub(crate) fn within(&self, today: Day, days: i32) -> i64 {
        self.days.range(today.plus(-days)..).map(|(_, count)| i64::from(*count)).sum()
    }
}
