//! How much an account is used: daily and weekly active users, exact and small.
//!
//! Usage volume V(w) is the number of user-days in a window: robust against retry loops and one chatty script. Kept are
//! 112 daily and 16 weekly counts and, for each user, a 32-bit hash with the last day seen (6 bytes), never a set of
//! users per day. Beyond 4,096 users a hash sample of 1 in 2^k is kept and counts are scaled. Counts of single users and
//! a producer's daily sums are kept apart; of one day the larger stands, so that they are never added up.

mod users;

use std::collections::{BTreeMap, VecDeque};

use bus_schema::{Day, Position, entity::fnv1a};
use serde::{Deserialize, Serialize};

use users::Users;

/// Days of daily counts.
pub const DAYS: i32 = 112;
/// Weeks of weekly counts.
const WEEKS: i32 = 16;
/// Events cited at most.
pub const CITED_MAX: usize = 8;
/// Users kept one by one; beyond that a sample.
pub const USERS_MAX: usize = 4_096;

/// The use of one account.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Usage {
    first: Option<Day>,
    last: Option<Day>,
    /// User-days, latest day last; older ones than `DAYS` are forgotten.
    daily: VecDeque<u16>,
    /// Distinct users by week, latest last.
    weekly: VecDeque<u16>,
    /// Active users of the days that came as sums.
    sums: BTreeMap<Day, u16>,
    /// Last day seen by hash of the user.
    users: Users,
    /// k: users whose hash has k low zero bits are kept, each standing for 2^k.
    sampled: u8,
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
        self.cite(cause);
        let hash = fnv1a(user.as_bytes());
        if !self.keeps(hash) {
            return;
        }
        let seen = self.users.get(hash);
        if seen != Some(day) {
            self.add_daily(day, self.scale());
        }
        if seen.is_none_or(|seen| week(seen) != week(day)) {
            self.add_weekly(day, self.scale());
        }
        self.users.set(hash, seen.map_or(day, |seen| seen.max(day)));
        if self.users.len() > USERS_MAX {
            self.sampled += 1;
            let sampled = self.sampled;
            self.users.retain(|hash, _| hash.trailing_zeros() >= u32::from(sampled));
        }
    }

    /// Counts a day's aggregate from a producer without user ids; the larger count of a day stands.
    pub fn record_aggregate(&mut self, active_users: u64, day: Day, cause: Position) {
        self.advance(day);
        self.cite(cause);
        let users = u16::try_from(active_users).unwrap_or(u16::MAX);
        let known = self.sums.entry(day).or_default();
        *known = users.max(*known);
        if let Some(last) = self.last {
            self.sums = self.sums.split_off(&last.plus(1 - DAYS));
        }
    }

    /// The last day that came as a sum, where the producer sends sums.
    pub fn last_sum(&self) -> Option<Day> {
        self.sums.last_key_value().map(|(day, _)| *day)
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
        let counted = self.slot(day).and_then(|slot| self.daily.get(slot)).copied().unwrap_or(0);
        counted.max(self.sums.get(&day).copied().unwrap_or(0))
    }

    /// V: user-days in the `days` complete days before `today`.
    pub fn volume(&self, today: Day, days: i32) -> i64 {
        self.volume_between(today.plus(-days), today)
    }

    /// V: user-days from `from` (inclusive) to `to` (exclusive).
    pub fn volume_between(&self, from: Day, to: Day) -> i64 {
        (from.0..to.0).map(|day| i64::from(self.on(Day(day)))).sum()
    }

    /// Distinct users seen in the `days` complete days before `today` (and today). Of a producer of sums only the
    /// largest day is known, which is the fewest there can have been.
    pub fn active_users(&self, today: Day, days: i32) -> i64 {
        let from = today.plus(-days);
        let seen = self.users.days().filter(|seen| *seen >= from).count();
        let seen = i64::try_from(seen).unwrap_or(i64::MAX).saturating_mul(i64::from(self.scale()));
        let summed = self.sums.range(from..).map(|(_, users)| i64::from(*users)).max().unwrap_or(0);
        seen.max(summed)
    }

    /// Mean distinct users a week over the last `weeks` complete weeks, in hundredths.
    pub fn weekly_mean_hundredths(&self, today: Day, weeks: i32) -> i64 {
        let this = week(today);
        let sum: i64 = (this - weeks..this).map(|w| i64::from(self.in_week(w))).sum();
        sum * 100 / i64::from(weeks.max(1))
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
        if week(day) != week(last) {
            self.users.retain(|_, seen| seen >= day.plus(-DAYS));
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
        let counted = self.week_slot(number).and_then(|slot| self.weekly.get(slot)).copied().unwrap_or(0);
        let monday = Day(number.saturating_mul(7).saturating_sub(3));
        let summed = self.sums.range(monday..monday.plus(7)).map(|(_, users)| *users).max().unwrap_or(0);
        counted.max(summed)
    }

    fn keeps(&self, hash: u32) -> bool {
        hash.trailing_zeros() >= u32::from(self.sampled)
    }

    /// How many users each kept one stands for.
    const fn scale(&self) -> u16 {
        1u16.wrapping_shl(self.sampled as u32)
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
        usage.record("a", Day(7), at(3));
        assert_eq!(usage.on(Day(7)), 90, "a user of a summed day is in the sum");
        assert_eq!(usage.weekly_mean_hundredths(Day(14), 1), 9_000);
    }

    #[test]
    fn many_users_are_sampled_and_scaled() {
        let mut usage = Usage::default();
        for user in 0..20_000 {
            usage.record(&format!("c_{user}"), Day(7), at(user));
        }
        assert!(usage.users.len() <= USERS_MAX);
        let active = usage.active_users(Day(8), 28);
        assert!((18_000..22_000).contains(&active), "{active}");
        let volume = usage.volume(Day(8), 7);
        assert!((18_000..22_000).contains(&volume), "{volume}");
    }
}
