//! Working hours: where a reader lives, planned by one agent and kept by another; and of a desk, for its clocks.
//!
//! Zones come from the rules bundled with the program and never from the machine, so that a fold stays pure.

use bus_schema::{
    Day, Time,
    data::facts::SendHours,
    time::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use jiff::{
    civil::{Date, DateTime},
    tz::TimeZone,
};

/// The next instant inside the hours; none when `now` is inside them, or when they leave no instant at all.
pub fn next_slot(now: Time, hours: &SendHours) -> Option<Time> {
    let zone = zone(hours);
    let local = now.timestamp().to_zoned(zone.clone());
    let today = local.date();
    let hour = u8::try_from(local.hour()).unwrap_or(0);
    if works(today, hours) && (hours.from..hours.to).contains(&hour) {
        return None;
    }
    let day = if hour < hours.from && works(today, hours) { today } else { next_working(today, hours)? };
    let slot = day.at(i8::try_from(hours.from).unwrap_or(0).min(23), 0, 0, 0).to_zoned(zone).ok()?;
    Some(Time::from(slot.timestamp()))
}

/// The same local time so many working days later.
pub fn working_days_after(start: Time, days: u32, hours: &SendHours) -> Time {
    let local = start.timestamp().to_zoned(zone(hours));
    let date = (0..days).fold(local.date(), |date, _| next_working(date, hours).unwrap_or(date));
    let end = date.to_datetime(local.time()).to_zoned(zone(hours));
    end.map_or_else(|_| start.plus_ms(i64::from(days) * 24 * HOUR_MS), |end| Time::from(end.timestamp()))
}

/// A zone nobody knows counts as UTC.
fn zone(hours: &SendHours) -> TimeZone {
    TimeZone::get(&hours.zone).unwrap_or(TimeZone::UTC)
}

fn works(date: Date, hours: &SendHours) -> bool {
    let weekday = u8::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
    !hours.weekend.contains(&weekday) && !hours.holidays.contains(&Day::from_civil(date))
}

/// The next working day after `date`, within a year.
fn next_working(date: Date, hours: &SendHours) -> Option<Date> {
    let mut days = std::iter::successors(date.tomorrow().ok(), |date| date.tomorrow().ok()).take(366);
    days.find(|date| works(*date, hours))
}

/// Days a clock is carried on over at most; beyond that only elapsed time counts.
const CALENDAR_DAYS_MAX: i32 = 4_000;

/// Which time counts for a clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// Around the clock.
    Always,
    /// Whole days, but no weekends and no holidays.
    Workdays,
    /// The hours of working days.
    Business,
}

impl Counting {
    /// The name in policies and facts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Workdays => "workdays",
            Self::Business => "business",
        }
    }
}

/// The calendar of a desk: its zone, its hours, its days off.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Where the desk is.
    pub zone: TimeZone,
    /// First minute of a working day.
    pub from_minute: u16,
    /// Minute at which a working day is over; 1,440 is midnight.
    pub to_minute: u16,
    /// Days of the week off, Monday is 0.
    pub weekend: Vec<u8>,
    /// Further days off.
    pub holidays: Vec<Day>,
}

impl Calendar {
    /// The time between two instants that counts, in milliseconds. A day on which clocks change has as many hours as
    /// it has.
    pub fn between(&self, counting: Counting, from: Time, to: Time) -> i64 {
        if to <= from {
            return 0;
        }
        if counting == Counting::Always {
            return to.since_ms(from);
        }
        let (first, last) = (from.day_in(&self.zone), to.day_in(&self.zone));
        let days = (first.0..=last.0).take(usize::try_from(CALENDAR_DAYS_MAX).unwrap_or(0));
        days.filter_map(|day| self.window(counting, Day(day)))
            .map(|(opens, closes)| closes.min(to).since_ms(opens.max(from)).max(0))
            .sum()
    }

    /// When so much time that counts will have passed. A calendar without any working time counts around the clock.
    pub fn after(&self, counting: Counting, from: Time, ms: i64) -> Time {
        if counting == Counting::Always || ms <= 0 {
            return from.plus_ms(ms.max(0));
        }
        let mut left = ms;
        let first = from.day_in(&self.zone);
        for day in first.0..first.0.saturating_add(CALENDAR_DAYS_MAX) {
            let Some((opens, closes)) = self.window(counting, Day(day)) else { continue };
            let start = opens.max(from);
            let length = closes.since_ms(start).max(0);
            if length >= left {
                return start.plus_ms(left);
            }
            left -= length;
        }
        from.plus_ms(ms)
    }

    /// The next instant that counts: `now` where it does.
    pub fn next_open(&self, counting: Counting, now: Time) -> Time {
        self.after(counting, now, 1).plus_ms(-1)
    }

