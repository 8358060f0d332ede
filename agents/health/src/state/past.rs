//! What the models said of an account at the beginning of each month, until it is known what became of it.

use std::collections::{BTreeMap, VecDeque};

use bus_schema::{Day, data::facts::Band};
use serde::{Deserialize, Serialize};

use crate::metrics::Metric;

/// Months whose outcome is open: the horizon is 90 days.
const SNAPSHOTS_MAX: usize = 4;
/// Changes of the band kept.
const BANDS_MAX: usize = 8;

/// The last months.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Past {
    pub(crate) snapshots: VecDeque<Snapshot>,
    /// The band from a day on, oldest first.
    bands: VecDeque<(Day, Band)>,
}

/// What was said at the beginning of a month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) on: Day,
    /// Model, version and score; the model in use first.
    pub(crate) scores: Vec<(String, u32, u16)>,
    /// Red for 30 days by then.
    pub(crate) red_long: bool,
    /// Points of what was known.
    pub(crate) points: BTreeMap<Metric, u8>,
}

impl Past {
    /// The band is this from today on.
    pub(crate) fn band(&mut self, today: Day, band: Band) {
        if self.bands.back().is_some_and(|(_, known)| *known == band) {
            return;
        }
        self.bands.push_back((today, band));
        if self.bands.len() > BANDS_MAX {
            self.bands.pop_front();
        }
    }

    /// Whether the band was red on a day.
    pub(crate) fn red_on(&self, day: Day) -> bool {
        self.bands.iter().rev().find(|(from, _)| *from <= day).is_some_and(|(_, band)| *band == Band::Red)
    }

    /// Whether the band has been red for this many days.
    pub(crate) fn red_for(&self, today: Day, days: i32) -> bool {
        self.bands.back().is_some_and(|(from, band)| *band == Band::Red && today.0 - from.0 >= days)
    }

    /// Keeps a month.
    pub(crate) fn keep(&mut self, snapshot: Snapshot) {
        self.snapshots.push_back(snapshot);
        if self.snapshots.len() > SNAPSHOTS_MAX {
            self.snapshots.pop_front();
        }
    }
}
