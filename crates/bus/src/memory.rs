//! The memory twin: the same semantics without a server, with faults to order.
//!
//! Held to the server's behaviour by one contract suite (`tests/contract.rs`). It keeps nothing when it is dropped.

mod fault;
mod reader;
mod store;
mod wire;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bus_schema::{Partitions, Time, subject::Stream};
use tokio::sync::Notify;

pub use fault::Fault;
pub(crate) use reader::MemoryReader;
use store::Store;
pub use wire::Wire;

use crate::{
    BusError, Doubt, LogInfo, Message, Provisioning, PublishError, Reader, Stored, StreamState,
    reader::Source,
    streams::{fresh_log_id, kept_for_ever, stream_of},
};

/// A bus in memory, with the streams of both accounts.
#[derive(Clone)]
pub struct MemoryBus {
    shared: Arc<Shared>,
    /// How this process reaches it; none reaches it at once.
    wire: Option<Arc<dyn Wire>>,
}

struct Shared {
    store: Mutex<Store>,
    changed: Notify,
    clock: Box<dyn Fn() -> Time + Send + Sync>,
    /// How often somebody found it away.
    missed: AtomicU64,
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBus").finish_non_exhaustive()
    }
}

impl MemoryBus {
    /// A provisioned bus that stamps messages with the machine's clock.
    pub fn new() -> Self {
        Self::with_clock(system_time)
    }

    /// A provisioned bus that stamps messages with a clock of the caller's.
    pub fn with_clock(clock: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        let log = LogInfo { id: fresh_log_id(), partitions: Partitions::default(), labels: BTreeMap::new() };
        let store = Mutex::new(Store::new(log));
        let (changed, missed) = (Notify::new(), AtomicU64::new(0));
        Self { shared: Arc::new(Shared { store, changed, clock: Box::new(clock), missed }), wire: None }
    }

    /// The same bus as a process sees it that is behind a wire.
    #[must_use]
    pub fn behind(&self, wire: Arc<dyn Wire>) -> Self {
        Self { shared: Arc::clone(&self.shared), wire: Some(wire) }
    }

