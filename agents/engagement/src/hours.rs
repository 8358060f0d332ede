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
