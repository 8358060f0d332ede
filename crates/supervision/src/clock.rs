//! Time as events: ticks on every partition, live or following the events of an import.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bus::{Bus, CONTENT_TYPE_BATCH, HEADER_CONTENT_TYPE, Message, PublishError};
use bus_schema::{
    Batch, Data, Entity, Envelope, Event, Header, Kind, Partition, Partitions, Time,
    batch::{BATCH_BYTES_MAX, BATCH_EVENTS_MAX, HEADER_INDEX},
    data::facts::{ClockMode, ClockResumed, ClockTicked},
    subject,
    time::{DAY_MS, HOUR_MS},
};
use futures_util::future::{BoxFuture, try_join_all};
use tokio::sync::watch;

use crate::{HEADER_OWN, SupervisionError};

const PART: &str = "clock";
/// Tries of one publish while the bus gives no answer.
const ATTEMPTS: u32 = 20;
/// Between tries.
const RETRY: Duration = Duration::from_millis(250);

/// Writes ticks.
#[derive(Clone, Debug)]
pub struct Clock {
    bus: Bus,
    partitions: Partitions,
}

impl Clock {
    /// A clock that writes on `IN`.
    pub fn new(bus: Bus, partitions: Partitions) -> Self {
        Self { bus, partitions }
    }

    /// Writes a tick to every partition.
    ///
    /// # Errors
    /// The bus does not take it.
    pub async fn tick(&self, at: Time, mode: ClockMode) -> Result<(), SupervisionError> {
        self.to_all(at, &|p| (format!("tick/{p}/{}", at.0), Data::ClockTicked(ClockTicked { mode }))).await
    }

    /// Leaves event time.
    ///
    /// # Errors
    /// The bus does not take it.
    pub async fn resume(&self, until: Time, now: Time) -> Result<(), SupervisionError> {
        let data = Data::ClockResumed(ClockResumed { event_time_until: until });
        self.to_all(now, &|p| (format!("resume/{p}/{}", until.0), data.clone())).await
    }

    /// Puts events of producers on `IN`, in order within each partition. Returns when the bus has them all.
    ///
    /// # Errors
    /// The bus does not take them.
    pub async fn send(&self, events: &[Incoming]) -> Result<(), SupervisionError> {
        let mut batches = BTreeMap::new();
        fill(&mut batches, events);
        self.publish_all(batches, None).await
    }

    async fn publish_all(
        &self,
        batches: BTreeMap<Partition, Vec<Batch>>,
        own: Option<&str>,
    ) -> Result<(), SupervisionError> {
        let writes = batches.into_iter().map(|(p, list)| async move {
            for batch in list {
                self.publish(message(p, batch, own)).await?;
            }
            Ok::<(), SupervisionError>(())
        });
        try_join_all(writes).await.map(|_| ())
    }

    async fn to_all(
        &self,
        at: Time,
        make: &(dyn Fn(Partition) -> (String, Data) + Sync),
    ) -> Result<(), SupervisionError> {
        let publishes = self.partitions.all().map(|p| {
            let (id, data) = make(p);
            let mut batch = Batch::new();
            push(&mut batch, &own(p, id, at, data));
            self.publish(message(p, batch, Some("clock")))
        });
        try_join_all(publishes).await.map(|_| ())
    }

    async fn publish(&self, message: Message) -> Result<(), SupervisionError> {
        let mut last = PublishError::Full;
        for _ in 0..ATTEMPTS {
            match self.bus.publish(message.clone(), None).await {
                Ok(_) => return Ok(()),
                // The router drops a tick or event that is stored twice.
                Err(error @ (PublishError::Unknown(_) | PublishError::Full | PublishError::WrongLast)) => last = error,
                Err(error @ PublishError::Refused { .. }) => return Err(SupervisionError::publish(PART, error)),
            }
            tokio::time::sleep(RETRY).await;
        }
        Err(SupervisionError::publish(PART, last))
    }
}

