//! Packing: many events of one partition in one message, with an index so that a reader skips without parsing.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    Envelope, Event, Kind,
    envelope::{EnvelopeError, Unread},
};

/// Header: base64 of the packing index.
pub const HEADER_INDEX: &str = "Ms-Index";
/// Header: the last turn inside, `<input seq>.<event index>.<turn ordinal>`.
pub const HEADER_TURN: &str = "Ms-Turn";
/// Header: the writer's epoch.
pub const HEADER_EPOCH: &str = "Ms-Epoch";
/// Header: SHA-256 of the writer's previous message on this subject, in hex.
pub const HEADER_PREV: &str = "Ms-Prev";
/// Header: the writer's signature; reserved.
pub const HEADER_SIG: &str = "Ms-Sig";

/// Most events in one message.
pub const BATCH_EVENTS_MAX: usize = 256;
/// Most bytes in one message body.
pub const BATCH_BYTES_MAX: usize = 512 * 1024;

/// One event of a batch, as the index describes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IndexEntry {
    /// Code of the kind.
    pub kind: u16,
    /// Hash of the entity.
    pub entity: u32,
    /// Where its JSON starts in the body.
    pub offset: u32,
}

/// A packed body with its index, while it is being built.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    body: Vec<u8>,
    index: Vec<IndexEntry>,
}

/// A message whose packing cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The index header is missing, no base64 or cut short.
    #[error("the header {HEADER_INDEX} is missing or damaged")]
    Index,
    /// An offset points outside the body or at no object.
    #[error("the packing index points outside the body at event {0}")]
    Offset(usize),
    /// An event of the batch cannot be read.
    #[error("event {index} of the batch: {source}")]
    Event {
        /// Its index.
        index: usize,
        /// Why.
        source: EnvelopeError,
    },
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event by its serialised envelope.
    pub fn push_raw(&mut self, kind: Kind, entity_hash: u32, json: &[u8]) {
        self.push_code(kind.code(), entity_hash, json);
    }

    /// Adds an event whose kind may be unknown: code 0 then, which no kind has.
    pub fn push_code(&mut self, kind: u16, entity_hash: u32, json: &[u8]) {
        self.body.push(if self.body.is_empty() { b'[' } else { b',' });
        let offset = u32::try_from(self.body.len()).unwrap_or(u32::MAX);
        self.index.push(IndexEntry { kind, entity: entity_hash, offset });
        self.body.extend_from_slice(json);
    }

    /// How many events are inside.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Bytes of the body so far.
    pub fn bytes(&self) -> usize {
        self.body.len()
    }

    /// The body (a JSON array) and the text of the index header.
    pub fn finish(mut self) -> (Vec<u8>, String) {
        if self.body.is_empty() {
            self.body.push(b'[');
        }
        self.body.push(b']');
        (self.body, encode_index(&self.index))
    }
}

/// The text of the index header.
pub fn encode_index(index: &[IndexEntry]) -> String {
    let bytes: Vec<u8> = index
        .iter()
        .flat_map(|entry| {
            let [k0, k1] = entry.kind.to_le_bytes();
            let [e0, e1, e2, e3] = entry.entity.to_le_bytes();
            let [o0, o1, o2, o3] = entry.offset.to_le_bytes();
            [k0, k1, e0, e1, e2, e3, o0, o1, o2, o3]
        })
        .collect();
    STANDARD.encode(bytes)
}

/// Reads the index header.
///
/// # Errors
/// No base64, or not a multiple of ten bytes.
pub fn decode_index(text: &str) -> Result<Vec<IndexEntry>, BatchError> {
    let bytes = STANDARD.decode(text).map_err(|_| BatchError::Index)?;
    if bytes.len() % 10 != 0 {
        return Err(BatchError::Index);
    }
    let rows = bytes.chunks_exact(10);
    rows.map(|row| match row {
        [k0, k1, e0, e1, e2, e3, o0, o1, o2, o3] => Ok(IndexEntry {
            kind: u16::from_le_bytes([*k0, *k1]),
            entity: u32::from_le_bytes([*e0, *e1, *e2, *e3]),
            offset: u32::from_le_bytes([*o0, *o1, *o2, *o3]),
        }),
        _ => Err(BatchError::Index),
    })
    .collect()
}

/// The JSON of one event: from its offset to the separator before the next one (or the closing bracket).
///
/// # Errors
/// An index that does not fit the body.
pub fn slice<'a>(body: &'a [u8], index: &[IndexEntry], at: usize) -> Result<&'a [u8], BatchError> {
    let error = || BatchError::Offset(at);
    let start = index.get(at).ok_or_else(error)?.offset as usize;
    let end = match index.get(at + 1) {
        Some(next) => (next.offset as usize).checked_sub(1).ok_or_else(error)?,
        None => body.len().checked_sub(1).ok_or_else(error)?,
    };
    body.get(start..end).filter(|json| json.first() == Some(&b'{')).ok_or_else(error)
}

/// Reads one event of a batch as folds see it.
///
/// # Errors
/// A damaged index, or an event that no fold can take.
pub fn event(body: &[u8], index: &[IndexEntry], at: usize) -> Result<Event, BatchError> {
    let json = slice(body, index, at)?;
    Event::read(json).map_err(|source| BatchError::Event { index: at, source })
}

/// Reads the attributes of one event of a batch.
///
/// # Errors
/// A damaged index, or an event whose attributes cannot be read.
pub fn unread<'a>(body: &'a [u8], index: &[IndexEntry], at: usize) -> Result<Unread<'a>, BatchError> {
    let json = slice(body, index, at)?;
    Unread::read(json).map_err(|source| BatchError::Event { index: at, source })
}

/// Reads one event of a batch.
///
/// # Errors
/// A damaged index, or an event that is no envelope.
pub fn envelope(body: &[u8], index: &[IndexEntry], at: usize) -> Result<Envelope, BatchError> {
    let json = slice(body, index, at)?;
    serde_json::from_slice(json).map_err(|e| BatchError::Event { index: at, source: EnvelopeError::Json(e) })
}