    /// The same bus without a wire.
    fn direct(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), wire: None }
    }

    /// Plans a fault for the next publish on a subject that matches the pattern; several wait in order.
    pub fn fail_next(&self, pattern: &str, fault: Fault) {
        self.store().faults.plan(pattern, fault);
    }

    /// Takes the bus away, or brings it back.
    pub fn set_away(&self, away: bool) {
        self.store().away = away;
        self.shared.changed.notify_waiters();
    }

    /// How often somebody found it away so far: a test waits for more of it, and not for a time.
    pub fn missed(&self) -> u64 {
        self.shared.missed.load(Ordering::SeqCst)
    }

    /// Notes that somebody found it away.
    fn miss(&self) {
        self.shared.missed.fetch_add(1, Ordering::SeqCst);
    }

    /// Sets the byte limit of a stream; above it publishes are refused.
    pub fn set_bytes_max(&self, stream: Stream, bytes_max: u64) {
        self.store().log_mut(stream).bytes_max = Some(bytes_max);
    }

    /// The messages of a stream from a sequence on, even while the bus is away: for whoever checks what happened.
    pub fn messages(&self, stream: Stream, from_seq: u64) -> Vec<Stored> {
        self.store().log(stream).from(from_seq).cloned().collect()
    }

    /// The last message of a subject, or of a pattern, before a sequence, even while the bus is away.
    pub fn before(&self, stream: Stream, subject: &str, seq: u64) -> Option<Stored> {
        self.store().log(stream).before(subject, seq).cloned()
    }

    /// The sequence of a stream's last message, even while the bus is away.
    pub fn end(&self, stream: Stream) -> u64 {
        self.store().log(stream).last_seq()
    }

    pub(crate) async fn publish(&self, message: Message, expect_last: Option<u64>) -> Result<u64, PublishError> {
        let Some(wire) = &self.wire else { return self.publish_here(message, expect_last).await };
        wire.carry().await.map_err(PublishError::Unknown)?;
        let answer = wire.publish(&self.direct(), message, expect_last).await;
        wire.carry().await.map_err(PublishError::Unknown)?;
        answer
    }

    /// A publish that has arrived.
    async fn publish_here(&self, message: Message, expect_last: Option<u64>) -> Result<u64, PublishError> {
        message.headers.check().map_err(|text| PublishError::Refused { code: 0, text })?;
        let fault = {
            let mut store = self.store();
            if store.away {
                self.miss();
                return Err(PublishError::Unknown(Doubt::Disconnected));
            }
            store.faults.take(&message.subject)
        };
        match fault {
            None => self.append(message, expect_last),
            Some(Fault::LoseAck) => {
                self.append(message, expect_last)?;
                Err(PublishError::Unknown(Doubt::Timeout))
            }
            Some(Fault::LoseMessage) => Err(PublishError::Unknown(Doubt::Timeout)),
            Some(Fault::Refuse) => Err(PublishError::WrongLast),
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                self.append(message, expect_last)
            }
            Some(Fault::DelayAck(time)) => {
                let answer = self.append(message, expect_last);
                tokio::time::sleep(time).await;
                answer
            }
            Some(Fault::Duplicate) => {
                let seq = self.append(message.clone(), expect_last)?;
                // A producer's retry carries the same expectation, which a chained append refuses.
                self.append(message, expect_last).or(Ok(seq))
            }
        }
    }

    pub(crate) async fn last(&self, stream: Stream, subject: &str) -> Result<Option<Stored>, BusError> {
        let found = self.ask("last message", |store| Ok(store.log(stream).last(subject).cloned())).await?;
        Ok(self.wire.as_ref().map_or(found.clone(), |wire| wire.last(&self.direct(), subject, found)))
    }

    pub(crate) async fn get(&self, stream: Stream, seq: u64) -> Result<Option<Stored>, BusError> {
        let found = self.ask("message by sequence", |store| Ok(store.log(stream).get(seq).cloned())).await?;
        Ok(self.wire.as_ref().map_or(found.clone(), |wire| wire.get(stream, found)))
    }

    pub(crate) async fn state(&self, stream: Stream) -> Result<StreamState, BusError> {
        self.ask("stream state", |store| Ok(store.log(stream).state())).await
    }

    pub(crate) async fn time(&self, _stream: Stream) -> Result<Time, BusError> {
        let found = self.ask("broker's time", |_| Ok((self.shared.clock)())).await?;
        Ok(self.wire.as_ref().map_or(found, |wire| wire.time(found)))
    }

    pub(crate) async fn reader(&self, stream: Stream, filters: &[String], from_seq: u64) -> Result<Reader, BusError> {
        let from_seq = self.wire.as_ref().map_or(from_seq, |wire| wire.begins(stream, from_seq));
        self.ask("reader", |store| check_position(store, stream, from_seq)).await?;
        Ok(Reader(Source::Memory(MemoryReader::new(self.clone(), stream, filters.to_vec(), from_seq))))
    }

    pub(crate) async fn purge(&self, stream: Stream, filter: Option<&str>, below_seq: u64) -> Result<u64, BusError> {
        let purge = |store: &mut Store| {
            if kept_for_ever(stream) {
                return Err(BusError::Refused {
                    operation: format!("purge of {}", stream.name()),
                    code: 10110,
                    text: "purge not permitted".into(),
                });
            }
            Ok(store.log_mut(stream).purge(filter, below_seq))
        };
        self.ask("purge", purge).await
    }

    pub(crate) async fn next_epoch(&self, writer: &str) -> Result<u64, BusError> {
        let next = |store: &mut Store| {
            let epoch = store.epochs.entry(writer.to_owned()).or_default();
            *epoch += 1;
            Ok(*epoch)
        };
        self.ask("next epoch", next).await
    }

    pub(crate) async fn provision(&self, settings: &Provisioning) -> Result<(), BusError> {
        self.ask("provision", |store| store.provision(settings)).await
    }

    pub(crate) async fn log_info(&self) -> Result<LogInfo, BusError> {
        self.ask("log info", |store| Ok(store.info.clone())).await
    }

    pub(crate) fn is_connected(&self) -> bool {
        !self.store().away
    }

    /// An operation on the store, unless the bus is away, with its two ways.
    async fn ask<T>(
        &self,
        operation: &str,
        run: impl FnOnce(&mut Store) -> Result<T, BusError>,
    ) -> Result<T, BusError> {
        let unavailable = |doubt| BusError::Unavailable { operation: operation.to_owned(), doubt };
        if let Some(wire) = &self.wire {
            wire.carry().await.map_err(unavailable)?;
        }
        let answer = self.here(operation).and_then(|mut store| run(&mut store));
        if let Some(wire) = &self.wire {
            wire.carry().await.map_err(unavailable)?;
        }
        answer
    }

    fn append(&self, message: Message, expect_last: Option<u64>) -> Result<u64, PublishError> {
        let stream = stream_of(&message.subject).ok_or(PublishError::Unknown(Doubt::NoResponders))?;
        let time = (self.shared.clock)();
        let seq = self.store().append(stream, message, expect_last, time)?;
        self.shared.changed.notify_waiters();
        Ok(seq)
    }

    /// The store, unless the bus is away.
    fn here(&self, operation: &str) -> Result<MutexGuard<'_, Store>, BusError> {
        let store = self.store();
        if store.away {
            self.miss();
            return Err(BusError::Unavailable { operation: operation.into(), doubt: Doubt::Disconnected });
        }
        Ok(store)
    }

    /// A panic while the lock was held cannot leave the store half changed: every change is one call.
    fn store(&self) -> MutexGuard<'_, Store> {
        self.shared.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A position behind the end of a stream is one of another stream.
fn check_position(store: &mut Store, stream: Stream, position: u64) -> Result<(), BusError> {
    let last = store.log(stream).last_seq();
    if position > last + 1 { Err(BusError::Shrunk { stream, position, last }) } else { Ok(()) }
}

fn system_time() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
