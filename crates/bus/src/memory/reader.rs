//! A reader over the memory twin.

use std::time::Duration;

use bus_schema::subject::Stream;

use super::MemoryBus;
use crate::{BusError, Doubt, Stored, matches};

/// Walks a stream from a position; wakes on every append.
#[derive(Debug)]
pub(crate) struct MemoryReader {
    bus: MemoryBus,
    stream: Stream,
    filters: Vec<String>,
    next_seq: u64,
}

impl MemoryReader {
    pub(super) const fn new(bus: MemoryBus, stream: Stream, filters: Vec<String>, from_seq: u64) -> Self {
        Self { bus, stream, filters, next_seq: from_seq }
    }

    pub(crate) async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Stored>, BusError> {
        let bus = self.bus.clone();
        let Some(wire) = &bus.wire else { return self.next_here(max, wait).await };
        let unavailable = |doubt| BusError::Unavailable { operation: "next messages".into(), doubt };
        wire.carry().await.map_err(unavailable)?;
        let found = self.next_here(max, wire.patience(wait)).await;
        // What is handed out late is handed out all the same: the position has moved.
        wire.carry().await.ok();
        found.map(|messages| wire.read(self.stream, messages))
    }

    async fn next_here(&mut self, max: usize, wait: Duration) -> Result<Vec<Stored>, BusError> {
        let bus = self.bus.clone();
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            let changed = bus.shared.changed.notified();
            tokio::pin!(changed);
            // Registered before looking, so that an append in between wakes it.
            changed.as_mut().enable();
            let found = self.take(max);
            if !found.is_empty() {
                return Ok(found);
            }
            if tokio::time::timeout_at(deadline, changed).await.is_err() {
                return if bus.is_connected() {
                    Ok(self.take(max))
                } else {
                    bus.miss();
                    Err(BusError::Unavailable { operation: "next messages".into(), doubt: Doubt::Disconnected })
                };
            }
        }
    }

    pub(crate) fn reset(&mut self, from_seq: u64) -> Result<(), BusError> {
        self.next_seq = from_seq;
        super::check_position(&mut *self.bus.here("reader")?, self.stream, from_seq)
    }

    pub(crate) const fn position(&self) -> u64 {
        self.next_seq
    }

    pub(crate) fn pending(&self) -> u64 {
        let mut store = self.bus.store();
        store.log(self.stream).from(self.next_seq).filter(|stored| self.wants(stored)).count() as u64
    }

    fn take(&mut self, max: usize) -> Vec<Stored> {
        let mut store = self.bus.store();
        if store.away {
            return Vec::new();
        }
        let log = store.log(self.stream);
        let found: Vec<Stored> =
            log.from(self.next_seq).filter(|stored| self.wants(stored)).take(max).cloned().collect();
        // Past what was handed out, or past everything there: what does not match is not walked twice.
        let after = if found.len() < max { Some(log.last_seq()) } else { found.last().map(|stored| stored.seq) };
        drop(store);
        self.next_seq = self.next_seq.max(after.map_or(0, |seq| seq + 1));
        found
    }

    fn wants(&self, stored: &Stored) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|pattern| matches(pattern, &stored.subject))
    }
}
