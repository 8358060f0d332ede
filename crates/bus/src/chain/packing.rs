//! From queued turns to one message.

use std::collections::VecDeque;

use bus_schema::{
    Batch, Kind, TurnId,
    batch::{
        BATCH_BYTES_MAX, BATCH_EVENTS_MAX, BatchError, HEADER_EPOCH, HEADER_INDEX, HEADER_PREV, HEADER_TURN,
        decode_index, slice,
    },
};
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    Headers, Message, MessageHash, Stored,
    message::{CONTENT_TYPE_BATCH, HEADER_CONTENT_TYPE},
};

/// One event, ready to be packed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packed {
    /// Its kind.
    pub kind: Kind,
    /// Hash of its entity.
    pub entity_hash: u32,
    /// Its serialised envelope.
    pub json: Vec<u8>,
}

impl Packed {
    /// The events of a packed message, byte for byte: what a verbatim copy pushes.
    ///
    /// # Errors
    /// A damaged index, or a kind this build does not know.
    pub fn unpack(stored: &Stored) -> Result<Vec<Self>, BatchError> {
        let index = decode_index(stored.headers.index().ok_or(BatchError::Index)?)?;
        index
            .iter()
            .enumerate()
            .map(|(at, entry)| {
                let json = slice(&stored.body, &index, at)?.to_vec();
                let kind = Kind::from_code(entry.kind).ok_or(BatchError::Index)?;
                Ok(Self { kind, entity_hash: entry.entity, json })
            })
            .collect()
    }

    pub(super) fn bytes(&self) -> usize {
        self.json.len()
    }
}

/// A turn that waits to be said.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) turn: TurnId,
    pub(super) events: Vec<Packed>,
    /// Gives the bytes back to the queue when the turn is said.
    pub(super) _room: Option<OwnedSemaphorePermit>,
}

/// A message made of the first turns of a queue.
pub(super) struct Parcel {
    pub(super) message: Message,
    pub(super) hash: MessageHash,
    pub(super) last: TurnId,
}

/// Packs as many whole turns from the front as fit; `None` for an empty queue.
pub(super) fn pack(queue: &VecDeque<Queued>, subject: &str, epoch: u64, prev: MessageHash) -> Option<Parcel> {
    let mut batch = Batch::new();
    let mut bytes = 0;
    let mut last = None;
    for queued in queue {
        let more: usize = queued.events.iter().map(Packed::bytes).sum();
        let full = batch.len() + queued.events.len() > BATCH_EVENTS_MAX || bytes + more > BATCH_BYTES_MAX;
        if full && last.is_some() {
            break;
        }
        for event in &queued.events {
            batch.push_raw(event.kind, event.entity_hash, &event.json);
        }
        bytes += more;
        last = Some(queued.turn);
    }
    let last = last?;
    let (body, index) = batch.finish();
    let headers = Headers::new()
        .with(HEADER_CONTENT_TYPE, CONTENT_TYPE_BATCH)
        .with(HEADER_INDEX, index)
        .with(HEADER_TURN, last.to_string())
        .with(HEADER_EPOCH, epoch.to_string())
        .with(HEADER_PREV, prev.to_string());
    let message = Message { subject: subject.to_owned(), headers, body: body.into() };
    let hash = crate::message_hash(subject, &message.headers, &message.body);
    Some(Parcel { message, hash, last })
}
