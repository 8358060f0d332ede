//! The working hours that hold for a contact.

use agent::AccountProfile;
use bus_schema::{Time, data::facts::SendHours};
use jiff::tz::TimeZone;

use crate::policy::Policy;

/// Days ahead in which days off are told: longer than a proposal can wait.
const HOLIDAYS_AHEAD: i32 = 120;

/// Working hours in the zone of a contact: its own, else the account's, else the tenant's. A zone nobody knows is passed
/// over.
pub fn of(policy: &Policy, profile: &AccountProfile, contact: &str, now: Time) -> SendHours {
    let own = profile.contacts.get(contact).and_then(|contact| contact.time_zone.as_deref());
    let mut zones = [own, profile.time_zone.as_deref()].into_iter().flatten();
    let zone = zones.find(|name| TimeZone::get(name).is_ok()).unwrap_or(&policy.zone);
    let hours = &policy.hours;
    let near = now.day().plus(-1)..now.day().plus(HOLIDAYS_AHEAD);
    SendHours {
        zone: zone.to_owned(),
        from: hours.from,
        to: hours.to,
        weekend: hours.weekend.iter().map(|day| day.number()).collect(),
        holidays: hours.holidays.iter().copied().filter(|day| near.contains(day)).collect(),
    }
}