/// An event of our own about a partition as a whole.
fn own(p: Partition, id: String, at: Time, data: Data) -> Event {
    Event {
        header: Header {
            source: "clock".into(),
            id,
            entity: Entity::Segment("clock".into(), p.to_string()),
            time: at,
            logtime: Time(0),
            actor: None,
            contact: None,
            correlation: None,
            causation: None,
            stage: None,
            segment: None,
            late: false,
        },
        data,
    }
}

fn push(batch: &mut Batch, event: &Event) {
    let json = serde_json::to_vec(&Envelope::of(event, None)).unwrap_or_default();
    batch.push_raw(event.kind(), event.header.entity.hash(), &json);
}

fn message(p: Partition, batch: Batch, own: Option<&str>) -> Message {
    let (body, index) = batch.finish();
    let message = Message::new(subject::in_batch(p), body)
        .with_header(HEADER_CONTENT_TYPE, CONTENT_TYPE_BATCH)
        .with_header(HEADER_INDEX, index);
    match own {
        Some(own) => message.with_header(HEADER_OWN, own),
        None => message,
    }
}

/// How the running clock moves.
#[derive(Clone)]
pub struct Pace {
    /// Which clock the log runs on.
    pub mode: ClockMode,
    /// Between ticks.
    pub tick: Duration,
    /// Between ticks while an approval is held.
    pub hold_tick: Duration,
    /// The time to write.
    pub now: Arc<dyn Fn() -> Time + Send + Sync>,
    /// When the next hold is over, while one is open.
    pub next_hold: Arc<dyn Fn() -> Option<Time> + Send + Sync>,
}

impl std::fmt::Debug for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pace").field("mode", &self.mode).field("tick", &self.tick).finish_non_exhaustive()
    }
}

/// Ticks with the wall clock's pace until told to stop. A bus that is away delays ticks and loses nothing.
pub async fn run_clock(clock: Clock, pace: Pace, mut stop: watch::Receiver<bool>) {
    let mut every = tokio::time::interval(pace.hold_tick.min(pace.tick));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let tick_ms = i64::try_from(pace.tick.as_millis()).unwrap_or(i64::MAX);
    let mut last = None;
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            _ = every.tick() => {}
        }
        let now = (pace.now)();
        let due = last.is_none_or(|last: Time| now.since_ms(last) >= tick_ms);
        if !due && (pace.next_hold)().is_none() {
            continue;
        }
        match clock.tick(now, pace.mode).await {
            Ok(()) => last = Some(now),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "a tick was not taken, trying on"),
        }
    }
}

/// Knows when everything written so far has been applied by everyone, their own facts included.
pub trait Quiesce: Send + Sync {
    /// Waits for it.
    fn wait(&self) -> BoxFuture<'_, Result<(), SupervisionError>>;
    /// The earliest timer any agent keeps, and whether it is a hold.
    fn next_due(&self) -> Option<(Time, bool)>;
}

/// An event to import, serialised as it came.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Its time.
    pub time: Time,
    /// Its partition.
    pub partition: Partition,
    /// Its kind, for the packing index.
    pub kind: Kind,
    /// Hash of its entity.
    pub entity_hash: u32,
    /// The event as structured JSON.
    pub json: Vec<u8>,
}

/// Drives a log on event time: the next tick is written only after everything up to the last one is applied.
pub struct EventTime {
    clock: Clock,
    quiesce: Arc<dyn Quiesce>,
    at: Option<Time>,
    /// Timers fire with the next full multiple of this, or with the next event.
    grid_ms: i64,
}

impl std::fmt::Debug for EventTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventTime").field("at", &self.at).finish_non_exhaustive()
    }
}

impl EventTime {
    /// Goes on from a log time; `None` for an empty log.
    pub fn new(clock: Clock, quiesce: Arc<dyn Quiesce>, at: Option<Time>) -> Self {
        Self { clock, quiesce, at, grid_ms: HOUR_MS }
    }

    /// Lets timers wait for so many hours where no event comes before, instead of one. Fewer ticks, and every one of them
    /// costs a message to each partition.
    #[must_use]
    pub fn with_timers_every(mut self, hours: u8) -> Self {
        self.grid_ms = i64::from(hours.max(1)) * HOUR_MS;
        self
    }

