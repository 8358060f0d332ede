//! Use told apart by feature: of each the two latest days on which it was used.

use std::collections::BTreeMap;

use agent::Trail;
use bus_schema::{Day, Position, Time};
use serde::{Deserialize, Serialize};

use super::short;

/// Features kept at most; beyond that the one used longest ago goes.
const FEATURES_MAX: usize = 64;

/// Which features were used, and when.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Features {
    used: BTreeMap<u32, (Day, Option<Day>)>,
    pub(crate) trail: Trail,
}

impl Features {
    /// Counts the use of a feature on a day.
    pub(crate) fn record(&mut self, feature: &str, day: Day, cause: Position, at: Time) {
        self.trail.cite(cause, at);
        let days = self.used.entry(short(feature)).or_insert((day, None));
        if day > days.0 {
            *days = (day, Some(days.0));
        } else if day < days.0 && days.1.is_none_or(|before| day > before) {
            days.1 = Some(day);
        }
        if self.used.len() > FEATURES_MAX {
            let oldest = self.used.iter().min_by_key(|(_, days)| days.0).map(|(feature, _)| *feature);
            oldest.and_then(|feature| self.used.remove(&feature));
        }
    }

    /// How many were used on at least two days since `from`.
    pub(crate) fn in_use_count(&self, from: Day) -> usize {
        self.used.values().filter(|(_, before)| before.is_some_and(|before| before >= from)).count()
    }

    /// Whether a feature was used on at least two days since `from`.
    pub(crate) fn in_use(&self, feature: &str, from: Day) -> bool {
        self.used.get(&short(feature)).is_some_and(|(_, before)| before.is_some_and(|before| before >= from))
    }
}
