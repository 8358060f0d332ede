//! Sums by consecutive days or weeks, the latest last, as many as a window needs: a byte or two each.

use std::{collections::VecDeque, ops::Range};

use bus_schema::{Day, Position};
use serde::{Deserialize, Serialize};

/// Latest events of one sort kept with their day.
const MARKS_MAX: usize = 8;

/// Monday-aligned number of the week of a day.
pub(crate) const fn week(day: Day) -> i32 {
    (day.0 + 3).div_euclid(7)
}

/// Sums by slot: a day's number, or a week's.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ring {
    last: Option<i32>,
    sums: VecDeque<i64>,
}

impl Ring {
    /// Adds to a slot; one older than the `keep` latest is passed over.
    pub(crate) fn add(&mut self, slot: i32, n: i64, keep: i32) {
        if let Some(sum) = self.reach(slot, keep) {
            *sum = sum.saturating_add(n);
        }
    }

    /// Lets the larger of two counts of a slot stand.
    pub(crate) fn raise(&mut self, slot: i32, n: i64, keep: i32) {
        if let Some(sum) = self.reach(slot, keep) {
            *sum = n.max(*sum);
        }
    }

    /// The sum of some slots.
    pub(crate) fn sum(&self, slots: Range<i32>) -> i64 {
        slots.fold(0_i64, |sum, slot| sum.saturating_add(self.on(slot)))
    }

    /// One slot.
    pub(crate) fn on(&self, slot: i32) -> i64 {
        let back = self.last.and_then(|last| usize::try_from(last - slot).ok());
        let at = back.and_then(|back| self.sums.len().checked_sub(1 + back));
        at.and_then(|at| self.sums.get(at)).copied().unwrap_or(0)
    }

    fn reach(&mut self, slot: i32, keep: i32) -> Option<&mut i64> {
        let last = *self.last.get_or_insert(slot);
        if self.sums.is_empty() {
            self.sums.push_back(0);
        }
        if slot > last {
            for _ in 0..slot.saturating_sub(last).min(keep) {
                self.sums.push_back(0);
            }
            self.last = Some(slot);
        }
        let keep = usize::try_from(keep).unwrap_or(0);
        let back = usize::try_from(self.last?.saturating_sub(slot)).ok().filter(|back| *back < keep)?;
        while self.sums.len() <= back {
            self.sums.push_front(0);
        }
        while self.sums.len() > keep {
            self.sums.pop_front();
        }
        let at = self.sums.len().checked_sub(1 + back)?;
        self.sums.get_mut(at)
    }
}

/// The latest few events of one sort: enough where the line is flat from there on.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Marks {
    latest: VecDeque<(Day, Position)>,
}

impl Marks {
    /// Adds one; it may come out of order.
    pub(crate) fn add(&mut self, day: Day, cause: Position) {
        let at = self.latest.iter().position(|(known, _)| *known > day).unwrap_or(self.latest.len());
        self.latest.insert(at, (day, cause));
        if self.latest.len() > MARKS_MAX {
            self.latest.pop_front();
        }
    }

    /// Those of the `days` days up to `today`, today included; latest first.
    pub(crate) fn within(&self, today: Day, days: i32) -> impl Iterator<Item = (Day, Position)> {
        let from = today.plus(-days);
        self.latest.iter().rev().copied().filter(move |(day, _)| *day >= from)
    }

    /// How many that are.
    pub(crate) fn count(&self, today: Day, days: i32) -> i64 {
        i64::try_from(self.within(today, days).count()).unwrap_or(i64::MAX)
    }

    /// Whether one stands on this day.
    pub(crate) fn has(&self, day: Day) -> bool {
        self.latest.iter().any(|(known, _)| *known == day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_holds_the_latest_slots_and_lets_the_rest_go() {
        let mut ring = Ring::default();
        for (slot, n) in [(10, 1), (12, 5), (11, 2), (12, 1)] {
            ring.add(slot, n, 4);
        }
        assert_eq!((ring.on(10), ring.on(11), ring.on(12), ring.on(13)), (1, 2, 6, 0));
        assert_eq!(ring.sum(10..13), 9);
        ring.add(8, 9, 4);
        assert_eq!(ring.on(8), 0, "older than four slots");
        ring.raise(12, 4, 4);
        ring.raise(13, 4, 4);
        assert_eq!((ring.on(12), ring.on(13), ring.on(9), ring.sum(0..100)), (6, 4, 0, 13));
        ring.add(2_000, 1, 4);
        assert_eq!((ring.sums.len(), ring.sum(0..2_001)), (4, 1));
    }

    #[test]
    fn marks_stand_in_order_whatever_order_they_came_in() {
        let mut marks = Marks::default();
        for day in [5, 3, 9, 4, 1, 2, 6, 7, 8, 10] {
            marks.add(Day(day), Position { seq: u64::try_from(day).unwrap(), index: 0 });
        }
        let days: Vec<i32> = marks.within(Day(10), 3).map(|(day, _)| day.0).collect();
        assert_eq!(days, [10, 9, 8, 7]);
        assert_eq!(marks.count(Day(10), 100), 8);
        assert!(marks.has(Day(3)) && !marks.has(Day(1)), "the oldest go first");
    }
}
