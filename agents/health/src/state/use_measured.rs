//! What the daily measuring of use found. Between two of them, and while nothing can be measured, it stands.

use std::collections::VecDeque;

use bus_schema::{Day, Time};
use serde::{Deserialize, Serialize};

/// Blocks of 28 days that hold the most users seen: a little over 180 days.
const PEAK_BLOCKS: usize = 7;
/// Days whose users of a fortnight are kept, so that one can be set against the one before.
const FORTNIGHTS_MAX: usize = 15;

/// A measurement and when it was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Measured<T> {
    pub(crate) found: T,
    pub(crate) at: Time,
}

/// Core features in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Adoption {
    pub(crate) used: u16,
    pub(crate) core: u16,
}

/// Who of those who could be active is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Engagement {
    /// Users active in 28 days.
    pub(crate) active: i64,
    /// Seats, or the most users seen.
    pub(crate) size: i64,
    /// Whether `size` is seats.
    pub(crate) seats: bool,
    /// Mean weekly active users of up to four complete weeks since the first use, in hundredths.
    pub(crate) weekly_hundredths: Option<i64>,
}

/// Use of the last 14 days against the 28 before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Trend {
    /// User-days of the last 14 days, without cut days.
    pub(crate) actual: i64,
    /// What the same weekdays of the 28 days before give.
    pub(crate) expected: i64,
    /// The one in bp of the other.
    pub(crate) ratio_bp: i64,
    /// Calls of programs instead of user-days.
    pub(crate) programs: bool,
}

/// One number against another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) is: i64,
    pub(crate) of: i64,
}

/// Calls of 28 days against the 28 before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Api {
    pub(crate) calls: i64,
    pub(crate) before: i64,
    pub(crate) errors: i64,
}

/// The latest measurements of use.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct UseMeasured {
    /// Users active in 28 days, whatever the age of the account.
    pub(crate) active: i64,
    pub(crate) adoption: Option<Measured<Adoption>>,
    pub(crate) engagement: Option<Measured<Engagement>>,
    pub(crate) trend: Option<Measured<Trend>>,
    /// Mean daily active users of ten business days, in tenths, of the mean weekly ones, in tenths.
    pub(crate) daily_of_weekly: Option<Measured<Part>>,
    /// User-days of 28 days, of the users active in them.
    pub(crate) logins: Option<Measured<Part>>,
    /// Median seconds of four weeks, of those of the twelve before.
    pub(crate) sessions: Option<Measured<Part>>,
    pub(crate) api: Option<Measured<Api>>,
    /// Days of 28 on which the account was active.
    pub(crate) active_days: Option<Measured<i64>>,
    /// Orders of 28 days, of the pace of the 84 before.
    pub(crate) orders: Option<Measured<Part>>,
    /// Sales of 91 days, of those they are set against, and whether that is a year before.
    pub(crate) growth: Option<Measured<(Part, bool)>>,
    /// Users active in the 14 days before a day, for the latest days measured, oldest first.
    fortnights: VecDeque<(Day, i64)>,
    /// Most users seen in 28 days, by block of 28 days, oldest first; blocks without users are not there.
    peaks: VecDeque<(i32, i64)>,
}

impl UseMeasured {
    /// Remembers how many users were active in the 14 days before today.
    pub(crate) fn remember_fortnight(&mut self, today: Day, users: i64) {
        self.fortnights.retain(|(day, _)| *day < today);
        self.fortnights.push_back((today, users));
        if self.fortnights.len() > FORTNIGHTS_MAX {
            self.fortnights.pop_front();
        }
    }

    /// Users active in the latest 14 days measured; and in 14 earlier days, with the day after them.
    pub(crate) fn users_now_and_before(&self, today: Day) -> Option<(i64, i64, Day)> {
        let (last, now) = self.fortnights.back().filter(|(day, _)| *day >= today.plus(-1))?;
        let (day, before) = self.fortnights.iter().rev().find(|(day, _)| *day <= last.plus(-14))?;
        Some((*now, *before, *day))
    }

    /// Remembers how many users were seen in the 28 days up to a day of this block.
    pub(crate) fn remember_peak(&mut self, block: i32, users: i64) {
        if users == 0 {
            return;
        }
        match self.peaks.back_mut() {
            Some(last) if last.0 == block => last.1 = last.1.max(users),
            Some(_) | None => self.peaks.push_back((block, users)),
        }
        if self.peaks.len() > PEAK_BLOCKS {
            self.peaks.pop_front();
        }
    }

    /// The most users seen within the last seven blocks; an account silent for longer keeps the last size it had.
    pub(crate) fn peak(&self, block: i32) -> Option<i64> {
        let recent = self.peaks.iter().filter(|(own, _)| *own > block - 7).map(|(_, users)| *users).max();
        recent.or_else(|| self.peaks.back().map(|(_, users)| *users))
    }
}
