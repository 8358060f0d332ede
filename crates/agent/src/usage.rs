//! How much an account is used: daily and weekly active users, exact and small.
//!
//! Usage volume V(w) is the number of user-days in a window: robust against retry loops and one chatty script. Kept are
//! 112 daily and 16 weekly counts and, for each user, a 32-bit hash with the last day seen (6 bytes), never a set of
//! users per day.

use std::collections::{BTreeMap, VecDeque};

use bus_schema::{Day, Position, entity::fnv1a};
use serde::{Deserialize, Serialize};

/// Days of daily counts.
pub const DAYS: i32 = 112;
/// Weeks of weekly counts.
const WEEKS: i32 = 16;
/// Events cited at most.
pub const CITED_MAX: usize = 8;

/// The use of one account.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Usage {
    first: Option<Day>,
    last: Option<Day>,
    /// User-days, latest day last; older ones than `DAYS` are forgotten.
    daily: VecDeque<u16>,
    /// Distinct users by week, latest last.
    weekly: VecDeque<u16>,
    /// Last day seen by hash of the user.
    users: BTreeMap<u32, Day>,
    cited: VecDeque<Position>,
    events: u32,
}

/// Monday-aligned week number of a day.
const fn week(day: Day) -> i32 {
    (day.0 + 3).div_euclid(7)
}

impl Usage {
    /// Counts one event of a user on a day.
    pub fn record(&mut self, user: &str, day: Day, cause: Position) {
        self.advance(day);
        let hash = fnv1a(user.as_bytes());
        let seen = self.users.get(&hash).copied();
        if seen != Some(day) {
            self.add_daily(day, 1);
        }
        if seen.is_none_or(|seen| week(seen) != week(day)) {
            self.add_weekly(day, 1);
        }
        self.users.insert(hash, seen.map_or(day, |seen| seen.max(day)));
        self.cite(cause);
    }

    /// Counts a day's aggregate from a producer without user ids; the larger count of a day stands.
    pub fn record_aggregate(&mut self, active_users: u64, day: Day, cause: Position) {
        self.advance(day);
        let users = u16::try_from(active_users).unwrap_or(u16::MAX);
        let known = self.on(day);
        self.add_daily(day, users.saturating_sub(known));
        let known = self.in_week(week(day));
        self.add_weekly(day, users.saturating_sub(known));
        self.cite(cause);
    }

    /// Whether it was ever used.
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// The first day of use.
    pub const fn first(&self) -> Option<Day> {
        self.first
    }

    /// The last day of use.
    pub const fn last(&self) -> Option<Day> {
        self.last
    }

    /// User-days on one day.
    pub fn on(&self, day: Day) -> u16 {
        self.slot(day).and_then(|slot| self.daily.get(slot)).copied().unwrap_or(0)
    }

    /// V: user-days in the `days` complete days before `today`.
    pub fn volume(&self, today: Day, days: i32) -> i64 {
        self.volume_between(today.plus(-days), today)
    }

    /// V: user-days from `from` (inclusive) to `to` (exclusive).
    pub fn volume_between(&self, from: Day, to: Day) -> i64 {
        (from.0..to.0).map(|day| i64::from(self.on(Day(day)))).sum()
    }

    /// Distinct users seen in the `days` complete days before `today` (and today).
    pub fn active_users(&self, today: Day, days: i32) -> i64 {
        let from = today.plus(-days);
        let seen = self.users.values().filter(|seen| **seen >= from).count();
        let seen = i64::try_from(seen).unwrap_or(i64::MAX);
        if self.users.is_empty() { self.peak(today, days) } else { seen }
    }

    /// Mean distinct users a week over the last `weeks` complete weeks, in hundredths.
    pub fn weekly_mean_hundredths(&self, today: Day, weeks: i32) -> i64 {
        let this = week(today);
        let sum: i64 = (this - weeks..this).map(|w| i64::from(self.in_week(w))).sum();
        sum * 100 / i64::from(weeks.max(1))
    }

    /// The most user-days on one day of the window: the best guess at users where only aggregates are sent.
    fn peak(&self, today: Day, days: i32) -> i64 {
        (today.0 - days..=today.0).map(|day| i64::from(self.on(Day(day)))).max().unwrap_or(0)
    }

    /// The latest events, latest first.
    pub fn cited(&self) -> Vec<Position> {
        self.cited.iter().rev().copied().collect()
    }

