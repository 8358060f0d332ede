//! Features in use, by name: what is told to the segment and compared with it.

use std::collections::{BTreeMap, BTreeSet};

use bus_schema::{Day, Position};
use serde::{Deserialize, Serialize};

/// Features kept.
const FEATURES_MAX: usize = 64;
/// Days of use that count as use now.
const WINDOW_DAYS: i32 = 28;
/// Sources kept that are silent.
const SOURCES_MAX: usize = 16;

/// The features.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Features {
    used: BTreeMap<String, Use>,
    /// Sources that are silent: nobody knows what is not used.
    silent: BTreeSet<String>,
}

/// The two latest days of use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Use {
    last: Day,
    before: Option<Day>,
    event: Position,
}

impl Features {
    /// A feature was used.
    pub(crate) fn record(&mut self, feature: &str, day: Day, event: Position) {
        let full = self.used.len() >= FEATURES_MAX;
        match self.used.get_mut(feature) {
            Some(known) if day > known.last => *known = Use { last: day, before: Some(known.last), event },
            Some(known) if day < known.last => known.before = known.before.max(Some(day)),
            Some(_) => {}
            None if full => {}
            None => {
                self.used.insert(feature.to_owned(), Use { last: day, before: None, event });
            }
        }
    }

    /// A source fell silent, or speaks again.
    pub(crate) fn source(&mut self, source: &str, silent: bool) {
        if !silent {
            self.silent.remove(source);
        } else if self.silent.len() < SOURCES_MAX {
            self.silent.insert(source.to_owned());
        }
    }

    /// Whether what was not seen was not used: features are told of at all, and by sources that speak.
    pub(crate) fn known(&self) -> bool {
        !self.used.is_empty() && self.silent.is_empty()
    }

    /// Features used on two days or more of the last weeks.
    pub(crate) fn in_use(&self, today: Day) -> Vec<String> {
        let from = today.plus(-WINDOW_DAYS);
        let fresh = |known: &Use| known.before.is_some_and(|before| before >= from);
        self.used.iter().filter(|(_, known)| fresh(known)).map(|(name, _)| name.clone()).collect()
    }

    /// The last day of use of a feature.
    pub(crate) fn last(&self, feature: &str) -> Option<(Day, Position)> {
        self.used.get(feature).map(|known| (known.last, known.event))
    }

    /// The latest events, of all features.
    pub(crate) fn events(&self) -> Vec<Position> {
        let mut latest: Vec<Position> = self.used.values().map(|known| known.event).collect();
        latest.sort_unstable_by(|a, b| b.cmp(a));
        latest.truncate(4);
        latest
    }
}
