//! What travels: a message to publish, a message as a stream holds it.

use std::collections::BTreeMap;

use bus_schema::{
    Time, TurnId,
    batch::{HEADER_EPOCH, HEADER_INDEX, HEADER_PREV, HEADER_TURN},
};
use bytes::Bytes;

/// Header that names the media type of a body.
pub const HEADER_CONTENT_TYPE: &str = "Content-Type";

/// The media type of a packed message.
pub const CONTENT_TYPE_BATCH: &str = "application/cloudevents-batch+json";

/// Headers of a message, by name. The server's own (`Nats-…`) are not shown.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Headers(pub BTreeMap<String, String>);

/// A message to publish.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Where to.
    pub subject: String,
    /// Its headers.
    pub headers: Headers,
    /// Its body.
    pub body: Bytes,
}

/// A message as a stream holds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// Sequence in the stream.
    pub seq: u64,
    /// Subject it is stored under (after the stream's transform).
    pub subject: String,
    /// The broker's time stamp.
    pub time: Time,
    /// Its headers.
    pub headers: Headers,
    /// Its body.
    pub body: Bytes,
}

/// What a stream holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StreamState {
    /// Sequence of the first message still there; `last_seq + 1` when there is none.
    pub first_seq: u64,
    /// Sequence of the last message ever stored; 0 before the first.
    pub last_seq: u64,
    /// How many messages are there.
    pub messages: u64,
    /// How many bytes they take.
    pub bytes: u64,
}

impl Headers {
    /// No headers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The value of a header.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Says which header cannot be sent, where one cannot: a line break would begin another header.
    pub(crate) fn check(&self) -> Result<(), String> {
        let name_fits = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
        match self.0.iter().find(|(name, value)| !name_fits(name) || value.contains(['\r', '\n'])) {
            Some((name, _)) => Err(format!("header {name:?} has a character that no header may have")),
            None => Ok(()),
        }
    }

    /// The packing index (`Ms-Index`), as text.
    pub fn index(&self) -> Option<&str> {
        self.get(HEADER_INDEX)
    }

    /// The last turn inside (`Ms-Turn`), where it can be read.
    pub fn turn(&self) -> Option<TurnId> {
        self.get(HEADER_TURN)?.parse().ok()
    }

    /// The writer's epoch (`Ms-Epoch`), where it can be read.
    pub fn epoch(&self) -> Option<u64> {
        self.get(HEADER_EPOCH)?.parse().ok()
    }

    /// The hash of the writer's previous message (`Ms-Prev`), in hex.
    pub fn prev(&self) -> Option<&str> {
        self.get(HEADER_PREV)
    }
}

impl Message {
    /// A message without headers.
    pub fn new(subject: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self { subject: subject.into(), headers: Headers::new(), body: body.into() }
    }

    /// Sets a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers = self.headers.with(name, value);
        self
    }
}

impl Stored {
    /// The hash of this message: what the next message of its writer names in `Ms-Prev`, and what a checkpoint keeps.
    pub fn hash(&self) -> crate::MessageHash {
        crate::message_hash(&self.subject, &self.headers, &self.body)
    }
}
