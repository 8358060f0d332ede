//! Working hours where the reader lives.

use agent::AccountProfile;
use bus_schema::{Day, Time, time::HOUR_MS};
use jiff::{civil::Date, tz::TimeZone};

use crate::policy::{Hours, Policy};

/// The zone of a contact: its own, else the account's, else the tenant's. A zone nobody knows is passed over.
pub fn zone(policy: &Policy, profile: &AccountProfile, contact: &str) -> TimeZone {
    let own = profile.contacts.get(contact).and_then(|contact| contact.time_zone.as_deref());
    let known = [own, profile.time_zone.as_deref()].into_iter().flatten().find_map(|name| TimeZone::get(name).ok());
    known.unwrap_or_else(|| policy.zone.clone())
}

/// The next instant inside working hours; none when `now` is inside them.
pub fn next_slot(now: Time, zone: &TimeZone, hours: &Hours) -> Option<Time> {
    let local = now.timestamp().to_zoned(zone.clone());
    let today = local.date();
    if works(today, hours) && (hours.from..hours.to).contains(&local.hour()) {
        return None;
    }
    let day = if local.hour() < hours.from && works(today, hours) { today } else { next_working(today, hours) };
    let slot = day.at(hours.from, 0, 0, 0).to_zoned(zone.clone()).ok()?;
    Some(Time::from(slot.timestamp()))
}

/// The same local time so many working days later.
pub fn working_days_after(start: Time, days: u32, zone: &TimeZone, hours: &Hours) -> Time {
    let local = start.timestamp().to_zoned(zone.clone());
    let date = (0..days).fold(local.date(), |date, _| next_working(date, hours));
    let end = date.to_datetime(local.time()).to_zoned(zone.clone());
    end.map_or_else(|_| start.plus_ms(i64::from(days) * 24 * HOUR_MS), |end| Time::from(end.timestamp()))
}

fn works(date: Date, hours: &Hours) -> bool {
    !hours.weekend.iter().any(|day| day.weekday() == date.weekday()) && !hours.holidays.contains(&Day::from_civil(date))
}

/// The next working day after `date`; there is one within a year and some, for a policy has at most 400 days off.
fn next_working(date: Date, hours: &Hours) -> Date {
    let mut days = std::iter::successors(date.tomorrow().ok(), |date| date.tomorrow().ok()).take(1_000);
    days.find(|date| works(*date, hours)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hours(holidays: &str) -> Hours {
        let text = crate::tests_policy(&format!("holidays = {holidays}"), "holidays = []");
        Policy::read(&text).unwrap().hours
    }

    fn slot(now: &str, zone: &str, hours: &Hours) -> Option<String> {
        let zone = TimeZone::get(zone).unwrap();
        next_slot(Time::parse(now).unwrap(), &zone, hours).map(|slot| slot.to_string())
    }

    #[test]
    fn a_touch_waits_for_local_working_hours_across_clock_changes() {
        let hours = hours(r#"["2026-12-25"]"#);
        let rome = |now: &str| slot(now, "Europe/Rome", &hours);
        assert_eq!(rome("2026-03-27T09:00:00Z"), None);
        assert_eq!(rome("2026-03-27T06:59:00Z").unwrap(), "2026-03-27T07:00:00Z", "before eight, winter time");
        assert_eq!(rome("2026-03-27T17:00:00Z").unwrap(), "2026-03-30T06:00:00Z", "Friday at 18, then summer time");
        assert_eq!(rome("2026-10-23T16:00:00Z").unwrap(), "2026-10-26T07:00:00Z", "and back to winter time");
        assert_eq!(rome("2026-12-24T20:00:00Z").unwrap(), "2026-12-28T07:00:00Z", "a holiday and a weekend");
        assert_eq!(slot("2026-03-06T22:59:00Z", "America/New_York", &hours), None, "17:59 there");
        assert_eq!(slot("2026-03-06T23:00:00Z", "America/New_York", &hours).unwrap(), "2026-03-09T12:00:00Z");
    }

    #[test]
    fn working_days_keep_the_local_time() {
        let hours = hours("[]");
        let zone = TimeZone::get("Europe/Rome").unwrap();
        let end = |start: &str| working_days_after(Time::parse(start).unwrap(), 3, &zone, &hours).to_string();
        assert_eq!(end("2026-03-26T09:00:00Z"), "2026-03-31T08:00:00Z");
        assert_eq!(end("2026-03-30T08:00:00Z"), "2026-04-02T08:00:00Z");
    }

    proptest! {
        #[test]
        fn every_slot_lies_in_working_hours(
            minutes in 0i64..1_500_000,
            zone in prop::sample::select(vec![
                "UTC", "Europe/Rome", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe",
            ]),
        ) {
            let hours = hours("[]");
            let zone = TimeZone::get(zone).unwrap();
            let now = Time::parse("2025-01-01T00:00:00Z").unwrap().plus_ms(minutes * 60_000);
            let slot = next_slot(now, &zone, &hours).unwrap_or(now);
            let local = slot.timestamp().to_zoned(zone.clone());
            prop_assert!(slot >= now && slot.since_ms(now) < 4 * 24 * HOUR_MS);
            prop_assert!((8..18).contains(&local.hour()), "{local}");
            prop_assert!(local.weekday().to_monday_zero_offset() < 5, "{local}");
            prop_assert_eq!(next_slot(slot, &zone, &hours), None);
        }
    }
}
