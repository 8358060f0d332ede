//! Days of work, and the one incident.

use bus_schema::Day;

/// Days of use before the first day that counts.
pub const HISTORY_DAYS: i32 = 84;
/// Activity on a weekend's day and on a holiday, in permille of a working day's.
const WEEKEND: u64 = 80;
const HOLIDAY: u64 = 200;
/// The holidays, counted from the first day that counts; moved to the next working day.
const HOLIDAYS: [i32; 2] = [47, 138];
/// The day of the incident, and how long it lasts.
pub(crate) const INCIDENT_DAY: i32 = 120;
pub(crate) const INCIDENT_HOURS: i64 = 6;

/// A day as the world counts it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Today {
    pub(crate) day: Day,
    /// Days since the first that counts; negative before.
    pub(crate) age: i32,
    /// How much is going on, in permille of a working day.
    pub(crate) activity: u64,
}

impl Today {
    pub(crate) fn of(day: Day, first: Day) -> Self {
        let activity = if is_weekend(day) {
            WEEKEND
        } else if HOLIDAYS.iter().any(|holiday| working(first.plus(*holiday)) == day) {
            HOLIDAY
        } else {
            1_000
        };
        Self { day, age: day.0 - first.0, activity }
    }

    pub(crate) const fn works(self) -> bool {
        self.activity == 1_000
    }
}

/// Monday is 0.
const fn weekday(day: Day) -> i32 {
    (day.0 + 3).rem_euclid(7)
}

const fn is_weekend(day: Day) -> bool {
    weekday(day) >= 5
}

/// This day, or the Monday after.
pub(crate) const fn working(day: Day) -> Day {
    match weekday(day) {
        5 => day.plus(2),
        6 => day.plus(1),
        _ => day,
    }
}

/// Whether a day is a Monday.
pub(crate) const fn is_monday(day: Day) -> bool {
    weekday(day) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_working_days_are_holidays() {
        let first = Day(20_454);
        let quiet = (0..180).map(|n| Today::of(first.plus(n), first)).filter(|today| today.activity == HOLIDAY).count();
        assert_eq!(quiet, 2);
        assert!(!is_weekend(working(Day(20_457))) && is_monday(working(Day(20_457))));
    }
}
