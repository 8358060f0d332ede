//! A desk as a policy describes it: its zone, its hours, its days off.

use bus_schema::Day;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::{hours::Calendar, policy::PolicyError};

/// When a desk works.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// IANA zone.
    pub zone: String,
    /// Start of a working day, `09:00`.
    pub from: String,
    /// End of a working day; `24:00` is midnight.
    pub to: String,
    /// Days of the week off.
    pub weekend: Vec<Weekday>,
    /// Further days off.
    pub holidays: Vec<Day>,
}

/// A day of the week.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "Monday to Sunday")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Weekday {
    /// Its number, Monday is 0.
    pub const fn number(self) -> u8 {
        match self {
            Self::Mon => 0,
            Self::Tue => 1,
            Self::Wed => 2,
            Self::Thu => 3,
            Self::Fri => 4,
            Self::Sat => 5,
            Self::Sun => 6,
        }
    }
}

impl Desk {
    /// Its calendar.
    ///
    /// # Errors
    /// Names the field of `desk` that is wrong.
    pub fn calendar(&self) -> Result<Calendar, PolicyError> {
        let zone = TimeZone::get(&self.zone).map_err(|_| {
            PolicyError::value("desk.zone", format!("`{}` is no IANA time zone like Europe/Rome", self.zone))
        })?;
        let (from_minute, to_minute) = (minute("desk.from", &self.from)?, minute("desk.to", &self.to)?);
        if from_minute >= to_minute {
            return Err(PolicyError::value("desk.to", "must be after `desk.from`; \"24:00\" is midnight"));
        }
        let weekend: Vec<u8> = self.weekend.iter().map(|day| day.number()).collect();
        if (0..7).all(|day| weekend.contains(&day)) {
            return Err(PolicyError::value("desk.weekend", "leaves no working day"));
        }
        Ok(Calendar { zone, from_minute, to_minute, weekend, holidays: self.holidays.clone() })
    }
}

fn minute(field: &str, text: &str) -> Result<u16, PolicyError> {
    let wrong = || PolicyError::value(field, format!("`{text}` is no time like 09:00"));
    let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
    let (hours, minutes): (u16, u16) = (hours.parse().map_err(|_| wrong())?, minutes.parse().map_err(|_| wrong())?);
    let all = hours.saturating_mul(60).saturating_add(minutes);
    if minutes < 60 && all <= 1_440 { Ok(all) } else { Err(wrong()) }
}
