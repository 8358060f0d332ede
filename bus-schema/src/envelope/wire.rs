//! From the JSON of the log straight to an [`Event`] and back.
//!
//! Every event is written once and read by every process of the way, so no [`Envelope`](super::Envelope) is made between
//! the two. Invariant: what is written here is byte for byte what the envelope of the event would be.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer, de::IgnoredAny};
use serde_json::{Map, Value, value::RawValue};

use super::{Actor, EnvelopeError, Event, Header, seal};
use crate::{Data, Entity, Kind, Time};

/// What is read of an envelope; personal fields stay sealed.
#[derive(Deserialize)]
struct Read<'a> {
    #[serde(rename = "specversion")]
    _version: IgnoredAny,
    id: String,
    source: String,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    subject: Cow<'a, str>,
    time: Time,
    #[serde(default)]
    logtime: Option<Time>,
    #[serde(default)]
    actor: Option<String>,
    #[serde(default)]
    contact: Option<String>,
    #[serde(default, rename = "correlationid")]
    correlation: Option<String>,
    #[serde(default, rename = "causationid")]
    causation: Option<String>,
    #[serde(default)]
    stage: Option<String>,
    #[serde(default)]
    segment: Option<String>,
    #[serde(default)]
    late: bool,
    #[serde(default, borrow)]
    personal: Option<&'a RawValue>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
}

/// An event of which the attributes are read and nothing else: its data is still JSON, its personal fields are sealed.
#[derive(Debug)]
pub struct Unread<'a> {
    /// Attributes.
    pub header: Header,
    /// Kind of its data.
    pub kind: Kind,
    /// Its data as JSON.
    pub data: &'a str,
    personal: Option<&'a RawValue>,
}

/// An envelope as it is written; the fields in the order of [`super::Envelope`].
#[derive(Serialize)]
struct Written<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    subject: Text<&'a Entity>,
    time: Time,
    dataschema: Text<Schema>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logtime: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<Text<&'a Actor>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<&'a str>,
    #[serde(rename = "correlationid", skip_serializing_if = "Option::is_none")]
    correlation: Option<&'a str>,
    #[serde(rename = "causationid", skip_serializing_if = "Option::is_none")]
    causation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    late: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    personal: Option<String>,
    data: &'a Data,
}

/// Written as the text it shows.
struct Text<T>(T);

impl<T: std::fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0)
    }
}

/// The schema of a kind's data.
struct Schema(Kind);

impl std::fmt::Display for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.dataschema())
    }
}

impl<'a> Unread<'a> {
    /// Reads the attributes of an envelope.
    ///
    /// # Errors
    /// No envelope, an unknown kind, or no entity.
    pub fn read(json: &'a [u8]) -> Result<Self, EnvelopeError> {
        let read: Read<'_> = serde_json::from_slice(json)?;
        let kind =
            Kind::from_name(&read.kind).ok_or_else(|| EnvelopeError::Kind(read.kind.chars().take(100).collect()))?;
        let header = Header {
            source: read.source,
            id: read.id,
            entity: Entity::parse(&read.subject)?,
            time: read.time,
            logtime: read.logtime.unwrap_or_default(),
            actor: read.actor.as_deref().and_then(Actor::parse),
            contact: read.contact,
            correlation: read.correlation,
            causation: read.causation,
            stage: read.stage,
            segment: read.segment,
            late: read.late,
        };
        Ok(Self { header, kind, data: read.data.map_or("{}", RawValue::get), personal: read.personal })
    }

    /// Its data.
    ///
    /// # Errors
    /// Data that does not fit the kind.
    pub fn data(&self) -> Result<Data, EnvelopeError> {
        let kind = self.kind;
        Data::from_json(kind, self.data).map_err(|source| EnvelopeError::Data { kind, source })
    }

    /// Its personal fields as they travel, where it has any. Only the edges may open them, with [`super::unseal`].
    pub fn sealed(&self) -> Option<Cow<'a, str>> {
        self.personal.and_then(|raw| serde_json::from_str::<Lent<'a>>(raw.get()).ok()).map(|lent| lent.0)
    }
}

