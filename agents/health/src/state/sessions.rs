//! How long sessions are: the median of each week, so that a season fits into a few bytes.

use std::collections::VecDeque;

use agent::arithmetic::median;
use bus_schema::Day;
use serde::{Deserialize, Serialize};

use super::ring::week;

/// Weeks kept: four, and the twelve they are set against, and one for days cut out.
const WEEKS_MAX: usize = 20;
/// Sessions of the running week kept; beyond that each second one goes, and from then on each second one comes in.
const SAMPLES_MAX: usize = 32;

/// Lengths of sessions.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sessions {
    /// The running week.
    week: i32,
    samples: Vec<u16>,
    /// Each so many-th session is kept.
    every: u16,
    seen: u16,
    /// Complete weeks: number, median seconds, sessions; oldest first.
    closed: VecDeque<(i32, u16, u16)>,
}

impl Sessions {
    /// Takes in a session. One of a week that is over comes too late to move its median.
    pub(crate) fn record(&mut self, day: Day, seconds: u32) {
        let own = week(day);
        if self.seen > 0 && own < self.week {
            return;
        }
        if own > self.week {
            self.close();
            (self.week, self.every) = (own, 1);
        }
        self.seen = self.seen.saturating_add(1);
        if self.seen.is_multiple_of(self.every.max(1)) {
            self.samples.push(u16::try_from(seconds).unwrap_or(u16::MAX));
        }
        if self.samples.len() > SAMPLES_MAX {
            let mut keep = false;
            self.samples.retain(|_| {
                keep = !keep;
                keep
            });
            self.every = self.every.max(1).saturating_mul(2);
        }
    }

    /// The median seconds of the complete weeks from `from` to before `to`, each week weighed by its sessions, and how
    /// many sessions that are.
    pub(crate) fn median(&self, from: i32, to: i32) -> Option<(i64, i64)> {
        let mut weeks: Vec<(i64, i64)> = Vec::new();
        let running = (self.week, self.middle(), self.seen);
        for (own, seconds, sessions) in self.closed.iter().copied().chain([running]) {
            if (from..to).contains(&own) && sessions > 0 {
                weeks.push((i64::from(seconds), i64::from(sessions)));
            }
        }
        weeks.sort_unstable();
        let all: i64 = weeks.iter().map(|(_, sessions)| sessions).sum();
        let mut passed = 0;
        for (seconds, sessions) in &weeks {
            passed += sessions;
            if 2 * passed >= all {
                return Some((*seconds, all));
            }
        }
        None
    }

    fn middle(&self) -> u16 {
        let mut seconds: Vec<i64> = self.samples.iter().map(|seconds| i64::from(*seconds)).collect();
        median(&mut seconds).and_then(|middle| u16::try_from(middle).ok()).unwrap_or(0)
    }

    fn close(&mut self) {
        if self.seen > 0 {
            self.closed.push_back((self.week, self.middle(), self.seen));
        }
        if self.closed.len() > WEEKS_MAX {
            self.closed.pop_front();
        }
        self.samples.clear();
        self.seen = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_has_its_median_and_weeks_are_weighed_by_their_sessions() {
        let mut sessions = Sessions::default();
        // Day 4 is a Monday.
        for (day, seconds, times) in [(4, 600, 10), (11, 60, 2), (18, 300, 3)] {
            for _ in 0..times {
                sessions.record(Day(day), seconds);
            }
        }
        let first = week(Day(4));
        assert_eq!(sessions.median(first, first + 1), Some((600, 10)));
        assert_eq!(
            sessions.median(first + 1, first + 3),
            Some((300, 5)),
            "the running week is asked for by its number"
        );
        assert_eq!(sessions.median(first, first + 3), Some((600, 15)));
        assert_eq!(sessions.median(first + 3, first + 9), None);
        sessions.record(Day(4), 9_999);
        assert_eq!(sessions.median(first, first + 1), Some((600, 10)), "too late");
    }

    #[test]
    fn a_busy_week_is_sampled_evenly() {
        let mut sessions = Sessions::default();
        for n in 0..10_000 {
            sessions.record(Day(4), n);
        }
        assert!(sessions.samples.len() <= SAMPLES_MAX);
        let (middle, n) = sessions.median(week(Day(4)), week(Day(4)) + 1).unwrap();
        assert!((4_000..6_000).contains(&middle), "{middle}");
        assert_eq!(n, 10_000);
    }
}
