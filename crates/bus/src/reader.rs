//! A reader: messages of a stream in order, from a position, none skipped.

use std::time::Duration;

use crate::{BusError, Stored, memory::MemoryReader, nats::NatsReader};

/// Reads a stream in order from a position the caller keeps; nothing is acknowledged.
#[derive(Debug)]
pub struct Reader(pub(crate) Source);

#[derive(Debug)]
pub(crate) enum Source {
    Nats(Box<NatsReader>),
    Memory(MemoryReader),
}

impl Reader {
    /// The next messages: as soon as there is at least one, at most `max`; none after `wait`.
    ///
    /// # Errors
    /// The bus was away for the whole `wait` (the reader goes on where it was; call again), or the stream now ends
    /// before the reader's position ([`BusError::Shrunk`]) or has other messages before it ([`BusError::Replaced`]).
    pub async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Stored>, BusError> {
        let found = match &mut self.0 {
            Source::Nats(reader) => reader.next(max, wait).await,
            Source::Memory(reader) => reader.next(max, wait).await,
        };
        if found.as_ref().is_ok_and(|messages| !messages.is_empty()) {
            crate::failpoint("k1");
        }
        found
    }

    /// Continues at `from_seq`.
    ///
    /// # Errors
    /// The bus does not answer (the position is kept; the next call of [`Reader::next`] applies it), or the stream ends
    /// before `from_seq` ([`BusError::Shrunk`]).
    pub async fn reset(&mut self, from_seq: u64) -> Result<(), BusError> {
        match &mut self.0 {
            Source::Nats(reader) => reader.reset(from_seq).await,
            Source::Memory(reader) => reader.reset(from_seq),
        }
    }

    /// How many messages wait behind the last one handed out, as far as known.
    pub fn pending(&self) -> u64 {
        match &self.0 {
            Source::Nats(reader) => reader.pending(),
            Source::Memory(reader) => reader.pending(),
        }
    }

    /// The sequence the next message has at least.
    pub fn position(&self) -> u64 {
        match &self.0 {
            Source::Nats(reader) => reader.position(),
            Source::Memory(reader) => reader.position(),
        }
    }
}
