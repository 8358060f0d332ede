//! Which events a measurement rests on: the latest few by position, and how many in all.

use std::collections::VecDeque;

use bus_schema::{Position, Time};
use serde::{Deserialize, Serialize};

use crate::usage::CITED_MAX;

/// The events behind a measurement.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Trail {
    latest: VecDeque<Position>,
    total: u32,
    at: Option<Time>,
}

impl Trail {
    /// Adds an event.
    pub fn cite(&mut self, cause: Position, at: Time) {
        self.total = self.total.saturating_add(1);
        self.at = Some(self.at.map_or(at, |known| known.max(at)));
        self.latest.push_back(cause);
        if self.latest.len() > CITED_MAX {
            self.latest.pop_front();
        }
    }

    /// The latest events, latest first, at most [`CITED_MAX`].
    pub fn latest(&self) -> Vec<Position> {
        self.latest.iter().rev().copied().collect()
    }

    /// How many there were.
    pub const fn total(&self) -> u32 {
        self.total
    }

    /// When the latest happened.
    pub const fn at(&self) -> Option<Time> {
        self.at
    }

    /// Whether there was none.
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_eight_are_named_and_all_are_counted() {
        let mut trail = Trail::default();
        for seq in 1..=20 {
            trail.cite(Position { seq, index: 0 }, Time(i64::try_from(seq).unwrap()));
        }
        assert_eq!((trail.total(), trail.at()), (20, Some(Time(20))));
        assert_eq!(trail.latest().first(), Some(&Position { seq: 20, index: 0 }));
        assert_eq!(trail.latest().len(), CITED_MAX);
    }
}
