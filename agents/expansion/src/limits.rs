//! Meters and seats: how near they are to their limits, at which pace, and since when they stand unused.

use std::collections::{BTreeMap, VecDeque};

use agent::arithmetic::share;
use bus_schema::{
    Day, Position,
    data::usage::{PlanUsageMeasured, SeatsMeasured},
};
use serde::{Deserialize, Serialize};

use crate::policy::Policy;

/// Meters kept.
const METERS_MAX: usize = 8;
/// Days of readings kept.
const READINGS_DAYS: i32 = 35;

/// What an account may use, and uses.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Limits {
    pub(crate) meters: BTreeMap<String, Meter>,
    pub(crate) seats: Seats,
}

/// A meter of the plan.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Meter {
    /// One reading a day, the latest last.
    readings: VecDeque<Reading>,
    pub(crate) hard: bool,
    pub(crate) period_end: Option<Day>,
    /// Since when use stays far below the limit.
    pub(crate) low_since: Option<Day>,
}

/// A reading of a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Reading {
    pub(crate) day: Day,
    pub(crate) used: u64,
    pub(crate) limit: u64,
    pub(crate) event: Position,
}

impl Reading {
    /// Share of the limit.
    pub(crate) fn bp(&self) -> i64 {
        part(self.used, self.limit).unwrap_or(0)
    }
}

/// When a limit is reached at the pace of the last weeks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reach {
    pub(crate) days_left: i32,
    pub(crate) on: Day,
    pub(crate) events: Vec<Position>,
}

/// Seats, as they were counted.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seats {
    counts: VecDeque<(Day, u64)>,
    pub(crate) licensed: u64,
    pub(crate) event: Option<Position>,
    /// Since when few of them are assigned.
    pub(crate) low_since: Option<Day>,
}

/// A share of two counts.
pub(crate) fn part(used: u64, limit: u64) -> Option<i64> {
    share(i64::try_from(used).ok()?, i64::try_from(limit).ok()?)
}

impl Limits {
    /// A meter was read.
    pub(crate) fn read(&mut self, policy: &Policy, data: &PlanUsageMeasured, day: Day, event: Position) {
        let name = data.meter.as_str();
        if !self.meters.contains_key(name) && self.meters.len() >= METERS_MAX {
            return;
        }
        let meter = self.meters.entry(name.to_owned()).or_default();
        (meter.hard, meter.period_end) = (data.hard, data.period_end);
        meter.add(Reading { day, used: data.used, limit: data.limit, event }, policy);
    }

    /// The largest share of a limit, seats included: of what, and the events behind it.
    pub(crate) fn pressure(&self) -> Option<(i64, String, Vec<Position>)> {
        let meters = self.meters.iter().filter_map(|(name, meter)| {
            let last = meter.last()?;
            let text = format!("{} of {} {name} used", last.used, last.limit);
            Some((last.bp(), text, vec![last.event]))
        });
        let seats = self.seats.assigned().and_then(|assigned| {
            let bp = part(assigned, self.seats.licensed)?;
            let text = format!("{assigned} of {} seats assigned", self.seats.licensed);
            Some((bp, text, self.seats.event.into_iter().collect()))
        });
        meters.chain(seats).max_by_key(|(bp, ..)| *bp)
    }
}

impl Meter {
    fn add(&mut self, reading: Reading, policy: &Policy) {
        let known = self.last().is_some_and(|last| last.day >= reading.day);
        if !known {
            self.readings.push_back(reading);
        } else if let Some(last) = self.readings.back_mut().filter(|last| last.day == reading.day) {
            // Of one day the last reading stands; one that comes late says nothing of today.
            *last = reading;
        }
        while self.readings.front().is_some_and(|first| first.day < reading.day.plus(-READINGS_DAYS)) {
            self.readings.pop_front();
        }
        let low = reading.bp() < policy.cost.meter_bp;
        self.low_since = low.then(|| self.low_since.unwrap_or(reading.day));
    }

    /// The latest reading.
    pub(crate) fn last(&self) -> Option<&Reading> {
        self.readings.back()
    }

    /// Days since `from` on which it stood at a share of its limit or above.
    pub(crate) fn days_near(&self, from: Day, bp: i64) -> Vec<&Reading> {
        self.readings.iter().filter(|reading| reading.day >= from && reading.bp() >= bp).collect()
    }

    /// When the limit is reached at the pace of the last weeks; nothing where use does not rise or the meter starts
    /// again before.
    pub(crate) fn reached(&self, policy: &Policy, today: Day) -> Option<Reach> {
        let rules = &policy.limit;
        let last = self.last().filter(|last| last.day >= today.plus(-rules.pace_days_min))?;
        if last.used >= last.limit {
            return Some(Reach { days_left: 0, on: today, events: vec![last.event] });
        }
        // A fall is a meter that started again: the pace counts from there.
        let mut first = last;
        for reading in self.readings.iter().rev() {
            if reading.day < today.plus(-rules.pace_days) || reading.used > first.used {
                break;
            }
            first = reading;
        }
        let days = i64::from(last.day.0 - first.day.0);
        let risen = i64::try_from(last.used - first.used).ok()?;
        if days < i64::from(rules.pace_days_min) || risen == 0 {
            return None;
        }
        let left = i64::try_from(last.limit - last.used).ok()?;
        let needed = (i128::from(left) * i128::from(days)).div_euclid(i128::from(risen));
        let days_left = i32::try_from(needed).ok()? - (today.0 - last.day.0);
        let on = today.plus(days_left.max(0));
        let over_before = self.period_end.is_some_and(|end| end <= on);
        (!over_before).then(|| Reach { days_left: days_left.max(0), on, events: vec![first.event, last.event] })
    }
}

impl Seats {
    /// Seats were counted.
    pub(crate) fn count(&mut self, policy: &Policy, data: &SeatsMeasured, day: Day, event: Position) {
        if self.counts.back().is_some_and(|(last, _)| *last > day) {
            return;
        }
        if self.counts.back().is_some_and(|(last, _)| *last == day) {
            self.counts.pop_back();
        }
        self.counts.push_back((day, data.assigned));
        while self.counts.front().is_some_and(|(first, _)| *first < day.plus(-READINGS_DAYS)) {
            self.counts.pop_front();
        }
        (self.licensed, self.event) = (data.licensed, Some(event));
        let low = data.licensed >= policy.cost.seats_min
            && part(data.assigned, data.licensed).is_some_and(|bp| bp < policy.cost.seats_bp);
        self.low_since = low.then(|| self.low_since.unwrap_or(day));
    }

    /// Assigned at last.
    pub(crate) fn assigned(&self) -> Option<u64> {
        self.counts.back().map(|(_, assigned)| *assigned)
    }

    /// Assigned more than four weeks before, in the days between: `(more, days)`.
    pub(crate) fn grown(&self) -> (i64, i64) {
        let (Some((first, before)), Some((last, now))) = (self.counts.front(), self.counts.back()) else {
            return (0, 0);
        };
        let more = i64::try_from(*now).unwrap_or(i64::MAX) - i64::try_from(*before).unwrap_or(i64::MAX);
        (more.max(0), i64::from(last.0 - first.0))
    }
}
