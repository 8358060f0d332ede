//! Starting: what is kept, checked against the log; the log read up to its end; chains and readers opened.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bus::{Bus, BusError, Chain, Packed, Reader, Stored};
use bus_schema::{
    Partition, Partitions, TurnId,
    envelope::Envelope,
    subject::{self, Stream},
};
use runtime::store::{Disk, Ledger, StoreError};
use supervisor::router::RouterState;
use tokio::sync::{mpsc, watch};

use super::{
    PART, RouterConfig,
    facts::{self, Facts},
    handle::{RouterHandle, Seen},
    lane::Lane,
    outgoing,
    rows::{self, IdRows, Position},
    work::Work,
};
use crate::SupervisionError;

const MESSAGES_MAX: usize = 256;
const WAIT: Duration = Duration::from_millis(300);

/// A router that is ready to run.
pub struct Router {
    work: Work,
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Router").finish_non_exhaustive()
    }
}

impl Router {
    /// Rebuilds what the router remembers and takes over the chains of the log.
    ///
    /// # Errors
    /// The bus or the local folder cannot be used, another router has a later epoch, or `IN` is shorter than what the
    /// log has seen of it.
    pub async fn open(config: RouterConfig) -> Result<Self, SupervisionError> {
        let RouterConfig { bus, partitions, door, disk, state_dir, quarantine_dir } = config;
        let read = |source| SupervisionError::read(PART, source);
        let log = bus.log_info().await.map_err(read)?;
        let identity = format!("router 3 {}", log.id);
        let on = disk.clone();
        let ledger = blocking(&disk, move || Ledger::open(&on, &state_dir, &quarantine_dir, &identity)).await?;
        let chains = chains(&bus, partitions).await?;
        let known = known(&bus, &ledger, partitions).await?;
        let (mut states, mut id_rows) = (BTreeMap::new(), BTreeMap::new());
        for p in partitions.all() {
            let mut state = RouterState::new(p, partitions);
            let (ledger, restored) = (ledger.clone(), known.folded > 0);
            let state = blocking(&disk, move || {
                let rows = if restored { rows::restore(&ledger, p, &mut state)? } else { IdRows::default() };
                Ok((state, rows))
            });
            let (state, rows) = state.await?;
            states.insert(p, state);
            id_rows.insert(p, rows);
        }
        let routed_end = chains.values().map(|chain| chain.progress().borrow().seq).max().unwrap_or(0);
        catch_up(&bus, &mut states, "cs.log.*.in", known.folded, routed_end).await?;
        let mut said_end = 0;
        for p in partitions.all() {
            let said = subject::log_fact(p, "supervisor", p);
            let last = patiently(|| bus.last(Stream::Log, &said)).await?;
            said_end = last.map_or(0, |stored| stored.seq).max(said_end);
        }
        catch_up(&bus, &mut states, "cs.log.*.supervisor", known.heard, said_end).await?;
        let end = bus.state(Stream::In).await.map_err(read)?.last_seq;
        let seen = chains.values().filter_map(Chain::last_turn).map(|turn| turn.seq).max().unwrap_or(0);
        if end < seen {
            return Err(SupervisionError::Shrunk { stream: Stream::In.name(), found: end, seen });
        }
        let routed = if known.routed <= end { known.routed } else { 0 };
        let lanes = lanes(states, id_rows, chains, routed);
        let waiting = outgoing::waiting(&bus).await?;
        let reader = in_reader(&bus, &lanes).await?;
        let facts = Facts::open(&bus, said_end.max(known.heard) + 1).await?;
        let work = Work::new(bus, partitions, door, ledger, lanes, waiting, reader, facts, said_end, routed);
        Ok(Self { work })
    }

    /// Runs it in a task of its own.
    pub fn spawn(self) -> RouterHandle {
        let (seen_tx, seen) = watch::channel(Seen::default());
        let (orders, incoming) = mpsc::unbounded_channel();
        let (bus, partitions) = (self.work.bus.clone(), self.work.partitions);
        let work = self.work;
        work.show(&seen_tx);
        let task = tokio::spawn(work.run(seen_tx.into(), incoming));
        RouterHandle { bus, partitions, seen, orders, task: Some(task).into() }
    }
}

/// Runs what blocks, where the disk does.
pub(super) async fn blocking<T: Send + 'static>(
    disk: &Disk,
    run: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, SupervisionError> {
    let result = disk.run(run).await.and_then(|result| result);
    result.map_err(|source| SupervisionError::Store { part: PART, source: source.into() })
}

async fn chains(bus: &Bus, partitions: Partitions) -> Result<BTreeMap<Partition, Chain>, SupervisionError> {
    let mut chains = BTreeMap::new();
    for p in partitions.all() {
        let epoch = bus.next_epoch(&format!("in-{p}")).await.map_err(|e| SupervisionError::read(PART, e))?;
        let chain = Chain::open(bus.clone(), Stream::Log, subject::log_in(p), epoch).await;
        chains.insert(p, chain.map_err(|source| SupervisionError::Append { part: PART, source })?);
    }
    Ok(chains)
}