    /// How many events were counted.
    pub const fn events(&self) -> u32 {
        self.events
    }

    fn advance(&mut self, day: Day) {
        self.first = Some(self.first.map_or(day, |first| first.min(day)));
        let Some(last) = self.last else {
            self.last = Some(day);
            self.daily.push_back(0);
            self.weekly.push_back(0);
            return;
        };
        if day <= last {
            return;
        }
        for _ in 0..(day.0 - last.0).min(DAYS) {
            self.daily.push_back(0);
        }
        for _ in 0..(week(day) - week(last)).min(WEEKS) {
            self.weekly.push_back(0);
        }
        while self.daily.len() > usize::try_from(DAYS).unwrap_or(0) {
            self.daily.pop_front();
        }
        while self.weekly.len() > usize::try_from(WEEKS).unwrap_or(0) {
            self.weekly.pop_front();
        }
        self.last = Some(day);
    }

    /// Where a day's count stands; days before the ring have none.
    fn slot(&self, day: Day) -> Option<usize> {
        let back = usize::try_from(self.last?.0 - day.0).ok()?;
        self.daily.len().checked_sub(1 + back)
    }

    fn week_slot(&self, number: i32) -> Option<usize> {
        let back = usize::try_from(week(self.last?) - number).ok()?;
        self.weekly.len().checked_sub(1 + back)
    }

    fn in_week(&self, number: i32) -> u16 {
        self.week_slot(number).and_then(|slot| self.weekly.get(slot)).copied().unwrap_or(0)
    }

    fn add_daily(&mut self, day: Day, users: u16) {
        self.reach_back(day);
        if let Some(count) = self.slot(day).and_then(|slot| self.daily.get_mut(slot)) {
            *count = count.saturating_add(users);
        }
    }

    fn add_weekly(&mut self, day: Day, users: u16) {
        if let Some(count) = self.week_slot(week(day)).and_then(|slot| self.weekly.get_mut(slot)) {
            *count = count.saturating_add(users);
        }
    }

    /// Makes room for days before the first one counted, as far as the ring reaches.
    fn reach_back(&mut self, day: Day) {
        let Some(last) = self.last else { return };
        let needed = usize::try_from((last.0 - day.0 + 1).clamp(0, DAYS)).unwrap_or(0);
        while self.daily.len() < needed {
            self.daily.push_front(0);
        }
        let needed = usize::try_from((week(last) - week(day) + 1).clamp(0, WEEKS)).unwrap_or(0);
        while self.weekly.len() < needed {
            self.weekly.push_front(0);
        }
    }

    fn cite(&mut self, cause: Position) {
        self.events = self.events.saturating_add(1);
        self.cited.push_back(cause);
        if self.cited.len() > CITED_MAX {
            self.cited.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seq: u64) -> Position {
        Position { seq, index: 0 }
    }

    #[test]
    fn a_user_counts_once_a_day_and_once_a_week() {
        let mut usage = Usage::default();
        for (day, user) in [(100, "a"), (100, "a"), (100, "b"), (101, "a"), (108, "a")] {
            usage.record(user, Day(day), at(u64::try_from(day).unwrap()));
        }
        assert_eq!((usage.on(Day(100)), usage.on(Day(101)), usage.on(Day(108))), (2, 1, 1));
        assert_eq!(usage.volume(Day(109), 14), 4);
        assert_eq!(usage.active_users(Day(109), 28), 2);
        assert_eq!(usage.active_users(Day(109), 5), 1);
        assert_eq!(usage.events(), 5);
    }

    #[test]
    fn days_may_come_out_of_order_and_old_ones_are_forgotten() {
        let mut usage = Usage::default();
        usage.record("a", Day(500), at(1));
        usage.record("b", Day(490), at(2));
        assert_eq!((usage.on(Day(490)), usage.first()), (1, Some(Day(490))));
        usage.record("b", Day(10), at(3));
        assert_eq!(usage.on(Day(10)), 0);
        usage.record("a", Day(500 + DAYS), at(4));
        assert_eq!((usage.on(Day(490)), usage.on(Day(500 + DAYS))), (0, 1));
    }

    #[test]
    fn aggregates_take_the_larger_count_of_a_day() {
        let mut usage = Usage::default();
        usage.record_aggregate(90, Day(7), at(1));
        usage.record_aggregate(40, Day(7), at(2));
        assert_eq!((usage.on(Day(7)), usage.active_users(Day(8), 28)), (90, 90));
    }
}
