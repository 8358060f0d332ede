//! The door: raw input becomes a validated event once, and nowhere else.
//!
//! What comes in is one event as structured CloudEvents JSON. What goes on is an [`Event`] that folds may read, and beside it
//! the personal fields. Invariant: no personal field, no field the schema does not know and no source id of a person
//! is left in the event. Any bytes get an answer: an event, or a [`Refusal`] that names the place and the cure.

mod body;
mod checks;
mod json;
mod passage;
mod read;
mod refusal;
mod shape;

use std::sync::Arc;

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;

pub(crate) use self::shape::PERSONS;
pub use self::{
    checks::{Wrong, check},
    refusal::{Reason, Refusal},
};
use self::{json::Fields, passage::Passage};
use crate::{
    Entity, Event, Time,
    batch::BATCH_BYTES_MAX,
    data::{
        contact::Seniority,
        words::{Label, Reading},
    },
    time::DAY_MS,
};

/// Most bytes of one event.
pub const EVENT_BYTES_MAX: usize = 256 * 1024;
/// Most bytes of one event that the router sends on: its personal part is base64 by then, a third longer, and names the
/// persons once more.
pub const FORWARDED_BYTES_MAX: usize = BATCH_BYTES_MAX;
/// Deepest nesting of one event.
pub const DEPTH_MAX: usize = 32;
/// Most bytes of one personal text.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;
/// Most bytes of `id`, `source`, `correlationid`, `causationid`, and of the source id of a person.
pub const ATTRIBUTE_BYTES_MAX: usize = 512;
/// How far ahead of its arrival an event may be.
pub const AHEAD_MS_MAX: i64 = DAY_MS;

/// Personal field: the producer's id of the contact the event concerns.
pub const SOURCE_ID: &str = "source_id";
/// Personal field: an object from each pseudonym in the event to the producer's id.
pub const SOURCE_IDS: &str = "source_ids";
/// Personal field: an object of the envelope's extensions that are none of ours.
pub const EXTENSIONS: &str = "ce_extensions";

/// Validates what comes in and takes what is personal out of it. Holds the tenant key for pseudonyms.
#[derive(Clone)]
pub struct Door {
    /// The tenant key, taken in once: half of the work of a short text.
    keyed: Hmac<Sha256>,
    /// Reads texts before they become personal.
    reader: Option<Arc<dyn TextReader>>,
}

/// Reads a text once, before it becomes personal. What it finds fills the fields its producer left out.
pub trait TextReader: std::fmt::Debug + Send + Sync {
    /// What a customer wrote.
    fn text(&self, text: &str) -> Reading;

    /// What somebody is.
    fn title(&self, title: &str) -> Title;
}

/// What a title says of a contact.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Title {
    /// Where they work.
    pub department: Option<Label>,
    /// How senior they are.
    pub seniority: Option<Seniority>,
}

/// What passed the door.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// The event as folds see it; its log time is not set yet.
    pub event: Event,
    /// Its personal fields, to be sealed beside it.
    pub personal: Map<String, Value>,
    /// The entity as the producer wrote it: by this one the message came to its partition. Personal where it is a
    /// user; never to be stored.
    pub addressed: Entity,
}

/// Who hands an event in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    /// A gateway, an import or a producer on the bus.
    Outside,
    /// The router: its ticks, and events it sends on to the partition of their account.
    Router,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").finish_non_exhaustive()
    }
}

impl Door {
    /// A door of a tenant.
    pub fn new(tenant_key: [u8; 32]) -> Self {
        // HMAC fills a short key up with zeros to one block; doing so here leaves no error to handle.
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(tenant_key) {
            *to = from;
        }
        Self { keyed: <Hmac<Sha256> as hmac::digest::KeyInit>::new(&block.into()), reader: None }
    }

    /// The same door with somebody who reads the texts that pass.
    #[must_use]
    pub fn reading(mut self, reader: Arc<dyn TextReader>) -> Self {
        self.reader = Some(reader);
        self
    }

    /// Admits one event from outside that arrived at `received`.
    ///
    /// # Errors
    /// Everything that is not a valid event of a kind that producers may send.
    pub fn admit(&self, raw: &[u8], received: Time) -> Result<Admitted, Refusal> {
        self.pass(raw, received, Sender::Outside)
    }

    /// Admits one event that the router itself wrote to stream `IN`: a tick, or an event that already passed the door
    /// and is sent on. Pseudonyms stay as they are, and its personal fields are kept.
    ///
    /// Only for messages whose writer is known to be the router: from anybody else a pseudonym would be a forgery.
    ///
    /// # Errors
    /// As [`Door::admit`].
    pub fn readmit(&self, raw: &[u8], received: Time) -> Result<Admitted, Refusal> {
        self.pass(raw, received, Sender::Router)
    }

    /// The pseudonym of a person: the same for the same source id, and nothing can be read from it without the key.
    pub fn pseudonym(&self, source_id: &str) -> String {
        let mut mac = self.keyed.clone();
        mac.update(source_id.as_bytes());
        let bytes = mac.finalize().into_bytes();
        let half = bytes.get(..16).unwrap_or_default();
        let mut pseudonym = BASE32_NOPAD.encode(half);
        pseudonym.make_ascii_lowercase();
        pseudonym.insert_str(0, "c_");
        pseudonym
    }

    fn pass(&self, raw: &[u8], received: Time, sender: Sender) -> Result<Admitted, Refusal> {
        let most = match sender {
            Sender::Outside => EVENT_BYTES_MAX,
            Sender::Router => FORWARDED_BYTES_MAX,
        };
        if raw.len() > most {
            return Err(Reason::Large { bytes: raw.len(), most }.into());
        }
        if json::depth(raw) > DEPTH_MAX {
            return Err(Reason::Deep.into());
        }
        let attributes = Fields::read(raw).map_err(|e| Refusal::from(Reason::json(&e)))?;
        let refusal = |reason| Refusal { reason, source: attributes.readable("source"), id: attributes.readable("id") };
        Passage::new(self, &attributes, received, sender).admit().map_err(refusal)
    }
}

/// Whether a text has the form of a pseudonym.
pub fn is_pseudonym(text: &str) -> bool {
    text.strip_prefix("c_").is_some_and(|rest| {
        rest.len() == 26 && rest.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b))
    })
}