    /// The last tick.
    pub const fn at(&self) -> Option<Time> {
        self.at
    }

    /// Writes events in order of time, with the ticks between them.
    ///
    /// Events older than the last tick are written without one: they are repeats, or come late.
    ///
    /// # Errors
    /// The bus does not take them, or the agents do not come to rest.
    pub async fn advance(&mut self, events: &[Incoming]) -> Result<(), SupervisionError> {
        for hour in events.chunk_by(|a, b| hour_of(a.time) == hour_of(b.time)) {
            let Some(first) = hour.first() else { continue };
            let start = hour_of(first.time);
            match self.at {
                Some(at) if start <= at => {
                    self.write(None, hour).await?;
                    self.quiesce.wait().await?;
                }
                Some(_) | None => {
                    self.pass_until(start).await?;
                    self.write(Some(start), hour).await?;
                    self.quiesce.wait().await?;
                    self.at = Some(start);
                }
            }
        }
        Ok(())
    }

    /// Lets time pass up to and including an instant, without events.
    ///
    /// # Errors
    /// The bus does not take a tick, or the agents do not come to rest.
    pub async fn finish(&mut self, until: Time) -> Result<(), SupervisionError> {
        if self.at.is_none_or(|at| until > at) {
            self.pass_until(until).await?;
            self.step(until).await?;
        }
        Ok(())
    }

    /// Ticks before `end`: midnights, timers (with the next full hour, or few hours) and holds (exactly).
    async fn pass_until(&mut self, end: Time) -> Result<(), SupervisionError> {
        while let Some(at) = self.at {
            let midnight = Time(at.0.div_euclid(DAY_MS) * DAY_MS + DAY_MS);
            let due = self.quiesce.next_due().map(|(due, hold)| {
                let grid = self.grid_ms;
                let rounded = if hold { due } else { Time((due.0 + grid - 1).div_euclid(grid) * grid) };
                // A timer that is overdue already fires with the next hour.
                if rounded > at { rounded } else { Time(at.0.div_euclid(grid) * grid + grid) }
            });
            let next = due.map_or(midnight, |due| due.min(midnight));
            if next >= end {
                return Ok(());
            }
            self.step(next).await?;
        }
        Ok(())
    }

    async fn step(&mut self, at: Time) -> Result<(), SupervisionError> {
        self.clock.tick(at, ClockMode::Event).await?;
        self.quiesce.wait().await?;
        self.at = Some(at);
        Ok(())
    }

    /// Writes a tick and events, one or few messages a partition; each partition's messages stay in order.
    async fn write(&self, tick: Option<Time>, events: &[Incoming]) -> Result<(), SupervisionError> {
        let mut batches: BTreeMap<Partition, Vec<Batch>> = BTreeMap::new();
        if let Some(at) = tick {
            for p in self.clock.partitions.all() {
                let data = Data::ClockTicked(ClockTicked { mode: ClockMode::Event });
                let mut batch = Batch::new();
                push(&mut batch, &own(p, format!("tick/{p}/{}", at.0), at, data));
                batches.insert(p, vec![batch]);
            }
        }
        fill(&mut batches, events);
        self.clock.publish_all(batches, Some("clock")).await
    }
}

/// Adds events to the batches of their partitions, in order.
fn fill(batches: &mut BTreeMap<Partition, Vec<Batch>>, events: &[Incoming]) {
    for event in events {
        let list = batches.entry(event.partition).or_default();
        let full = list.last().is_none_or(|batch: &Batch| {
            batch.len() >= BATCH_EVENTS_MAX || batch.bytes() + event.json.len() > BATCH_BYTES_MAX
        });
        if full {
            list.push(Batch::new());
        }
        if let Some(batch) = list.last_mut() {
            batch.push_raw(event.kind, event.entity_hash, &event.json);
        }
    }
}

const fn hour_of(time: Time) -> Time {
    Time(time.0.div_euclid(HOUR_MS) * HOUR_MS)
}

#[cfg(test)]
mod tests;
