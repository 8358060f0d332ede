//! Instants and civil days as small integers: RFC 3339 and ISO dates for people, integers for state.

mod form;

use std::fmt;

use jiff::{civil, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::envelope::Lent;

/// An instant in UTC, in milliseconds since 1970.
///
/// Written as RFC 3339 in JSON and as an integer in state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, JsonSchema)]
#[schemars(with = "String", extend("format" = "date-time"))]
pub struct Time(pub i64);

/// A civil date, in days since 1970-01-01. Written as `2026-01-31` in JSON and as an integer in state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, JsonSchema)]
#[schemars(with = "String", extend("format" = "date"))]
pub struct Day(pub i32);

/// One second, minute, hour and day in milliseconds.
pub const SECOND_MS: i64 = 1_000;
/// One minute in milliseconds.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// One hour in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// One day in milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;

impl Time {
    /// Parses RFC 3339; an offset is required.
    ///
    /// # Errors
    /// Text that is not an RFC 3339 instant.
    pub fn parse(text: &str) -> Result<Self, jiff::Error> {
        match form::read_instant(text) {
            Some(ms) => Ok(Self(ms)),
            None => text.parse::<jiff::Timestamp>().map(|t| Self(t.as_millisecond())),
        }
    }

    /// The civil day of this instant in UTC.
    pub fn day(self) -> Day {
        Day(i32::try_from(self.0.div_euclid(DAY_MS)).unwrap_or(i32::MAX))
    }

    /// The civil day of this instant in a zone.
    pub fn day_in(self, zone: &TimeZone) -> Day {
        let date = self.timestamp().to_zoned(zone.clone()).date();
        Day::from_civil(date)
    }

    /// The instant as jiff knows it; clamped to what jiff can represent.
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }

    /// This instant moved by some milliseconds, saturating.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant; negative when it is later.
    pub const fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl From<jiff::Timestamp> for Time {
    fn from(t: jiff::Timestamp) -> Self {
        Self(t.as_millisecond())
    }
}

impl Day {
    /// The day of a civil date.
    pub fn from_civil(date: civil::Date) -> Self {
        let epoch = civil::date(1970, 1, 1);
        Self(epoch.until(date).map_or(0, |span| span.get_days()))
    }

    /// The civil date of this day; clamped to what jiff can represent.
    pub fn civil(self) -> civil::Date {
        let epoch = civil::date(1970, 1, 1);
        epoch.saturating_add(jiff::Span::new().days(self.0.clamp(-4_371_587, 2_932_896)))
    }

    /// Midnight in UTC at the start of this day.
    pub fn start(self) -> Time {
        Time(i64::from(self.0) * DAY_MS)
    }

    /// This day moved by some days, saturating.
    #[must_use]
    pub const fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match form::Instant::of(self.0) {
            Some(form) => f.write_str(form.text()),
            None => write!(f, "{}", self.timestamp()),
        }
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.civil())
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match form::Instant::of(self.0) {
            _ if !s.is_human_readable() => s.serialize_i64(self.0),
            Some(form) => s.serialize_str(form.text()),
            None => s.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            let text = Lent::deserialize(d)?.0;
            Self::parse(&text).map_err(|_| D::Error::custom(format!("`{text}` is not an RFC 3339 instant")))
        } else {
            i64::deserialize(d).map(Self)
        }
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { s.serialize_i32(self.0) }
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            let text = Lent::deserialize(d)?.0;
            text.parse::<civil::Date>()
                .map(Self::from_civil)
                .map_err(|_| D::Error::custom(format!("`{text}` is not a date like 2026-01-31")))
        } else {
            i32::deserialize(d).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_days_survive_json_and_state() {
        let time = Time::parse("2026-03-29T01:59:59.250Z").unwrap();
        assert_eq!(serde_json::to_string(&time).unwrap(), "\"2026-03-29T01:59:59.25Z\"");
        assert_eq!(serde_json::from_str::<Time>("\"2026-03-29T01:59:59.250Z\"").unwrap(), time);
        assert_eq!(time.day().to_string(), "2026-03-29");
        assert_eq!(time.day().plus(3).to_string(), "2026-04-01");
        assert_eq!(Day(0).start(), Time(0));
        assert_eq!(Time(-1).day(), Day(-1));
        for text in ["-009999-01-01", "1969-12-31", "9999-12-31"] {
            assert_eq!(Day::from_civil(text.parse().unwrap()).to_string(), text);
        }
        assert_eq!(Day(i32::MAX).to_string(), "9999-12-31");
    }
}