    /// The part of a civil day that counts.
    fn window(&self, counting: Counting, day: Day) -> Option<(Time, Time)> {
        let date = day.civil();
        let weekday = u8::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        if self.weekend.contains(&weekday) || self.holidays.contains(&day) {
            return None;
        }
        let (from, to) = match counting {
            Counting::Always | Counting::Workdays => (0, 1_440),
            Counting::Business => (self.from_minute, self.to_minute),
        };
        Some((self.at(date, from)?, self.at(date, to)?))
    }

    /// A local minute of a day. One that the clocks leap over counts as the instant they leap to.
    fn at(&self, date: Date, minute: u16) -> Option<Time> {
        let date = if minute >= 1_440 { date.tomorrow().ok()? } else { date };
        let (hour, minute) = (i8::try_from(minute % 1_440 / 60).ok()?, i8::try_from(minute % 60).ok()?);
        let local = DateTime::from_parts(date, jiff::civil::time(hour, minute, 0, 0));
        Some(Time::from(local.to_zoned(self.zone.clone()).ok()?.timestamp()))
    }
}

/// A span in words: `2 days 3 h`, `45 min`.
pub fn in_words(ms: i64) -> String {
    let (days, hours, minutes) = (ms / DAY_MS, ms % DAY_MS / HOUR_MS, ms % HOUR_MS / MINUTE_MS);
    match (days, hours, minutes) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (1, 0, _) => "1 day".into(),
        (1, hours, _) => format!("1 day {hours} h"),
        (days, 0, _) => format!("{days} days"),
        (days, hours, _) => format!("{days} days {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn office(zone: &str) -> SendHours {
        let christmas = Day::from_civil(jiff::civil::date(2026, 12, 25));
        SendHours { zone: zone.into(), from: 8, to: 18, weekend: vec![5, 6], holidays: vec![christmas] }
    }

    fn slot(now: &str, zone: &str) -> Option<String> {
        next_slot(Time::parse(now).unwrap(), &office(zone)).map(|slot| slot.to_string())
    }

    #[test]
    fn a_message_waits_for_local_working_hours_across_clock_changes() {
        let rome = |now: &str| slot(now, "Europe/Rome");
        assert_eq!(rome("2026-03-27T09:00:00Z"), None);
        assert_eq!(rome("2026-03-27T06:59:00Z").unwrap(), "2026-03-27T07:00:00Z", "before eight, winter time");
        assert_eq!(rome("2026-03-27T17:00:00Z").unwrap(), "2026-03-30T06:00:00Z", "Friday at 18, then summer time");
        assert_eq!(rome("2026-10-23T16:00:00Z").unwrap(), "2026-10-26T07:00:00Z", "and back to winter time");
        assert_eq!(rome("2026-12-24T20:00:00Z").unwrap(), "2026-12-28T07:00:00Z", "a holiday and a weekend");
        assert_eq!(slot("2026-03-06T22:59:00Z", "America/New_York"), None, "17:59 there");
        assert_eq!(slot("2026-03-06T23:00:00Z", "America/New_York").unwrap(), "2026-03-09T12:00:00Z");
        assert_eq!(slot("2026-03-27T07:00:00Z", "Mars").unwrap(), "2026-03-27T08:00:00Z", "an unknown zone is UTC");
    }

    #[test]
    fn working_days_keep_the_local_time() {
        let end = |start: &str| working_days_after(Time::parse(start).unwrap(), 3, &office("Europe/Rome")).to_string();
        assert_eq!(end("2026-03-26T09:00:00Z"), "2026-03-31T08:00:00Z");
        assert_eq!(end("2026-03-30T08:00:00Z"), "2026-04-02T08:00:00Z");
    }

    #[test]
    fn all_hours_hold_nothing_back() {
        let always = SendHours { zone: "UTC".into(), from: 0, to: 24, weekend: Vec::new(), holidays: Vec::new() };
        assert_eq!(next_slot(Time::parse("2026-03-28T23:59:59Z").unwrap(), &always), None);
        let never = SendHours { weekend: (0..7).collect(), ..always };
        assert_eq!(next_slot(Time(0), &never), None);
    }

    proptest! {
        #[test]
        fn every_slot_lies_in_working_hours(
            minutes in 0i64..1_500_000,
            zone in prop::sample::select(vec![
                "UTC", "Europe/Rome", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe",
            ]),
        ) {
            let hours = office(zone);
            let now = Time::parse("2025-01-01T00:00:00Z").unwrap().plus_ms(minutes * 60_000);
            let slot = next_slot(now, &hours).unwrap_or(now);
            let local = slot.timestamp().to_zoned(TimeZone::get(zone).unwrap());
            prop_assert!(slot >= now && slot.since_ms(now) < 5 * 24 * HOUR_MS);
            prop_assert!((8..18).contains(&local.hour()), "{local}");
            prop_assert!(local.weekday().to_monday_zero_offset() < 5, "{local}");
            prop_assert_eq!(next_slot(slot, &hours), None);
        }
    }
    fn desk(zone: &str) -> Calendar {
        let christmas = Day::from_civil(jiff::civil::date(2026, 12, 25));
        let zone = TimeZone::get(zone).unwrap();
        Calendar { zone, from_minute: 9 * 60, to_minute: 18 * 60, weekend: vec![5, 6], holidays: vec![christmas] }
    }

    fn at(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    #[test]
    fn a_clock_on_business_hours_rests_at_night_on_weekends_and_on_holidays() {
        let rome = desk("Europe/Rome");
        for (from, hours, due) in [
            ("2026-03-24T10:00:00Z", 2, "2026-03-24T12:00:00Z"),
            ("2026-03-24T16:30:00Z", 2, "2026-03-25T09:30:00Z"),
            // Friday at 17:30 in winter time; on Monday the clocks show summer time.
            ("2026-03-27T16:30:00Z", 2, "2026-03-30T08:30:00Z"),
            ("2026-10-23T15:30:00Z", 2, "2026-10-26T09:30:00Z"),
            ("2026-12-24T16:30:00Z", 2, "2026-12-28T09:30:00Z"),
            ("2026-03-28T12:00:00Z", 9, "2026-03-30T16:00:00Z"),
        ] {
            let due_at = rome.after(Counting::Business, at(from), hours * HOUR_MS);
            assert_eq!(due_at.to_string(), due, "{from}");
            assert_eq!(rome.between(Counting::Business, at(from), due_at), hours * HOUR_MS, "{from}");
        }
    }

    #[test]
    fn whole_days_have_as_many_hours_as_the_clocks_say() {
        let mut rome = desk("Europe/Rome");
        rome.weekend.clear();
        let day = |from: &str, to: &str| rome.between(Counting::Workdays, at(from), at(to)) / HOUR_MS;
        assert_eq!(day("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"), 23, "clocks leap forward");
        assert_eq!(day("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), 25, "and back");
        assert_eq!(day("2026-12-24T23:00:00Z", "2026-12-25T23:00:00Z"), 0, "a holiday");
        let always = rome.after(Counting::Always, at("2026-03-28T12:00:00Z"), DAY_MS);
        assert_eq!(always.to_string(), "2026-03-29T12:00:00Z");
        let friday = desk("Europe/Rome").after(Counting::Workdays, at("2026-03-27T12:00:00Z"), DAY_MS);
        assert_eq!(friday.to_string(), "2026-03-30T11:00:00Z", "24 hours without the weekend");
    }

    #[test]
    fn an_hour_that_the_clocks_leap_over_is_no_hole() {
        let night = Calendar { from_minute: 150, to_minute: 240, weekend: Vec::new(), ..desk("Europe/Rome") };
        let worked = night.between(Counting::Business, at("2026-03-28T23:00:00Z"), at("2026-03-29T22:00:00Z"));
        assert_eq!(worked, 30 * MINUTE_MS, "from 02:30, which is 03:30, to 04:00");
    }

    #[test]
    fn a_desk_that_never_opens_counts_around_the_clock() {
        let never = Calendar { weekend: (0..7).collect(), ..desk("UTC") };
        assert_eq!(never.after(Counting::Business, Time(0), HOUR_MS), Time(HOUR_MS));
        assert_eq!(never.between(Counting::Business, Time(0), Time(DAY_MS)), 0);
    }

    #[test]
    fn spans_are_told_in_words() {
        for (ms, words) in [
            (45 * MINUTE_MS, "45 min"),
            (2 * HOUR_MS, "2 h"),
            (150 * MINUTE_MS, "2 h 30 min"),
            (DAY_MS, "1 day"),
            (2 * DAY_MS + 3 * HOUR_MS, "2 days 3 h"),
        ] {
            assert_eq!(in_words(ms), words);
        }
    }

    proptest! {
        #[test]
        fn a_clock_ends_when_its_time_has_passed(
            minutes in 0i64..1_000_000,
            length in 1i64..20_000,
            counting in prop::sample::select(vec![Counting::Always, Counting::Workdays, Counting::Business]),
            zone in prop::sample::select(vec!["UTC", "Europe/Rome", "America/New_York", "Australia/Lord_Howe"]),
        ) {
            let desk = desk(zone);
            let from = at("2025-01-01T00:00:00Z").plus_ms(minutes * MINUTE_MS);
            let due = desk.after(counting, from, length * MINUTE_MS);
            prop_assert_eq!(desk.between(counting, from, due), length * MINUTE_MS);
            prop_assert!(desk.between(counting, from, due.plus_ms(-1)) < length * MINUTE_MS);
            let middle = from.plus_ms(due.since_ms(from) / 2);
            let parts = desk.between(counting, from, middle) + desk.between(counting, middle, due);
            prop_assert_eq!(parts, length * MINUTE_MS, "parts add up");
        }
    }
}
