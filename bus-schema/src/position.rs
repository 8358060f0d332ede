//! Places in the log: of an event, and of the turn that caused a message.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The place of one event in the log: stream sequence and index in its batch. The event's number for people.
///
/// Written `1204118.3` in JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^[0-9]+\\.[0-9]+$"))]
pub struct Position {
    /// Sequence of the message in its stream.
    pub seq: u64,
    /// Index of the event in the message's batch.
    pub index: u16,
}

/// The turn that caused a message: input position and ordinal (0 the event itself, then the timers of a tick in order).
///
/// Written `<input seq>.<event index>.<turn ordinal>` in the header `Ms-Turn`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct TurnId {
    /// Sequence of the input message.
    pub seq: u64,
    /// Index of the event in it.
    pub index: u16,
    /// Ordinal of the turn within the event.
    pub ordinal: u32,
}

/// Text that is no position.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no position in the log")]
pub struct PositionError(String);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.seq, self.index)
    }
}

impl fmt::Display for TurnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.seq, self.index, self.ordinal)
    }
}

impl FromStr for Position {
    type Err = PositionError;
    fn from_str(text: &str) -> Result<Self, PositionError> {
        let error = || PositionError(text.chars().take(60).collect());
        let (seq, index) = text.split_once('.').ok_or_else(error)?;
        Ok(Self { seq: seq.parse().map_err(|_| error())?, index: index.parse().map_err(|_| error())? })
    }
}

impl FromStr for TurnId {
    type Err = PositionError;
    fn from_str(text: &str) -> Result<Self, PositionError> {
        let error = || PositionError(text.chars().take(60).collect());
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or_else(error);
        let turn = Self {
            seq: next()?.parse().map_err(|_| error())?,
            index: next()?.parse().map_err(|_| error())?,
            ordinal: next()?.parse().map_err(|_| error())?,
        };
        if parts.next().is_some() { Err(error()) } else { Ok(turn) }
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { (self.seq, self.index).serialize(s) }
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            String::deserialize(d)?.parse().map_err(D::Error::custom)
        } else {
            <(u64, u16)>::deserialize(d).map(|(seq, index)| Self { seq, index })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_order_by_input_then_event_then_ordinal() {
        let turn = |text: &str| text.parse::<TurnId>().unwrap();
        assert!(turn("9.0.0") < turn("10.0.0"));
        assert!(turn("10.2.9") < turn("10.10.0"));
        assert_eq!(turn("3.4.5").to_string(), "3.4.5");
        assert!("1.2".parse::<TurnId>().is_err());
        assert!("1.2.3.4".parse::<TurnId>().is_err());
    }
}
