//! The CloudEvents 1.0 envelope, as it travels ([`Envelope`]) and as folds see it ([`Event`]).

mod wire;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub(crate) use self::wire::Lent;
pub use self::wire::Unread;
use crate::{Data, Entity, Kind, Time};

/// Media type of one structured event.
pub const STRUCTURED: &str = "application/cloudevents+json";
/// Media type of a batch.
pub const BATCH: &str = "application/cloudevents-batch+json";

/// The attributes every event of ours has, without data and personal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// Who produced it; with `id` its identity.
    pub source: String,
    /// Unique within `source`.
    pub id: String,
    /// What it is about.
    pub entity: Entity,
    /// When it happened.
    pub time: Time,
    /// When the log took it; never going back within a partition. `Time(0)` before the router stamps it.
    pub logtime: Time,
    /// Our person or system behind it.
    pub actor: Option<Actor>,
    /// The customer's person it concerns, as a pseudonym.
    pub contact: Option<String>,
    /// The chain of cause it belongs to.
    pub correlation: Option<String>,
    /// The event that caused it.
    pub causation: Option<String>,
    /// Lifecycle stage at routing, informative.
    pub stage: Option<String>,
    /// Segment at routing, informative.
    pub segment: Option<String>,
    /// More than seven days old when it was routed: folded, but no touch is made of it.
    pub late: bool,
}

/// An event as a fold sees it. There is no personal part here, on purpose.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Attributes.
    pub header: Header,
    /// Typed data of its kind.
    pub data: Data,
}

impl Event {
    /// The kind of its data.
    pub fn kind(&self) -> Kind {
        self.data.kind()
    }
}

/// Who acted on our side.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Actor {
    /// Person, simulated person, agent or installation.
    pub kind: ActorKind,
    /// Their id.
    pub id: String,
}

/// The kinds of actor. Written `person/jo`, `simulated/ana`, `install/0.1.0`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A signed-in person.
    Person,
    /// A made-up person of a demo; refused on a log that `demo` did not make.
    Simulated,
    /// An agent.
    Agent,
    /// A connected system.
    System,
    /// The installation itself, at first start.
    Install,
}

impl ActorKind {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Person, "person"),
        (Self::Simulated, "simulated"),
        (Self::Agent, "agent"),
        (Self::System, "system"),
        (Self::Install, "install"),
    ];
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = ActorKind::ALL.iter().find(|(kind, _)| *kind == self.kind).map_or("system", |(_, name)| name);
        write!(f, "{name}/{}", self.id)
    }
}

impl Actor {
    /// Reads `person/jo`.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, id) = text.split_once('/')?;
        let (kind, _) = ActorKind::ALL.iter().find(|(_, known)| *known == name)?;
        (!id.is_empty()).then(|| Self { kind: *kind, id: id.to_owned() })
    }
}

/// An event as it travels: CloudEvents 1.0 structured JSON. `data` stays raw until somebody needs it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Envelope {
    /// Always `1.0`.
    pub specversion: String,
    /// Unique within `source`.
    pub id: String,
    /// Who produced it.
    pub source: String,
    /// The kind's name.
    #[serde(rename = "type")]
    pub kind: String,
    /// The entity.
    pub subject: String,
    /// Event time, RFC 3339.
    pub time: Time,
    /// `mainstay:<kind>:<version>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataschema: Option<String>,
    /// Stamped by the router.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logtime: Option<Time>,
    /// `person/jo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Pseudonym of the customer's person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// See [`Header::correlation`].
    #[serde(default, rename = "correlationid", skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// See [`Header::causation`].
    #[serde(default, rename = "causationid", skip_serializing_if = "Option::is_none")]
    pub causation: Option<String>,
    /// See [`Header::stage`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// See [`Header::segment`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// See [`Header::late`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// Personal fields: base64 of a JSON object now, sealed later. Opened by the console only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<String>,
    /// The kind's data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

/// An envelope that no fold can take.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// Not JSON of an envelope.
    #[error("the event is no CloudEvents 1.0 JSON")]
    Json(#[from] serde_json::Error),
    /// The type is none of ours.
    #[error("unknown event type `{0}`")]
    Kind(String),
    /// The subject is no entity.
    #[error(transparent)]
    Entity(#[from] crate::entity::EntityError),
    /// The data does not fit the kind.
    #[error("data of `{kind}`: {source}")]
    Data {
        /// The kind.
        kind: Kind,
        /// What serde says of it.
        source: serde_json::Error,
    },
}

impl Envelope {
    /// The envelope of an event, with personal fields beside it where there are any.
    ///
    /// # Panics
    /// Never: our own data always serialises.
    pub fn of(event: &Event, personal: Option<&serde_json::Map<String, serde_json::Value>>) -> Self {
        let header = &event.header;
        let kind = event.kind();
        Self {
            specversion: "1.0".into(),
            id: header.id.clone(),
            source: header.source.clone(),
            kind: kind.name().into(),
            subject: header.entity.to_string(),
            time: header.time,
            dataschema: Some(kind.dataschema()),
            logtime: (header.logtime != Time(0)).then_some(header.logtime),
            actor: header.actor.as_ref().map(ToString::to_string),
            contact: header.contact.clone(),
            correlation: header.correlation.clone(),
            causation: header.causation.clone(),
            stage: header.stage.clone(),
            segment: header.segment.clone(),
            late: header.late,
            personal: personal.filter(|map| !map.is_empty()).map(seal),
            data: Some(event.data.to_raw()),
        }
    }

    /// Reads the kind.
    ///
    /// # Errors
    /// A type that is none of ours.
    pub fn kind(&self) -> Result<Kind, EnvelopeError> {
        Kind::from_name(&self.kind).ok_or_else(|| EnvelopeError::Kind(self.kind.chars().take(100).collect()))
    }

    /// The event that folds see.
    ///
    /// # Errors
    /// Unknown kind, no entity, or data that does not fit.
    pub fn event(&self) -> Result<Event, EnvelopeError> {
        let kind = self.kind()?;
        let data = self.data.as_deref().map_or("{}", RawValue::get);
        Ok(Event {
            header: Header {
                source: self.source.clone(),
                id: self.id.clone(),
                entity: Entity::parse(&self.subject)?,
                time: self.time,
                logtime: self.logtime.unwrap_or_default(),
                actor: self.actor.as_deref().and_then(Actor::parse),
                contact: self.contact.clone(),
                correlation: self.correlation.clone(),
                causation: self.causation.clone(),
                stage: self.stage.clone(),
                segment: self.segment.clone(),
                late: self.late,
            },
            data: Data::from_json(kind, data).map_err(|source| EnvelopeError::Data { kind, source })?,
        })
    }

    /// Opens the personal fields. Only the edges may call this; a fold never has an envelope.
    pub fn open_personal(&self) -> serde_json::Map<String, serde_json::Value> {
        self.personal.as_deref().and_then(unseal).unwrap_or_default()
    }
}

/// Personal fields as one base64 string.
pub fn seal(fields: &serde_json::Map<String, serde_json::Value>) -> String {
    STANDARD.encode(serde_json::to_string(fields).unwrap_or_default())
}

/// The personal fields of such a string.
pub fn unseal(text: &str) -> Option<serde_json::Map<String, serde_json::Value>> {
    STANDARD.decode(text).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok())
}
