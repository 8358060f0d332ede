//! How the yearly recurring revenue went.

use std::collections::VecDeque;

use agent::Trail;
use bus_schema::{Day, Money, Position, Time};
use serde::{Deserialize, Serialize};

/// Changes kept at most.
const STEPS_MAX: usize = 12;

/// Revenue by the day it changed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Commercial {
    steps: VecDeque<(Day, Money)>,
    pub(crate) trail: Trail,
}

impl Commercial {
    /// Takes in the revenue as it stands from a day on.
    pub(crate) fn record(&mut self, arr: Money, day: Day, cause: Position, at: Time) {
        self.trail.cite(cause, at);
        if self.steps.back().is_some_and(|(_, known)| *known == arr) {
            return;
        }
        self.steps.push_back((day, arr));
        if self.steps.len() > STEPS_MAX {
            self.steps.pop_front();
        }
    }

    /// Revenue a year before and now: the last known by then, else the first there was.
    pub(crate) fn over_a_year(&self, today: Day) -> Option<(Money, Money)> {
        let before = today.plus(-365);
        let then = self.steps.iter().rev().find(|(day, _)| *day <= before).or_else(|| self.steps.front());
        Some((then?.1, self.steps.back()?.1))
    }
}
