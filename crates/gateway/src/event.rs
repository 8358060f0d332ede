//! An event on its way to the bus: its place and its JSON.

use bus_schema::{Entity, Envelope, Kind, Time};
use serde_json::{Map, Value, value::to_raw_value};

use crate::reply::Refused;

/// The code of a kind that this build does not know; the router has the last word on it.
const UNKNOWN_KIND: u16 = 0;

/// One event, ready to be packed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Code of its kind.
    pub kind: u16,
    /// What it is about.
    pub entity: Entity,
    /// Its envelope.
    pub json: Vec<u8>,
}

/// An event that was mapped from another form.
pub(crate) struct Mapped {
    pub(crate) source: String,
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) entity: Entity,
    pub(crate) time: Time,
    /// The producer's id of the person it concerns; the router makes a pseudonym of it.
    pub(crate) contact: Option<String>,
    /// Known and unknown fields together: the router takes out what is personal.
    pub(crate) data: Map<String, Value>,
}

impl Event {
    /// An event as it came, addressed by its own attributes.
    pub(crate) fn forwarded(kind: Option<Kind>, entity: Entity, json: &str) -> Self {
        Self { kind: kind.map_or(UNKNOWN_KIND, Kind::code), entity, json: json.as_bytes().to_vec() }
    }
}

impl Mapped {
    /// Its envelope as JSON.
    pub(crate) fn event(self) -> Result<Event, Refused> {
        let unwritable = |e: serde_json::Error| Refused::Malformed(format!("the event cannot be written: {e}"));
        let envelope = Envelope {
            specversion: "1.0".into(),
            id: self.id,
            source: self.source,
            kind: self.kind.name().into(),
            subject: self.entity.to_string(),
            time: self.time,
            dataschema: Some(self.kind.dataschema()),
            logtime: None,
            actor: None,
            contact: self.contact,
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
            personal: None,
            data: Some(to_raw_value(&self.data).map_err(unwritable)?),
        };
        let json = serde_json::to_vec(&envelope).map_err(unwritable)?;
        Ok(Event { kind: self.kind.code(), entity: self.entity, json })
    }
}
