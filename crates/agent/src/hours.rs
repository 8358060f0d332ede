//! Working hours where a reader lives: planned by one agent, kept by another.

use bus_schema::{Day, Time, data::facts::SendHours, time::HOUR_MS};
use jiff::{civil::Date, tz::TimeZone};

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
}