/// The position kept, if the log still has the message it names; else everything kept is cleared.
async fn known(bus: &Bus, ledger: &Ledger, partitions: Partitions) -> Result<Position, SupervisionError> {
    let reading = ledger.clone();
    let found = blocking(&ledger.disk(), move || rows::read(&reading, partitions.all())).await?;
    if let Some(position) = found {
        let there = bus.get(Stream::Log, position.folded).await.map_err(|e| SupervisionError::read(PART, e))?;
        if there.is_some_and(|stored| stored.hash().0 == position.hash) {
            return Ok(position);
        }
        tracing::warn!(
            log.position = position.folded,
            "what the router remembers is of another log, reading this one again"
        );
    }
    let clearing = ledger.clone();
    blocking(&ledger.disk(), move || rows::clear(&clearing, partitions.all())).await?;
    Ok(Position::default())
}

/// Folds subjects of the log from a position to its end.
async fn catch_up(
    bus: &Bus,
    states: &mut BTreeMap<Partition, RouterState>,
    subjects: &str,
    from: u64,
    end: u64,
) -> Result<(), SupervisionError> {
    let filter = [subjects.to_owned()];
    if from >= end {
        return Ok(());
    }
    let mut reader = patiently(|| bus.reader(Stream::Log, "router-rebuild", &filter, from + 1)).await?;
    let mut at = from;
    while at < end {
        let batch = match reader.next(MESSAGES_MAX, WAIT).await {
            Err(error) if error.is_transient() => continue,
            batch => batch.map_err(|source| SupervisionError::read(PART, source))?,
        };
        // There is a message at the end, so an empty read is a slow one.
        let Some(last) = batch.last().map(|stored| stored.seq) else { continue };
        for stored in &batch {
            if let Some(p) = subject::partition_of(&stored.subject)
                && let Some(state) = states.get_mut(&p)
            {
                fold(state, stored)?;
            }
        }
        at = last;
    }
    Ok(())
}

fn fold(state: &mut RouterState, stored: &Stored) -> Result<(), SupervisionError> {
    if subject::log_writer(&stored.subject) == Some("supervisor") {
        for event in facts::said(stored).into_iter().flat_map(|said| said.facts) {
            state.fold_fact(&event);
        }
        return Ok(());
    }
    let unpack = |source| SupervisionError::unpack(PART, stored.seq, source);
    for packed in Packed::unpack(stored).map_err(unpack)? {
        let event = serde_json::from_slice::<Envelope>(&packed.json).map_err(Into::into).and_then(|e| e.event());
        match event {
            Ok(event) => state.fold(&event, stored.time),
            // Whatever another version wrote must not stop this one from routing.
            Err(error) => tracing::error!(
                log.position = stored.seq,
                error = &error as &dyn std::error::Error,
                "an event of the log is not remembered"
            ),
        }
    }
    Ok(())
}

fn lanes(
    states: BTreeMap<Partition, RouterState>,
    mut id_rows: BTreeMap<Partition, IdRows>,
    mut chains: BTreeMap<Partition, Chain>,
    routed: u64,
) -> BTreeMap<Partition, Lane> {
    let all = TurnId { seq: routed, index: u16::MAX, ordinal: u32::MAX };
    let lane = |(p, state): (Partition, RouterState)| {
        let chain = chains.remove(&p)?;
        let done = chain.last_turn().max((routed > 0).then_some(all));
        Some((p, Lane::new(p, state, id_rows.remove(&p).unwrap_or_default(), chain, done)))
    };
    states.into_iter().filter_map(lane).collect()
}

/// A reader of `IN` at the first message that some partition has not routed.
async fn in_reader(bus: &Bus, lanes: &BTreeMap<Partition, Lane>) -> Result<Reader, SupervisionError> {
    // A message may be half appended, so the last one is read again.
    let from = lanes.values().map(|lane| lane.done.map_or(1, |done| done.seq)).min().unwrap_or(1);
    in_reader_at(bus, from).await
}

/// A reader of `IN` at a message.
pub(super) async fn in_reader_at(bus: &Bus, from: u64) -> Result<Reader, SupervisionError> {
    patiently(|| bus.reader(Stream::In, PART, &[], from)).await
}

/// Asks the bus again and again while it is away.
pub(super) async fn patiently<T, F>(ask: impl Fn() -> F) -> Result<T, SupervisionError>
where
    F: Future<Output = Result<T, BusError>>,
{
    let mut tries = 0_u32;
    loop {
        match ask().await {
            Err(error) if error.is_transient() => {
                if tries.is_multiple_of(20) {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the bus does not answer, trying on");
                }
                tries += 1;
                tokio::time::sleep(WAIT).await;
            }
            answer => return answer.map_err(|source| SupervisionError::read(PART, source)),
        }
    }
}

/// Users who wait, as the router keeps them.
pub(super) type Waiting = BTreeSet<String>;