/// A text that stays where it is, unless it is written with escapes.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lent<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

impl Event {
    /// Reads the JSON of an envelope.
    ///
    /// # Errors
    /// No envelope, an unknown kind, no entity, or data that does not fit.
    pub fn read(json: &[u8]) -> Result<Self, EnvelopeError> {
        let unread = Unread::read(json)?;
        let data = unread.data()?;
        Ok(Self { header: unread.header, data })
    }

    /// The JSON of its envelope, with personal fields beside it where there are any.
    ///
    /// Empty where the event has none, which our own data always has.
    pub fn to_json(&self, personal: Option<&Map<String, Value>>) -> Vec<u8> {
        let (header, kind) = (&self.header, self.kind());
        let written = Written {
            specversion: "1.0",
            id: &header.id,
            source: &header.source,
            kind: kind.name(),
            subject: Text(&header.entity),
            time: header.time,
            dataschema: Text(Schema(kind)),
            logtime: (header.logtime != Time(0)).then_some(header.logtime),
            actor: header.actor.as_ref().map(Text),
            contact: header.contact.as_deref(),
            correlation: header.correlation.as_deref(),
            causation: header.causation.as_deref(),
            stage: header.stage.as_deref(),
            segment: header.segment.as_deref(),
            late: header.late,
            personal: personal.filter(|map| !map.is_empty()).map(seal),
            data: &self.data,
        };
        let mut json = Vec::with_capacity(512);
        match serde_json::to_writer(&mut json, &written) {
            Ok(()) => json,
            Err(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{ActorKind, Envelope, data::usage::UserLoggedIn, data::words::Label};

    fn bare() -> Event {
        let user = Label::new("c_jo \"quoted\" ☕").unwrap();
        let header = Header {
            source: "crm\n".into(),
            id: "1".into(),
            entity: Entity::account("a/\"b\""),
            time: Time(1),
            logtime: Time(0),
            actor: None,
            contact: None,
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
        };
        Event { header, data: Data::UserLoggedIn(UserLoggedIn { user }) }
    }

    fn full() -> Event {
        let mut event = bare();
        event.header = Header {
            logtime: Time(1_790_000_000_250),
            actor: Some(Actor { kind: ActorKind::Person, id: "jo/é".into() }),
            contact: Some("c_x".into()),
            correlation: Some("k".into()),
            causation: Some("3.4".into()),
            stage: Some("live".into()),
            segment: Some("smb".into()),
            late: true,
            ..event.header
        };
        event
    }

    #[test]
    fn an_event_is_written_as_its_envelope_and_reads_back() {
        let personal = json!({"name": "Jo", "of": ["x", null]}).as_object().cloned().unwrap();
        for event in [bare(), full()] {
            for personal in [None, Some(&Map::new()), Some(&personal)] {
                let json = event.to_json(personal);
                assert_eq!(json, serde_json::to_vec(&Envelope::of(&event, personal)).unwrap());
                let again = Event::read(&json).unwrap();
                assert_eq!(again, event);
                let envelope: Envelope = serde_json::from_slice(&json).unwrap();
                assert_eq!(envelope.event().unwrap(), event);
            }
        }
    }

    #[test]
    fn what_no_fold_can_take_is_refused_as_the_envelope_refuses_it() {
        let good = String::from_utf8(full().to_json(None)).unwrap();
        let broken = [
            ("\"specversion\":\"1.0\",", ""),
            ("user.logged_in", "user.logged_on"),
            ("account/a", "acc/a"),
            ("\"user\":", "\"usr\":"),
            ("\"late\":true", "\"late\":1"),
        ];
        for (from, to) in broken {
            let json = good.replace(from, to);
            assert_ne!(json, good, "{from}");
            let envelope = serde_json::from_str::<Envelope>(&json).map_err(EnvelopeError::from);
            let expected = envelope.and_then(|envelope| envelope.event()).unwrap_err().to_string();
            assert_eq!(Event::read(json.as_bytes()).unwrap_err().to_string(), expected, "{json}");
        }
    }
}
